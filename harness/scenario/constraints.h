/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraints.h - settings that are each possible, but not together
 *
 * More uplinks than leaves, alpha above k, a fault on a spine that the fabric
 * has not got. One rule a row; the first that is broken is named, with the
 * key to point at.
 */
#ifndef HARNESS_SCENARIO_CONSTRAINTS_H
#define HARNESS_SCENARIO_CONSTRAINTS_H

#include <stdbool.h>

#include "harness/scenario/key.h"
#include "sim/model/settings.h"

/* The keys that contradict each other, the likelier culprit first; the second
 * key may be NULL. */
struct constraint {
	struct key_place places[2];
	char sentence[KEY_ERROR];
};

/* False: there is none. */
bool constraint_find(const struct settings *, struct constraint *);

#endif
