/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu_model_test.c - first in, first out, each in its own time; whole runs
 * are held to it by world_test.c
 */
#include "sim/host/cpu_model.h"

#include <string.h>

#include "core/test/check.h"

#define PACKETS 500

static const struct span none = { 0, 0 };

static const struct event event = {
	.class = EVENT_TIMER, .kind = EVENT_HOST, .code = 1, .a = 7
};

static void
nothing_takes_no_time(void)
{
	struct queue *queue = queue_create();

	CHECK(cpu_model_create(&none, &none, 4, 1, queue) == NULL);
	queue_destroy(queue);
}

/* Packets that come at once leave one service time apart, in order, with
 * their bytes; another server's do not wait for them. */
static void
packets_wait_for_each_other(void)
{
	static const struct span span = { 10000, 30000 };
	struct queue *queue = queue_create();
	struct cpu_model *processing =
		cpu_model_create(&none, &span, 2, 1, queue);
	struct instant start = queue_now(queue), before = start;
	uint32_t next = 0;
	struct event popped;

	for (uint32_t i = 0; i < PACKETS; i++)
		cpu_model_wait(processing, start, 0, (uint8_t)(i % 2),
			       (const uint8_t *)&i, sizeof(i), event);
	cpu_model_wait(processing, start, 1, 0, (const uint8_t *)"x", 1, event);
	while (queue_next(queue, INSTANT_NEVER, &popped)) {
		struct instant now = queue_now(queue);
		uint32_t size, mark;
		const uint8_t *bytes =
			cpu_model_bytes(processing, &popped, &size);

		CHECK(popped.a == 7 && popped.code == 1);
		if (popped.destination == 1) {
			CHECK(size == 1 && now.ns <= span.high_ns);
		} else {
			int64_t took_ns = instant_distance_ns(before, now);

			memcpy(&mark, bytes, sizeof(mark));
			CHECK(mark == next && popped.c == next % 2);
			CHECK(took_ns >= span.low_ns &&
			      took_ns <= span.high_ns);
			before = now;
			next++;
		}
		cpu_model_release(processing, &popped);
	}
	CHECK(next == PACKETS);
	/* Uniform: the mean of 500 is within 4 standard errors. */
	CHECK(before.ns > PACKETS * INT64_C(18960) &&
	      before.ns < PACKETS * INT64_C(21040));
	/* After a pause nobody waits. */
	queue_schedule(queue, 0, NS_PER_S, &event);
	CHECK(queue_next(queue, INSTANT_NEVER, &popped));
	cpu_model_wait(processing, queue_now(queue), 0, 0, (const uint8_t *)"y",
		       1, event);
	before = queue_now(queue);
	CHECK(queue_next(queue, INSTANT_NEVER, &popped) &&
	      instant_distance_ns(before, queue_now(queue)) <= span.high_ns);
	cpu_model_release(processing, &popped);
	cpu_model_destroy(processing);
	queue_destroy(queue);
}

/* Only who finds the daemon idle waits for it to wake. */
static void
an_idle_daemon_is_woken_once(void)
{
	static const struct span wakeup = { 100000, 200000 };
	static const struct span span = { 1000, 1000 };
	struct queue *queue = queue_create();
	struct cpu_model *processing =
		cpu_model_create(&wakeup, &span, 1, 1, queue);
	struct event popped;

	for (unsigned round = 0; round < 20; round++) {
		struct instant start = queue_now(queue);
		int64_t first_ns = 0;

		for (unsigned i = 0; i < 3; i++)
			cpu_model_wait(processing, start, 0, 0,
				       (const uint8_t *)"z", 1, event);
		for (unsigned i = 0; i < 3; i++) {
			CHECK(queue_next(queue, INSTANT_NEVER, &popped));
			cpu_model_release(processing, &popped);
			int64_t took_ns =
				instant_distance_ns(start, queue_now(queue));
			if (i == 0)
				first_ns = took_ns;
			CHECK(took_ns == first_ns + i * span.low_ns);
		}
		CHECK(first_ns >= wakeup.low_ns + span.low_ns &&
		      first_ns <= wakeup.high_ns + span.high_ns);
	}
	cpu_model_destroy(processing);
	queue_destroy(queue);
}

int
main(void)
{
	nothing_takes_no_time();
	packets_wait_for_each_other();
	an_idle_daemon_is_woken_once();
	return check_done();
}
