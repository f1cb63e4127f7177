/* SPDX-License-Identifier: GPL-3.0-or-later */
/* owned.c - the record of a session that this node owns; see owned.h */
#include "core/dht/owned.h"

#include "core/dht/exchange.h"

const struct publication *
owned_find(const struct node *node, const struct session_key *key)
{
	const struct publications *publications = node->parts.publications;
	uint32_t slot = publication_find(publications, node->self, key,
					 node_key_position(node, key));

	if (slot == PUBLICATION_NONE)
		return NULL;
	const struct publication *own = publication_at(publications, slot);
	return own->state == PUBLICATION_ENDING ? NULL : own;
}

static struct record
record_of(const struct node *node, struct version version)
{
	return (struct record){
		.version = version,
		.owner = node->self,
		.ttl_ms = exchange_ms(node->settings->record_ttl_ns),
	};
}

uint32_t
owned_known(struct node *node, struct instant now,
	    const struct session_key *key,
	    struct record records[RECORDS_PER_KEY])
{
	_Static_assert(RECORDS_PER_KEY == 2, "own and at most one other");
	uint32_t count =
		store_get(node->parts.store, now, node->self, key, records);
	const struct publication *own = owned_find(node, key);

	if (own == NULL)
		return count;
	/* What we own we know better than our store. */
	struct record ours = record_of(node, own->version);
	struct record other = { .tombstone = true };
	for (uint32_t i = count; i-- > 0;) {
		if (records[i].owner != node->self)
			other = records[i];
	}
	bool first = other.tombstone ||
		     version_compare(ours.version, other.version) >= 0;
	records[0] = first ? ours : other;
	records[1] = first ? other : ours;
	return other.tombstone ? 1 : 2;
}

bool
owned_put(struct node *node, struct message_writer *writer,
	  const struct session_key *key, struct version version)
{
	struct message_record record = {
		.version = version,
		.owner = *endpoints_get(node->parts.endpoints, node->self),
		.ttl_ms = exchange_ms(node->settings->record_ttl_ns),
	};

	return message_put_store(writer, key, &record);
}

bool
owned_hold(struct node *node, struct instant now, const struct session_key *key,
	   struct version version)
{
	struct record record = record_of(node, version);

	return store_put(node->parts.store, now, node->self, key, &record) !=
	       STORE_FULL;
}

void
owned_end(struct node *node, struct instant now, const struct session_key *key,
	  struct version version)
{
	struct record record = {
		.version = version,
		.owner = node->self,
		.ttl_ms = exchange_ms(node->settings->tombstone_ns),
		.tombstone = true,
	};

	store_put(node->parts.store, now, node->self, key, &record);
}
