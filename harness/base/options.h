/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - arguments into a structure, by a verb's table
 *
 *	struct wish { const char *db; bool json; };
 *	static const struct verb_option options[] = {
 *		{ "db", "FILE", "database to read", options_text,
 *		  .at = offsetof(struct wish, db), .kind = USAGE_FILE },
 *		{ "json", NULL, "print JSON", options_flag,
 *		  .at = offsetof(struct wish, json) },
 *		{ 0 },
 *	};
 *
 * The words themselves are getopt_long(3)'s: --db FILE and --db=FILE, a name
 * cut short as long as it is clear (--sc), operands anywhere, "--" before
 * those that begin with a dash. What it takes for granted is checked here: the
 * number of operands and which options go together (usage.h's forms). Options
 * are taken from left to right, so the last one of a kind stands.
 */
#ifndef HARNESS_BASE_OPTIONS_H
#define HARNESS_BASE_OPTIONS_H

#include "harness/base/usage.h"

/* At most so many rows. */
#define OPTIONS_MAX 32

/* All of argv into *into, which has the defaults. How many operands there are,
 * argv[argc - count] the first of them (argv is reordered); or minus the exit
 * code, said. */
int options_read(const struct verb *, int argc, char **argv, void *into);

/* ---- what struct verb_option.take may be ---- */

/* bool: true. */
int options_flag(const struct verb *, const struct verb_option *,
		 const char *text, void *member);
/* const char *: the text, borrowed from argv. */
int options_text(const struct verb *, const struct verb_option *,
		 const char *text, void *member);
/* unsigned: which of the words of `argument`, from 0. */
int options_choice(const struct verb *, const struct verb_option *,
		   const char *text, void *member);
/* const char *: that word itself. */
int options_choice_text(const struct verb *, const struct verb_option *,
			const char *text, void *member);
/* uint64_t: a whole number of [low, high]. */
int options_number(const struct verb *, const struct verb_option *,
		   const char *text, void *member);
/* const char *: the text, if `word` knows it. */
int options_word(const struct verb *, const struct verb_option *,
		 const char *text, void *member);

/* Every argument of an option that repeats, in order; zeroed: none. */
struct options_texts {
	const char **text; /* borrowed from argv; the array is to be freed */
	uint32_t count;
};

int options_texts(const struct verb *, const struct verb_option *,
		  const char *text, void *member);

#endif
