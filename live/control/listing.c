/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listing.c - see listing.h */
#include "live/control/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/instant.h"
#include "live/conf/place.h"
#include "live/control/status.h"
#include "live/engine/report.h"

#define LINE 256 /* bytes that hold any */

struct item {
	struct session_key key;
	struct version version;
	struct endpoint endpoint; /* of peers only */
};

struct listing {
	bool json;
	bool of_peers;
	bool failed; /* no memory while it was taken */
	size_t count, capacity, next;
	struct item *items;
};

static struct item *
item_add(struct listing *listing)
{
	if (listing->count == listing->capacity) {
		size_t capacity = listing->capacity * 2 + 64;
		struct item *grown =
			realloc(listing->items, capacity * sizeof(*grown));
		if (grown == NULL) {
			listing->failed = true;
			return NULL;
		}
		listing->items = grown;
		listing->capacity = capacity;
	}
	struct item *item = &listing->items[listing->count++];
	*item = (struct item){ .version = { 0, 0 } };
	return item;
}

static void
session_take(void *context, const struct session_key *key,
	     struct version version)
{
	struct item *item = item_add(context);

	if (item == NULL)
		return;
	item->key = *key;
	item->version = version;
}

static void
peer_take(void *context, const struct endpoint *endpoint)
{
	struct item *item = item_add(context);

	if (item != NULL)
		item->endpoint = *endpoint;
}

static struct listing *
listing_checked(struct listing *listing)
{
	if (listing->failed) {
		listing_free(listing);
		return NULL;
	}
	return listing;
}

struct listing *
listing_of_sessions(const struct sessions *sessions, bool json)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing == NULL)
		return NULL;
	listing->json = json;
	sessions_each(sessions, session_take, listing);
	return listing_checked(listing);
}

struct listing *
listing_of_peers(struct engine *engine, bool json)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing == NULL)
		return NULL;
	listing->json = json;
	listing->of_peers = true;
	engine_peers(engine, peer_take, listing);
	return listing_checked(listing);
}

void
listing_free(struct listing *listing)
{
	if (listing == NULL)
		return;
	free(listing->items);
	free(listing);
}

static int
peer_format(const struct listing *listing, const struct item *item,
	    char line[LINE])
{
	char place[PLACE_TEXT];

	return snprintf(line, LINE, listing->json ? "\"%s\"" : "%s\n",
			place_format(&item->endpoint, place));
}

static int
session_format(const struct listing *listing, const struct item *item,
	       char line[LINE])
{
	char flow[REPORT_LINE], since[STATUS_TIME];

	(void)report_flow_format(&item->key, flow, sizeof(flow));
	if (!listing->json)
		return snprintf(
			line, LINE, "%s %s\n", flow,
			status_time(item->version.established_ns, since));
	int client = (int)strcspn(flow, " ");
	return snprintf(line, LINE,
			"{\"client\":\"%.*s\",\"service\":\"%s\","
			"\"established_ns\":%" PRId64 "}",
			client, flow, flow + client + 1,
			item->version.established_ns);
}

static bool
item_write(struct listing *listing, struct backlog *out)
{
	const struct item *item = &listing->items[listing->next];
	char line[LINE];
	int length = listing->of_peers ? peer_format(listing, item, line)
				       : session_format(listing, item, line);
	const char *before = !listing->json	  ? ""
			     : listing->next == 0 ? "["
						  : ",\n";

	listing->next++;
	return backlog_add(out, before, strlen(before), SIZE_MAX) &&
	       backlog_add(out, line, (size_t)length, SIZE_MAX);
}

int
listing_write(struct listing *listing, struct backlog *out, size_t most)
{
	while (listing->next < listing->count) {
		if (backlog_size(out) >= most)
			return 0;
		if (!item_write(listing, out))
			return -ENOMEM;
	}
	if (listing->json) {
		const char *end = listing->count == 0 ? "[]\n" : "]\n";
		if (!backlog_add(out, end, strlen(end), SIZE_MAX))
			return -ENOMEM;
	}
	return 1;
}
