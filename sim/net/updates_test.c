/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * updates_test.c - a random walk beside arrays that are moved up
 */
#include "sim/net/updates.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define DEVICES 5
#define MOST	4096

static struct update oracle[DEVICES][MOST];
static uint32_t count[DEVICES];

static void
oracle_copy(uint32_t device, uint32_t set, uint32_t other)
{
	for (uint32_t i = 0; i < count[device]; i++) {
		if (oracle[device][i].set != set)
			continue;
		memmove(&oracle[device][i + 2], &oracle[device][i + 1],
			(count[device] - i - 1) * sizeof(struct update));
		oracle[device][i + 1] = oracle[device][i];
		oracle[device][i + 1].set = other;
		count[device]++;
	}
}

static bool
take_one(struct updates *updates, uint32_t device)
{
	struct update update;
	bool some = updates_next(updates, device, &update);

	if (some != (count[device] > 0))
		return false;
	if (!some)
		return true;

	const struct update *want = &oracle[device][0];
	bool same = update.port == want->port && update.epoch == want->epoch &&
		    update.set == want->set && update.path == want->path;
	memmove(&oracle[device][0], &oracle[device][1],
		--count[device] * sizeof(struct update));
	return same;
}

static void
test_walk(uint64_t seed)
{
	struct updates *updates = updates_create(DEVICES);
	uint32_t next = 0, most = 0;
	struct rng rng;

	memset(count, 0, sizeof(count));
	rng_init(&rng, seed, 0);
	for (int step = 0; step < 200000; step++) {
		uint32_t device = (uint32_t)rng_below(&rng, DEVICES);
		uint64_t kind = rng_below(&rng, 64);
		if (kind == 0 && count[device] < MOST / 2) {
			uint32_t set = (uint32_t)rng_below(&rng, 9);
			updates_copy(updates, device, set, 100);
			oracle_copy(device, set, 100);
		} else if (kind == 1) {
			while (count[device] > 0)
				CHECK(take_one(updates, device));
			CHECK(take_one(updates, device));
		} else if (kind < 40 && count[device] < MOST / 2) {
			const struct update update = {
				.port = next++,
				.epoch = (uint32_t)rng_below(&rng, 9),
				.set = (uint32_t)rng_below(&rng, 9),
				.path = (uint32_t)rng_next(&rng),
			};
			bool first = count[device] == 0;
			oracle[device][count[device]++] = update;
			CHECK(updates_add(updates, device, &update) == first);
		} else {
			CHECK(take_one(updates, device));
		}
		most = count[device] > most ? count[device] : most;
	}
	CHECK(most > 100);
	updates_destroy(updates);
}

int
main(void)
{
	test_walk(1);
	test_walk(2);
	return check_done();
}
