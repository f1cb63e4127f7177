/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress_test.c - planted wars and livelocks, and what only looks like one
 *
 * A queue with events that make events, asked as a world is: every 16384.
 */
#include "sim/progress.h"

#include "core/test/check.h"
#include "sim/engine/event.h"

#define MS	    NS_PER_MS
#define S	    NS_PER_S
#define ASKED	    16384
#define EVENTS_MOST 12000000 /* enough to tell */
#define DEVICES	    13 /* of the default fabric: about */

/* Events that each make the next. */
struct chain {
	const char *sentence;
	uint32_t hosts; /* so many chains at once */
	int64_t pause_ns; /* from an event to its successor */
	/* Nanoseconds, at the end doubled each time up to this; 0: constant. */
	int64_t pause_most_ns;
	uint64_t done_every; /* events to a step; 0: never */
	int64_t republish_ns; /* of the settings; 0: the default */
	int64_t end_ns; /* of the run */
	uint64_t events_most; /* when it is stuck, by then */
	bool stuck;
};

static const struct chain chains[] = {
	{ "a chain of events that takes no time is a livelock", 1, 0, 0, 0, 0,
	  10 * S, 2000000, true },
	{ "two hosts that answer each other for ever are a war", 2, 2 * MS / 9,
	  0, 0, 0, 5000 * S, 2500000, true },
	{ "so are many pairs", 64, MS, 0, 0, 0, 5000 * S, 2500000, true },
	{ "a war among bytes that arrive is not in their way", 2, MS, 0, 100000,
	  0, 3600 * S, 0, false },
	{ "one byte in a while, in no time, is progress", 1, 0, 0, 500000, 0, S,
	  0, false },
	{ "days without anything but a refresh now and then", DEVICES, S, 0, 0,
	  0, 10 * 86400 * S, 0, false },
	{ "repetitions with growing pauses", 1000, 200 * MS, 120 * S, 0, 0,
	  86400 * S, 0, false },
	{ "records stored again every 100 ms, as was asked for", 1000, MS, 0, 0,
	  100 * MS, 10 * S, 0, false },
	{ "without being asked for", 1000, MS, 0, 0, 0, 10 * S, 2500000, true },
};

static void
schedule(struct queue *queue, uint32_t host, int64_t delay_ns)
{
	struct event event = {
		.destination = host,
		.class = EVENT_ARRIVAL,
		.kind = EVENT_PACKET,
	};

	queue_schedule(queue, host, delay_ns, &event);
}

static int64_t
pause_of(const struct chain *chain, uint64_t before)
{
	int64_t pause_ns = chain->pause_ns;

	for (uint64_t i = 0;
	     i < before && pause_ns > 0 && pause_ns * 2 <= chain->pause_most_ns;
	     i++)
		pause_ns *= 2;
	return pause_ns;
}

/* *events: how many there were. */
static bool
run(const struct chain *chain, uint64_t *events)
{
	struct queue *queue = queue_create();
	static uint32_t before[1000]; /* of each host */
	struct settings settings;
	struct progress progress;
	struct event event;
	bool stuck = false;
	uint64_t done = 0;

	settings_default(&settings);
	if (chain->republish_ns > 0) {
		settings.measure.stores = 1000;
		settings.dht.node.republish_ns = chain->republish_ns;
	}
	progress_init(&progress, &settings, DEVICES);
	for (uint32_t i = 0; i < chain->hosts; i++) {
		before[i] = 0;
		schedule(queue, i, chain->pause_ns);
	}
	while (!stuck &&
	       queue_next(queue, (struct instant){ chain->end_ns }, &event)) {
		uint64_t count = queue_popped(queue);
		uint32_t host = event.destination;

		if (chain->done_every > 0 && count % chain->done_every == 0)
			done++;
		if (count > EVENTS_MOST)
			break;
		schedule(queue, host, pause_of(chain, ++before[host]));
		if (count % ASKED == 0)
			stuck = progress_is_stuck(&progress, queue_now(queue),
						  count, done);
	}
	*events = queue_popped(queue);
	queue_destroy(queue);
	return stuck;
}

static void
test_chains(void)
{
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		uint64_t events;
		bool stuck = run(&chains[i], &events);

		CHECK_ROW(stuck == chains[i].stuck, chains[i].sentence);
		if (stuck)
			CHECK_ROW(events <= chains[i].events_most,
				  chains[i].sentence);
	}
}

/* The larger the world, the more it may do for nothing. */
static void
test_size(void)
{
	struct settings small, large;
	struct progress few, many;

	settings_default(&small);
	large = small;
	large.clients.sessions = 1000000;
	progress_init(&few, &small, 10);
	progress_init(&many, &large, 1000000);
	CHECK(many.patience > 1000 * few.patience);
	CHECK(many.rate > 100 * few.rate);
	large = small;
	large.measure.stores = 250000; /* keys that are repaired */
	progress_init(&many, &large, 10);
	CHECK(many.patience > 100 * few.patience);
	/* It starts anew after each step. */
	CHECK(!progress_is_stuck(&few, (struct instant){ 0 }, few.patience, 0));
	CHECK(progress_is_stuck(&few, (struct instant){ 0 }, few.patience + 1,
				0));
	CHECK(!progress_is_stuck(&few, (struct instant){ 0 }, few.patience + 1,
				 1));
	CHECK(!progress_is_stuck(&few, (struct instant){ 0 }, 2 * few.patience,
				 1));
}

int
main(void)
{
	test_chains();
	test_size();
	return check_done();
}
