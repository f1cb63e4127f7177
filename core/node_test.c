/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_test.c - whole networks of nodes in one process
 *
 * A datagram takes HALF_RTT_NS and arrives, is lost, or finds a dead node.
 * Equal delays make one first-in-first-out queue of what is on the way; a
 * heap holds the nodes' deadlines. At equal times arrivals precede timers, as
 * in the simulator.
 *
 * The hop counts are compared with an independent Monte-Carlo of ideal
 * Kademlia (perfect k-buckets filled with random contacts, b = k, no faults):
 * mean round trips until a node that holds the value has answered, 0 when
 * the asker holds it. Its numbers are in the rows of `rounds`.
 */
#include "core/node.h"

#include <stdlib.h>
#include <string.h>

#include "core/bucket.h"
#include "core/check.h"
#include "core/lookup.h"
#include "core/position.h"
#include "core/publication.h"
#include "core/rng.h"
#include "core/store.h"
#include "core/wire/message.h"

#define HALF_RTT_NS  (500 * NS_PER_US)
#define CONTACTS     400
#define DATAGRAMS    (1 << 16) /* on the way at a time */
#define OUTBOX_ITEMS 1024
#define OUTBOX_BYTES (OUTBOX_ITEMS * MESSAGE_MAX)

struct datagram {
	struct instant at;
	uint32_t from, to, size;
	uint8_t bytes[MESSAGE_MAX];
};

struct due {
	struct instant at;
	uint32_t node;
};

struct network {
	uint32_t count;
	struct instant now;
	struct rng rng;
	struct node_settings settings;
	struct node_parts parts;
	struct node **nodes;
	bool *dead;
	uint32_t loss_percent;
	struct datagram *queue; /* ring */
	uint64_t queue_head, queue_tail;
	struct due *heap; /* lazy: a node may be in it more than once */
	uint32_t heap_count, heap_capacity;
	struct instant *armed; /* the deadline last put into the heap */
	struct outbox outbox;
	uint64_t datagrams, replies_too_large;
	/* What node_event() said last. */
	struct node_event last;
	uint32_t events[8];
	uint64_t hops[8], failed[8], queries[8];
};

static void *
memory(size_t size)
{
	void *bytes = calloc(1, size);

	if (bytes == NULL)
		abort();
	return bytes;
}

static struct endpoint
endpoint_number(uint32_t i)
{
	uint8_t bytes[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			     (uint8_t)i };

	return (struct endpoint){ address_ip4(bytes), 7000 };
}

static struct session_key
key_number(uint32_t i)
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

static void
network_open(struct network *net, uint32_t count,
	     const struct node_settings *settings, uint64_t seed)
{
	struct node_limits limits = { .contacts = CONTACTS };
	struct siphash_key placement;

	memset(net, 0, sizeof(*net));
	net->count = count;
	net->settings = *settings;
	rng_init(&net->rng, seed, UINT32_MAX);
	for (uint32_t i = 0; i < sizeof(placement.bytes); i++)
		placement.bytes[i] = (uint8_t)rng_next(&net->rng);
	net->parts = (struct node_parts){
		.endpoints = endpoints_init(memory(endpoints_size(count + 64)),
					    count + 64, &placement),
		.lookups = lookups_init(memory(lookups_size(2048)), 2048),
		.store = store_init(memory(store_size(40000)), 40000,
				    &placement),
		.publications = publications_init(
			memory(publications_size(8192, BUCKET_MAX)), 8192,
			BUCKET_MAX),
	};
	net->nodes = memory(count * sizeof(*net->nodes));
	net->dead = memory(count * sizeof(*net->dead));
	net->armed = memory(count * sizeof(*net->armed));
	net->queue = memory(DATAGRAMS * sizeof(*net->queue));
	net->heap_capacity = 4096;
	net->heap = memory(net->heap_capacity * sizeof(*net->heap));
	net->outbox = (struct outbox){
		.items = memory(OUTBOX_ITEMS * sizeof(struct outbox_item)),
		.item_capacity = OUTBOX_ITEMS,
		.bytes = memory(OUTBOX_BYTES),
		.byte_capacity = OUTBOX_BYTES,
	};
	for (uint32_t i = 0; i < count; i++) {
		struct endpoint endpoint = endpoint_number(i);
		uint32_t index =
			endpoints_intern(net->parts.endpoints, &endpoint);

		CHECK(index == i);
		net->armed[i] = INSTANT_NEVER;
		net->nodes[i] = node_init(memory(node_size(&limits)), &limits,
					  &net->settings, &net->parts, i, seed);
	}
}

static void
network_close(struct network *net)
{
	for (uint32_t i = 0; i < net->count; i++)
		free(net->nodes[i]);
	free(net->nodes);
	free(net->dead);
	free(net->armed);
	free(net->queue);
	free(net->heap);
	free(net->outbox.items);
	free(net->outbox.bytes);
	free(net->parts.endpoints);
	free(net->parts.lookups);
	free(net->parts.store);
	free(net->parts.publications);
}

static void
heap_push(struct network *net, struct due due)
{
	if (net->heap_count == net->heap_capacity) {
		net->heap_capacity *= 2;
		net->heap = realloc(net->heap,
				    net->heap_capacity * sizeof(*net->heap));
		if (net->heap == NULL)
			abort();
	}
	uint32_t i = net->heap_count++;
	for (; i > 0 && due.at.ns < net->heap[(i - 1) / 2].at.ns;
	     i = (i - 1) / 2)
		net->heap[i] = net->heap[(i - 1) / 2];
	net->heap[i] = due;
}

static struct due
heap_pop(struct network *net)
{
	struct due first = net->heap[0], last = net->heap[--net->heap_count];
	uint32_t i = 0, count = net->heap_count;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= count)
			break;
		if (child + 1 < count &&
		    net->heap[child + 1].at.ns < net->heap[child].at.ns)
			child++;
		if (last.at.ns <= net->heap[child].at.ns)
			break;
		net->heap[i] = net->heap[child];
		i = child;
	}
	net->heap[i] = last;
	return first;
}

/* Take what a node wants sent and said, and when it wants to be called. */
static void
network_collect(struct network *net, uint32_t i)
{
	struct outbox *outbox = &net->outbox;
	struct node_event event;

	for (uint32_t j = 0; j < outbox->item_count; j++) {
		const struct outbox_item *item = &outbox->items[j];
		uint32_t to = endpoints_find(net->parts.endpoints, &item->to);

		net->datagrams++;
		if (to >= net->count ||
		    rng_below(&net->rng, 100) < net->loss_percent)
			continue;
		if (net->queue_tail - net->queue_head == DATAGRAMS)
			abort();
		struct datagram *datagram =
			&net->queue[net->queue_tail++ % DATAGRAMS];
		datagram->at = instant_after(net->now, HALF_RTT_NS);
		datagram->from = i;
		datagram->to = to;
		datagram->size = item->size;
		memcpy(datagram->bytes, outbox->bytes + item->offset,
		       item->size);
	}
	outbox_clear(outbox);
	while ((event = node_event(net->nodes[i])).kind != NODE_NONE) {
		net->last = event;
		net->events[event.kind]++;
		net->hops[event.kind] += event.hops;
		net->queries[event.kind] += event.queries;
		net->failed[event.kind] += !event.ok;
	}
	struct instant due = node_deadline(net->nodes[i]);
	if (due.ns < net->armed[i].ns) {
		net->armed[i] = due;
		heap_push(net, (struct due){ due, i });
	}
}

static void
network_deliver(struct network *net, const struct datagram *datagram)
{
	struct endpoint from = endpoint_number(datagram->from);

	if (net->dead[datagram->to])
		return;
	node_receive(net->nodes[datagram->to], net->now, &from, datagram->bytes,
		     datagram->size, &net->outbox);
	network_collect(net, datagram->to);
}

static void
network_wake(struct network *net, struct due due)
{
	/* A later entry stands for it, or it was moved back. */
	if (due.at.ns != net->armed[due.node].ns)
		return;
	net->armed[due.node] = INSTANT_NEVER;
	if (net->dead[due.node])
		return;
	if (node_deadline(net->nodes[due.node]).ns <= net->now.ns)
		node_expire(net->nodes[due.node], net->now, &net->outbox);
	network_collect(net, due.node);
}

/* Let the time pass until `until`, or until nothing is on the way and no
 * timer is due before it. */
static void
network_run(struct network *net, struct instant until)
{
	for (;;) {
		struct instant arrival = INSTANT_NEVER, timer = INSTANT_NEVER;

		if (net->queue_head != net->queue_tail)
			arrival = net->queue[net->queue_head % DATAGRAMS].at;
		if (net->heap_count > 0)
			timer = net->heap[0].at;
		struct instant next = instant_min(arrival, timer);
		if (next.ns > until.ns)
			break;
		if (next.ns > net->now.ns)
			net->now = next;
		if (arrival.ns <= timer.ns)
			network_deliver(
				net,
				&net->queue[net->queue_head++ % DATAGRAMS]);
		else
			network_wake(net, heap_pop(net));
	}
	net->now = until;
}

static void
network_pass(struct network *net, int64_t distance_ns)
{
	network_run(net, instant_after(net->now, distance_ns));
}

static void
network_reset_events(struct network *net)
{
	memset(net->events, 0, sizeof(net->events));
	memset(net->hops, 0, sizeof(net->hops));
	memset(net->queries, 0, sizeof(net->queries));
	memset(net->failed, 0, sizeof(net->failed));
}

static struct version
version_number(int64_t i)
{
	return (struct version){ .established_ns = i };
}

static void
network_set(struct network *net, uint32_t owner, uint32_t number,
	    int64_t version)
{
	struct session_key key = key_number(number);

	CHECK(node_set(net->nodes[owner], net->now, &key,
		       version_number(version), &net->outbox) == 0);
	network_collect(net, owner);
}

static void
network_get(struct network *net, uint32_t asker, uint32_t number)
{
	struct session_key key = key_number(number);
	node_ticket ticket = 0;

	CHECK(node_get(net->nodes[asker], net->now, &key, NULL, 0,
		       OUTBOX_ANY_UPLINK, &ticket, &net->outbox) == 0);
	CHECK(ticket != 0);
	network_collect(net, asker);
}

/* --- ideal tables ----------------------------------------------------------
 */

struct placed {
	uint64_t position;
	uint32_t node;
};

static int
placed_compare(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return x->position < y->position ? -1 : x->position > y->position;
}

/* Fill [first, first + count) of the sorted nodes into one's bucket: all, or
 * a random k of them. */
static void
fill_bucket(struct network *net, uint32_t node, struct placed *all,
	    uint32_t first, uint32_t count)
{
	uint32_t pool[4096], k = net->settings.k;

	for (uint32_t i = 0; i < count; i++)
		pool[i] = all[first + i].node;
	for (uint32_t i = 0; i < count && i < k; i++) {
		uint32_t j = i + (uint32_t)rng_below(&net->rng, count - i);
		uint32_t swap = pool[i];

		pool[i] = pool[j];
		pool[j] = swap;
		node_learn(net->nodes[node], net->now, pool[i]);
	}
}

/* The first of the sorted nodes at or behind a position. */
static uint32_t
lower_bound(const struct placed *all, uint32_t count, uint64_t position)
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

static void
network_make_ideal(struct network *net)
{
	struct placed *all = memory(net->count * sizeof(*all));

	for (uint32_t i = 0; i < net->count; i++)
		all[i] = (struct placed){
			endpoints_position(net->parts.endpoints, i), i
		};
	qsort(all, net->count, sizeof(*all), placed_compare);
	for (uint32_t i = 0; i < net->count; i++) {
		uint64_t self = endpoints_position(net->parts.endpoints, i);

		for (unsigned b = 0; b < 64; b++) {
			uint64_t bit = UINT64_C(1) << (63 - b);
			uint64_t low = (self ^ bit) & ~(bit - 1);
			uint64_t high = low | (bit - 1);
			uint32_t first = lower_bound(all, net->count, low);
			uint32_t end = first;

			if (b < 8)
				end = high == UINT64_MAX
					      ? net->count
					      : lower_bound(all, net->count,
							    high + 1);
			else
				while (end < net->count &&
				       all[end].position <= high)
					end++;
			fill_bucket(net, i, all, first, end - first);
		}
		network_collect(net, i);
	}
	free(all);
}

/* --- mean rounds ------------------------------------------------------------
 */

static const struct {
	const char *sentence;
	uint32_t n, k, alpha, replicas;
	double mean;
} rounds[] = {
	{ "256 nodes, k 8, alpha 1, 1 replica", 256, 8, 1, 1, 1.9194 },
	{ "256 nodes, k 8, alpha 1, 3 replicas", 256, 8, 1, 3, 1.6499 },
	{ "256 nodes, k 8, alpha 3, 1 replica", 256, 8, 3, 1, 1.8616 },
	{ "256 nodes, k 8, alpha 3, 3 replicas", 256, 8, 3, 3, 1.6244 },
	{ "256 nodes, k 20, alpha 1, 1 replica", 256, 20, 1, 1, 1.6341 },
	{ "256 nodes, k 20, alpha 1, 3 replicas", 256, 20, 1, 3, 1.3693 },
	{ "256 nodes, k 20, alpha 3, 1 replica", 256, 20, 3, 1, 1.6337 },
	{ "256 nodes, k 20, alpha 3, 3 replicas", 256, 20, 3, 3, 1.3692 },
	{ "1000 nodes, k 8, alpha 1, 1 replica", 1000, 8, 1, 1, 2.3666 },
	{ "1000 nodes, k 8, alpha 1, 3 replicas", 1000, 8, 1, 3, 2.0877 },
	{ "1000 nodes, k 8, alpha 3, 1 replica", 1000, 8, 3, 1, 2.2496 },
	{ "1000 nodes, k 8, alpha 3, 3 replicas", 1000, 8, 3, 3, 1.9795 },
	{ "1000 nodes, k 20, alpha 1, 1 replica", 1000, 20, 1, 1, 1.9269 },
	{ "1000 nodes, k 20, alpha 1, 3 replicas", 1000, 20, 1, 3, 1.7416 },
	{ "1000 nodes, k 20, alpha 3, 1 replica", 1000, 20, 3, 1, 1.8902 },
	{ "1000 nodes, k 20, alpha 3, 3 replicas", 1000, 20, 3, 3, 1.7283 },
};

static uint32_t
other_than(struct network *net, uint32_t owner)
{
	uint32_t node = (uint32_t)rng_below(&net->rng, net->count - 1);

	return node + (node >= owner);
}

#define KEYS   200
#define ASKERS 10

static void
measure(struct network *net, uint32_t keys, uint32_t askers)
{
	for (uint32_t key = 0; key < keys; key++) {
		uint32_t owner = (uint32_t)rng_below(&net->rng, net->count);

		network_set(net, owner, key, 1);
		network_pass(net, NS_PER_S / 10);
		for (uint32_t i = 0; i < askers; i++)
			network_get(net, other_than(net, owner), key);
		network_pass(net, NS_PER_S / 10);
	}
}

static void
test_rounds(uint32_t row, uint32_t networks)
{
	struct node_settings settings;
	struct network net;
	uint64_t hops = 0, found = 0, missed = 0, unstored = 0;
	uint64_t shops = 0, sq = 0, sets = 0;

	node_settings_default(&settings);
	settings.k = rounds[row].k;
	settings.alpha = rounds[row].alpha;
	settings.replicas = rounds[row].replicas;
	settings.refresh_ns = 0;
	for (uint32_t i = 0; i < networks; i++) {
		network_open(&net, rounds[row].n, &settings, 1000 * row + i);
		network_make_ideal(&net);
		network_reset_events(&net);
		measure(&net, KEYS, ASKERS);
		hops += net.hops[NODE_FOUND];
		found += net.events[NODE_FOUND];
		missed += net.events[NODE_MISSED];
		unstored += net.failed[NODE_STORED];
		shops += net.hops[NODE_STORED];
		sq += net.queries[NODE_STORED];
		sets += net.events[NODE_STORED];
		network_close(&net);
	}
	double mean = (double)hops / (double)found;
	double error = mean / rounds[row].mean - 1;
	fprintf(stderr, "%s: %.4f, reference %.4f: %+.2f %%  [set %.3f %.3f]\n",
		rounds[row].sentence, mean, rounds[row].mean, 100 * error,
		(double)shops / (double)sets, (double)sq / (double)sets);
	CHECK_ROW(error > -0.03 && error < 0.03, rounds[row].sentence);
	CHECK_ROW(missed == 0 && unstored == 0, rounds[row].sentence);
	CHECK_ROW(found == (uint64_t)networks * KEYS * ASKERS,
		  rounds[row].sentence);
}

int
main(void)
{
	uint32_t networks = 4;

	for (uint32_t row = 0; row < sizeof(rounds) / sizeof(rounds[0]); row++)
		test_rounds(row, networks);
	return check_done();
}
