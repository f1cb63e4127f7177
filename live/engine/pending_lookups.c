/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pending_lookups.c - a short array; see pending_lookups.h */
#include "live/engine/pending_lookups.h"

#include <assert.h>
#include <stddef.h>

/* The slot of that ticket, or NULL; of 0: a free slot. */
static struct pending_lookup *
slot_of(struct pending_lookups *pending_lookups, node_ticket ticket)
{
	for (uint32_t i = 0; i < PENDING_LOOKUPS_MAX; i++) {
		if (pending_lookups->slots[i].ticket == ticket)
			return &pending_lookups->slots[i];
	}
	return NULL;
}

bool
pending_lookups_full(const struct pending_lookups *pending_lookups)
{
	return slot_of((struct pending_lookups *)(uintptr_t)pending_lookups,
		       0) == NULL;
}

void
pending_lookups_add(struct pending_lookups *pending_lookups, node_ticket ticket,
		    void (*done)(void *, const struct node_event *),
		    void *context)
{
	struct pending_lookup *pending_lookup = slot_of(pending_lookups, 0);

	assert(ticket != 0 && pending_lookup != NULL);
	*pending_lookup = (struct pending_lookup){ ticket, done, context };
}

void
pending_lookups_answer(struct pending_lookups *pending_lookups,
		       const struct node_event *event)
{
	struct pending_lookup *pending_lookup =
		event->ticket == 0 ? NULL
				   : slot_of(pending_lookups, event->ticket);

	if (pending_lookup == NULL)
		return;
	pending_lookup->ticket = 0;
	pending_lookup->done(pending_lookup->context, event);
}
