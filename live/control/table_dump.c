/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_dump.c - see table_dump.h */
#include "live/control/table_dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/instant.h"
#include "live/conf/endpoint_text.h"
#include "live/control/status.h"
#include "live/engine/report.h"

#define LINE 256 /* bytes that hold any */

struct item {
	struct session_key key;
	struct version version;
	int64_t raised_ns; /* replicas have it at that time; 0: as it is */
	struct endpoint endpoint; /* of peers only */
};

struct table_dump {
	bool json;
	bool of_peers;
	bool failed; /* no memory while it was taken */
	size_t count, capacity, next;
	struct item *items;
	const struct engine *engine; /* while sessions are taken */
};

static struct item *
item_add(struct table_dump *table_dump)
{
	if (table_dump->count == table_dump->capacity) {
		size_t capacity = table_dump->capacity * 2 + 64;
		struct item *grown =
			realloc(table_dump->items, capacity * sizeof(*grown));
		if (grown == NULL) {
			table_dump->failed = true;
			return NULL;
		}
		table_dump->items = grown;
		table_dump->capacity = capacity;
	}
	struct item *item = &table_dump->items[table_dump->count++];
	*item = (struct item){ .version = { 0, 0 } };
	return item;
}

static void
session_take(void *context, const struct session_key *key,
	     struct version version)
{
	struct table_dump *table_dump = context;
	struct item *item = item_add(table_dump);
	struct version owned;

	if (item == NULL)
		return;
	item->key = *key;
	item->version = version;
	if (engine_version(table_dump->engine, key, &owned) &&
	    version_compare(version, owned) < 0)
		item->raised_ns = owned.established_ns;
}

static void
peer_take(void *context, const struct endpoint *endpoint)
{
	struct item *item = item_add(context);

	if (item != NULL)
		item->endpoint = *endpoint;
}

static struct table_dump *
table_dump_checked(struct table_dump *table_dump)
{
	if (table_dump->failed) {
		table_dump_free(table_dump);
		return NULL;
	}
	return table_dump;
}

struct table_dump *
table_dump_of_sessions(const struct sessions *sessions,
		       const struct engine *engine, bool json)
{
	struct table_dump *table_dump = calloc(1, sizeof(*table_dump));

	if (table_dump == NULL)
		return NULL;
	table_dump->json = json;
	table_dump->engine = engine;
	sessions_each(sessions, session_take, table_dump);
	return table_dump_checked(table_dump);
}

struct table_dump *
table_dump_of_peers(struct engine *engine, bool json)
{
	struct table_dump *table_dump = calloc(1, sizeof(*table_dump));

	if (table_dump == NULL)
		return NULL;
	table_dump->json = json;
	table_dump->of_peers = true;
	engine_peers(engine, peer_take, table_dump);
	return table_dump_checked(table_dump);
}

void
table_dump_free(struct table_dump *table_dump)
{
	if (table_dump == NULL)
		return;
	free(table_dump->items);
	free(table_dump);
}

static int
peer_format(const struct table_dump *table_dump, const struct item *item,
	    char line[LINE])
{
	char text[ENDPOINT_TEXT_BYTES];

	return snprintf(line, LINE, table_dump->json ? "\"%s\"" : "%s\n",
			endpoint_text_format(&item->endpoint, text));
}

static int
session_format(const struct table_dump *table_dump, const struct item *item,
	       char line[LINE])
{
	char flow[REPORT_LINE], since[STATUS_TIME], raised[STATUS_TIME];
	bool is_raised = item->raised_ns != 0;

	(void)report_flow_format(&item->key, flow, sizeof(flow));
	if (!table_dump->json)
		return snprintf(
			line, LINE, "%s %s%s%s\n", flow,
			status_time(item->version.established_ns, since),
			is_raised ? " raised " : "",
			is_raised ? status_time(item->raised_ns, raised) : "");
	int client = (int)strcspn(flow, " ");
	(void)snprintf(raised, sizeof(raised), "%" PRId64, item->raised_ns);
	return snprintf(line, LINE,
			"{\"client\":\"%.*s\",\"service\":\"%s\","
			"\"established_ns\":%" PRId64 ",\"raised_ns\":%s}",
			client, flow, flow + client + 1,
			item->version.established_ns,
			is_raised ? raised : "null");
}

static bool
item_write(struct table_dump *table_dump, struct output_buffer *out)
{
	const struct item *item = &table_dump->items[table_dump->next];
	char line[LINE];
	int length = table_dump->of_peers
			     ? peer_format(table_dump, item, line)
			     : session_format(table_dump, item, line);
	const char *before = !table_dump->json	     ? ""
			     : table_dump->next == 0 ? "["
						     : ",\n";

	table_dump->next++;
	return output_buffer_add(out, before, strlen(before), SIZE_MAX) &&
	       output_buffer_add(out, line, (size_t)length, SIZE_MAX);
}

int
table_dump_write(struct table_dump *table_dump, struct output_buffer *out,
		 size_t most)
{
	while (table_dump->next < table_dump->count) {
		if (output_buffer_size(out) >= most)
			return 0;
		if (!item_write(table_dump, out))
			return -ENOMEM;
	}
	if (table_dump->json) {
		const char *end = table_dump->count == 0 ? "[]\n" : "]\n";
		if (!output_buffer_add(out, end, strlen(end), SIZE_MAX))
			return -ENOMEM;
	}
	return 1;
}
