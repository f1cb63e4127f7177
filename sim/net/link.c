/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.c - the drop-tail queue, computed
 *
 * Work is counted in "bit-nanoseconds per second", bits * 10^9: dividing by
 * rate_bps gives nanoseconds. A backlog of 10 s at 400 Gbit/s is 4e21 of
 * them, so sums are 128 bits wide; the division is not (65,535 bytes are
 * 5.2e14).
 */
#include "sim/net/link.h"

#include <assert.h>

/* ISO C has no name for it; every compiler that we support does. */
__extension__ typedef unsigned __int128 uint128;

#define BYTE_WORK UINT64_C(8000000000)
#define PPM	  1000000

void
link_direction_init(struct link_direction *direction, uint64_t seed,
		    uint64_t stream)
{
	*direction = (struct link_direction){ .idle_ns = 0 };
	rng_init(&direction->rng, seed, stream);
}

void
link_clear(struct link_direction *direction)
{
	direction->idle_ns = 0;
	direction->idle_fraction = 0;
	direction->old_until_ns = 0;
}

enum link_state
link_state_toward(enum link_state state, uint32_t direction)
{
	switch (state) {
	case LINK_SILENT_UPPER:
		return direction == 0 ? LINK_SILENT : LINK_UP;
	case LINK_SILENT_LOWER:
		return direction == 1 ? LINK_SILENT : LINK_UP;
	case LINK_UP:
	case LINK_DOWN:
	case LINK_SILENT:
		break;
	}
	return state;
}

static uint128
backlog_work(const struct link_direction *direction, uint64_t rate_bps,
	     struct instant now)
{
	int64_t from_ns = now.ns;
	uint128 work = 0;

	if (direction->idle_ns < now.ns)
		return 0;
	if (direction->old_until_ns > now.ns) {
		from_ns = direction->old_until_ns;
		work = (uint128)(uint64_t)(from_ns - now.ns) *
		       direction->old_rate_bps;
	}
	return work +
	       (uint128)(uint64_t)(direction->idle_ns - from_ns) * rate_bps +
	       direction->idle_fraction;
}

void
link_change(struct link_direction *direction, const struct link_settings *old,
	    struct instant now)
{
	uint128 work = backlog_work(direction, old->rate_bps, now);

	/* The fraction is one of the old rate. */
	direction->idle_ns += direction->idle_fraction > 0;
	direction->idle_fraction = 0;
	direction->old_until_ns = 0;
	if (direction->idle_ns <= now.ns)
		return;
	direction->old_until_ns = direction->idle_ns;
	direction->old_rate_bps =
		(uint64_t)(work / (uint64_t)(direction->idle_ns - now.ns));
}

uint64_t
link_backlog_bytes(const struct link_direction *direction,
		   const struct link_settings *settings, struct instant now)
{
	uint128 work = backlog_work(direction, settings->rate_bps, now);

	return (uint64_t)((work + BYTE_WORK - 1) / BYTE_WORK);
}

static bool
chance(struct rng *rng, uint32_t ppm)
{
	return ppm > 0 && rng_below(rng, PPM) < ppm;
}

bool
link_impairments(const struct link_settings *settings)
{
	return settings->loss_ppm > 0 || settings->duplicate_ppm > 0 ||
	       settings->reorder_ppm > 0;
}

static struct link_transit
impairments_draw(struct link_direction *direction,
		 const struct link_settings *settings,
		 struct link_transit transit)
{
	if (chance(&direction->rng, settings->loss_ppm))
		return (struct link_transit){ .drop = DROP_LOSS };
	if (chance(&direction->rng, settings->duplicate_ppm))
		transit.copies = 2;
	if (chance(&direction->rng, settings->reorder_ppm)) {
		int64_t most = settings->delay_ns > NS_PER_US
				       ? settings->delay_ns
				       : NS_PER_US;
		transit.delay_ns +=
			1 + (int64_t)rng_below(&direction->rng, (uint64_t)most);
	}
	return transit;
}

int64_t
link_crossing_ns(const struct link_settings *settings, uint32_t size)
{
	uint64_t rate_bps = settings->rate_bps;

	if (rate_bps == 0)
		return settings->delay_ns;
	return settings->delay_ns +
	       (int64_t)((size * BYTE_WORK + rate_bps - 1) / rate_bps);
}

struct link_transit
link_cross(struct link_direction *direction,
	   const struct link_settings *settings, uint32_t size)
{
	const struct link_transit transit = {
		.drop = DROP_NONE,
		.delay_ns = link_crossing_ns(settings, size),
		.copies = 1,
	};

	if (!link_impairments(settings))
		return transit;
	return impairments_draw(direction, settings, transit);
}

struct link_transit
link_send(struct link_direction *direction,
	  const struct link_settings *settings, struct instant now,
	  uint32_t size)
{
	struct link_transit transit = {
		.drop = DROP_NONE,
		.delay_ns = settings->delay_ns,
		.copies = 1,
	};
	uint64_t rate_bps = settings->rate_bps;

	if (rate_bps == 0 && direction->idle_ns > now.ns) {
		/* What was queued before the line had no rate. */
		transit.delay_ns += direction->idle_ns - now.ns;
	} else if (rate_bps > 0) {
		uint64_t work = size * BYTE_WORK;
		uint128 output_buffer = backlog_work(direction, rate_bps, now);
		if (output_buffer > 0 &&
		    output_buffer + work >
			    (uint128)settings->queue_bytes * BYTE_WORK)
			return (struct link_transit){ .drop = DROP_QUEUE };
		if (output_buffer == 0) {
			direction->idle_ns = now.ns;
			direction->idle_fraction = 0;
		}
		work += direction->idle_fraction;
		direction->idle_ns += (int64_t)(work / rate_bps);
		direction->idle_fraction = work % rate_bps;
		/* The last bit has left in the nanosecond that began then. */
		transit.delay_ns += direction->idle_ns - now.ns +
				    (direction->idle_fraction > 0);
	}
	if (!link_impairments(settings))
		return transit;
	return impairments_draw(direction, settings, transit);
}
