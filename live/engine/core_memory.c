/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core_memory.c - measure all tables, take one block, cut it
 *
 * The pieces are listed once, in enum piece; piece_size() says how large each
 * is and core_memory_create() what becomes of it.
 */
#include "live/engine/core_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/dht/lookup.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/hold.h"
#include "core/rng.h"
#include "core/wire/cursor.h"

#define PIECE_ALIGN 64 /* a cache line; the tables ask for 8 */

enum piece {
	PIECE_ENDPOINTS,
	PIECE_LOOKUPS,
	PIECE_STORE,
	PIECE_PUBLICATIONS,
	PIECE_HOLD,
	PIECE_NODE,
	PIECE_STEER,
	PIECE_UNPUBLISHED,
	PIECE_LINGERING,
	PIECE_HANDSHAKES,
	PIECE_STRAY_AGGREGATOR,
	PIECE_OUTBOX_ITEMS,
	PIECE_OUTBOX_BYTES,
	PIECE_CONTACTS,
	PIECES
};

struct plan {
	const struct conf *conf;
	struct node_limits node;
	struct steer_limits steer;
};

/* Full buckets down to where k nodes are left, and those: about 2 k. */
static uint32_t
contacts_for(uint32_t peers, uint32_t k)
{
	uint32_t levels = 3;

	for (uint64_t size = k; size < peers; size *= 2)
		levels++;
	return k * levels < peers + k ? k * levels : peers + k;
}

/* A session that lingers is published until it is withdrawn, and does not
 * count: as many as there are open ones. */
static uint32_t
publications_max(const struct conf *conf)
{
	return 2 * conf->sessions_max;
}

static size_t
piece_size(const struct plan *plan, enum piece piece)
{
	const struct conf *conf = plan->conf;

	switch (piece) {
	case PIECE_ENDPOINTS:
		return endpoints_size(conf->peers_max + CORE_MEMORY_STRANGERS);
	case PIECE_LOOKUPS:
		return lookups_size(CORE_MEMORY_LOOKUPS);
	case PIECE_STORE:
		return store_size(conf->records_max);
	case PIECE_PUBLICATIONS:
		return publications_size(publications_max(conf),
					 conf->node.replicas);
	case PIECE_HOLD:
		return hold_size(conf->steer.hold_bytes);
	case PIECE_NODE:
		return node_size(&plan->node);
	case PIECE_STEER:
		return steer_size(&plan->steer);
	case PIECE_UNPUBLISHED:
	case PIECE_LINGERING:
		return delay_list_size(conf->sessions_max);
	case PIECE_HANDSHAKES:
		return delay_list_size(CORE_MEMORY_HANDSHAKES);
	case PIECE_STRAY_AGGREGATOR:
		return stray_aggregator_size(CORE_MEMORY_STRAY_FLOWS);
	case PIECE_OUTBOX_ITEMS:
		return CORE_MEMORY_OUTBOX_ITEMS * sizeof(struct outbox_item);
	case PIECE_OUTBOX_BYTES:
		return CORE_MEMORY_OUTBOX_BYTES;
	case PIECE_CONTACTS:
		return plan->node.contacts * sizeof(uint32_t);
	case PIECES:
		break;
	}
	return 0;
}

static void
make_core(struct core_memory *core_memory, const struct plan *plan,
	  void *const *pieces, const struct node_settings *node_settings,
	  const struct steer_settings *steer_settings,
	  const struct siphash_key *placement, uint64_t seed)
{
	const struct conf *conf = plan->conf;
	struct node_parts parts = {
		.traffic = &core_memory->traffic,
		.endpoints = endpoints_init(
			pieces[PIECE_ENDPOINTS],
			conf->peers_max + CORE_MEMORY_STRANGERS, placement),
		.lookups = lookups_init(pieces[PIECE_LOOKUPS],
					CORE_MEMORY_LOOKUPS),
		.store = store_init(pieces[PIECE_STORE], conf->records_max,
				    placement),
		.publications = publications_init(pieces[PIECE_PUBLICATIONS],
						  publications_max(conf),
						  conf->node.replicas),
	};
	uint32_t self = endpoints_intern(parts.endpoints, &conf->self);
	struct hold *held =
		hold_init(pieces[PIECE_HOLD], conf->steer.hold_bytes);

	core_memory->endpoints = parts.endpoints;
	core_memory->store = parts.store;
	core_memory->node = node_init(pieces[PIECE_NODE], &plan->node,
				      node_settings, &parts, self, seed);
	core_memory->steer =
		steer_init(pieces[PIECE_STEER], &plan->steer, steer_settings,
			   core_memory->node, parts.endpoints, held, seed);
}

static void
make_own(struct core_memory *core_memory, const struct plan *plan,
	 void *const *pieces, uint64_t seed)
{
	struct siphash_key hash;
	struct rng rng;

	rng_init(&rng, seed, UINT64_MAX);
	wire_put64(hash.bytes, rng_next(&rng));
	wire_put64(hash.bytes + 8, rng_next(&rng));
	core_memory->unpublished = delay_list_init(
		pieces[PIECE_UNPUBLISHED], plan->conf->sessions_max, &hash);
	core_memory->lingering = delay_list_init(
		pieces[PIECE_LINGERING], plan->conf->sessions_max, &hash);
	core_memory->handshakes = delay_list_init(
		pieces[PIECE_HANDSHAKES], CORE_MEMORY_HANDSHAKES, &hash);
	core_memory->stray_aggregator = stray_aggregator_init(
		pieces[PIECE_STRAY_AGGREGATOR], CORE_MEMORY_STRAY_FLOWS, &hash);
	core_memory->outbox = (struct outbox){
		.items = pieces[PIECE_OUTBOX_ITEMS],
		.item_capacity = CORE_MEMORY_OUTBOX_ITEMS,
		.bytes = pieces[PIECE_OUTBOX_BYTES],
		.byte_capacity = CORE_MEMORY_OUTBOX_BYTES,
	};
	core_memory->contact_indices = pieces[PIECE_CONTACTS];
}

int
core_memory_create(struct core_memory *core_memory, const struct conf *conf,
		   const struct node_settings *node_settings,
		   const struct steer_settings *steer_settings,
		   const struct siphash_key *placement, uint64_t seed,
		   struct instant now)
{
	struct plan plan = {
		.conf = conf,
		.node.contacts = contacts_for(conf->peers_max, conf->node.k),
		.steer = { .flows = conf->flows_max,
			   .fragments = CORE_MEMORY_FRAGMENTS,
			   .prefixes = CORE_MEMORY_PREFIXES,
			   .peers = conf->peers_max > 0 ? conf->peers_max : 1,
			   .sketch_bytes = CORE_MEMORY_SKETCH_BYTES },
	};
	size_t offsets[PIECES], size = 0;
	void *pieces[PIECES];

	for (unsigned i = 0; i < PIECES; i++) {
		offsets[i] = size;
		size += (piece_size(&plan, (enum piece)i) + PIECE_ALIGN - 1) /
			PIECE_ALIGN * PIECE_ALIGN;
	}
	*core_memory = (struct core_memory){
		.epoch = now,
		.memory = calloc(1, size),
		.size_bytes = size,
		.contacts = plan.node.contacts,
		.replicas = conf->node.replicas,
	};
	if (core_memory->memory == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < PIECES; i++)
		pieces[i] = (uint8_t *)core_memory->memory + offsets[i];
	make_core(core_memory, &plan, pieces, node_settings, steer_settings,
		  placement, seed);
	make_own(core_memory, &plan, pieces, seed);
	return 0;
}

uint32_t
core_memory_reclaim(struct core_memory *core_memory, struct instant now,
		    const struct node_settings *settings)
{
	struct endpoints *endpoints = core_memory->endpoints;
	int64_t longest_ns = settings->record_ttl_ns > settings->tombstone_ns
				     ? settings->record_ttl_ns
				     : settings->tombstone_ns;
	/* By the settings of now: a reload may have them longer. */
	if (instant_distance_ns(core_memory->epoch, now) < 2 * longest_ns ||
	    endpoints_used(endpoints) < endpoints_capacity(endpoints) / 2)
		return 0;
	core_memory->epoch = now;
	node_mark(core_memory->node);
	steer_mark(core_memory->steer);
	return endpoints_reclaim(endpoints);
}

void
core_memory_destroy(struct core_memory *core_memory)
{
	free(core_memory->memory);
	*core_memory = (struct core_memory){ .memory = NULL };
}
