/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp_out_test.c - udp_out and udp_in back to back over the loopback interface
 *
 * Addresses are of 127/8, chosen by our process id, so that tests that run at
 * the same time do not meet. Datagrams carry their number, so that order,
 * sizes and contents can be checked however they were joined and taken apart.
 */
#include "live/kernel/udp_out.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/outbox.h"
#include "core/rng.h"
#include "core/steer/tunnel.h"
#include "core/test/check.h"
#include "live/kernel/udp_in.h"

#define GUE	   6080
#define BYTES_MOST 3000
#define FLOWS	   8

struct heard {
	uint32_t count, damaged, misplaced;
	uint32_t next[FLOWS]; /* number expected of each flow */
	uint16_t port[FLOWS];
};

struct sent_calls {
	uint32_t sent, failed;
	int error;
};

static struct endpoint
local(uint8_t host, uint16_t port)
{
	uint8_t bytes[4] = { 127, (uint8_t)(getpid() >> 8), (uint8_t)getpid(),
			     host };

	return (struct endpoint){ address_ip4(bytes), port };
}

/* Flow, number, then bytes that follow from both. */
static size_t
datagram(uint8_t flow, uint32_t number, size_t size, uint8_t *bytes)
{
	struct rng rng;

	rng_init(&rng, number, flow);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)rng_next(&rng);
	bytes[0] = flow;
	memcpy(bytes + 1, &number, sizeof(number));
	return size;
}

static void
take(void *context, const struct endpoint *from, const uint8_t *bytes,
     size_t size)
{
	struct heard *heard = context;
	uint8_t want[BYTES_MOST];
	uint32_t number;

	heard->count++;
	if (size < 5 || size > BYTES_MOST || bytes[0] >= FLOWS) {
		heard->damaged++;
		return;
	}
	memcpy(&number, bytes + 1, sizeof(number));
	datagram(bytes[0], number, size, want);
	heard->damaged += memcmp(want, bytes, size) != 0;
	heard->misplaced += number != heard->next[bytes[0]];
	heard->next[bytes[0]] = number + 1;
	if (heard->port[bytes[0]] == 0)
		heard->port[bytes[0]] = from->port;
	heard->misplaced += heard->port[bytes[0]] != from->port;
}

static void
sent(void *context, const struct address *to, bool forward, int error)
{
	struct sent_calls *sent_calls = context;

	(void)to;
	(void)forward;
	sent_calls->sent += error == 0;
	sent_calls->failed += error != 0;
	if (error != 0)
		sent_calls->error = error;
}

struct pair {
	struct udp_in *udp_in;
	struct udp_out *udp_out;
	struct uplinks uplinks;
	struct sent_calls sent_calls;
	struct endpoint to;
};

static void
pair_open(struct pair *pair, uint32_t mtu_bytes)
{
	char error[256] = "";

	pair->sent_calls = (struct sent_calls){ .sent = 0 };
	pair->to = local(2, GUE);
	struct udp_out_settings settings = {
		.self = local(1, 0).address,
		.datagram_fd = -1,
		.uplinks = &pair->uplinks,
		.mtu_bytes = mtu_bytes,
		.fragment = true,
		.sent = sent,
		.context = &pair->sent_calls,
	};
	CHECK_ROW(udp_in_open(&pair->udp_in, &pair->to, BYTES_MOST, true, error,
			      sizeof(error)) == 0,
		  error);
	CHECK_ROW(udp_out_open(&pair->udp_out, &settings, error,
			       sizeof(error)) == 0,
		  error);
}

static void
pair_close(struct pair *pair)
{
	udp_out_close(pair->udp_out);
	udp_in_close(pair->udp_in);
}

static void
forward(struct pair *pair, uint8_t flow, uint32_t number, size_t size,
	uint8_t avoid)
{
	uint8_t bytes[BYTES_MOST];

	datagram(flow, number, size, bytes);
	CHECK(udp_out_forward(pair->udp_out, &pair->to,
			      (uint16_t)(TUNNEL_SOURCE_PORT + 640 + flow),
			      avoid, bytes, size) == 0);
}

static struct heard
hear(struct pair *pair)
{
	struct heard heard = { .count = 0 };

	while (udp_in_read(pair->udp_in, 64, take, &heard) > 0)
		;
	return heard;
}

/* One flow: a few messages carry it all, in order. */
static void
test_bulk(void)
{
	struct pair pair = { .uplinks.count = 0 };

	pair_open(&pair, 1600);
	for (uint32_t i = 0; i < 400; i++)
		forward(&pair, 3, i, i == 399 ? 100 : 1520, OUTBOX_ANY_UPLINK);
	udp_out_flush(pair.udp_out);
	struct heard heard = hear(&pair);
	CHECK(heard.count == 400);
	CHECK(heard.damaged == 0 && heard.misplaced == 0);
	CHECK(heard.port[3] >= TUNNEL_SOURCE_PORT);
	const struct udp_out_counters *counters =
		udp_out_counters(pair.udp_out);
	CHECK(counters->forwards == 400);
	CHECK(counters->messages <= 12);
	CHECK(pair.sent_calls.sent == counters->messages &&
	      pair.sent_calls.failed == 0);
	pair_close(&pair);
}

/* All sizes, all flows, larger than the queue, with and without joining. */
static void
test_random(uint32_t mtu_bytes)
{
	struct pair pair = { .uplinks.count = 0 };
	uint32_t numbers[FLOWS] = { 0 };
	struct heard heard = { .count = 0 };
	struct rng rng;

	rng_init(&rng, 5, mtu_bytes);
	pair_open(&pair, mtu_bytes);
	for (uint32_t i = 0; i < 6000; i++) {
		uint8_t flow = (uint8_t)rng_below(&rng, FLOWS);
		size_t size = rng_below(&rng, 3) > 0
				      ? 1520
				      : 5 + rng_below(&rng, BYTES_MOST - 5);
		uint32_t run = 1 + (uint32_t)rng_below(&rng, 10);

		for (uint32_t j = 0; j < run; j++, numbers[flow]++)
			forward(&pair, flow, numbers[flow], size,
				OUTBOX_ANY_UPLINK);
		if (rng_below(&rng, 20) == 0) {
			udp_out_flush(pair.udp_out);
			while (udp_in_read(pair.udp_in, 64, take, &heard) > 0)
				;
		}
	}
	udp_out_flush(pair.udp_out);
	while (udp_in_read(pair.udp_in, 64, take, &heard) > 0)
		;
	CHECK(heard.count == udp_out_counters(pair.udp_out)->forwards);
	CHECK(heard.damaged == 0 && heard.misplaced == 0);
	CHECK(pair.sent_calls.failed == 0);
	pair_close(&pair);
}

/* The other uplink is no interface at all: the ordinary route takes it. */
static void
test_fall_back(void)
{
	struct pair pair = { .uplinks = { .count = 2 } };

	pair.uplinks.interfaces[0] = if_nametoindex("lo");
	pair.uplinks.interfaces[1] = 1u << 30;
	pair_open(&pair, 1600);
	for (uint32_t i = 0; i < 10; i++)
		forward(&pair, 1, i, 1000, 0);
	udp_out_flush(pair.udp_out);
	struct heard heard = hear(&pair);
	CHECK(heard.count == 10 && heard.damaged == 0 && heard.misplaced == 0);
	CHECK(udp_out_counters(pair.udp_out)->fell_back == 1);
	CHECK(pair.sent_calls.failed == 0);
	/* That one is there. */
	for (uint32_t i = 10; i < 20; i++)
		forward(&pair, 1, i, 1000, 1);
	udp_out_flush(pair.udp_out);
	CHECK(hear(&pair).count == 10);
	CHECK(udp_out_counters(pair.udp_out)->other_uplink == 2);
	CHECK(udp_out_counters(pair.udp_out)->fell_back == 1);
	pair_close(&pair);
}

/* A run that the kernel refuses goes out one by one. */
static void
test_errors(void)
{
	struct pair pair = { .uplinks.count = 0 };
	uint8_t bytes[BYTES_MOST];

	pair_open(&pair, 1600);
	datagram(0, 0, 100, bytes);
	/* Port 0 is nowhere: EINVAL for the run, then for each by itself. */
	pair.to.port = 0;
	for (uint32_t i = 0; i < 3; i++)
		forward(&pair, 0, i, 1000, OUTBOX_ANY_UPLINK);
	udp_out_flush(pair.udp_out);
	CHECK(udp_out_counters(pair.udp_out)->unjoined == 1);
	CHECK(pair.sent_calls.failed == 3 && pair.sent_calls.error == -EINVAL);
	/* The next runs are not joined, and arrive. */
	pair.to.port = GUE;
	for (uint32_t i = 0; i < 100; i++)
		forward(&pair, 0, i, 1000, OUTBOX_ANY_UPLINK);
	udp_out_flush(pair.udp_out);
	struct heard heard = hear(&pair);
	CHECK(heard.count == 100 && heard.misplaced == 0);
	CHECK(pair.sent_calls.sent == 100);
	pair_close(&pair);
}

/* Nobody reads the sources: what is sent to them must not pile up; and two
 * sockets of one address do not collide. */
static void
test_sources(void)
{
	struct pair pair = { .uplinks.count = 0 }, second = pair;
	char error[256] = "";

	pair_open(&pair, 1600);
	struct udp_out_settings settings = {
		.self = local(1, 0).address,
		.datagram_fd = udp_in_fd(pair.udp_in),
		.uplinks = &second.uplinks,
		.mtu_bytes = 1600,
		.sent = sent,
		.context = &second.sent_calls,
	};
	CHECK(udp_out_open(&second.udp_out, &settings, error, sizeof(error)) ==
	      0);
	uint8_t bytes[BYTES_MOST];
	size_t size = datagram(2, 0, 500, bytes);
	CHECK(udp_out_datagram(second.udp_out, &pair.to, 0, bytes, size) == 0);
	udp_out_flush(second.udp_out);
	struct heard heard = hear(&pair);
	CHECK(heard.count == 1 && heard.damaged == 0);
	CHECK(heard.port[2] == GUE);
	udp_out_close(second.udp_out);
	pair_close(&pair);
}

/* A datagram longer than what is of interest is skipped. */
static void
test_oversize(void)
{
	struct pair pair = { .uplinks.count = 0 };
	uint8_t bytes[BYTES_MOST + 1] = { 0 };

	pair_open(&pair, 1600);
	CHECK(udp_out_forward(pair.udp_out, &pair.to, 50000, OUTBOX_ANY_UPLINK,
			      bytes, sizeof(bytes)) == 0);
	forward(&pair, 0, 0, BYTES_MOST, OUTBOX_ANY_UPLINK);
	CHECK(udp_out_forward(pair.udp_out, &pair.to, 50000, OUTBOX_ANY_UPLINK,
			      bytes, 70000) == -EMSGSIZE);
	udp_out_flush(pair.udp_out);
	CHECK(hear(&pair).count == 1);
	pair_close(&pair);
}

int
main(void)
{
	test_bulk();
	test_random(1600);
	test_random(576);
	test_fall_back();
	test_errors();
	test_sources();
	test_oversize();
	return check_done();
}
