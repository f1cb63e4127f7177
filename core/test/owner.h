/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owner.h - a solo node that owns sessions, and forty peers to hold them
 *
 * Sessions are named by number. Those of owner_far_key() are far from the node
 * itself, so that all their replicas are peers; k is 20, replicas are 3.
 *
 * Included by tests only, as check.h.
 */
#ifndef CORE_TEST_OWNER_H
#define CORE_TEST_OWNER_H

#include "core/test/solo.h"

#define OWNER_PEERS	   40
#define OWNER_REPUBLISH_NS (200 * NS_PER_S)

/* The nth session number, from 0, to which at least four of the peers are
 * closer than the node. */
static inline uint32_t
owner_far_key(const struct solo *solo, uint32_t nth)
{
	for (uint32_t number = 0;; number++) {
		struct session_key key = solo_key(number);
		uint64_t position = node_key_position(solo->node, &key);

		if (solo_rank(solo, position, 0, OWNER_PEERS) >= 4 &&
		    nth-- == 0)
			return number;
	}
}

static inline void
owner_open(struct solo *solo, struct solo_room room)
{
	struct node_settings settings = solo_settings(20);

	solo_open_room(solo, &settings, room);
	solo_learn(solo, 1, OWNER_PEERS);
}

static inline int
owner_set(struct solo *solo, uint32_t number, int64_t version)
{
	struct session_key key = solo_key(number);

	return node_set(solo->node, solo->now, &key, solo_version(version),
			&solo->outbox);
}

static inline int
owner_end(struct solo *solo, uint32_t number)
{
	struct session_key key = solo_key(number);

	return node_remove(solo->node, solo->now, &key, &solo->outbox);
}

static inline struct publication *
owner_publication(const struct solo *solo, uint32_t number)
{
	struct session_key key = solo_key(number);
	struct publications *all = solo->parts.publications;
	uint32_t slot = publication_find(all, 0, &key,
					 node_key_position(solo->node, &key));

	return slot == PUBLICATION_NONE ? NULL : publication_at(all, slot);
}

static inline void
owner_serve_for(struct solo *solo, int64_t distance_ns)
{
	struct instant until = instant_after(solo->now, distance_ns);

	solo_serve(solo, until, UINT32_MAX, NULL);
	solo->now = until;
}

/* Set, and placed at three peers. */
static inline struct publication *
owner_place(struct solo *solo, uint32_t number)
{
	CHECK(owner_set(solo, number, 5) == 0);
	owner_serve_for(solo, NS_PER_MS);
	struct publication *own = owner_publication(solo, number);
	CHECK(own->state == PUBLICATION_HELD && own->replica_count == 3);
	while (node_event(solo->node).kind != NODE_NONE)
		;
	return own;
}

static inline uint32_t
owner_in_flight(const struct solo *solo)
{
	return solo->parts.publications->batches->count;
}

/* Let time pass to when the first publication is republished. */
static inline uint32_t
owner_republish(struct solo *solo, struct solo_sent *sent, uint32_t capacity)
{
	CHECK(solo_due(solo, instant_after(solo->now, 2 * OWNER_REPUBLISH_NS)));
	return solo_all(solo, MESSAGE_STORE, sent, capacity);
}

#endif
