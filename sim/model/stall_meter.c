/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall_meter.c - one maximum a second, and one for the open window
 */
#include "sim/model/stall_meter.h"

#include <string.h>

#define SLOTS (STALL_METER_SECONDS + 1)

void
stall_meter_init(struct stall_meter *meter)
{
	memset(meter, 0, sizeof(*meter));
	meter->last = INSTANT_NEVER;
}

/* Seconds without an entry have no gap that ended in them. */
static void
advance(struct stall_meter *meter, struct instant now)
{
	int64_t second = now.ns / NS_PER_S;

	if (second - meter->second >= SLOTS)
		memset(meter->longest_ns, 0, sizeof(meter->longest_ns));
	else
		while (meter->second < second)
			meter->longest_ns[++meter->second % SLOTS] = 0;
	meter->second = second;
}

void
stall_meter_progress(struct stall_meter *meter, struct instant now)
{
	advance(meter, now);
	if (meter->last.ns != INT64_MAX) {
		int64_t gap = instant_distance_ns(meter->last, now);
		int64_t *longest = &meter->longest_ns[meter->second % SLOTS];
		if (gap > *longest)
			*longest = gap;
		if (meter->window && gap > meter->after_ns)
			meter->after_ns = gap;
	}
	meter->last = now;
}

bool
stall_meter_fault(struct stall_meter *meter, struct instant now)
{
	if (meter->last.ns == INT64_MAX)
		return false;
	advance(meter, now);
	meter->before_ns = 0;
	for (unsigned i = 0; i < SLOTS; i++)
		if (meter->longest_ns[i] > meter->before_ns)
			meter->before_ns = meter->longest_ns[i];
	meter->after_ns = 0;
	meter->window = true;
	meter->fault = now;
	return true;
}

void
stall_meter_end(struct stall_meter *meter, struct instant now, bool running)
{
	int64_t open = instant_distance_ns(meter->last, now);

	if (running && open > meter->after_ns)
		meter->after_ns = open;
	meter->window = false;
}
