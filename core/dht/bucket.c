/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bucket.c - contacts at one distance, oldest first; see bucket.h */
#include "core/dht/bucket.h"

#include <assert.h>
#include <string.h>

uint32_t
bucket_find(struct bucket bucket, uint32_t peer)
{
	for (uint32_t i = 0; i < bucket.count; i++) {
		if (bucket.slot[i].peer == peer)
			return i;
	}
	return BUCKET_NONE;
}

uint32_t
bucket_seen(struct bucket bucket, uint32_t slot)
{
	assert(slot < bucket.count);
	struct contact contact = bucket.slot[slot];

	bucket_replace(bucket, slot, contact);
	return bucket.count - 1;
}

uint32_t
bucket_stale(struct bucket bucket)
{
	for (uint32_t i = 0; i < bucket.count; i++) {
		if (contact_stale(&bucket.slot[i]))
			return i;
	}
	return BUCKET_NONE;
}

uint32_t
bucket_suspect(struct bucket bucket)
{
	for (uint32_t i = 0; i < bucket.count; i++) {
		if (contact_suspect(&bucket.slot[i]))
			return i;
	}
	return BUCKET_NONE;
}

void
bucket_replace(struct bucket bucket, uint32_t slot, struct contact contact)
{
	assert(slot < bucket.count);
	memmove(&bucket.slot[slot], &bucket.slot[slot + 1],
		(bucket.count - slot - 1) * sizeof(*bucket.slot));
	bucket.slot[bucket.count - 1] = contact;
}
