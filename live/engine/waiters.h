/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * waiters.h - who waits for which lookup's answer
 *
 *	engine_lookup --> node_get --> a ticket, and a place here
 *	NODE_FOUND, NODE_MISSED of that ticket --> done(), the place is free
 *
 * The node does not know why it looks something up: what somebody asked for by
 * the control socket ends in the same events as what a stray began, and its
 * ticket says which is which. An event of no ticket here is steer's, and
 * nobody is told.
 *
 * The node ends every lookup that it has begun, found or missed, by its
 * deadline; so each that is added is answered exactly once, and no place is
 * held for ever. Its place is free before done() is called: done() may ask
 * again. Whoever no longer wants an answer must take it nevertheless.
 *
 * Full: WAITERS_MAX at a time. Ask waiters_full() before the lookup is begun.
 */
#ifndef LIVE_ENGINE_WAITERS_H
#define LIVE_ENGINE_WAITERS_H

#include <stdbool.h>

#include "core/dht/node.h"

#define WAITERS_MAX 64

struct waiter {
	node_ticket ticket; /* 0: nobody */
	void (*done)(void *, const struct node_event *);
	void *context;
};

struct waiters { /* zeroed: nobody waits */
	struct waiter places[WAITERS_MAX];
};

bool waiters_full(const struct waiters *);
/* There is room, and the ticket is the node's of a lookup that runs. */
void waiters_add(struct waiters *, node_ticket,
		 void (*done)(void *, const struct node_event *), void *);
/* FOUND or MISSED: tell whoever waits for it, if anybody does. */
void waiters_answer(struct waiters *, const struct node_event *);

#endif
