/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fragment_test.c - first fragments against a plain list, newest last
 */
#include "core/steer/fragment.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/test/collision.h"
#include "core/wire/build.h"

#define CAPACITY 7
#define LIFE_NS	 1000

struct plain {
	struct packet packet;
	struct fragment_first first;
};

static struct plain plain[CAPACITY + 1];
static uint32_t plain_count;
static uint64_t memory[512];

static bool
same(const struct packet *a, const struct packet *b)
{
	return address_equal(&a->src, &b->src) &&
	       address_equal(&a->dst, &b->dst) &&
	       a->fragment_id == b->fragment_id &&
	       (a->family == 6 || a->protocol == b->protocol);
}

static bool
same_first(const struct fragment_first *a, const struct fragment_first *b)
{
	return session_equal(&a->key, &b->key) && a->local == b->local &&
	       a->until.ns == b->until.ns;
}

static uint32_t
plain_find(const struct packet *packet)
{
	uint32_t i = 0;

	while (i < plain_count && !same(&plain[i].packet, packet))
		i++;
	return i;
}

static void
plain_remove(uint32_t at)
{
	plain_count--;
	memmove(&plain[at], &plain[at + 1],
		(plain_count - at) * sizeof(plain[0]));
}

static struct packet
packet_random(struct rng *rng)
{
	uint8_t family = rng_below(rng, 2) == 0 ? 4 : 6;
	struct packet packet = {
		.family = family,
		.src.family = family,
		.dst.family = family,
		.fragment_id = (uint32_t)rng_below(rng, 3),
		.protocol = rng_below(rng, 2) == 0 ? 6 : 60,
	};

	packet.src.bytes[0] = (uint8_t)rng_below(rng, 2);
	packet.dst.bytes[3] = (uint8_t)rng_below(rng, 2);
	return packet;
}

/* What fragment.c hashes: source 16, destination 16, id 4, family 1, protocol
 * 1, zeros 2. */
static void
key_make(uint32_t i, uint8_t *bytes)
{
	memcpy(bytes + 32, &i, sizeof(i));
	bytes[36] = 6;
}

/* Two packets of one hash have each their own first fragment. */
static void
equal_hashes(const struct siphash_key *hash)
{
	struct collision pair = collision_find(hash, key_make, 40);
	struct fragments *table = fragments_init(memory, CAPACITY, hash);
	struct packet a = { .family = 6, .fragment_id = pair.a };
	struct packet b = { .family = 6, .fragment_id = pair.b };
	struct fragment_first first = { .local = true },
			      other = { .local = false };
	struct instant now = { 5 };

	other.key.client[0] = 9;
	fragment_put(table, now, LIFE_NS, &a, &first);
	CHECK(fragment_get(table, &b) == NULL);
	fragment_put(table, now, LIFE_NS, &b, &other);
	CHECK(fragments_count(table) == 2);
	first.until = other.until = instant_after(now, LIFE_NS);
	CHECK(same_first(fragment_get(table, &a), &first));
	CHECK(same_first(fragment_get(table, &b), &other));
}

int
main(void)
{
	static const struct siphash_key hash = { { 3 } };
	struct instant now = { 0 };
	struct rng rng;
	uint32_t hits = 0;

	CHECK(fragments_size(CAPACITY) <= sizeof(memory));
	struct fragments *table = fragments_init(memory, CAPACITY, &hash);
	rng_init(&rng, 14, 0);
	for (uint32_t step = 0; step < 30000; step++) {
		struct packet packet = packet_random(&rng);
		uint32_t at = plain_find(&packet);
		now.ns += (int64_t)rng_below(&rng, 200);
		if (rng_below(&rng, 3) == 0) {
			struct fragment_first first = {
				.local = rng_below(&rng, 2) == 0,
			};
			first.key.client[0] = (uint8_t)rng_next(&rng);
			fragment_put(table, now, LIFE_NS, &packet, &first);
			if (at < plain_count)
				plain_remove(at);
			else if (plain_count == CAPACITY)
				plain_remove(0);
			plain[plain_count++] = (struct plain){
				.packet = packet,
				.first = first,
			};
			plain[plain_count - 1].first.until =
				instant_after(now, LIFE_NS);
		} else {
			const struct fragment_first *first =
				fragment_get(table, &packet);
			bool there = at < plain_count;
			CHECK((first != NULL) == there);
			hits += there;
			if (there && first != NULL)
				CHECK(same_first(first, &plain[at].first));
		}
		CHECK(fragments_count(table) == plain_count);
	}
	CHECK(hits > 1000);
	equal_hashes(&hash);

	struct packet packet = packet_random(&rng);
	struct fragment_first first = { .local = true };
	table = fragments_init(memory, 0, &hash);
	fragment_put(table, now, LIFE_NS, &packet, &first);
	CHECK(fragment_get(table, &packet) == NULL);
	return check_done();
}
