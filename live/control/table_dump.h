/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table_dump.h - sessions or peers, printed a piece at a time
 *
 * Sessions may be a million; to format them all at once would hold packets up
 * and fill memory. A dump copies the keys first, which is quick and of
 * one moment, and writes some lines whenever the reader has taken the last.
 */
#ifndef LIVE_CONTROL_TABLE_DUMP_H
#define LIVE_CONTROL_TABLE_DUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "live/control/output_buffer.h"
#include "live/engine/engine.h"
#include "live/engine/sessions.h"

struct table_dump;

/* NULL: no memory. Of the engine: versions that were raised. */
struct table_dump *table_dump_of_sessions(const struct sessions *,
					  const struct engine *, bool json);
struct table_dump *table_dump_of_peers(struct engine *, bool json);
void table_dump_free(struct table_dump *); /* NULL: nothing */
/* Write lines until about `most` bytes wait. 1: that was all; 0: there is
 * more; -ENOMEM. */
int table_dump_write(struct table_dump *, struct output_buffer *, size_t most);

#endif
