/* SPDX-License-Identifier: GPL-3.0-or-later */
/* truth.c - what a lookup should have found; see truth.h */
#include "sim/host/truth.h"

#include <stdlib.h>

#include "sim/model/keymap.h"

struct entry {
	uint32_t owner;
	struct instant removed;
};

struct truths {
	struct keymap *keys; /* to places in entries */
	struct entry *entries;
	uint32_t count, capacity;
};

static enum watch_found
found_of(const struct truth *truth, uint32_t named, struct instant begun)
{
	if (named == WATCH_NONE || truth->owner == WATCH_NONE)
		return WATCH_FOUND_NONE;
	if (named != truth->owner)
		return WATCH_FOUND_WRONG;
	return truth->removed.ns <= begun.ns ? WATCH_FOUND_REMOVED
					     : WATCH_FOUND_RIGHT;
}

void
truth_judge(const struct truth *truth, uint32_t named,
	    struct watch_measurement *row)
{
	bool owned = truth->published.ns <= row->at.ns;

	row->found = found_of(truth, named, row->at);
	row->ok = row->ok && row->found != WATCH_FOUND_WRONG &&
		  row->found != WATCH_FOUND_REMOVED;
	if (truth->owner == WATCH_NONE)
		return;
	row->owned = owned ? WATCH_SWITCH_YES : WATCH_SWITCH_NO;
	if (owned)
		row->age_ns = instant_distance_ns(truth->published, row->at);
}

struct truths *
truths_create(void)
{
	struct truths *truths = calloc(1, sizeof(*truths));

	if (truths == NULL)
		abort();
	truths->keys = keymap_create();
	return truths;
}

void
truths_destroy(struct truths *truths)
{
	if (truths == NULL)
		return;
	keymap_destroy(truths->keys);
	free(truths->entries);
	free(truths);
}

void
truths_set(struct truths *truths, const struct session_key *key,
	   uint32_t server)
{
	uint32_t at = keymap_find(truths->keys, key, 0);

	if (at == KEYMAP_NONE) {
		if (truths->count == truths->capacity) {
			truths->capacity = truths->capacity * 2 + 64;
			truths->entries = realloc(
				truths->entries,
				truths->capacity * sizeof(*truths->entries));
			if (truths->entries == NULL)
				abort();
		}
		at = truths->count++;
		keymap_set(truths->keys, key, 0, at);
	}
	truths->entries[at] = (struct entry){
		.owner = server,
		.removed = INSTANT_NEVER,
	};
}

void
truths_removed(struct truths *truths, const struct session_key *key,
	       struct instant at)
{
	uint32_t entry = keymap_find(truths->keys, key, 0);

	if (entry != KEYMAP_NONE)
		truths->entries[entry].removed = at;
}

bool
truths_get(const struct truths *truths, const struct session_key *key,
	   struct truth *truth)
{
	uint32_t entry = keymap_find(truths->keys, key, 0);

	if (entry == KEYMAP_NONE)
		return false;
	*truth = (struct truth){
		.owner = truths->entries[entry].owner,
		.published = INSTANT_NEVER,
		.removed = truths->entries[entry].removed,
	};
	return true;
}
