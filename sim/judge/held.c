/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * held.c - flow by flow, server by server, and the pool
 */
#include "sim/judge/held.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/hold.h"
#include "core/steer/flow.h"
#include "core/steer/outgoing.h"
#include "core/steer/steer.h"
#include "core/steer/stray.h"
#include "sim/host/server.h"
#include "sim/model/workload.h"

#define CHUNK_BYTES 256 /* hold.h */
/* A lookup's end is an event of its own. */
#define SLACK_NS NS_PER_MS

struct judge_held {
	struct judge_parts parts;
	int64_t most_ns; /* that a flow may hold */
	bool said; /* the pool does not add up: once is enough */
};

static const char *
name_of(const struct judge_held *held, uint32_t server)
{
	return network_device_name(held->parts.network, server);
}

/* A flow holds what it should have let go. */
static bool
is_overdue(const struct judge_held *held, struct instant now,
	   const struct flow *flow)
{
	bool kept = flow->state == FLOW_CACHED && !flow->doubt;
	struct instant since = flow->missing_since;

	if (kept && instant_before(since, flow->used))
		since = flow->used;
	return (flow->state != FLOW_LOOKING && flow->state != FLOW_WAITING &&
		!kept) ||
	       flow->due.ns == INSTANT_NEVER.ns ||
	       instant_distance_ns(since, now) >
		       held->most_ns + (kept ? OUTGOING_KEPT_NS : 0);
}

static void
look_at_flow(struct judge_held *held, struct instant now, uint32_t server,
	     const struct flow *flow, uint32_t packets, uint32_t chunks)
{
	uint32_t session = workload_find(held->parts.workload, &flow->key);

	if (is_overdue(held, now, flow))
		verdict(held->parts.verdicts, VIOLATION_HELD_LEAK, now, server,
			session,
			"%s holds %u packets of a flow in state %u, first "
			"missed %" PRId64 " ms ago",
			name_of(held, server), flow->held.packets, flow->state,
			instant_distance_ns(flow->missing_since, now) /
				NS_PER_MS);
	if (packets != flow->held.packets ||
	    chunks * CHUNK_BYTES != flow->held.bytes)
		verdict(held->parts.verdicts, VIOLATION_HELD_LEAK, now, server,
			session,
			"%s says that a flow holds %u packets in %u bytes, and "
			"it holds %u in %u",
			name_of(held, server), flow->held.packets,
			flow->held.bytes, packets, chunks * CHUNK_BYTES);
}

/* Chunks that the server's flows hold. */
static uint32_t
look_at(struct judge_held *held, struct instant now, uint32_t server,
	const struct server_view *view)
{
	const struct strays *strays = steer_strays(view->steer);
	uint32_t cursor = 0, sum = 0;
	const struct flow *flow;

	while ((flow = flow_next(strays->flows, &cursor)) != NULL) {
		uint32_t packets;

		if (flow->held.packets == 0 && flow->held.bytes == 0)
			continue;
		uint32_t chunks =
			hold_list_chunks(strays->held, &flow->held, &packets);
		look_at_flow(held, now, server, flow, packets, chunks);
		sum += chunks;
	}
	if (sum * CHUNK_BYTES != strays->held_bytes || (!view->runs && sum > 0))
		verdict(held->parts.verdicts, VIOLATION_HELD_LEAK, now, server,
			WATCH_NONE,
			"%s says that it holds %u bytes, and its flows hold "
			"%u%s",
			name_of(held, server), strays->held_bytes,
			sum * CHUNK_BYTES,
			view->runs ? "" : ", without a daemon");
	return sum;
}

void
judge_held_look(struct judge_held *held, struct instant now)
{
	uint32_t count = servers_count(held->parts.servers);
	const struct hold *pool = NULL;
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct server_view view = servers_view(held->parts.servers, i);

		if (view.steer == NULL)
			continue;
		pool = steer_strays(view.steer)->held;
		sum += look_at(held, now, i, &view);
	}
	if (pool == NULL || held->said)
		return;
	uint32_t taken = hold_chunks(pool) - hold_chunks_free(pool);
	held->said = taken != sum;
	if (taken != sum)
		verdict(held->parts.verdicts, VIOLATION_HELD_LEAK, now,
			WATCH_NONE, WATCH_NONE,
			"%u chunks of held packets are taken, and all servers' "
			"flows hold %u",
			taken, sum);
}

struct judge_held *
judge_held_create(const struct judge_parts *parts)
{
	struct judge_held *held = calloc(1, sizeof(*held));
	const struct settings *settings = parts->settings;

	if (held == NULL)
		abort();
	held->parts = *parts;
	held->most_ns = settings->service.steer.miss_deadline_ns +
			2 * settings->dht.node.lookup_deadline_ns + SLACK_NS;
	return held;
}

void
judge_held_destroy(struct judge_held *held)
{
	free(held);
}
