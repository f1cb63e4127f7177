/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.c - what a world of that size may do for nothing
 *
 * Settings may ask for a lot of maintenance (records that are stored again
 * each second), for calls that are repeated while nobody answers, and for
 * packets of no session. Each such operation is taken for more events than any
 * costs: a lookup of 8 rounds and 32 replicas, 10 hops a message.
 */
#include "sim/progress.h"

#include "sim/host/rpc.h"
#include "sim/model/fault_kind.h"

#define OPERATION_EVENTS 2000
#define CALL_EVENTS	 20 /* a request's hops, in the largest fabric */
#define BUCKETS		 32 /* that a server refreshes, at most */
/* Whatever attackers send: a year of it is still a number. */
#define RATE_MOST UINT64_C(100000000000)

/* Operations a second, rounded up, of which each comes once in a period. */
static uint64_t
operations_s(uint64_t count, int64_t period_ns)
{
	return period_ns > 0 ? count * NS_PER_S / (uint64_t)period_ns + 1 : 0;
}

void
progress_init(struct progress *progress, const struct settings *settings,
	      uint64_t devices)
{
	const struct node_settings *node = &settings->dht.node;
	uint64_t servers = settings->fabric.servers;
	uint64_t records =
		settings->clients.sessions + settings->measure.stores;

	*progress = (struct progress){
		.patience = PROGRESS_PATIENCE +
			    PROGRESS_PATIENCE_PER * (devices + records),
		.rate = PROGRESS_RATE * devices,
	};
	progress->rate += OPERATION_EVENTS *
			  (operations_s(records, node->republish_ns) +
			   operations_s(servers * BUCKETS, node->refresh_ns));
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (fault_is_attack(settings->faults[i].kind))
			progress->rate += OPERATION_EVENTS *
					  settings->faults[i].rate_pps *
					  settings->faults[i].repeat;
	if (progress->rate > RATE_MOST)
		progress->rate = RATE_MOST;
	if (settings->measure.rpcs > 0)
		progress->rate +=
			CALL_EVENTS * operations_s(servers, RPC_TIMEOUT_NS);
}

bool
progress_is_stuck(struct progress *progress, struct instant now,
		  uint64_t events, uint64_t done)
{
	if (done != progress->done) {
		progress->done = done;
		progress->events = events;
		progress->at = now;
		return false;
	}
	uint64_t since_ms =
		(uint64_t)instant_distance_ns(progress->at, now) / NS_PER_MS;
	uint64_t excused = since_ms / 1000 * progress->rate +
			   since_ms % 1000 * progress->rate / 1000;

	return events - progress->events > progress->patience + excused;
}
