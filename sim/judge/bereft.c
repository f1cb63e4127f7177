/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bereft.c - when each server last lost its memory, and who suffered
 */
#include "sim/judge/bereft.h"

#include <stdlib.h>

#include "sim/engine/memory.h"
#include "sim/host/server.h"
#include "sim/model/workload.h"

#define MILLION UINT64_C(1000000)
#define TERMS	12 /* of the logarithm's series: beyond them it is above 1 */

struct life {
	bool runs;
	uint32_t incarnation;
	struct instant began, lost; /* lost: NEVER, not yet */
};

struct bereft {
	struct judge_parts parts;
	struct life *lives; /* by server */
	uint64_t sessions, bereft, expected_ppm;
};

struct bereft *
bereft_create(const struct judge_parts *parts)
{
	uint32_t count = servers_count(parts->servers);
	struct bereft *bereft = memory_zeroed(1, sizeof(*bereft));

	bereft->parts = *parts;
	bereft->lives = memory_zeroed(count, sizeof(*bereft->lives));
	for (uint32_t i = 0; i < count; i++) {
		struct server_view view = servers_view(parts->servers, i);

		bereft->lives[i] = (struct life){
			.runs = view.runs,
			.incarnation = view.incarnation,
			.lost = INSTANT_NEVER,
		};
	}
	return bereft;
}

void
bereft_destroy(struct bereft *bereft)
{
	if (bereft == NULL)
		return;
	free(bereft->lives);
	free(bereft);
}

void
bereft_look(struct bereft *bereft, struct instant now)
{
	const struct servers *servers = bereft->parts.servers;

	for (uint32_t i = 0; i < servers_count(servers); i++) {
		struct life *life = &bereft->lives[i];
		struct server_view view = servers_view(servers, i);
		bool other = view.incarnation != life->incarnation;

		if (life->runs && (!view.runs || other))
			life->lost = now;
		if (view.runs && (!life->runs || other))
			life->began = now;
		life->runs = view.runs;
		life->incarnation = view.incarnation;
	}
}

uint64_t
bereft_expected_ppm(uint64_t gone, uint64_t others, uint32_t replicas)
{
	uint64_t all_ppm = MILLION, power_ppm, sum_ppm = 0;

	for (uint32_t i = 0; i < replicas; i++)
		all_ppm = (all_ppm * gone + others - 1) / others;
	power_ppm = all_ppm;
	for (uint64_t i = 1; i <= TERMS; i++) {
		sum_ppm += power_ppm / i;
		power_ppm = power_ppm * all_ppm / MILLION;
	}
	return sum_ppm < MILLION ? sum_ppm : MILLION;
}

static bool
is_held(const struct servers *servers, const struct session *session)
{
	for (uint32_t i = 0; i < servers_count(servers); i++)
		if (servers_holds(servers, i, &session->key, session->owner))
			return true;
	return false;
}

void
bereft_end(struct bereft *bereft, struct instant now, uint32_t flow)
{
	const struct servers *servers = bereft->parts.servers;
	const struct session *session =
		workload_session(bereft->parts.workload, flow);
	uint64_t gone = 0, others = 0;
	struct instant published;

	if (session->replicas == 0 || session->owner == WATCH_NONE ||
	    session->owner_end != CAUSE_END_LIVES)
		return;
	published = servers_published(servers, session->owner, &session->key);
	if (published.ns == INT64_MAX)
		return;
	bereft_look(bereft, now);
	for (uint32_t i = 0; i < servers_count(servers); i++) {
		const struct life *life = &bereft->lives[i];
		bool lost = life->lost.ns != INT64_MAX &&
			    !instant_before(life->lost, published);

		if (i == session->owner)
			continue;
		gone += lost;
		others += lost || (life->runs &&
				   !instant_before(published, life->began));
	}
	bereft->sessions++;
	if (others > 0)
		bereft->expected_ppm +=
			bereft_expected_ppm(gone, others, session->replicas);
	bereft->bereft += !is_held(servers, session);
}

void
bereft_finish(const struct bereft *bereft, struct judge_facts *facts)
{
	facts->bereft_of = bereft->sessions;
	facts->bereft = bereft->bereft;
	facts->bereft_expected_ppm = bereft->expected_ppm;
}
