/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verbs.h - what `homeward` can do
 *
 * Each verb describes itself beside its code (base/usage.h); here they stand
 * in the order of --help. `homeward VERB --help` is answered by main, but for
 * a verb that has verbs of its own.
 */
#ifndef HARNESS_VERBS_H
#define HARNESS_VERBS_H

#include "harness/base/usage.h"

/* All verbs; ends with NULL. */
const struct verb *const *verbs_table(void);
/* NULL: there is none of that name. */
const struct verb *verbs_find(const char *name);

/* Those of this folder. */
extern const struct verb verb_validate, verb_list, verb_describe, verb_gate,
	verb_lab;

#endif
