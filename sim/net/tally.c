/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - a row a device; drops, which most devices never have, apart
 */
#include "sim/net/tally.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define NO_DROPS UINT32_MAX

struct drops {
	uint64_t of[DROP_COUNT];
};

struct tally {
	uint32_t devices;
	struct tally_row *rows;
	uint32_t *drops_of; /* a device: index into drops, or NO_DROPS */
	struct drops *drops;
	uint32_t drops_count, drops_capacity;
};

struct tally *
tally_create(uint32_t devices)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (tally == NULL)
		abort();
	tally->devices = devices;
	tally->rows = calloc(devices, sizeof(tally->rows[0]));
	tally->drops_of = malloc(devices * sizeof(tally->drops_of[0]));
	if (tally->rows == NULL || tally->drops_of == NULL)
		abort();
	for (uint32_t i = 0; i < devices; i++)
		tally->drops_of[i] = NO_DROPS;
	return tally;
}

void
tally_destroy(struct tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->rows);
	free(tally->drops_of);
	free(tally->drops);
	free(tally);
}

size_t
tally_bytes(const struct tally *tally)
{
	return tally->devices *
	       (sizeof(struct tally_row) + sizeof(tally->drops_of[0]));
}

struct tally_row *
tally_of(struct tally *tally, uint32_t device)
{
	return &tally->rows[device];
}

void
tally_drop(struct tally *tally, uint32_t device, enum drop drop)
{
	if (tally->drops_of[device] == NO_DROPS) {
		if (tally->drops_count == tally->drops_capacity) {
			tally->drops_capacity = tally->drops_capacity * 2 + 8;
			tally->drops = realloc(tally->drops,
					       tally->drops_capacity *
						       sizeof(struct drops));
			if (tally->drops == NULL)
				abort();
		}
		tally->drops[tally->drops_count] = (struct drops){ { 0 } };
		tally->drops_of[device] = tally->drops_count++;
	}
	tally->drops[tally->drops_of[device]].of[drop]++;
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
	   const struct tally_row *row, const struct drops *drops)
{
#define TALLY_COUNTER(name) say(watch, node, #name, row->name);
	TALLY_LIST(TALLY_COUNTER)
#undef TALLY_COUNTER
	for (int i = 1; drops != NULL && i < DROP_COUNT; i++) {
		char name[48];
		snprintf(name, sizeof(name), "drop_%s",
			 drop_name((enum drop)i));
		say(watch, node, name, drops->of[i]);
	}
}

void
tally_report(const struct tally *tally, const struct fabric *fabric,
	     const struct watch *watch)
{
	struct tally_row sum = { .sent_packets = 0 };
	struct drops drops = { { 0 } };

	if (watch == NULL || watch->counter == NULL)
		return;

	uint32_t hosts = fabric->device_first[DEVICE_EDGE];
	for (uint32_t device = 0; device < tally->devices; device++) {
		const struct tally_row *row = &tally->rows[device];
		const struct drops *own = NULL;
		if (tally->drops_of[device] != NO_DROPS)
			own = &tally->drops[tally->drops_of[device]];
#define TALLY_COUNTER(name) sum.name += row->name;
		TALLY_LIST(TALLY_COUNTER)
#undef TALLY_COUNTER
		for (int i = 0; own != NULL && i < DROP_COUNT; i++)
			drops.of[i] += own->of[i];
		if (device >= hosts || hosts <= TALLY_HOSTS_MAX)
			row_report(watch, fabric->names[device], row, own);
	}
	row_report(watch, "", &sum, &drops);
}
