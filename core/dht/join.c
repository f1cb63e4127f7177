/* SPDX-License-Identifier: GPL-3.0-or-later */
/* join.c - whether we are in, and trying until we are; see join.h */
#include "core/dht/join.h"

#include "core/dht/keepers.h"
#include "core/dht/refresh.h"

void
join_init(struct node *node)
{
	node->join_again = INSTANT_NEVER;
}

void
join_begin(struct node *node, struct instant now, bool alone)
{
	node->join_again = INSTANT_NEVER;
	node->join_wanted = false;
	node->join_cut_off = false;
	refresh_join(node, now, alone);
}

void
join_learned(struct node *node)
{
	node->join_in = true;
	node->join_met = true;
}

void
join_end(struct node *node)
{
	node->join_again = INSTANT_NEVER;
	node->join_wanted = false;
	node->join_in = false;
	node->join_met = false;
	node->joining = false;
	node->join_lookup = false;
}

/* It got through, but to few of those that it asked. */
static bool
is_poor(const struct node *node)
{
	return node->join_in && 2 * node->join_silent > node->join_heard &&
	       node->join_repeats < JOIN_REPEATS;
}

static void
conclude(struct node *node, struct instant now)
{
	bool met = node->join_answered && node->table->count > 0;

	node->join_ended = false;
	node->join_in = met || node->join_alone;
	node->joined = true;
	if (met)
		keepers_meet(node, now);
	bool poor = is_poor(node) || (met && !node->join_second);
	node->join_second |= met;
	node->join_repeats = poor ? (uint8_t)(node->join_repeats + 1) : 0;
	if (poor || !node->join_in)
		node->join_again = instant_after(now, JOIN_RETRY_NS);
}

static bool
is_cut_off(const struct node *node)
{
	uint32_t i = 0;

	while (i < node->table->count &&
	       contact_stale(&node->table->contacts[i]))
		i++;
	return i > 0 && i == node->table->count;
}

/* A ping has failed. */
static void
look_around(struct node *node, struct instant now)
{
	node->join_doubt = false;
	if (node->join_again.ns != INSTANT_NEVER.ns || !is_cut_off(node))
		return;
	node->join_cut_off = true;
	node->join_again = instant_after(now, JOIN_RETRY_NS);
}

void
join_settle(struct node *node, struct instant now)
{
	if (node->join_ended)
		conclude(node, now);
	if (node->join_doubt && !node->joining)
		look_around(node, now);
	if (node->table->count > 0) {
		node->join_met = true;
		if (node->join_in && node->join_alone && !node->join_cut_off)
			node->join_again = INSTANT_NEVER;
	} else if (node->join_met) {
		node->join_met = false;
		if (!node->join_in || node->joining)
			return;
		node->join_in = node->join_alone;
		node->join_again = instant_after(now, JOIN_RETRY_NS);
	}
}

struct instant
join_deadline(const struct node *node)
{
	return node->join_again;
}

void
join_expire(struct node *node, struct instant now)
{
	if (now.ns < node->join_again.ns)
		return;
	node->join_again = instant_after(now, JOIN_RETRY_NS);
	node->join_wanted = true;
}
