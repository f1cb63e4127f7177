/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stage.h - three servers on a stage, for the tests of steer
 *
 * Included by tests only. The node is played: the verbs of node.h that steer
 * calls are defined here, note what they were asked and do nothing, so that
 * the test decides when an answer comes and what it says. (The linker then
 * takes no node.o from the library.)
 *
 *	client -> service address, at server A (the stray); B and C are owners
 *
 * stage_outcome() spells what the outbox holds, one letter an item, after
 * checking the item's bytes:
 *	b c	forwarded to B or C, which opened it: a packet that was put in
 *	B C	the same for the second time: a duplicate, refused as such
 *	D	for our own stack: a packet that was put in
 *	R	a RST from the service to the client, fit for the last segment
 *	T	packet too big, from the service to the client
 * Echoes by which A asks whether an owner lives are kept and not spelled.
 * Packets that were put in come out in order, or '!' says that they do not.
 */
#ifndef CORE_TEST_STAGE_H
#define CORE_TEST_STAGE_H

#include <errno.h>
#include <string.h>

#include "core/steer/steer.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/gue.h"
#include "core/wire/icmp.h"
#include "core/wire/tcp.h"

#define STAGE_PACKET 2048
#define STAGE_LOG    600
/* Made empty for each stage: who plays thousands a second has less. */
#ifndef STAGE_SKETCH_BYTES
#define STAGE_SKETCH_BYTES 65536
#endif

/* Flows of each steer. */
#ifndef STAGE_FLOWS
#define STAGE_FLOWS 100
#endif

struct node {
	uint32_t self;
	bool busy; /* node_get() answers -EAGAIN */
	uint32_t gets;
	node_ticket ticket; /* of the last get */
	struct session_key key;
	uint32_t excluded[8], excluded_count;
	uint8_t avoid_uplink;
	enum node_asker asker;
	uint32_t half_opens, sets, removes, refusals, doubts;
	struct endpoint refused;
	bool glance; /* the last get was one */
	uint32_t pings;
	struct address pinged; /* last */
	uint32_t contacts[4], contact_count;
};

struct packet_log {
	uint32_t size;
	uint8_t bytes[STAGE_PACKET];
};

struct stage {
	uint8_t family;
	struct instant now;
	struct steer_settings settings;
	struct steer_service service;
	struct address client, servers[3];
	struct endpoints *endpoints;
	struct node nodes[3];
	struct hold *held;
	struct steer *steers[3];
	struct outbox outbox;
	uint32_t sent; /* packets put in */
	uint32_t mtu_bytes; /* named by the last T */
	uint32_t avoided; /* forwards that avoid an uplink */
	uint16_t client_port;
	uint8_t uplink;
	uint8_t echo[128]; /* the last to a server */
	size_t echo_bytes;
	uint32_t echoes;
	uint8_t routers_echo[128]; /* the last to anybody else; 0: none */
	size_t routers_echo_bytes;
	uint32_t forwarded_to; /* the last */
};

static struct packet_log stage_log[STAGE_LOG];
static uint64_t stage_endpoints[4096], stage_held[1 << 15];
static uint64_t stage_steers[3][(1 << 16) + (size_t)STAGE_FLOWS * 64];
static struct outbox_item stage_items[1024];
static uint8_t stage_bytes[1 << 20];

int
node_get(struct node *node, struct instant now, const struct session_key *key,
	 enum node_asker asker, const uint32_t *exclude, uint32_t exclude_count,
	 uint8_t avoid_uplink, node_ticket *ticket, struct outbox *outbox)
{
	(void)now;
	(void)outbox;
	if (node->busy)
		return -EAGAIN;
	node->gets++;
	node->glance = false;
	node->key = *key;
	node->asker = asker;
	node->avoid_uplink = avoid_uplink;
	node->excluded_count = exclude_count;
	for (uint32_t i = 0; i < exclude_count && i < 8; i++)
		node->excluded[i] = exclude[i];
	*ticket = ++node->ticket;
	return 0;
}

int
node_glance(struct node *node, struct instant now,
	    const struct session_key *key, enum node_asker asker,
	    const uint32_t *exclude, uint32_t exclude_count,
	    uint8_t avoid_uplink, node_ticket *ticket, struct outbox *outbox)
{
	int error = node_get(node, now, key, asker, exclude, exclude_count,
			     avoid_uplink, ticket, outbox);

	node->glance = error == 0;
	return error;
}

int
node_set(struct node *node, struct instant now, const struct session_key *key,
	 struct version version, struct outbox *outbox)
{
	(void)now;
	(void)version;
	(void)outbox;
	node->key = *key;
	node->sets++;
	return 0;
}

int
node_set_half_open(struct node *node, struct instant now,
		   const struct session_key *key, struct version version,
		   struct outbox *outbox)
{
	(void)now;
	(void)version;
	(void)outbox;
	node->key = *key;
	node->half_opens++;
	return 0;
}

bool
node_owns(const struct node *node, const struct session_key *key,
	  struct version *version)
{
	(void)version;
	return (node->sets > 0 || node->half_opens > 0) &&
	       session_equal(&node->key, key);
}

uint32_t
node_half_open_count(const struct node *node)
{
	return node->half_opens;
}

int
node_remove(struct node *node, struct instant now,
	    const struct session_key *key, struct outbox *outbox)
{
	(void)now;
	(void)outbox;
	node->key = *key;
	node->removes++;
	return 0;
}

void
node_say_not_mine(struct node *node, const struct endpoint *peer,
		  const struct session_key *key, struct outbox *outbox)
{
	(void)outbox;
	node->key = *key;
	node->refused = *peer;
	node->refusals++;
}

void
node_say_doubt(struct node *node, const struct endpoint *peer,
	       const struct session_key *key, struct version version,
	       struct outbox *outbox)
{
	(void)version;
	(void)outbox;
	node->key = *key;
	node->refused = *peer;
	node->doubts++;
}

void
node_ping(struct node *node, const struct endpoint *peer, struct outbox *outbox)
{
	(void)outbox;
	node->pinged = peer->address;
	node->pings++;
}

uint32_t
node_contacts(const struct node *node, uint32_t *indices, uint32_t capacity)
{
	uint32_t count =
		node->contact_count < capacity ? node->contact_count : capacity;

	memcpy(indices, node->contacts, count * sizeof(*indices));
	return count;
}

uint32_t
node_self(const struct node *node)
{
	return node->self;
}

/* 10.0.0.x, 20.1.0.x, 192.168.0.x or 2001:db8:x::x. */
static inline struct address
stage_address(uint8_t family, uint8_t net, uint8_t host)
{
	const uint8_t ip4[4] = { net, 0, 0, host };
	const uint8_t ip6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, net, [15] = host };

	return family == 4 ? address_ip4(ip4) : address_ip6(ip6);
}

static const struct steer_limits stage_limits = {
	.flows = STAGE_FLOWS,
	.fragments = 8,
	.prefixes = 16,
	.peers = 4,
	.sketch_bytes = STAGE_SKETCH_BYTES,
};

static inline void
stage_start(struct stage *stage, uint32_t server, uint64_t seed)
{
	CHECK(steer_size(&stage_limits) <= sizeof(stage_steers[server]));
	stage->steers[server] = steer_init(
		stage_steers[server], &stage_limits, &stage->settings,
		&stage->nodes[server], stage->endpoints, stage->held, seed);
}

/* Settings may be changed afterwards: they are borrowed. */
static inline void
stage_init(struct stage *stage, uint8_t family)
{
	static const struct siphash_key placement = { { 1 } };

	*stage = (struct stage){
		.family = family,
		.now = { .ns = 5 * NS_PER_S },
		.client = stage_address(family, 20, 1),
		.service = { stage_address(family, 192, 1), 80 },
		.outbox = { .items = stage_items,
			    .item_capacity = 1024,
			    .bytes = stage_bytes,
			    .byte_capacity = sizeof(stage_bytes) },
		.client_port = 40000,
		.uplink = 1,
	};
	steer_settings_default(&stage->settings);
	stage->settings.services = &stage->service;
	stage->settings.service_count = 1;
	stage->settings.tag_keys[0].bytes[5] = 77;
	stage->settings.tag_keys[1].bytes[5] = 78;
	stage->settings.tag_key_valid[0] = true;
	stage->settings.hold_bytes = 64 << 10;
	stage->endpoints = endpoints_init(stage_endpoints, 64, &placement);
	stage->held = hold_init(stage_held, sizeof(stage_held) - 256);
	for (uint32_t i = 0; i < 3; i++) {
		stage->servers[i] = stage_address(family, 10, (uint8_t)(i + 1));
		struct endpoint endpoint = { stage->servers[i], 7000 };
		stage->nodes[i].self =
			endpoints_intern(stage->endpoints, &endpoint);
		stage_start(stage, i, 100 + i);
	}
}

static inline struct session_key
stage_key(const struct stage *stage)
{
	struct session_key key = { .family = stage->family, .protocol = 6 };

	memcpy(key.client, stage->client.bytes, 16);
	memcpy(key.service, stage->service.address.bytes, 16);
	wire_put16(key.client_port, stage->client_port);
	wire_put16(key.service_port, stage->service.port);
	return key;
}

/* A segment from the client; its payload is numbered, so that no two are
 * alike. */
static inline size_t
stage_tcp(struct stage *stage, uint8_t flags, size_t payload_bytes, bool df,
	  uint8_t *out)
{
	uint8_t payload[STAGE_PACKET];
	struct packet_tcp tcp = {
		.ip = { .src = stage->client,
			.dst = stage->service.address,
			.ttl = 60,
			.id = (uint16_t)stage->sent,
			.df = df },
		.src_port = stage->client_port,
		.dst_port = 80,
		.seq = 1000 + stage->sent,
		.ack = (flags & TCP_ACK) != 0 ? 2000 : 0,
		.flags = flags,
		.window = 1000,
		.payload = payload,
		.payload_bytes = payload_bytes,
	};

	for (size_t i = 0; i < payload_bytes; i++)
		payload[i] = (uint8_t)(i + stage->sent);
	size_t size = packet_build_tcp(&tcp, out, STAGE_PACKET);
	CHECK(size > 0);
	return size;
}

/* An ICMP error about a segment from the service to the client. */
static inline size_t
stage_icmp(struct stage *stage, enum packet_error error, uint32_t mtu_bytes,
	   uint8_t *out)
{
	struct packet_tcp tcp = {
		.ip = { .src = stage->service.address,
			.dst = stage->client,
			.ttl = 60,
			.id = (uint16_t)stage->sent,
			.df = true },
		.src_port = 80,
		.dst_port = stage->client_port,
		.seq = 2000,
		.ack = 1000,
		.flags = TCP_ACK,
		.payload_bytes = 1000,
	};
	static const uint8_t zeros[1000];
	struct address router = stage_address(stage->family, 30, 1);
	uint8_t bytes[STAGE_PACKET];
	struct packet packet;

	tcp.payload = zeros;
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	size = packet_build_icmp_error(error, &router, mtu_bytes, bytes,
				       &packet, out, STAGE_PACKET);
	CHECK(size > 0);
	return size;
}

/* Cut an ICMP error so that its quote has quote_bytes behind the inner IP
 * header. (Checksums break; steer does not look at them.) */
static inline size_t
stage_cut_quote(const struct stage *stage, uint8_t *bytes, size_t quote_bytes)
{
	size_t header = stage->family == 4 ? 20 : 40;
	size_t size = header + 8 + header + quote_bytes;

	if (stage->family == 4)
		wire_put16(bytes + 2, (uint16_t)size);
	else
		wire_put16(bytes + 4, (uint16_t)(size - 40));
	return size;
}

/* Put a packet in at A. */
static inline struct steer_result
stage_put(struct stage *stage, const uint8_t *bytes, size_t size, bool known)
{
	struct packet_log *entry = &stage_log[stage->sent % STAGE_LOG];
	struct classification classification;

	/* Without link padding, as it must come out. */
	steer_classify(stage->steers[0], bytes, size, &classification);
	entry->size = classification.drop == DROP_NONE
			      ? classification.packet.size_bytes
			      : (uint32_t)size;
	memcpy(entry->bytes, bytes, entry->size);
	stage->sent++;
	return steer_packet(stage->steers[0], stage->now, &classification,
			    bytes, known, stage->uplink, &stage->outbox);
}

static inline struct steer_result
stage_put_tcp(struct stage *stage, uint8_t flags)
{
	uint8_t bytes[STAGE_PACKET];

	return stage_put(stage, bytes,
			 stage_tcp(stage, flags, 100, true, bytes), false);
}

/* What A's node learned from the last get. owners: "b", "bc", "a" ... */
static inline void
stage_found(struct stage *stage, const char *owners)
{
	struct node_event event = {
		.kind = NODE_FOUND,
		.key = stage->nodes[0].key,
		.ticket = stage->nodes[0].ticket,
	};

	for (; *owners != 0; owners++) {
		event.records[event.record_count] = (struct record){
			.owner = stage->nodes[*owners - 'a'].self,
			.version = { 10 - event.record_count, 0 },
		};
		event.record_count++;
	}
	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
}

static inline void
stage_missed(struct stage *stage)
{
	struct node_event event = {
		.kind = NODE_MISSED,
		.key = stage->nodes[0].key,
		.ticket = stage->nodes[0].ticket,
		.ok = true,
	};

	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
}

/* Some of A's peers answered, but not the replicas. */
static inline void
stage_doubtful(struct stage *stage)
{
	struct node_event event = {
		.kind = NODE_MISSED,
		.key = stage->nodes[0].key,
		.ticket = stage->nodes[0].ticket,
		.hops = 2,
		.queries = 9,
	};

	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
}

static inline void
stage_not_mine(struct stage *stage, uint32_t server)
{
	struct node_event event = {
		.kind = NODE_NOT_MINE,
		.key = stage_key(stage),
		.peer = stage->nodes[server].self,
	};

	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
}

/* That server's socket, of version `version_ns`, doubts what it was sent. */
static inline void
stage_doubts(struct stage *stage, uint32_t server, int64_t version_ns)
{
	struct node_event event = {
		.kind = NODE_DOUBT,
		.key = stage_key(stage),
		.peer = stage->nodes[server].self,
		.version = { version_ns, 0 },
	};

	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
}

/* Let time pass to A's next deadline, if there is one. */
static inline bool
stage_next(struct stage *stage)
{
	struct instant due = steer_deadline(stage->steers[0]);

	if (due.ns == INSTANT_NEVER.ns)
		return false;
	if (instant_before(stage->now, due))
		stage->now = due;
	steer_expire(stage->steers[0], stage->now, &stage->outbox);
	return true;
}

/* Every lookup misses at once, until nothing is left to wait for. */
static inline void
stage_miss_all(struct stage *stage)
{
	uint32_t gets = stage->nodes[0].gets;

	stage_missed(stage);
	while (stage_next(stage)) {
		if (stage->nodes[0].gets != gets)
			stage_missed(stage);
		gets = stage->nodes[0].gets;
	}
}

/* Which packet was it? They come out in the order they went in. */
static inline bool
stage_is_next(const struct stage *stage, uint32_t *next, const uint8_t *bytes,
	      size_t size)
{
	for (uint32_t i = *next; i < stage->sent; i++) {
		const struct packet_log *entry = &stage_log[i % STAGE_LOG];
		if (entry->size == size &&
		    memcmp(entry->bytes, bytes, size) == 0) {
			*next = i + 1;
			return true;
		}
	}
	return false;
}

static inline char
stage_forward(struct stage *stage, const struct outbox_item *item,
	      const uint8_t *bytes, uint32_t *next)
{
	struct endpoint from = { stage->servers[0], item->source_port };
	const uint8_t *inner;
	struct classification classification;
	uint32_t server = 1;

	if (item->to.port != stage->settings.gue_port ||
	    item->source_port < 49152)
		return '!';
	while (server < 3 &&
	       !address_equal(&stage->servers[server], &item->to.address))
		server++;
	if (server == 3)
		return '?';
	stage->avoided += item->avoid_uplink != OUTBOX_ANY_UPLINK;
	enum drop drop = steer_decapsulate(stage->steers[server], stage->now,
					   &from, &item->to.address, bytes,
					   item->size, &inner, &classification);
	if (drop == DROP_REPLAY)
		return (char)('A' + server);
	/* A copy to another server. */
	if (*next > 0 && stage->forwarded_to != server)
		(*next)--;
	stage->forwarded_to = server;
	struct session_key expected = stage_key(stage);
	if (drop != DROP_NONE ||
	    !session_equal(&classification.key, &expected) ||
	    !stage_is_next(stage, next, inner,
			   classification.packet.size_bytes))
		return '!';
	return (char)('a' + server);
}

static inline char
stage_answer(struct stage *stage, const uint8_t *bytes, size_t size)
{
	struct packet packet, quote;

	if (packet_parse(bytes, size, &packet) != DROP_NONE ||
	    !packet_checksum_ok(bytes, &packet))
		return '!';
	if (packet.transport && packet.protocol != IP_TCP &&
	    packet.icmp_type == icmp_echo_type(stage->family, false)) {
		bool server = address_equal(&packet.dst, &stage->servers[1]) ||
			      address_equal(&packet.dst, &stage->servers[2]);

		stage->echoes += server;
		memcpy(server ? stage->echo : stage->routers_echo, bytes, size);
		*(server ? &stage->echo_bytes : &stage->routers_echo_bytes) =
			size;
		return address_equal(&packet.src, &stage->servers[0]) ? 'E'
								      : '!';
	}
	if (!address_equal(&packet.src, &stage->service.address) ||
	    !address_equal(&packet.dst, &stage->client))
		return '!';
	if (packet.icmp_error) {
		stage->mtu_bytes = packet.icmp_mtu;
		return packet_parse_quote(bytes + packet.quote_offset,
					  packet.quote_bytes,
					  &quote) == DROP_NONE &&
				       address_equal(&quote.src, &packet.dst) &&
				       icmp_is_too_big(packet.family,
						       packet.icmp_type,
						       packet.icmp_code)
			       ? 'T'
			       : '!';
	}
	if (packet.protocol != IP_TCP || (packet.tcp_flags & TCP_RST) == 0 ||
	    packet.src_port != 80 || packet.dst_port != stage->client_port)
		return '!';
	/* RFC 9293, 3.10.7.1: the numbers of what it answers. */
	if ((packet.tcp_flags & TCP_ACK) == 0)
		return packet.tcp_seq == 2000 ? 'R' : '!';
	return packet.tcp_ack > 1000 ? 'R' : '!';
}

/* Spell the outbox, and empty it. */
static inline const char *
stage_outcome(struct stage *stage)
{
	static char letters[1025];
	struct outbox *outbox = &stage->outbox;
	uint32_t next = 0, count = 0;

	for (uint32_t i = 0; i < outbox->item_count; i++) {
		const struct outbox_item *item = &outbox->items[i];
		const uint8_t *bytes = outbox->bytes + item->offset;
		char letter = '?';
		if (item->kind == OUTBOX_FORWARD)
			letter = stage_forward(stage, item, bytes, &next);
		else if (item->kind == OUTBOX_PACKET)
			letter = stage_answer(stage, bytes, item->size);
		else if (item->kind == OUTBOX_DELIVER)
			letter = stage_is_next(stage, &next, bytes, item->size)
					 ? 'D'
					 : '!';
		if (letter != 'E')
			letters[count++] = letter;
	}
	letters[count] = 0;
	outbox_clear(outbox);
	return letters;
}

/* Is that what the outbox holds? It is empty afterwards. */
static inline bool
stage_spells(struct stage *stage, const char *expected)
{
	const char *outcome = stage_outcome(stage);

	if (strcmp(outcome, expected) == 0)
		return true;
	fprintf(stderr, "'%s', not '%s'\n", outcome, expected);
	return false;
}

/* What A has counted. */
static inline const struct steer_counters *
stage_counters(const struct stage *stage)
{
	return steer_counters(stage->steers[0]);
}

/* Stories, each from the beginning, for IPv4 and IPv6. */
static inline void
stage_play(void (*const *stories)(struct stage *), size_t count)
{
	static struct stage stage;

	for (size_t i = 0; i < count; i++) {
		for (uint8_t family = 4; family <= 6; family += 2) {
			stage_init(&stage, family);
			stories[i](&stage);
		}
	}
}

#endif
