/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.c - `homeward bench queue`: nanoseconds an event, push and pop
 *
 * The hold model [1]: with so many events pending, pop the next and push one,
 * again and again. The delay of the new event is exponential with a mean of
 * 1 ms, the classic of queue benchmarks.
 *
 * A window is as many events as are pending, at least WINDOW_EVENTS, so that
 * whatever a queue does once in a while (opening a large bucket, say) is in
 * each. One window warms up; the two queues take theirs in turn.
 *
 * [1] Jones: An empirical comparison of priority-queue and event-set
 *     implementations. CACM 29(4), 1986.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/rng.h"
#include "harness/bench/bench.h"
#include "harness/bench/heap.h"
#include "harness/verbs.h"
#include "sim/event.h"

#define WINDOW_EVENTS 1000000
#define PENDING_SIZES 16
#define MEAN_NS	      1000000

/* Delays are drawn before time is taken; an index walks over them. */
#define DELAYS 65536

struct hold {
	const char *model;
	struct queue *queue;
	struct heap heap;
	int64_t delays[DELAYS];
	uint32_t queue_at, heap_at;
};

struct point {
	const char *model;
	uint64_t pending;
	double queue_ns, heap_ns;
};

static void
hold_fill(struct hold *hold, uint64_t pending)
{
	struct event event = { .class = EVENT_ARRIVAL, .kind = EVENT_HOST };
	struct rng rng;

	rng_init(&rng, 1, 2);
	for (uint32_t i = 0; i < DELAYS; i++)
		hold->delays[i] = rng_exponential(&rng, MEAN_NS);
	for (uint64_t i = 0; i < pending; i++) {
		int64_t delay = rng_exponential(&rng, MEAN_NS);

		event.a = (uint32_t)i;
		queue_schedule(hold->queue, (uint32_t)i, delay, &event);
		heap_schedule(&hold->heap, (uint32_t)i, delay, &event);
	}
}

static double
queue_window(struct hold *hold, uint64_t events)
{
	int64_t began = bench_clock_ns();
	struct event event;

	for (uint64_t i = 0; i < events; i++) {
		(void)queue_next(hold->queue, INSTANT_NEVER, &event);
		queue_schedule(hold->queue, event.destination,
			       hold->delays[hold->queue_at++ % DELAYS], &event);
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
		heap_schedule(&hold->heap, event.destination,
			      hold->delays[hold->heap_at++ % DELAYS], &event);
	}
	return (double)(bench_clock_ns() - began) / (double)events;
}

static struct point
point_measure(struct hold *hold, uint64_t pending, uint32_t runs)
{
	uint64_t events = pending > WINDOW_EVENTS ? pending : WINDOW_EVENTS;
	double queue_ns[100], heap_ns[100];

	hold->queue = queue_create();
	hold->heap = (struct heap){ 0 };
	hold->queue_at = hold->heap_at = 0;
	hold_fill(hold, pending);
	for (uint32_t run = 0; run <= runs; run++) { /* the first warms up */
		queue_ns[run] = queue_window(hold, events);
		heap_ns[run] = heap_window(hold, events);
	}
	queue_destroy(hold->queue);
	free(hold->heap.entries);
	return (struct point){
		.model = hold->model,
		.pending = pending,
		.queue_ns = bench_median(queue_ns + 1, runs),
		.heap_ns = bench_median(heap_ns + 1, runs),
	};
}

static void
point_print(const struct point *point, bool json, bool first)
{
	double ratio = point->heap_ns / point->queue_ns;

	if (json)
		printf("%s\n{\"model\":\"%s\",\"pending\":%" PRIu64
		       ",\"queue_ns\":%.1f,\"heap_ns\":%.1f,\"ratio\":%.2f}",
		       first ? "" : ",", point->model, point->pending,
		       point->queue_ns, point->heap_ns, ratio);
	else
		printf("%-6s %10" PRIu64 " %10.1f %10.1f %8.2f\n", point->model,
		       point->pending, point->queue_ns, point->heap_ns, ratio);
	(void)fflush(stdout);
}

int
bench_queue(int argc, char **argv)
{
	const char *text = "1e3,1e4,1e5,1e6,1e7";
	const struct bench_extra extras[] = { { "pending", &text, NULL } };
	uint64_t pending[PENDING_SIZES];
	struct bench_options options;
	struct hold *hold;
	size_t count;
	int code;

	code = bench_parse(argc, argv, &options, extras, 1);
	if (code != 0)
		return code;
	count = bench_numbers(argv[0], "pending", text, 1, 100000000, pending,
			      PENDING_SIZES);
	if (count == 0)
		return EXIT_USAGE;
	hold = calloc(1, sizeof(*hold));
	if (hold == NULL)
		return EXIT_RUNTIME;
	hold->model = "hold";

	if (options.json) {
		printf("{\"bench\":\"queue\",");
		bench_machine_json(stdout);
		printf(",\"runs\":%u,\"points\":[", options.runs);
	} else {
		bench_machine_print(stdout);
		printf("ns an event (pop and push), medians of %u; "
		       "ratio = heap / queue\n%-6s %10s %10s %10s %8s\n",
		       options.runs, "model", "pending", "queue", "heap",
		       "ratio");
	}
	for (size_t i = 0; i < count; i++) {
		struct point point =
			point_measure(hold, pending[i], options.runs);
		point_print(&point, options.json, i == 0);
	}
	if (options.json)
		printf("\n]}\n");
	free(hold);
	return EXIT_OK;
}
