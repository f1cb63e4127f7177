/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hearing.c - who was not heard lately is pinged; see hearing.h */
#include "core/dht/hearing.h"

#include "core/dht/liveness.h"

static uint8_t
step_of(const struct node *node, struct instant now)
{
	int64_t step_ns = node->settings->watch_ns / HEARING_STEPS;

	return (uint8_t)(now.ns / (step_ns > 0 ? step_ns : 1));
}

int64_t
hearing_pace_ns(const struct node *node, uint32_t count)
{
	int64_t pace_ns = node->settings->watch_ns / (count > 0 ? count : 1);

	return pace_ns > HEARING_PACE_NS ? pace_ns : HEARING_PACE_NS;
}

void
hearing_note(struct node *node, struct instant now, uint32_t peer)
{
	struct contact *contact = table_find(node->table, peer);

	if (contact != NULL)
		contact->heard = step_of(node, now);
}

uint32_t
hearing_silent(const struct node *node, struct instant now,
	       const struct contact *contact)
{
	return (uint8_t)(step_of(node, now) - contact->heard);
}

void
hearing_turn(struct node *node, struct instant now, struct contact *contact,
	     uint32_t steps, struct outbox *outbox)
{
	if (hearing_silent(node, now, contact) >= steps &&
	    liveness_probe(node, now, contact->peer, outbox))
		contact->heard = step_of(node, now);
}
