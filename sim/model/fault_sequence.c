/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fault_sequence.c - see fault_sequence.h */
#include "sim/model/fault_sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/model/fault_target.h"

struct sequence {
	const struct fault_settings *event;
	const struct fabric *fabric;
	struct rng rng;
};

typedef bool fits(const struct sequence *, const char *name);

/* ---- where ---- */

static uint32_t
servers_there(const struct sequence *sequence)
{
	const struct fabric_settings *fabric = &sequence->fabric->settings;

	return fabric->servers - fabric->later;
}

/* Not those of clients, where nobody could help, nor of servers that are not
 * there: how many join would decide about all draws. */
static bool
is_inner_link(const struct sequence *sequence, const char *name)
{
	const char *server = strstr(name, "server");

	if (strncmp(name, "edge", 4) == 0 || strstr(name, "client") != NULL)
		return false;
	return server == NULL ||
	       strtoul(server + 6, NULL, 10) <= servers_there(sequence);
}

static bool
is_leaf(const struct sequence *sequence, const char *name)
{
	(void)sequence;
	return strncmp(name, "leaf", 4) == 0;
}

static bool
is_spine(const struct sequence *sequence, const char *name)
{
	(void)sequence;
	return strncmp(name, "spine", 5) == 0;
}

/* One of those that fit. A fabric has some of each. */
static void
place_draw(struct sequence *sequence, enum fault_target wanted, fits *fit,
	   struct fault_settings *change)
{
	uint32_t all = fault_target_count(sequence->fabric, wanted), some = 0;
	char name[FAULT_NAME_BYTES] = "";
	uint64_t which;

	for (uint32_t i = 0; i < all; i++) {
		fault_target_name(sequence->fabric, wanted, i, name);
		some += fit(sequence, name);
	}
	which = rng_below(&sequence->rng, some);
	for (uint32_t i = 0; i < all; i++) {
		fault_target_name(sequence->fabric, wanted, i, name);
		if (fit(sequence, name) && which-- == 0)
			break;
	}
	(void)snprintf(change->target, sizeof(change->target), "%s", name);
}

/* One that is there from the start. */
static void
server_draw(struct sequence *sequence, struct fault_settings *change)
{
	uint32_t server =
		(uint32_t)rng_below(&sequence->rng, servers_there(sequence));

	fault_target_name(sequence->fabric, FAULT_TARGET_SERVER, server,
			  change->target);
}

/* ---- what ---- */

enum change_kind {
	CHANGE_LINK,
	CHANGE_FLAP,
	CHANGE_LEAF,
	CHANGE_SPINE,
	CHANGE_DRAIN,
	CHANGE_RESTART,
	CHANGE_JOIN,
	CHANGES
};

static void
kind_set(struct sequence *sequence, enum change_kind kind, int64_t for_ns,
	 struct fault_settings *change)
{
	switch (kind) {
	case CHANGE_FLAP:
		change->period_ns = for_ns / 2;
		/* fall through */
	case CHANGE_LINK:
		change->kind = FAULT_LINK_DOWN;
		place_draw(sequence, FAULT_TARGET_LINK, is_inner_link, change);
		break;
	case CHANGE_LEAF:
	case CHANGE_SPINE:
		change->kind = FAULT_ROUTER_DOWN;
		place_draw(sequence, FAULT_TARGET_ROUTER,
			   kind == CHANGE_LEAF ? is_leaf : is_spine, change);
		break;
	case CHANGE_DRAIN:
		change->kind = FAULT_DRAIN;
		server_draw(sequence, change);
		break;
	case CHANGE_RESTART:
		change->kind = FAULT_DAEMON_RESTART;
		if (for_ns > FAULT_SEQUENCE_RESTART_NS)
			change->until_ns =
				change->at_ns + FAULT_SEQUENCE_RESTART_NS;
		server_draw(sequence, change);
		break;
	case CHANGE_JOIN:
		change->kind = FAULT_JOIN;
		change->until_ns = 0;
		change->count = 1;
		break;
	case CHANGES:
		break;
	}
}

int64_t
fault_sequence_lasts_ns(const struct fault_settings *event)
{
	return event->for_ns > 0 ? event->for_ns : event->each_ns / 2;
}

static void
change_draw(struct sequence *sequence, uint32_t index,
	    struct fault_settings *change)
{
	const struct fault_settings *event = sequence->event;
	int64_t for_ns = fault_sequence_lasts_ns(event);

	fault_settings_default(change);
	change->at_ns = event->at_ns + index * event->each_ns;
	change->until_ns = change->at_ns + for_ns;
	kind_set(sequence, (enum change_kind)rng_below(&sequence->rng, CHANGES),
		 for_ns, change);
}

/* ---- the script ---- */

static uint32_t
changes(const struct fault_settings *fault)
{
	return fault->count > 0 ? fault->count : 1;
}

uint32_t
fault_sequence_spares(const struct fault_settings *fault)
{
	return fault->kind == FAULT_SEQUENCE ? changes(fault) : 0;
}

int64_t
fault_sequence_over_ns(const struct fault_settings *fault)
{
	int64_t more = changes(fault) - 1;

	return fault->at_ns + more * fault->each_ns +
	       fault_sequence_lasts_ns(fault);
}

struct fault_settings *
fault_sequence_unroll(struct settings *settings, const struct fabric *fabric)
{
	const struct fault_settings *events = settings->faults;
	uint32_t count = settings->fault_count, more = 0;
	struct fault_settings *all;

	for (uint32_t i = 0; i < count; i++)
		more += events[i].kind == FAULT_SEQUENCE;
	if (more == 0)
		return NULL;
	more = 0;
	for (uint32_t i = 0; i < count; i++)
		more += fault_sequence_spares(&events[i]);
	all = memory_zeroed(count + more, sizeof(*all));
	memcpy(all, events, count * sizeof(*all));
	settings->faults = all;
	for (uint32_t i = 0; i < count; i++) {
		struct sequence sequence = {
			.event = &events[i],
			.fabric = fabric,
			.rng = stream_rng(settings->seed, STREAM_SEQUENCE, i),
		};

		for (uint32_t j = 0; j < fault_sequence_spares(&events[i]); j++)
			change_draw(&sequence, j,
				    j == 0 ? &all[i]
					   : &all[settings->fault_count++]);
	}
	return all;
}
