/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * partition.c - links found by the names of their ends
 */
#include "sim/model/partition.h"

#include <stdbool.h>
#include <stdio.h>

/* Routers of the second half, by their number among all of their tier. */
static bool
second_half(uint32_t index, uint32_t count)
{
	return 2 * index >= count && count > 1;
}

static void
named_link(const struct fabric *fabric, partition_link *call, void *context,
	   const char *upper, uint32_t upper_index, const char *lower,
	   uint32_t lower_index)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%u-%s%u", upper, upper_index + 1,
		       lower, lower_index + 1);
	uint32_t link = fabric_link_find(fabric, name);
	/* Spines and leaves of two pods have none. */
	if (link != FABRIC_NONE)
		call(context, link);
}

void
partition_each(const struct fabric *fabric, partition_link *call, void *context)
{
	const struct fabric_settings *settings = &fabric->settings;
	uint32_t exits = settings->exits;
	uint32_t spines = settings->spines * settings->pods;
	uint32_t leaves = settings->leaves * settings->pods;

	for (uint32_t i = 0; i < exits; i++) {
		if (second_half(i, exits))
			named_link(fabric, call, context, "edge", 0, "exit", i);
		for (uint32_t j = 0; j < spines; j++)
			if (second_half(i, exits) != second_half(j, spines))
				named_link(fabric, call, context, "exit", i,
					   "spine", j);
	}
	for (uint32_t i = 0; i < spines; i++)
		for (uint32_t j = 0; j < leaves; j++)
			if (second_half(i, spines) != second_half(j, leaves))
				named_link(fabric, call, context, "spine", i,
					   "leaf", j);
}
