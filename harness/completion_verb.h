/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * completion_verb.h - what `homeward completion` does with the table of verbs
 *
 * The table holds the verb, and the verb prints the table: so the table is
 * handed over, and the two files do not need each other.
 */
#ifndef HARNESS_COMPLETION_VERB_H
#define HARNESS_COMPLETION_VERB_H

#include "harness/base/usage.h"

/* Print the script that argv asks for; an exit code. */
int completion_verb_run(const struct verb *, const struct verb *const *verbs,
			int argc, char **argv);
/* The shells there are, one after the other; NULL behind the last. */
const char *completion_verb_shell(size_t index);

#endif
