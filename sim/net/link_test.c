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

/* The rate changes at 1,000 ns while 10 packets of 1,000 bytes are queued that
 * leave by 10,000 ns; then more is sent. */
static void
test_change(void)
{
	static const struct {
		const char *sentence;
		uint64_t rate_bps; /* from then on */
		int64_t delay_ns, at_ns; /* the newcomer's */
		int64_t arrival_ns;
		uint64_t backlog_bytes; /* before it */
	} rows[] = {
		{ "as before", 8000000000, 5, 1000, 11005, 9000 },
		{ "slower: behind what leaves as it would have", 800000000, 5,
		  1000, 20005, 9000 },
		{ "faster: behind it, too", 80000000000, 5, 1000, 10105, 9000 },
		{ "bytes of the old queue by its rate", 800000000, 5, 6000,
		  20005, 4000 },
		{ "when that is gone nothing is left of it", 80000000000, 5,
		  20000, 20105, 0 },
		{ "no rate any more: still behind it", 0, 5, 1000, 10005,
		  9000 },
		{ "another delay", 8000000000, 500, 1000, 11500, 9000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct link_settings settings = {
			.rate_bps = 8000000000,
			.delay_ns = 5,
			.queue_bytes = 20000,
		};
		const struct link_settings old = settings;
		const struct instant at = { rows[i].at_ns };
		struct link_direction direction;
		link_direction_init(&direction, 1, 1);
		for (int j = 0; j < 10; j++)
			link_send(&direction, &old, (struct instant){ 0 },
				  1000);
		settings.rate_bps = rows[i].rate_bps;
		settings.delay_ns = rows[i].delay_ns;
		link_change(&direction, &old, (struct instant){ 1000 });
		CHECK_ROW(link_backlog_bytes(&direction, &settings, at) ==
				  rows[i].backlog_bytes,
			  rows[i].sentence);
		struct link_transit transit =
			link_send(&direction, &settings, at, 1000);
		CHECK_ROW(at.ns + transit.delay_ns == rows[i].arrival_ns,
			  rows[i].sentence);
	}
}

/* However often the rate changes, what is queued is never lost count of by
 * more than a byte a change, and nothing overtakes. */
static void
test_changes(void)
{
	struct link_settings settings = { .rate_bps = 8000000000,
					  .queue_bytes = 1 << 30 };
	struct link_direction direction;
	struct rng rng;
	int64_t last_ns = 0;

	link_direction_init(&direction, 3, 0);
	rng_init(&rng, 3, 1);
	for (int64_t ns = 0; ns < 20000; ns += 10) {
		const struct instant now = { ns };
		struct link_settings old = settings;
		uint64_t before =
			link_backlog_bytes(&direction, &settings, now);
		settings.rate_bps = 1 + rng_below(&rng, 10000000000);
		link_change(&direction, &old, now);
		uint64_t after = link_backlog_bytes(&direction, &settings, now);
		CHECK(after <= before + 1 && before <= after + 1);
		struct link_transit transit =
			link_send(&direction, &settings, now, 100);
		CHECK(transit.drop == DROP_NONE);
		CHECK(now.ns + transit.delay_ns >= last_ns);
		last_ns = now.ns + transit.delay_ns;
	}
}

int
main(void)
{
	test_serialisation();
	test_queue(1);
	test_queue(2);
	test_impairments();
	test_change();
	test_changes();
	return check_done();
}
