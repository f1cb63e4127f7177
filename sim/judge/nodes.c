/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nodes.c - who looks when
 */
#include "sim/judge/nodes.h"

#include <stdlib.h>

#include "sim/judge/held.h"
#include "sim/judge/limits.h"
#include "sim/judge/tables.h"
#include "sim/judge/versions.h"

struct judge_nodes {
	struct judge_versions *versions;
	struct judge_limits *limits;
	struct judge_held *held;
	struct judge_tables *tables;
	struct instant looked;
	uint64_t events; /* since then */
	uint64_t entries; /* that were there */
};

struct judge_nodes *
judge_nodes_create(const struct judge_parts *parts)
{
	struct judge_nodes *nodes = calloc(1, sizeof(*nodes));

	if (nodes == NULL)
		abort();
	nodes->versions = judge_versions_create(parts);
	nodes->limits = judge_limits_create(parts);
	nodes->held = judge_held_create(parts);
	nodes->tables = judge_tables_create(parts);
	return nodes;
}

void
judge_nodes_destroy(struct judge_nodes *nodes)
{
	if (nodes == NULL)
		return;
	judge_versions_destroy(nodes->versions);
	judge_limits_destroy(nodes->limits);
	judge_held_destroy(nodes->held);
	judge_tables_destroy(nodes->tables);
	free(nodes);
}

static void
look(struct judge_nodes *nodes, struct instant now)
{
	nodes->looked = now;
	nodes->events = 0;
	nodes->entries = judge_versions_look(nodes->versions, now);
	nodes->entries += judge_limits_look(nodes->limits, now);
	judge_held_look(nodes->held, now);
	judge_tables_look(nodes->tables, now);
}

void
judge_nodes_zero(struct judge_nodes *nodes, struct instant now)
{
	judge_tables_zero(nodes->tables, now);
	look(nodes, now);
}

void
judge_nodes_before(struct judge_nodes *nodes, struct instant now,
		   uint32_t device, const uint8_t *bytes, uint32_t size)
{
	judge_versions_before(nodes->versions, now, device, bytes, size);
}

void
judge_nodes_after(struct judge_nodes *nodes, struct instant now)
{
	judge_versions_after(nodes->versions, now);
}

void
judge_nodes_event(struct judge_nodes *nodes, struct instant now,
		  const struct event *event)
{
	int64_t since_ns = instant_distance_ns(nodes->looked, now);

	judge_limits_event(nodes->limits, now, event);
	nodes->events++;
	if (since_ns >= NODES_LOOK_LAST_NS ||
	    (since_ns >= NODES_LOOK_NS &&
	     nodes->events * NODES_LOOK_ENTRIES >= nodes->entries))
		look(nodes, now);
}

void
judge_nodes_finish(struct judge_nodes *nodes, struct instant now)
{
	look(nodes, now);
}
