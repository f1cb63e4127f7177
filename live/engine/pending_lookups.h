/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pending_lookups.h - callbacks that wait for lookups' answers
 *
 *	engine_lookup --> node_get --> a ticket, and a slot here
 *	NODE_FOUND, NODE_MISSED of that ticket --> done(), the slot is free
 *
 * The node does not know why it looks something up: a lookup that a client of
 * the control socket asked for ends in the same events as one that a stray
 * began, and its ticket tells them apart. An event of no ticket here is steer's
 * and calls nothing.
 *
 * The node ends every lookup that it has begun, found or missed, by its
 * deadline; so each that is added is answered exactly once, and no slot is
 * taken for ever. Its slot is free before done() is called: done() may ask
 * again. A caller that no longer wants an answer must take it nevertheless.
 *
 * Full: PENDING_LOOKUPS_MAX at a time. Ask pending_lookups_full() before the
 * lookup is begun.
 */
#ifndef LIVE_ENGINE_PENDING_LOOKUPS_H
#define LIVE_ENGINE_PENDING_LOOKUPS_H

#include <stdbool.h>

#include "core/dht/node.h"

#define PENDING_LOOKUPS_MAX 64

struct pending_lookup {
	node_ticket ticket; /* 0: a free slot */
	void (*done)(void *, const struct node_event *);
	void *context;
};

struct pending_lookups { /* zeroed: all free */
	struct pending_lookup slots[PENDING_LOOKUPS_MAX];
};

bool pending_lookups_full(const struct pending_lookups *);
/* There is room, and the ticket is the node's of a lookup that runs. */
void pending_lookups_add(struct pending_lookups *, node_ticket,
			 void (*done)(void *, const struct node_event *),
			 void *);
/* FOUND or MISSED: call what waits for it, if anything does. */
void pending_lookups_answer(struct pending_lookups *,
			    const struct node_event *);

#endif
