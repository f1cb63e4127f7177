/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ownership_test.c - the table, wherever in the numbers' circle it lies; then
 * intervals against signed distances
 */
#include "core/wire/ownership.h"

#include "core/rng.h"
#include "core/test/check.h"
#include "core/test/ownership_table.h"

/* The client's first number and ours. */
static const uint32_t bases[][2] = {
	{ 0, 0 },
	{ 0xffffffff, 0xffffffff },
	{ 0x7fffffff, 0xfffffe00 },
	{ 0xffff0000, 0x80000000 },
	{ 0xff000001, 0x12345678 },
	{ 0x80000001, 0xff000005 },
};
#define BASES (sizeof(bases) / sizeof(bases[0]))

static void
test_table(void)
{
	for (size_t i = 0;
	     i < BASES * sizeof(ownership_rows) / sizeof(ownership_rows[0]);
	     i++) {
		const uint32_t *base = bases[i % BASES];
		size_t row = i / BASES;
		struct ownership_socket socket =
			moved(ownership_rows[row].socket, base);
		const struct packet packet = {
			.tcp_seq = ownership_rows[row].seq + base[0],
			.tcp_ack = ownership_rows[row].ack + base[1],
			.payload_bytes = ownership_rows[row].payload,
			.tcp_flags = ownership_rows[row].flags,
		};
		struct ownership_segment segment =
			ownership_segment_of(&packet);

		CHECK_ROW(ownership_of(&socket, &segment) ==
				  ownership_rows[row].want,
			  ownership_rows[row].sentence);
	}
	for (size_t i = 0;
	     i < BASES * sizeof(ownership_quotes) / sizeof(ownership_quotes[0]);
	     i++) {
		const uint32_t *base = bases[i % BASES];
		size_t row = i / BASES;
		struct ownership_socket socket =
			moved(ownership_quotes[row].socket, base);

		CHECK_ROW(
			ownership_of_quote(&socket, ownership_quotes[row].seq +
							    base[1]) ==
				ownership_quotes[row].want,
			ownership_quotes[row].sentence);
	}
}

/* A number, often near to another. */
static uint32_t
number(struct rng *rng, uint32_t near)
{
	static const uint32_t spans[] = { 1, 70000, 20 * MIB, 40 * MIB };
	uint64_t pick = rng_below(rng, 5);

	if (pick == 4)
		return (uint32_t)rng_next(rng);
	return near + (uint32_t)rng_below(rng, 2 * spans[pick] + 1) -
	       spans[pick];
}

/* While W and what is in flight are below half of the circle, a signed
 * distance says the same. */
static enum ownership
oracle(const struct ownership_socket *socket,
       const struct ownership_segment *segment)
{
	int64_t window = INT64_C(2) * (socket->rcv_wnd > socket->max_window
					       ? socket->rcv_wnd
					       : socket->max_window);
	int64_t ahead =
		(int32_t)(segment->seq + segment->length - socket->rcv_nxt);
	int64_t acked = (int32_t)(segment->ack - socket->snd_una);
	int64_t flight = (int32_t)(socket->snd_nxt - socket->snd_una);

	if (window < 16 * (int64_t)MIB)
		window = 16 * (int64_t)MIB;
	if (ahead < -window || ahead > window)
		return OWNERSHIP_DOUBT;
	if (segment->flags & TCP_ACK &&
	    (acked < -window || acked > flight + window))
		return OWNERSHIP_DOUBT;
	return OWNERSHIP_MINE;
}

static void
test_random(void)
{
	uint32_t seen[3] = { 0 };
	struct rng rng;

	rng_init(&rng, 11, 1);
	for (unsigned i = 0; i < 200000; i++) {
		struct ownership_socket socket = {
			.state = OWNERSHIP_OPEN,
			.snd_una = (uint32_t)rng_next(&rng),
			.rcv_nxt = (uint32_t)rng_next(&rng),
			.rcv_wnd = (uint32_t)rng_below(&rng, 16 * MIB),
			.max_window = (uint32_t)rng_below(&rng, 16 * MIB),
		};
		socket.snd_nxt =
			socket.snd_una + (uint32_t)rng_below(&rng, 16 * MIB);
		struct ownership_segment segment = {
			.seq = number(&rng, socket.rcv_nxt),
			.ack = number(&rng, socket.snd_una),
			.length = (uint32_t)rng_below(&rng, 3000),
			.flags = rng_below(&rng, 2) ? TCP_ACK : TCP_RST,
		};
		enum ownership got = ownership_of(&socket, &segment);

		CHECK(got == oracle(&socket, &segment));
		seen[got]++;
	}
	CHECK(seen[OWNERSHIP_MINE] > 1000 && seen[OWNERSHIP_DOUBT] > 1000);
	CHECK(seen[OWNERSHIP_STRAY] == 0);
}

int
main(void)
{
	test_table();
	test_random();
	return check_done();
}
