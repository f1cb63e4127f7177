/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * churn_test.c - a population that churns by itself: is it stationary from the
 * start, at the rate asked for, and does everybody have his turn?
 *
 * Seats are run through a queue of events, without a world. What is counted is
 * held against the law of large numbers: four standard deviations are allowed.
 */
#include "sim/model/churn.h"

#include <stdlib.h>

#include "core/test/check.h"
#include "sim/engine/event.h"

#define S      NS_PER_S
#define MIN    (60 * S)
#define SEATS  4000u
#define MOST   (3 * SEATS) /* servers and spare ones */
#define RUN_NS (8 * MIN)
#define SLICES 8
#define PPM    1000000u

enum code {
	DEPART,
	RETURN
};

struct run {
	struct fault_settings fault;
	struct settings settings;
	struct churn *churn;
	struct queue *queue;
	uint32_t up, up_at[SLICES]; /* at the end of each slice */
	uint32_t departures[SLICES], crashes, returns, news;
	bool is_up[MOST], was_up[MOST];
	int64_t left_ns[MOST]; /* when it left for good */
	int64_t soonest_ns; /* until one that left was a new one */
	uint32_t repeated; /* departed more often than once */
	uint32_t times[MOST];
};

static void
schedule(struct run *run, enum code code, int64_t delay_ns, uint32_t seat)
{
	struct event event = {
		.destination = seat,
		.class = EVENT_TIMER,
		.kind = EVENT_FAULT,
		.code = (uint16_t)code,
	};

	queue_schedule(run->queue, seat, delay_ns, &event);
}

static void
start(struct run *run)
{
	run->soonest_ns = INT64_MAX;
	for (uint32_t seat = 0; seat < SEATS; seat++) {
		bool away = churn_starts_away(run->churn);

		run->is_up[seat] = run->was_up[seat] = !away;
		run->up += !away;
		schedule(run, away ? RETURN : DEPART,
			 churn_rest_ns(run->churn, !away), seat);
	}
}

static void
depart(struct run *run, int64_t now_ns, uint32_t seat)
{
	struct churn_move move = churn_depart(run->churn, seat);

	CHECK(run->is_up[move.server]);
	CHECK(churn_server(run->churn, seat) == move.server);
	run->is_up[move.server] = false;
	run->left_ns[move.server] = now_ns;
	run->up--;
	run->departures[now_ns * SLICES / RUN_NS]++;
	run->crashes += move.act == CHURN_CRASH;
	run->repeated += run->times[move.server]++ == 1;
	schedule(run, RETURN, churn_time_ns(run->churn, false), seat);
}

static void
come(struct run *run, int64_t now_ns, uint32_t seat)
{
	uint32_t before = churn_server(run->churn, seat);
	struct churn_move move = churn_return(run->churn, seat);
	bool new = move.act == CHURN_ENTER;

	CHECK(move.server < MOST && !run->is_up[move.server]);
	CHECK(new == (move.server != before));
	CHECK(churn_server(run->churn, seat) == move.server);
	if (new && run->was_up[move.server] &&
	    now_ns - run->left_ns[move.server] < run->soonest_ns)
		run->soonest_ns = now_ns - run->left_ns[move.server];
	run->is_up[move.server] = run->was_up[move.server] = true;
	run->up++;
	run->returns += run->times[before] > 0; /* not away from the start */
	run->news += new;
	schedule(run, DEPART, churn_time_ns(run->churn, true), seat);
}

static void
play(struct run *run)
{
	struct event event;

	run->queue = queue_create();
	run->churn = churn_create(&run->settings, &run->fault, 0, SEATS, SEATS);
	start(run);
	for (int64_t slice = 0; slice < SLICES; slice++) {
		struct instant end = { (slice + 1) * RUN_NS / SLICES - 1 };

		while (queue_next(run->queue, end, &event)) {
			int64_t now_ns = queue_now(run->queue).ns;

			if (event.code == DEPART)
				depart(run, now_ns, event.destination);
			else
				come(run, now_ns, event.destination);
		}
		run->up_at[slice] = run->up;
	}
	churn_destroy(run->churn);
	queue_destroy(run->queue);
}

static bool
near(double value, double mean, double variance)
{
	return (value - mean) * (value - mean) <= 16 * variance;
}

static bool
share(uint32_t part, uint32_t all, uint32_t ppm)
{
	double p = (double)ppm / PPM;

	return near(part, all * p, all * p * (1 - p));
}

struct row {
	const char *sentence;
	struct fault_settings fault;
	/* Of departures in a slice: variance over mean. A renewal process of
	 * long and short lives clusters, one of equal lives is even. */
	double spread;
};

#define RATE(percent, seconds, ...)                                            \
	{                                                                      \
		.kind = FAULT_CHURN, .rate_ppm_min = 10000 * (percent),        \
		.down_ns = (seconds)*S, __VA_ARGS__                            \
	}

static const struct row rows[] = {
	{ "a fifth a minute, away for a minute, all crash",
	  RATE(20, 60, .crash_ppm = PPM), 1 },
	{ "one in a hundred", RATE(1, 30, .crash_ppm = PPM), 1 },
	{ "away as long as up, half of them leave",
	  RATE(100, 60, .crash_ppm = PPM / 2), 1 },
	{ "every return is of a new server",
	  RATE(20, 60, .crash_ppm = PPM, .new_ppm = PPM), 1 },
	{ "a third of them", RATE(50, 20, .new_ppm = 333333), 1 },
	{ "many short lives and a few long ones",
	  RATE(20, 60, .crash_ppm = PPM, .law = LIFETIME_WEIBULL,
	       .shape_milli = 500),
	  3 },
	{ "shape 0.5, away as long as up",
	  RATE(100, 60, .law = LIFETIME_WEIBULL, .shape_milli = 500), 3 },
	{ "all lives about alike",
	  RATE(100, 60, .law = LIFETIME_WEIBULL, .shape_milli = 5000), 1 },
};

static void
check_run(const struct row *row, const struct run *run)
{
	double up_ns = (double)MIN * PPM / row->fault.rate_ppm_min;
	double down_ns = (double)row->fault.down_ns;
	uint32_t share_ppm = (uint32_t)(PPM * up_ns / (up_ns + down_ns));
	double wanted = SEATS * RUN_NS / SLICES / (up_ns + down_ns);
	uint32_t departures = 0;

	for (unsigned i = 0; i < SLICES; i++) {
		CHECK_ROW(share(run->up_at[i], SEATS, share_ppm),
			  row->sentence);
		CHECK_ROW(
			near(run->departures[i], wanted, wanted * row->spread),
			row->sentence);
		departures += run->departures[i];
	}
	CHECK_ROW(share(run->crashes, departures, row->fault.crash_ppm),
		  row->sentence);
	CHECK_ROW(share(run->news, run->returns, row->fault.new_ppm),
		  row->sentence);
	CHECK_ROW(run->repeated < departures / 2, row->sentence);
	/* Nobody is new before tables have forgotten him: as long after as
	 * new servers take to use up all spares. */
	CHECK_ROW((double)run->soonest_ns > up_ns / 2, row->sentence);
}

static void
test_stationary(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run *run = calloc(1, sizeof(*run));

		if (run == NULL)
			abort();
		run->fault = rows[i].fault;
		run->settings.seed = 11 + i;
		run->settings.measure.duration_ns = RUN_NS;
		play(run);
		check_run(&rows[i], run);
		free(run);
	}
}

static void
test_spares(void)
{
	static const struct {
		const char *sentence;
		struct fault_settings fault;
		uint32_t servers, spares;
	} spares[] = {
		{ "those that come back need none", RATE(20, 60, .new_ppm = 0),
		  1000, 0 },
		{ "nor do those of a rate of 0", RATE(0, 60, .new_ppm = PPM),
		  1000, 0 },
		{ "nor churn in turns",
		  { .kind = FAULT_CHURN, .count = 3, .new_ppm = PPM },
		  1000,
		  0 },
		{ "20 a minute, for 8 minutes: 160, and some by chance",
		  RATE(2, 60, .new_ppm = PPM), 1000, 176 },
		{ "a half of that", RATE(2, 60, .new_ppm = PPM / 2), 1000, 96 },
		{ "for 4 minutes",
		  RATE(2, 60, .new_ppm = PPM, .at_ns = MIN,
		       .until_ns = 5 * MIN),
		  1000, 96 },
		{ "never more than servers", RATE(100, 60, .new_ppm = PPM),
		  1000, 1000 },
		{ "nor fewer than one", RATE(1, 60, .new_ppm = 1), 1, 1 },
		{ "one that begins at the end",
		  RATE(2, 60, .new_ppm = PPM, .at_ns = RUN_NS), 1000, 0 },
	};
	const struct settings settings = { .measure.duration_ns = RUN_NS };

	for (size_t i = 0; i < sizeof(spares) / sizeof(spares[0]); i++) {
		uint32_t count = churn_spares(&settings, &spares[i].fault,
					      spares[i].servers);

		CHECK_ROW(count == spares[i].spares, spares[i].sentence);
		if (count != spares[i].spares)
			fprintf(stderr, "got %u\n", count);
	}
}

int
main(void)
{
	test_stationary();
	test_spares();
	return check_done();
}
