/* SPDX-License-Identifier: GPL-3.0-or-later */
/* waiters.c - a short array; see waiters.h */
#include "live/engine/waiters.h"

#include <assert.h>
#include <stddef.h>

/* Who waits for that ticket; NULL: nobody. 0: a free place. */
static struct waiter *
place_of(struct waiters *waiters, node_ticket ticket)
{
	for (uint32_t i = 0; i < WAITERS_MAX; i++) {
		if (waiters->places[i].ticket == ticket)
			return &waiters->places[i];
	}
	return NULL;
}

bool
waiters_full(const struct waiters *waiters)
{
	return place_of((struct waiters *)(uintptr_t)waiters, 0) == NULL;
}

void
waiters_add(struct waiters *waiters, node_ticket ticket,
	    void (*done)(void *, const struct node_event *), void *context)
{
	struct waiter *waiter = place_of(waiters, 0);

	assert(ticket != 0 && waiter != NULL);
	*waiter = (struct waiter){ ticket, done, context };
}

void
waiters_answer(struct waiters *waiters, const struct node_event *event)
{
	struct waiter *waiter =
		event->ticket == 0 ? NULL : place_of(waiters, event->ticket);

	if (waiter == NULL)
		return;
	waiter->ticket = 0;
	waiter->done(waiter->context, event);
}
