/* SPDX-License-Identifier: GPL-3.0-or-later */
/* refresh.c - joining, and buckets that no lookup visited; see refresh.h */
#include "core/dht/refresh.h"

#include "core/dht/filling.h"
#include "core/dht/lookup_run.h"

void
refresh_init(struct node *node)
{
	node->sweep = INSTANT_NEVER;
	node->refresh_wake = INSTANT_NEVER;
}

void
refresh_begin(struct node *node, struct instant now)
{
	int64_t refresh_ns = node->settings->refresh_ns;

	if (refresh_ns == 0 || node->sweep.ns != INSTANT_NEVER.ns)
		return;
	/* Nodes that began together do not sweep together. */
	int64_t early_ns =
		(int64_t)rng_below(&node->rng, (uint64_t)refresh_ns / 8 + 1);
	node->sweep = instant_after(now, refresh_ns - early_ns);
}

void
refresh_join(struct node *node, struct instant now, bool alone)
{
	node->joining = true;
	node->join_lookup = !alone;
	node->join_alone = alone;
	node->join_answered = false;
	node->join_heard = node->join_silent = 0;
	node->join_tries = 0;
	node->join_rounds = 0;
	node->join_queries = 0;
	node->join_started = now;
	node->refresh_wake = now;
}

/* After looking ourselves up: the buckets that may have members we do not
 * know. We know all at least as near as the farthest of the k closest. */
static uint64_t
incomplete(const struct node *node, const struct lookup *walk)
{
	uint32_t live = 0;
	uint64_t distance = 0;

	for (uint32_t i = 0; i < walk->candidate_count; i++) {
		if (walk->candidates[i].state != CANDIDATE_ANSWERED ||
		    live == node->settings->k)
			continue;
		live++;
		distance = walk->candidates[i].distance;
	}
	if (live < node->settings->k)
		return 0; /* these were all there are */
	unsigned b = (unsigned)__builtin_clzll(distance);
	return ~(table_bit(b) - 1);
}

/* Who answered, and who was silent: asked in vain or, when the lookup ended,
 * for the second time. */
static void
count_peers(struct node *node, const struct lookup *lookup)
{
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		if (candidate->state == CANDIDATE_ANSWERED)
			node->join_heard++;
		else if (candidate->tries > 1 ||
			 candidate->state == CANDIDATE_OVERDUE ||
			 candidate->state == CANDIDATE_FAILED)
			node->join_silent++;
	}
}

void
refresh_finished(struct node *node, struct instant now,
		 const struct lookup *lookup)
{
	bool answered = lookup->round > 0;

	node->refresh_running = false;
	node->refresh_wake = now;
	if (!node->joining)
		return;
	node->join_queries += lookup->queries;
	node->join_rounds += lookup->round;
	node->join_answered |= answered;
	count_peers(node, lookup);
	if (lookup->kind != LOOKUP_JOIN)
		return;
	if (!answered && ++node->join_tries < REFRESH_JOIN_TRIES)
		return;
	node->join_lookup = false;
	if (answered)
		node->refresh = incomplete(node, lookup);
}

/* Start the next lookup there is to do. */
static void
start(struct node *node, struct instant now, struct outbox *outbox)
{
	enum lookup_kind kind = LOOKUP_JOIN;
	uint64_t target = node->position, bit = 0;

	bool ourselves = node->join_lookup || node->sweep_lookup;

	node->refresh_wake = INSTANT_NEVER;
	if (!ourselves && node->refresh == 0) {
		node->join_ended |= node->joining;
		if (node->joining)
			node->join_finished = now;
		node->joining = false;
		return;
	}
	if (!ourselves) {
		/* The near buckets before the far. */
		unsigned b = POSITION_BITS - 1 -
			     (unsigned)__builtin_ctzll(node->refresh);

		kind = LOOKUP_FILL;
		bit = table_bit(b);
		target = filling_place(node, b);
	}
	uint32_t slot = lookup_run_start(node, now, kind, target);
	if (slot == LOOKUP_NONE) {
		node->refresh_wake = instant_after(now, REFRESH_RETRY_NS);
		return;
	}
	node->refresh &= ~bit;
	node->sweep_lookup &= !ourselves;
	node->refresh_running = true;
	if (lookup_run_advance(node, now, slot, outbox)) {
		refresh_finished(node, now, &node->parts.lookups->slots[slot]);
		lookup_run_close(node, now, slot);
	}
}

struct instant
refresh_deadline(const struct node *node)
{
	struct instant due = node->sweep;

	if (!node->refresh_running)
		due = instant_min(due, node->refresh_wake);
	return due;
}

void
refresh_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	if (node->sweep.ns <= now.ns) {
		node->refresh |= (node->table->occupied & ~node->touched) |
				 table_lacking(node->table);
		node->sweep_lookup = node->table->count > 0;
		node->touched = 0;
		node->sweep = instant_after(now, node->settings->refresh_ns);
		node->refresh_wake = now;
	}
	if (!node->refresh_running && node->refresh_wake.ns <= now.ns)
		start(node, now, outbox);
}
