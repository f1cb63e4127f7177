/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ecmp.c - hash threshold, modulo and resilient groups
 */
#include "sim/net/ecmp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void
ecmp_init(struct ecmp *ecmp, enum ecmp_kind kind, uint32_t bucket_count)
{
	*ecmp = (struct ecmp){ .kind = kind };
	if (kind != ECMP_RESILIENT)
		return;
	assert(bucket_count > 0);
	ecmp->bucket_count = bucket_count;
	ecmp->buckets = malloc(bucket_count * sizeof(ecmp->buckets[0]));
	if (ecmp->buckets == NULL)
		abort();
	for (uint32_t i = 0; i < bucket_count; i++)
		ecmp->buckets[i] = ECMP_NONE;
}

void
ecmp_free(struct ecmp *ecmp)
{
	free(ecmp->members);
	free(ecmp->buckets);
	*ecmp = (struct ecmp){ .kind = ecmp->kind };
}

static void
members_write(struct ecmp *ecmp, const uint32_t *members, uint32_t count)
{
	if (count > ecmp->capacity) {
		ecmp->members = realloc(ecmp->members,
					count * sizeof(ecmp->members[0]));
		if (ecmp->members == NULL)
			abort();
		ecmp->capacity = count;
	}
	if (count > 0)
		memcpy(ecmp->members, members, count * sizeof(members[0]));
	ecmp->count = count;
	ecmp->first = ECMP_NONE;
	/* Ascending and each once: the ends say it. */
	if (count > 0 && members[count - 1] - members[0] == count - 1)
		ecmp->first = members[0];
}

static uint32_t
member_at(const struct ecmp *ecmp, uint32_t index)
{
	return ecmp->first != ECMP_NONE ? ecmp->first + index
					: ecmp->members[index];
}

/* Index of a member, or ECMP_NONE. */
static uint32_t
member_find(const struct ecmp *ecmp, uint32_t member)
{
	uint32_t low = 0, high = ecmp->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (ecmp->members[middle] < member)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ecmp->count && ecmp->members[low] == member ? low
								 : ECMP_NONE;
}

/* Members of the new list keep what they hold; buckets of others are shared
 * out among members that have too few; then a member that still has too few
 * takes from members that have too many. Fair is bucket_count / count, and one
 * more for some: members that have it already. */
static void
buckets_share(struct ecmp *ecmp)
{
	uint32_t count = ecmp->count, buckets = ecmp->bucket_count;

	if (count == 0) {
		for (uint32_t i = 0; i < buckets; i++)
			ecmp->buckets[i] = ECMP_NONE;
		return;
	}

	uint32_t *held = calloc(count, sizeof(held[0]));
	if (held == NULL)
		abort();
	for (uint32_t i = 0; i < buckets; i++) {
		uint32_t member = member_find(ecmp, ecmp->buckets[i]);
		if (member == ECMP_NONE)
			ecmp->buckets[i] = ECMP_NONE;
		else
			held[member]++;
	}

	uint32_t fair = buckets / count, poor = 0;
	for (uint32_t i = 0; i < buckets; i++) {
		if (ecmp->buckets[i] != ECMP_NONE)
			continue;
		while (poor < count && held[poor] >= fair)
			poor++;
		uint32_t member = poor;
		for (uint32_t j = 0; poor == count && j < count; j++)
			if (member == count || held[j] < held[member])
				member = j;
		ecmp->buckets[i] = ecmp->members[member];
		held[member]++;
	}
	/* No member falls below fair, and the one that has most gives first. */
	for (uint32_t most = fair + 1; most + 1 > fair; most--) {
		for (uint32_t i = 0; i < buckets; i++) {
			while (poor < count && held[poor] >= fair)
				poor++;
			if (poor == count)
				break;
			uint32_t rich = member_find(ecmp, ecmp->buckets[i]);
			if (held[rich] <= most)
				continue;
			held[rich]--;
			held[poor]++;
			ecmp->buckets[i] = ecmp->members[poor];
		}
		if (most == 0)
			break;
	}
	free(held);
}

bool
ecmp_set(struct ecmp *ecmp, const uint32_t *members, uint32_t count)
{
	if (count == ecmp->count &&
	    (count == 0 ||
	     memcmp(members, ecmp->members, count * sizeof(members[0])) == 0))
		return false;
	members_write(ecmp, members, count);
	if (ecmp->kind == ECMP_RESILIENT)
		buckets_share(ecmp);
	return true;
}

void
ecmp_copy(struct ecmp *ecmp, const struct ecmp *from)
{
	assert(ecmp->kind == from->kind &&
	       ecmp->bucket_count == from->bucket_count);
	members_write(ecmp, from->members, from->count);
	if (ecmp->bucket_count > 0)
		memcpy(ecmp->buckets, from->buckets,
		       ecmp->bucket_count * sizeof(ecmp->buckets[0]));
}

uint32_t
ecmp_threshold(uint64_t hash, uint32_t count)
{
	const uint64_t range = UINT64_C(1) << 31;
	uint64_t h = hash >> 33;
	uint64_t index = h * count >> 31;

	/* round((index + 1) * range / count) - 1 is the last hash of index;
	 * rounding moves a border by at most one. */
	if (h >= ((index + 1) * range + count / 2) / count)
		index++;
	else if (index > 0 && h < (index * range + count / 2) / count)
		index--;
	return (uint32_t)index;
}

uint32_t
ecmp_choose(const struct ecmp *ecmp, uint64_t hash)
{
	if (ecmp->count == 0)
		return ECMP_NONE;
	switch (ecmp->kind) {
	case ECMP_HASH_THRESHOLD:
		return member_at(ecmp, ecmp_threshold(hash, ecmp->count));
	case ECMP_MODULO:
		return member_at(ecmp, (uint32_t)(hash >> 32) % ecmp->count);
	case ECMP_RESILIENT:
		return ecmp
			->buckets[(uint32_t)(hash >> 32) % ecmp->bucket_count];
	}
	return ECMP_NONE;
}

uint64_t
ecmp_digest(const struct siphash_key *key, const struct packet *packet)
{
	uint8_t tuple[PACKET_TUPLE_BYTES];

	packet_tuple(packet, tuple);
	return siphash(key, tuple, sizeof(tuple));
}

uint64_t
ecmp_hash(uint64_t digest, uint64_t seed)
{
	uint64_t x = digest ^ seed;

	/* SplitMix64's output function (Steele, Lea, Flood, OOPSLA 2014),
	 * with the seed a second time between its two rounds. */
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) + seed;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}
