/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.h - who looks on while a world runs, and knows what it may not do
 *
 *	event ---> world --> judge_before()	a host is to take a packet
 *		     |-----> judge_after()	it has
 *		     |-----> judge_event()	of any kind, when it is over
 *		     '-----> judge_finish()	the run is over
 *
 * A judge sees what no server of the world can: every state, every packet, who
 * owns what. It changes nothing, draws no random number, and a run with it has
 * the same events as one without. It is there when the watch hears violations
 * (watch.h), and costs nothing when not.
 *
 *	tally.h		what kind of world it was: strays, faults, handshakes
 *	promise.h	nothing broken; sessions go on when faults are over
 *	packets.h	whose bytes, tunnels, packets without end
 *	nodes.h		versions, limits, held packets, tables
 */
#ifndef SIM_JUDGE_JUDGE_H
#define SIM_JUDGE_JUDGE_H

#include <stdint.h>

#include "core/instant.h"
#include "sim/engine/event.h"
#include "sim/judge/verdict.h"
#include "sim/model/judge_facts.h"
#include "sim/model/settings.h"

struct network;
struct servers;
struct transport;
struct workload;

/* Everything is borrowed. */
struct judge_parts {
	const struct settings *settings; /* servers that join later included */
	const struct network *network;
	const struct servers *servers;
	const struct workload *workload;
	const struct transport *transport;
	struct verdicts *verdicts;
};

struct judge;

/* watch->violation is there. Aborts when out of memory. */
struct judge *judge_create(const struct judge_parts *, const struct watch *);
void judge_destroy(struct judge *); /* NULL: nothing */
/* From now on it hears what hosts send, take and decide. */
void judge_listen(struct judge *, struct network *, struct transport *,
		  struct servers *);
/* The scenario's time zero. */
void judge_zero(struct judge *, struct instant now);
/* Around the delivery of a packet to a host. */
void judge_before(struct judge *, struct instant now, uint32_t device,
		  const uint8_t *bytes, uint32_t size);
void judge_after(struct judge *, struct instant now);
/* The script says what it has done, as the watch hears it. It comes within an
 * event of EVENT_FAULT, of which judge_event() is told afterwards. */
void judge_fault(struct judge *, const char *kind, const char *target);
void judge_event(struct judge *, struct instant now, const struct event *);
void judge_finish(struct judge *, struct instant now, struct judge_facts *);

#endif
