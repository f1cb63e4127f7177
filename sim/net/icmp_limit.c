/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * icmp_limit.c - buckets in a hash table with linear probing
 *
 * A bucket is the time at which its next token is due (as in RFC 2697's
 * terms: it is full when that lies a whole burst back).
 */
#include "sim/net/icmp_limit.h"

#include <stdlib.h>
#include <string.h>

#include "core/siphash.h"
#include "sim/engine/memory.h"

#define CAPACITY_LEAST 64

struct rate {
	int64_t interval_ns, burst;
};

static const struct rate device_rate = { NS_PER_MS, 50 };
static const struct rate address_rate = { NS_PER_S, 6 };

struct bucket_key {
	uint32_t device;
	struct address to; /* family 0: all of the device's */
};

struct icmp_bucket {
	struct bucket_key key;
	bool used;
	int64_t next_ns;
};

struct icmp_limit {
	struct icmp_bucket *buckets;
	size_t capacity, count; /* a power of two; used ones */
};

static struct icmp_bucket *
buckets_create(size_t capacity)
{
	return memory_zeroed(capacity, sizeof(struct icmp_bucket));
}

struct icmp_limit *
icmp_limit_create(void)
{
	struct icmp_limit *limit = memory_zeroed(1, sizeof(*limit));

	limit->capacity = CAPACITY_LEAST;
	limit->buckets = buckets_create(limit->capacity);
	return limit;
}

void
icmp_limit_destroy(struct icmp_limit *limit)
{
	if (limit == NULL)
		return;
	free(limit->buckets);
	free(limit);
}

size_t
icmp_limit_count(const struct icmp_limit *limit)
{
	return limit->count;
}

static const struct rate *
rate_of(const struct bucket_key *key)
{
	return key->to.family == 0 ? &device_rate : &address_rate;
}

static int64_t
full_ns(const struct rate *rate, struct instant now)
{
	return now.ns - (rate->burst - 1) * rate->interval_ns;
}

static bool
key_equal(const struct bucket_key *a, const struct bucket_key *b)
{
	return a->device == b->device && address_equal(&a->to, &b->to);
}

/* The bucket with this key, or the free place for it. */
static struct icmp_bucket *
find(const struct icmp_limit *limit, const struct bucket_key *key)
{
	static const struct siphash_key secret = { { 1 } };
	uint8_t bytes[sizeof(key->device) + 17] = { 0 };
	size_t address = key->to.family == 6 ? 16 : 4;

	memcpy(bytes, &key->device, sizeof(key->device));
	bytes[sizeof(key->device)] = key->to.family;
	memcpy(bytes + sizeof(key->device) + 1, key->to.bytes, address);
	size_t at = (size_t)siphash(&secret, bytes, sizeof(bytes));
	for (;; at++) {
		struct icmp_bucket *bucket =
			&limit->buckets[at & (limit->capacity - 1)];
		if (!bucket->used || key_equal(&bucket->key, key))
			return bucket;
	}
}

/* Full buckets go; twice the room if that leaves more than a quarter. */
static void
make_room(struct icmp_limit *limit, struct instant now)
{
	struct icmp_bucket *old = limit->buckets;
	size_t old_capacity = limit->capacity, kept = 0;

	for (size_t i = 0; i < old_capacity; i++) {
		old[i].used =
			old[i].used &&
			old[i].next_ns > full_ns(rate_of(&old[i].key), now);
		kept += old[i].used;
	}
	if (kept > old_capacity / 4)
		limit->capacity *= 2;
	limit->buckets = buckets_create(limit->capacity);
	limit->count = kept;
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].used)
			*find(limit, &old[i].key) = old[i];
	free(old);
}

static bool
take(struct icmp_limit *limit, struct instant now, const struct bucket_key *key)
{
	const struct rate *rate = rate_of(key);
	struct icmp_bucket *bucket = find(limit, key);

	if (!bucket->used) {
		if (++limit->count > limit->capacity / 2) {
			make_room(limit, now);
			bucket = find(limit, key);
			limit->count++;
		}
		*bucket = (struct icmp_bucket){
			.key = *key,
			.used = true,
			.next_ns = full_ns(rate, now),
		};
	}
	if (bucket->next_ns > now.ns)
		return false;
	if (bucket->next_ns < full_ns(rate, now))
		bucket->next_ns = full_ns(rate, now);
	bucket->next_ns += rate->interval_ns;
	return true;
}

bool
icmp_limit_take(struct icmp_limit *limit, struct instant now, uint32_t device,
		const struct address *to)
{
	struct bucket_key key = { .device = device };

	if (!take(limit, now, &key))
		return false;
	key.to = *to;
	return take(limit, now, &key);
}
