/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tunnel_test.c - the owner's side: what is let out of the tunnel
 */
#include "core/steer/tunnel.h"

#include "core/antireplay.h"
#include "core/test/collision.h"
#include "core/test/stage.h"

/* One forward from A to B, not yet opened. */
struct datagram {
	struct endpoint from;
	struct address to;
	uint8_t bytes[STAGE_PACKET];
	size_t size;
};

static void
take(struct stage *stage, struct datagram *datagram)
{
	const struct outbox_item *item = &stage->outbox.items[0];

	CHECK(stage->outbox.item_count == 1);
	CHECK(item->kind == OUTBOX_FORWARD && item->size <= STAGE_PACKET);
	datagram->from =
		(struct endpoint){ stage->servers[0], item->source_port };
	datagram->to = item->to.address;
	datagram->size = item->size;
	memcpy(datagram->bytes, stage->outbox.bytes + item->offset, item->size);
	outbox_clear(&stage->outbox);
}

static enum drop
open_at(struct stage *stage, uint32_t server, const struct datagram *datagram)
{
	const uint8_t *inner = NULL;
	struct session_key expected = stage_key(stage);
	struct classification classification;
	enum drop drop = steer_decapsulate(stage->steers[server], stage->now,
					   &datagram->from, &datagram->to,
					   datagram->bytes, datagram->size,
					   &inner, &classification);

	if (drop == DROP_NONE) {
		CHECK(inner == datagram->bytes + GUE_HEADER_BYTES);
		struct packet packet;
		CHECK(packet_parse(inner, classification.packet.size_bytes,
				   &packet) == DROP_NONE);
		CHECK(memcmp(&packet, &classification.packet, sizeof(packet)) ==
		      0);
		CHECK(classification.has_key);
		CHECK(session_equal(&classification.key, &expected));
	}
	return drop;
}

static void
send(struct stage *stage, struct datagram *datagram)
{
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	take(stage, datagram);
}

static void
setup(struct stage *stage, uint8_t family, struct datagram *datagram)
{
	stage_init(stage, family);
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	take(stage, datagram);
}

/* Every byte of the header, the addresses, and the first 64 bytes inside are
 * under the tag or have a check of their own. */
static void
forgery(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram, forged;

	setup(&stage, family, &datagram);
	for (size_t i = 0; i < GUE_HEADER_BYTES + 64; i++) {
		for (int bit = 0; bit < 8; bit++) {
			forged = datagram;
			forged.bytes[i] ^= (uint8_t)(1 << bit);
			CHECK(open_at(&stage, 1, &forged) != DROP_NONE);
		}
	}
	forged = datagram;
	forged.from.address.bytes[3] ^= 1;
	CHECK(open_at(&stage, 1, &forged) == DROP_TAG);
	forged = datagram;
	forged.to = stage.servers[2];
	CHECK(open_at(&stage, 2, &forged) == DROP_TAG);
	/* The source port is the network's to change. */
	forged = datagram;
	forged.from.port++;
	CHECK(open_at(&stage, 1, &forged) == DROP_NONE);
	CHECK(open_at(&stage, 1, &datagram) == DROP_REPLAY);
	for (size_t size = 0; size < datagram.size; size++) {
		forged = datagram;
		forged.size = size;
		CHECK(open_at(&stage, 1, &forged) != DROP_NONE);
	}
}

static void
reasons(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram, odd;

	setup(&stage, family, &datagram);
	odd = datagram;
	odd.bytes[0] |= 0x40;
	CHECK(open_at(&stage, 1, &odd) == DROP_VERSION);
	odd = datagram;
	odd.bytes[4] = 2;
	CHECK(open_at(&stage, 1, &odd) == DROP_HOP_COUNT);
	odd.bytes[4] = 0;
	CHECK(open_at(&stage, 1, &odd) == DROP_HOP_COUNT);
	odd = datagram;
	odd.bytes[5] = 1;
	CHECK(open_at(&stage, 1, &odd) == DROP_KEY_ID);
	odd.bytes[5] = 200;
	CHECK(open_at(&stage, 1, &odd) == DROP_KEY_ID);
	odd = datagram;
	odd.bytes[19] ^= 1;
	CHECK(open_at(&stage, 1, &odd) == DROP_TAG);
	CHECK(open_at(&stage, 1, &datagram) == DROP_NONE);

	const uint64_t *drops = steer_counters(stage.steers[1])->drops;
	CHECK(drops[DROP_VERSION] == 1 && drops[DROP_HOP_COUNT] == 2 &&
	      drops[DROP_KEY_ID] == 2 && drops[DROP_TAG] == 1);
	CHECK(steer_counters(stage.steers[1])->decapsulated == 1);
}

/* The tag key rotates: receivers learn the new one, senders use it, then the
 * old one goes. */
static void
rotation(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram;

	setup(&stage, family, &datagram);
	stage.settings.tag_key_valid[1] = true;
	CHECK(open_at(&stage, 1, &datagram) == DROP_NONE);
	stage.settings.tag_key_id = 1;
	send(&stage, &datagram);
	CHECK(datagram.bytes[5] == 1);
	CHECK(open_at(&stage, 1, &datagram) == DROP_NONE);
	stage.settings.tag_key_valid[0] = false;
	datagram.bytes[5] = 0;
	CHECK(open_at(&stage, 1, &datagram) == DROP_KEY_ID);
}

/* A sender that restarts is heard at once, reordering is not a replay, and
 * the stream before is not heard twice. */
static void
restart(uint8_t family)
{
	static struct stage stage;
	static struct datagram old[3], new;

	setup(&stage, family, &old[0]);
	send(&stage, &old[1]);
	send(&stage, &old[2]);
	CHECK(open_at(&stage, 1, &old[2]) == DROP_NONE);
	CHECK(open_at(&stage, 1, &old[0]) == DROP_NONE);
	CHECK(open_at(&stage, 1, &old[0]) == DROP_REPLAY);
	stage_start(&stage, 0, 999);
	stage_put_tcp(&stage, TCP_ACK);
	stage_found(&stage, "b");
	take(&stage, &new);
	CHECK(open_at(&stage, 1, &new) == DROP_NONE);
	CHECK(open_at(&stage, 1, &new) == DROP_REPLAY);
	CHECK(open_at(&stage, 1, &old[1]) == DROP_NONE);
	CHECK(open_at(&stage, 1, &old[1]) == DROP_REPLAY);
	CHECK(open_at(&stage, 1, &old[2]) == DROP_REPLAY);
	/* 65 packets overtake one. */
	send(&stage, &old[0]);
	for (int i = 0; i < 64; i++) {
		send(&stage, &new);
		CHECK(open_at(&stage, 1, &new) == DROP_NONE);
	}
	CHECK(open_at(&stage, 1, &old[0]) == DROP_REPLAY);
}

/* More peers than the table has room for: the one longest unused begins a
 * new stream, and is heard all the same. */
static void
many_peers(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram;
	static uint64_t memory[1024], receivers[9][1024];
	static const struct siphash_key hash = { { 1 } };
	struct tunnel *opens[9];
	const uint8_t *inner;
	struct rng rng;
	size_t size;
	uint8_t *at;

	setup(&stage, family, &datagram);
	rng_init(&rng, 3, 0);
	CHECK(tunnel_size(3) <= sizeof(memory));
	struct tunnel *tunnel = tunnel_init(memory, 3, &stage.settings,
					    &stage.servers[0], &hash, &rng);
	for (uint8_t i = 0; i < 9; i++) {
		struct address address = stage_address(family, 11, i);

		opens[i] = tunnel_init(receivers[i], 3, &stage.settings,
				       &address, &hash, &rng);
	}
	for (int round = 0; round < 4; round++) {
		for (uint8_t i = 0; i < 9; i++) {
			struct address address = stage_address(family, 11, i);
			struct tunnel_peer peer = tunnel_peer(tunnel, &address);
			at = tunnel_add(60, &stage.outbox);
			CHECK(at != NULL);
			memcpy(at, datagram.bytes + GUE_HEADER_BYTES, 60);
			tunnel_seal(tunnel, &peer, 77, OUTBOX_ANY_UPLINK,
				    &stage.outbox);
			CHECK(stage.outbox.items[0].source_port == 49152 + 77);
			CHECK(tunnel_receive(opens[i], &stage.servers[0],
					     &address, stage.outbox.bytes,
					     60 + GUE_HEADER_BYTES, &inner,
					     &size) == DROP_NONE);
			CHECK(size == 60);
			outbox_clear(&stage.outbox);
		}
	}
	CHECK(tunnel_add(tunnel_inner_max() + 1, &stage.outbox) == NULL);
	CHECK(tunnel_add(tunnel_inner_max(), &stage.outbox) != NULL);
}

/* A full table forgets the peer longest unused: not one that we just sent to,
 * which goes on in its stream. */
static void
used_peer_stays(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram;
	static uint64_t memory[1024];
	static const struct siphash_key hash = { { 1 } };
	static const uint8_t order[] = { 0, 1, 2, 0, 3, 0, 1 };
	static const uint32_t sequences[] = { 1, 1, 1, 2, 1, 3, 1 };
	struct gue_header gue = { 0 };
	struct rng rng;

	setup(&stage, family, &datagram);
	rng_init(&rng, 9, 0);
	struct tunnel *tunnel = tunnel_init(memory, 3, &stage.settings,
					    &stage.servers[0], &hash, &rng);
	for (size_t i = 0; i < sizeof(order); i++) {
		struct address address = stage_address(family, 11, order[i]);
		struct tunnel_peer peer = tunnel_peer(tunnel, &address);
		uint8_t *at = tunnel_add(60, &stage.outbox);
		memcpy(at, datagram.bytes + GUE_HEADER_BYTES, 60);
		tunnel_seal(tunnel, &peer, 77, OUTBOX_ANY_UPLINK,
			    &stage.outbox);
		struct cursor cursor =
			cursor_over(stage.outbox.bytes, 60 + GUE_HEADER_BYTES);
		CHECK(gue_parse(&cursor, &gue) == DROP_NONE);
		CHECK(gue.sequence == sequences[i]);
		outbox_clear(&stage.outbox);
	}
}

/* What tunnel.c hashes: family 1, address 16. */
static void
address_make(uint32_t i, uint8_t *bytes)
{
	bytes[0] = 6;
	memcpy(bytes + 1, &i, sizeof(i));
}

/* Two peers of one hash have each their own route and path MTU. */
static void
equal_hashes(uint8_t family)
{
	static struct stage stage;
	static uint64_t memory[1024];
	static const struct siphash_key hash = { { 1 } };
	struct collision pair = collision_find(&hash, address_make, 17);
	uint8_t bytes[2][17] = { { 0 }, { 0 } };
	struct rng rng;

	stage_init(&stage, family);
	rng_init(&rng, 5, 0);
	struct tunnel *tunnel = tunnel_init(memory, 3, &stage.settings,
					    &stage.servers[0], &hash, &rng);
	address_make(pair.a, bytes[0]);
	address_make(pair.b, bytes[1]);
	struct address a = address_ip6(bytes[0] + 1);
	struct address b = address_ip6(bytes[1] + 1);
	struct tunnel_peer one = tunnel_peer(tunnel, &a);
	CHECK(tunnel_add(60, &stage.outbox) != NULL);
	tunnel_seal(tunnel, &one, 1, OUTBOX_ANY_UPLINK, &stage.outbox);
	struct tunnel_peer other = tunnel_peer(tunnel, &b);
	CHECK(one.hash == other.hash);
	CHECK(tunnel_add(60, &stage.outbox) != NULL);
	tunnel_seal(tunnel, &other, 1, OUTBOX_ANY_UPLINK, &stage.outbox);
	tunnel_too_big(tunnel, stage.now, &b, 1400);
	one = tunnel_peer(tunnel, &a);
	CHECK(one.slot != other.slot);
	CHECK(!tunnel_room(tunnel, stage.now, &one).learned);
	CHECK(tunnel_room(tunnel, stage.now, &other).learned);
}

static void
seal_one(struct stage *stage, struct tunnel *tunnel, struct datagram *datagram)
{
	struct tunnel_peer peer = tunnel_peer(tunnel, &stage->servers[1]);
	uint8_t bytes[STAGE_PACKET];
	size_t size = stage_tcp(stage, TCP_ACK, 100, true, bytes);

	memcpy(tunnel_add((uint32_t)size, &stage->outbox), bytes, size);
	tunnel_seal(tunnel, &peer, 5, OUTBOX_ANY_UPLINK, &stage->outbox);
	take(stage, datagram);
}

/* The sequence of the only peer: the one word that two seals take from 1 to
 * 2. The numbers up to 2^32 cannot be sent one by one. */
static uint32_t *
sequence_find(struct stage *stage, struct tunnel *tunnel, uint32_t *words,
	      size_t count)
{
	static uint32_t before[2048];
	static struct datagram datagram;
	uint32_t *found = NULL;
	unsigned matches = 0;

	seal_one(stage, tunnel, &datagram);
	memcpy(before, words, count * sizeof(words[0]));
	seal_one(stage, tunnel, &datagram);
	for (size_t i = 0; i < count; i++) {
		if (before[i] != 1 || words[i] != 2)
			continue;
		found = &words[i];
		matches++;
	}
	CHECK(matches == 1);
	return found;
}

/* A peer that we never sent to has no path MTU of ours to tell. */
static void
too_big_unsent(uint8_t family)
{
	static struct stage stage;
	static uint64_t memory[1024];
	static const struct siphash_key hash = { { 1 } };
	struct rng rng;

	stage_init(&stage, family);
	rng_init(&rng, 7, 0);
	struct tunnel *tunnel = tunnel_init(memory, 3, &stage.settings,
					    &stage.servers[0], &hash, &rng);
	tunnel_too_big(tunnel, stage.now, &stage.servers[1], 1400);
	struct tunnel_peer peer = tunnel_peer(tunnel, &stage.servers[1]);
	CHECK(!tunnel_room(tunnel, stage.now, &peer).learned);
}

/* An outer packet has one family. */
static void
mixed_families(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram;

	setup(&stage, family, &datagram);
	datagram.from.address.family = family == 4 ? 6 : 4;
	CHECK(open_at(&stage, 1, &datagram) == DROP_MALFORMED);
}

/* The receiver's configuration has the service no more: the session's key is
 * told, so that it can be refused. What is no session has none. */
static void
service_gone(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram;
	struct classification classification;
	struct session_key key;
	const uint8_t *inner;

	setup(&stage, family, &datagram);
	key = stage_key(&stage);
	stage.settings.service_count = 0;
	CHECK(steer_decapsulate(stage.steers[1], stage.now, &datagram.from,
				&datagram.to, datagram.bytes, datagram.size,
				&inner, &classification) == DROP_NOT_SERVICE);
	CHECK(classification.has_key &&
	      session_equal(&classification.key, &key));
	CHECK(steer_counters(stage.steers[1])->drops[DROP_NOT_SERVICE] == 0);
	steer_refuse(stage.steers[1], stage.now, &datagram.from,
		     &classification, &stage.outbox);
	CHECK(stage.nodes[1].refusals == 1);
	CHECK(steer_counters(stage.steers[1])->drops[DROP_NOT_OURS] == 1);
}

/* What an ICMP error quotes: is it what A sent to B? */
static void
quoted(uint8_t family)
{
	enum damage {
		NOTHING,
		BOOT,
		AHEAD,
		NONE_SENT,
		KEY,
		TAG,
		INNER
	};
	static const struct {
		const char *title;
		enum damage damage;
		size_t bytes; /* 0: all */
		bool other_peer, proven;
	} rows[] = {
		{ "all of it", NOTHING, 0, false, true },
		{ "what RFC 1812 asks for", NOTHING, 548, false, true },
		{ "up to where the tag's input ends", NOTHING,
		  GUE_HEADER_BYTES + GUE_INNER_BYTES, false, true },
		{ "too little to verify the tag", NOTHING,
		  GUE_HEADER_BYTES + GUE_INNER_BYTES - 1, false, true },
		{ "then the tag does not matter", TAG, GUE_HEADER_BYTES + 1,
		  false, true },
		{ "its header alone, cut", NOTHING, GUE_HEADER_BYTES, false,
		  false },
		{ "what was sent to another", NOTHING, 0, true, false },
		{ "another stream", BOOT, 0, false, false },
		{ "not sent yet", AHEAD, 0, false, false },
		{ "a number that is never used", NONE_SENT, 0, false, false },
		{ "a key that we have not", KEY, 0, false, false },
		{ "another tag", TAG, 0, false, false },
		{ "other bytes inside", INNER, 0, false, false },
	};
	static struct stage stage;
	static struct datagram datagram;
	static uint64_t memory[1024];
	static const struct siphash_key hash = { { 1 } };
	struct rng rng;
	uint8_t bytes[STAGE_PACKET];

	stage_init(&stage, family);
	rng_init(&rng, 8, 0);
	struct tunnel *tunnel = tunnel_init(memory, 3, &stage.settings,
					    &stage.servers[0], &hash, &rng);
	struct tunnel_peer peer = tunnel_peer(tunnel, &stage.servers[1]);
	size_t size = stage_tcp(&stage, TCP_ACK, 900, true, bytes);
	memcpy(tunnel_add((uint32_t)size, &stage.outbox), bytes, size);
	tunnel_seal(tunnel, &peer, 5, OUTBOX_ANY_UPLINK, &stage.outbox);
	take(&stage, &datagram);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t cut = rows[i].bytes != 0 ? rows[i].bytes : datagram.size;

		memcpy(bytes, datagram.bytes, datagram.size);
		bytes[6] ^= rows[i].damage == BOOT;
		bytes[11] = (uint8_t)(bytes[11] + (rows[i].damage == AHEAD));
		bytes[11] = rows[i].damage == NONE_SENT ? 0 : bytes[11];
		bytes[5] ^= rows[i].damage == KEY;
		bytes[12] ^= rows[i].damage == TAG;
		bytes[GUE_HEADER_BYTES + 30] ^= rows[i].damage == INNER;
		CHECK_ROW(tunnel_quoted(
				  tunnel,
				  &stage.servers[rows[i].other_peer ? 2 : 1],
				  bytes, cut, datagram.size) == rows[i].proven,
			  rows[i].title);
	}
	CHECK(!tunnel_quoted(tunnel, &stage.servers[1], datagram.bytes, 0,
			     datagram.size));
	CHECK(!tunnel_quoted(tunnel, &stage.servers[1], datagram.bytes,
			     datagram.size, datagram.size - 1));
}

/* B saw the first fragment come out of a tunnel, C did not. */
static void
later_fragment_inside(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram;
	static uint64_t memory[1024];
	static const struct siphash_key hash = { { 1 } };
	uint8_t bytes[STAGE_PACKET], fragment[STAGE_PACKET];
	struct packet packet;
	struct rng rng;
	size_t at = 0, size;

	stage_init(&stage, family);
	rng_init(&rng, 8, 0);
	struct tunnel *tunnel = tunnel_init(memory, 3, &stage.settings,
					    &stage.servers[0], &hash, &rng);
	struct tunnel_peer peer = tunnel_peer(tunnel, &stage.servers[1]);
	size = stage_tcp(&stage, TCP_ACK, 900, false, bytes);
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	for (int i = 0; i < 2; i++) {
		size = family == 4
			       ? packet_fragment_ip4(bytes, &packet, 600, &at,
						     fragment, sizeof(fragment))
			       : packet_fragment_ip6(bytes, &packet, 600, 99,
						     &at, fragment,
						     sizeof(fragment));
		memcpy(tunnel_add((uint32_t)size, &stage.outbox), fragment,
		       size);
		tunnel_seal(tunnel, &peer, 5, OUTBOX_ANY_UPLINK, &stage.outbox);
		take(&stage, &datagram);
		CHECK(open_at(&stage, 1, &datagram) == DROP_NONE);
	}
	memcpy(tunnel_add((uint32_t)size, &stage.outbox), fragment, size);
	peer = tunnel_peer(tunnel, &stage.servers[2]);
	tunnel_seal(tunnel, &peer, 5, OUTBOX_ANY_UPLINK, &stage.outbox);
	take(&stage, &datagram);
	CHECK(open_at(&stage, 2, &datagram) == DROP_FRAGMENT);
}

/* After sequence 2^32 - 1 a new stream begins, which the peer hears at once,
 * and the one before is not heard twice. */
static void
sequence_wraps(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagrams[4];
	static uint32_t words[2048] __attribute__((aligned(8)));
	static const struct siphash_key hash = { { 1 } };
	struct gue_header first = { 0 }, gue = { 0 };
	struct rng rng;

	stage_init(&stage, family);
	rng_init(&rng, 6, 0);
	CHECK(tunnel_size(2) <= sizeof(words));
	struct tunnel *tunnel = tunnel_init(words, 2, &stage.settings,
					    &stage.servers[0], &hash, &rng);
	uint32_t *sequence = sequence_find(&stage, tunnel, words, 2048);
	if (sequence == NULL)
		return;
	*sequence = UINT32_MAX - 2;
	for (uint32_t i = 0; i < 4; i++) {
		seal_one(&stage, tunnel, &datagrams[i]);
		struct cursor cursor =
			cursor_over(datagrams[i].bytes, datagrams[i].size);
		CHECK(gue_parse(&cursor, &gue) == DROP_NONE);
		if (i == 0)
			first = gue;
		CHECK(gue.sequence == (i < 2 ? UINT32_MAX - 1 + i : i - 1));
		CHECK(gue.boot == (uint16_t)(first.boot + i / 2));
		CHECK(open_at(&stage, 1, &datagrams[i]) == DROP_NONE);
	}
	for (uint32_t i = 0; i < 4; i++)
		CHECK(open_at(&stage, 1, &datagrams[i]) == DROP_REPLAY);
	CHECK(tunnel_count(tunnel) == 1);
}

/* The boot of the next packet to one of several peers. */
static uint16_t
boot_to(struct stage *stage, struct tunnel *tunnel, uint8_t number)
{
	struct address address =
		stage_address(stage->servers[0].family, 11, number);
	struct tunnel_peer peer = tunnel_peer(tunnel, &address);
	struct gue_header gue = { 0 };
	uint8_t *at = tunnel_add(60, &stage->outbox);

	CHECK(at != NULL);
	memset(at, 0, 60);
	at[0] = stage->servers[0].family == 4 ? 0x45 : 0x60;
	tunnel_seal(tunnel, &peer, 1, OUTBOX_ANY_UPLINK, &stage->outbox);
	struct outbox_item *item =
		&stage->outbox.items[stage->outbox.item_count - 1];
	struct cursor cursor =
		cursor_over(stage->outbox.bytes + item->offset, item->size);
	CHECK(gue_parse(&cursor, &gue) == DROP_NONE);
	outbox_clear(&stage->outbox);
	return gue.boot;
}

/* A sender restarts again and again, and forgets some of its peers: what a peer
 * gets is never taken for a stream that it remembers. */
static void
streams_have_boots_of_their_own(uint8_t family)
{
	enum {
		PEERS = 5,
		STARTS = 1000
	};
	static struct stage stage;
	static uint64_t memory[2048];
	static const struct siphash_key hash = { { 1 } };
	uint16_t heard[PEERS][ANTIREPLAY_BOOTS];
	uint32_t counts[PEERS] = { 0 };
	struct rng rng;

	stage_init(&stage, family);
	rng_init(&rng, 8, family);
	for (uint32_t start = 0; start < STARTS; start++) {
		struct tunnel *tunnel =
			tunnel_init(memory, 4, &stage.settings,
				    &stage.servers[0], &hash, &rng);
		bool streams[PEERS] = { false };
		uint32_t packets = (uint32_t)rng_below(&rng, 60);

		tunnel_number(tunnel, 7000 + start);
		for (uint32_t i = 0; i < packets; i++) {
			uint32_t to = (uint32_t)rng_below(&rng, PEERS);
			uint16_t boot = boot_to(&stage, tunnel, (uint8_t)to);
			uint32_t known = counts[to] < ANTIREPLAY_BOOTS
						 ? counts[to]
						 : ANTIREPLAY_BOOTS;
			bool last = known > 0 && heard[to][0] == boot;

			/* The stream goes on, or it is a new one. */
			CHECK(streams[to] || !last);
			streams[to] = true;
			if (last)
				continue;
			for (uint32_t j = 0; j < known; j++)
				CHECK(heard[to][j] != boot);
			memmove(&heard[to][1], &heard[to][0],
				sizeof(heard[to]) - sizeof(heard[to][0]));
			heard[to][0] = boot;
			counts[to]++;
		}
	}
}

/* What a server with the key should not have forwarded. */
static void
inside(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram;
	static uint64_t memory[1024];
	static const struct siphash_key hash = { { 1 } };
	struct rng rng;

	setup(&stage, family, &datagram);
	rng_init(&rng, 4, 0);
	struct tunnel *tunnel = tunnel_init(memory, 3, &stage.settings,
					    &stage.servers[0], &hash, &rng);
	for (int i = 0; i < 6; i++) {
		static const enum drop expected[] = {
			DROP_MALFORMED, DROP_NOT_SERVICE, DROP_SHORT,
			DROP_NONE,	DROP_PROTOCOL,	  DROP_NONE,
		};
		uint8_t bytes[STAGE_PACKET];
		uint8_t flags = i == 0 ? TCP_SYN : TCP_ACK;
		size_t size = stage_tcp(&stage, flags, 100, true, bytes);
		size_t header = family == 4 ? 20 : 40;
		if (i == 1)
			bytes[header + 3]++;
		if (i == 2)
			size--;
		if (i == 4) {
			bytes[family == 4 ? 9 : 6] = IP_UDP;
			wire_put16(bytes + header + 4, 28);
		}
		/* Padding inside is not the packet's. */
		if (i == 5)
			size += 9;
		uint8_t *at = tunnel_add((uint32_t)size, &stage.outbox);
		memcpy(at, bytes, size);
		struct tunnel_peer peer =
			tunnel_peer(tunnel, &stage.servers[1]);
		tunnel_seal(tunnel, &peer, 5, OUTBOX_ANY_UPLINK, &stage.outbox);
		take(&stage, &datagram);
		CHECK(open_at(&stage, 1, &datagram) == expected[i]);
	}
}

/* No such session at the owner: drop, and say so to the sender's node. */
static void
refusal(uint8_t family)
{
	static struct stage stage;
	static struct datagram datagram;
	struct session_key key;
	struct classification about = { .kind = CLASSIFICATION_SEGMENT,
					.has_key = true };

	setup(&stage, family, &datagram);
	CHECK(open_at(&stage, 1, &datagram) == DROP_NONE);
	key = about.key = stage_key(&stage);
	about.packet.tcp_flags = TCP_ACK;
	steer_refuse(stage.steers[1], stage.now, &datagram.from, &about,
		     &stage.outbox);
	CHECK(stage.nodes[1].refusals == 1);
	/* Of a RST nothing is said. */
	about.packet.tcp_flags = TCP_RST;
	steer_refuse(stage.steers[1], stage.now, &datagram.from, &about,
		     &stage.outbox);
	CHECK(stage.nodes[1].refusals == 1);
	CHECK(address_equal(&stage.nodes[1].refused.address,
			    &stage.servers[0]));
	CHECK(stage.nodes[1].refused.port == 7000);
	CHECK(session_equal(&stage.nodes[1].key, &key));
	CHECK(steer_counters(stage.steers[1])->drops[DROP_NOT_OURS] == 2);
	CHECK(steer_counters(stage.steers[1])->not_mine_sent == 1);
	CHECK(stage.outbox.item_count == 0); /* above all, no RST */
}

int
main(void)
{
	static void (*const cases[])(uint8_t) = {
		forgery,
		reasons,
		rotation,
		restart,
		many_peers,
		used_peer_stays,
		inside,
		refusal,
		equal_hashes,
		sequence_wraps,
		streams_have_boots_of_their_own,
		too_big_unsent,
		mixed_families,
		later_fragment_inside,
		service_gone,
		quoted,
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cases[i](4);
		cases[i](6);
	}
	return check_done();
}
