/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_fuzz.c - one node, and a script of what the world does to it
 *
 * Each step is two bytes and more arguments: a datagram of any bytes or a
 * request from one of 64 addresses, an answer to one of the last that the node
 * sent, a get, glance, set or removal of one of 16 keys, half-open or open, a
 * peer's new life, leaving, or time that passes. The pools are small so that
 * all get full, and lives of records and spans short, so that a script sees
 * their ends. No input may reach an assert, nor keep a node from coming to
 * rest. Run as libFuzzer target; the corpus is in corpus/node.
 */
#include <stdlib.h>
#include <string.h>

#include "core/dht/lookup.h"
#include "core/dht/node.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/wire/message.h"

#define ENDPOINTS    48
#define PEERS	     64
#define LOOKUPS	     4
#define PUBLICATIONS 4
#define RECORDS	     8
#define ITEMS	     24
#define STEPS	     200
#define ASKED	     4
/* In all; longer scripts show no more, and take long. */
#define PASS_MAX (60 * NS_PER_S)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
	const uint8_t *data;
	size_t size;
};

/* A request of the node's. */
struct asked {
	struct endpoint of;
	struct message_header header;
};

struct world {
	struct node *node;
	struct node_parts parts;
	struct instant now;
	struct outbox outbox;
	struct outbox_item items[ITEMS];
	uint8_t bytes[ITEMS * MESSAGE_MAX];
	/* The last requests that the node sent, in turn. */
	struct asked asked[ASKED];
	uint32_t turn;
};

static uint8_t
next(struct script *script)
{
	if (script->size == 0)
		return 0;
	script->size--;
	return *script->data++;
}

static struct endpoint
peer_number(uint8_t i)
{
	uint8_t bytes[4] = { 10, 0, 0, i % PEERS };

	return (struct endpoint){ address_ip4(bytes), 7000 };
}

static struct session_key
key_number(uint8_t i)
{
	return (struct session_key){
		.client = { 192, 0, 2, i % 16 },
		.service = { 198, 51, 100, 1 },
		.family = i & 16 ? 6 : 4,
		.protocol = 6,
	};
}

static void *
memory(size_t size)
{
	void *bytes = calloc(1, size);

	if (bytes == NULL)
		abort();
	return bytes;
}

static void
world_open(struct world *world)
{
	static const struct node_limits limits = { .contacts = 12 };
	static const struct siphash_key placement = { { 1, 2, 3 } };
	static struct node_settings settings;
	struct endpoint self = peer_number(0);

	node_settings_default(&settings);
	settings.k = 4;
	settings.alpha = 2;
	settings.replicas = 2;
	settings.republish_ns = 2 * NS_PER_S;
	settings.refresh_ns = 9 * NS_PER_S;
	settings.record_ttl_ns = 6 * NS_PER_S;
	settings.tombstone_ns = 3 * NS_PER_S;
	settings.watch_ns = NS_PER_S;
	settings.sessions_per_prefix = 3;
	memset(world, 0, sizeof(*world));
	world->parts = (struct node_parts){
		.endpoints = endpoints_init(memory(endpoints_size(ENDPOINTS)),
					    ENDPOINTS, &placement),
		.lookups = lookups_init(memory(lookups_size(LOOKUPS)), LOOKUPS),
		.store = store_init(memory(store_size(RECORDS)), RECORDS,
				    &placement),
		.publications = publications_init(
			memory(publications_size(PUBLICATIONS, 2)),
			PUBLICATIONS, 2),
	};
	uint32_t index = endpoints_intern(world->parts.endpoints, &self);
	world->node = node_init(memory(node_size(&limits)), &limits, &settings,
				&world->parts, index, 1);
	world->outbox = (struct outbox){
		.items = world->items,
		.item_capacity = ITEMS,
		.bytes = world->bytes,
		.byte_capacity = sizeof(world->bytes),
	};
}

static void
world_close(struct world *world)
{
	free(world->node);
	free(world->parts.endpoints);
	free(world->parts.lookups);
	free(world->parts.store);
	free(world->parts.publications);
}

/* Everything sent must be a valid message; remember requests. */
static void
collect(struct world *world)
{
	struct outbox *outbox = &world->outbox;
	struct message_reader reader;

	for (uint32_t i = 0; i < outbox->item_count; i++) {
		const struct outbox_item *item = &outbox->items[i];
		const uint8_t *bytes = outbox->bytes + item->offset;

		if (message_open(&reader, bytes, item->size) != DROP_NONE)
			abort();
		if (reader.header.type & MESSAGE_REPLY)
			continue;
		world->asked[world->turn++ % ASKED] =
			(struct asked){ item->to, reader.header };
	}
	outbox_clear(outbox);
	while (node_event(world->node).kind != NODE_NONE)
		;
}

static void
receive(struct world *world, const struct endpoint *from, const uint8_t *bytes,
	size_t size)
{
	node_prefetch(world->node, endpoints_find(world->parts.endpoints, from),
		      bytes, size);
	node_receive(world->node, world->now, from, bytes, size,
		     &world->outbox);
}

/* Any bytes. */
static void
hear(struct world *world, struct script *script, uint8_t number)
{
	struct endpoint from = peer_number(number);
	size_t size = next(script);

	if (size > script->size)
		size = script->size;
	receive(world, &from, script->data, size);
	script->data += size;
	script->size -= size;
}

static struct message_record
record_of(struct script *script)
{
	uint8_t what = next(script);

	return (struct message_record){
		.version = { next(script), 0 },
		.owner = peer_number(next(script)),
		.ttl_ms = (uint32_t)(what >> 2) * 128,
		.tombstone = what % 4 == 1,
		.half_open = what % 4 == 2,
	};
}

/* A request that is one; the number: whose. */
static void
request(struct world *world, struct script *script, uint8_t number)
{
	struct endpoint from = peer_number(number);
	uint8_t bytes[MESSAGE_MAX], type = next(script);
	uint32_t count = 1 + (type >> 4) % 4;
	struct message_writer writer;
	enum message_type what = (enum message_type)(1 + type % 8);

	if (what == MESSAGE_NOT_MINE && (type & 0x40) != 0)
		what = MESSAGE_DOUBT;

	message_begin(&writer, bytes, sizeof(bytes), what, number);
	for (uint32_t i = 0; i < count; i++) {
		struct session_key key = key_number(next(script));
		struct message_record record;

		switch (what) {
		case MESSAGE_FIND_NODE:
			message_put_position(&writer, (uint64_t)next(script)
							      << 56);
			break;
		case MESSAGE_FIND_VALUE:
			message_put_key(&writer, &key);
			break;
		case MESSAGE_STORE:
			record = record_of(script);
			message_put_store(&writer, &key, &record);
			break;
		case MESSAGE_REMOVE:
		case MESSAGE_NOT_MINE:
		case MESSAGE_HOLD:
		case MESSAGE_DOUBT:
			message_put_version(
				&writer, &key,
				(struct version){ next(script), 0 });
			break;
		default:
			break;
		}
	}
	if ((type & 0x80) != 0)
		message_make_conditional(&writer);
	message_pad(&writer, type % 8 == 0 ? 0 : 600);
	receive(world, &from, bytes, writer.size);
}

/* One item of an answer. */
static void
put_answer(struct message_writer *writer, uint8_t type, struct script *script)
{
	uint8_t status = next(script);
	struct endpoint contacts[4];
	struct message_record records[RECORDS_PER_KEY];

	if (type == MESSAGE_FIND_NODE ||
	    (type == MESSAGE_FIND_VALUE && status % 2 == 0)) {
		for (uint32_t i = 0; i < 4; i++)
			contacts[i] = peer_number(next(script));
		message_put_contacts(writer, contacts, 4);
	} else if (type == MESSAGE_FIND_VALUE) {
		uint32_t count = 1 + (status >> 1) % RECORDS_PER_KEY;

		for (uint32_t i = 0; i < count; i++)
			records[i] = record_of(script);
		message_put_records(writer, records, count);
	} else if (status % 4 == 0) {
		message_put_stale(writer, (struct version){ next(script), 0 });
	} else {
		static const enum item_status statuses[] = { ITEM_STORED,
							     ITEM_MOVED,
							     ITEM_FULL };
		message_put_status(writer, statuses[status % 4 - 1]);
	}
}

/* An answer to one of the last requests; the number: which, and from whom. */
static void
answer(struct world *world, struct script *script, uint8_t number)
{
	const struct asked *asked = &world->asked[number % ASKED];
	struct endpoint from = asked->of;
	uint8_t bytes[MESSAGE_MAX];
	struct message_writer writer;

	if (from.address.family == 0)
		return;
	if (number >= 0xf0)
		from = peer_number(number);
	message_begin_reply(&writer, bytes, sizeof(bytes), &asked->header);
	for (uint32_t i = 0; i < asked->header.count; i++)
		put_answer(&writer, asked->header.type, script);
	receive(world, &from, bytes, writer.size);
}

/* Let it do all that is due until then, but a time may be due only so often
 * at one instant. */
static void
pass(struct world *world, int64_t distance_ns)
{
	struct instant until = instant_after(world->now, distance_ns);
	uint32_t turns = 0;

	for (;;) {
		struct instant due = node_deadline(world->node);

		if (due.ns > until.ns)
			break;
		if (due.ns > world->now.ns) {
			world->now = due;
			turns = 0;
		} else if (++turns > 100) {
			abort();
		}
		node_expire(world->node, world->now, &world->outbox);
		collect(world);
	}
	world->now = until;
}

/* What befalls the node as a whole. */
static void
befall(struct world *world, uint8_t number)
{
	struct node *node = world->node;
	struct endpoint peer = peer_number(number >> 3);
	struct session_key key = key_number(number >> 3);
	uint32_t peers[2] = { 0, endpoints_count(world->parts.endpoints) - 1 };

	switch (number % 8) {
	case 0:
		node_join(node, world->now, peers, 2, &world->outbox);
		break;
	case 1:
		node_leave(node, world->now, &world->outbox);
		break;
	case 2:
		node_hand_over(node, world->now);
		break;
	case 3:
		node_booted(node, world->now, &peer, &world->outbox);
		break;
	case 4:
		node_republish(node, world->now);
		break;
	case 5:
		node_ping(node, &peer, &world->outbox);
		break;
	case 6:
		node_say_not_mine(node, &peer, &key, &world->outbox);
		break;
	default:
		node_learn(node, world->now, peers[1]);
		break;
	}
}

/* The number's low five bits choose the key, the others what is asked. */
static void
seek(struct world *world, uint8_t number)
{
	struct session_key key = key_number(number);
	uint32_t peer = number % 8;
	node_ticket ticket;

	((number & 64) != 0 ? node_glance : node_get)(
		world->node, world->now, &key, NODE_ASKER_STRAY, &peer,
		number >> 7, OUTBOX_ANY_UPLINK, &ticket, &world->outbox);
}

static void
step(struct world *world, struct script *script)
{
	uint8_t action = next(script), number = next(script);
	struct session_key key = key_number(number);
	struct version version;

	switch (action % 8) {
	case 0:
		if ((action & 8) != 0)
			hear(world, script, number);
		else
			request(world, script, number);
		break;
	case 1:
		answer(world, script, number);
		break;
	case 2:
	case 3:
		if (world->now.ns < PASS_MAX)
			pass(world, action % 8 == 2 ? number * NS_PER_MS
						    : number * NS_PER_S / 16);
		break;
	case 4:
		seek(world, number);
		break;
	case 5:
		version = (struct version){ next(script), 0 };
		((number & 64) != 0 ? node_set_half_open : node_set)(
			world->node, world->now, &key, version, &world->outbox);
		break;
	case 6:
		((number & 64) != 0 ? node_remove_announced : node_remove)(
			world->node, world->now, &key, &world->outbox);
		break;
	default:
		befall(world, number);
		break;
	}
	collect(world);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct script script = { data, size };

	world_open(&world);
	for (uint32_t i = 0; i < STEPS && script.size > 0; i++)
		step(&world, &script);
	/* Whatever happened, what runs comes to an end. */
	pass(&world, NS_PER_S);
	node_forget(world.node);
	if (lookups_count(world.parts.lookups) != 0 ||
	    publications_count(world.parts.publications) != 0)
		abort();
	world_close(&world);
	return 0;
}
