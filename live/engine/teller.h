/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * teller.h - what the engine tells whoever watches it
 *
 *	node events, socket events, strays -> struct report -> listener
 *
 * Strays come in hundreds of thousands a second: the first of a flow is told
 * at once, all of them summed up (straycount.h). With nobody listening every
 * verb is a comparison and nothing is kept.
 */
#ifndef LIVE_ENGINE_TELLER_H
#define LIVE_ENGINE_TELLER_H

#include "core/dht/node.h"
#include "core/steer/steer.h"
#include "live/engine/engine.h"
#include "live/engine/report.h"
#include "live/engine/straycount.h"

struct teller {
	struct engine_listener listener;
	struct straycount *strays; /* borrowed */
};

/* NULL: nobody, and what was summed up is forgotten. */
void teller_listen(struct teller *, const struct engine_listener *);
/* OPENED or CLOSED. */
void teller_session(struct teller *, struct instant at, enum report_kind,
		    const struct session_key *);
/* What came in by an uplink: counted as a stray, if it is one. */
void teller_stray(struct teller *, struct instant now,
		  const struct steer_result *);
/* Steer's decision, for a trace: on anything at all, and on what came in by an
 * uplink, in words of its own. The outbox is as that decision left it. */
void teller_decision(struct teller *, struct instant now,
		     const struct steer_result *, const char *what);
void teller_verdict(struct teller *, struct instant now,
		    const struct steer_result *, const struct outbox *);
/* STORED, FOUND, MISSED; others are not told. */
void teller_event(struct teller *, const struct node_event *);
struct instant teller_deadline(const struct teller *);
void teller_expire(struct teller *, struct instant now);

#endif
