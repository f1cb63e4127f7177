/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inquiry.c - records that their owners have not repeated; see inquiry.h */
#include "core/dht/inquiry.h"

#include "core/dht/owned.h"

/* Between two looks at all that we hold. */
static int64_t
look_ns(const struct node *node)
{
	int64_t quarter_ns = node->settings->republish_ns / 4;

	return quarter_ns > INQUIRY_LEAST_NS ? quarter_ns : INQUIRY_LEAST_NS;
}

/* What is older was not repeated in time. */
static int64_t
patience_ns(const struct node *node)
{
	return node->settings->republish_ns + look_ns(node);
}

void
inquiry_begin(struct node *node, struct instant now)
{
	if (node->inquiry_due.ns == INSTANT_NEVER.ns)
		node->inquiry_due = instant_after(now, look_ns(node));
}

bool
inquiry_due(struct node *node, struct instant now)
{
	if (now.ns < node->inquiry_due.ns)
		return false;
	node->inquiry_due = INSTANT_NEVER;
	if (!store_holds(node->parts.store, node->self))
		return false;
	inquiry_begin(node, now);
	return true;
}

/* How long ago its owner has said so, as its time to live tells. */
static int64_t
age_ns(const struct node *node, const struct record *record)
{
	int64_t whole_ms = owned_ttl_ms(node, record->half_open);

	return (whole_ms - record->ttl_ms) * NS_PER_MS;
}

void
inquiry_look(struct node *node, struct instant now,
	     struct store_statement *statement)
{
	int64_t age = age_ns(node, &statement->record);
	int64_t patience = patience_ns(node);
	/* A look may come late: better once more than never. */
	int64_t window = look_ns(node) + look_ns(node) / 8;

	if (age >= patience && age % patience < window &&
	    store_doubt(node->parts.store, now, node->self, statement->entry,
			statement->mark))
		statement->record.relayed = true;
}
