/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall_meter.c - one maximum a second, and one for the open window
 */
#include "sim/model/stall_meter.h"

#include <string.h>

#define SLOTS (STALL_METER_SECONDS + 1)

static void
entries_clear(struct stall_meter *meter)
{
	for (unsigned i = 0; i < SLOTS; i++)
		meter->longest_ns[i] = STALL_METER_NONE;
}

void
stall_meter_init(struct stall_meter *meter)
{
	memset(meter, 0, sizeof(*meter));
	meter->from = INSTANT_NEVER;
	meter->before_ns = meter->after_ns = STALL_METER_NONE;
	entries_clear(meter);
}

/* Seconds without an entry have no gap that ended in them. */
static void
advance(struct stall_meter *meter, struct instant now)
{
	int64_t second = now.ns / NS_PER_S;

	if (second - meter->second >= SLOTS)
		entries_clear(meter);
	else
		while (meter->second < second)
			meter->longest_ns[++meter->second % SLOTS] =
				STALL_METER_NONE;
	meter->second = second;
}

/* What of a gap lies within a window is the longest so far? None of it does
 * when it begins after the window's end. */
static void
gap_count(int64_t *longest_ns, struct instant from, struct instant to,
	  struct instant begin, struct instant end)
{
	struct instant first = instant_before(from, begin) ? begin : from;
	struct instant last = instant_min(to, end);

	if (instant_before(last, first))
		return;
	int64_t gap_ns = instant_distance_ns(first, last);
	if (gap_ns > *longest_ns)
		*longest_ns = gap_ns;
}

static void
after_count(struct stall_meter *meter, struct instant now)
{
	gap_count(&meter->after_ns, meter->from, now, meter->fault,
		  instant_after(meter->fault, STALL_METER_NS));
}

void
stall_meter_progress(struct stall_meter *meter, struct instant now,
		     struct instant due)
{
	advance(meter, now);
	if (meter->begun) {
		/* Sooner than it was due: no time at all. */
		meter->from = instant_min(meter->from, now);
		int64_t gap_ns = instant_distance_ns(meter->from, now);
		int64_t slot = meter->second % SLOTS;
		if (gap_ns > meter->longest_ns[slot]) {
			meter->longest_ns[slot] = gap_ns;
			meter->ended_ns[slot] = (uint32_t)(now.ns % NS_PER_S);
		}
		if (meter->window)
			after_count(meter, now);
	}
	meter->begun = true;
	bool idle = due.ns == INT64_MAX ||
		    instant_distance_ns(now, due) > STALL_METER_IDLE_NS;
	meter->from = idle ? due : now;
}

static void
before_count(struct stall_meter *meter, struct instant now)
{
	struct instant begin = { now.ns - STALL_METER_NS };

	meter->before_ns = STALL_METER_NONE;
	for (int64_t i = 0; i < SLOTS && i <= meter->second; i++) {
		int64_t second = meter->second - i;
		int64_t slot = second % SLOTS;
		struct instant ended = { second * NS_PER_S +
					 meter->ended_ns[slot] };
		if (meter->longest_ns[slot] == STALL_METER_NONE)
			continue;
		struct instant from = { ended.ns - meter->longest_ns[slot] };
		gap_count(&meter->before_ns, from, ended, begin, now);
	}
	gap_count(&meter->before_ns, meter->from, now, begin, now);
}

bool
stall_meter_fault(struct stall_meter *meter, struct instant now)
{
	if (!meter->begun)
		return false;
	advance(meter, now);
	before_count(meter, now);
	meter->after_ns = STALL_METER_NONE;
	meter->window = true;
	meter->fault = now;
	return true;
}

void
stall_meter_end(struct stall_meter *meter, struct instant now)
{
	after_count(meter, now);
	meter->window = false;
}
