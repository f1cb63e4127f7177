/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.c - each look goes to all that judge
 */
#include "sim/judge/judge.h"

#include <stdlib.h>

#include "sim/judge/nodes.h"
#include "sim/judge/packets.h"
#include "sim/judge/promise.h"
#include "sim/judge/tally.h"

struct judge {
	struct verdicts verdicts;
	struct judge_tally *tally;
	struct judge_promise *promise;
	struct judge_packets *packets;
	struct judge_nodes *nodes;
};

/* One verb of each. */
#define ALL(judge, verb, ...)                                                  \
	do {                                                                   \
		judge_tally_##verb((judge)->tally, __VA_ARGS__);               \
		judge_promise_##verb((judge)->promise, __VA_ARGS__);           \
		judge_packets_##verb((judge)->packets, __VA_ARGS__);           \
		judge_nodes_##verb((judge)->nodes, __VA_ARGS__);               \
	} while (0)

struct judge *
judge_create(const struct judge_parts *parts, const struct watch *watch)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	struct judge_parts own = *parts;

	if (judge == NULL)
		abort();
	judge->verdicts.watch = watch;
	own.verdicts = &judge->verdicts;
	judge->tally = judge_tally_create(&own);
	judge->promise = judge_promise_create(&own);
	judge->packets = judge_packets_create(&own);
	judge->nodes = judge_nodes_create(&own);
	return judge;
}

void
judge_destroy(struct judge *judge)
{
	if (judge == NULL)
		return;
	judge_tally_destroy(judge->tally);
	judge_promise_destroy(judge->promise);
	judge_packets_destroy(judge->packets);
	judge_nodes_destroy(judge->nodes);
	free(judge);
}

void
judge_listen(struct judge *judge, struct network *network,
	     struct transport *transport, struct servers *servers)
{
	judge_packets_listen(judge->packets, network, transport, servers);
}

void
judge_zero(struct judge *judge, struct instant now)
{
	ALL(judge, zero, now);
}

void
judge_before(struct judge *judge, struct instant now, uint32_t device,
	     const uint8_t *bytes, uint32_t size)
{
	ALL(judge, before, now, device, bytes, size);
}

void
judge_after(struct judge *judge, struct instant now, uint32_t device,
	    const uint8_t *bytes, uint32_t size)
{
	ALL(judge, after, now, device, bytes, size);
}

void
judge_fault(struct judge *judge, struct instant at, const char *kind,
	    const char *target)
{
	(void)at;
	judge_tally_fault(judge->tally, kind, target);
}

void
judge_event(struct judge *judge, struct instant now, const struct event *event)
{
	ALL(judge, event, now, event);
}

void
judge_finish(struct judge *judge, struct instant now, struct judge_facts *facts)
{
	*facts = (struct judge_facts){ 0 };
	ALL(judge, finish, now, facts);
	for (unsigned i = 0; i < VIOLATIONS; i++)
		facts->violations[i] = judge->verdicts.counts[i];
}
