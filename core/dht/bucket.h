/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bucket.h - contacts at one distance, oldest first
 *
 *	slot[0] ......... slot[count - 1]
 *	longest unseen    most recently seen
 *
 * Old contacts win on purpose: they are the likeliest to stay ([1], 2.2), so
 * a full bucket takes a new one only in place of one that is stale.
 *
 * A bucket is a view: a run of contacts inside the table's one packed array.
 * The table makes room and closes gaps; what happens within the run is here.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 */
#ifndef CORE_DHT_BUCKET_H
#define CORE_DHT_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/contact.h"

/* Upper bound of k. */
#define BUCKET_MAX  32
#define BUCKET_NONE UINT32_MAX

struct bucket {
	struct contact *slot; /* the table's */
	uint32_t count; /* 0..BUCKET_MAX */
};

/* The slot of a peer, or BUCKET_NONE. */
uint32_t bucket_find(struct bucket, uint32_t peer);
/* The contact at slot was just seen: it becomes the last. Returns its new
 * slot. */
uint32_t bucket_seen(struct bucket, uint32_t slot);
/* The slot that should go first: the oldest stale one, or BUCKET_NONE. */
uint32_t bucket_stale(struct bucket);
/* The oldest suspect one, or BUCKET_NONE: the one to ping. */
uint32_t bucket_suspect(struct bucket);
/* Put a new contact in place of the one at slot, as the most recent. */
void bucket_replace(struct bucket, uint32_t slot, struct contact);

#endif
