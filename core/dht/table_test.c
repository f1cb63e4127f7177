/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table_test.c - random walks against a table of the dumbest kind
 *
 * The oracle keeps each bucket as a list of its own and scans everything;
 * the closest are found by sorting all contacts.
 */
#include "core/dht/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define PEERS 600

static struct endpoints *endpoints;

struct oracle_contact {
	uint32_t peer, failures;
	bool verified;
};

struct oracle {
	uint64_t self;
	uint32_t k, capacity;
	struct oracle_contact buckets[64][BUCKET_MAX];
	uint32_t counts[64];
	uint32_t replacements[TABLE_REPLACEMENTS], replacement_count;
};

static uint64_t
position(uint32_t peer)
{
	return endpoints_position(endpoints, peer);
}

static void
oracle_remove_at(struct oracle *oracle, unsigned b, uint32_t i)
{
	for (; i + 1 < oracle->counts[b]; i++)
		oracle->buckets[b][i] = oracle->buckets[b][i + 1];
	oracle->counts[b]--;
}

static void
oracle_append(struct oracle *oracle, unsigned b, struct oracle_contact contact)
{
	oracle->buckets[b][oracle->counts[b]++] = contact;
}

static void
oracle_uncache(struct oracle *oracle, uint32_t peer)
{
	for (uint32_t i = 0; i < oracle->replacement_count; i++) {
		if (oracle->replacements[i] != peer)
			continue;
		for (; i + 1 < oracle->replacement_count; i++)
			oracle->replacements[i] = oracle->replacements[i + 1];
		oracle->replacement_count--;
	}
}

static void
oracle_cache(struct oracle *oracle, uint32_t peer)
{
	oracle_uncache(oracle, peer);
	if (oracle->replacement_count == TABLE_REPLACEMENTS)
		oracle_uncache(oracle, oracle->replacements[0]);
	oracle->replacements[oracle->replacement_count++] = peer;
}

/* The newest replacement for bucket b, or ENDPOINT_NONE; it leaves the cache.
 */
static uint32_t
oracle_take_replacement(struct oracle *oracle, unsigned b)
{
	for (uint32_t i = oracle->replacement_count; i-- > 0;) {
		uint32_t peer = oracle->replacements[i];

		if (position_bucket(oracle->self, position(peer)) == b) {
			oracle_uncache(oracle, peer);
			return peer;
		}
	}
	return ENDPOINT_NONE;
}

static uint32_t
oracle_count(const struct oracle *oracle)
{
	uint32_t count = 0;

	for (unsigned b = 0; b < 64; b++)
		count += oracle->counts[b];
	return count;
}

static uint32_t
oracle_find(const struct oracle *oracle, unsigned b, uint32_t peer)
{
	uint32_t i = 0;

	while (i < oracle->counts[b] && oracle->buckets[b][i].peer != peer)
		i++;
	return i;
}

static void
oracle_seen(struct oracle *oracle, uint32_t peer, bool answered)
{
	unsigned b = position_bucket(oracle->self, position(peer));
	uint32_t i = oracle_find(oracle, b, peer);
	struct oracle_contact contact = { peer, 0, answered };

	if (i < oracle->counts[b]) {
		contact = oracle->buckets[b][i];
		contact.failures = 0;
		contact.verified |= answered;
		oracle_remove_at(oracle, b, i);
		oracle_append(oracle, b, contact);
		return;
	}
	if (oracle->counts[b] < oracle->k &&
	    oracle_count(oracle) < oracle->capacity) {
		oracle_uncache(oracle, peer);
		oracle_append(oracle, b, contact);
		return;
	}
	for (i = 0; i < oracle->counts[b]; i++) {
		if (oracle->buckets[b][i].failures < CONTACT_STALE)
			continue;
		oracle_remove_at(oracle, b, i);
		oracle_append(oracle, b, contact);
		oracle_uncache(oracle, peer);
		return;
	}
	if (oracle->counts[b] == oracle->k)
		oracle_cache(oracle, peer);
}

static void
oracle_failed(struct oracle *oracle, uint32_t peer)
{
	unsigned b = position_bucket(oracle->self, position(peer));
	uint32_t i = oracle_find(oracle, b, peer);

	oracle_uncache(oracle, peer);
	if (i == oracle->counts[b])
		return;
	struct oracle_contact *contact = &oracle->buckets[b][i];
	if (contact->failures < CONTACT_STALE)
		contact->failures++;
	if (contact->failures < CONTACT_STALE)
		return;
	uint32_t replacement = oracle_take_replacement(oracle, b);
	if (replacement == ENDPOINT_NONE)
		return;
	oracle_remove_at(oracle, b, i);
	oracle_append(oracle, b,
		      (struct oracle_contact){ replacement, 0, false });
}

static void
oracle_doubted(struct oracle *oracle, uint32_t peer)
{
	unsigned b = position_bucket(oracle->self, position(peer));
	uint32_t i = oracle_find(oracle, b, peer);

	oracle_uncache(oracle, peer);
	if (i < oracle->counts[b] && oracle->buckets[b][i].failures == 0)
		oracle->buckets[b][i].failures = 1;
}

static void
oracle_remove(struct oracle *oracle, uint32_t peer)
{
	unsigned b = position_bucket(oracle->self, position(peer));
	uint32_t i = oracle_find(oracle, b, peer);

	oracle_uncache(oracle, peer);
	if (i == oracle->counts[b])
		return;
	oracle_remove_at(oracle, b, i);
	uint32_t replacement = oracle_take_replacement(oracle, b);
	if (replacement != ENDPOINT_NONE)
		oracle_append(oracle, b,
			      (struct oracle_contact){ replacement, 0, false });
}

static void
check_same(const struct table *table, const struct oracle *oracle)
{
	uint32_t at = 0;

	for (unsigned b = 0; b < 64; b++) {
		CHECK((uint32_t)(table->starts[b + 1] - table->starts[b]) ==
		      oracle->counts[b]);
		CHECK((table->occupied >> (63 - b) & 1) ==
		      (oracle->counts[b] > 0));
		for (uint32_t i = 0; i < oracle->counts[b]; i++, at++) {
			const struct contact *contact = &table->contacts[at];
			const struct oracle_contact *expected =
				&oracle->buckets[b][i];

			CHECK(contact->peer == expected->peer);
			CHECK(contact->failures == expected->failures);
			CHECK(contact->verified == expected->verified);
		}
	}
	CHECK(table->count == at);
	CHECK(table->replacement_count == oracle->replacement_count);
	CHECK(memcmp(table->replacements, oracle->replacements,
		     oracle->replacement_count * sizeof(uint32_t)) == 0);
}

static uint64_t sort_target;

static int
closer(const void *a, const void *b)
{
	uint64_t x = position(*(const uint32_t *)a) ^ sort_target;
	uint64_t y = position(*(const uint32_t *)b) ^ sort_target;

	return x < y ? -1 : x > y;
}

/* Sort all peers and compare. */
static void
check_closest(const struct table *table, const struct oracle *oracle,
	      uint64_t target, enum table_trust trust, uint32_t except,
	      uint32_t wanted)
{
	uint32_t all[PEERS], found[BUCKET_MAX], count = 0, nearer = 0;

	for (unsigned b = 0; b < 64; b++) {
		for (uint32_t i = 0; i < oracle->counts[b]; i++) {
			const struct oracle_contact *contact =
				&oracle->buckets[b][i];
			uint64_t distance = position(contact->peer) ^ target;

			if (contact->failures == 0 &&
			    distance < (oracle->self ^ target))
				nearer++;
			if (contact->peer == except ||
			    (trust == TABLE_SOUND && contact->failures > 0))
				continue;
			all[count++] = contact->peer;
		}
	}
	sort_target = target;
	qsort(all, count, sizeof(all[0]), closer);
	if (count > wanted)
		count = wanted;
	CHECK(table_closest(table, target, trust, except, found, wanted) ==
	      count);
	CHECK(memcmp(found, all, count * sizeof(all[0])) == 0);
	CHECK(table_closer_count(table, target) == nearer);
}

/* Ourselves and sound contacts that are closer than whatever lies in a full
 * bucket, and so is perhaps not known. */
static void
check_certain(const struct table *table, const struct oracle *oracle,
	      uint64_t target)
{
	uint32_t contacts = 0, certain = 0;
	uint64_t unknown = UINT64_MAX;

	for (unsigned b = 0; b < 64; b++) {
		contacts += oracle->counts[b];
		for (uint32_t i = 0;
		     oracle->counts[b] >= oracle->k && i < oracle->k; i++) {
			uint64_t distance =
				position(oracle->buckets[b][i].peer) ^ target;

			if (distance < unknown)
				unknown = distance;
		}
	}
	certain += (oracle->self ^ target) < unknown;
	for (unsigned b = 0; b < 64; b++) {
		for (uint32_t i = 0; i < oracle->counts[b]; i++) {
			const struct oracle_contact *contact =
				&oracle->buckets[b][i];

			certain += contact->failures == 0 &&
				   (position(contact->peer) ^ target) < unknown;
		}
	}
	if (unknown == UINT64_MAX)
		certain = UINT32_MAX;
	if (contacts == oracle->capacity)
		certain = 0;
	CHECK(table_certain(table, target) == certain);
}

static void
check_queries(const struct table *table, const struct oracle *oracle,
	      struct rng *rng)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint64_t target = rng_next(rng);

		if (i == 1) /* near ourselves */
			target = oracle->self ^ (target >> rng_below(rng, 64));
		if (i == 2)
			target = position((uint32_t)rng_below(rng, PEERS));
		if (i == 3)
			target = oracle->self;
		check_closest(table, oracle, target,
			      rng_below(rng, 2) ? TABLE_SOUND : TABLE_ANY,
			      (uint32_t)rng_below(rng, PEERS),
			      1 + (uint32_t)rng_below(rng, BUCKET_MAX));
		check_certain(table, oracle, target);
	}
}

static void
test_walk(uint64_t seed, uint32_t k, uint32_t capacity)
{
	static struct oracle oracle;
	struct table *table = malloc(table_size(capacity));
	struct rng rng;

	if (table == NULL)
		abort();
	memset(&oracle, 0, sizeof(oracle));
	oracle.self = position(0);
	oracle.k = k;
	oracle.capacity = capacity;
	table_init(table, capacity, k, oracle.self, endpoints);
	rng_init(&rng, seed, k);
	for (uint32_t step = 0; step < 4000; step++) {
		uint32_t peer = 1 + (uint32_t)rng_below(&rng, PEERS - 1);
		/* Failures come in bursts, or nothing would get stale. */
		if (step / 500 % 2 == 1)
			peer = 1 + peer % 40;
		uint64_t action = rng_below(&rng, 100);
		if (action < 40) {
			oracle_seen(&oracle, peer, false);
			table_heard(table, peer);
		} else if (action < 60) {
			oracle_seen(&oracle, peer, true);
			table_answered(table, peer, -1);
		} else if (action < 70) {
			oracle_doubted(&oracle, peer);
			table_doubted(table, peer);
		} else if (action < 90) {
			oracle_failed(&oracle, peer);
			table_failed(table, peer);
		} else {
			oracle_remove(&oracle, peer);
			table_remove(table, peer);
		}
		check_same(table, &oracle);
		check_queries(table, &oracle, &rng);
	}
	free(table);
}

static void
test_ourselves(void)
{
	struct table *table = malloc(table_size(8));

	if (table == NULL)
		abort();
	table_init(table, 8, 2, position(0), endpoints);
	CHECK(table_heard(table, 0) == TABLE_REFUSED);
	CHECK(table_answered(table, 0, 1000) == TABLE_REFUSED);
	CHECK(!table_failed(table, 0) && !table_remove(table, 0));
	CHECK(table_find(table, 0) == NULL && table->count == 0);
	CHECK(table->occupied == 0);
	CHECK(table_answered(table, 1, 1000) == TABLE_ADDED);
	CHECK(table_heard(table, 1) == TABLE_SEEN);
	CHECK(table_find(table, 1)->verified);
	CHECK(table->occupied ==
	      UINT64_C(1) << (63 - position_bucket(position(0), position(1))));
	free(table);
}

/* A table filled bucket by bucket is one in which all answered in turn. */
static void
test_fill(uint32_t capacity, uint32_t k)
{
	struct table *filled = malloc(table_size(capacity));
	struct oracle oracle = { .k = k,
				 .capacity = capacity,
				 .self = position(0) };

	if (filled == NULL)
		abort();
	table_init(filled, capacity, k, position(0), endpoints);
	/* Near ones first, so that room is made before what is there. */
	for (unsigned b = 64; b-- > 0;) {
		uint32_t peers[PEERS], count = 0;

		for (uint32_t i = 1; i < PEERS; i++)
			if (position_bucket(position(0), position(i)) == b)
				peers[count++] = i;
		table_fill(filled, b, peers, count);
		for (uint32_t i = 0; i < count && i < k; i++)
			oracle_seen(&oracle, peers[i], true);
	}
	check_same(filled, &oracle);
	free(filled);
}

int
main(void)
{
	static const struct siphash_key placement = { { 7 } };
	void *memory = calloc(1, endpoints_size(PEERS));

	if (memory == NULL)
		abort();
	endpoints = endpoints_init(memory, PEERS, &placement);
	for (uint32_t i = 0; i < PEERS; i++) {
		uint8_t bytes[4] = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i };
		struct endpoint endpoint = { address_ip4(bytes), 7000 };

		CHECK(endpoints_intern(endpoints, &endpoint) == i);
	}
	test_ourselves();
	test_fill(400, 20);
	test_fill(30, 8); /* the pool is full first */
	test_fill(400, 32);
	test_walk(1, 1, 400);
	test_walk(2, 8, 400);
	test_walk(3, 20, 400);
	test_walk(4, 20, 60); /* the pool is what is full */
	test_walk(5, 32, 400);
	free(memory);
	return check_done();
}
