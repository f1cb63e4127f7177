/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp_link_test.c - TCP against itself over a link that loses, doubles and
 * reorders; whatever the link does, both streams arrive whole and right
 */
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "sim/host/tcp.h"

#define QUEUE_MAX 4096

struct flight {
	struct instant at;
	uint64_t order;
	uint32_t to, size;
	uint8_t *bytes;
};

struct toy {
	const char *sentence;
	uint32_t loss_ppm, duplicate_ppm, reorder_ppm;
	uint64_t up_bytes, down_bytes;
	bool sack;
	uint8_t family;
	uint32_t receive_bytes;
	uint64_t reader_step; /* the client reads so much a time; 0: all */
	uint32_t link_mtu; /* smaller than the ends' own: ICMP too big */
	/* What happened. */
	struct tcp_settings settings;
	struct tcp ends[2]; /* client, server */
	bool open[2];
	struct rng rng;
	struct flight queue[QUEUE_MAX];
	uint32_t count;
	uint64_t order, packets, bytes;
	struct instant now, busy[2], read_at;
};

static void
launch(struct toy *toy, uint32_t to, int64_t delay_ns, const uint8_t *bytes,
       uint32_t size)
{
	if (toy->count == QUEUE_MAX)
		return;
	struct flight *flight = &toy->queue[toy->count++];
	*flight = (struct flight){
		.at = instant_after(toy->now, delay_ns),
		.order = toy->order++,
		.to = to,
		.size = size,
		.bytes = malloc(size),
	};
	memcpy(flight->bytes, bytes, size);
}

/* 100 Mbit/s, 5 ms one way. */
static void
transmit(struct toy *toy, uint32_t to, const uint8_t *bytes, uint32_t size)
{
	if (instant_before(toy->busy[to], toy->now))
		toy->busy[to] = toy->now;
	toy->busy[to] = instant_after(toy->busy[to], size * 80);
	int64_t delay =
		instant_distance_ns(toy->now, toy->busy[to]) + 5 * NS_PER_MS;

	toy->packets++;
	if (rng_below(&toy->rng, 1000000) < toy->loss_ppm)
		return;
	if (rng_below(&toy->rng, 1000000) < toy->reorder_ppm)
		delay += (int64_t)rng_below(&toy->rng, 8 * NS_PER_MS);
	launch(toy, to, delay, bytes, size);
	if (rng_below(&toy->rng, 1000000) < toy->duplicate_ppm)
		launch(toy, to, delay + 1000, bytes, size);
}

static void
flush(struct toy *toy, uint32_t end)
{
	uint8_t out[2048];
	size_t size;

	if (!toy->open[end])
		return;
	while ((size = tcp_output(&toy->ends[end], toy->now, out,
				  sizeof(out))) > 0) {
		struct packet packet;
		enum drop drop = packet_parse(out, size, &packet);
		CHECK_ROW(drop == DROP_NONE, toy->sentence);
		CHECK_ROW(packet_checksum_ok(out, &packet), toy->sentence);
		if (toy->link_mtu != 0 && size > toy->link_mtu)
			tcp_too_big(&toy->ends[end], packet.tcp_seq,
				    toy->link_mtu);
		else
			transmit(toy, 1 - end, out, (uint32_t)size);
	}
}

static void
application(struct toy *toy, uint32_t end)
{
	struct tcp *tcp = &toy->ends[end];
	uint64_t readable = tcp_readable(tcp);

	if (end == 1 || toy->reader_step == 0)
		tcp_read(tcp, readable);
	/* The server answers the request's head, then closes. */
	if (end == 1 && tcp->receive.bytes >= 8 && tcp->send.bytes == 0 &&
	    !tcp->send.finished) {
		tcp->send.seed = tcp->receive.seed + 1;
		tcp_write(tcp, toy->down_bytes);
		tcp_finish(tcp);
	}
}

static void
arrive(struct toy *toy, const struct flight *flight)
{
	struct packet packet;
	uint32_t end = flight->to;

	if (packet_parse(flight->bytes, flight->size, &packet) != DROP_NONE)
		return;
	if (!toy->open[end]) {
		if ((packet.tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
			return;
		tcp_accept(&toy->ends[1], &toy->settings, 0xfffffff0,
			   flight->bytes, &packet);
		tcp_expect_head(&toy->ends[1], 8);
		toy->open[1] = true;
	} else {
		tcp_receive(&toy->ends[end], toy->now, flight->bytes, &packet);
	}
	application(toy, end);
	flush(toy, end);
}

static uint32_t
first_flight(const struct toy *toy)
{
	uint32_t first = 0;

	for (uint32_t i = 1; i < toy->count; i++) {
		const struct flight *a = &toy->queue[i];
		const struct flight *b = &toy->queue[first];
		if (a->at.ns < b->at.ns ||
		    (a->at.ns == b->at.ns && a->order < b->order))
			first = i;
	}
	return first;
}

/* One thing more; false when nothing will happen any more. */
static bool
step(struct toy *toy)
{
	struct instant next = toy->read_at;
	uint32_t first = first_flight(toy);

	if (toy->count > 0)
		next = instant_min(next, toy->queue[first].at);
	for (uint32_t end = 0; end < 2; end++)
		if (toy->open[end])
			next = instant_min(next, tcp_deadline(&toy->ends[end]));
	if (next.ns == INT64_MAX)
		return false;
	toy->now = next;
	if (toy->count > 0 && toy->queue[first].at.ns == next.ns) {
		struct flight flight = toy->queue[first];
		toy->queue[first] = toy->queue[--toy->count];
		arrive(toy, &flight);
		free(flight.bytes);
		return true;
	}
	if (toy->read_at.ns == next.ns) {
		struct tcp *tcp = &toy->ends[0];
		uint64_t readable = tcp_readable(tcp);
		tcp_read(tcp, readable < toy->reader_step ? readable
							  : toy->reader_step);
		toy->read_at = instant_after(next, 20 * NS_PER_MS);
		if (tcp_completed(tcp) && tcp_readable(tcp) == 0)
			toy->read_at = INSTANT_NEVER;
		flush(toy, 0);
		return true;
	}
	for (uint32_t end = 0; end < 2; end++)
		if (toy->open[end]) {
			tcp_expire(&toy->ends[end], next);
			flush(toy, end);
		}
	return true;
}

static void
open_both(struct toy *toy, uint64_t seed)
{
	uint8_t a[16] = { 20, 1, 0, 1 }, b[16] = { 192, 168, 0, 1 };
	struct tcp_names names = { .local_port = 40000, .remote_port = 80 };
	uint8_t head[8] = { 'g', 'e', 't', ' ', (uint8_t)seed };

	rng_init(&toy->rng, seed, 1);
	tcp_settings_default(&toy->settings);
	toy->settings.sack = toy->sack;
	toy->settings.retries = 100;
	toy->settings.syn_retries = 100;
	if (toy->receive_bytes != 0)
		toy->settings.receive_bytes = toy->receive_bytes;
	names.local = toy->family == 4 ? address_ip4(a) : address_ip6(a);
	names.remote = toy->family == 4 ? address_ip4(b) : address_ip6(b);
	toy->read_at =
		toy->reader_step > 0 ? (struct instant){ 0 } : INSTANT_NEVER;
	tcp_connect(&toy->ends[0], &toy->settings, &names, 0xffffff00);
	toy->open[0] = true;
	tcp_expect_seed(&toy->ends[0], tcp_head_seed(head, 8) + 1);
	tcp_write_head(&toy->ends[0], head, 8);
	tcp_write(&toy->ends[0], toy->up_bytes);
	tcp_finish(&toy->ends[0]);
	flush(toy, 0);
}

static void
run(const struct toy *row, uint64_t seed)
{
	struct toy *toy = malloc(sizeof(*toy));
	uint64_t steps = 0;

	*toy = *row;
	open_both(toy, seed);
	while (steps++ < 3000000 && step(toy))
		;
	for (uint32_t end = 0; end < 2; end++) {
		const struct tcp *tcp = &toy->ends[end];
		uint64_t want = end == 0 ? toy->down_bytes : toy->up_bytes + 8;
		CHECK_ROW(tcp_completed(tcp), toy->sentence);
		CHECK_ROW(!tcp->corrupt, toy->sentence);
		CHECK_ROW(tcp->receive.bytes == want, toy->sentence);
		CHECK_ROW(tcp->state == TCP_STATE_CLOSED, toy->sentence);
	}
	if (getenv("TOY_VERBOSE"))
		fprintf(stderr,
			"%-40s seed %2llu: %llu packets, %.3f s, again "
			"%llu+%llu, timeouts %u+%u\n",
			toy->sentence, (unsigned long long)seed,
			(unsigned long long)toy->packets,
			(double)toy->now.ns / 1e9 - 60,
			(unsigned long long)toy->ends[0]
				.counters.bytes_sent_again,
			(unsigned long long)toy->ends[1]
				.counters.bytes_sent_again,
			toy->ends[0].counters.timeouts,
			toy->ends[1].counters.timeouts);
	for (uint32_t i = 0; i < toy->count; i++)
		free(toy->queue[i].bytes);
	free(toy);
}

static const struct toy rows[] = {
	{ .sentence = "nothing to say but the request",
	  .sack = true,
	  .family = 4 },
	{ .sentence = "a clean link, download",
	  .sack = true,
	  .family = 4,
	  .down_bytes = 3000000 },
	{ .sentence = "a clean link, upload",
	  .sack = true,
	  .family = 4,
	  .up_bytes = 3000000 },
	{ .sentence = "IPv6, both directions",
	  .sack = true,
	  .family = 6,
	  .up_bytes = 500000,
	  .down_bytes = 500000 },
	{ .sentence = "1 % loss, SACK",
	  .sack = true,
	  .family = 4,
	  .down_bytes = 1000000,
	  .loss_ppm = 10000 },
	{ .sentence = "1 % loss, NewReno",
	  .family = 4,
	  .down_bytes = 1000000,
	  .loss_ppm = 10000 },
	{ .sentence = "20 % loss, SACK",
	  .sack = true,
	  .family = 4,
	  .down_bytes = 100000,
	  .up_bytes = 50000,
	  .loss_ppm = 200000 },
	{ .sentence = "20 % loss, NewReno, IPv6",
	  .family = 6,
	  .down_bytes = 100000,
	  .up_bytes = 50000,
	  .loss_ppm = 200000 },
	{ .sentence = "everything doubled",
	  .sack = true,
	  .family = 4,
	  .down_bytes = 300000,
	  .duplicate_ppm = 1000000 },
	{ .sentence = "half of it late",
	  .sack = true,
	  .family = 4,
	  .down_bytes = 300000,
	  .reorder_ppm = 500000 },
	{ .sentence = "lost, doubled and late",
	  .sack = true,
	  .family = 6,
	  .down_bytes = 200000,
	  .up_bytes = 200000,
	  .loss_ppm = 50000,
	  .duplicate_ppm = 50000,
	  .reorder_ppm = 200000 },
	{ .sentence = "lost, doubled and late, NewReno",
	  .family = 4,
	  .down_bytes = 200000,
	  .up_bytes = 200000,
	  .loss_ppm = 50000,
	  .duplicate_ppm = 50000,
	  .reorder_ppm = 200000 },
	{ .sentence = "a reader slower than the link",
	  .sack = true,
	  .family = 4,
	  .down_bytes = 200000,
	  .receive_bytes = 8192,
	  .reader_step = 3000 },
	{ .sentence = "a slow reader and loss",
	  .sack = true,
	  .family = 4,
	  .down_bytes = 100000,
	  .receive_bytes = 8192,
	  .reader_step = 3000,
	  .loss_ppm = 100000 },
	{ .sentence = "a link with a smaller MTU",
	  .sack = true,
	  .family = 4,
	  .down_bytes = 300000,
	  .link_mtu = 1400 },
	{ .sentence = "a smaller MTU and loss, IPv6",
	  .sack = true,
	  .family = 6,
	  .down_bytes = 300000,
	  .link_mtu = 1300,
	  .loss_ppm = 20000 },
};

int
main(void)
{
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint64_t seed = 1; seed <= 5; seed++)
			run(&rows[i], seed);
	return check_done();
}
