/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ecmp.c - hash threshold, modulo and resilient groups
 */
#include "sim/net/ecmp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void
ecmp_init(struct ecmp *ecmp, const struct routing_settings *settings)
{
	*ecmp = (struct ecmp){ .kind = settings->ecmp };
	if (ecmp->kind == ECMP_RESILIENT)
		ecmp->resilient =
			resilient_create(settings->resilient_buckets,
					 settings->resilient_idle_ns,
					 settings->resilient_unbalanced_ns);
}

void
ecmp_free(struct ecmp *ecmp)
{
	free(ecmp->members);
	resilient_destroy(ecmp->resilient);
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

bool
ecmp_set(struct ecmp *ecmp, const uint32_t *members, uint32_t count,
	 struct instant now)
{
	if (count == ecmp->count &&
	    (count == 0 ||
	     memcmp(members, ecmp->members, count * sizeof(members[0])) == 0))
		return false;
	members_write(ecmp, members, count);
	if (ecmp->kind == ECMP_RESILIENT)
		resilient_set(ecmp->resilient, members, count, now);
	return true;
}

void
ecmp_copy(struct ecmp *ecmp, const struct ecmp *from)
{
	assert(ecmp->kind == from->kind);
	members_write(ecmp, from->members, from->count);
	if (ecmp->kind == ECMP_RESILIENT)
		resilient_copy(ecmp->resilient, from->resilient);
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
ecmp_choose(const struct ecmp *ecmp, uint64_t hash, struct instant now,
	    bool use)
{
	if (ecmp->count == 0)
		return ECMP_NONE;
	switch (ecmp->kind) {
	case ECMP_HASH_THRESHOLD:
		return member_at(ecmp, ecmp_threshold(hash, ecmp->count));
	case ECMP_MODULO:
		return member_at(ecmp, (uint32_t)(hash >> 32) % ecmp->count);
	case ECMP_RESILIENT:
		return resilient_choose(ecmp->resilient, hash, now, use);
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
