/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall_meter.c - one maximum a second, and one for the open window
 */
#include "sim/model/stall_meter.h"

#include <string.h>

#define SLOTS (STALL_METER_SECONDS + 1)

void
stall_meter_init(struct stall_meter *gaps)
{
	memset(gaps, 0, sizeof(*gaps));
	gaps->last = INSTANT_NEVER;
}

/* Seconds without an entry have no gap that ended in them. */
static void
advance(struct stall_meter *gaps, struct instant now)
{
	int64_t second = now.ns / NS_PER_S;

	if (second - gaps->second >= SLOTS)
		memset(gaps->longest_ns, 0, sizeof(gaps->longest_ns));
	else
		while (gaps->second < second)
			gaps->longest_ns[++gaps->second % SLOTS] = 0;
	gaps->second = second;
}

void
stall_meter_progress(struct stall_meter *gaps, struct instant now)
{
	advance(gaps, now);
	if (gaps->last.ns != INT64_MAX) {
		int64_t gap = instant_distance_ns(gaps->last, now);
		int64_t *longest = &gaps->longest_ns[gaps->second % SLOTS];
		if (gap > *longest)
			*longest = gap;
		if (gaps->window && gap > gaps->after_ns)
			gaps->after_ns = gap;
	}
	gaps->last = now;
}

bool
stall_meter_fault(struct stall_meter *gaps, struct instant now)
{
	if (gaps->last.ns == INT64_MAX)
		return false;
	advance(gaps, now);
	gaps->before_ns = 0;
	for (unsigned i = 0; i < SLOTS; i++)
		if (gaps->longest_ns[i] > gaps->before_ns)
			gaps->before_ns = gaps->longest_ns[i];
	gaps->after_ns = 0;
	gaps->window = true;
	gaps->fault = now;
	return true;
}

void
stall_meter_end(struct stall_meter *gaps, struct instant now, bool running)
{
	int64_t open = instant_distance_ns(gaps->last, now);

	if (running && open > gaps->after_ns)
		gaps->after_ns = open;
	gaps->window = false;
}
