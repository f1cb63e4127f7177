/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reduction.c - see reduction.h
 */
#include "harness/explore/reduction.h"

#include <stdlib.h>

#include "harness/explore/cut.h"
#include "harness/scenario/scenario_print.h"
#include "sim/engine/memory.h"
#include "sim/model/constraints.h"
#include "sim/model/fault_kind.h"

/* Variants that were asked about, by a hash of their text. */
struct memory {
	uint64_t *hashes;
	uint32_t count, capacity;
};

/* Times as many seeds in most rounds, and more when a round takes nothing. */
static const uint32_t efforts[] = { 1, 4, 16, 64 };
#define EFFORTS (sizeof(efforts) / sizeof(efforts[0]))

struct state {
	struct reduction *reduction;
	uint32_t effort;
	struct variant *now;
	struct memory memory;
};

/* ---- asked before? ---- */

/* FNV-1a. */
static uint64_t
hash_of(const struct settings *settings)
{
	uint64_t hash = 0xcbf29ce484222325u;
	char *text = scenario_print_text(NULL, "t", settings);

	if (text == NULL)
		abort();
	for (const char *c = text; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	free(text);
	return hash;
}

static bool
is_known(const struct memory *memory, uint64_t hash)
{
	for (uint32_t i = 0; i < memory->count; i++)
		if (memory->hashes[i] == hash)
			return true;
	return false;
}

static void
memory_add(struct memory *memory, uint64_t hash)
{
	if (memory->count == memory->capacity) {
		memory->capacity = memory->capacity * 2 + 64;
		memory->hashes = memory_grown(memory->hashes, memory->capacity,
					      sizeof(memory->hashes[0]));
	}
	memory->hashes[memory->count++] = hash;
}

/* ---- one step ---- */

static bool
is_possible(const struct settings *settings)
{
	struct constraint found;

	return !constraints_broken(settings, &found) &&
	       fault_kind_impossible(settings, false) == settings->fault_count;
}

/* The variant with its own seed and others, those that are not known. */
struct tries {
	struct settings settings[1 + REDUCTION_SEEDS];
	const struct settings *list[1 + REDUCTION_SEEDS];
	uint64_t hashes[1 + REDUCTION_SEEDS];
	uint32_t count;
};

static void
try_add(struct state *state, struct tries *tries,
	const struct settings *settings, uint64_t seed)
{
	struct settings *one = &tries->settings[tries->count];
	const struct reduction *reduction = state->reduction;
	uint64_t hash;

	if (reduction->asked + tries->count >= reduction->most)
		return;
	*one = *settings; /* borrows the variant's events */
	one->seed = seed;
	hash = hash_of(one);
	if (is_known(&state->memory, hash))
		return;
	tries->hashes[tries->count] = hash;
	tries->list[tries->count++] = one;
}

static uint32_t
seeds_of(const struct state *state, const struct cut *cut)
{
	uint32_t seeds = cut->seeds * state->effort;

	return seeds < cut->seeds_most ? seeds : cut->seeds_most;
}

/* Is it taken? Then it has the seed that shows it. */
static bool
step_takes(struct state *state, struct variant *variant, uint32_t seeds)
{
	struct reduction *reduction = state->reduction;
	struct tries tries = { .count = 0 };
	uint64_t own = variant->settings.seed;
	uint32_t found;

	try_add(state, &tries, &variant->settings, own);
	for (uint64_t seed = 1; seed <= REDUCTION_SEEDS && seeds > 0; seed++) {
		if (seed == own)
			continue;
		try_add(state, &tries, &variant->settings, seed);
		seeds--;
	}
	if (tries.count == 0)
		return false;
	found = reduction->first(reduction->context, tries.list, tries.count);
	if (found == UINT32_MAX) {
		reduction->stopped = true;
		return false;
	}
	for (uint32_t i = 0; i < tries.count && i <= found; i++)
		memory_add(&state->memory, tries.hashes[i]);
	reduction->asked += found < tries.count ? found + 1 : tries.count;
	if (found == tries.count)
		return false;
	variant->settings.seed = tries.settings[found].seed;
	return true;
}

static bool
is_over(const struct reduction *reduction)
{
	return reduction->stopped || reduction->asked >= reduction->most;
}

/* ---- all of them ---- */

/* True: something was taken. */
static bool
cut_run(struct state *state, const struct cut *cut)
{
	struct variant smaller = { .faults = NULL };
	bool taken = false;

	for (uint32_t step = 0; !is_over(state->reduction);) {
		variant_copy(&smaller, &state->now->settings);
		if (!cut->make(cut, step, &smaller))
			break;
		variant_settle(&smaller);
		if (!variant_same(&smaller.settings, &state->now->settings) &&
		    is_possible(&smaller.settings) &&
		    step_takes(state, &smaller, seeds_of(state, cut))) {
			variant_swap(state->now, &smaller);
			taken = true;
		} else {
			step++;
		}
	}
	variant_release(&smaller);
	return taken;
}

/* Seed 1 is the default: it need not be written. */
static bool
seed_run(struct state *state)
{
	struct variant plain = { .faults = NULL };
	bool taken;

	variant_copy(&plain, &state->now->settings);
	plain.settings.seed = 1;
	taken = state->now->settings.seed != 1 && step_takes(state, &plain, 0);
	if (taken)
		variant_swap(state->now, &plain);
	variant_release(&plain);
	return taken;
}

/* One round. True: something was taken. */
static bool
round_run(struct state *state)
{
	const struct reduction *reduction = state->reduction;
	bool taken = false;

	for (const struct cut *cut = cut_table();
	     cut->name != NULL && !is_over(reduction); cut++)
		taken |= cut_run(state, cut);
	if (!is_over(reduction))
		taken |= seed_run(state);
	return taken;
}

void
reduction_run(struct reduction *reduction, struct variant *variant)
{
	struct state state = { .reduction = reduction, .now = variant };

	reduction->asked = 0;
	reduction->stopped = false;
	variant_settle(variant);
	/* What only many seeds could take makes room for cheap cuts. */
	for (size_t i = 0; i < EFFORTS && !is_over(reduction);) {
		state.effort = efforts[i];
		i = round_run(&state) ? 0 : i + 1;
	}
	free(state.memory.hashes);
}
