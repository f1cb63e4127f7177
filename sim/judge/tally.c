/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - faults as they are told, sessions when the run is over
 */
#include "sim/judge/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/host/server.h"
#include "sim/model/fault_kind.h"
#include "sim/model/workload.h"

/* Something that was done, and what undoes it. */
struct deed {
	enum fault_kind undo;
	char target[FAULT_TARGET_BYTES];
};

struct judge_tally {
	struct judge_parts parts;
	struct instant zero;
	struct judge_facts facts;
	struct deed *deeds; /* in force; from `settled` on this event's own */
	uint32_t count, settled, capacity;
	bool harmed; /* by this event */
	bool in_force; /* something was, when this event came */
	struct instant ends; /* the last of those that nothing undoes */
};

struct judge_tally *
judge_tally_create(const struct judge_parts *parts)
{
	struct judge_tally *tally = calloc(1, sizeof(*tally));

	if (tally == NULL)
		abort();
	tally->parts = *parts;
	tally->ends = (struct instant){ 0 };
	return tally;
}

void
judge_tally_destroy(struct judge_tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->deeds);
	free(tally);
}

void
judge_tally_zero(struct judge_tally *tally, struct instant now)
{
	const struct servers *servers = tally->parts.servers;

	tally->zero = now;
	for (uint32_t i = 0; i < servers_count(servers); i++)
		tally->facts.servers += servers_alive(servers, i);
}

/* ---- faults ---- */

/* FAULT_KINDS: it is none, but a remark as "link_down_missed". */
static enum fault_kind
kind_find(const char *name)
{
	unsigned kind = 0;

	while (kind < FAULT_KINDS &&
	       strcmp(fault_name((enum fault_kind)kind), name) != 0)
		kind++;
	return (enum fault_kind)kind;
}

static void
deed_add(struct judge_tally *tally, enum fault_kind undo, const char *target)
{
	struct deed *deed;

	if (tally->count == tally->capacity) {
		tally->capacity = 2 * tally->capacity + 16;
		tally->deeds =
			realloc(tally->deeds, tally->capacity * sizeof(*deed));
		if (tally->deeds == NULL)
			abort();
	}
	deed = &tally->deeds[tally->count++];
	deed->undo = undo;
	(void)snprintf(deed->target, sizeof(deed->target), "%s", target);
}

/* Whatever that undoes. */
static void
deeds_undo(struct judge_tally *tally, enum fault_kind undo, const char *target)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < tally->count; i++)
		if (tally->deeds[i].undo != undo ||
		    strcmp(tally->deeds[i].target, target) != 0)
			tally->deeds[left++] = tally->deeds[i];
	tally->count = left;
}

void
judge_tally_fault(struct judge_tally *tally, const char *name,
		  const char *target)
{
	enum fault_kind kind = kind_find(name);
	const struct fault_kind_trait *trait;

	if (kind == FAULT_KINDS)
		return;
	trait = fault_kind_trait(kind);
	tally->harmed |= trait->harms;
	if (!trait->harms)
		deeds_undo(tally, kind, target);
	else if (trait->undo != kind)
		deed_add(tally, trait->undo, target);
}

static uint64_t
handshakes(const struct judge_tally *tally)
{
	const struct workload *workload = tally->parts.workload;
	uint64_t count = 0;

	for (uint32_t i = 0; i < workload_count(workload); i++) {
		const struct session *session = workload_session(workload, i);

		count += session->state == SESSION_OPEN &&
			 session->owner == WATCH_NONE;
	}
	return count;
}

/* The event has harmed: what of it is in force now? */
static void
harm_settle(struct judge_tally *tally, struct instant now,
	    const struct fault_settings *fault)
{
	const struct fault_kind_trait *trait = fault_kind_trait(fault->kind);
	int64_t ends_ns = fault_ends_ns(fault);

	tally->facts.faults++;
	tally->facts.overlapping +=
		tally->in_force || instant_before(now, tally->ends);
	tally->facts.handshakes += handshakes(tally);
	if (!fault_stays(fault) && tally->count > tally->settled)
		tally->count = tally->settled;
	if (trait->harms && trait->undo == fault->kind && ends_ns > 0 &&
	    instant_before(tally->ends, instant_after(tally->zero, ends_ns)))
		tally->ends = instant_after(tally->zero, ends_ns);
}

void
judge_tally_event(struct judge_tally *tally, struct instant now,
		  const struct event *event)
{
	if (event->kind != EVENT_FAULT)
		return;
	if (tally->harmed)
		harm_settle(tally, now,
			    &tally->parts.settings->faults[event->destination]);
	tally->harmed = false;
	tally->settled = tally->count;
	tally->in_force = tally->count > 0;
}

/* ---- sessions ---- */

void
judge_tally_finish(const struct judge_tally *tally, struct judge_facts *facts)
{
	const struct workload *workload = tally->parts.workload;
	const struct judge_facts *mine = &tally->facts;

	facts->servers = mine->servers;
	facts->faults = mine->faults;
	facts->overlapping = mine->overlapping;
	facts->handshakes = mine->handshakes;
	for (uint32_t i = 0; i < workload_count(workload); i++) {
		const struct session *session = workload_session(workload, i);

		facts->sessions += session->state != SESSION_PLANNED;
		facts->strayed += session->strays > 0;
		if (session->cause != CAUSE_NONE)
			facts->causes[session->cause]++;
	}
}
