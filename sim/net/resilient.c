/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resilient.c - who wants how many, and which bucket may go
 */
#include "sim/net/resilient.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"

#define UNUSED INT64_MIN /* since it was given to its member */
#define NEVER  INT64_MAX

struct member {
	uint32_t id;
	uint32_t wants, has; /* buckets */
};

struct bucket {
	int64_t used_ns; /* last, or UNUSED */
	uint32_t member; /* index, or RESILIENT_NONE */
};

struct resilient {
	int64_t idle_ns, unbalanced_ns;
	int64_t since_ns; /* of the last change of members */
	int64_t due_ns; /* nothing may be given away before; NEVER: balanced */
	struct member *members;
	uint32_t member_count, member_capacity;
	uint32_t bucket_count;
	struct bucket buckets[];
};

struct resilient *
resilient_create(uint32_t buckets, int64_t idle_ns, int64_t unbalanced_ns)
{
	struct resilient *resilient = memory_zeroed(
		1, sizeof(*resilient) + buckets * sizeof(struct bucket));

	assert(buckets > 0);
	resilient->idle_ns = idle_ns;
	resilient->unbalanced_ns = unbalanced_ns;
	resilient->due_ns = NEVER;
	resilient->bucket_count = buckets;
	for (uint32_t i = 0; i < buckets; i++)
		resilient->buckets[i] =
			(struct bucket){ UNUSED, RESILIENT_NONE };
	return resilient;
}

void
resilient_destroy(struct resilient *resilient)
{
	if (resilient == NULL)
		return;
	free(resilient->members);
	free(resilient);
}

/* When a bucket may be given away; a time that is past is now. */
static int64_t
bucket_due_ns(const struct resilient *resilient, const struct bucket *bucket)
{
	int64_t due_ns = NEVER;

	if (bucket->member == RESILIENT_NONE)
		return UNUSED;

	const struct member *member = &resilient->members[bucket->member];
	if (member->has <= member->wants)
		return NEVER;
	if (bucket->used_ns == UNUSED)
		return UNUSED;
	if (resilient->unbalanced_ns > 0)
		due_ns = resilient->since_ns + resilient->unbalanced_ns;
	if (bucket->used_ns + resilient->idle_ns < due_ns)
		due_ns = bucket->used_ns + resilient->idle_ns;
	return due_ns;
}

/* Who takes the next bucket, of the first `count`; RESILIENT_NONE: all these
 * have enough. */
static uint32_t
member_poor(const struct resilient *resilient, uint32_t count)
{
	for (uint32_t i = count; i-- > 0;)
		if (resilient->members[i].has < resilient->members[i].wants)
			return i;
	return RESILIENT_NONE;
}

/* Give away what is due at an instant; say when more will be. */
static void
upkeep(struct resilient *resilient, int64_t at_ns)
{
	uint32_t poor = member_poor(resilient, resilient->member_count);

	resilient->due_ns = NEVER;
	for (uint32_t i = 0;
	     i < resilient->bucket_count && poor != RESILIENT_NONE; i++) {
		struct bucket *bucket = &resilient->buckets[i];
		int64_t due_ns = bucket_due_ns(resilient, bucket);
		if (due_ns > at_ns) {
			if (due_ns < resilient->due_ns)
				resilient->due_ns = due_ns;
			continue;
		}
		if (bucket->member != RESILIENT_NONE)
			resilient->members[bucket->member].has--;
		resilient->members[poor].has++;
		*bucket = (struct bucket){ UNUSED, poor };
		/* Who has enough keeps enough. */
		poor = member_poor(resilient, poor + 1);
	}
	if (poor == RESILIENT_NONE)
		resilient->due_ns = NEVER;
}

static void
members_write(struct resilient *resilient, const uint32_t *ids, uint32_t count)
{
	uint32_t buckets = resilient->bucket_count, before = 0;

	if (count > resilient->member_capacity) {
		resilient->members = memory_grown(resilient->members, count,
						  sizeof(struct member));
		resilient->member_capacity = count;
	}
	resilient->member_count = count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t border =
			(uint32_t)((2 * (uint64_t)buckets * (i + 1) + count) /
				   (2 * (uint64_t)count));
		resilient->members[i] = (struct member){
			.id = ids[i],
			.wants = border - before,
		};
		before = border;
	}
}

static uint32_t
index_of(const uint32_t *ids, uint32_t count, uint32_t id)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && ids[low] == id ? low : RESILIENT_NONE;
}

void
resilient_set(struct resilient *resilient, const uint32_t *members,
	      uint32_t count, struct instant now)
{
	/* What was due before is of the old members. */
	while (resilient->due_ns <= now.ns)
		upkeep(resilient, resilient->due_ns);
	for (uint32_t i = 0; i < resilient->bucket_count; i++) {
		struct bucket *bucket = &resilient->buckets[i];
		if (bucket->member != RESILIENT_NONE)
			bucket->member =
				index_of(members, count,
					 resilient->members[bucket->member].id);
	}
	members_write(resilient, members, count);
	for (uint32_t i = 0; i < resilient->bucket_count; i++)
		if (resilient->buckets[i].member != RESILIENT_NONE)
			resilient->members[resilient->buckets[i].member].has++;
	resilient->since_ns = now.ns;
	upkeep(resilient, now.ns);
}

void
resilient_copy(struct resilient *resilient, const struct resilient *from)
{
	assert(resilient->bucket_count == from->bucket_count);
	if (from->member_count > resilient->member_capacity) {
		resilient->members =
			memory_grown(resilient->members, from->member_count,
				     sizeof(struct member));
		resilient->member_capacity = from->member_count;
	}
	if (from->member_count > 0)
		memcpy(resilient->members, from->members,
		       from->member_count * sizeof(struct member));
	resilient->member_count = from->member_count;
	resilient->since_ns = from->since_ns;
	resilient->due_ns = from->due_ns;
	memcpy(resilient->buckets, from->buckets,
	       from->bucket_count * sizeof(struct bucket));
}

uint32_t
resilient_choose(struct resilient *resilient, uint64_t hash, struct instant now,
		 bool use)
{
	struct bucket *bucket = &resilient->buckets[(uint32_t)(hash >> 32) %
						    resilient->bucket_count];

	while (resilient->due_ns <= now.ns)
		upkeep(resilient, resilient->due_ns);
	if (bucket->member == RESILIENT_NONE)
		return RESILIENT_NONE;
	if (use)
		bucket->used_ns = now.ns;
	return resilient->members[bucket->member].id;
}
