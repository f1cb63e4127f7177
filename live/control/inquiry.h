/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inquiry.h - a lookup that a caller asked for
 *
 * The engine's answer comes when it comes; the caller, and the control
 * socket, may have gone by then. So the inquiry is on its own: the caller
 * abandons it, and it frees itself when the answer arrives.
 */
#ifndef LIVE_CONTROL_INQUIRY_H
#define LIVE_CONTROL_INQUIRY_H

#include "core/instant.h"
#include "live/control/command.h"
#include "live/engine/engine.h"

struct caller;
struct inquiry;

/* The caller is ASKING until its answer, which may be there at once. */
void inquiry_begin(struct caller *, struct engine *, struct instant now,
		   const struct command *);
void inquiry_abandon(struct inquiry *); /* NULL: nothing */

#endif
