/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * updates.c - lists through one pool
 */
#include "sim/net/updates.h"

#include <stdlib.h>

#include "sim/engine/memory.h"

#define NONE UINT32_MAX

struct node {
	struct update update;
	uint32_t next;
};

struct list {
	uint32_t first, last;
};

struct updates {
	struct list *lists; /* a device */
	uint32_t devices;
	struct node *nodes;
	uint32_t count, capacity, free;
};

struct updates *
updates_create(uint32_t devices)
{
	struct updates *updates = memory_zeroed(1, sizeof(*updates));

	updates->devices = devices;
	updates->free = NONE;
	updates->lists = memory_zeroed(devices, sizeof(struct list));
	for (uint32_t i = 0; i < devices; i++)
		updates->lists[i] = (struct list){ NONE, NONE };
	return updates;
}

void
updates_destroy(struct updates *updates)
{
	if (updates == NULL)
		return;
	free(updates->lists);
	free(updates->nodes);
	free(updates);
}

size_t
updates_bytes(const struct updates *updates)
{
	return updates->devices * sizeof(struct list) +
	       updates->capacity * sizeof(struct node);
}

static uint32_t
node_take(struct updates *updates, const struct update *update, uint32_t next)
{
	const struct update copy = *update; /* may be a node's */
	uint32_t index = updates->free;

	if (index != NONE) {
		updates->free = updates->nodes[index].next;
	} else {
		if (updates->count == updates->capacity) {
			updates->capacity = updates->capacity * 2 + 64;
			updates->nodes =
				memory_grown(updates->nodes, updates->capacity,
					     sizeof(struct node));
		}
		index = updates->count++;
	}
	updates->nodes[index] = (struct node){ copy, next };
	return index;
}

bool
updates_add(struct updates *updates, uint32_t device,
	    const struct update *update)
{
	uint32_t index = node_take(updates, update, NONE);
	struct list *list = &updates->lists[device];
	bool first = list->first == NONE;

	if (first)
		list->first = index;
	else
		updates->nodes[list->last].next = index;
	list->last = index;
	return first;
}

void
updates_copy(struct updates *updates, uint32_t device, uint32_t set,
	     uint32_t other)
{
	struct list *list = &updates->lists[device];

	for (uint32_t at = list->first; at != NONE;
	     at = updates->nodes[at].next) {
		if (updates->nodes[at].update.set != set)
			continue;
		struct update update = updates->nodes[at].update;
		update.set = other;
		uint32_t copy =
			node_take(updates, &update, updates->nodes[at].next);
		updates->nodes[at].next = copy;
		if (list->last == at)
			list->last = copy;
	}
}

bool
updates_next(struct updates *updates, uint32_t device, struct update *update)
{
	struct list *list = &updates->lists[device];
	uint32_t index = list->first;

	if (index == NONE)
		return false;

	struct node *node = &updates->nodes[index];
	*update = node->update;
	list->first = node->next;
	node->next = updates->free;
	updates->free = index;
	return true;
}
