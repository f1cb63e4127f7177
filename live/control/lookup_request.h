/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup_request.h - a lookup that a client asked for
 *
 * The engine answers later; by then the client, and the control socket, may
 * have gone. So the request owns its memory: control.c abandons it when the
 * client goes, and it frees itself when the answer arrives.
 */
#ifndef LIVE_CONTROL_LOOKUP_REQUEST_H
#define LIVE_CONTROL_LOOKUP_REQUEST_H

#include "core/instant.h"
#include "live/control/command.h"
#include "live/engine/engine.h"

struct control_client;
struct lookup_request;

/* The client is ASKING until its answer, which may be there at once. */
void lookup_request_begin(struct control_client *, struct engine *,
			  struct instant now, const struct command *);
void lookup_request_abandon(struct lookup_request *); /* NULL: nothing */

#endif
