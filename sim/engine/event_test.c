/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_test.c - the order of events against a sorted array, and alarms
 */
#include "sim/engine/event.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

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

/* ---- alarms against the same oracle ---- */

struct expected {
	int64_t at_ns, key_ns;
	uint64_t order; /* as scheduled */
	uint32_t destination;
	uint8_t class;
	bool pending, alarm;
};

enum {
	MOST_ALARMS = 3000,
	MOST_EVENTS = 1000
};

struct alarms_walk {
	struct queue *queue;
	struct rng rng;
	uint32_t alarm_count, count; /* alarms first; a = index */
	struct alarm alarms[MOST_ALARMS];
	struct expected expected[MOST_ALARMS + MOST_EVENTS];
	uint64_t order;
	int64_t span_ns;
	uint32_t destinations;
	uint64_t stayed, anew, cancelled, fired;
};

static struct expected *
expected_first(struct alarms_walk *walk)
{
	struct expected *first = NULL;

	for (uint32_t i = 0; i < walk->count; i++) {
		struct expected *one = &walk->expected[i];
		if (!one->pending)
			continue;
		if (first == NULL || one->at_ns < first->at_ns ||
		    (one->at_ns == first->at_ns &&
		     (one->class < first->class ||
		      (one->class == first->class &&
		       (one->destination < first->destination ||
			(one->destination == first->destination &&
			 one->order < first->order))))))
			first = one;
	}
	return first;
}

static int64_t
walk_delay(struct alarms_walk *walk)
{
	if (rng_below(&walk->rng, 4) == 0)
		return 0;
	return (int64_t)rng_below(&walk->rng, 1 + ((uint64_t)walk->span_ns >>
						   rng_below(&walk->rng, 30)));
}

static void
walk_alarm(struct alarms_walk *walk)
{
	uint32_t index = (uint32_t)rng_below(&walk->rng, walk->alarm_count);
	struct expected *one = &walk->expected[index];
	struct instant now = queue_now(walk->queue), deadline = INSTANT_NEVER;
	/* A deadline may have passed long ago. */
	int64_t early = rng_below(&walk->rng, 8) == 0 ? 1000 : 0;

	if (rng_below(&walk->rng, 6) != 0)
		deadline.ns = now.ns + walk_delay(walk) - early;
	if (!one->pending) {
		one->alarm = true;
		one->class = (uint8_t)rng_below(&walk->rng, 2);
		one->destination =
			(uint32_t)rng_below(&walk->rng, walk->destinations);
	}
	struct event event = event_make(one->class, index);
	event.destination = one->destination;
	if (deadline.ns == INT64_MAX && rng_below(&walk->rng, 2) == 0)
		alarm_cancel(&walk->alarms[index], walk->queue);
	else
		alarm_set(&walk->alarms[index], walk->queue, deadline, &event);

	if (deadline.ns < now.ns)
		deadline.ns = now.ns;
	if (deadline.ns == INT64_MAX) {
		walk->cancelled += one->pending;
		one->pending = false;
	} else if (one->pending &&
		   (deadline.ns >= one->at_ns ||
		    (deadline.ns >= one->key_ns && one->key_ns > now.ns))) {
		walk->stayed++;
		one->at_ns = deadline.ns;
	} else {
		walk->anew += one->pending;
		one->pending = true;
		one->at_ns = one->key_ns = deadline.ns;
		one->order = walk->order++;
	}
}

static void
walk_event(struct alarms_walk *walk)
{
	uint32_t index = walk->alarm_count +
			 (uint32_t)rng_below(&walk->rng,
					     walk->count - walk->alarm_count);
	struct expected *one = &walk->expected[index];

	if (one->pending)
		return;
	struct event event =
		event_make((uint8_t)rng_below(&walk->rng, 2), index);
	*one = (struct expected){
		.at_ns = walk_delay(walk),
		.order = walk->order++,
		.destination =
			(uint32_t)rng_below(&walk->rng, walk->destinations),
		.class = event.class,
		.pending = true,
	};
	queue_schedule(walk->queue, one->destination, one->at_ns, &event);
	one->at_ns += queue_now(walk->queue).ns;
}

/* Pop, sometimes not beyond a time before which there is nothing. */
static bool
walk_pop(struct alarms_walk *walk)
{
	struct expected *first = expected_first(walk);
	struct instant until = INSTANT_NEVER, now = queue_now(walk->queue);
	struct event event, told[3];
	uint32_t pending = 0;

	for (uint32_t i = 0; i < walk->count; i++)
		pending += walk->expected[i].pending;
	if (queue_pending(walk->queue) != pending)
		return false;
	(void)queue_prefetch(walk->queue, told,
			     (uint32_t)rng_below(&walk->rng, 4));
	if (rng_below(&walk->rng, 3) == 0)
		until.ns = now.ns + walk_delay(walk);
	bool popped = queue_next(walk->queue, until, &event);
	if (first == NULL || first->at_ns > until.ns)
		return !popped && (until.ns == INT64_MAX ||
				   queue_now(walk->queue).ns == until.ns);
	if (!popped || &walk->expected[event.a] != first ||
	    event.destination != first->destination || event.c != 0 ||
	    event.class != first->class || event.code != 7 ||
	    queue_now(walk->queue).ns != first->at_ns)
		return false;
	first->pending = false;
	walk->fired += first->alarm;
	return !first->alarm ||
	       (alarm_fires(&walk->alarms[event.a], walk->queue) &&
		!alarm_fires(&walk->alarms[event.a], walk->queue));
}

static void
test_alarms_walk(uint64_t seed, uint32_t count, int64_t span_ns,
		 uint32_t destinations)
{
	static struct alarms_walk walk;
	bool same = true;

	walk = (struct alarms_walk){
		.queue = queue_create(),
		.alarm_count = count / 4 * 3,
		.count = count,
		.span_ns = span_ns,
		.destinations = destinations,
	};
	rng_init(&walk.rng, seed, 3);
	for (uint32_t i = 0; i < walk.alarm_count; i++)
		walk.alarms[i].deadline_ns = INT64_MAX;
	for (int step = 0; step < 30000 && same; step++) {
		bool fill = step / 1500 % 2 == 0;
		if (rng_below(&walk.rng, 10) >= (fill ? 8 : 5))
			same = walk_pop(&walk);
		else if (rng_below(&walk.rng, 3) == 0)
			walk_event(&walk);
		else
			walk_alarm(&walk);
	}
	CHECK(same);
	CHECK(walk.stayed > 300 && walk.anew > 300 && walk.cancelled > 300 &&
	      walk.fired > 300);
	queue_destroy(walk.queue);
}

/* A wide bucket is opened, and then a burst fills what it spans. */
static void
test_burst(void)
{
	enum {
		BURST = 5000
	};
	struct queue *queue = queue_create();
	struct event event = event_make(EVENT_ARRIVAL, 0);
	struct rng rng;
	int64_t last_ns = 0;
	bool sorted = true;

	rng_init(&rng, 5, 0);
	for (int64_t i = 1; i < 40; i++)
		queue_schedule(queue, 0, i * 1000000000, &event);
	CHECK(queue_next(queue, INSTANT_NEVER, &event));
	for (uint32_t i = 0; i < BURST; i++)
		queue_schedule(queue, i, (int64_t)rng_below(&rng, 3000000000),
			       &event);
	CHECK(queue_pending(queue) == BURST + 38);
	for (uint32_t i = 0; i < BURST + 38; i++) {
		sorted = sorted && queue_next(queue, INSTANT_NEVER, &event) &&
			 queue_now(queue).ns >= last_ns;
		last_ns = queue_now(queue).ns;
	}
	CHECK(sorted && queue_pending(queue) == 0);
	queue_destroy(queue);
}

/* The far future was opened by a look at it, and then much comes before. */
static void
test_look(void)
{
	enum {
		FAR = 500,
		NEAR = 3000
	};
	struct queue *queue = queue_create();
	struct event event = event_make(EVENT_ARRIVAL, 0);
	struct rng rng;
	int64_t last_ns = 0;
	bool sorted = true;

	rng_init(&rng, 6, 0);
	for (int64_t i = 0; i < FAR; i++)
		queue_schedule(queue, 0, 10 * NS_PER_S + i * 100000, &event);
	CHECK(!queue_next(queue, (struct instant){ NS_PER_S }, &event));
	for (uint32_t i = 0; i < NEAR; i++)
		queue_schedule(queue, i, (int64_t)rng_below(&rng, 9 * NS_PER_S),
			       &event);
	for (uint32_t i = 0; i < NEAR + FAR; i++) {
		sorted = sorted && queue_next(queue, INSTANT_NEVER, &event) &&
			 queue_now(queue).ns >= last_ns &&
			 (queue_now(queue).ns < 10 * NS_PER_S) == (i < NEAR);
		last_ns = queue_now(queue).ns;
	}
	CHECK(sorted && queue_pending(queue) == 0);
	queue_destroy(queue);
}

/* Far deadlines overtaken by near ones, again and again: nothing is left. */
static void
test_garbage(void)
{
	enum {
		COUNT = 2000
	};
	struct queue *queue = queue_create();
	static struct alarm alarms[COUNT];
	struct event event = event_make(EVENT_TIMER, 0);

	/* Without one the queue would look further, and find them all. */
	queue_schedule(queue, 0, NS_PER_S, &event);
	for (uint32_t i = 0; i < COUNT; i++)
		alarms[i].deadline_ns = INT64_MAX;
	for (int round = 0; round < 200; round++) {
		struct instant now = queue_now(queue);
		for (uint32_t i = 0; i < COUNT; i++) {
			event.a = i;
			alarm_set(&alarms[i], queue,
				  instant_after(now, NS_PER_S * 3600), &event);
			alarm_set(&alarms[i], queue, instant_after(now, i),
				  &event);
		}
		CHECK(queue_pending(queue) == COUNT + 1);
		while (queue_next(queue, instant_after(now, COUNT), &event))
			CHECK(alarm_fires(&alarms[event.a], queue));
	}
	CHECK(queue_popped(queue) == (uint64_t)COUNT * 200);
	CHECK(queue_pending(queue) == 1);
	CHECK(queue_bytes(queue) < (size_t)1 << 20);
	queue_destroy(queue);
}

/* What is told is what comes, as long as nothing new is scheduled. */
static void
test_prefetch(void)
{
	struct queue *queue = queue_create();
	struct event event = event_make(EVENT_TIMER, 0), told[1000];
	struct rng rng;
	uint32_t count = 0, seen = 0;
	bool same = true;

	rng_init(&rng, 9, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		event.a = i;
		queue_schedule(queue, i, (int64_t)rng_below(&rng, 1000000),
			       &event);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		CHECK(queue_next(queue, INSTANT_NEVER, &event));
		if (seen < count && told[seen].a == event.a)
			seen++;
		else if (seen < count)
			same = false;
		count += queue_prefetch(queue, told + count, 1000 - count);
	}
	CHECK(same && seen == count && count > 700);
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
	struct alarm alarm = { .deadline_ns = INT64_MAX };
	struct event event = event_make(EVENT_TIMER, 0);

	alarm_set(&alarm, queue, INSTANT_NEVER, &event);
	CHECK(!queue_next(queue, INSTANT_NEVER, &event));
	alarm_set(&alarm, queue, (struct instant){ 100 }, &event);
	alarm_set(&alarm, queue, (struct instant){ 200 }, &event);
	alarm_set(&alarm, queue, (struct instant){ 50 }, &event);
	CHECK(queue_next(queue, INSTANT_NEVER, &event));
	CHECK(queue_now(queue).ns == 50 && alarm_fires(&alarm, queue));
	CHECK(!alarm_fires(&alarm, queue));
	CHECK(!queue_next(queue, INSTANT_NEVER, &event));
	/* A deadline that has passed is now. */
	alarm_set(&alarm, queue, (struct instant){ 10 }, &event);
	alarm_set(&alarm, queue, (struct instant){ 20 }, &event);
	CHECK(queue_next(queue, INSTANT_NEVER, &event));
	CHECK(queue_now(queue).ns == 50 && alarm_fires(&alarm, queue));
	CHECK(!queue_next(queue, INSTANT_NEVER, &event));
	/* Later, then found, then nearer than it was found again. */
	alarm_set(&alarm, queue, (struct instant){ 100 }, &event);
	alarm_set(&alarm, queue, (struct instant){ 300 }, &event);
	CHECK(!queue_next(queue, (struct instant){ 150 }, &event));
	alarm_set(&alarm, queue, (struct instant){ 200 }, &event);
	CHECK(queue_next(queue, INSTANT_NEVER, &event));
	CHECK(queue_now(queue).ns == 200 && alarm_fires(&alarm, queue));
	CHECK(!queue_next(queue, INSTANT_NEVER, &event));
	alarm_set(&alarm, queue, (struct instant){ 400 }, &event);
	alarm_cancel(&alarm, queue);
	alarm_cancel(&alarm, queue);
	CHECK(!queue_next(queue, INSTANT_NEVER, &event));
	CHECK(queue_popped(queue) == 3 && queue_pending(queue) == 0);
	queue_destroy(queue);
}

int
main(void)
{
	test_ties();
	test_until();
	test_walk(1, INT64_C(1) << 40, 20);
	test_walk(2, 8, 3);
	test_walk(3, 5000, 2);
	test_walk(4, INT64_C(1) << 55, 1000000);
	test_alarm();
	test_alarms_walk(1, 120, INT64_C(1) << 40, 20);
	test_alarms_walk(2, 120, 8, 3);
	test_alarms_walk(3, 120, 5000, 2);
	test_alarms_walk(4, 120, INT64_C(1) << 55, 1000000);
	test_alarms_walk(5, 4000, INT64_C(1) << 40, 1000);
	test_alarms_walk(6, 4000, 100, 100);
	test_burst();
	test_look();
	test_garbage();
	test_prefetch();
	CHECK(run_hash(1) == run_hash(1));
	CHECK(run_hash(1) != run_hash(2));
	return check_done();
}
