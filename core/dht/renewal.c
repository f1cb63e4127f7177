/* SPDX-License-Identifier: GPL-3.0-or-later */
/* renewal.c - see renewal.h */
#include "core/dht/renewal.h"

#include "core/dht/publish.h"

void
renewal_init(struct node *node)
{
	node->renewal_wake = INSTANT_NEVER;
}

void
renewal_begin(struct node *node, struct instant when)
{
	node->renewal_cursor = 0;
	node->renewal_wake = when;
	node->renewal_began = when;
}

struct instant
renewal_deadline(const struct node *node)
{
	return node->renewal_wake;
}

void
renewal_expire(struct node *node, struct instant now)
{
	struct publications *publications = node->parts.publications;

	if (instant_before(now, node->renewal_wake))
		return;
	for (uint32_t i = 0; i < RENEWAL_SLOTS; i++) {
		if (node->renewal_cursor >= publications->used) {
			node->renewal_wake = INSTANT_NEVER;
			return;
		}
		uint32_t slot = node->renewal_cursor++;
		const struct publication *publication =
			publication_at(publications, slot);

		if (publication->node == node->self &&
		    publication->state == PUBLICATION_HELD &&
		    !publication->half_open &&
		    publication->published.ns <= node->renewal_began.ns)
			timer_set(publications_timers(publications),
				  &node->publication_timers, slot, now);
	}
	node->renewal_wake = instant_after(now, PUBLISH_PACE_NS);
}
