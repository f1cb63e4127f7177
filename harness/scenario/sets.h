/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sets.h - the option --set KEY=VALUE, of all verbs that read a scenario
 *
 * The texts go to scenario_load() as they are; it knows the keys and says what
 * is wrong with a value. Here is only what a shell can offer and what people
 * get wrong before any key is looked up.
 */
#ifndef HARNESS_SCENARIO_SETS_H
#define HARNESS_SCENARIO_SETS_H

#include "harness/base/options.h"

/* Appends to a struct options_texts. */
int sets_take(const struct verb *, const struct verb_option *, const char *text,
	      void *member);
/* What may stand before the "=", one after the other; NULL behind the last. */
const char *sets_key(size_t index);

/* clang-format off */
#define SETS_OPTION(type, member, help)					\
	{ "set", "KEY=VALUE", (help), sets_take, .at = offsetof(type, member), \
	  .repeats = true, .word = sets_key }
/* clang-format on */

#endif
