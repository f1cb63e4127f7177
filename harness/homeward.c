/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * homeward.c - the experiment runner: main() and nothing else
 *
 *	homeward VERB [OPTION]... [ARGUMENT]...
 *
 * Each verb of the table in verbs.c lives in a file of its own. Exit codes are
 * those of enum exit_code.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/base/release.h"
#include "harness/verbs.h"
#include "live/conf/did_you_mean.h"

static void
help_print(FILE *file)
{
	fprintf(file, "usage: homeward VERB [OPTION]... [ARGUMENT]...\n\n");
	for (const struct verb *const *verb = verbs_table(); *verb != NULL;
	     verb++)
		fprintf(file, "  %-10s %s\n", (*verb)->name, (*verb)->summary);
	fprintf(file, "\nhomeward VERB --help explains one verb, homeward(1) "
		      "all of them.\n");
}

static int
unknown_verb(const char *name)
{
	struct did_you_mean did_you_mean = did_you_mean_start(name);
	char hint[80];

	for (const struct verb *const *verb = verbs_table(); *verb != NULL;
	     verb++)
		did_you_mean_offer(&did_you_mean, (*verb)->name);
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	fprintf(stderr, "homeward: unknown verb '%s'%s\n", name, hint);
	if (hint[0] == '\0')
		fprintf(stderr, "try 'homeward --help'\n");
	return EXIT_USAGE;
}

/* A full disk behind standard output is an error, too. A verb that failed has
 * said why. */
static int
output_finish(int code)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || code == EXIT_RUNTIME)
		return code;
	fprintf(stderr, "homeward: output: %s\n", strerror(errno));
	return code == EXIT_OK ? EXIT_RUNTIME : code;
}

int
main(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		help_print(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help_print(stdout);
		return output_finish(EXIT_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("homeward %s (commit %s)\n", release_version(),
		       release_commit());
		return output_finish(EXIT_OK);
	}
	verb = verbs_find(argv[1]);
	if (verb == NULL)
		return unknown_verb(argv[1]);
	if (verb->verbs == NULL && usage_asked(argc - 1, argv + 1)) {
		usage_help(verb, stdout);
		return output_finish(EXIT_OK);
	}
	return output_finish(verb->run(argc - 1, argv + 1));
}
