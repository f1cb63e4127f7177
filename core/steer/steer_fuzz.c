/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer_fuzz.c - any bytes, answers and pauses: no assert, no stray write
 *
 * The input is a play: its first byte picks IP version and settings, then each
 * act is an opcode, a length of two bytes and that many bytes. What A forwards
 * is opened at its owner, who must find it good, or a duplicate, or a fragment
 * whose first it has forgotten.
 */
#include <assert.h>

#define STAGE_SKETCH_BYTES 128
#include "core/test/stage.h"

#include "core/steer/tunnel.h"

enum act {
	PACKET, /* at A; the first byte: uplink, known, cut into the rest */
	DATAGRAM, /* to B's tunnel, as it is */
	INNER, /* to B's tunnel, sealed */
	FOUND,
	MISSED,
	NOT_MINE,
	PAUSE, /* the first byte: how long, as a power of two */
	ROUTE,
	OPENED,
	BUSY,
	OPENING,
	DOUBT, /* as PACKET, of an open socket; the second byte: its version */
	HEARD,
	MESSAGE, /* ICMP to A; the first byte: from whom */
	ACTS,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stage stage;
static uint64_t tunnel_memory[1024];
static struct tunnel *sender;

static void
decapsulate(uint32_t server, const struct address *from, const uint8_t *bytes,
	    size_t size, bool ours)
{
	struct endpoint endpoint = { *from, 50000 };
	struct classification classification;
	const uint8_t *inner;
	enum drop drop = steer_decapsulate(
		stage.steers[server], stage.now, &endpoint,
		&stage.servers[server], bytes, size, &inner, &classification);

	if (drop == DROP_NONE) {
		assert(classification.has_key);
		assert(inner >= bytes &&
		       inner + classification.packet.size_bytes <=
			       bytes + size);
		steer_refuse(stage.steers[server], stage.now, &endpoint,
			     &classification, &stage.outbox);
	} else if (ours) {
		assert(drop == DROP_REPLAY || drop == DROP_FRAGMENT);
	}
}

static void
empty_outbox(void)
{
	uint32_t count = stage.outbox.item_count;

	for (uint32_t i = 0; i < count; i++) {
		const struct outbox_item *item = &stage.outbox.items[i];
		assert(item->offset <= stage.outbox.byte_count &&
		       item->size <= stage.outbox.byte_count - item->offset);
		if (item->kind != OUTBOX_FORWARD)
			continue;
		for (uint32_t server = 1; server < 3; server++) {
			if (address_equal(&item->to.address,
					  &stage.servers[server]))
				decapsulate(server, &stage.servers[0],
					    stage.outbox.bytes + item->offset,
					    item->size, true);
		}
	}
	outbox_clear(&stage.outbox);
}

static void
act_packet(const uint8_t *bytes, size_t size)
{
	struct classification classification;

	if (size == 0)
		return;
	steer_classify(stage.steers[0], bytes + 1, size - 1, &classification);
	stage.uplink = bytes[0] & 3;
	struct steer_result result = steer_packet(
		stage.steers[0], stage.now, &classification, bytes + 1,
		(bytes[0] & 0x80) != 0, stage.uplink, &stage.outbox);
	assert((result.verdict == STEER_DROP) == (result.drop != DROP_NONE));
}

static void
act_doubt(const uint8_t *bytes, size_t size)
{
	struct classification classification;

	if (size < 2)
		return;
	steer_classify(stage.steers[0], bytes + 2, size - 2, &classification);
	/* Whoever asks a socket has passed SYNs on. */
	if ((classification.packet.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return;
	stage.uplink = bytes[0] & 3;
	struct steer_result result = steer_doubt(
		stage.steers[0], stage.now, &classification, bytes + 2,
		(struct version){ bytes[1], 0 }, stage.uplink, &stage.outbox);
	assert((result.verdict == STEER_DROP) == (result.drop != DROP_NONE));
}

static void
act_inner(const uint8_t *bytes, size_t size)
{
	if (size == 0 || size > tunnel_inner_max())
		return;
	uint8_t *at = tunnel_add((uint32_t)size, &stage.outbox);
	if (at == NULL)
		return;
	memcpy(at, bytes, size);
	struct tunnel_peer peer = tunnel_peer(sender, &stage.servers[1]);
	tunnel_seal(sender, &peer, bytes[0], 0, &stage.outbox);
	decapsulate(1, &stage.servers[2], stage.outbox.bytes,
		    size + GUE_HEADER_BYTES, false);
	outbox_clear(&stage.outbox);
}

static void
act(enum act what, const uint8_t *bytes, size_t size)
{
	static const char *const owners[] = { "b", "bc", "cb", "a", "ab", "" };
	uint8_t choice = size > 0 ? bytes[0] : 0;
	struct session_key key = stage_key(&stage);
	bool even = choice % 2 == 0;

	switch (what) {
	case PACKET:
		act_packet(bytes, size);
		break;
	case DATAGRAM:
		decapsulate(1, &stage.servers[0], bytes, size, false);
		break;
	case INNER:
		act_inner(bytes, size);
		break;
	case FOUND:
		stage_found(&stage, owners[choice % 6]);
		break;
	case MISSED:
		stage_missed(&stage);
		break;
	case NOT_MINE: /* or no more than a doubt */
		if (choice < 128)
			stage_not_mine(&stage, choice % 3);
		else
			stage_doubts(&stage, choice % 3, choice / 3 % 8);
		break;
	case PAUSE:
		stage.now.ns += INT64_C(1) << (choice % 40);
		steer_expire(stage.steers[0], stage.now, &stage.outbox);
		assert(instant_before(stage.now,
				      steer_deadline(stage.steers[0])));
		break;
	case ROUTE:
		steer_route(stage.steers[0], stage.now,
			    &stage.servers[choice / 2 % 3], even);
		break;
	case OPENED:
		if (even)
			steer_opened(stage.steers[0], stage.now, &key,
				     (struct version){ choice, 0 },
				     &stage.outbox);
		else
			steer_closed(stage.steers[0], stage.now, &key,
				     &stage.outbox);
		break;
	case OPENING:
		(void)steer_opening(stage.steers[0], stage.now, &key,
				    (struct version){ choice, 0 },
				    &stage.outbox);
		break;
	case DOUBT:
		act_doubt(bytes, size);
		break;
	case HEARD:
		steer_heard(stage.steers[0], stage.now,
			    &stage.servers[choice % 3]);
		break;
	case MESSAGE:
		if (size > 0)
			steer_icmp(stage.steers[0], stage.now,
				   &stage.servers[choice % 3], bytes + 1,
				   size - 1);
		break;
	default:
		stage.nodes[0].busy = even;
		break;
	}
	empty_outbox();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct siphash_key hash = { { 9 } };
	struct rng rng;

	if (size == 0)
		return 0;
	stage_init(&stage, (data[0] & 1) == 0 ? 4 : 6);
	stage.service.port = (data[0] & 2) == 0 ? 80 : 0;
	stage.settings.outer_fragment = (data[0] & 4) == 0;
	stage.settings.first_stray =
		(data[0] & 8) == 0 ? STEER_WINDOW_BOTH : STEER_WINDOW_OTHER;
	stage.outbox.byte_capacity = (data[0] & 16) == 0 ? 1 << 20 : 3000;
	rng_init(&rng, 1, 1);
	sender = tunnel_init(tunnel_memory, 2, &stage.settings,
			     &stage.servers[2], &hash, &rng);
	data++;
	size--;
	while (size >= 3) {
		enum act what = data[0] % ACTS;
		size_t length = wire_get16(data + 1);
		data += 3;
		size -= 3;
		if (length > size)
			length = size;
		act(what, data, length);
		data += length;
		size -= length;
	}
	return 0;
}
