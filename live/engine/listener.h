/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listener.h - the callbacks by which the engine reports
 *
 *	report		one measurement (report.h): a session opened, a lookup
 *			ended, a flow strayed
 *	decision	one packet, and what steer decided on it
 *
 * Both are called within the engine's verbs, so neither may call the engine;
 * a callback that is NULL costs a comparison a packet, and nothing is kept for
 * it. There is one listener an engine (engine_listen()): the control socket.
 */
#ifndef LIVE_ENGINE_LISTENER_H
#define LIVE_ENGINE_LISTENER_H

#include "core/instant.h"
#include "core/steer/steer.h"
#include "live/engine/report.h"

struct engine_listener {
	void *context;
	void (*report)(void *, const struct report *);
	/* what: the decision in words, borrowed for the call. */
	void (*decision)(void *, struct instant, const struct steer_result *,
			 const char *what);
};

#endif
