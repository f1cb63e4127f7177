/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * syn_cookie.c - the number, and the connection that follows from it
 *
 * The SYN is made again, with nothing but what a cookie keeps; TCP accepts it
 * and answers. What a full server sends and what it later assumes that it has
 * sent are so the same.
 */
#include "sim/host/syn_cookie.h"

#include <assert.h>
#include <string.h>

#include "core/siphash.h"
#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/tcp.h"

#define DATA_BITS 24
#define DATA_MASK ((UINT32_C(1) << DATA_BITS) - 1)
#define SYN_BYTES 128

/* msstab of net/ipv4/syncookies.c. */
static const uint16_t sizes[] = { 536, 1300, 1440, 1460 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* minute 0: of the key alone; they count from 1. */
static uint32_t
keyed(uint32_t device, const struct session_key *key, uint32_t minute)
{
	struct siphash_key secret = { { 2 } };

	wire_put32(secret.bytes + 4, device);
	wire_put32(secret.bytes + 8, minute);
	return (uint32_t)siphash(&secret, key, sizeof(*key));
}

static uint32_t
minute_of(struct instant now)
{
	return 1 + (uint32_t)(now.ns / SYN_COOKIE_PERIOD_NS);
}

static uint32_t
make(struct instant now, uint32_t device, const struct session_key *key,
     uint32_t irs, uint32_t index)
{
	uint32_t minute = minute_of(now);
	uint32_t data = (keyed(device, key, minute) + index) & DATA_MASK;

	return keyed(device, key, 0) + irs + (minute << DATA_BITS) + data;
}

/* SIZES: it is none of ours. */
static uint32_t
index_of(struct instant now, uint32_t device, const struct session_key *key,
	 uint32_t irs, uint32_t cookie)
{
	uint32_t minute = minute_of(now);
	uint32_t rest = cookie - keyed(device, key, 0) - irs;

	for (uint32_t age = 0; age < SYN_COOKIE_AGE && age < minute; age++) {
		uint32_t then = minute - age;
		uint32_t data = rest - (then << DATA_BITS);
		uint32_t index = (data - keyed(device, key, then)) & DATA_MASK;

		if (data <= DATA_MASK && index < SIZES)
			return index;
	}
	return SIZES;
}

/* Accept the SYN that a cookie keeps, and answer it. */
static size_t
answer(struct tcp *tcp, struct instant now, const struct tcp_settings *settings,
       const struct packet *from, uint32_t irs, uint32_t cookie, uint16_t mss,
       uint8_t *out, size_t capacity)
{
	uint8_t option[4] = { TCP_OPTION_MSS, 4 }, bytes[SYN_BYTES];
	const struct packet_tcp syn = {
		.ip.src = from->src,
		.ip.dst = from->dst,
		.ip.ttl = 1,
		.src_port = from->src_port,
		.dst_port = from->dst_port,
		.seq = irs,
		.flags = TCP_SYN,
		.window = from->tcp_window,
		.options = option,
		.options_bytes = sizeof(option),
	};
	struct packet packet;

	wire_put16(option + 2, mss);
	size_t size = packet_build_tcp(&syn, bytes, sizeof(bytes));
	enum drop drop = packet_parse(bytes, size, &packet);
	assert(drop == DROP_NONE);
	(void)drop;
	tcp_accept(tcp, settings, cookie, bytes, &packet);
	size = tcp_output(tcp, now, out, capacity);
	/* Who remembers nothing does not know when it was sent. */
	tcp->timed = false;
	return size;
}

size_t
syn_cookie_answer(struct instant now, uint32_t device,
		  const struct session_key *key,
		  const struct tcp_settings *settings, const uint8_t *bytes,
		  const struct packet *packet, uint8_t *out, size_t capacity)
{
	struct tcp_options options;
	struct tcp tcp;
	uint32_t index = SIZES - 1;

	(void)tcp_options_parse(bytes + packet->l4_offset + TCP_HEADER_MIN,
				packet->tcp_header_bytes - TCP_HEADER_MIN,
				&options);
	while (index > 0 && (!options.has_mss || options.mss < sizes[index]))
		index--;
	uint32_t cookie = make(now, device, key, packet->tcp_seq, index);
	return answer(&tcp, now, settings, packet, packet->tcp_seq, cookie,
		      sizes[index], out, capacity);
}

/* Of the segment: 0: none. */
static uint16_t
mss_of(struct instant now, uint32_t device, const struct session_key *key,
       const struct packet *packet)
{
	if ((packet->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_ACK)
		return 0;
	uint32_t index = index_of(now, device, key, packet->tcp_seq - 1,
				  packet->tcp_ack - 1);
	return index < SIZES ? sizes[index] : 0;
}

bool
syn_cookie_is_right(struct instant now, uint32_t device,
		    const struct session_key *key, const struct packet *packet)
{
	return mss_of(now, device, key, packet) > 0;
}

bool
syn_cookie_accept(struct tcp *tcp, struct instant now, uint32_t device,
		  const struct session_key *key,
		  const struct tcp_settings *settings,
		  const struct packet *packet)
{
	uint16_t mss = mss_of(now, device, key, packet);
	uint8_t sent[TCP_MTU_MAX];

	if (mss == 0)
		return false;
	(void)answer(tcp, now, settings, packet, packet->tcp_seq - 1,
		     packet->tcp_ack - 1, mss, sent, sizeof(sent));
	return true;
}
