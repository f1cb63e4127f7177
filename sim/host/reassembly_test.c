/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reassembly_test.c - what is split comes out whole, in any order; what is
 * doubled, overlapping, incomplete or too much does not
 */
#include "sim/host/reassembly.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "sim/model/pattern.h"

#define PARTS_MAX 64

static uint8_t whole[9000], parts[PARTS_MAX][1600];
static size_t sizes[PARTS_MAX];

static size_t
split(uint8_t family, uint16_t id, size_t payload_bytes, size_t mtu)
{
	uint8_t a[16] = { 10, 0, 0, 1 }, b[16] = { 10, 0, 0, 2 };
	static uint8_t payload[8900];
	struct packet_udp udp = {
		.ip = { .ttl = 64, .id = id },
		.src_port = 50000,
		.dst_port = 6080,
		.payload = payload,
		.payload_bytes = payload_bytes,
	};
	struct packet packet;
	size_t count = 0, at = 0, n;

	udp.ip.src = family == 4 ? address_ip4(a) : address_ip6(a);
	udp.ip.dst = family == 4 ? address_ip4(b) : address_ip6(b);
	pattern_fill(id, 0, payload, payload_bytes);
	size_t size = packet_build_udp(&udp, whole, sizeof(whole));
	CHECK(packet_parse(whole, size, &packet) == DROP_NONE);
	while ((n = family == 4
			    ? packet_fragment_ip4(whole, &packet, mtu, &at,
						  parts[count], 1600)
			    : packet_fragment_ip6(whole, &packet, mtu, id, &at,
						  parts[count], 1600)) > 0)
		sizes[count++] = n;
	return count;
}

static const uint8_t *
add(struct reassembly *reassembly, int64_t now_s, size_t part, uint32_t *size)
{
	struct packet packet;

	CHECK(packet_parse(parts[part], sizes[part], &packet) == DROP_NONE);
	return reassembly_add(reassembly, (struct instant){ now_s * NS_PER_S },
			      7, parts[part], &packet, size);
}

static void
test_any_order(uint8_t family)
{
	struct reassembly *reassembly = reassembly_create(4);
	struct rng rng;

	rng_init(&rng, 1, family);
	for (uint16_t id = 1; id < 200; id++) {
		size_t payload = 1500 + rng_below(&rng, 7000);
		size_t count = split(family, id, payload, 1500);
		CHECK(count > 1);
		const uint8_t *out = NULL;
		uint32_t size = 0;
		size_t order[PARTS_MAX] = { 0 };
		for (size_t i = 0; i < count; i++) {
			size_t j = rng_below(&rng, i + 1);
			order[i] = order[j];
			order[j] = i;
		}
		for (size_t i = 0; i < count; i++) {
			CHECK(out == NULL);
			out = add(reassembly, 0, order[i], &size);
			if (i + 1 < count && id % 3 == 0) /* doubled */
				CHECK(add(reassembly, 0, order[i], &size) ==
				      NULL);
		}
		struct packet packet;
		CHECK(out != NULL);
		if (out == NULL)
			break;
		CHECK(packet_parse(out, size, &packet) == DROP_NONE);
		CHECK(packet_checksum_ok(out, &packet));
		CHECK(packet.payload_bytes == payload);
		CHECK(pattern_matches(id, 0, out + packet.payload_offset,
				      packet.payload_bytes));
	}
	reassembly_destroy(reassembly);
}

static void
test_bounds(void)
{
	struct reassembly *reassembly = reassembly_create(2);
	uint32_t size;

	/* The third datagram takes the place of the one longest unheard. */
	for (uint16_t id = 1; id <= 3; id++) {
		CHECK(split(4, id, 2000, 1500) == 2);
		CHECK(add(reassembly, id, 0, &size) == NULL);
	}
	CHECK(split(4, 3, 2000, 1500) == 2);
	CHECK(add(reassembly, 4, 1, &size) != NULL);
	CHECK(split(4, 1, 2000, 1500) == 2);
	CHECK(add(reassembly, 4, 1, &size) == NULL);
	/* The second is there, but too old. */
	CHECK(split(4, 2, 2000, 1500) == 2);
	CHECK(add(reassembly, 40, 1, &size) == NULL);
	reassembly_destroy(reassembly);
}

int
main(void)
{
	test_any_order(4);
	test_any_order(6);
	test_bounds();
	return check_done();
}
