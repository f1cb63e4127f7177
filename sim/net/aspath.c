/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aspath.c - a hash table of (router, rest of the path)
 */
#include "sim/net/aspath.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NO_ROUTER UINT32_MAX

struct aspath {
	uint32_t router, rest;
	uint32_t length;
};

struct aspaths {
	struct aspath *paths;
	uint32_t count, capacity; /* a power of two */
	uint32_t *slots; /* 2 * capacity; 0: free, else a path's number */
};

static void
slots_fill(struct aspaths *aspaths)
{
	uint32_t mask = 2 * aspaths->capacity - 1;

	free(aspaths->slots);
	aspaths->slots = calloc(mask + 1, sizeof(aspaths->slots[0]));
	if (aspaths->slots == NULL)
		abort();
	for (uint32_t i = 0; i < aspaths->count; i++) {
		const struct aspath *path = &aspaths->paths[i];
		if (path->router == NO_ROUTER)
			continue;
		uint64_t key = (uint64_t)path->router << 32 | path->rest;
		uint32_t slot =
			(uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
			mask;
		while (aspaths->slots[slot] != 0)
			slot = (slot + 1) & mask;
		aspaths->slots[slot] = i;
	}
}

static void
paths_grow(struct aspaths *aspaths)
{
	aspaths->capacity = aspaths->capacity ? aspaths->capacity * 2 : 256;
	assert(aspaths->capacity < UINT32_MAX / 4);
	aspaths->paths = realloc(aspaths->paths,
				 aspaths->capacity * sizeof(struct aspath));
	if (aspaths->paths == NULL)
		abort();
	slots_fill(aspaths);
}

struct aspaths *
aspaths_create(void)
{
	struct aspaths *aspaths = calloc(1, sizeof(*aspaths));

	if (aspaths == NULL)
		abort();
	paths_grow(aspaths);
	aspaths->paths[ASPATH_NONE] =
		(struct aspath){ NO_ROUTER, 0, UINT32_MAX };
	aspaths->paths[ASPATH_LOCAL] = (struct aspath){ NO_ROUTER, 0, 0 };
	aspaths->paths[ASPATH_SERVER] = (struct aspath){ NO_ROUTER, 0, 1 };
	aspaths->count = 3;
	return aspaths;
}

void
aspaths_destroy(struct aspaths *aspaths)
{
	if (aspaths == NULL)
		return;
	free(aspaths->paths);
	free(aspaths->slots);
	free(aspaths);
}

uint32_t
aspath_prepend(struct aspaths *aspaths, uint32_t router, uint32_t path)
{
	assert(path != ASPATH_NONE && path < aspaths->count);

	uint64_t key = (uint64_t)router << 32 | path;
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	uint32_t mask = 2 * aspaths->capacity - 1;
	uint32_t slot = (uint32_t)hash & mask;

	for (; aspaths->slots[slot] != 0; slot = (slot + 1) & mask) {
		const struct aspath *known =
			&aspaths->paths[aspaths->slots[slot]];
		if (known->router == router && known->rest == path)
			return aspaths->slots[slot];
	}
	if (aspaths->count == aspaths->capacity) {
		paths_grow(aspaths);
		mask = 2 * aspaths->capacity - 1;
		slot = (uint32_t)hash & mask;
		while (aspaths->slots[slot] != 0)
			slot = (slot + 1) & mask;
	}
	aspaths->paths[aspaths->count] = (struct aspath){
		.router = router,
		.rest = path,
		.length = aspaths->paths[path].length + 1,
	};
	aspaths->slots[slot] = aspaths->count;
	return aspaths->count++;
}

uint32_t
aspath_length(const struct aspaths *aspaths, uint32_t path)
{
	return aspaths->paths[path].length;
}

bool
aspath_contains(const struct aspaths *aspaths, uint32_t path, uint32_t router)
{
	while (aspaths->paths[path].router != NO_ROUTER) {
		if (aspaths->paths[path].router == router)
			return true;
		path = aspaths->paths[path].rest;
	}
	return false;
}
