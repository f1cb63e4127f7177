/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keymap.h - a hash map from (session key, owner) to a number
 *
 * Open addressing with linear probing and backward shift on removal, so that
 * there are no tombstones; at most three quarters full, doubled on the way.
 * The owner tells apart the tables of several hosts that share one map. The
 * hash needs no secret: nothing outside the run chooses the keys, and order
 * of the map is never seen.
 */
#ifndef SIM_MODEL_KEYMAP_H
#define SIM_MODEL_KEYMAP_H

#include <stdint.h>

#include "core/session.h"

#define KEYMAP_NONE UINT32_MAX

struct keymap;

struct keymap *keymap_create(void); /* aborts when out of memory */
void keymap_destroy(struct keymap *);
/* KEYMAP_NONE: not there. */
uint32_t keymap_find(const struct keymap *, const struct session_key *,
		     uint32_t owner);
/* Add or replace; value != KEYMAP_NONE. */
void keymap_set(struct keymap *, const struct session_key *, uint32_t owner,
		uint32_t value);
/* Harmless when it is not there. */
void keymap_remove(struct keymap *, const struct session_key *, uint32_t owner);

#endif
