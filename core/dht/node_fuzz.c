/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_fuzz.c - one node, and a script of what the world does to it
 *
 * Each step is one byte and its arguments: a datagram of any bytes from one
 * of 64 addresses, an answer to what the node sent last, a get, set or
 * removal of one of 16 keys, or time that passes. The pools are small so
 * that all get full. No input may reach an assert, nor keep a node from
 * coming to rest. Run as libFuzzer target; the corpus is in corpus/node.
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
#define STEPS	     400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
	const uint8_t *data;
	size_t size;
};

struct world {
	struct node *node;
	struct node_parts parts;
	struct instant now;
	struct outbox outbox;
	struct outbox_item items[ITEMS];
	uint8_t bytes[ITEMS * MESSAGE_MAX];
	/* The last request the node sent. */
	uint8_t asked[MESSAGE_HEADER_BYTES];
	struct endpoint asked_of;
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

/* Everything sent must be a valid message; remember a request. */
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
		memcpy(world->asked, bytes, sizeof(world->asked));
		world->asked_of = item->to;
	}
	outbox_clear(outbox);
	while (node_event(world->node).kind != NODE_NONE)
		;
}

static void
receive(struct world *world, struct script *script, bool answer)
{
	uint8_t bytes[MESSAGE_MAX];
	uint8_t from = next(script);
	struct endpoint endpoint = peer_number(from);
	size_t size = next(script), first = 0;

	if (answer) {
		memcpy(bytes, world->asked, sizeof(world->asked));
		bytes[1] |= MESSAGE_REPLY;
		first = sizeof(world->asked);
		endpoint = world->asked_of;
		if (endpoint.address.family == 0)
			return;
	}
	if (size > script->size)
		size = script->size;
	memcpy(bytes + first, script->data, size);
	script->data += size;
	script->size -= size;
	node_prefetch(world->node,
		      endpoints_find(world->parts.endpoints, &endpoint), bytes,
		      first + size);
	node_receive(world->node, world->now, &endpoint, bytes, first + size,
		     &world->outbox);
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

static void
step(struct world *world, struct script *script)
{
	uint8_t action = next(script), number;
	struct session_key key;
	struct version version;
	node_ticket ticket;
	uint32_t peers[2];

	switch (action % 8) {
	case 0:
	case 1:
		receive(world, script, action % 8 == 1);
		break;
	case 2:
		pass(world, (int64_t)next(script) * NS_PER_MS);
		break;
	case 3:
		pass(world, (int64_t)next(script) * NS_PER_S / 16);
		break;
	case 4:
		number = next(script);
		key = key_number(number);
		peers[0] = number % 8;
		node_get(world->node, world->now, &key, NODE_ASKER_STRAY, peers,
			 number >> 7, OUTBOX_ANY_UPLINK, &ticket,
			 &world->outbox);
		break;
	case 5:
		key = key_number(next(script));
		version = (struct version){ next(script), 0 };
		node_set(world->node, world->now, &key, version,
			 &world->outbox);
		break;
	case 6:
		key = key_number(next(script));
		node_remove(world->node, world->now, &key, &world->outbox);
		break;
	default:
		number = next(script);
		peers[0] = 0;
		peers[1] = endpoints_count(world->parts.endpoints) - 1;
		if (number & 1)
			node_leave(world->node, world->now, &world->outbox);
		else
			node_join(world->node, world->now, peers, 2,
				  &world->outbox);
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
