/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nodes.c - versions, limits, held packets, tables
 */
#include "sim/judge/nodes.h"

#include <stdlib.h>

struct judge_nodes {
	struct judge_parts parts;
};

struct judge_nodes *
judge_nodes_create(const struct judge_parts *parts)
{
	struct judge_nodes *nodes = calloc(1, sizeof(*nodes));

	if (nodes == NULL)
		abort();
	nodes->parts = *parts;
	return nodes;
}

void
judge_nodes_destroy(struct judge_nodes *nodes)
{
	free(nodes);
}

void
judge_nodes_zero(struct judge_nodes *nodes, struct instant now)
{
	(void)nodes;
	(void)now;
}

void
judge_nodes_before(struct judge_nodes *nodes, struct instant now,
		   uint32_t device, const uint8_t *bytes, uint32_t size)
{
	(void)nodes;
	(void)now;
	(void)device;
	(void)bytes;
	(void)size;
}

void
judge_nodes_after(struct judge_nodes *nodes, struct instant now,
		  uint32_t device, const uint8_t *bytes, uint32_t size)
{
	(void)nodes;
	(void)now;
	(void)device;
	(void)bytes;
	(void)size;
}

void
judge_nodes_event(struct judge_nodes *nodes, struct instant now,
		  const struct event *event)
{
	(void)nodes;
	(void)now;
	(void)event;
}

void
judge_nodes_finish(struct judge_nodes *nodes, struct instant now,
		   struct judge_facts *facts)
{
	(void)nodes;
	(void)now;
	(void)facts;
}
