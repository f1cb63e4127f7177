/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pile.h - a heap of entries, for the few that fit nowhere better
 *
 * Four children to a parent: half as deep as a binary heap, and siblings lie
 * in one or two cache lines. The queue needs it when more events are due in
 * one instant than its run has room for (event.c).
 */
#ifndef SIM_ENGINE_PILE_H
#define SIM_ENGINE_PILE_H

#include <stddef.h>

#include "sim/engine/entry.h"

/* All zero at first; the least entry comes first. */
struct pile {
	struct entry *entries;
	size_t count, capacity;
};

void pile_push(struct pile *, const struct entry *);
void pile_pop(struct pile *); /* not when it is empty */
void pile_free(struct pile *);

#endif
