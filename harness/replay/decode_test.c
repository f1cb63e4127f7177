/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode_test.c - datagrams made by the core and by the seal, read back
 *
 * Every packet is also decoded from a copy that ends where its memory ends,
 * at every length, so that ASan sees one byte more; and everything that is
 * decoded is printed both ways, JSON being checked by SQLite.
 */
#include "harness/replay/decode.h"
#include "harness/test/test_addresses.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/steer/steer.h"
#include "core/steer/tunnel.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "live/engine/boot.h"
#include "live/engine/seal.h"
#include "sim/model/settings.h"

#define PACKET 2048

static const struct siphash_key hash_key = { { 1, 2, 3 } };

static struct secret secret = {
	.keys = { { .id = 7, .seal = { 1 }, .tag = { { 2 } } },
		  { .id = 4, .seal = { 3 }, .tag = { { 4 } } } },
	.key_count = 2,
};

static size_t
udp(uint8_t family, uint16_t from_port, uint16_t to_port,
    const uint8_t *payload, size_t size, uint8_t out[PACKET])
{
	const struct packet_udp outer = {
		.ip = { .src = test_address_address(family, 1),
			.dst = test_address_address(family, 2),
			.ttl = 64 },
		.src_port = from_port,
		.dst_port = to_port,
		.payload = payload,
		.payload_bytes = size,
	};

	return packet_build_udp(&outer, out, PACKET);
}

static size_t
segment(uint8_t family, uint8_t out[PACKET])
{
	static const uint8_t payload[120] = "hello";
	const struct packet_tcp tcp = {
		.ip = { .src = test_address_address(family, 100),
			.dst = test_address_address(family, 200),
			.ttl = 60,
			.df = true },
		.src_port = 40001,
		.dst_port = 80,
		.seq = 1000,
		.ack = 2000,
		.flags = TCP_ACK | TCP_PSH,
		.window = 500,
		.payload = payload,
		.payload_bytes = sizeof(payload),
	};

	return packet_build_tcp(&tcp, out, PACKET);
}

/* What a server would send to forward that packet. */
static size_t
forward(uint8_t family, const struct siphash_key *tag, uint8_t key_id,
	const uint8_t *inner, size_t size, uint8_t out[PACKET])
{
	static uint64_t memory[4096];
	static uint8_t bytes[PACKET];
	struct steer_settings settings;
	struct outbox_item item;
	struct outbox outbox = {
		.items = &item,
		.item_capacity = 1,
		.bytes = bytes,
		.byte_capacity = sizeof(bytes),
	};
	struct address self = test_address_address(family, 1);
	struct address peer = test_address_address(family, 2);
	struct rng rng;

	steer_settings_default(&settings);
	settings.tag_keys[key_id] = *tag;
	settings.tag_key_valid[key_id] = true;
	settings.tag_key_id = key_id;
	rng_init(&rng, 1, 2);
	CHECK(tunnel_size(4) <= sizeof(memory));
	struct tunnel *tunnel =
		tunnel_init(memory, 4, &settings, &self, &hash_key, &rng);
	uint8_t *room = tunnel_add((uint32_t)size, &outbox);
	CHECK(room != NULL);
	memcpy(room, inner, size);
	struct tunnel_peer known = tunnel_peer(tunnel, &peer);
	tunnel_seal(tunnel, &known, 5, OUTBOX_ANY_UPLINK, &outbox);
	return udp(family, item.source_port, GUE_PORT, bytes, item.size, out);
}

/* The line without its newline; and the JSON is valid. */
static const char *
line_of(const struct decoded *decoded)
{
	static char line[16384], json[65536];
	static sqlite3 *db;
	static sqlite3_stmt *valid;
	FILE *file = fmemopen(line, sizeof(line), "w");

	decode_print(decoded, INT64_C(1500000001), file);
	fclose(file);
	char *end = strchr(line, '\n');
	CHECK(end != NULL && end[1] == '\0');
	if (end != NULL)
		*end = '\0';

	file = fmemopen(json, sizeof(json), "w");
	struct json out = json_begin(file, JSON_SPACED);
	decode_print_json(decoded, 1, -1, &out);
	json_finish(&out);
	fclose(file);
	if (valid == NULL) {
		CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
		CHECK(sqlite3_prepare_v2(db, "SELECT json_valid(?1)", -1,
					 &valid, NULL) == SQLITE_OK);
	}
	sqlite3_bind_text(valid, 1, json, -1, SQLITE_STATIC);
	CHECK(sqlite3_step(valid) == SQLITE_ROW);
	CHECK_ROW(sqlite3_column_int(valid, 0) == 1, json);
	sqlite3_reset(valid);
	return line;
}

/* Decode from memory of that very size. */
static bool
decode_exact(const struct secret *with, const uint8_t *bytes, size_t size,
	     struct decoded *decoded)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	memcpy(copy, bytes, size);
	bool ours = decode_packet(with, copy, size, decoded);
	free(copy);
	if (ours)
		line_of(decoded);
	return ours;
}

static void
cut_everywhere(const struct secret *with, const uint8_t *bytes, size_t size)
{
	static struct decoded decoded;

	for (size_t i = 0; i < size; i++)
		if (decode_exact(with, bytes, i, &decoded))
			CHECK(decoded.size + decoded.missing > 0 &&
			      decoded.size < size && decoded.missing > 0);
	/* All but the last byte of a long packet is still known. */
	CHECK(decode_exact(with, bytes, size - 1, &decoded) &&
	      decoded.missing == 1);
}

static bool
says(const struct decoded *decoded, const char *words)
{
	const char *line = line_of(decoded);

	if (strstr(line, words) == NULL)
		fprintf(stderr, "%s\n", line);
	return strstr(line, words) != NULL;
}

static void
forwards(uint8_t family)
{
	static uint8_t inner[PACKET], bytes[PACKET];
	static struct decoded decoded;
	struct settings simulated;
	size_t inner_size = segment(family, inner);
	size_t size = forward(family, &secret.keys[0].tag, 1, inner, inner_size,
			      bytes);

	settings_default(&simulated);
	CHECK(decode_exact(&secret, bytes, size, &decoded));
	CHECK(decoded.kind == DECODE_GUE && decoded.gue.drop == DROP_NONE);
	CHECK(decoded.gue.variant == 0 && !decoded.gue.control);
	CHECK(decoded.gue.header.hop_count == 1);
	CHECK(decoded.gue.header.key_id == 1);
	CHECK(decoded.gue.tag == DECODE_TAG_OK);
	CHECK(decoded.missing == 0 && decoded.gue.inner_size == inner_size);
	CHECK(says(&decoded, family == 4 ? "1.500000001 10.0.0.1:"
					 : "1.500000001 [2001:db8::1]:"));
	CHECK(says(&decoded, family == 4 ? " proto 4 hop 1 key 1 "
					 : " proto 41 hop 1 key 1 "));
	CHECK(says(&decoded,
		   family == 4 ? "tag ok: 10.0.0.100:40001 > 10.0.0.200:80 tcp "
				 "[PA] seq 1000 ack 2000 len 120"
			       : "tag ok: [2001:db8::64]:40001 > "
				 "[2001:db8::c8]:80 tcp [PA] seq 1000 ack 2000 "
				 "len 120"));
	cut_everywhere(&secret, bytes, size);

	/* 64 bytes inside suffice for the tag, 63 do not. */
	size_t outer = size - inner_size;
	CHECK(decode_exact(&secret, bytes, outer + 64, &decoded) &&
	      decoded.gue.tag == DECODE_TAG_OK);
	CHECK(decode_exact(&secret, bytes, outer + 63, &decoded) &&
	      decoded.gue.tag == DECODE_TAG_UNKNOWN);

	/* The wrong key, no such key, and no secret at all. */
	size = forward(family, &secret.keys[1].tag, 1, inner, inner_size,
		       bytes);
	CHECK(decode_exact(&secret, bytes, size, &decoded) &&
	      decoded.gue.tag == DECODE_TAG_WRONG);
	CHECK(decode_exact(NULL, bytes, size, &decoded) &&
	      decoded.gue.tag == DECODE_TAG_UNKNOWN);
	size = forward(family, &simulated.service.steer.tag_keys[0], 0, inner,
		       inner_size, bytes);
	CHECK(decode_exact(NULL, bytes, size, &decoded) &&
	      decoded.gue.tag == DECODE_TAG_OK);
	CHECK(decode_exact(&secret, bytes, size, &decoded) &&
	      decoded.gue.tag == DECODE_TAG_WRONG);
}

/* Three forwards that the kernel has joined come out as three. */
static void
runs(uint8_t family)
{
	static uint8_t inner[PACKET], one[PACKET], payload[PACKET];
	static uint8_t bytes[PACKET];
	static struct decoded decoded;
	size_t inner_size = segment(family, inner), size = 0;
	const size_t outer = family == 4 ? 28 : 48;

	for (int i = 0; i < 3; i++) {
		size_t whole = forward(family, &secret.keys[0].tag, 1, inner,
				       inner_size, one);

		memcpy(payload + size, one + outer, whole - outer);
		size += whole - outer;
	}
	size = udp(family, 50000, GUE_PORT, payload, size, bytes);
	uint8_t *copy = malloc(size);
	memcpy(copy, bytes, size);
	for (size_t cut = 0; cut <= size; cut++) {
		size_t total = 0, parts = 0;
		bool ours = decode_packet(&secret, copy + cut, 0, &decoded);

		CHECK(!ours);
		ours = decode_packet(&secret, copy, size - cut, &decoded);
		for (; ours; ours = decode_next(&secret, &decoded)) {
			line_of(&decoded);
			total += decoded.size + decoded.missing;
			parts++;
			CHECK(decoded.gue.drop != DROP_NONE ||
			      decoded.gue.tag != DECODE_TAG_WRONG);
		}
		CHECK(parts == 0 || total == size - outer);
		CHECK(cut > 0 || parts == 3);
	}
	free(copy);
}

/* An ICMP error that was forwarded to the session's owner. */
static void
errors(uint8_t family)
{
	static uint8_t data[PACKET], inner[PACKET], bytes[PACKET];
	static struct decoded decoded;
	struct address router = test_address_address(family, 99);
	struct packet packet;
	size_t size = segment(family, data);

	CHECK(packet_parse(data, size, &packet) == DROP_NONE);
	size_t inner_size = packet_build_icmp_too_big(
		&router, 1280, data, &packet, inner, sizeof(inner));
	CHECK(inner_size > 0);
	size = forward(family, &secret.keys[1].tag, 0, inner, inner_size,
		       bytes);
	CHECK(decode_exact(&secret, bytes, size, &decoded));
	CHECK(decoded.gue.tag == DECODE_TAG_OK && decoded.gue.quotes);
	CHECK(says(&decoded, family == 4
				     ? "icmp type 3 code 4 mtu 1280 about "
				       "10.0.0.100:40001 > 10.0.0.200:80 tcp "
				       "seq 1000"
				     : "icmp6 type 2 code 0 mtu 1280 about "));
	cut_everywhere(&secret, bytes, size);
}

static const struct {
	const char *sentence;
	enum drop drop;
	uint32_t size;
	uint8_t bytes[24];
	const char *says;
} strangers[] = {
	{ "nothing", DROP_SHORT, 0, { 0 }, "GUE variant 0: ends inside" },
	{ "another variant", DROP_VERSION, 4, { 0x45 }, "GUE variant 1: " },
	{ "a control message",
	  DROP_PROTOCOL,
	  21,
	  { 0x24, 4, [20] = 0x45 },
	  "control proto 4 hlen 4 flags 0x0000: " },
	{ "something else inside",
	  DROP_PROTOCOL,
	  21,
	  { 4, 47, [20] = 0x45 },
	  "data proto 47 " },
	{ "no private data",
	  DROP_MALFORMED,
	  24,
	  { 0, 4, 0, 0, 0x45 },
	  "hlen 0 flags 0x0000: " },
	{ "a flag",
	  DROP_MALFORMED,
	  21,
	  { 4, 4, 0x80, 0, [20] = 0x45 },
	  "flags 0x8000: " },
	{ "IPv6 inside, but it says 4",
	  DROP_MALFORMED,
	  21,
	  { 4, 4, [20] = 0x60 },
	  "proto 4 hlen 4 flags 0x0000: " },
	{ "a packet inside that ends early",
	  DROP_NONE,
	  21,
	  { 4, 4, 0, 0, 2, 9, [20] = 0x45 },
	  "hop 2 key 9 boot 0 seq 0 tag unknown: 1 bytes: ends inside" },
};

static void
strange_headers_are_said(void)
{
	static uint8_t bytes[PACKET];
	static struct decoded decoded;

	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		size_t size = udp(4, 50000, GUE_PORT, strangers[i].bytes,
				  strangers[i].size, bytes);

		CHECK_ROW(decode_exact(&secret, bytes, size, &decoded) &&
				  decoded.gue.drop == strangers[i].drop,
			  strangers[i].sentence);
		CHECK_ROW(says(&decoded, strangers[i].says),
			  strangers[i].sentence);
	}
}

/* ---- the servers' own datagrams ---- */

static struct message_record
record_of(uint8_t family, bool tombstone)
{
	return (struct message_record){
		.version = { .established_ns = 17, .sequence = 3 },
		.owner = { .address = test_address_address(family, 9),
			   .port = 7000 },
		.ttl_ms = 600000,
		.tombstone = tombstone,
	};
}

/* One message of each kind; returns its size, 0 after the last. */
static size_t
message_make(int kind, uint8_t family, uint8_t out[MESSAGE_MAX],
	     const char **words)
{
	const struct message_header request = { .type = MESSAGE_FIND_VALUE,
						.count = 3,
						.transaction = 42 };
	const struct message_header removal = { .type = MESSAGE_REMOVE,
						.speaks = MESSAGE_VERSION,
						.count = 2,
						.transaction = 42 };
	const struct endpoint contacts[2] = {
		{ test_address_address(4, 5), 7000 },
		{ test_address_address(6, 6), 7001 },
	};
	struct message_record records[2] = { record_of(family, false),
					     record_of(family, true) };
	struct session_key key = test_address_session(family);
	struct message_writer writer;

	switch (kind) {
	case 0:
		message_begin(&writer, out, MESSAGE_MAX, MESSAGE_PING, 42);
		*words = "ping 0x0000002a";
		break;
	case 1:
		message_begin(&writer, out, MESSAGE_MAX, MESSAGE_FIND_NODE, 42);
		message_put_position(&writer, 0x123);
		message_put_position(&writer, 0x456);
		message_pad_for_reply(&writer, 20, family);
		*words = "find_node 0x0000002a 0x0000000000000123; "
			 "0x0000000000000456";
		break;
	case 2:
		message_begin(&writer, out, MESSAGE_MAX, MESSAGE_STORE, 42);
		message_put_store(&writer, &key, &records[0]);
		*words = family == 4
				 ? "store 0x0000002a 10.0.0.100:40001 > "
				   "10.0.0.200:80 owner 10.0.0.9:7000 version "
				   "17/3 ttl 600000"
				 : "store 0x0000002a [2001:db8::64]:40001 > "
				   "[2001:db8::c8]:80 owner [2001:db8::9]:7000 "
				   "version 17/3 ttl 600000";
		break;
	case 3:
		message_begin(&writer, out, MESSAGE_MAX, MESSAGE_NOT_MINE, 42);
		message_put_version(&writer, &key, records[0].version);
		*words = ":80 version 17/3";
		break;
	case 4:
		message_begin_reply(&writer, out, MESSAGE_MAX, &request);
		message_put_contacts(&writer, contacts, 2);
		message_put_records(&writer, records, 2);
		message_put_status(&writer, ITEM_UNANSWERED);
		*words = "find_value reply 0x0000002a contacts 10.0.0.5:7000 "
			 "[2001:db8::6]:7001; records owner";
		break;
	case 5:
		message_begin_reply(&writer, out, MESSAGE_MAX, &removal);
		message_put_stale(&writer, records[0].version);
		message_put_status(&writer, ITEM_FULL);
		*words = "remove reply 0x0000002a stale version 17/3; full";
		break;
	default:
		return 0;
	}
	return writer.size;
}

static void
sealed(uint8_t family, const uint8_t *message, size_t message_size,
       const char *words)
{
	static uint8_t payload[PACKET], bytes[PACKET];
	static struct decoded decoded;
	const struct endpoint self = { test_address_address(family, 1), 7000 };
	const struct endpoint peer = { test_address_address(family, 2), 7000 };
	struct seal *seal = seal_create(&secret, &self, 4, boot_clock());
	struct secret other = secret;

	CHECK(seal != NULL);
	if (seal == NULL)
		return;
	size_t size = seal_close(seal, &peer, message, message_size, payload,
				 sizeof(payload));
	CHECK(size == message_size + MESSAGE_SEAL_BYTES);
	size_t whole = udp(family, 7000, 7000, payload, size, bytes);

	CHECK(decode_exact(&secret, bytes, whole, &decoded));
	CHECK(decoded.kind == DECODE_DHT &&
	      decoded.dht.seal == DECODE_SEAL_OPENED);
	CHECK(decoded.dht.key_id == 7 &&
	      decoded.dht.message_size == message_size &&
	      memcmp(decoded.dht.message, message, message_size) == 0);
	CHECK(says(&decoded, words) && says(&decoded, "DHT key 7 boot 0x"));
	cut_everywhere(&secret, bytes, whole);

	CHECK(decode_exact(NULL, bytes, whole, &decoded) &&
	      decoded.dht.seal == DECODE_SEAL_CLOSED);
	other.keys[0].seal[0] ^= 1;
	CHECK(decode_exact(&other, bytes, whole, &decoded) &&
	      decoded.dht.seal == DECODE_SEAL_REFUSED &&
	      decoded.dht.drop == DROP_TAG);
	other.keys[0].id = 9;
	CHECK(decode_exact(&other, bytes, whole, &decoded) &&
	      decoded.dht.drop == DROP_KEY_ID);
	/* From another port it is another datagram. */
	whole = udp(family, 7001, 7000, payload, size, bytes);
	CHECK(decode_exact(&secret, bytes, whole, &decoded) &&
	      decoded.dht.drop == DROP_TAG);
	seal_destroy(seal);
}

/* What a peer answers to a boot id that is below one that it knows. */
static void
refused(uint8_t family)
{
	static uint8_t payload[PACKET], bytes[PACKET], out[PACKET];
	static struct decoded decoded;
	const struct endpoint self = { test_address_address(family, 1), 7000 };
	const struct endpoint peer = { test_address_address(family, 2), 7000 };
	struct seal *knows = seal_create(&secret, &self, 4, 5);
	struct seal_opened opened;
	size_t size = 0;

	for (uint64_t i = 0; i < 2; i++) {
		struct seal *life =
			seal_create(&secret, &peer, 4, 0x20 - 0x10 * i);

		size = seal_close(life, &self, (const uint8_t *)"12345678", 8,
				  payload, sizeof(payload));
		CHECK(seal_open(knows, &peer, payload, size, out, sizeof(out),
				&opened) == (i == 0 ? DROP_NONE : DROP_REPLAY));
		seal_destroy(life);
	}
	size_t refusal = seal_refuse(knows, (struct instant){ 0 }, &peer,
				     payload, size, out, sizeof(out));
	CHECK(refusal > 0);
	size = udp(family, 7000, 7000, out, refusal, bytes);
	CHECK(decode_exact(NULL, bytes, size, &decoded));
	CHECK(decoded.dht.refusal && decoded.dht.boot == 0x20 &&
	      decoded.dht.sequence == 1);
	CHECK(says(&decoded, "boot 0x0000000000000020 seq 1 refusal closed"));
	CHECK(decode_exact(&secret, bytes, size, &decoded));
	CHECK(decoded.dht.seal == DECODE_SEAL_OPENED);
	CHECK(says(&decoded, "refusal opened: of boot 0x0000000000000010"));
	cut_everywhere(&secret, bytes, size);
	seal_destroy(knows);
}

static void
plain(uint8_t family, const uint8_t *message, size_t message_size,
      const char *words)
{
	static uint8_t payload[PACKET], bytes[PACKET];
	static struct decoded decoded;

	memset(payload, 0, sizeof(payload));
	memcpy(payload, message, message_size);
	size_t size = udp(family, 7000, 7000, payload,
			  message_size + MESSAGE_SEAL_BYTES, bytes);
	CHECK(decode_exact(NULL, bytes, size, &decoded));
	CHECK(decoded.dht.seal == DECODE_SEAL_PLAIN);
	CHECK(says(&decoded, words) && says(&decoded, "DHT plain: "));
	cut_everywhere(NULL, bytes, size);
}

static void
messages(uint8_t family)
{
	static uint8_t message[MESSAGE_MAX];
	const char *words = NULL;
	size_t size;

	for (int kind = 0;
	     (size = message_make(kind, family, message, &words)) > 0; kind++) {
		plain(family, message, size, words);
		sealed(family, message, size, words);
	}
}

static void
others_are_not_ours(void)
{
	static uint8_t bytes[PACKET];
	static struct decoded decoded;
	const uint8_t payload[100] = { 1, 1 };

	CHECK(!decode_exact(NULL, bytes, segment(4, bytes), &decoded));
	CHECK(!decode_exact(NULL, bytes,
			    udp(4, 7000, 7002, payload, 100, bytes), &decoded));
	CHECK(!decode_exact(NULL, bytes, 0, &decoded));
	/* A later fragment has no ports. */
	size_t size = udp(4, 7000, 7000, payload, 100, bytes);
	bytes[7] = 8;
	CHECK(!decode_exact(NULL, bytes, size, &decoded));
	/* A first fragment has, and says what is missing. */
	bytes[6] = 0x20;
	bytes[7] = 0;
	wire_put16(bytes + 2, (uint16_t)(size - 20));
	CHECK(decode_exact(&secret, bytes, size - 20, &decoded) &&
	      decoded.missing == 20 && decoded.dht.seal == DECODE_SEAL_CLOSED);
}

/* Any bytes behind a right UDP header. */
static void
noise(void)
{
	static uint8_t payload[256], bytes[PACKET];
	static struct decoded decoded;
	struct rng rng;

	rng_init(&rng, 4, 1);
	for (int turn = 0; turn < 20000; turn++) {
		size_t size = rng_below(&rng, sizeof(payload));
		uint16_t port = turn % 2 == 0 ? GUE_PORT : DECODE_DHT_PORT;

		for (size_t i = 0; i < size; i++)
			payload[i] = (uint8_t)rng_next(&rng);
		if (turn % 4 < 2 && size >= MESSAGE_SEAL_BYTES)
			memset(payload + size - MESSAGE_SEAL_BYTES, 0,
			       MESSAGE_SEAL_BYTES);
		payload[0] =
			(uint8_t)(turn % 2 == 0 ? GUE_HLEN : MESSAGE_VERSION);
		payload[1] = (uint8_t)rng_below(&rng, 8);
		payload[3] = (uint8_t)rng_below(&rng, 3);
		size = udp(turn % 8 < 4 ? 4 : 6, 7000, port, payload, size,
			   bytes);
		CHECK(decode_exact(turn % 16 < 8 ? &secret : NULL, bytes, size,
				   &decoded));
	}
}

int
main(void)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		forwards(family);
		runs(family);
		errors(family);
		messages(family);
		refused(family);
	}
	strange_headers_are_said();
	others_are_not_ours();
	noise();
	return check_done();
}
