/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mesh.h - whole networks of nodes in one process, for tests
 *
 * A datagram takes MESH_HALF_RTT_NS and arrives, is lost, or finds a dead
 * node. Equal delays make one first-in-first-out queue of what is on the way;
 * a heap holds the nodes' deadlines. At equal times arrivals precede timers,
 * as in the simulator. All nodes share one set of parts.
 *
 * Included by tests only, as check.h.
 */
#ifndef CORE_TEST_MESH_H
#define CORE_TEST_MESH_H

#include <stdlib.h>
#include <string.h>

#include "core/dht/bucket.h"
#include "core/dht/lookup.h"
#include "core/dht/node.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/dht/traffic.h"
#include "core/position.h"
#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/message.h"

#define MESH_HALF_RTT_NS  (500 * NS_PER_US)
#define MESH_CONTACTS	  400
#define MESH_DATAGRAMS	  (1 << 13) /* on the way at a time */
#define MESH_OUTBOX_ITEMS 1024
#define MESH_OUTBOX_BYTES (MESH_OUTBOX_ITEMS * MESSAGE_MAX)
#define MESH_EVENTS	  (NODE_DOUBT + 1) /* kinds of them */

struct mesh_datagram {
	struct instant at;
	uint32_t from, to, size;
	uint8_t bytes[MESSAGE_MAX];
};

struct mesh_due {
	struct instant at;
	uint32_t node;
};

struct mesh {
	uint32_t count;
	struct instant now;
	struct rng rng;
	struct node_settings settings;
	struct node_parts parts;
	struct traffic traffic;
	struct node **nodes;
	bool *dead;
	bool *old; /* speaks version 1 of the messages only */
	uint64_t unread; /* datagrams that an old one could not read */
	uint32_t loss_percent;
	struct mesh_datagram *queue; /* ring */
	uint64_t queue_head, queue_tail;
	struct mesh_due *heap; /* lazy: a node may be in it more than once */
	uint32_t heap_count, heap_capacity;
	struct instant *armed; /* the deadline last put into the heap */
	struct outbox outbox;
	uint64_t datagrams;
	uint64_t trace; /* a hash of all that was sent, and when */
	uint64_t sent[256]; /* datagrams by message type */
	uint8_t keep_type; /* the last datagram of that type is in kept */
	struct mesh_datagram kept;
	/* What node_event() said last, but for JOIN_AGAIN. */
	struct node_event last;
	uint32_t events[MESH_EVENTS];
	uint64_t hops[MESH_EVENTS], failed[MESH_EVENTS], queries[MESH_EVENTS];
};

static inline void *
mesh_memory(size_t size)
{
	void *bytes = calloc(1, size);

	if (bytes == NULL)
		abort();
	return bytes;
}

static inline struct endpoint
mesh_endpoint_number(uint32_t i)
{
	uint8_t bytes[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			     (uint8_t)i };

	return (struct endpoint){ address_ip4(bytes), 7000 };
}

static inline struct session_key
mesh_key_number(uint32_t i)
{
	struct session_key key = {
		.client = { 192, 168, (uint8_t)(i >> 8), (uint8_t)i },
		.service = { 198, 51, 100, 1 },
		.client_port = { (uint8_t)(i >> 24), (uint8_t)(i >> 16) },
		.service_port = { 0, 80 },
		.family = 4,
		.protocol = 6,
	};

	return key;
}

/* With pools of that many lookups and publications. */
static inline void
mesh_open_pools(struct mesh *mesh, uint32_t count,
		const struct node_settings *settings, uint64_t seed,
		uint32_t lookups, uint32_t publications)
{
	struct node_limits limits = { .contacts = MESH_CONTACTS };
	struct siphash_key placement;

	memset(mesh, 0, sizeof(*mesh));
	mesh->count = count;
	mesh->settings = *settings;
	rng_init(&mesh->rng, seed, UINT32_MAX);
	for (uint32_t i = 0; i < sizeof(placement.bytes); i++)
		placement.bytes[i] = (uint8_t)rng_next(&mesh->rng);
	mesh->parts = (struct node_parts){
		.traffic = &mesh->traffic,
		.endpoints =
			endpoints_init(mesh_memory(endpoints_size(count + 64)),
				       count + 64, &placement),
		.lookups = lookups_init(mesh_memory(lookups_size(lookups)),
					lookups),
		.store = store_init(mesh_memory(store_size(40000)), 40000,
				    &placement),
		.publications =
			publications_init(mesh_memory(publications_size(
						  publications, BUCKET_MAX)),
					  publications, BUCKET_MAX),
	};
	mesh->nodes = mesh_memory(count * sizeof(*mesh->nodes));
	mesh->dead = mesh_memory(count * sizeof(*mesh->dead));
	mesh->old = mesh_memory(count * sizeof(*mesh->old));
	mesh->armed = mesh_memory(count * sizeof(*mesh->armed));
	mesh->queue = mesh_memory(MESH_DATAGRAMS * sizeof(*mesh->queue));
	mesh->heap_capacity = 4096;
	mesh->heap = mesh_memory(mesh->heap_capacity * sizeof(*mesh->heap));
	mesh->outbox = (struct outbox){
		.items = mesh_memory(MESH_OUTBOX_ITEMS *
				     sizeof(struct outbox_item)),
		.item_capacity = MESH_OUTBOX_ITEMS,
		.bytes = mesh_memory(MESH_OUTBOX_BYTES),
		.byte_capacity = MESH_OUTBOX_BYTES,
	};
	for (uint32_t i = 0; i < count; i++) {
		struct endpoint endpoint = mesh_endpoint_number(i);
		uint32_t index =
			endpoints_intern(mesh->parts.endpoints, &endpoint);

		CHECK(index == i);
		mesh->armed[i] = INSTANT_NEVER;
		mesh->nodes[i] =
			node_init(mesh_memory(node_size(&limits)), &limits,
				  &mesh->settings, &mesh->parts, i, seed);
	}
}

static inline void
mesh_open(struct mesh *mesh, uint32_t count,
	  const struct node_settings *settings, uint64_t seed)
{
	mesh_open_pools(mesh, count, settings, seed, 2048, 8192);
}

static inline void
mesh_close(struct mesh *mesh)
{
	for (uint32_t i = 0; i < mesh->count; i++)
		free(mesh->nodes[i]);
	free(mesh->nodes);
	free(mesh->dead);
	free(mesh->old);
	free(mesh->armed);
	free(mesh->queue);
	free(mesh->heap);
	free(mesh->outbox.items);
	free(mesh->outbox.bytes);
	free(mesh->parts.endpoints);
	free(mesh->parts.lookups);
	free(mesh->parts.store);
	free(mesh->parts.publications);
}

static inline void
mesh_heap_push(struct mesh *mesh, struct mesh_due due)
{
	if (mesh->heap_count == mesh->heap_capacity) {
		mesh->heap_capacity *= 2;
		mesh->heap = realloc(mesh->heap,
				     mesh->heap_capacity * sizeof(*mesh->heap));
		if (mesh->heap == NULL)
			abort();
	}
	uint32_t i = mesh->heap_count++;
	for (; i > 0 && due.at.ns < mesh->heap[(i - 1) / 2].at.ns;
	     i = (i - 1) / 2)
		mesh->heap[i] = mesh->heap[(i - 1) / 2];
	mesh->heap[i] = due;
}

static inline struct mesh_due
mesh_heap_pop(struct mesh *mesh)
{
	struct mesh_due first = mesh->heap[0],
			last = mesh->heap[--mesh->heap_count];
	uint32_t i = 0, count = mesh->heap_count;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= count)
			break;
		if (child + 1 < count &&
		    mesh->heap[child + 1].at.ns < mesh->heap[child].at.ns)
			child++;
		if (last.at.ns <= mesh->heap[child].at.ns)
			break;
		mesh->heap[i] = mesh->heap[child];
		i = child;
	}
	mesh->heap[i] = last;
	return first;
}

/* FNV-1a: two runs are the same when this is. */
static inline void
mesh_trace(struct mesh *mesh, uint64_t value)
{
	for (uint32_t i = 0; i < 8; i++)
		mesh->trace = (mesh->trace ^ (value >> (8 * i) & 0xff)) *
			      UINT64_C(0x100000001b3);
}

static inline void
mesh_send(struct mesh *mesh, uint32_t from, const struct outbox_item *item,
	  const uint8_t *bytes)
{
	uint32_t to = endpoints_find(mesh->parts.endpoints, &item->to);
	struct mesh_datagram datagram = {
		.at = instant_after(mesh->now, MESH_HALF_RTT_NS),
		.from = from,
		.to = to,
		.size = item->size,
	};

	memcpy(datagram.bytes, bytes, item->size);
	mesh->datagrams++;
	mesh->sent[bytes[1]]++;
	mesh_trace(mesh, (uint64_t)mesh->now.ns);
	mesh_trace(mesh, (uint64_t)from << 32 | to);
	for (uint32_t i = 0; i < item->size; i++)
		mesh_trace(mesh, bytes[i]);
	if (bytes[1] == mesh->keep_type)
		mesh->kept = datagram;
	if (to >= mesh->count ||
	    rng_below(&mesh->rng, 100) < mesh->loss_percent)
		return;
	if (mesh->queue_tail - mesh->queue_head == MESH_DATAGRAMS)
		abort();
	mesh->queue[mesh->queue_tail++ % MESH_DATAGRAMS] = datagram;
}

/* Take what a node wants sent and said, and when it wants to be called. */
static inline void
mesh_collect(struct mesh *mesh, uint32_t i)
{
	struct outbox *outbox = &mesh->outbox;
	struct node_event event;

	for (uint32_t j = 0; j < outbox->item_count; j++)
		mesh_send(mesh, i, &outbox->items[j],
			  outbox->bytes + outbox->items[j].offset);
	outbox_clear(outbox);
	while ((event = node_event(mesh->nodes[i])).kind != NODE_NONE) {
		/* Nobody has seeds here. */
		if (event.kind != NODE_JOIN_AGAIN)
			mesh->last = event;
		mesh->events[event.kind]++;
		mesh->hops[event.kind] += event.hops;
		mesh->queries[event.kind] += event.queries;
		mesh->failed[event.kind] += !event.ok;
	}
	struct instant due = node_deadline(mesh->nodes[i]);
	if (due.ns < mesh->armed[i].ns) {
		mesh->armed[i] = due;
		mesh_heap_push(mesh, (struct mesh_due){ due, i });
	}
}

/* An old node reads version 1 only, does not look at the flags and sends none.
 * False: it could not read it. */
static inline bool
mesh_make_old(struct mesh *mesh, struct mesh_datagram *datagram)
{
	if (mesh->old[datagram->to] && datagram->bytes[0] != 1) {
		mesh->unread++;
		return false;
	}
	if (mesh->old[datagram->to] || mesh->old[datagram->from]) {
		CHECK(datagram->bytes[0] == 1);
		datagram->bytes[2] = 0;
	}
	return true;
}

static inline void
mesh_deliver(struct mesh *mesh, struct mesh_datagram *datagram)
{
	struct endpoint from = mesh_endpoint_number(datagram->from);

	if (mesh->dead[datagram->to] || !mesh_make_old(mesh, datagram))
		return;
	node_prefetch(mesh->nodes[datagram->to], datagram->from,
		      datagram->bytes, datagram->size); /* a hint only */
	node_receive(mesh->nodes[datagram->to], mesh->now, &from,
		     datagram->bytes, datagram->size, &mesh->outbox);
	mesh_collect(mesh, datagram->to);
}

static inline void
mesh_wake(struct mesh *mesh, struct mesh_due due)
{
	/* A later entry stands for it, or it was moved back. */
	if (due.at.ns != mesh->armed[due.node].ns)
		return;
	mesh->armed[due.node] = INSTANT_NEVER;
	if (mesh->dead[due.node])
		return;
	if (node_deadline(mesh->nodes[due.node]).ns <= mesh->now.ns)
		node_expire(mesh->nodes[due.node], mesh->now, &mesh->outbox);
	mesh_collect(mesh, due.node);
}

/* Let the time pass until `until`, or until nothing is on the way and no
 * timer is due before it. */
static inline void
mesh_run(struct mesh *mesh, struct instant until)
{
	for (;;) {
		struct instant arrival = INSTANT_NEVER, timer = INSTANT_NEVER;

		if (mesh->queue_head != mesh->queue_tail)
			arrival = mesh->queue[mesh->queue_head % MESH_DATAGRAMS]
					  .at;
		if (mesh->heap_count > 0)
			timer = mesh->heap[0].at;
		struct instant next = instant_min(arrival, timer);
		if (next.ns > until.ns)
			break;
		if (next.ns > mesh->now.ns)
			mesh->now = next;
		if (arrival.ns <= timer.ns)
			mesh_deliver(mesh, &mesh->queue[mesh->queue_head++ %
							MESH_DATAGRAMS]);
		else
			mesh_wake(mesh, mesh_heap_pop(mesh));
	}
	mesh->now = until;
}

static inline void
mesh_pass(struct mesh *mesh, int64_t distance_ns)
{
	mesh_run(mesh, instant_after(mesh->now, distance_ns));
}

static inline void
mesh_reset_events(struct mesh *mesh)
{
	memset(mesh->events, 0, sizeof(mesh->events));
	memset(mesh->hops, 0, sizeof(mesh->hops));
	memset(mesh->queries, 0, sizeof(mesh->queries));
	memset(mesh->failed, 0, sizeof(mesh->failed));
}

static inline struct version
mesh_version_number(int64_t i)
{
	return (struct version){ .established_ns = i };
}

static inline void
mesh_set(struct mesh *mesh, uint32_t owner, uint32_t number, int64_t version)
{
	struct session_key key = mesh_key_number(number);

	CHECK(node_set(mesh->nodes[owner], mesh->now, &key,
		       mesh_version_number(version), &mesh->outbox) == 0);
	mesh_collect(mesh, owner);
}

static inline void
mesh_get(struct mesh *mesh, uint32_t asker, uint32_t number)
{
	struct session_key key = mesh_key_number(number);
	node_ticket ticket = 0;

	CHECK(node_get(mesh->nodes[asker], mesh->now, &key, NODE_ASKER_LOAD,
		       NULL, 0, OUTBOX_ANY_UPLINK, &ticket,
		       &mesh->outbox) == 0);
	CHECK(ticket != 0);
	mesh_collect(mesh, asker);
}

/* It dies, and others find out. */
static inline void
mesh_kill(struct mesh *mesh, uint32_t i)
{
	node_forget(mesh->nodes[i]);
	mesh->dead[i] = true;
}

/* It begins a new life: it has nothing, and knows nobody but the seed, through
 * whom it joins. */
static inline void
mesh_reboot(struct mesh *mesh, uint32_t i, uint32_t seed, uint64_t random_seed)
{
	struct node_limits limits = { .contacts = MESH_CONTACTS };

	node_forget(mesh->nodes[i]);
	mesh->nodes[i] = node_init(mesh->nodes[i], &limits, &mesh->settings,
				   &mesh->parts, i, random_seed);
	mesh->armed[i] = INSTANT_NEVER;
	node_join(mesh->nodes[i], mesh->now, &seed, 1, &mesh->outbox);
	mesh_collect(mesh, i);
}

/* --- ideal tables --- */

struct mesh_placed {
	uint64_t position;
	uint32_t node;
};

static inline int
mesh_placed_compare(const void *a, const void *b)
{
	const struct mesh_placed *x = a, *y = b;

	return x->position < y->position ? -1 : x->position > y->position;
}

/* Fill [first, first + count) of the sorted nodes into one's bucket: all, or
 * a random k of them. */
static inline void
mesh_fill_bucket(struct mesh *mesh, uint32_t node, struct mesh_placed *all,
		 uint32_t first, uint32_t count)
{
	uint32_t pool[4096], k = mesh->settings.k;

	for (uint32_t i = 0; i < count; i++)
		pool[i] = all[first + i].node;
	for (uint32_t i = 0; i < count && i < k; i++) {
		uint32_t j = i + (uint32_t)rng_below(&mesh->rng, count - i);
		uint32_t swap = pool[i];

		pool[i] = pool[j];
		pool[j] = swap;
		node_learn(mesh->nodes[node], mesh->now, pool[i]);
	}
}

/* The first of the sorted nodes at or behind a position. */
static inline uint32_t
mesh_lower_bound(const struct mesh_placed *all, uint32_t count,
		 uint64_t position)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (all[middle].position < position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline void
mesh_make_ideal(struct mesh *mesh)
{
	struct mesh_placed *all = mesh_memory(mesh->count * sizeof(*all));

	for (uint32_t i = 0; i < mesh->count; i++)
		all[i] = (struct mesh_placed){
			endpoints_position(mesh->parts.endpoints, i), i
		};
	qsort(all, mesh->count, sizeof(*all), mesh_placed_compare);
	for (uint32_t i = 0; i < mesh->count; i++) {
		uint64_t self = endpoints_position(mesh->parts.endpoints, i);

		for (unsigned b = 0; b < 64; b++) {
			uint64_t bit = UINT64_C(1) << (63 - b);
			uint64_t low = (self ^ bit) & ~(bit - 1);
			uint64_t high = low | (bit - 1);
			uint32_t first =
				mesh_lower_bound(all, mesh->count, low);
			uint32_t end = first;

			if (b < 8)
				end = high == UINT64_MAX
					      ? mesh->count
					      : mesh_lower_bound(all,
								 mesh->count,
								 high + 1);
			else
				while (end < mesh->count &&
				       all[end].position <= high)
					end++;
			mesh_fill_bucket(mesh, i, all, first, end - first);
		}
		mesh_collect(mesh, i);
	}
	free(all);
}

#endif
