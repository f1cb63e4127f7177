/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hostile_test.c - each piece of hostile traffic is refused for the reason that
 * it was made for, and the sender sends what it was given
 */
#include "harness/test/hostile.h"
#include "harness/test/test_addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/rng.h"
#include "core/steer/steer.h"
#include "core/steer/tunnel.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/gue.h"
#include "live/engine/boot.h"
#include "live/engine/seal.h"

#define SOURCES 10000

static enum drop
receive(struct tunnel *tunnel, const struct hostile_forward *forward)
{
	uint8_t bytes[HOSTILE_PACKET_MAX];
	const uint8_t *inner;
	size_t inner_size, size = hostile_forward(forward, bytes);
	struct packet outer;

	CHECK(size > 0 && packet_parse(bytes, size, &outer) == DROP_NONE);
	CHECK(packet_checksum_ok(bytes, &outer) && outer.dst_port == GUE_PORT);
	return tunnel_receive(tunnel, &outer.src, &outer.dst,
			      bytes + outer.payload_offset, outer.payload_bytes,
			      &inner, &inner_size);
}

static void
forwards(uint8_t family)
{
	static uint64_t memory[8192];
	const struct siphash_key hash = { { 1 } };
	struct hostile_forward forward = {
		.from = test_address_address(family, 1),
		.to = test_address_address(family, 2),
		.tag = { { 5 } },
		.session = test_address_session(family),
		.sequence = 7,
		.boot = 9,
		.hop_count = 1,
	};
	struct steer_settings settings;
	struct rng rng;

	steer_settings_default(&settings);
	settings.tag_keys[0] = forward.tag;
	settings.tag_key_valid[0] = true;
	rng_init(&rng, 1, 1);
	CHECK(tunnel_size(4) <= sizeof(memory));
	struct tunnel *tunnel =
		tunnel_init(memory, 4, &settings, &forward.to, &hash, &rng);

	forward.tag.bytes[0] ^= 1;
	CHECK(receive(tunnel, &forward) == DROP_TAG);
	forward.tag.bytes[0] ^= 1;
	forward.hop_count = 0;
	CHECK(receive(tunnel, &forward) == DROP_HOP_COUNT);
	forward.hop_count = 2;
	CHECK(receive(tunnel, &forward) == DROP_HOP_COUNT);
	forward.hop_count = 1;
	forward.key_id = 1;
	CHECK(receive(tunnel, &forward) == DROP_KEY_ID);
	forward.key_id = 0;
	CHECK(receive(tunnel, &forward) == DROP_NONE);
	CHECK(receive(tunnel, &forward) == DROP_REPLAY);
}

static enum drop
open_sealed(struct seal *seal, const struct secret *secret,
	    const struct endpoint *from, const struct endpoint *to)
{
	uint8_t bytes[HOSTILE_PACKET_MAX], message[HOSTILE_PACKET_MAX];
	struct seal_opened opened;
	size_t size = hostile_sealed(secret, from, to, bytes);
	struct packet outer;

	CHECK(size > 0 && packet_parse(bytes, size, &outer) == DROP_NONE);
	CHECK(packet_checksum_ok(bytes, &outer));
	return seal_open(seal, from, bytes + outer.payload_offset,
			 outer.payload_bytes, message, sizeof(message),
			 &opened);
}

static void
datagrams(uint8_t family)
{
	const struct endpoint from = { test_address_address(family, 1), 7000 };
	const struct endpoint to = { test_address_address(family, 2), 7000 };
	struct secret secret = { .keys = { { .id = 4, .seal = { 3 } } },
				 .key_count = 1 };
	struct seal *seal = seal_create(&secret, &to, 4, boot_clock());

	CHECK(seal != NULL);
	if (seal == NULL)
		return;
	CHECK(open_sealed(seal, &secret, &from, &to) == DROP_NONE);
	secret.keys[0].seal[0] ^= 1;
	CHECK(open_sealed(seal, &secret, &from, &to) == DROP_TAG);
	secret.keys[0].id = 5;
	CHECK(open_sealed(seal, &secret, &from, &to) == DROP_KEY_ID);
	seal_destroy(seal);
}

/* Sources repeat after SOURCES, and are as far apart as was said. */
static void
floods(uint8_t family, uint32_t stride)
{
	const struct hostile_flood flood = {
		.first = test_address_address(family, 0),
		.service = { test_address_address(family, 200), 80 },
		.sources = SOURCES,
		.stride = stride,
		.seed = 3,
	};
	uint8_t bytes[HOSTILE_PACKET_MAX];
	uint64_t before = 0;

	for (uint64_t i = 0; i < 2 * SOURCES; i++) {
		size_t size = hostile_stray(&flood, i, bytes);
		struct packet packet;

		CHECK(packet_parse(bytes, size, &packet) == DROP_NONE &&
		      packet.protocol == IP_TCP && packet.dst_port == 80);
		CHECK((packet.tcp_flags & TCP_SYN) == 0);
		CHECK(packet_checksum_ok(bytes, &packet));
		uint64_t source = family == 4 ? wire_get32(packet.src.bytes)
					      : wire_get64(packet.src.bytes);
		if (i == SOURCES)
			CHECK(address_equal(&packet.src, &flood.first));
		else if (i > 0)
			CHECK(source == before + stride);
		before = source;
	}
}

/* ---- sending, in a namespace of our own ---- */

static bool
loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.ifr_flags = IFF_UP;
	bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	if (fd >= 0)
		close(fd);
	return up;
}

static void
sends_what_it_was_given(void)
{
	const uint8_t home[4] = { 127, 0, 0, 1 }, other[4] = { 127, 0, 0, 9 };
	struct hostile_forward forward = {
		.from = address_ip4(other),
		.to = address_ip4(home),
		.session = test_address_session(4),
		.hop_count = 1,
	};
	const struct sockaddr_in listen_at = {
		.sin_family = AF_INET,
		.sin_port = htons(GUE_PORT),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	const struct hostile_flood flood = {
		.first = forward.from,
		.service = { forward.to, 80 },
		.sources = 5,
		.stride = 1,
	};
	uint8_t bytes[HOSTILE_PACKET_MAX], got[HOSTILE_PACKET_MAX];
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	struct hostile *hostile;

	if (unshare(CLONE_NEWNET) != 0 || !loopback_up()) {
		fprintf(stderr, "no namespaces: sending is not tested\n");
		return;
	}
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(bind(fd, (const struct sockaddr *)&listen_at,
		   sizeof(listen_at)) == 0);
	CHECK(hostile_open(&hostile, -1) == 0);
	size_t size = hostile_forward(&forward, bytes);
	CHECK(hostile_send(hostile, bytes, size) == 0);
	CHECK(hostile_send(hostile, bytes, 19) == -EINVAL);
	ssize_t received = recvfrom(fd, got, sizeof(got), MSG_DONTWAIT,
				    (struct sockaddr *)&from, &from_size);
	CHECK(received == (ssize_t)size - 28 &&
	      memcmp(got, bytes + 28, size - 28) == 0);
	CHECK(memcmp(&from.sin_addr, other, 4) == 0);
	CHECK(hostile_flood(hostile, &flood, 0, 1000, 100000) == 1000);
	hostile_close(hostile);
	close(fd);
}

int
main(void)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		forwards(family);
		datagrams(family);
		floods(family, 1);
		floods(family, 256);
	}
	sends_what_it_was_given();
	return check_done();
}
