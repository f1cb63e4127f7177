/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core_memory.h - all the memory that a daemon's core will ever have
 *
 * One block, sized by the configuration and taken at start; whatever comes in
 * later, floods included, finds a table full before it finds more memory. What
 * each table does when it is full stands in its own header.
 *
 *	contacts	of the node: about k for each doubling of peers_max
 *	endpoints	peers_max, and some for strangers that come and go;
 *			reclaimed, see below
 *	lookups		CORE_MEMORY_LOOKUPS at a time, 2.5 KiB each
 *	records		records_max, 96 bytes each
 *	publications	twice sessions_max, for those that linger, too
 *	flows		flows_max strays' flows
 *	held		steer.hold_bytes
 *	delay lists		sessions_max each, see delay_list.h; of
 *				handshakes CORE_MEMORY_HANDSHAKES
 *	outbox		what one wake-up may want sent
 *
 * Servers come and go, and each that was ever named has an endpoint. When half
 * of them are in use, those of which nothing was heard for an epoch are
 * reclaimed (core/endpoint.h): twice as long as records live, or tombstones,
 * which is longer than anything holds one that does not mark it.
 *
 * The pages are touched only when a table fills, so a generous limit costs
 * address space, not memory.
 */
#ifndef LIVE_ENGINE_CORE_MEMORY_H
#define LIVE_ENGINE_CORE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/dht/traffic.h"
#include "core/outbox.h"
#include "core/siphash.h"
#include "core/steer/steer.h"
#include "live/conf/conf.h"
#include "live/engine/delay_list.h"
#include "live/engine/stray_aggregator.h"

#define CORE_MEMORY_LOOKUPS	 8192
#define CORE_MEMORY_STRANGERS	 64
#define CORE_MEMORY_FRAGMENTS	 1024
#define CORE_MEMORY_PREFIXES	 4096
#define CORE_MEMORY_SKETCH_BYTES (4u << 20)
#define CORE_MEMORY_STRAY_FLOWS	 4096
#define CORE_MEMORY_HANDSHAKES	 8192
#define CORE_MEMORY_OUTBOX_ITEMS 8192
#define CORE_MEMORY_OUTBOX_BYTES (16u << 20)

struct core_memory {
	void *memory;
	size_t size_bytes;
	uint32_t contacts, replicas; /* room for */
	struct endpoints *endpoints;
	struct store *store;
	struct node *node;
	struct steer *steer;
	struct delay_list *unpublished; /* sessions younger than store_after */
	struct delay_list *lingering; /* until they are withdrawn */
	struct delay_list *handshakes; /* published, until looked at again */
	struct stray_aggregator *stray_aggregator;
	struct traffic traffic;
	struct outbox outbox;
	uint32_t *contact_indices; /* room for node_contacts() */
	struct instant epoch; /* since when endpoints are seen */
};

/* The settings are borrowed for as long as the tables live; everything else
 * is read once. Our own endpoint gets index 0. 0 or -ENOMEM. */
int core_memory_create(struct core_memory *, const struct conf *,
		       const struct node_settings *,
		       const struct steer_settings *,
		       const struct siphash_key *placement, uint64_t seed,
		       struct instant now);
/* Reclaim endpoints if it is time and they are getting scarce; how many were.
 * Walks sessions, contacts and flows then. The settings are those that it was
 * made with. */
uint32_t core_memory_reclaim(struct core_memory *, struct instant now,
			     const struct node_settings *);
void core_memory_destroy(struct core_memory *);

#endif
