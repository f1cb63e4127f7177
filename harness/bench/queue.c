/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.c - `homeward bench queue`: nanoseconds an event, push and pop
 *
 * With so many events pending, pop the next and push one, again and again (the
 * hold model [1]); beside a plain binary heap, heap.h. Two models:
 *
 * hold	the classic of queue benchmarks: delays are exponential, mean 1 s.
 *
 * mix	what our simulations do. Half of what pends are idle alarms, one a
 *	node, an hour away; half is on its way, with delays of the table below.
 *	Now and then a node's alarm moves to now, fires, and moves back: 3
 *	entries and a cancellation for the event queue. The heap, which cannot
 *	cancel, is let off with one event at now.
 *
 * A window is as many events as are pending, at least WINDOW_EVENTS, so that
 * whatever a queue does once in a while (opening a large bucket, say) is in
 * each. One window warms up; the two queues take theirs in turn.
 *
 * The table of the mix is the mean of three runs. For each event popped, the
 * time since it was scheduled was counted in quarters of octaves:
 *	homeward run scenarios/scale.yaml --set fabric.servers=1024
 *	homeward run scenarios/storm.yaml \
 *		--set fabric.client_link.delay_us=1000
 *	homeward run scenarios/hops.yaml --set fabric.servers=100000
 * Of 805,338 events of the first 89 % took 4 to 6 us (a hop) and 10.5 % were
 * alarms at once; of 5,539,310 of the second 40 % took 4 to 6 us, 30 % 6 to 7
 * us, 15 % 1 ms (a client's link), 7.4 % 34 to 42 ms and as many 67 to 84 ms
 * (TCP: paced writes); of 566,417 of the third 85 % took 100 us, 11 % were
 * alarms at once, and 3.5 % (0.2 to 4 ms) began a lookup.
 *
 * [1] Jones: An empirical comparison of priority-queue and event-set
 *     implementations. CACM 29(4), 1986.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/rng.h"
#include "harness/base/exit.h"
#include "harness/bench/bench.h"
#include "harness/bench/heap.h"
#include "sim/engine/event.h"
#include "sim/engine/memory.h"

#define WINDOW_EVENTS 1000000
#define PENDING	      "1e3,1e4,1e5,1e6,1e7" /* by default */
#define PENDING_SIZES 16
#define MEAN_NS	      NS_PER_S
#define IDLE_NS	      (3600 * NS_PER_S)
#define ALARM_PPM     80000 /* of the events on their way move an alarm */
#define NOBODY	      UINT32_MAX

/* Delays are drawn before time is taken; an index walks over them. */
#define DRAWS 65536

/* Shares of the events on their way; what is left is the last one's. */
static const struct span_share {
	uint32_t ppm;
	int64_t least_ns, most_ns;
} mix[] = {
	{ 464000, 4100, 6100 },	       { 107000, 6100, 7200 },
	{ 307000, 100000, 100000 },    { 54000, 920000, 1050000 },
	{ 13000, 200000, 4000000 },    { 27500, 33500000, 42000000 },
	{ 27500, 67000000, 84000000 },
};
#define MIX_COUNT (sizeof(mix) / sizeof(mix[0]))

enum model {
	MODEL_HOLD,
	MODEL_MIX,
	MODELS
};

static const char *const model_names[MODELS] = { "hold", "mix" };

struct hold {
	struct queue *queue;
	struct heap heap;
	struct alarm *alarms;
	uint64_t alarm_count;
	struct rng rng;
	struct draw {
		int64_t delay_ns;
		uint64_t moves; /* a random number; 0: no alarm moves */
	} draws[DRAWS];
	uint32_t queue_at, heap_at;
};

struct point {
	enum model model;
	uint64_t pending;
	double queue_ns, heap_ns;
};

/* ---- what is drawn ---- */

static int64_t
span_draw(struct rng *rng, const struct span_share *span)
{
	return span->least_ns +
	       (int64_t)rng_below(
		       rng, (uint64_t)(span->most_ns - span->least_ns + 1));
}

static int64_t
mix_draw(struct rng *rng)
{
	uint64_t ppm = rng_below(rng, 1000000);
	size_t i = 0;

	while (i + 1 < MIX_COUNT && ppm >= mix[i].ppm)
		ppm -= mix[i++].ppm;
	return span_draw(rng, &mix[i]);
}

/* One that pends already: of a kind by how long that kind pends, and some of
 * its time has gone. */
static int64_t
mix_residual(struct rng *rng)
{
	uint64_t sum = 0, weights[MIX_COUNT];
	size_t i = 0;

	for (size_t j = 0; j < MIX_COUNT; j++) {
		weights[j] = mix[j].ppm *
			     (uint64_t)(mix[j].least_ns + mix[j].most_ns);
		sum += weights[j];
	}
	uint64_t at = rng_below(rng, sum);
	while (i + 1 < MIX_COUNT && at >= weights[i])
		at -= weights[i++];
	return (int64_t)rng_below(rng, (uint64_t)span_draw(rng, &mix[i]) + 1);
}

static struct event
alarm_event(uint64_t node)
{
	return (struct event){
		.destination = (uint32_t)node,
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
	};
}

static void
both_schedule(struct hold *hold, uint64_t destination, int64_t delay_ns)
{
	const struct event event = { .class = EVENT_ARRIVAL,
				     .kind = EVENT_PACKET };

	queue_schedule(hold->queue, (uint32_t)destination, delay_ns, &event);
	heap_schedule(&hold->heap, (uint32_t)destination, delay_ns, &event);
}

static void
hold_fill(struct hold *hold, enum model model, uint64_t pending)
{
	struct rng *rng = &hold->rng;

	rng_init(rng, 1, 2);
	for (uint32_t i = 0; i < DRAWS; i++) {
		struct draw *draw = &hold->draws[i];

		draw->moves = 0;
		draw->delay_ns = model == MODEL_MIX
					 ? mix_draw(rng)
					 : rng_exponential(rng, MEAN_NS);
		if (model == MODEL_MIX && rng_below(rng, 1000000) < ALARM_PPM)
			draw->moves = rng_next(rng) | 1;
	}
	hold->alarm_count = model == MODEL_MIX ? pending / 2 : 0;
	hold->alarms = memory_zeroed(hold->alarm_count, sizeof(struct alarm));
	for (uint64_t i = 0; i < hold->alarm_count; i++) {
		const struct event event = alarm_event(i);
		struct instant when = { (int64_t)rng_below(rng, IDLE_NS) };

		when.ns += IDLE_NS;
		hold->alarms[i].deadline_ns = INT64_MAX;
		alarm_set(&hold->alarms[i], hold->queue, when, &event);
		heap_schedule(&hold->heap, (uint32_t)i, when.ns, &event);
	}
	for (uint64_t i = hold->alarm_count; i < pending; i++)
		both_schedule(hold, i,
			      model == MODEL_MIX
				      ? mix_residual(rng)
				      : rng_exponential(rng, MEAN_NS));
}

/* The node whose alarm this draw moves; NOBODY: none. Each time around the
 * draws it is another. */
static uint32_t
mover(const struct hold *hold, uint32_t at)
{
	uint64_t moves = hold->draws[at % DRAWS].moves;

	if (moves == 0 || hold->alarm_count == 0)
		return NOBODY;
	return (uint32_t)((moves + at) * UINT64_C(0x9e3779b97f4a7c15) %
			  hold->alarm_count);
}

/* ---- windows ---- */

static double
queue_window(struct hold *hold, uint64_t events)
{
	int64_t began = bench_clock_ns();
	struct event event;

	for (uint64_t i = 0; i < events; i++) {
		(void)queue_next(hold->queue, INSTANT_NEVER, &event);
		struct instant now = queue_now(hold->queue);

		if (event.class == EVENT_TIMER) {
			struct alarm *alarm = &hold->alarms[event.destination];
			(void)alarm_fires(alarm, hold->queue);
			alarm_set(alarm, hold->queue,
				  instant_after(now, IDLE_NS), &event);
			continue;
		}
		uint32_t at = hold->queue_at++;
		queue_schedule(hold->queue, event.destination,
			       hold->draws[at % DRAWS].delay_ns, &event);
		uint32_t node = mover(hold, at);
		if (node != NOBODY) {
			event = alarm_event(node);
			alarm_set(&hold->alarms[node], hold->queue, now,
				  &event);
		}
	}
	return (double)(bench_clock_ns() - began) / (double)events;
}

static double
heap_window(struct hold *hold, uint64_t events)
{
	int64_t began = bench_clock_ns();
	struct event event;

	for (uint64_t i = 0; i < events; i++) {
		(void)heap_next(&hold->heap, &event);
		if (event.class == EVENT_TIMER)
			continue;
		uint32_t at = hold->heap_at++;
		heap_schedule(&hold->heap, event.destination,
			      hold->draws[at % DRAWS].delay_ns, &event);
		uint32_t node = mover(hold, at);
		if (node != NOBODY) {
			event = alarm_event(node);
			heap_schedule(&hold->heap, node, 0, &event);
		}
	}
	return (double)(bench_clock_ns() - began) / (double)events;
}

static struct point
point_measure(struct hold *hold, enum model model, uint64_t pending,
	      uint32_t runs)
{
	uint64_t events = pending > WINDOW_EVENTS ? pending : WINDOW_EVENTS;
	double queue_ns[100], heap_ns[100];

	hold->queue = queue_create();
	hold->heap = (struct heap){ 0 };
	hold->queue_at = hold->heap_at = 0;
	hold_fill(hold, model, pending);
	for (uint32_t run = 0; run <= runs; run++) { /* the first warms up */
		queue_ns[run] = queue_window(hold, events);
		heap_ns[run] = heap_window(hold, events);
	}
	queue_destroy(hold->queue);
	free(hold->heap.entries);
	free(hold->alarms);
	return (struct point){
		.model = model,
		.pending = pending,
		.queue_ns = bench_median(queue_ns + 1, runs),
		.heap_ns = bench_median(heap_ns + 1, runs),
	};
}

static void
point_print(const struct point *point, struct json *json)
{
	double ratio = point->heap_ns / point->queue_ns;

	if (json != NULL) {
		json_line(json, 0);
		json_object(json, NULL);
		json_text(json, "model", model_names[point->model]);
		json_uint(json, "pending", point->pending);
		json_fixed(json, "queue_ns", point->queue_ns, 1);
		json_fixed(json, "heap_ns", point->heap_ns, 1);
		json_fixed(json, "ratio", ratio, 2);
		json_end(json);
	} else {
		printf("%-6s %10" PRIu64 " %10.1f %10.1f %8.2f\n",
		       model_names[point->model], point->pending,
		       point->queue_ns, point->heap_ns, ratio);
	}
	(void)fflush(stdout);
}

struct wish {
	struct bench_options common;
	const char *pending;
};

static const struct verb_option options[] = {
	{ "pending", "N,N...", "events pending (" PENDING ")", options_text,
	  .at = offsetof(struct wish, pending) },
	BENCH_OPTION_RUNS,
	BENCH_OPTION_JSON,
	{ 0 },
};

static int
queue_run(int argc, char **argv)
{
	struct wish wish = { { .runs = BENCH_RUNS }, PENDING };
	int operands = options_read(&bench_queue, argc, argv, &wish);
	uint64_t pending[PENDING_SIZES];
	struct hold *hold;
	struct json json;
	size_t count;

	if (operands < 0)
		return -operands;
	count = bench_numbers(&bench_queue, "pending", wish.pending, 1,
			      100000000, pending, PENDING_SIZES);
	if (count == 0)
		return EXIT_USAGE;
	hold = memory_zeroed(1, sizeof(*hold));
	if (wish.common.json) {
		json = bench_json_begin("queue");
		json_uint(&json, "runs", wish.common.runs);
		json_array(&json, "points");
	} else {
		bench_machine_print(stdout);
		printf("ns an event (pop and push), medians of %u; "
		       "ratio = heap / queue\n%-6s %10s %10s %10s %8s\n",
		       wish.common.runs, "model", "pending", "queue", "heap",
		       "ratio");
	}
	for (size_t i = 0; i < MODELS * count; i++) {
		struct point point =
			point_measure(hold, (enum model)(i / count),
				      pending[i % count], wish.common.runs);
		point_print(&point, wish.common.json ? &json : NULL);
	}
	if (wish.common.json)
		bench_json_end(&json);
	free(hold);
	return EXIT_OK;
}

const struct verb bench_queue = {
	.name = "queue",
	.parent = "bench",
	.summary = "the event queue beside a plain binary heap",
	.run = queue_run,
	.options = options,
};
