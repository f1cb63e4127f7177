/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookup_request.c - see lookup_request.h */
#include "live/control/lookup_request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "live/conf/endpoint_text.h"
#include "live/control/control_client.h"
#include "live/control/status.h"

struct lookup_request {
	struct engine *engine;
	struct control_client *client; /* NULL: abandoned */
	bool json;
};

static void
owner_json(struct engine *engine, struct control_client *client,
	   const struct node_event *event)
{
	char text[ENDPOINT_TEXT_BYTES];

	control_client_print(
		client,
		"{\"found\":%s,\"local\":%s,\"lookup_ns\":%" PRId64
		",\"rounds\":%" PRIu32 ",\"queries\":%" PRIu32 ",\"records\":[",
		event->kind == NODE_FOUND ? "true" : "false",
		event->local ? "true" : "false",
		instant_distance_ns(event->started, event->finished),
		event->hops, event->queries);
	for (uint32_t i = 0; i < event->record_count; i++) {
		const struct record *record = &event->records[i];
		const struct endpoint *owner =
			engine_endpoint(engine, record->owner);
		control_client_print(
			client,
			"%s{\"owner\":\"%s\",\"established_ns\":%" PRId64
			",\"ended\":%s,\"half_open\":%s,\"ttl_ms\":%" PRIu32
			"}",
			i > 0 ? "," : "",
			owner != NULL ? endpoint_text_format(owner, text) : "",
			record->version.established_ns,
			record->tombstone ? "true" : "false",
			record->half_open ? "true" : "false", record->ttl_ms);
	}
	control_client_print(client, "]}\n");
}

static void
owner_print(struct engine *engine, struct control_client *client,
	    const struct node_event *event)
{
	char endpoint[ENDPOINT_TEXT_BYTES], text[STATUS_TIME];

	for (uint32_t i = 0; i < event->record_count; i++) {
		const struct record *record = &event->records[i];
		const struct endpoint *owner =
			engine_endpoint(engine, record->owner);
		control_client_print(
			client, "%-7s %s since %s\n",
			record->tombstone   ? "ended"
			: record->half_open ? "begun"
			: i == 0	    ? "owner"
					    : "older",
			owner != NULL ? endpoint_text_format(owner, endpoint)
				      : "?",
			status_time(record->version.established_ns, text));
	}
	if (event->local)
		control_client_print(client, "lookup  known here\n");
	else
		control_client_print(
			client,
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
	/* Not conclusive (node.h): a server that did not answer may know it. */
	if (!event->ok)
		return "not found, but too few servers answered to be sure; "
		       "try again";
	return "no server owns that session";
}

/* The engine's answer. */
static void
lookup_request_end(void *context, const struct node_event *event)
{
	struct lookup_request *lookup_request = context;
	struct control_client *client = lookup_request->client;

	if (client != NULL) {
		client->lookup_request = NULL;
		if (lookup_request->json)
			owner_json(lookup_request->engine, client, event);
		else
			owner_print(lookup_request->engine, client, event);
		control_client_answer(client, owner_missing(event));
	}
	free(lookup_request);
}

void
lookup_request_begin(struct control_client *client, struct engine *engine,
		     struct instant now, const struct command *command)
{
	struct lookup_request *lookup_request = malloc(sizeof(*lookup_request));

	if (lookup_request == NULL) {
		control_client_answer(client, strerror(ENOMEM));
		return;
	}
	*lookup_request = (struct lookup_request){ .engine = engine,
						   .client = client,
						   .json = command->json };
	client->lookup_request = lookup_request;
	client->state = CONTROL_CLIENT_ASKING;
	if (engine_lookup(engine, now, &command->key, lookup_request_end,
			  lookup_request) == 0)
		return;
	client->lookup_request = NULL;
	free(lookup_request);
	control_client_answer(client, "too many lookups run; try again");
}

void
lookup_request_abandon(struct lookup_request *lookup_request)
{
	if (lookup_request != NULL)
		lookup_request->client = NULL;
}
