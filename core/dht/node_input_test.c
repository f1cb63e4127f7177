/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_input_test.c - what strangers may send to a node, and get from it
 *
 * A datagram may be anything, from anywhere, and no answer to a stranger is
 * larger than three times its request.
 */
#include "core/dht/node_state.h"
#include "core/test/mesh.h"

static struct node_settings
settings_default(void)
{
	struct node_settings settings;

	node_settings_default(&settings);
	return settings;
}

static bool
knows(const struct mesh *mesh, uint32_t node, uint32_t peer)
{
	uint32_t peers[MESH_CONTACTS];
	uint32_t count = node_contacts(mesh->nodes[node], peers, MESH_CONTACTS);

	CHECK(count == node_contact_count(mesh->nodes[node]));
	for (uint32_t i = 0; i < count; i++) {
		if (peers[i] == peer)
			return true;
	}
	return false;
}

static uint32_t
request_write(uint8_t *bytes, enum message_type type, uint32_t items)
{
	struct message_writer writer;
	struct message_record record = {
		.owner = mesh_endpoint_number(3),
		.ttl_ms = 1000,
	};

	message_begin(&writer, bytes, MESSAGE_MAX, type, 77);
	for (uint32_t i = 0; i < items; i++) {
		struct session_key key = mesh_key_number(i);

		if (type == MESSAGE_FIND_NODE)
			message_put_position(&writer, i);
		else if (type == MESSAGE_FIND_VALUE)
			message_put_key(&writer, &key);
		else if (type == MESSAGE_STORE)
			message_put_store(&writer, &key, &record);
		else if (type == MESSAGE_REMOVE)
			message_put_version(&writer, &key, record.version);
	}
	return writer.size;
}

static void
test_amplification(void)
{
	struct node_settings settings = settings_default();
	struct endpoint stranger = mesh_endpoint_number(40);
	struct message_reader reader;
	uint8_t bytes[MESSAGE_MAX];
	struct mesh mesh;

	mesh_open(&mesh, 40, &settings, 14);
	mesh_make_ideal(&mesh);
	for (uint8_t type = MESSAGE_PING; type <= MESSAGE_REMOVE; type++) {
		for (uint32_t items = 1; items <= 20; items++) {
			uint32_t size = request_write(
				bytes, (enum message_type)type, items);

			CHECK(node_receive(mesh.nodes[0], mesh.now, &stranger,
					   bytes, size,
					   &mesh.outbox) == DROP_NONE);
			CHECK(mesh.outbox.item_count == 1);
			CHECK(mesh.outbox.byte_count <= 3 * size);
			CHECK(message_open(&reader, mesh.outbox.bytes,
					   mesh.outbox.byte_count) ==
			      DROP_NONE);
			CHECK(reader.header.transaction == 77);
			CHECK(reader.header.count ==
			      (type == MESSAGE_PING ? 0 : items));
			outbox_clear(&mesh.outbox);
		}
	}
	/* Who has answered us gets all: 20 contacts for 16 bytes. */
	struct endpoint friend = mesh_endpoint_number(1);
	uint32_t size = request_write(bytes, MESSAGE_FIND_NODE, 1);
	CHECK(knows(&mesh, 0, 1));
	node_receive(mesh.nodes[0], mesh.now, &friend, bytes, size,
		     &mesh.outbox);
	CHECK(mesh.outbox.byte_count == 8 + 3 + 20 * 6);
	outbox_clear(&mesh.outbox);
	mesh_close(&mesh);
}

/* --- what a stranger may send -------------------------------------------- */

static void
test_noise(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;
	struct rng rng;
	uint32_t used = 0;

	mesh_open(&mesh, 20, &settings, 15);
	mesh_make_ideal(&mesh);
	rng_init(&rng, 15, 0);
	for (uint32_t i = 0; i < 100000; i++) {
		uint8_t bytes[MESSAGE_MAX + 10];
		uint32_t to = (uint32_t)rng_below(&rng, mesh.count);
		uint32_t from = (uint32_t)rng_below(&rng, 100);
		struct endpoint endpoint = mesh_endpoint_number(from);
		size_t size = rng_below(&rng, 100);

		if (rng_below(&rng, 4) == 0) {
			enum message_type type =
				(enum message_type)(1 + rng_below(&rng, 7));
			size = request_write(bytes, type,
					     (uint32_t)rng_below(&rng, 30));
			if (rng_below(&rng, 2))
				bytes[1] |= MESSAGE_REPLY;
			if (rng_below(&rng, 2))
				bytes[rng_below(&rng, size)] ^= 1;
		} else {
			for (size_t j = 0; j < size; j++)
				bytes[j] = (uint8_t)rng_next(&rng);
			bytes[0] = MESSAGE_VERSION;
			bytes[1] &= 0x87;
		}
		if (i % 16 == 0)
			mesh_get(&mesh, to, i);
		used += node_receive(mesh.nodes[to], mesh.now, &endpoint, bytes,
				     size, &mesh.outbox) == DROP_NONE;
		mesh_collect(&mesh, to);
		if (i % 64 == 0)
			mesh_pass(&mesh, NS_PER_S / 20);
	}
	fprintf(stderr, "noise: %u datagrams used\n", used);
	CHECK(used > 5000);
	mesh_pass(&mesh, 2 * NS_PER_S);
	CHECK(lookups_count(mesh.parts.lookups) == 0);
	mesh_close(&mesh);
}

/* Datagrams whose sender cannot be one. */
static void
test_senders_that_cannot_be(void)
{
	static const struct {
		const char *sentence;
		uint32_t number;
		uint16_t port;
		enum drop drop;
	} rows[] = {
		{ "a stranger", 30, 7000, DROP_NONE },
		{ "from port 0", 30, 0, DROP_MALFORMED },
		{ "from our own endpoint", 0, 7000, DROP_MALFORMED },
		{ "from another port of our address", 0, 7001, DROP_NONE },
	};
	struct node_settings settings = settings_default();
	uint8_t bytes[MESSAGE_MAX];
	struct mesh mesh;

	mesh_open(&mesh, 20, &settings, 18);
	uint32_t size = request_write(bytes, MESSAGE_FIND_NODE, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint from = mesh_endpoint_number(rows[i].number);

		from.port = rows[i].port;
		CHECK_ROW(node_receive(mesh.nodes[0], mesh.now, &from, bytes,
				       size, &mesh.outbox) == rows[i].drop,
			  rows[i].sentence);
	}
	outbox_clear(&mesh.outbox);
	mesh_close(&mesh);
}

/* A hint may be anything, and changes nothing. */
static void
test_hints_change_nothing(void)
{
	struct node_settings settings = settings_default();
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];
	struct mesh mesh;
	struct rng rng;

	mesh_open(&mesh, 20, &settings, 19);
	mesh_make_ideal(&mesh);
	rng_init(&rng, 19, 0);
	size_t size = sizeof(struct node);
	struct node *before = mesh_memory(size);
	memcpy(before, mesh.nodes[0], size);
	for (uint32_t i = 0; i < 20000; i++) {
		size_t bytes_size = rng_below(&rng, 40);

		for (size_t j = 0; j < bytes_size; j++)
			bytes[j] = (uint8_t)rng_next(&rng);
		bytes[0] = MESSAGE_VERSION;
		bytes[1] &= 0x87;
		node_prefetch(mesh.nodes[0], (uint32_t)rng_below(&rng, 100),
			      bytes, bytes_size);
	}
	/* Our own place, where no bucket is. */
	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_FIND_NODE, 1);
	message_put_position(&writer,
			     endpoints_position(mesh.parts.endpoints, 0));
	node_prefetch(mesh.nodes[0], 0, bytes, writer.size);
	CHECK(memcmp(before, mesh.nodes[0], size) == 0);
	CHECK(mesh.outbox.item_count == 0);
	free(before);
	mesh_close(&mesh);
}

/* What has no room is lost, as on the way. */
static void
test_full_outbox_and_pool(void)
{
	struct node_settings settings = settings_default();
	struct endpoint one = mesh_endpoint_number(1);
	struct session_key key = mesh_key_number(1);
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];
	struct mesh mesh;

	mesh_open_pools(&mesh, 20, &settings, 20, 2, 5);
	mesh_make_ideal(&mesh);
	mesh.outbox.item_capacity = 4;
	node_leave(mesh.nodes[0], mesh.now, &mesh.outbox);
	CHECK(mesh.outbox.item_count == 4);
	CHECK(node_counters(mesh.nodes[0])->sent == 4);
	node_say_not_mine(mesh.nodes[0], &one, &key, &mesh.outbox);
	CHECK(mesh.outbox.item_count == 4);
	CHECK(node_counters(mesh.nodes[0])->sent == 4);
	outbox_clear(&mesh.outbox);

	/* Three sessions that are not its own: two slots for two events. */
	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_NOT_MINE, 0);
	for (uint32_t i = 0; i < 3; i++) {
		key = mesh_key_number(i);
		message_put_version(&writer, &key, mesh_version_number(i));
	}
	CHECK(node_receive(mesh.nodes[0], mesh.now, &one, bytes, writer.size,
			   &mesh.outbox) == DROP_NONE);
	for (uint32_t i = 0; i < 2; i++) {
		struct node_event event = node_event(mesh.nodes[0]);

		key = mesh_key_number(i);
		CHECK(event.kind == NODE_NOT_MINE && event.peer == 1);
		CHECK(session_equal(&event.key, &key));
		CHECK(event.version.established_ns == i);
	}
	CHECK(node_event(mesh.nodes[0]).kind == NODE_NONE);
	CHECK(lookups_count(mesh.parts.lookups) == 0);
	mesh_close(&mesh);
}

int
main(void)
{
	test_amplification();
	test_noise();
	test_senders_that_cannot_be();
	test_hints_change_nothing();
	test_full_outbox_and_pool();
	return check_done();
}
