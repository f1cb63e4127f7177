/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repairs.c - losses by their key, and who runs, in the order of the key space
 *
 *	chain[h & mask] -> loss -> loss -> NONE		by index
 *	running: positions ascending; the r closest to a target are in the
 *	halves that it falls into, and then in their neighbours
 */
#include "sim/host/repairs.h"

#include <stdlib.h>

#include "core/dht/table.h"
#include "core/wire/message.h"
#include "sim/engine/memory.h"
#include "sim/model/watch.h"

#define NONE	     UINT32_MAX
#define LOSSES_LEAST 1024

struct loss {
	struct session_key key;
	uint64_t target;
	struct instant since;
	uint32_t owner;
	uint32_t next; /* in the chain, or among the free */
	bool open; /* not free */
	bool lacked; /* a replica, when it was looked at */
};

struct running {
	uint64_t position;
	uint32_t server;
};

struct repairs {
	struct repairs_world world;
	struct loss *losses;
	uint32_t *chains;
	uint32_t size; /* of both; a power of two */
	uint32_t used, free, count;
	struct running *running;
	uint32_t running_count;
	bool changed; /* at that time, and not looked at since */
	struct instant when;
};

struct repairs *
repairs_create(const struct repairs_world *world)
{
	struct repairs *repairs = memory_zeroed(1, sizeof(*repairs));

	repairs->world = *world;
	repairs->free = NONE;
	repairs->running =
		memory_zeroed(world->servers, sizeof(struct running));
	return repairs;
}

void
repairs_destroy(struct repairs *repairs)
{
	if (repairs == NULL)
		return;
	free(repairs->losses);
	free(repairs->chains);
	free(repairs->running);
	free(repairs);
}

/* --- losses by key ---------------------------------------------------------
 */

static uint32_t *
chain_of(const struct repairs *repairs, uint64_t target)
{
	return &repairs->chains[target & (repairs->size - 1)];
}

static uint64_t
target_of(const struct repairs *repairs, const struct session_key *key)
{
	return position_of_session(
		endpoints_placement(repairs->world.endpoints), key);
}

static void
grow(struct repairs *repairs)
{
	uint32_t size = repairs->size > 0 ? 2 * repairs->size : LOSSES_LEAST;

	repairs->losses =
		realloc(repairs->losses, (size_t)size * sizeof(struct loss));
	free(repairs->chains);
	repairs->chains = malloc((size_t)size * sizeof(uint32_t));
	if (repairs->losses == NULL || repairs->chains == NULL)
		abort();
	repairs->size = size;
	for (uint32_t i = 0; i < size; i++)
		repairs->chains[i] = NONE;
	for (uint32_t i = 0; i < repairs->used; i++) {
		struct loss *loss = &repairs->losses[i];
		uint32_t *chain = chain_of(repairs, loss->target);

		if (!loss->open)
			continue;
		loss->next = *chain;
		*chain = i;
	}
}

static bool
is_lost(const struct repairs *repairs, const struct session_key *key,
	uint64_t target, uint32_t owner)
{
	if (repairs->size == 0)
		return false;
	for (uint32_t i = *chain_of(repairs, target); i != NONE;
	     i = repairs->losses[i].next) {
		const struct loss *loss = &repairs->losses[i];

		if (loss->owner == owner && session_equal(&loss->key, key))
			return true;
	}
	return false;
}

static void
add(struct repairs *repairs, struct instant now, const struct session_key *key,
    uint32_t owner)
{
	uint64_t target = target_of(repairs, key);
	uint32_t index = repairs->free;

	if (is_lost(repairs, key, target, owner))
		return;
	if (index != NONE) {
		repairs->free = repairs->losses[index].next;
	} else {
		if (repairs->used == repairs->size)
			grow(repairs);
		index = repairs->used++;
	}
	uint32_t *chain = chain_of(repairs, target);
	repairs->losses[index] = (struct loss){
		.key = *key,
		.target = target,
		.since = now,
		.owner = owner,
		.next = *chain,
		.open = true,
	};
	*chain = index;
	repairs->count++;
}

/* `at` is the chain's head, or the loss before. */
static void
close_loss(struct repairs *repairs, uint32_t *at)
{
	uint32_t index = *at;
	struct loss *loss = &repairs->losses[index];

	*at = loss->next;
	loss->open = false;
	loss->next = repairs->free;
	repairs->free = index;
	repairs->count--;
}

/* --- who should hold it ----------------------------------------------------
 */

static int
by_position(const void *a, const void *b)
{
	const struct running *left = a, *right = b;

	return (left->position > right->position) -
	       (left->position < right->position);
}

static void
find_running(struct repairs *repairs)
{
	const struct repairs_world *world = &repairs->world;
	uint32_t count = 0;

	for (uint32_t i = 0; i < world->servers; i++)
		if (world->runs(world->context, i))
			repairs->running[count++] = (struct running){
				.position =
					endpoints_position(world->endpoints, i),
				.server = i,
			};
	qsort(repairs->running, count, sizeof(struct running), by_position);
	repairs->running_count = count;
}

struct closest {
	uint32_t count, wanted;
	uint32_t servers[BUCKET_MAX];
};

/* Of running[from, to), whose positions share the bits above `bit`. */
static void
collect(const struct repairs *repairs, uint64_t target, uint32_t from,
	uint32_t to, uint32_t bit, struct closest *closest)
{
	uint32_t low = from, high = to;

	if (bit == 0 || to - from <= closest->wanted - closest->count) {
		for (; from < to && closest->count < closest->wanted; from++)
			closest->servers[closest->count++] =
				repairs->running[from].server;
		return;
	}
	bit--;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if ((repairs->running[middle].position >> bit & 1) != 0)
			high = middle;
		else
			low = middle + 1;
	}
	bool upper = (target >> bit & 1) != 0;
	collect(repairs, target, upper ? low : from, upper ? to : low, bit,
		closest);
	if (closest->count < closest->wanted)
		collect(repairs, target, upper ? from : low, upper ? low : to,
			bit, closest);
}

static bool
holds(const struct repairs *repairs, struct instant now, uint32_t server,
      const struct loss *loss)
{
	struct record records[RECORDS_PER_KEY];
	uint32_t count = store_peek(repairs->world.store, now, server,
				    &loss->key, records);

	for (uint32_t i = 0; i < count; i++)
		if (records[i].owner == loss->owner && !records[i].tombstone)
			return true;
	return false;
}

static bool
is_whole(const struct repairs *repairs, struct instant now,
	 const struct loss *loss)
{
	struct closest closest = { .wanted = repairs->world.replicas };

	collect(repairs, loss->target, 0, repairs->running_count, 64, &closest);
	for (uint32_t i = 0; i < closest.count; i++)
		if (closest.servers[i] != loss->owner &&
		    !holds(repairs, now, closest.servers[i], loss))
			return false;
	return true;
}

/* --- what became of it -----------------------------------------------------
 */

/* Look at the loss that `at` names; true: it is closed, and *at is the next. */
static bool
look(struct repairs *repairs, struct instant now, uint32_t server, uint32_t *at)
{
	const struct repairs_world *world = &repairs->world;
	struct loss *loss = &repairs->losses[*at];

	if (world->owns(world->context, loss->owner, &loss->key)) {
		if (!is_whole(repairs, now, loss)) {
			loss->lacked = true;
			return false;
		}
		if (loss->lacked)
			world->measured(world->context, &loss->key, loss->since,
					now, server, true);
	}
	close_loss(repairs, at);
	return true;
}

/* Servers went or came at an instant that is over. */
static void
settle(struct repairs *repairs, struct instant now)
{
	if (!repairs->changed || repairs->when.ns >= now.ns)
		return;
	repairs->changed = false;
	find_running(repairs);
	for (uint32_t i = 0; i < repairs->size && repairs->count > 0; i++) {
		uint32_t *at = &repairs->chains[i];

		while (*at != NONE)
			if (!look(repairs, repairs->when, WATCH_NONE, at))
				at = &repairs->losses[*at].next;
	}
}

static void
change(struct repairs *repairs, struct instant now)
{
	settle(repairs, now);
	repairs->changed = true;
	repairs->when = now;
}

void
repairs_lost(struct repairs *repairs, struct instant now, uint32_t server)
{
	const struct repairs_world *world = &repairs->world;
	struct store_statement statement;
	struct store_cursor cursor = { 0 };

	change(repairs, now);
	while (store_held(world->store, now, server, &cursor, &statement)) {
		const struct record *record = &statement.record;

		if (!record->tombstone && record->owner != server &&
		    record->owner < world->servers &&
		    world->owns(world->context, record->owner, &statement.key))
			add(repairs, now, &statement.key, record->owner);
	}
}

void
repairs_came(struct repairs *repairs, struct instant now)
{
	if (repairs->count > 0)
		change(repairs, now);
}

static void
stored(struct repairs *repairs, struct instant now, uint32_t server,
       const struct session_key *key)
{
	uint32_t *at = chain_of(repairs, target_of(repairs, key));

	while (*at != NONE)
		if (!session_equal(&repairs->losses[*at].key, key) ||
		    !look(repairs, now, server, at))
			at = &repairs->losses[*at].next;
}

void
repairs_receiving(struct repairs *repairs, struct instant now)
{
	if (repairs->count > 0)
		settle(repairs, now);
}

void
repairs_received(struct repairs *repairs, struct instant now, uint32_t server,
		 const uint8_t *bytes, uint32_t size)
{
	struct message_reader reader;
	struct message_item item;

	if (repairs->count == 0 ||
	    message_open(&reader, bytes, size) != DROP_NONE ||
	    reader.header.type != MESSAGE_STORE)
		return;
	while (message_next(&reader, &item))
		stored(repairs, now, server, &item.key);
}

void
repairs_finish(struct repairs *repairs, struct instant now)
{
	const struct repairs_world *world = &repairs->world;

	settle(repairs, now);
	for (uint32_t i = 0; i < repairs->used; i++) {
		const struct loss *loss = &repairs->losses[i];

		if (loss->open && loss->lacked &&
		    world->owns(world->context, loss->owner, &loss->key))
			world->measured(world->context, &loss->key, loss->since,
					now, WATCH_NONE, false);
	}
}
