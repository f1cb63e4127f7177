/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - what happens in the engine, to its listener
 *
 *	node events, socket events, strays -> struct report -> listener
 *
 * Strays come in hundreds of thousands a second: the first of a flow is
 * reported at once, all of them summed up (stray_aggregator.h). Without a
 * listener every verb is a comparison and nothing is kept.
 */
#ifndef LIVE_ENGINE_NOTIFY_H
#define LIVE_ENGINE_NOTIFY_H

#include "core/dht/node.h"
#include "core/outbox.h"
#include "core/steer/verdict.h"
#include "live/engine/listener.h"
#include "live/engine/report.h"
#include "live/engine/stray_aggregator.h"

struct notify {
	struct engine_listener listener;
	struct stray_aggregator *strays; /* borrowed */
};

/* NULL: no listener, and what was summed up is forgotten. */
void notify_listen(struct notify *, const struct engine_listener *);
/* OPENED or CLOSED. */
void notify_session(struct notify *, struct instant at, enum report_kind,
		    const struct session_key *);
/* Replicas knew a session's key at a later time, by so much. */
void notify_raised(struct notify *, struct instant at,
		   const struct session_key *, int64_t ahead_ns);
/* What came in by an uplink: counted as a stray, if it is one. */
void notify_stray(struct notify *, struct instant now,
		  const struct steer_result *);
/* Steer's decision, for a trace: on anything at all, and on what came in by an
 * uplink, in words of its own. The outbox is as that decision left it. */
void notify_decision(struct notify *, struct instant now,
		     const struct steer_result *, const char *what);
void notify_verdict(struct notify *, struct instant now,
		    const struct steer_result *, const struct outbox *);
/* STORED, FOUND, MISSED; others are not reported. owner: of FOUND, the first
 * record's. */
void notify_event(struct notify *, const struct node_event *,
		  const struct endpoint *owner);
struct instant notify_deadline(const struct notify *);
void notify_expire(struct notify *, struct instant now);

#endif
