/* SPDX-License-Identifier: GPL-3.0-or-later */
/* boots.c - which life of each server the others have heard; see boots.h */
#include "sim/host/boots.h"

#include <stddef.h>
#include <stdlib.h>

#include "sim/engine/memory.h"

#define LEAST 64

/* life 0: free. */
struct place {
	uint32_t hearer, server, life;
};

struct boots {
	struct place *places;
	uint32_t mask, count;
};

struct boots *
boots_create(void)
{
	struct boots *boots = memory_zeroed(1, sizeof(*boots));

	boots->places = memory_zeroed(LEAST, sizeof(*boots->places));
	boots->mask = LEAST - 1;
	return boots;
}

void
boots_destroy(struct boots *boots)
{
	if (boots == NULL)
		return;
	free(boots->places);
	free(boots);
}

/* The place of the two, or the free one that would be theirs. */
static struct place *
find(const struct boots *boots, uint32_t hearer, uint32_t server)
{
	uint32_t i =
		hearer * UINT32_C(0x9e3779b1) ^ server * UINT32_C(0x85ebca6b);

	i ^= i >> 15;
	while (boots->places[i & boots->mask].life != 0 &&
	       (boots->places[i & boots->mask].hearer != hearer ||
		boots->places[i & boots->mask].server != server))
		i++;
	return &boots->places[i & boots->mask];
}

static void
grow(struct boots *boots)
{
	struct place *old = boots->places;
	uint32_t count = boots->mask + 1;

	boots->mask = 2 * count - 1;
	boots->places = memory_zeroed(2 * count, sizeof(*boots->places));
	for (uint32_t i = 0; i < count; i++)
		if (old[i].life != 0)
			*find(boots, old[i].hearer, old[i].server) = old[i];
	free(old);
}

bool
boots_heard(struct boots *boots, uint32_t hearer, uint32_t server,
	    uint32_t life)
{
	if (life == 0)
		return false;
	struct place *place = find(boots, hearer, server);
	if (place->life >= life)
		return false;
	if (place->life == 0 && 4 * ++boots->count > 3 * boots->mask) {
		grow(boots);
		place = find(boots, hearer, server);
	}
	*place = (struct place){ hearer, server, life };
	return true;
}
