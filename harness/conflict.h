/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conflict.h - settings that are each possible, but not together
 *
 * More uplinks than leaves, alpha above k, a fault on a spine that the fabric
 * has not got. One rule a row; the first that is broken is named, with the
 * key to point at.
 */
#ifndef HARNESS_CONFLICT_H
#define HARNESS_CONFLICT_H

#include <stdbool.h>

#include "harness/key.h"
#include "sim/settings.h"

/* False: none. True: a sentence (KEY_ERROR bytes) and the key to blame. */
bool conflict_find(const struct settings *, struct key_place *blame,
		   char *sentence);

#endif
