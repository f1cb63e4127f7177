/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_test.c - serialisation to the nanosecond, drop-tail against a queue
 * of packets, impairments at their rates
 */
#include "sim/net/link.h"

#include <stdbool.h>
#include <string.h>

#include "core/test/check.h"

static void
test_serialisation(void)
{
	static const struct {
		const char *sentence;
		uint64_t rate_bps;
		uint32_t size, count; /* back to back */
		int64_t last_ns; /* arrival of the last */
	} rows[] = {
		{ "10 Gbit/s: 1,500 bytes take 1,200 ns", 10000000000, 1500, 1,
		  1200 },
		{ "100 Gbit/s: 120 ns", 100000000000, 1500, 1, 120 },
		{ "a third of a nanosecond rounds up", 3000000000, 1, 1, 3 },
		{ "3 Gbit/s: three bytes are exactly 8 ns", 3000000000, 1, 3,
		  8 },
		{ "3 Gbit/s: 3,000 packets of 100 bytes are 800 us", 3000000000,
		  100, 3000, 800000 },
		{ "no rate: no time", 0, 65535, 10, 0 },
		{ "56 kbit/s: 1,500 bytes take 214,285,715 ns", 56000, 1500, 1,
		  214285715 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct link_settings settings = {
			.rate_bps = rows[i].rate_bps,
			.delay_ns = 5000,
			.queue_bytes = 1 << 20,
		};
		struct link_direction direction;
		struct link_transit transit = { .copies = 0 };
		const struct instant now = { 1000000 };

		link_direction_init(&direction, 1, 1);
		for (uint32_t j = 0; j < rows[i].count; j++)
			transit = link_send(&direction, &settings, now,
					    rows[i].size);
		CHECK_ROW(transit.drop == DROP_NONE && transit.copies == 1,
			  rows[i].sentence);
		CHECK_ROW(transit.delay_ns == 5000 + rows[i].last_ns,
			  rows[i].sentence);
	}
}

/* The oracle holds the packets themselves: it knows when each one's last bit
 * leaves and counts what is left of those that wait. */
static void
test_queue(uint64_t seed)
{
	enum {
		MOST = 4096
	};
	static struct {
		int64_t start_ns, end_ns;
		uint32_t size;
	} waiting[MOST];
	const struct link_settings settings = {
		.rate_bps = 8000000000, /* a byte a nanosecond */
		.queue_bytes = 10000,
	};
	struct link_direction direction;
	struct instant now = { 0 };
	struct rng rng;
	uint32_t first = 0, count = 0, drops = 0;

	link_direction_init(&direction, seed, 0);
	rng_init(&rng, seed, 1);
	for (int step = 0; step < 20000; step++) {
		uint32_t size = 20 + (uint32_t)rng_below(&rng, 1481);
		uint64_t output_buffer = 0;
		int64_t idle_ns = now.ns;

		now.ns += (int64_t)rng_below(&rng, 1400);
		while (first < count && waiting[first % MOST].end_ns <= now.ns)
			first++;
		idle_ns = now.ns;
		for (uint32_t i = first; i < count; i++) {
			int64_t start = waiting[i % MOST].start_ns;
			int64_t end = waiting[i % MOST].end_ns;
			output_buffer +=
				(uint64_t)(end -
					   (start > now.ns ? start : now.ns));
			idle_ns = end;
		}
		CHECK(link_backlog_bytes(&direction, &settings, now) ==
		      output_buffer);
		bool full = output_buffer > 0 && output_buffer + size > 10000;
		struct link_transit transit =
			link_send(&direction, &settings, now, size);
		CHECK((transit.drop == DROP_QUEUE) == full);
		if (full) {
			drops++;
			continue;
		}
		CHECK(transit.delay_ns == idle_ns + size - now.ns);
		waiting[count % MOST].start_ns = idle_ns;
		waiting[count % MOST].end_ns = idle_ns + size;
		waiting[count++ % MOST].size = size;
	}
	CHECK(drops > 100);
}

static void
test_impairments(void)
{
	const struct link_settings settings = {
		.delay_ns = 1000,
		.loss_ppm = 100000,
		.duplicate_ppm = 50000,
		.reorder_ppm = 200000,
	};
	struct link_direction direction;
	int lost = 0, doubled = 0, late = 0;

	link_direction_init(&direction, 9, 9);
	for (int i = 0; i < 100000; i++) {
		struct link_transit transit = link_send(
			&direction, &settings, (struct instant){ i }, 100);
		if (transit.drop != DROP_NONE) {
			CHECK(transit.drop == DROP_LOSS && transit.copies == 0);
			lost++;
			continue;
		}
		doubled += transit.copies == 2;
		late += transit.delay_ns > 1000;
		CHECK(transit.delay_ns >= 1000 && transit.delay_ns <= 2000);
	}
	CHECK(lost > 9700 && lost < 10300);
	CHECK(doubled > 4300 && doubled < 4700);
	CHECK(late > 17600 && late < 18400);
}

int
main(void)
{
	test_serialisation();
	test_queue(1);
	test_queue(2);
	test_impairments();
	return check_done();
}
