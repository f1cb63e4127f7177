/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vigil_fuzz.c - whatever ICMP somebody sends, an owner that lives is kept
 *
 * A forwards a session to B; C may have its other record. The input is a play:
 * its first byte picks the IP version and who has records, then each act is an
 * opcode, a length of one byte and that many bytes. Messages are any bytes, or
 * those of a real answer with some of them changed: offset, what is added, as
 * often as there are pairs.
 *
 * At all times: no assert, and A comes to rest. A message that is not the reply
 * to an echo of ours, from whom that went to, is no sign of life; one about a
 * server that nobody waits for counts for nothing. And no RST while the owner
 * gave a sign of life within gone_after. Corpus: core/steer/corpus/vigil/.
 */
#include <assert.h>

#define STAGE_SKETCH_BYTES 128
#include "core/test/stage.h"

#include "core/steer/stray.h"
#include "core/steer/vigil.h"

#define TURNS_MAX 200

enum act {
	SEGMENT, /* the client's next */
	REPEAT, /* its last once more */
	MESSAGE, /* to us, from anybody; the first byte: from whom */
	ANSWER, /* to our last echo, changed; the first byte: who, what */
	ABOUT_TUNNEL, /* an error about our last forward, changed; likewise */
	HEARD,
	ROUTE,
	PASS, /* the first byte: 16ths of a second */
	ACTS,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stage stage;
static struct packet_log last, forward;
static struct endpoint forward_to;
static uint16_t forward_port;
static const char *owners;
/* The last sign of life of B and C that was one. */
static struct instant alive[3];

static const struct address *
sender(uint8_t choice)
{
	static struct address router;

	router = stage_address(stage.family, 30, 1);
	return choice % 4 == 3 ? &router : &stage.servers[choice % 4];
}

static bool
is_excluded(uint32_t server)
{
	const struct node *node = &stage.nodes[0];

	for (uint32_t i = 0; i < node->excluded_count && i < 8; i++)
		if (node->excluded[i] == stage.nodes[server].self)
			return true;
	return false;
}

/* The replicas answer whatever A has asked since. */
static void
answer_gets(uint32_t before)
{
	char found[3];
	uint32_t count = 0;

	if (stage.nodes[0].gets == before)
		return;
	for (const char *owner = owners; *owner != 0; owner++)
		if (!is_excluded((uint32_t)(*owner - 'a')))
			found[count++] = *owner;
	found[count] = 0;
	if (count > 0)
		stage_found(&stage, found);
	else
		stage_missed(&stage);
}

static bool
is_reset(const uint8_t *bytes, size_t size)
{
	struct packet packet;

	assert(packet_parse(bytes, size, &packet) == DROP_NONE);
	return packet.protocol == IP_TCP && (packet.tcp_flags & TCP_RST) != 0;
}

/* Remember what is asked and forwarded; a RST has its reason. */
static void
collect(void)
{
	const struct outbox *outbox = &stage.outbox;

	for (uint32_t i = 0; i < outbox->item_count; i++) {
		const struct outbox_item *item = &outbox->items[i];
		const uint8_t *bytes = outbox->bytes + item->offset;

		if (item->kind == OUTBOX_FORWARD) {
			forward_to = item->to;
			forward_port = item->source_port;
			forward.size = item->size;
			memcpy(forward.bytes, bytes, item->size);
		} else if (item->kind == OUTBOX_PACKET &&
			   is_reset(bytes, item->size)) {
			for (const char *owner = owners; *owner != 0; owner++)
				assert(instant_distance_ns(alive[*owner - 'a'],
							   stage.now) >=
				       stage.settings.gone_after_ns);
		} else if (item->kind == OUTBOX_PACKET) {
			stage.echo_bytes = item->size;
			memcpy(stage.echo, bytes, item->size);
		}
	}
	outbox_clear(&stage.outbox);
}

static void
act_packet(bool again)
{
	uint8_t bytes[STAGE_PACKET];
	struct classification classification;
	uint32_t gets = stage.nodes[0].gets;

	if (!again || last.size == 0) {
		last.size = (uint32_t)stage_tcp(&stage, TCP_ACK, 20, true,
						last.bytes);
		stage.sent++;
	}
	memcpy(bytes, last.bytes, last.size);
	steer_classify(stage.steers[0], bytes, last.size, &classification);
	(void)steer_packet(stage.steers[0], stage.now, &classification, bytes,
			   false, stage.uplink, &stage.outbox);
	answer_gets(gets);
}

static enum life_state
state_of(uint32_t server)
{
	return life_of(steer_strays(stage.steers[0])->vigil.lives, stage.now,
		       &stage.servers[server]);
}

/* Is it the reply that this server, and nobody else, can have sent? */
static bool
is_reply(uint32_t server, const struct address *from, const uint8_t *bytes,
	 size_t size)
{
	const struct vigil *vigil = &steer_strays(stage.steers[0])->vigil;

	return size >= 16 && address_equal(from, &stage.servers[server]) &&
	       bytes[0] == icmp_echo_type(stage.family, true) &&
	       wire_get16(bytes + 4) == vigil->id &&
	       wire_get64(bytes + 8) == siphash_address(&vigil->key, from);
}

static void
hear(const struct address *from, const uint8_t *bytes, size_t size)
{
	enum life_state before[3];

	for (uint32_t server = 1; server < 3; server++)
		before[server] = state_of(server);
	steer_icmp(stage.steers[0], stage.now, from, bytes, size);
	for (uint32_t server = 1; server < 3; server++) {
		bool reply = is_reply(server, from, bytes, size);

		assert(before[server] != LIFE_ASSUMED ||
		       state_of(server) == LIFE_ASSUMED);
		assert((before[server] == LIFE_ASSUMED || reply) ==
		       (state_of(server) == LIFE_ASSUMED));
		if (reply)
			alive[server] = stage.now;
	}
}

static void
change(uint8_t *bytes, size_t size, const uint8_t *pairs, size_t pairs_size)
{
	for (; size > 0 && pairs_size >= 2; pairs += 2, pairs_size -= 2)
		bytes[pairs[0] % size] =
			(uint8_t)(bytes[pairs[0] % size] + pairs[1]);
}

/* choice: 2 bits who, 3 bits what. */
static enum packet_error
error_of(uint8_t choice)
{
	return (enum packet_error)((choice >> 2) % (PACKET_ERROR_TOO_BIG + 1));
}

static void
act_answer(uint8_t choice, const uint8_t *pairs, size_t size)
{
	uint8_t bytes[STAGE_PACKET];
	struct packet packet;
	size_t built;

	if (stage.echo_bytes == 0)
		return;
	assert(packet_parse(stage.echo, stage.echo_bytes, &packet) ==
	       DROP_NONE);
	built = (choice & 0x80) != 0
			? packet_build_echo_reply(stage.echo, &packet, bytes,
						  sizeof(bytes))
			: packet_build_icmp_error(
				  error_of(choice), sender(choice), 1400,
				  stage.echo, &packet, bytes, sizeof(bytes));
	assert(packet_parse(bytes, built, &packet) == DROP_NONE);
	change(bytes + packet.l4_offset, packet.l4_bytes, pairs, size);
	hear(sender(choice), bytes + packet.l4_offset, packet.l4_bytes);
}

static void
act_about_tunnel(uint8_t choice, const uint8_t *pairs, size_t size)
{
	uint8_t tunnel[STAGE_PACKET + 100], bytes[STAGE_PACKET + 100];
	struct classification classification;
	struct packet packet;

	if (forward.size == 0)
		return;
	size_t built = packet_build_udp(
		&(struct packet_udp){
			.ip = { .src = stage.servers[0],
				.dst = forward_to.address,
				.ttl = 60 },
			.src_port = forward_port,
			.dst_port = forward_to.port,
			.payload = forward.bytes,
			.payload_bytes = forward.size,
		},
		tunnel, sizeof(tunnel));
	assert(packet_parse(tunnel, built, &packet) == DROP_NONE);
	built = packet_build_icmp_error(error_of(choice), sender(choice), 1400,
					tunnel, &packet, bytes, sizeof(bytes));
	assert(built > 0);
	change(bytes, built, pairs, size);
	steer_classify(stage.steers[0], bytes, built, &classification);
	(void)steer_packet(stage.steers[0], stage.now, &classification, bytes,
			   false, stage.uplink, &stage.outbox);
}

static void
pass(int64_t distance_ns)
{
	struct instant end = instant_after(stage.now, distance_ns);
	uint32_t turns = 0;

	while (!instant_before(end, steer_deadline(stage.steers[0]))) {
		struct instant due = steer_deadline(stage.steers[0]);
		uint32_t gets = stage.nodes[0].gets;

		if (instant_before(stage.now, due)) {
			stage.now = due;
			turns = 0;
		}
		assert(turns++ < TURNS_MAX);
		steer_expire(stage.steers[0], stage.now, &stage.outbox);
		answer_gets(gets);
		collect();
	}
	stage.now = end;
}

static void
act(enum act what, uint8_t choice, const uint8_t *bytes, size_t size)
{
	uint32_t server = 1 + choice % 2;

	switch (what) {
	case SEGMENT:
	case REPEAT:
		act_packet(what == REPEAT);
		break;
	case MESSAGE:
		hear(sender(choice), bytes, size);
		break;
	case ANSWER:
		act_answer(choice, bytes, size);
		break;
	case ABOUT_TUNNEL:
		act_about_tunnel(choice, bytes, size);
		break;
	case HEARD:
		steer_heard(stage.steers[0], stage.now, &stage.servers[server]);
		alive[server] = stage.now;
		break;
	case ROUTE:
		steer_route(stage.steers[0], stage.now, &stage.servers[server],
			    (choice & 2) != 0);
		break;
	default:
		pass(choice * NS_PER_S / 16);
		break;
	}
	collect();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	stage_init(&stage, (data[0] & 1) == 0 ? 4 : 6);
	owners = (data[0] & 2) == 0 ? "b" : "bc";
	stage.nodes[0].contacts[0] = stage.nodes[2].self;
	stage.nodes[0].contact_count = (data[0] & 4) == 0;
	last.size = forward.size = 0;
	for (uint32_t server = 0; server < 3; server++)
		alive[server] = stage.now;
	data++;
	size--;
	while (size >= 3) {
		enum act what = data[0] % ACTS;
		size_t length = data[1];
		uint8_t choice = data[2];

		data += 3;
		size -= 3;
		if (length > size)
			length = size;
		act(what, choice, data, length);
		data += length;
		size -= length;
	}
	/* An ordinary end: nothing is waited for any more. */
	pass(100 * NS_PER_S);
	steer_expire(stage.steers[0], stage.now, &stage.outbox);
	assert(steer_flow_count(stage.steers[0]) == 0);
	return 0;
}
