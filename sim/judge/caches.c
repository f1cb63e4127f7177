/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * caches.c - what each server can know of each session that strays to it
 */
#include "sim/judge/caches.h"

#include <stdlib.h>

#include "core/steer/life.h"
#include "sim/engine/memory.h"
#include "sim/model/keymap.h"
#include "sim/model/watch.h"
#include "sim/model/workload.h"

#define OWNERS 8 /* that a lookup found; more: the oldest goes */

/* Why a server may not take another for the owner. */
enum reason {
	REASON_NONE, /* it may */
	REASON_NEVER,
	REASON_REFUSED,
	REASON_FORGOTTEN, /* idle, begun anew, or another life */
};

struct owner {
	uint32_t server;
	enum reason reason;
	bool doubt; /* a doubt asked */
};

/* A session at a server. */
struct entry {
	uint32_t life;
	uint32_t count;
	struct owner owners[OWNERS];
	struct instant used; /* the last stray */
};

/* From a server to another. */
struct way {
	uint32_t life;
	struct instant unrouted; /* since which forward; NEVER: it is not */
	struct instant tried; /* and the last one */
};

struct judge_caches {
	struct judge_parts parts;
	struct keymap *keys; /* owner: the server */
	struct entry *entries;
	uint32_t count, capacity;
	uint32_t servers;
	struct way *ways; /* from * servers + to */
};

struct judge_caches *
judge_caches_create(const struct judge_parts *parts)
{
	struct judge_caches *caches = memory_zeroed(1, sizeof(*caches));

	caches->parts = *parts;
	caches->keys = keymap_create();
	caches->servers = parts->settings->fabric.servers;
	caches->ways = memory_zeroed((size_t)caches->servers * caches->servers,
				     sizeof(caches->ways[0]));
	for (size_t i = 0; i < (size_t)caches->servers * caches->servers; i++)
		caches->ways[i].unrouted = INSTANT_NEVER;
	return caches;
}

void
judge_caches_destroy(struct judge_caches *caches)
{
	if (caches == NULL)
		return;
	keymap_destroy(caches->keys);
	free(caches->entries);
	free(caches->ways);
	free(caches);
}

static void
forget(struct entry *entry, bool doubts)
{
	for (uint32_t i = 0; i < entry->count; i++)
		if (doubts || !entry->owners[i].doubt)
			entry->owners[i].reason = REASON_FORGOTTEN;
}

/* In this life of the server's. */
static struct entry *
entry_of(struct judge_caches *caches, uint32_t server, uint32_t life,
	 const struct session_key *key)
{
	uint32_t index = keymap_find(caches->keys, key, server);

	if (index == KEYMAP_NONE) {
		if (caches->count == caches->capacity) {
			caches->capacity = 2 * caches->capacity + 64;
			caches->entries =
				memory_grown(caches->entries, caches->capacity,
					     sizeof(caches->entries[0]));
		}
		index = caches->count++;
		keymap_set(caches->keys, key, server, index);
		caches->entries[index] = (struct entry){ .life = life };
	}
	struct entry *entry = &caches->entries[index];
	if (entry->life != life)
		forget(entry, true);
	entry->life = life;
	return entry;
}

static struct owner *
owner_of(struct entry *entry, uint32_t server)
{
	for (uint32_t i = 0; i < entry->count; i++)
		if (entry->owners[i].server == server)
			return &entry->owners[i];
	return NULL;
}

static void
found(struct entry *entry, uint32_t server, bool doubt)
{
	struct owner *owner = owner_of(entry, server);

	if (owner == NULL) {
		if (entry->count == OWNERS) {
			for (uint32_t i = 1; i < OWNERS; i++)
				entry->owners[i - 1] = entry->owners[i];
			entry->count--;
		}
		owner = &entry->owners[entry->count++];
	}
	*owner = (struct owner){ .server = server, .doubt = doubt };
}

void
judge_caches_decided(struct judge_caches *caches, struct instant now,
		     uint32_t server, uint32_t life,
		     const struct scheme_result *result)
{
	bool local = result->verdict == SCHEME_LOCAL && !result->opening &&
		     result->key.family != 0;

	if (!result->stray && !local)
		return;
	struct entry *entry = entry_of(caches, server, life, &result->key);
	bool idle = instant_distance_ns(entry->used, now) >=
		    caches->parts.settings->service.steer.owner_idle_ns;
	if (local || idle)
		forget(entry, idle);
	entry->used = now;
}

void
judge_caches_learned(struct judge_caches *caches, uint32_t server,
		     uint32_t life, const struct node_event *event)
{
	if (event->kind != NODE_FOUND && event->kind != NODE_NOT_MINE)
		return;
	struct entry *entry = entry_of(caches, server, life, &event->key);
	if (event->kind == NODE_NOT_MINE) {
		struct owner *owner = owner_of(entry, event->peer);
		if (owner != NULL)
			owner->reason = REASON_REFUSED;
		return;
	}
	for (uint32_t i = 0; i < event->record_count; i++)
		if (!event->records[i].tombstone)
			found(entry, event->records[i].owner,
			      event->asker == NODE_ASKER_DOUBT);
}

/* Is the other gone, by what the forwards to it have shown? */
static bool
is_gone(struct judge_caches *caches, struct instant now, uint32_t server,
	uint32_t life, uint32_t to, bool routed)
{
	struct way *way = &caches->ways[(size_t)server * caches->servers + to];
	int64_t gone_after =
		caches->parts.settings->service.steer.gone_after_ns;

	/* What is not said again is no word of now (life.h). */
	if (routed || way->life != life ||
	    instant_distance_ns(way->tried, now) > LIFE_FRESH_NS)
		way->unrouted = INSTANT_NEVER;
	way->life = life;
	way->tried = now;
	if (routed)
		return false;
	if (way->unrouted.ns == INSTANT_NEVER.ns)
		way->unrouted = now;
	return instant_distance_ns(way->unrouted, now) >= gone_after &&
	       gone_after > 0;
}

static const char *
sentence(enum reason reason)
{
	switch (reason) {
	case REASON_NEVER:
		return "no lookup had found";
	case REASON_REFUSED:
		return "had said that it is not its";
	case REASON_FORGOTTEN:
		return "it had to forget: idle, begun anew, or restarted";
	case REASON_NONE:
		break;
	}
	return "has had no route for too long";
}

void
judge_caches_sent(struct judge_caches *caches, struct instant now,
		  uint32_t server, uint32_t life, uint32_t to, bool routed,
		  const struct session_key *key)
{
	struct entry *entry = entry_of(caches, server, life, key);
	const struct owner *owner = owner_of(entry, to);
	enum reason reason = owner != NULL ? owner->reason : REASON_NEVER;
	bool gone = is_gone(caches, now, server, life, to, routed);

	if (reason == REASON_NONE && !gone)
		return;
	verdict(caches->parts.verdicts, VIOLATION_STALE_CACHE, now, server,
		workload_find(caches->parts.workload, key),
		"it forwarded a packet to server%u, which %s", to + 1,
		sentence(reason));
}
