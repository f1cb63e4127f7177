/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flood_world.c - events in order: answers, clients, bogus packets, timers
 *
 * Delays are equal, so answers come in the order in which they were asked for:
 * a ring. Likewise clients: those whose n-th packet is due are in the order in
 * which they began, for each n.
 */
#include "harness/bench/flood_world.h"

#include <stdlib.h>
#include <string.h>

#include "core/dht/lookup.h"
#include "core/dht/node.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/hold.h"
#include "core/position.h"
#include "core/rng.h"
#include "core/steer/steer.h"
#include "core/wire/build.h"
#include "core/wire/message.h"
#include "core/wire/tcp.h"
#include "sim/engine/memory.h"

#define HALF_RTT_NS  (500 * NS_PER_US)
#define AFTER_NS     (16 * NS_PER_S) /* the last strays are followed */
#define SERVICE_PORT 443
#define NODE_PORT    7000
#define PARTS	     16

#define CONTACTS     400
#define LOOKUPS	     8192 /* as in the daemon (live/engine/core_memory.h) */
#define FLOWS	     65536
#define PREFIXES     4096
#define SKETCH_BYTES (4u << 20)
#define OUTBOX_ITEMS 8192
#define OUTBOX_BYTES (OUTBOX_ITEMS * 256)
#define ANSWERS	     (1u << 16) /* on the way at a time */
#define PROBES	     100 /* lookups whose cost is measured */

/* When a client speaks, after its first packet. */
static const int64_t speaks_ms[] = { 0, 200, 600, 1400, 3000, 6200, 12600 };
#define SPEAKS (sizeof(speaks_ms) / sizeof(speaks_ms[0]))

struct answer {
	struct instant at;
	uint32_t from, size;
	uint8_t bytes[MESSAGE_MAX];
};

struct client {
	struct instant began, served; /* served: NEVER until then */
	bool stale;
	bool killed;
};

struct flood_world {
	const struct flood_plan *plan;
	struct flood_result *result;
	struct instant now, began; /* began: of the flood */
	struct rng rng;
	struct steer_service service;
	struct node_settings node_settings;
	struct steer_settings settings;
	struct node_parts parts;
	struct node **nodes;
	struct steer *steer;
	struct outbox outbox, others; /* the server's, and the others' */
	struct answer *answers; /* a ring */
	uint64_t answer_head, answer_tail;
	struct client *clients;
	uint32_t client_count;
	uint32_t next[SPEAKS]; /* the client whose n-th packet is next */
	uint64_t step; /* of the flood: `repeat` packets */
	struct instant step_due;
	void *memories[PARTS];
	unsigned memory_count;
};

/* ---- the servers ---- */

static void *
take(struct flood_world *world, size_t size)
{
	void *memory = memory_zeroed(1, size);

	world->memories[world->memory_count++] = memory;
	return memory;
}

static struct outbox
outbox_make(struct flood_world *world)
{
	return (struct outbox){
		.items = take(world, OUTBOX_ITEMS * sizeof(struct outbox_item)),
		.item_capacity = OUTBOX_ITEMS,
		.bytes = take(world, OUTBOX_BYTES),
		.byte_capacity = OUTBOX_BYTES,
	};
}

static struct endpoint
endpoint_of(uint32_t server)
{
	const uint8_t bytes[4] = { 10, 0, (uint8_t)(server >> 8),
				   (uint8_t)server };

	return (struct endpoint){ address_ip4(bytes), NODE_PORT };
}

static void
parts_create(struct flood_world *world)
{
	static const struct siphash_key placement = { { 1 } };
	uint32_t servers = world->plan->servers;
	uint32_t clients = world->plan->strays * world->plan->seconds;
	uint32_t records = 4 * clients + 1024;
	uint32_t replicas = world->node_settings.replicas;

	world->parts = (struct node_parts){
		.endpoints =
			endpoints_init(take(world, endpoints_size(servers + 8)),
				       servers + 8, &placement),
		.lookups = lookups_init(take(world, lookups_size(LOOKUPS)),
					LOOKUPS),
		.store = store_init(take(world, store_size(records)), records,
				    &placement),
		.publications = publications_init(
			take(world, publications_size(16, replicas)), 16,
			replicas),
	};
}

/* Whoever a bucket has room for is in it. */
static void
nodes_create(struct flood_world *world)
{
	const struct node_limits limits = { .contacts = CONTACTS };
	uint32_t servers = world->plan->servers;
	size_t bytes = (node_size(&limits) + 7) / 8 * 8;
	uint8_t *memory = take(world, bytes * servers);

	world->nodes = take(world, servers * sizeof(struct node *));
	for (uint32_t i = 0; i < servers; i++) {
		struct endpoint endpoint = endpoint_of(i);
		uint32_t self =
			endpoints_intern(world->parts.endpoints, &endpoint);

		world->nodes[i] = node_init(
			memory + i * bytes, &limits, &world->node_settings,
			&world->parts, self, world->plan->seed);
	}
	for (uint32_t i = 0; i < servers; i++) {
		uint32_t first = (uint32_t)rng_below(&world->rng, servers);

		for (uint32_t j = 0; j < servers; j++) {
			uint32_t other = (first + j) % servers;

			if (other != i)
				node_learn(world->nodes[i], world->now, other);
		}
	}
}

static void
steer_create(struct flood_world *world)
{
	static const uint8_t service[4] = { 198, 51, 100, 1 };
	const struct steer_limits limits = {
		.flows = FLOWS,
		.fragments = 64,
		.prefixes = PREFIXES,
		.peers = world->plan->servers,
		.sketch_bytes = SKETCH_BYTES,
	};

	world->service =
		(struct steer_service){ address_ip4(service), SERVICE_PORT };
	steer_settings_default(&world->settings);
	world->settings.services = &world->service;
	world->settings.service_count = 1;
	world->settings.tag_key_valid[0] = true;
	struct hold *held =
		hold_init(take(world, hold_size(world->settings.hold_bytes)),
			  world->settings.hold_bytes);
	world->steer =
		steer_init(take(world, steer_size(&limits)), &limits,
			   &world->settings, world->nodes[0],
			   world->parts.endpoints, held, world->plan->seed);
}

/* ---- what the server sends ---- */

/* The other's answer, at once; it arrives when both ways are over. */
static void
ask(struct flood_world *world, const struct outbox_item *item,
    const uint8_t *bytes)
{
	uint32_t to = endpoints_find(world->parts.endpoints, &item->to);
	struct instant then = instant_after(world->now, HALF_RTT_NS);
	struct endpoint from = endpoint_of(0);

	world->result->datagrams++;
	if (to >= world->plan->servers)
		return;
	outbox_clear(&world->others);
	(void)node_receive(world->nodes[to], then, &from, bytes, item->size,
			   &world->others);
	for (uint32_t i = 0; i < world->others.item_count; i++) {
		const struct outbox_item *reply = &world->others.items[i];
		struct answer *answer =
			&world->answers[world->answer_tail % ANSWERS];

		if (world->answer_tail - world->answer_head == ANSWERS)
			abort();
		world->result->datagrams++;
		world->answer_tail++;
		answer->at = instant_after(then, HALF_RTT_NS);
		answer->from = to;
		answer->size = reply->size;
		memcpy(answer->bytes, world->others.bytes + reply->offset,
		       reply->size);
	}
}

static struct client *client_of(struct flood_world *,
				const struct session_key *);

/* A RST is for whom its destination says. */
static void
heard_reset(struct flood_world *world, const struct outbox_item *item)
{
	struct session_key key = { .family = 4, .protocol = 6 };
	struct packet packet;

	if (packet_parse(world->outbox.bytes + item->offset, item->size,
			 &packet) != DROP_NONE)
		abort();
	world->result->resets++;
	memcpy(key.client, packet.dst.bytes, sizeof(key.client));
	wire_put16(key.client_port, packet.dst_port);
	struct client *client = client_of(world, &key);
	if (client == NULL)
		return;
	client->killed |= !client->stale;
	if (client->served.ns == INSTANT_NEVER.ns)
		client->served = world->now;
}

/* How many packets were forwarded. */
static uint32_t
flush(struct flood_world *world)
{
	struct outbox *outbox = &world->outbox;
	uint32_t forwards = 0;

	for (uint32_t i = 0; i < outbox->item_count; i++) {
		const struct outbox_item *item = &outbox->items[i];

		forwards += item->kind == OUTBOX_FORWARD;
		if (item->kind == OUTBOX_DATAGRAM)
			ask(world, item, outbox->bytes + item->offset);
		else if (item->kind == OUTBOX_PACKET)
			heard_reset(world, item);
	}
	outbox_clear(outbox);
	return forwards;
}

static void
served(struct flood_world *world, const struct session_key *key)
{
	struct client *client = client_of(world, key);

	if (client != NULL && client->served.ns == INSTANT_NEVER.ns)
		client->served = world->now;
}

static void
events(struct flood_world *world)
{
	struct node_event event;

	while ((event = node_event(world->nodes[0])).kind != NODE_NONE) {
		steer_learned(world->steer, world->now, &event, &world->outbox);
		if (flush(world) > 0)
			served(world, &event.key);
	}
}

/* ---- clients ---- */

/* The i-th client. Hosts below 100 of the one prefix are clients, others the
 * flood's; elsewhere the flood's are below 128.0.0.0. */
static void
client_key(const struct flood_world *world, uint32_t i, struct session_key *key)
{
	*key = (struct session_key){
		.client = { 160, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			    (uint8_t)i },
		.family = 4,
		.protocol = 6,
	};
	if (world->plan->one_prefix)
		memcpy(key->client, (uint8_t[4]){ 203, 0, 113, 0 }, 4);
	else
		memmove(key->client,
			(uint8_t[4]){ (uint8_t)(160 + (i >> 16)),
				      (uint8_t)(i >> 8), (uint8_t)i, 5 },
			4);
	wire_put16(key->client_port, 40000);
	if (world->plan->one_prefix) {
		key->client[3] = (uint8_t)(i % 100);
		wire_put16(key->client_port, (uint16_t)(10000 + i / 100));
	}
	memcpy(key->service, world->service.address.bytes, 16);
	wire_put16(key->service_port, SERVICE_PORT);
}

static struct client *
client_of(struct flood_world *world, const struct session_key *key)
{
	const uint8_t *a = key->client;
	uint32_t port = wire_get16(key->client_port), i;

	if (world->plan->one_prefix && (a[3] >= 100 || port < 10000))
		return NULL;
	if (!world->plan->one_prefix && (a[0] < 160 || port != 40000))
		return NULL;
	if (world->plan->one_prefix)
		i = (port - 10000) * 100 + a[3];
	else
		i = (a[0] - 160u) << 16 | (uint32_t)a[1] << 8 | a[2];
	return i < world->client_count ? &world->clients[i] : NULL;
}

struct placed {
	uint64_t distance;
	uint32_t server;
};

static int
placed_compare(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return x->distance < y->distance ? -1 : x->distance > y->distance;
}

/* The session's record at the servers that are closest to it; its owner is not
 * the server under flood. */
static void
publish(struct flood_world *world, const struct session_key *key)
{
	const struct endpoints *endpoints = world->parts.endpoints;
	uint64_t target =
		position_of_session(endpoints_placement(endpoints), key);
	uint32_t servers = world->plan->servers;
	struct placed placed[FLOOD_SERVERS_MAX] = { 0 };
	struct record record = {
		.owner = 1 + (uint32_t)rng_below(&world->rng, servers - 1),
		.version = { 1, 0 },
		.ttl_ms = UINT32_MAX / 2,
	};

	for (uint32_t i = 0; i < servers; i++)
		placed[i] = (struct placed){
			position_distance(target,
					  endpoints_position(endpoints, i)),
			i
		};
	qsort(placed, servers, sizeof(*placed), placed_compare);
	for (uint32_t i = 0; i < world->node_settings.replicas && i < servers;
	     i++)
		(void)store_put(world->parts.store, world->now,
				placed[i].server, key, &record);
}

/* Stale ones first, in the first second; real ones from the second on. */
static void
clients_create(struct flood_world *world)
{
	const struct flood_plan *plan = world->plan;
	uint32_t stale = plan->stale;

	world->client_count = stale + plan->strays * plan->seconds;
	world->clients =
		take(world, (world->client_count + 1) * sizeof(struct client));
	for (uint32_t i = 0; i < world->client_count; i++) {
		struct client *client = &world->clients[i];
		/* Somewhere in its turn: no beat with the flood. */
		uint32_t each = i < stale ? stale : plan->strays;
		int64_t turn_ns = NS_PER_S / each;
		int64_t began_ns =
			(i < stale ? i : NS_PER_S / turn_ns + i - stale) *
				turn_ns +
			(int64_t)rng_below(&world->rng, (uint64_t)turn_ns);
		struct session_key key;

		*client = (struct client){
			.began = instant_after(world->began, began_ns),
			.served = INSTANT_NEVER,
			.stale = i < stale,
		};
		client_key(world, i, &key);
		if (!client->stale)
			publish(world, &key);
	}
}

/* ---- packets ---- */

static void
put(struct flood_world *world, const struct session_key *key)
{
	struct packet_tcp tcp = {
		.ip = { .ttl = 60, .df = true },
		.src_port = wire_get16(key->client_port),
		.dst_port = SERVICE_PORT,
		.seq = 1000,
		.ack = 2000,
		.flags = TCP_ACK,
		.window = 1000,
	};
	struct classification classification;
	uint8_t bytes[64];

	tcp.ip.src = address_ip4(key->client);
	tcp.ip.dst = world->service.address;
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
	steer_classify(world->steer, bytes, size, &classification);
	struct steer_result result =
		steer_packet(world->steer, world->now, &classification, bytes,
			     false, 0, &world->outbox);
	(void)flush(world);
	if (result.verdict == STEER_FORWARD)
		served(world, key);
	events(world);
}

/* The flow of one step of the flood, the same whenever it is asked for. */
static void
bogus_key(const struct flood_world *world, uint64_t flow,
	  struct session_key *key)
{
	struct rng rng;

	rng_init(&rng, world->plan->seed, flow + 1000);
	uint64_t bits = rng_next(&rng);
	uint8_t host = (uint8_t)(100 + (bits >> 24 & 0xff) % 156);

	client_key(world, 0, key);
	if (world->plan->one_prefix) {
		key->client[3] = host;
	} else {
		key->client[0] = (uint8_t)(11 + bits % 100);
		key->client[1] = (uint8_t)(bits >> 8);
		key->client[2] = (uint8_t)(bits >> 16);
		key->client[3] = (uint8_t)(1 + host % 200);
	}
	wire_put16(key->client_port,
		   (uint16_t)(1024 + (bits >> 32) % (65536 - 1024)));
}

/* A new flow's packet, and again those of 200, 400 ... ms ago. */
static void
step(struct flood_world *world)
{
	const struct flood_plan *plan = world->plan;
	uint64_t lag = plan->rate / plan->repeat / 5;

	for (uint32_t i = 0; i < plan->repeat; i++) {
		struct session_key key;

		if (world->step < i * lag)
			break;
		bogus_key(world, world->step - i * lag, &key);
		world->result->bogus++;
		put(world, &key);
	}
	world->step++;
	world->step_due = instant_after(
		world->step_due,
		rng_exponential(&world->rng,
				NS_PER_S * plan->repeat / plan->rate));
}

static struct instant
client_due(const struct flood_world *world, uint32_t *nth)
{
	struct instant due = INSTANT_NEVER;

	for (uint32_t i = 0; i < SPEAKS; i++) {
		if (world->next[i] == world->client_count)
			continue;
		struct instant at =
			instant_after(world->clients[world->next[i]].began,
				      speaks_ms[i] * NS_PER_MS);
		if (!instant_before(at, due))
			continue;
		due = at;
		*nth = i;
	}
	return due;
}

static void
speak(struct flood_world *world, uint32_t nth)
{
	uint32_t i = world->next[nth]++;
	struct session_key key;

	if (world->clients[i].served.ns != INSTANT_NEVER.ns)
		return;
	client_key(world, i, &key);
	world->result->strays++;
	put(world, &key);
}

/* ---- time ---- */

static void
receive(struct flood_world *world)
{
	const struct answer *answer =
		&world->answers[world->answer_head++ % ANSWERS];
	struct endpoint from = endpoint_of(answer->from);

	(void)node_receive(world->nodes[0], world->now, &from, answer->bytes,
			   answer->size, &world->outbox);
	(void)flush(world);
}

static void
expire(struct flood_world *world)
{
	if (!instant_before(world->now, node_deadline(world->nodes[0])))
		node_expire(world->nodes[0], world->now, &world->outbox);
	(void)flush(world);
	events(world);
	if (!instant_before(world->now, steer_deadline(world->steer)))
		steer_expire(world->steer, world->now, &world->outbox);
	(void)flush(world);
	events(world);
}

/* At equal times answers precede timers, as in the simulator. */
static void
run_until(struct flood_world *world, struct instant end)
{
	for (;;) {
		uint32_t nth = 0;
		struct instant answer = INSTANT_NEVER;
		struct instant flood = world->step_due;
		struct instant client = client_due(world, &nth);
		struct instant timer =
			instant_min(node_deadline(world->nodes[0]),
				    steer_deadline(world->steer));

		if (world->answer_head != world->answer_tail)
			answer =
				world->answers[world->answer_head % ANSWERS].at;
		struct instant due = instant_min(instant_min(answer, timer),
						 instant_min(flood, client));
		if (instant_before(end, due))
			break;
		if (instant_before(world->now, due))
			world->now = due;
		if (due.ns == answer.ns)
			receive(world);
		else if (due.ns == client.ns)
			speak(world, nth);
		else if (due.ns == flood.ns)
			step(world);
		else
			expire(world);
	}
	world->now = end;
}

/* ---- what came of it ---- */

/* Datagrams of a miss, each way counted. */
static double
probe(struct flood_world *world, bool glance)
{
	uint64_t before = world->result->datagrams;

	for (uint32_t i = 0; i < PROBES; i++) {
		struct session_key key;
		node_ticket ticket = 0;

		bogus_key(world, UINT32_MAX + (uint64_t)i, &key);
		(void)(glance ? node_glance : node_get)(
			world->nodes[0], world->now, &key, NODE_ASKER_OPERATOR,
			NULL, 0, OUTBOX_ANY_UPLINK, &ticket, &world->outbox);
		(void)flush(world);
		run_until(world, instant_after(world->now, NS_PER_S));
	}
	return (double)(world->result->datagrams - before) / PROBES;
}

static enum flood_wait
wait_of(const struct client *client)
{
	static const int64_t most_ms[] = { 199, 1000, 3000, 15000 };
	uint32_t wait = 0;

	if (client->killed || client->served.ns == INSTANT_NEVER.ns)
		return FLOOD_NEVER;
	while (wait < FLOOD_NEVER &&
	       instant_distance_ns(client->began, client->served) >
		       most_ms[wait] * NS_PER_MS)
		wait++;
	return (enum flood_wait)wait;
}

static void
conclude(struct flood_world *world)
{
	const struct steer_counters *counters = steer_counters(world->steer);
	struct flood_result *result = world->result;

	result->lookups = counters->lookups;
	result->glances = counters->glances;
	for (uint32_t i = 0; i < world->client_count; i++) {
		const struct client *client = &world->clients[i];

		result->killed += client->killed;
		(client->stale ? result->reset
			       : result->admitted)[wait_of(client)]++;
	}
}

static void
world_create(struct flood_world *world)
{
	const struct flood_plan *plan = world->plan;

	node_settings_default(&world->node_settings);
	rng_init(&world->rng, plan->seed, 0);
	world->step_due = INSTANT_NEVER;
	world->outbox = outbox_make(world);
	world->others = outbox_make(world);
	world->answers = take(world, (size_t)ANSWERS * sizeof(struct answer));
	parts_create(world);
	nodes_create(world);
	steer_create(world);
}

/* The flood comes first: strays find it at work. */
static void
play(struct flood_world *world)
{
	const struct flood_plan *plan = world->plan;
	int64_t length_ns = (1 + plan->seconds) * NS_PER_S + AFTER_NS;

	world->began = world->now;
	if (plan->rate > 0)
		world->step_due = world->now;
	world->result->datagrams = 0;
	world->result->seconds = (double)length_ns / (double)NS_PER_S;
	clients_create(world);
	run_until(world, instant_after(world->now, length_ns));
}

void
flood_world_run(const struct flood_plan *plan, struct flood_result *result)
{
	struct flood_world *world = memory_zeroed(1, sizeof(*world));

	*result = (struct flood_result){ 0 };
	world->plan = plan;
	world->result = result;
	world_create(world);
	result->lookup_datagrams = probe(world, false);
	result->glance_datagrams = probe(world, true);
	play(world);
	conclude(world);
	for (unsigned i = 0; i < world->memory_count; i++)
		free(world->memories[i]);
	free(world);
}
