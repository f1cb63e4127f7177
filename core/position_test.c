/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * position_test.c - what is hashed, and the metric
 */
#include "core/position.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

static const struct {
	const char *sentence;
	uint64_t self, other;
	unsigned bucket;
} buckets[] = {
	{ "first bit differs: the far half", 0, UINT64_C(1) << 63, 0 },
	{ "second bit differs", 0, UINT64_C(1) << 62, 1 },
	{ "what follows the first difference does not count", 0,
	  UINT64_C(0x7fffffffffffffff), 1 },
	{ "neighbours", 6, 7, 63 },
	{ "xor decides, not subtraction", 8, 7, 60 },
	{ "opposite ends", 0, UINT64_MAX, 0 },
};

static void
endpoints_hash_as_written(void)
{
	struct siphash_key key = { .bytes = { 9, 8, 7 } };
	const uint8_t ip4[4] = { 10, 0, 3, 1 };
	const uint8_t hashed4[7] = { 4, 10, 0, 3, 1, 0x1b, 0x58 };
	uint8_t ip6[16] = { 0x20, 1, 0xd, 0xb8 }, hashed6[19] = { 6 };
	struct endpoint a = { .address = address_ip4(ip4), .port = 7000 };
	struct endpoint b = { .address = address_ip6(ip6), .port = 7000 };

	memcpy(hashed6 + 1, ip6, 16);
	hashed6[17] = 0x1b;
	hashed6[18] = 0x58;
	CHECK(position_of_endpoint(&key, &a) == siphash(&key, hashed4, 7));
	CHECK(position_of_endpoint(&key, &b) == siphash(&key, hashed6, 19));
	uint64_t before = position_of_endpoint(&key, &a);
	a.port++;
	CHECK(position_of_endpoint(&key, &a) != before);

	struct session_key session = { .family = 4, .protocol = 6 };
	before = position_of_session(&key, &session);
	CHECK(before == siphash(&key, &session, 38));
	session.service_port[1] = 80;
	CHECK(position_of_session(&key, &session) != before);
}

static void
distance_is_a_metric(void)
{
	struct rng rng;

	rng_init(&rng, 3, 1);
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t a = rng_next(&rng), b = rng_next(&rng);
		uint64_t c = rng_next(&rng);
		uint64_t ab = position_distance(a, b);
		uint64_t bc = position_distance(b, c);

		CHECK(position_distance(a, a) == 0);
		CHECK(ab == position_distance(b, a));
		CHECK(position_distance(a, c) <= ab + bc || ab + bc < ab);
		/* A bucket holds the distances of one power of two. */
		unsigned bucket = position_bucket(a, b);
		CHECK(bucket == position_bucket(b, a));
		CHECK(ab >> (63 - bucket) == 1);
	}
}

int
main(void)
{
	for (unsigned i = 0; i < sizeof(buckets) / sizeof(*buckets); i++)
		CHECK_ROW(position_bucket(buckets[i].self, buckets[i].other) ==
				  buckets[i].bucket,
			  buckets[i].sentence);
	endpoints_hash_as_written();
	distance_is_a_metric();
	return check_done();
}
