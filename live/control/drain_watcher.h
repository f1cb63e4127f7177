/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain_watcher.h - clients that wait for a drain to end
 *
 *	drain	"draining: 200 sessions open", a line a second in which that
 *		changed, "empty after 12.3 s; ..." and ok; or an error when the
 *		deadline passes, the command fails, or another client undrains
 *	undrain	ok when the route is announced again
 *
 * The drain itself (drain.h) goes on whether clients wait for it or not;
 * several may.
 */
#ifndef LIVE_CONTROL_DRAIN_WATCHER_H
#define LIVE_CONTROL_DRAIN_WATCHER_H

#include "core/instant.h"
#include "live/control/command.h"
#include "live/control/parts.h"

struct control_client;

void drain_watcher_begin(struct control_client *, const struct control_parts *,
			 struct instant now, const struct command *);
/* The lines due to this client, if it waits for a drain. The drain was updated
 * just now. */
void drain_watcher_turn(struct control_client *, const struct control_parts *,
			const struct engine_status *, struct instant now);
/* When its next line may be due; NEVER: at no set time. */
struct instant drain_watcher_deadline(const struct control_client *,
				      const struct drain *);

#endif
