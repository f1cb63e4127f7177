/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tables.h - all the memory that a daemon's core will ever have
 *
 * One block, sized by the configuration and taken at start; whatever comes in
 * later, floods included, finds a table full before it finds more memory. What
 * each table does when it is full stands in its own header.
 *
 *	contacts	of the node: about k for each doubling of peers_max
 *	endpoints	peers_max, and some for strangers that come and go
 *	lookups		TABLES_LOOKUPS at a time, 2.5 KiB each
 *	records		records_max, 96 bytes each
 *	publications	sessions_max
 *	flows		flows_max strays' flows
 *	held		steer.hold_bytes
 *	agendas		sessions_max each, see agenda.h
 *	outbox		what one wake-up may want sent
 *
 * The pages are touched only when a table fills, so a generous limit costs
 * address space, not memory.
 */
#ifndef LIVE_ENGINE_TABLES_H
#define LIVE_ENGINE_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/outbox.h"
#include "core/siphash.h"
#include "core/steer/steer.h"
#include "live/conf/conf.h"
#include "live/engine/agenda.h"
#include "live/engine/straycount.h"

#define TABLES_LOOKUPS	    8192
#define TABLES_STRANGERS    64
#define TABLES_FRAGMENTS    1024
#define TABLES_PREFIXES	    4096
#define TABLES_STRAYCOUNTS  4096
#define TABLES_OUTBOX_ITEMS 8192
#define TABLES_OUTBOX_BYTES (16u << 20)

struct tables {
	void *memory;
	size_t size_bytes;
	uint32_t contacts, replicas; /* room for */
	struct endpoints *endpoints;
	struct store *store;
	struct node *node;
	struct steer *steer;
	struct agenda *unpublished; /* sessions younger than store_after */
	struct agenda *lingering; /* until they are withdrawn */
	struct straycount *straycount;
	struct outbox outbox;
	uint32_t *contact_indices; /* room for node_contacts() */
};

/* The settings are borrowed for as long as the tables live; everything else
 * is read once. Our own endpoint gets index 0. 0 or -ENOMEM. */
int tables_create(struct tables *, const struct conf *,
		  const struct node_settings *, const struct steer_settings *,
		  const struct siphash_key *placement, uint64_t seed);
void tables_destroy(struct tables *);

#endif
