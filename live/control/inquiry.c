/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inquiry.c - see inquiry.h */
#include "live/control/inquiry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "live/conf/place.h"
#include "live/control/caller.h"
#include "live/control/status.h"

struct inquiry {
	struct engine *engine;
	struct caller *caller; /* NULL: abandoned */
	bool json;
};

static void
owner_json(struct engine *engine, struct caller *caller,
	   const struct node_event *event)
{
	char place[PLACE_TEXT];

	caller_print(caller,
		     "{\"found\":%s,\"local\":%s,\"lookup_ns\":%" PRId64
		     ",\"rounds\":%" PRIu32 ",\"queries\":%" PRIu32
		     ",\"records\":[",
		     event->kind == NODE_FOUND ? "true" : "false",
		     event->local ? "true" : "false",
		     instant_distance_ns(event->started, event->finished),
		     event->hops, event->queries);
	for (uint32_t i = 0; i < event->record_count; i++) {
		const struct record *record = &event->records[i];
		const struct endpoint *owner =
			engine_endpoint(engine, record->owner);
		caller_print(caller,
			     "%s{\"owner\":\"%s\",\"established_ns\":%" PRId64
			     ",\"ended\":%s,\"ttl_ms\":%" PRIu32 "}",
			     i > 0 ? "," : "",
			     owner != NULL ? place_format(owner, place) : "",
			     record->version.established_ns,
			     record->tombstone ? "true" : "false",
			     record->ttl_ms);
	}
	caller_print(caller, "]}\n");
}

static void
owner_print(struct engine *engine, struct caller *caller,
	    const struct node_event *event)
{
	char place[PLACE_TEXT], text[STATUS_TIME];

	for (uint32_t i = 0; i < event->record_count; i++) {
		const struct record *record = &event->records[i];
		const struct endpoint *owner =
			engine_endpoint(engine, record->owner);
		caller_print(caller, "%-7s %s since %s\n",
			     record->tombstone ? "ended"
			     : i == 0	       ? "owner"
					       : "older",
			     owner != NULL ? place_format(owner, place) : "?",
			     status_time(record->version.established_ns, text));
	}
	if (event->local)
		caller_print(caller, "lookup  known here\n");
	else
		caller_print(
			caller,
			"lookup  %s, %" PRIu32 " round%s, %" PRIu32 " quer%s\n",
			status_duration(instant_distance_ns(event->started,
							    event->finished),
					text),
			event->hops, event->hops == 1 ? "" : "s",
			event->queries, event->queries == 1 ? "y" : "ies");
}

static const char *
owner_missing(const struct node_event *event)
{
	if (event->kind == NODE_FOUND)
		return NULL;
	if (event->queries > 0 && event->hops == 0)
		return "no other server answered";
	return "nobody owns that session";
}

/* The engine's answer. */
static void
inquiry_end(void *context, const struct node_event *event)
{
	struct inquiry *inquiry = context;
	struct caller *caller = inquiry->caller;

	if (caller != NULL) {
		caller->inquiry = NULL;
		if (inquiry->json)
			owner_json(inquiry->engine, caller, event);
		else
			owner_print(inquiry->engine, caller, event);
		caller_answer(caller, owner_missing(event));
	}
	free(inquiry);
}

void
inquiry_begin(struct caller *caller, struct engine *engine, struct instant now,
	      const struct command *command)
{
	struct inquiry *inquiry = malloc(sizeof(*inquiry));

	if (inquiry == NULL) {
		caller_answer(caller, strerror(ENOMEM));
		return;
	}
	*inquiry = (struct inquiry){ .engine = engine,
				     .caller = caller,
				     .json = command->json };
	caller->inquiry = inquiry;
	caller->state = CALLER_ASKING;
	if (engine_lookup(engine, now, &command->key, inquiry_end, inquiry) ==
	    0)
		return;
	caller->inquiry = NULL;
	free(inquiry);
	caller_answer(caller, "too many lookups run; try again");
}

void
inquiry_abandon(struct inquiry *inquiry)
{
	if (inquiry != NULL)
		inquiry->caller = NULL;
}
