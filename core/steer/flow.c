/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow.c - the table of flows: found by key, evicted by age, served by time
 *
 *	struct flows | struct lru | struct flow[capacity] | heap[capacity]
 *
 * heap[] holds the slots of the flows that are scheduled, a binary heap with
 * the earliest on top; flow.heap_index is its place there, plus one, or 0.
 */
#include "core/steer/flow.h"

#include <assert.h>
#include <string.h>

#include "core/lru.h"

struct flows {
	struct siphash_key hash;
	uint32_t heap_count;
	uint32_t quiet_first, quiet_last; /* a list of slots, or LRU_NONE */
	struct lru *lru;
	struct flow *flows;
	uint32_t *heap;
};

static size_t
align8(size_t size)
{
	return (size + 7) / 8 * 8;
}

size_t
flows_size(uint32_t capacity)
{
	return align8(sizeof(struct flows)) + lru_size(capacity) +
	       align8(capacity * sizeof(struct flow)) +
	       align8(capacity * sizeof(uint32_t));
}

struct flows *
flows_init(void *memory, uint32_t capacity, const struct siphash_key *hash)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);

	struct flows *flows = memory;
	uint8_t *after = (uint8_t *)memory + align8(sizeof(*flows));
	*flows = (struct flows){
		.hash = *hash,
		.quiet_first = LRU_NONE,
		.quiet_last = LRU_NONE,
		.lru = lru_init(after, capacity),
		.flows = (void *)(after + lru_size(capacity)),
	};
	flows->heap = (void *)((uint8_t *)flows->flows +
			       align8(capacity * sizeof(struct flow)));
	return flows;
}

static uint32_t
slot_of(const struct flows *flows, const struct flow *flow)
{
	return (uint32_t)(flow - flows->flows);
}

uint32_t
flows_hash(const struct flows *flows, const struct session_key *key)
{
	return (uint32_t)siphash(&flows->hash, key, sizeof(*key));
}

struct flow *
flow_find(struct flows *flows, const struct session_key *key)
{
	uint32_t slot = lru_first(flows->lru, flows_hash(flows, key));

	while (slot != LRU_NONE && !session_equal(&flows->flows[slot].key, key))
		slot = lru_next(flows->lru, slot);
	return slot == LRU_NONE ? NULL : &flows->flows[slot];
}

struct flow *
flow_add(struct flows *flows, const struct session_key *key)
{
	uint32_t hash = flows_hash(flows, key);
	uint32_t slot = lru_add(flows->lru, hash);

	if (slot == LRU_NONE) {
		uint32_t oldest = lru_oldest(flows->lru);
		if (oldest == LRU_NONE)
			return NULL;
		flow_remove(flows, &flows->flows[oldest]);
		slot = lru_add(flows->lru, hash);
	}

	_Static_assert(FLOW_OTHERS == 2, "each is NONE at first");
	struct flow *flow = &flows->flows[slot];
	*flow = (struct flow){
		.key = *key,
		.owner = ENDPOINT_NONE,
		.others = { ENDPOINT_NONE, ENDPOINT_NONE },
		.held = hold_list_empty(),
		.due = INSTANT_NEVER,
	};
	return flow;
}

void
flow_begin(struct flow *flow, struct instant now, int64_t retry_ns)
{
	flow->missing_since = now;
	flow->retry_ns = retry_ns;
	flow->asker = NODE_ASKER_STRAY;
	flow->looks = 0;
	flow->heard = 1;
	flow->looked = false;
	flow->missed_early = flow->missed_last = false;
	flow->mourning = false;
}

void
flow_remove(struct flows *flows, struct flow *flow)
{
	assert(flow->held.packets == 0);

	flow_schedule(flows, flow, INSTANT_NEVER);
	flow_quiet(flows, flow, false);
	lru_remove(flows->lru, slot_of(flows, flow));
}

void
flow_touch(struct flows *flows, struct flow *flow)
{
	lru_touch(flows->lru, slot_of(flows, flow));
}

void
flow_pin(struct flows *flows, struct flow *flow)
{
	lru_pin(flows->lru, slot_of(flows, flow));
}

void
flow_unpin(struct flows *flows, struct flow *flow)
{
	lru_unpin(flows->lru, slot_of(flows, flow));
}

static void
quiet_add(struct flows *flows, struct flow *flow)
{
	uint32_t slot = slot_of(flows, flow);

	flow->quiet_before = flows->quiet_last;
	flow->quiet_next = LRU_NONE;
	if (flows->quiet_last != LRU_NONE)
		flows->flows[flows->quiet_last].quiet_next = slot;
	else
		flows->quiet_first = slot;
	flows->quiet_last = slot;
}

static void
quiet_remove(struct flows *flows, struct flow *flow)
{
	if (flow->quiet_before != LRU_NONE)
		flows->flows[flow->quiet_before].quiet_next = flow->quiet_next;
	else
		flows->quiet_first = flow->quiet_next;
	if (flow->quiet_next != LRU_NONE)
		flows->flows[flow->quiet_next].quiet_before =
			flow->quiet_before;
	else
		flows->quiet_last = flow->quiet_before;
}

void
flow_quiet(struct flows *flows, struct flow *flow, bool quiet)
{
	if (flow->quiet == quiet)
		return;
	flow->quiet = quiet;
	if (quiet)
		quiet_add(flows, flow);
	else
		quiet_remove(flows, flow);
}

struct flow *
flow_quietest(struct flows *flows)
{
	return flows->quiet_first != LRU_NONE
		       ? &flows->flows[flows->quiet_first]
		       : NULL;
}

/* Equal times go by slot, so that the heap's layout never decides. */
static bool
earlier(const struct flows *flows, uint32_t a, uint32_t b)
{
	struct instant x = flows->flows[a].due;
	struct instant y = flows->flows[b].due;

	return x.ns < y.ns || (x.ns == y.ns && a < b);
}

static void
heap_put(struct flows *flows, uint32_t at, uint32_t slot)
{
	flows->heap[at] = slot;
	flows->flows[slot].heap_index = at + 1;
}

static void
heap_up(struct flows *flows, uint32_t at)
{
	uint32_t slot = flows->heap[at];

	while (at > 0) {
		uint32_t parent = (at - 1) / 2;
		if (!earlier(flows, slot, flows->heap[parent]))
			break;
		heap_put(flows, at, flows->heap[parent]);
		at = parent;
	}
	heap_put(flows, at, slot);
}

static void
heap_down(struct flows *flows, uint32_t at)
{
	uint32_t slot = flows->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= flows->heap_count)
			break;
		if (child + 1 < flows->heap_count &&
		    earlier(flows, flows->heap[child + 1], flows->heap[child]))
			child++;
		if (!earlier(flows, flows->heap[child], slot))
			break;
		heap_put(flows, at, flows->heap[child]);
		at = child;
	}
	heap_put(flows, at, slot);
}

static void
heap_remove(struct flows *flows, uint32_t at)
{
	uint32_t last = flows->heap[--flows->heap_count];

	flows->flows[flows->heap[at]].heap_index = 0;
	if (at == flows->heap_count)
		return;
	heap_put(flows, at, last);
	heap_up(flows, at);
	heap_down(flows, flows->flows[last].heap_index - 1);
}

void
flow_schedule(struct flows *flows, struct flow *flow, struct instant due)
{
	if (flow->heap_index > 0)
		heap_remove(flows, flow->heap_index - 1);
	flow->due = due;
	if (due.ns == INSTANT_NEVER.ns)
		return;
	uint32_t at = flows->heap_count++;
	heap_put(flows, at, slot_of(flows, flow));
	heap_up(flows, at);
}

struct flow *
flow_first_due(struct flows *flows)
{
	return flows->heap_count > 0 ? &flows->flows[flows->heap[0]] : NULL;
}

struct instant
flow_due(const struct flows *flows)
{
	if (flows->heap_count == 0)
		return INSTANT_NEVER;
	return flows->flows[flows->heap[0]].due;
}

struct flow *
flow_oldest(struct flows *flows)
{
	uint32_t slot = lru_oldest(flows->lru);

	return slot == LRU_NONE ? NULL : &flows->flows[slot];
}

uint32_t
flow_hash(const struct flows *flows, const struct flow *flow)
{
	return lru_hash(flows->lru, slot_of(flows, flow));
}

uint32_t
flow_count(const struct flows *flows)
{
	return lru_count(flows->lru);
}

const struct flow *
flow_next(const struct flows *flows, uint32_t *cursor)
{
	while (*cursor < lru_capacity(flows->lru)) {
		uint32_t slot = (*cursor)++;

		if (lru_used(flows->lru, slot))
			return &flows->flows[slot];
	}
	return NULL;
}
