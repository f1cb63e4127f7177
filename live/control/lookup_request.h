/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup_request.h - a lookup that a caller asked for
 *
 * The engine's answer comes when it comes; the caller, and the control
 * socket, may have gone by then. So the inquiry is on its own: the caller
 * abandons it, and it frees itself when the answer arrives.
 */
#ifndef LIVE_CONTROL_LOOKUP_REQUEST_H
#define LIVE_CONTROL_LOOKUP_REQUEST_H

#include "core/instant.h"
#include "live/control/command.h"
#include "live/engine/engine.h"

struct control_client;
struct lookup_request;

/* The caller is ASKING until its answer, which may be there at once. */
void lookup_request_begin(struct control_client *, struct engine *,
			  struct instant now, const struct command *);
void lookup_request_abandon(struct lookup_request *); /* NULL: nothing */

#endif
