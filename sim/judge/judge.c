/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.c - each look goes to those that have a use for it
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
	judge_tally_zero(judge->tally, now);
	judge_promise_zero(judge->promise, now);
	judge_nodes_zero(judge->nodes, now);
}

void
judge_before(struct judge *judge, struct instant now, uint32_t device,
	     const uint8_t *bytes, uint32_t size)
{
	judge_packets_before(judge->packets, device, bytes, size);
	judge_nodes_before(judge->nodes, now, device, bytes, size);
}

void
judge_after(struct judge *judge, struct instant now)
{
	judge_nodes_after(judge->nodes, now);
}

void
judge_fault(struct judge *judge, const char *kind, const char *target)
{
	judge_tally_fault(judge->tally, kind, target);
}

void
judge_event(struct judge *judge, struct instant now, const struct event *event)
{
	judge_tally_event(judge->tally, now, event);
	judge_promise_event(judge->promise, now, event);
	judge_nodes_event(judge->nodes, now, event);
}

void
judge_finish(struct judge *judge, struct instant now, struct judge_facts *facts)
{
	*facts = (struct judge_facts){ 0 };
	judge_tally_finish(judge->tally, facts);
	judge_promise_finish(judge->promise, now, facts);
	judge_packets_finish(judge->packets, now);
	judge_nodes_finish(judge->nodes, now);
	for (unsigned i = 0; i < VIOLATIONS; i++)
		facts->violations[i] = judge->verdicts.counts[i];
}
