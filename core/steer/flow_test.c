/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_test.c - the table against a plain array searched from end to end
 */
#include "core/steer/flow.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/test/collision.h"

#define CAPACITY 9
#define KEYS	 24

struct plain {
	bool used, pinned;
	uint64_t touched;
	struct instant due;
};

static struct plain plain[KEYS];
static uint64_t memory[2048];

static struct session_key
key_of(uint32_t i)
{
	struct session_key key = { .family = 4, .protocol = 6 };

	key.client[3] = (uint8_t)i;
	return key;
}

static uint32_t
plain_oldest(void)
{
	uint32_t oldest = KEYS;

	for (uint32_t i = 0; i < KEYS; i++) {
		if (plain[i].used && !plain[i].pinned &&
		    (oldest == KEYS ||
		     plain[i].touched < plain[oldest].touched))
			oldest = i;
	}
	return oldest;
}

/* A walk over the table meets each flow once. */
static void
check_next(const struct flows *flows, uint32_t count)
{
	const struct flow *flow;
	bool met[KEYS] = { false };
	uint32_t cursor = 0, passed = 0;

	while ((flow = flow_next(flows, &cursor)) != NULL) {
		uint32_t i = flow->key.client[3];

		CHECK(i < KEYS && plain[i].used && !met[i]);
		met[i] = true;
		passed++;
	}
	CHECK(passed == count);
}

static void
check_all(struct flows *flows)
{
	struct instant first = INSTANT_NEVER;
	uint32_t count = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		struct session_key key = key_of(i);
		struct flow *flow = flow_find(flows, &key);
		CHECK((flow != NULL) == plain[i].used);
		count += plain[i].used;
		if (!plain[i].used || flow == NULL)
			continue;
		CHECK(session_equal(&flow->key, &key));
		CHECK(flow->due.ns == plain[i].due.ns);
		first = instant_min(first, plain[i].due);
	}
	CHECK(flow_count(flows) == count);
	check_next(flows, count);
	CHECK(flow_due(flows).ns == first.ns);
	struct flow *due = flow_first_due(flows);
	CHECK((due != NULL) == (first.ns != INSTANT_NEVER.ns));
	if (due != NULL)
		CHECK(due->due.ns == first.ns);
	struct flow *oldest = flow_oldest(flows);
	uint32_t expected = plain_oldest();
	CHECK((oldest == NULL) == (expected == KEYS));
	if (oldest != NULL)
		CHECK(oldest->key.client[3] == expected);
}

static void
add(struct flows *flows, uint32_t i, uint64_t step)
{
	struct session_key key = key_of(i);
	uint32_t count = flow_count(flows);
	uint32_t oldest = plain_oldest();
	struct flow *flow = flow_add(flows, &key);

	CHECK((flow == NULL) == (count == CAPACITY && oldest == KEYS));
	if (flow == NULL)
		return;
	if (count == CAPACITY)
		plain[oldest] = (struct plain){ 0 };
	plain[i] = (struct plain){ .used = true,
				   .touched = step,
				   .due = INSTANT_NEVER };
}

static void
change(struct flows *flows, struct rng *rng, uint32_t i, uint64_t step)
{
	struct session_key key = key_of(i);
	struct flow *flow = flow_find(flows, &key);

	if (flow == NULL)
		return;
	switch (rng_below(rng, 6)) {
	case 0:
		flow_remove(flows, flow);
		plain[i] = (struct plain){ 0 };
		break;
	case 1:
		flow_touch(flows, flow);
		if (!plain[i].pinned)
			plain[i].touched = step;
		break;
	case 2:
		flow_pin(flows, flow);
		plain[i].pinned = true;
		break;
	case 3:
		flow_unpin(flows, flow);
		if (plain[i].pinned)
			plain[i].touched = step;
		plain[i].pinned = false;
		break;
	case 4:
		flow_schedule(flows, flow, INSTANT_NEVER);
		plain[i].due = INSTANT_NEVER;
		break;
	default:
		/* Few values, so that many are equal. */
		plain[i].due.ns = (int64_t)rng_below(rng, 20);
		flow_schedule(flows, flow, plain[i].due);
		break;
	}
}

static void
key_make(uint32_t i, uint8_t *bytes)
{
	struct session_key key = { .family = 4, .protocol = 6 };

	memcpy(key.client, &i, sizeof(i));
	memcpy(bytes, &key, sizeof(key));
}

/* Two sessions of one hash are two flows. */
static void
equal_hashes(const struct siphash_key *hash)
{
	struct collision pair =
		collision_find(hash, key_make, sizeof(struct session_key));
	struct flows *flows = flows_init(memory, CAPACITY, hash);
	struct session_key a = { 0 }, b = { 0 };

	key_make(pair.a, (uint8_t *)&a);
	key_make(pair.b, (uint8_t *)&b);
	struct flow *one = flow_add(flows, &a);
	CHECK(flow_find(flows, &b) == NULL);
	struct flow *other = flow_add(flows, &b);
	CHECK(one != other);
	CHECK(flow_hash(flows, one) == flow_hash(flows, other));
	CHECK(flow_find(flows, &a) == one && flow_find(flows, &b) == other);
	flow_remove(flows, other);
	CHECK(flow_find(flows, &a) == one && flow_find(flows, &b) == NULL);
	CHECK(flow_count(flows) == 1);
}

/* Quiet flows stand in a line, which each may leave at any time. */
static void
quiet_line(const struct siphash_key *hash)
{
	struct flows *flows = flows_init(memory, CAPACITY, hash);
	struct flow *line[4];

	for (uint8_t i = 0; i < 4; i++) {
		struct session_key key = { .client = { i }, .family = 4 };
		line[i] = flow_add(flows, &key);
		CHECK(flow_quietest(flows) == (i > 0 ? line[0] : NULL));
		flow_quiet(flows, line[i], true);
		flow_quiet(flows, line[i], true); /* once is enough */
	}
	flow_quiet(flows, line[1], false);
	flow_quiet(flows, line[1], false);
	flow_remove(flows, line[0]);
	CHECK(flow_quietest(flows) == line[2]);
	flow_quiet(flows, line[1], true); /* the last now */
	flow_remove(flows, line[2]);
	CHECK(flow_quietest(flows) == line[3]);
	flow_quiet(flows, line[3], false);
	CHECK(flow_quietest(flows) == line[1]);
	flow_remove(flows, line[1]);
	CHECK(flow_quietest(flows) == NULL);
	flow_quiet(flows, line[3], true);
	CHECK(flow_quietest(flows) == line[3]);
}

int
main(void)
{
	static const struct siphash_key hash = { { 5 } };
	struct rng rng;

	CHECK(flows_size(CAPACITY) <= sizeof(memory));
	struct flows *flows = flows_init(memory, CAPACITY, &hash);
	rng_init(&rng, 16, 0);
	for (uint64_t step = 1; step <= 20000; step++) {
		uint32_t i = (uint32_t)rng_below(&rng, KEYS);
		if (!plain[i].used && rng_below(&rng, 2) == 0)
			add(flows, i, step);
		else
			change(flows, &rng, i, step);
		check_all(flows);
	}
	equal_hashes(&hash);
	quiet_line(&hash);
	return check_done();
}
