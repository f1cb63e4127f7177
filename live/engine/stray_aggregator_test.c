/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "live/engine/stray_aggregator.h"

#include <stdlib.h>

#include "core/rng.h"
#include "core/test/check.h"

#define CAPACITY 8
#define FLOWS	 12
#define STEPS	 50000

static struct session_key
key_of(uint32_t number)
{
	return (struct session_key){
		.client = { 10, 0, 0, (uint8_t)number },
		.family = 4,
		.protocol = 6,
	};
}

/* Every stray is in exactly one line, and none waits longer than it should. */
static void
check_sums(struct stray_aggregator *count)
{
	uint64_t added[FLOWS] = { 0 }, reported[FLOWS] = { 0 };
	struct instant now = { NS_PER_S };
	struct stray_aggregator_flow flow;
	struct rng rng;
	uint32_t early = 0, late = 0;

	rng_init(&rng, 2, 0);
	for (uint32_t i = 0; i < STEPS; i++) {
		/* Two of them most of the time. */
		uint32_t number = (uint32_t)rng_below(
			&rng, rng_below(&rng, 4) > 0 ? 2 : FLOWS);
		struct session_key key = key_of(number);

		now.ns += (int64_t)rng_below(&rng, 10 * NS_PER_MS);
		while (stray_aggregator_take(count, now, &flow)) {
			reported[flow.key.client[3]] += flow.count;
			CHECK(instant_distance_ns(flow.since, now) >=
			      STRAY_AGGREGATOR_NS);
			late++;
		}
		CHECK(instant_before(now, stray_aggregator_due(count)));
		added[number]++;
		if (stray_aggregator_add(count, now, &key, &flow)) {
			reported[flow.key.client[3]] += flow.count;
			early++;
		}
	}
	while (stray_aggregator_take(count, instant_after(now, NS_PER_S),
				     &flow))
		reported[flow.key.client[3]] += flow.count;
	for (uint32_t i = 0; i < FLOWS; i++)
		CHECK(added[i] == reported[i]);
	CHECK(early > 0 && late > 0);
	CHECK(stray_aggregator_due(count).ns == INT64_MAX);
}

static void
check_clear(struct stray_aggregator *count)
{
	struct session_key key = key_of(1);
	struct stray_aggregator_flow flow;

	CHECK(!stray_aggregator_add(count, (struct instant){ 5 }, &key, &flow));
	CHECK(stray_aggregator_due(count).ns == 5 + STRAY_AGGREGATOR_NS);
	stray_aggregator_clear(count);
	CHECK(stray_aggregator_due(count).ns == INT64_MAX);
	CHECK(!stray_aggregator_take(count, (struct instant){ NS_PER_S },
				     &flow));
}

int
main(void)
{
	const struct siphash_key hash = { { 1 } };
	void *memory = calloc(1, stray_aggregator_size(CAPACITY));

	if (memory == NULL)
		return 1;
	struct stray_aggregator *count =
		stray_aggregator_init(memory, CAPACITY, &hash);
	check_sums(count);
	check_clear(count);
	free(memory);
	return check_done();
}
