/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listing.h - a table that is told a piece at a time
 *
 * Sessions may be a million; to format them all at once would hold packets up
 * and fill memory. So a listing copies the keys first, which is quick and of
 * one moment, and writes some lines whenever the reader has taken the last.
 */
#ifndef LIVE_CONTROL_LISTING_H
#define LIVE_CONTROL_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "live/control/backlog.h"
#include "live/engine/engine.h"
#include "live/engine/sessions.h"

struct listing;

/* NULL: no memory. */
struct listing *listing_of_sessions(const struct sessions *, bool json);
struct listing *listing_of_peers(struct engine *, bool json);
void listing_free(struct listing *); /* NULL: nothing */
/* Write lines until about `most` bytes wait. 1: that was all; 0: there is
 * more; -ENOMEM. */
int listing_write(struct listing *, struct backlog *, size_t most);

#endif
