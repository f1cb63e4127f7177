/* SPDX-License-Identifier: GPL-3.0-or-later */
/* node_prefetch.c - the memory that a datagram will need; see node.h */
#include "core/dht/node.h"

#include <stddef.h>

#include "core/dht/node_state.h"

/* What a request names: a bucket, and where its key would be. */
static void
approach_request(const struct node *node, struct message_reader *reader)
{
	struct message_item item;
	uint64_t position;

	reader->left = 1;
	if (!message_next(reader, &item))
		return;
	switch (reader->header.type) {
	case MESSAGE_FIND_NODE:
		position = item.position;
		break;
	case MESSAGE_FIND_VALUE:
		position = node_key_position(node, &item.key);
		store_prefetch(node->parts.store, node->self, &item.key);
		publication_prefetch(node->parts.publications, node->self,
				     position);
		break;
	default:
		return;
	}
	table_prefetch(node->table, position);
}

void
node_prefetch(const struct node *node, uint32_t peer, const uint8_t *bytes,
	      size_t size)
{
	struct message_reader reader = {
		.bytes = bytes,
		.size = size < MESSAGE_MAX ? (uint32_t)size : MESSAGE_MAX,
	};
	const struct lookups *lookups = node->parts.lookups;

	if (message_take_header(&reader) != DROP_NONE)
		return;
	if (peer < endpoints_count(node->parts.endpoints))
		table_prefetch(node->table,
			       endpoints_position(node->parts.endpoints, peer));
	if (!(reader.header.type & MESSAGE_REPLY)) {
		approach_request(node, &reader);
		return;
	}
	uint32_t slot = reader.header.transaction & (LOOKUP_POOL_MAX - 1);
	if (slot >= lookups->used)
		return;
	const uint8_t *lookup = (const uint8_t *)&lookups->slots[slot];
	for (unsigned i = 0; i < offsetof(struct lookup, candidates); i += 64)
		__builtin_prefetch(lookup + i);
}
