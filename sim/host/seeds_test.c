/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seeds_test.c - no server twice, never the one that draws, all alike */
#include "sim/host/seeds.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/model/watch.h"

#define SERVERS 50
#define DRAWS	20000

struct story {
	const char *sentence;
	uint32_t servers;
	uint32_t joined; /* the first so many */
	uint32_t except;
	uint32_t most, drawn; /* asked for, and what there is */
	uint32_t asked; /* the first so many try to be in */
};

static const struct story stories[] = {
	{ "the first of a cluster", 4, 0, 0, 3, 0, 0 },
	{ "only the server itself is in", 4, 1, 0, 3, 0, 0 },
	{ "one other", 4, 2, 0, 3, 1, 0 },
	{ "as many as there are", 4, 4, 2, 3, 3, 0 },
	{ "fewer than are asked for", 50, 3, 1, 3, 2, 0 },
	{ "from a few of many: counted, not guessed", 50, 4, 49, 3, 3, 0 },
	{ "from many", 50, 50, 7, 3, 3, 0 },
	{ "any server, for whom none is itself", 50, 10, WATCH_NONE, 1, 1, 0 },
	{ "all but oneself", 50, 50, 49, 50, 49, 0 },
	{ "none is in, and some try to be", 50, 0, 4, 3, 3, 10 },
	{ "one is in, and others try to be", 50, 1, 4, 3, 1, 10 },
	{ "none is in, and nobody asks for itself", 50, 0, WATCH_NONE, 1, 0,
	  10 },
	{ "only the server itself tries", 50, 0, 0, 3, 0, 1 },
	{ "none is asked for", 50, 50, 0, 0, 0, 0 },
};

static void
tell(const struct story *story)
{
	static struct server_agent array[SERVERS];
	struct server_agents all = { .array = array, .joined = story->joined };
	uint32_t seeds[SERVERS], seen[SERVERS] = { 0 };
	struct rng rng;

	all.world.count = story->servers;
	memset(array, 0, sizeof(array));
	for (uint32_t i = 0; i < story->joined; i++)
		array[i].joined = true;
	for (uint32_t i = 0; i < story->asked; i++)
		array[i].asked = true;
	uint32_t pool = story->joined > 0 ? story->joined : story->asked;
	rng_init(&rng, 5, 6);
	for (unsigned draw = 0; draw < DRAWS; draw++) {
		uint32_t count = seeds_draw(&all, &rng, story->except, seeds,
					    story->most);

		CHECK_ROW(count == story->drawn, story->sentence);
		for (uint32_t i = 0; i < count; i++) {
			CHECK_ROW(seeds[i] < pool && seeds[i] != story->except,
				  story->sentence);
			for (uint32_t j = 0; j < i; j++)
				CHECK_ROW(seeds[i] != seeds[j],
					  story->sentence);
			seen[seeds[i]]++;
		}
	}
	/* Each as often as any other: within 6 standard deviations. */
	uint32_t others = pool - (story->except < pool);
	for (uint32_t i = 0; i < pool; i++) {
		double mean = (double)DRAWS * story->drawn / others;
		double off = (double)seen[i] - mean;

		if (i != story->except)
			CHECK_ROW(off * off <= 36 * mean, story->sentence);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
		tell(&stories[i]);
	return check_done();
}
