/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_test.c - the order of events against a sorted array, and alarms
 *
 * With an argument N it measures instead: nanoseconds per event (one pop, one
 * schedule) at N pending, the "hold" model of queue benchmarks.
 */
#include "sim/event.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/check.h"
#include "core/rng.h"

static struct event
event_make(uint8_t class, uint32_t mark)
{
	return (struct event){
		.class = class, .kind = EVENT_HOST, .code = 7, .a = mark
	};
}

static void
test_ties(void)
{
	static const struct {
		const char *sentence;
		uint32_t destination;
		uint8_t class;
		int64_t delay_ns;
		uint32_t rank;
	} rows[] = {
		{ "a timer of a low node", 1, EVENT_TIMER, 5, 4 },
		{ "an arrival precedes it", 9, EVENT_ARRIVAL, 5, 2 },
		{ "of arrivals the lower node first", 3, EVENT_ARRIVAL, 5, 1 },
		{ "the same again: older first", 9, EVENT_ARRIVAL, 5, 3 },
		{ "earlier beats everything", UINT32_MAX, EVENT_TIMER, 4, 0 },
		{ "the highest node's timer", UINT32_MAX, EVENT_TIMER, 5, 5 },
	};
	struct queue *queue = queue_create();
	struct event event;

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		event = event_make(rows[i].class, i);
		queue_schedule(queue, rows[i].destination, rows[i].delay_ns,
			       &event);
	}
	for (uint32_t rank = 0; queue_next(queue, INSTANT_NEVER, &event);
	     rank++) {
		CHECK_ROW(rows[event.a].rank == rank, rows[event.a].sentence);
		CHECK(event.destination == rows[event.a].destination);
		CHECK(event.class == rows[event.a].class && event.code == 7);
	}
	CHECK(queue_popped(queue) == 6);
	queue_destroy(queue);
}

static void
test_until(void)
{
	struct queue *queue = queue_create();
	struct event event = event_make(EVENT_TIMER, 1);

	CHECK(!queue_next(queue, INSTANT_NEVER, &event));
	CHECK(queue_now(queue).ns == 0);
	queue_schedule(queue, 0, 1000, &event);
	CHECK(!queue_next(queue, (struct instant){ 999 }, &event));
	CHECK(queue_now(queue).ns == 999);
	event.a = 2; /* before one that has been looked at */
	queue_schedule(queue, 0, 0, &event);
	CHECK(queue_next(queue, INSTANT_NEVER, &event) && event.a == 2);
	CHECK(queue_next(queue, (struct instant){ 1000 }, &event));
	CHECK(event.a == 1 && queue_now(queue).ns == 1000);
	queue_destroy(queue);
}

/* The oracle: an unsorted array, searched from end to end. */
struct pending {
	int64_t at_ns;
	uint32_t destination, mark;
	uint8_t class;
};

static int
pending_compare(const struct pending *a, const struct pending *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns ? -1 : 1;
	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->destination != b->destination)
		return a->destination < b->destination ? -1 : 1;
	return a->mark < b->mark ? -1 : 1;
}

static void
test_walk(uint64_t seed, int64_t span_ns, uint32_t destinations)
{
	enum {
		MOST = 700
	};
	static struct pending pending[MOST];
	uint32_t count = 0, mark = 0;
	struct queue *queue = queue_create();
	struct rng rng;
	bool same = true;

	rng_init(&rng, seed, 0);
	for (int step = 0; step < 20000 && same; step++) {
		struct event event;
		/* Fill and drain in turns, so that all sizes occur. */
		bool fill = step / 1500 % 2 == 0;
		if (count < MOST && rng_below(&rng, 10) < (fill ? 7 : 3)) {
			uint32_t to = (uint32_t)rng_below(&rng, destinations);
			int64_t delay = 0;
			if (rng_below(&rng, 4) != 0)
				delay = (int64_t)rng_below(
					&rng, 1 + ((uint64_t)span_ns >>
						   rng_below(&rng, 30)));
			event = event_make((uint8_t)rng_below(&rng, 2), mark);
			queue_schedule(queue, to, delay, &event);
			pending[count++] = (struct pending){
				.at_ns = queue_now(queue).ns + delay,
				.destination = to,
				.mark = mark++,
				.class = event.class,
			};
		} else if (count > 0) {
			uint32_t least = 0;
			for (uint32_t i = 1; i < count; i++)
				if (pending_compare(&pending[i],
						    &pending[least]) < 0)
					least = i;
			same = queue_next(queue, INSTANT_NEVER, &event) &&
			       event.a == pending[least].mark &&
			       event.destination ==
				       pending[least].destination &&
			       queue_now(queue).ns == pending[least].at_ns;
			pending[least] = pending[--count];
		}
	}
	CHECK(same);
	queue_destroy(queue);
}

static uint64_t
run_hash(uint64_t seed)
{
	struct queue *queue = queue_create();
	struct event event = event_make(EVENT_ARRIVAL, 0);
	struct rng rng;

	rng_init(&rng, seed, 1);
	for (int i = 0; i < 5000; i++)
		queue_schedule(queue, 0, (int64_t)rng_below(&rng, 100), &event);
	for (int i = 0; i < 5000; i++) {
		CHECK(queue_next(queue, INSTANT_NEVER, &event));
		event.c = rng_next(&rng);
		queue_schedule(queue, 3, (int64_t)rng_below(&rng, 1 << 20),
			       &event);
	}
	uint64_t hash = queue_hash(queue);
	queue_destroy(queue);
	return hash;
}

static void
test_alarm(void)
{
	struct queue *queue = queue_create();
	struct alarm alarm = { INT64_MAX };
	struct event event = event_make(EVENT_TIMER, 0);

	alarm_set(&alarm, queue, INSTANT_NEVER, &event);
	CHECK(!queue_next(queue, INSTANT_NEVER, &event));
	alarm_set(&alarm, queue, (struct instant){ 100 }, &event);
	alarm_set(&alarm, queue, (struct instant){ 200 }, &event);
	alarm_set(&alarm, queue, (struct instant){ 50 }, &event);
	CHECK(queue_next(queue, INSTANT_NEVER, &event));
	CHECK(queue_now(queue).ns == 50 && alarm_fires(&alarm, queue));
	CHECK(queue_next(queue, INSTANT_NEVER, &event));
	CHECK(queue_now(queue).ns == 100 && !alarm_fires(&alarm, queue));
	/* A deadline that has passed is now. */
	alarm_set(&alarm, queue, (struct instant){ 10 }, &event);
	alarm_set(&alarm, queue, (struct instant){ 20 }, &event);
	CHECK(queue_next(queue, INSTANT_NEVER, &event));
	CHECK(queue_now(queue).ns == 100 && alarm_fires(&alarm, queue));
	CHECK(!queue_next(queue, INSTANT_NEVER, &event));
	queue_destroy(queue);
}

static void
measure(uint32_t pending)
{
	struct queue *queue = queue_create();
	struct event event = event_make(EVENT_ARRIVAL, 0);
	struct timespec a, b;
	struct rng rng;
	const uint32_t rounds = 4000000;
	uint64_t state = 0;

	rng_init(&rng, 1, 2);
	for (uint32_t i = 0; i < pending; i++)
		queue_schedule(queue, i, rng_exponential(&rng, 1000000),
			       &event);
	static int64_t delays[4096];
	for (int i = 0; i < 4096; i++)
		delays[i] = rng_exponential(&rng, 1000000);
	timespec_get(&a, TIME_UTC);
	for (uint32_t i = 0; i < rounds; i++) {
		(void)queue_next(queue, INSTANT_NEVER, &event);
		state = state * UINT64_C(6364136223846793005) + 1;
		queue_schedule(queue, event.destination, delays[state >> 52],
			       &event);
	}
	timespec_get(&b, TIME_UTC);
	double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 +
		    (double)(b.tv_nsec - a.tv_nsec);
	printf("%u pending: %.1f ns an event\n", pending, ns / rounds);
	queue_destroy(queue);
}

int
main(int argc, char **argv)
{
	if (argc > 1) {
		measure((uint32_t)strtoul(argv[1], NULL, 10));
		return 0;
	}
	test_ties();
	test_until();
	test_walk(1, INT64_C(1) << 40, 20);
	test_walk(2, 8, 3);
	test_walk(3, 5000, 2);
	test_walk(4, INT64_C(1) << 55, 1000000);
	test_alarm();
	CHECK(run_hash(1) == run_hash(1));
	CHECK(run_hash(1) != run_hash(2));
	return check_done();
}
