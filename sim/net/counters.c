/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * counters.c - a row a device; drops, which most devices never have, apart
 */
#include "sim/net/counters.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define NO_DROPS UINT32_MAX

struct drops {
	uint64_t of[DROP_COUNT];
};

struct counters {
	uint32_t devices;
	struct counters_row *rows;
	uint32_t *drops_of; /* a device: index into drops, or NO_DROPS */
	struct drops *drops;
	uint32_t drops_count, drops_capacity;
};

struct counters *
counters_create(uint32_t devices)
{
	struct counters *counters = calloc(1, sizeof(*counters));

	if (counters == NULL)
		abort();
	counters->devices = devices;
	counters->rows = calloc(devices, sizeof(counters->rows[0]));
	counters->drops_of = malloc(devices * sizeof(counters->drops_of[0]));
	if (counters->rows == NULL || counters->drops_of == NULL)
		abort();
	for (uint32_t i = 0; i < devices; i++)
		counters->drops_of[i] = NO_DROPS;
	return counters;
}

void
counters_destroy(struct counters *counters)
{
	if (counters == NULL)
		return;
	free(counters->rows);
	free(counters->drops_of);
	free(counters->drops);
	free(counters);
}

size_t
counters_bytes(const struct counters *counters)
{
	return counters->devices *
	       (sizeof(struct counters_row) + sizeof(counters->drops_of[0]));
}

struct counters_row *
counters_of(struct counters *counters, uint32_t device)
{
	return &counters->rows[device];
}

void
counters_drop(struct counters *counters, uint32_t device, enum drop drop)
{
	if (counters->drops_of[device] == NO_DROPS) {
		if (counters->drops_count == counters->drops_capacity) {
			counters->drops_capacity =
				counters->drops_capacity * 2 + 8;
			counters->drops = realloc(counters->drops,
						  counters->drops_capacity *
							  sizeof(struct drops));
			if (counters->drops == NULL)
				abort();
		}
		counters->drops[counters->drops_count] =
			(struct drops){ { 0 } };
		counters->drops_of[device] = counters->drops_count++;
	}
	counters->drops[counters->drops_of[device]].of[drop]++;
}

uint64_t
counters_dropped(const struct counters *counters, uint32_t device,
		 enum drop drop)
{
	uint32_t at = counters->drops_of[device];

	return at == NO_DROPS ? 0 : counters->drops[at].of[drop];
}

static void
say(const struct watch *watch, const char *node, const char *name,
    uint64_t value)
{
	if (value > 0)
		watch->counter(watch->context, node, name, value);
}

static void
row_report(const struct watch *watch, const char *node,
	   const struct counters_row *row, const struct drops *drops)
{
#define COUNTERS_COUNTER(name) say(watch, node, #name, row->name);
	COUNTERS_LIST(COUNTERS_COUNTER)
#undef COUNTERS_COUNTER
	for (int i = 1; drops != NULL && i < DROP_COUNT; i++) {
		char name[48];
		snprintf(name, sizeof(name), "drop_%s",
			 drop_name((enum drop)i));
		say(watch, node, name, drops->of[i]);
	}
}

void
counters_report(const struct counters *counters, const struct fabric *fabric,
		const struct watch *watch)
{
	struct counters_row sum = { .sent_packets = 0 };
	struct drops drops = { { 0 } };

	if (watch == NULL || watch->counter == NULL)
		return;

	uint32_t hosts = fabric->device_first[DEVICE_EDGE];
	for (uint32_t device = 0; device < counters->devices; device++) {
		const struct counters_row *row = &counters->rows[device];
		const struct drops *own = NULL;
		if (counters->drops_of[device] != NO_DROPS)
			own = &counters->drops[counters->drops_of[device]];
#define COUNTERS_COUNTER(name) sum.name += row->name;
		COUNTERS_LIST(COUNTERS_COUNTER)
#undef COUNTERS_COUNTER
		for (int i = 0; own != NULL && i < DROP_COUNT; i++)
			drops.of[i] += own->of[i];
		if (device >= hosts || hosts <= COUNTERS_HOSTS_MAX)
			row_report(watch, fabric->names[device], row, own);
	}
	row_report(watch, "", &sum, &drops);
}
