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

static inline void
publish_slot_give(struct node *node, uint32_t slot)
{
	publish_slot_untime(node, slot);
	node->half_open -= publish_slot_at(node, slot)->half_open;
	publication_free(node->parts.publications, slot);
}

#endif
