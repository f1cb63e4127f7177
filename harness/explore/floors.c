/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * floors.c - shares of worlds, beside what they have to be
 */
#include "harness/explore/floors.h"

#include <inttypes.h>

static const struct {
	const char *name, *sentence;
	unsigned percent;
} floors_table[FLOORS] = {
	[FLOOR_STRAY] = { "stray", "have a stray", 60 },
	[FLOOR_OVERLAP] = { "overlapping_faults", "have overlapping faults",
			    30 },
	[FLOOR_HANDSHAKE] = { "handshake_at_fault",
			      "have a handshake in flight at a fault", 40 },
	[FLOOR_LARGE] = { "n_above_3k", "have more than 3k servers", 20 },
	[FLOOR_ORPHAN] = { "orphan", "have a client whose owner is dead", 3 },
};

void
floors_add(struct floors *floors, const struct settings *settings,
	   const struct judge_facts *facts)
{
	const bool has[FLOORS] = {
		[FLOOR_STRAY] = facts->strayed > 0,
		[FLOOR_OVERLAP] = facts->overlapping > 0,
		[FLOOR_HANDSHAKE] = facts->handshakes > 0,
		[FLOOR_LARGE] = facts->servers > 3u * settings->dht.node.k,
		[FLOOR_ORPHAN] = facts->orphans > 0,
	};
	uint64_t *total = (uint64_t *)&floors->total;
	const uint64_t *words = (const uint64_t *)facts;

	floors->worlds++;
	for (unsigned i = 0; i < FLOORS; i++)
		floors->with[i] += has[i];
	for (size_t i = 0; i < JUDGE_FACTS_WORDS; i++)
		total[i] += words[i];
}

void
floors_merge(struct floors *floors, const struct floors *others)
{
	uint64_t *words = (uint64_t *)floors;
	const uint64_t *more = (const uint64_t *)others;

	_Static_assert(sizeof(*floors) % sizeof(uint64_t) == 0, "words only");
	for (size_t i = 0; i < sizeof(*floors) / sizeof(uint64_t); i++)
		words[i] += more[i];
}

static bool
is_missed(const struct floors *floors, enum floor which)
{
	return floors->with[which] * 100 <
	       floors->worlds * floors_table[which].percent;
}

static double
share_percent(const struct floors *floors, enum floor which)
{
	return 100.0 * (double)floors->with[which] / (double)floors->worlds;
}

void
floors_print(const struct floors *floors, FILE *file)
{
	const struct judge_facts *total = &floors->total;
	bool first = true;

	if (floors->worlds == 0)
		return;
	for (unsigned i = 0; i < FLOORS; i++)
		fprintf(file, "%5.1f %% of worlds %s (at least %u %%)%s\n",
			share_percent(floors, i), floors_table[i].sentence,
			floors_table[i].percent,
			is_missed(floors, i) ? ": missed" : "");
	fprintf(file,
		"%" PRIu64 " sessions, of which %" PRIu64 " strayed; %" PRIu64
		" faults\n",
		total->sessions, total->strayed, total->faults);
	for (unsigned i = CAUSE_NONE + 1; i < CAUSES; i++) {
		if (total->causes[i] == 0)
			continue;
		fprintf(file, "%s%s %" PRIu64, first ? "bad ends: " : ", ",
			cause_name(i), total->causes[i]);
		first = false;
	}
	if (!first)
		fputc('\n', file);
}

void
floors_json(const struct floors *floors, struct json *json)
{
	const struct judge_facts *total = &floors->total;

	json_object(json, "floors");
	for (unsigned i = 0; i < FLOORS; i++) {
		json_object(json, floors_table[i].name);
		if (floors->worlds > 0)
			json_fixed(json, "percent", share_percent(floors, i),
				   1);
		else
			json_null(json, "percent");
		json_uint(json, "least", floors_table[i].percent);
		json_end(json);
	}
	json_uint(json, "worlds", floors->worlds);
	json_uint(json, "sessions", total->sessions);
	json_uint(json, "strayed", total->strayed);
	json_uint(json, "faults", total->faults);
	json_object(json, "causes");
	for (unsigned i = CAUSE_NONE + 1; i < CAUSES; i++)
		json_uint(json, cause_name(i), total->causes[i]);
	json_end(json);
	json_end(json);
}

bool
floors_missed(const struct floors *floors)
{
	if (floors->worlds < FLOORS_WORLDS)
		return false;
	for (unsigned i = 0; i < FLOORS; i++)
		if (is_missed(floors, i))
			return true;
	return false;
}
