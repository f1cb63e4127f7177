/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * variant.h - settings of one's own, to be cut down
 *
 * Settings borrow their events, lists of targets and sizes; a variant owns a
 * copy of all of it, so that one can be changed and the other kept.
 *
 * Some keys limit others (alpha is at most k), and events name devices: a
 * variant that became smaller is settled, and what its events name and is gone
 * becomes something of the same kind that is there. Events after the end are
 * dropped.
 */
#ifndef HARNESS_EXPLORE_VARIANT_H
#define HARNESS_EXPLORE_VARIANT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/scenario/key.h"
#include "sim/model/settings.h"

/* All zero is none. Not to be copied as it is. */
struct variant {
	struct settings settings; /* points to what follows */
	struct fault_settings *faults;
	char (*targets)[FAULT_TARGET_BYTES];
	struct cdf_point *sizes;
};

/* Of settings, which may be another variant's. Aborts when out of memory. */
void variant_copy(struct variant *, const struct settings *);
void variant_release(struct variant *);
void variant_swap(struct variant *, struct variant *);

/* ---- cuts; the event is counted from 0 ---- */

/* count of its events from first on. */
void variant_drop_events(struct variant *, uint32_t first, uint32_t count);
/* What a key has when nobody writes it. */
void variant_default(struct variant *, const struct key *);
/* An event's: as if it had not been written. */
void variant_default_event(struct variant *, uint32_t event,
			   const struct key *);
/* It aims at one device or link, and counts none. */
void variant_aim(struct variant *, uint32_t event, const char *name);
/* One name or pattern less; the last but one leaves a single target. */
void variant_drop_target(struct variant *, uint32_t event, uint32_t index);

/* ---- whole again ---- */

void variant_settle(struct variant *);
/* By value, along the key tables. */
bool variant_same(const struct settings *, const struct settings *);

#endif
