/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seeds.c - joined servers, drawn without replacement; see seeds.h */
#include "sim/host/seeds.h"

#include "sim/model/watch.h"

/* Most are in: guess so often before counting. */
#define GUESSES 16

/* Is it in; or does it try to be? */
static bool
may_be(const struct server_agents *all, bool asked, uint32_t server,
       uint32_t except, const uint32_t *drawn, uint32_t count)
{
	const struct server_agent *one = &all->array[server];

	if (server == except || !(asked ? one->asked : one->joined))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (drawn[i] == server)
			return false;
	return true;
}

/* One more, of `left` that may be. */
static uint32_t
draw(const struct server_agents *all, bool asked, struct rng *rng,
     uint32_t except, const uint32_t *drawn, uint32_t count, uint32_t left)
{
	for (unsigned i = 0; i < GUESSES; i++) {
		uint32_t guess = (uint32_t)rng_below(rng, all->world.count);
		if (may_be(all, asked, guess, except, drawn, count))
			return guess;
	}
	uint32_t rank = (uint32_t)rng_below(rng, left);
	for (uint32_t i = 0;; i++)
		if (may_be(all, asked, i, except, drawn, count) && rank-- == 0)
			return i;
}

uint32_t
seeds_draw(const struct server_agents *all, struct rng *rng, uint32_t except,
	   uint32_t *seeds, uint32_t most)
{
	uint32_t left = all->joined, count = 0;

	if (except != WATCH_NONE && all->array[except].joined)
		left--;
	bool asked = left == 0 && except != WATCH_NONE;
	for (uint32_t i = 0; asked && i < all->world.count; i++)
		left += may_be(all, asked, i, except, NULL, 0);
	for (; count < most && left > 0; left--) {
		seeds[count] =
			draw(all, asked, rng, except, seeds, count, left);
		count++;
	}
	return count;
}
