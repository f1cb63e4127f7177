/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verbs.h - what `homeward` can do
 *
 * A verb is a function like main(): argv[0] is the verb's name, options are
 * parsed with getopt_long(3), and the result is an exit code from base/exit.h.
 * Standard output is data, standard error is talk. `homeward VERB
 * --help` is answered by main from the table in homeward.c; a verb that has to
 * complain about its arguments returns verb_usage().
 */
#ifndef HARNESS_VERBS_H
#define HARNESS_VERBS_H

#include <stdio.h>

#include "harness/base/exit.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary; /* half a sentence */
	const char *synopsis; /* after the name; lines end in \n. NULL: the
				 verb answers --help itself */
	const char *help; /* options, a line each; NULL: none */
};

/* All verbs; ends with name NULL. */
const struct verb *verb_table(void);
const struct verb *verb_find(const char *name);

/* The usage line of a verb that has a synopsis. */
void verb_synopsis(const struct verb *, FILE *);

int verb_run(int argc, char **argv);
int verb_validate(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_describe(int argc, char **argv);
int verb_summary(int argc, char **argv);
int verb_export(int argc, char **argv);
int verb_fit(int argc, char **argv);
int verb_compare(int argc, char **argv);
int verb_plot(int argc, char **argv);
int verb_gate(int argc, char **argv);
int verb_replay(int argc, char **argv);
int verb_lab(int argc, char **argv);
int verb_bench(int argc, char **argv);

/* Say "homeward NAME: ..." with the verb's synopsis below; EXIT_USAGE. The
 * name is argv[0]. NULL as the format: getopt has said it already. */
int verb_usage(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
