/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish_slot.h - one of a node's publications: found by its slot, its timer
 * set, given back; for the files of publish
 */
#ifndef CORE_DHT_PUBLISH_SLOT_H
#define CORE_DHT_PUBLISH_SLOT_H

#include "core/dht/node_state.h"

static inline struct publication *
publish_slot_at(const struct node *node, uint32_t slot)
{
	return publication_at(node->parts.publications, slot);
}

static inline void
publish_slot_time(struct node *node, uint32_t slot, struct instant when)
{
	timer_set(publications_timers(node->parts.publications),
		  &node->publication_timers, slot, when);
}

static inline void
publish_slot_untime(struct node *node, uint32_t slot)
{
	timer_remove(publications_timers(node->parts.publications),
		     &node->publication_timers, slot);
}

/* A new one is among its node's. */
static inline void
publish_slot_add(struct node *node, uint32_t slot)
{
	struct publication *own = publish_slot_at(node, slot);

	own->own_before = PUBLICATION_NONE;
	own->own_next = node->own_first;
	if (own->own_next != PUBLICATION_NONE)
		publish_slot_at(node, own->own_next)->own_before = slot;
	node->own_first = slot;
}

static inline void
publish_slot_remove(struct node *node, uint32_t slot)
{
	struct publication *own = publish_slot_at(node, slot);

	if (own->own_before == PUBLICATION_NONE)
		node->own_first = own->own_next;
	else
		publish_slot_at(node, own->own_before)->own_next =
			own->own_next;
	if (own->own_next != PUBLICATION_NONE)
		publish_slot_at(node, own->own_next)->own_before =
			own->own_before;
	if (node->own_cursor == slot)
		node->own_cursor = own->own_next;
	if (node->own_watched == slot)
		node->own_watched = own->own_next;
}

static inline void
publish_slot_give(struct node *node, uint32_t slot)
{
	publish_slot_untime(node, slot);
	publish_slot_remove(node, slot);
	bool half_open = publish_slot_at(node, slot)->half_open;
	node->half_open -= half_open;
	node->open -= !half_open;
	publication_free(node->parts.publications, slot);
}

#endif
