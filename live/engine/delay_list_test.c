/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "live/engine/delay_list.h"

#include <stdlib.h>

#include "core/rng.h"
#include "core/test/check.h"

#define CAPACITY 16
#define KEYS	 24
#define WAIT_NS	 100
#define STEPS	 50000

/* A dumb delay list: an array in order of time. */
struct oracle {
	uint32_t count;
	struct {
		uint32_t key;
		int64_t due, version;
	} entries[CAPACITY];
};

static struct session_key
key_of(uint32_t number)
{
	return (struct session_key){
		.client = { 10, 0, 0, (uint8_t)number },
		.family = 4,
		.protocol = 6,
	};
}

static bool
oracle_remove(struct oracle *oracle, uint32_t key)
{
	for (uint32_t i = 0; i < oracle->count; i++) {
		if (oracle->entries[i].key != key)
			continue;
		for (uint32_t j = i + 1; j < oracle->count; j++)
			oracle->entries[j - 1] = oracle->entries[j];
		oracle->count--;
		return true;
	}
	return false;
}

static bool
oracle_has(const struct oracle *oracle, uint32_t key)
{
	for (uint32_t i = 0; i < oracle->count; i++)
		if (oracle->entries[i].key == key)
			return true;
	return false;
}

static bool
oracle_add(struct oracle *oracle, uint32_t key, int64_t due, int64_t version)
{
	(void)oracle_remove(oracle, key);
	if (oracle->count == CAPACITY)
		return false;
	oracle->entries[oracle->count].key = key;
	oracle->entries[oracle->count].due = due;
	oracle->entries[oracle->count++].version = version;
	return true;
}

static void
check_take(struct delay_list *delay_list, struct oracle *oracle, int64_t now)
{
	struct session_key key;
	struct version version;

	while (delay_list_take(delay_list, (struct instant){ now }, &key,
			       &version)) {
		CHECK(oracle->count > 0 && oracle->entries[0].due <= now);
		CHECK(key.client[3] == oracle->entries[0].key);
		CHECK(version.established_ns == oracle->entries[0].version);
		(void)oracle_remove(oracle, key.client[3]);
	}
	CHECK(oracle->count == 0 || oracle->entries[0].due > now);
}

int
main(void)
{
	const struct siphash_key hash = { { 1 } };
	void *memory = calloc(1, delay_list_size(CAPACITY));
	struct oracle oracle = { .count = 0 };
	struct rng rng;
	int64_t now = 0;

	if (memory == NULL)
		return 1;
	struct delay_list *delay_list =
		delay_list_init(memory, CAPACITY, &hash);
	rng_init(&rng, 11, 0);
	for (int64_t i = 0; i < STEPS; i++) {
		uint32_t number = (uint32_t)rng_below(&rng, KEYS);
		struct session_key key = key_of(number);

		now += (int64_t)rng_below(&rng, 12);
		CHECK(delay_list_has(delay_list, &key) ==
		      oracle_has(&oracle, number));
		if (rng_below(&rng, 3) > 0)
			CHECK(delay_list_add(delay_list,
					     (struct instant){ now + WAIT_NS },
					     &key, (struct version){ i, 0 }) ==
			      oracle_add(&oracle, number, now + WAIT_NS, i));
		else
			CHECK(delay_list_remove(delay_list, &key) ==
			      oracle_remove(&oracle, number));
		check_take(delay_list, &oracle, now);
		CHECK(delay_list_count(delay_list) == oracle.count);
		CHECK(delay_list_due(delay_list).ns ==
		      (oracle.count > 0 ? oracle.entries[0].due : INT64_MAX));
	}
	free(memory);
	return check_done();
}
