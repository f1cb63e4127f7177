/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * completion.h - shell scripts that complete what the tables know
 *
 * A script is written once, at build time, and asks the program nothing: all
 * verbs, options and words are in it. What depends on the moment (files,
 * folders, scenarios) the shell finds itself.
 *
 *	bash	a function for `complete -F`; needs bash 4, no library
 *	zsh	a file for $fpath, by _arguments
 */
#ifndef HARNESS_BASE_COMPLETION_H
#define HARNESS_BASE_COMPLETION_H

#include <stdio.h>

#include "harness/base/usage.h"

struct completion {
	const char *program; /* "homeward" */
	const struct verb *const *verbs; /* ends with NULL */
	const struct verb_option *options; /* before the verb; ends with name
					      NULL */
};

void completion_bash(const struct completion *, FILE *);
void completion_zsh(const struct completion *, FILE *);

#endif
