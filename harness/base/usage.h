/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usage.h - operands and options of a verb, as one table
 *
 *	struct verb: name, half a sentence, operands, options
 *	    |		  rows of struct verb_option
 *	    +--> options.h	reads arguments by it
 *	    +--> usage_help()	prints it: homeward VERB --help
 *	    +--> completion.h	makes a shell complete it
 *	    +--> the manual page, which a test compares with it
 *
 * A verb's row lies beside its code, since only that knows the structure that
 * options go into. Standard output is data, standard error is talk; a verb
 * that has to complain about its arguments returns usage_say().
 */
#ifndef HARNESS_BASE_USAGE_H
#define HARNESS_BASE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What an argument or operand names, for completion. */
enum usage_kind {
	USAGE_TEXT, /* nothing that a shell could know, or see `word` */
	USAGE_FILE,
	USAGE_FOLDER,
	USAGE_SCENARIO, /* a .yaml file */
};

/* A verb may have a second form, with options of its own. */
enum usage_form {
	USAGE_FIRST,
	USAGE_SECOND,
	USAGE_BOTH,
	USAGE_HEAD, /* of the second, which it chooses */
};

struct verb;

struct verb_option {
	const char *name; /* without dashes */
	/* "FILE"; "sim|live": one of these words; "KEY=VALUE"; NULL: a flag,
	 * without argument. */
	const char *argument;
	const char *help; /* one sentence without its full stop; \n breaks it */
	/* Puts the argument (NULL of a flag) into the verb's structure, whose
	 * member it is told: options.h has some. 0 or an exit code, said. */
	int (*take)(const struct verb *, const struct verb_option *,
		    const char *text, void *member);
	size_t at; /* the member's offset */
	bool repeats; /* each one counts, not only the last */
	enum usage_form form;
	enum usage_kind kind;
	/* The words there are, from 0 on; NULL behind the last. NULL: unknown.
	 */
	const char *(*word)(size_t index);
	uint64_t low, high; /* of options_number() */
};

struct verb {
	const char *name; /* "queue" */
	const char *parent; /* "bench"; NULL: it is one itself */
	const char *summary; /* half a sentence */
	/* As main(): argv[0] is the name. Returns an exit code (exit.h). */
	int (*run)(int argc, char **argv);
	const struct verb_option *options; /* ends with name NULL; or NULL */
	const char *operands; /* "SCENARIO..."; NULL: there are none */
	const char *noun; /* "scenario": "which scenario?" */
	int least, most; /* operands; most < 0: any number */
	enum usage_kind kind; /* of an operand */
	const char *(*word)(size_t index); /* as an option's */
	const char *notes; /* below the options of --help; NULL: none */
	/* Verbs of its own, which then answer --help; ends with NULL. */
	const struct verb *const *verbs;
};

/* "run", or "bench queue"; into text, which is returned. */
#define USAGE_NAME 64
const char *usage_name(const struct verb *, char text[USAGE_NAME]);
/* Is the option's argument one of some words ("sim|live")? */
bool usage_is_choice(const struct verb_option *);

/* "usage: homeward VERB [--db FILE] ...", 80 columns wide. */
void usage_synopsis(const struct verb *, FILE *);
/* All of it, as --help prints it. */
void usage_help(const struct verb *, FILE *);
/* Does --help stand among the arguments, before any "--"? */
bool usage_asked(int argc, char *const *argv);

/* Say "homeward NAME: ..." with the synopsis below; EXIT_USAGE. */
int usage_say(const struct verb *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Say "no WHAT 'TEXT'", with the nearest of the words there are, or all of them
 * when none is near and they are few; EXIT_USAGE. */
int usage_unknown(const struct verb *, const char *what, const char *text,
		  const char *(*word)(size_t index));

#endif
