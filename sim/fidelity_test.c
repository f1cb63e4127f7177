/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fidelity_test.c - lookup times in packet and in path fidelity
 *
 * The same operations of the same seeds on the same spine-leaf. While links
 * are nearly idle the two distributions must agree, within 1 % at the median
 * and 3 % at the 99th percentile. When links are so slow that packets wait for
 * each other they must not: path fidelity knows no queues and is faster.
 */
#include <stdlib.h>

#include "core/test/check.h"
#include "sim/world.h"

#define TIMES_MAX 20000

struct times {
	uint32_t count, failed;
	int64_t ns[TIMES_MAX];
};

static void
on_measurement(void *context, const struct watch_measurement *m)
{
	struct times *times = context;

	if (m->metric != METRIC_LOOKUP)
		return;
	if (!m->ok)
		times->failed++;
	else if (times->count < TIMES_MAX)
		times->ns[times->count++] = m->value_ns;
}

static int
times_compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct row {
	const char *sentence;
	uint32_t servers, seeds, lookups;
	uint64_t rate_bps; /* of every link inside; 0: as they are */
	int64_t interval_ns;
};

static uint64_t
run(const struct row *row, enum fidelity_kind fidelity, uint64_t seed,
    struct times *times)
{
	struct watch watch = { .context = times,
			       .measurement = on_measurement };
	struct settings settings;
	struct world *world;
	char error[200];

	settings_default(&settings);
	settings.seed = seed;
	settings.fabric.fidelity = fidelity;
	settings.fabric.spines = 4;
	settings.fabric.leaves = 16;
	settings.fabric.servers = row->servers;
	if (row->rate_bps > 0) {
		settings.fabric.fabric_link.rate_bps = row->rate_bps;
		settings.fabric.server_link.rate_bps = row->rate_bps;
	}
	settings.clients.sessions = 0;
	settings.dht.tables = TABLES_IDEAL;
	settings.measure.stores = 500;
	settings.measure.lookups = row->lookups;
	settings.measure.interval_ns = row->interval_ns;
	settings.measure.duration_ns = 10 * NS_PER_S;

	int status =
		world_create(&world, &settings, &watch, error, sizeof(error));
	CHECK(status == 0);
	if (status != 0)
		return 0;
	struct world_result result = world_run(world);
	world_destroy(world);
	return result.state_hash;
}

static double
quantile(const struct times *times, double part)
{
	return (double)times->ns[(size_t)(part * (times->count - 1))];
}

int
main(void)
{
	static const struct row rows[] = {
		{ "256 servers, idle", 256, 2, 2000, 0, NS_PER_MS },
		{ "1,000 servers, idle", 1000, 2, 2000, 0, NS_PER_MS },
		{ "256 servers, 500,000 operations a second, 100 Mbit/s", 256,
		  1, 10000, 100000000, 2 * NS_PER_US },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct times times[2];
		const struct row *row = &rows[i];
		uint64_t hash = 0;

		for (int f = 0; f < 2; f++) {
			times[f].count = times[f].failed = 0;
			for (uint64_t seed = 1; seed <= row->seeds; seed++)
				hash = run(row,
					   f ? FIDELITY_PATH : FIDELITY_PACKET,
					   seed, &times[f]);
			CHECK_ROW(times[f].failed == 0, row->sentence);
			CHECK_ROW(times[f].count == row->lookups * row->seeds,
				  row->sentence);
			qsort(times[f].ns, times[f].count, sizeof(int64_t),
			      times_compare);
		}

		double median =
			quantile(&times[1], 0.5) / quantile(&times[0], 0.5) - 1;
		double tail =
			quantile(&times[1], 0.99) / quantile(&times[0], 0.99) -
			1;
		if (getenv("FIDELITY_VERBOSE") != NULL)
			fprintf(stderr,
				"%s: median %.0f ns %+.2f %%, p99 %.0f ns "
				"%+.2f %%\n",
				row->sentence, quantile(&times[0], 0.5),
				100 * median, quantile(&times[0], 0.99),
				100 * tail);
		if (row->rate_bps == 0) {
			CHECK_ROW(median > -0.01 && median < 0.01,
				  row->sentence);
			CHECK_ROW(tail > -0.03 && tail < 0.03, row->sentence);
			/* And it is repeatable. */
			static struct times again;
			CHECK_ROW(run(row, FIDELITY_PATH, row->seeds, &again) ==
					  hash,
				  row->sentence);
		} else {
			CHECK_ROW(median < -0.1 && tail < -0.1, row->sentence);
		}
	}
	return check_done();
}
