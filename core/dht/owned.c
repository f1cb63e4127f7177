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

uint32_t
owned_ttl_ms(const struct node *node, bool half_open)
{
	uint32_t ttl_ms = exchange_ms(node->settings->record_ttl_ns);

	return half_open && ttl_ms > RECORD_HALF_OPEN_MS ? RECORD_HALF_OPEN_MS
							 : ttl_ms;
}

static struct record
record_of(const struct node *node, struct version version, bool half_open)
{
	return (struct record){
		.version = version,
		.owner = node->self,
		.ttl_ms = owned_ttl_ms(node, half_open),
		.half_open = half_open,
	};
}

uint32_t
owned_known(struct node *node, struct instant now,
	    const struct session_key *key,
	    struct record records[RECORDS_PER_KEY])
{
	struct record stored[RECORDS_PER_KEY];
	const struct publication *own = owned_find(node, key);

	if (own == NULL)
		return store_get(node->parts.store, now, node->self, key,
				 records);
	/* What we own we know better than our store. */
	struct record ours = record_of(node, own->version, own->half_open);
	uint32_t known =
		store_get(node->parts.store, now, node->self, key, stored);
	uint32_t count = 0;
	bool told = false;
	for (uint32_t i = 0; i < known && count < RECORDS_PER_KEY; i++) {
		if (stored[i].owner == node->self || stored[i].tombstone)
			continue;
		if (!told && record_worth_more(&ours, &stored[i])) {
			records[count++] = ours;
			told = true;
		}
		if (count < RECORDS_PER_KEY)
			records[count++] = stored[i];
	}
	if (!told) {
		count -= count == RECORDS_PER_KEY;
		records[count++] = ours;
	}
	return count;
}

/* When those who hold it are to be told, now at the earliest. */
static struct instant
told_from(const struct publication *own, struct instant now)
{
	if (own->state == PUBLICATION_ENDING ||
	    own->published.ns == INSTANT_NEVER.ns)
		return now;
	struct instant next = instant_after(own->published, OWNED_TELL_NS);

	return next.ns > now.ns ? next : now;
}

enum item_status
owned_copied(struct node *node, struct instant now,
	     const struct session_key *key, struct version version,
	     uint32_t peer)
{
	struct publications *publications = node->parts.publications;
	uint32_t slot = publication_find(publications, node->self, key,
					 node_key_position(node, key));

	if (peer == ENDPOINT_NONE)
		return ITEM_UNANSWERED;
	if (slot == PUBLICATION_NONE)
		return instant_before(now, instant_after(node->join_started,
							 OWNED_SURE_NS))
			       ? ITEM_UNANSWERED
			       : ITEM_STALE;
	struct publication *own = publication_at(publications, slot);
	publication_copy(publications, own, peer);
	own->confirm |= own->state == PUBLICATION_HELD && !own->half_open &&
			version_compare(version, own->version) < 0;
	/* One more is to be told, now, unless all were a moment ago. Of the end
	 * that one alone is: as many datagrams as it sends. */
	if ((own->state == PUBLICATION_HELD && own->confirm) ||
	    own->state == PUBLICATION_ENDING)
		timer_set(publications_timers(publications),
			  &node->publication_timers, slot, told_from(own, now));
	return ITEM_STORED;
}

bool
owned_put(struct node *node, struct message_writer *writer,
	  const struct session_key *key, struct version version, bool half_open)
{
	struct message_record record = {
		.version = version,
		.owner = *endpoints_get(node->parts.endpoints, node->self),
		.ttl_ms = owned_ttl_ms(node, half_open),
		.half_open = half_open,
	};

	return message_put_store(writer, key, &record);
}

bool
owned_hold(struct node *node, struct instant now, const struct session_key *key,
	   struct version version, bool half_open)
{
	struct record record = record_of(node, version, half_open);

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
