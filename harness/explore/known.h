/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * known.h - kinds of violations that are to be mended, but not today
 *
 *	# results/explore.known
 *	broken_record_gone	# restarts lose records: nobody repairs them yet
 *
 * A kind a line, and why behind a '#'. What is known is counted and does no
 * harm; all else does (explore.h). A mend takes its line out.
 *
 * The file is looked for where the baseline of the gate is: from the folder
 * that holds results/. Elsewhere there is none, and nothing is known.
 */
#ifndef HARNESS_EXPLORE_KNOWN_H
#define HARNESS_EXPLORE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/model/violation.h"

#define KNOWN_PATH "results/explore.known"
#define KNOWN_NONE "none" /* instead of a path: nothing is known */

struct known {
	const char *path; /* borrowed; NULL: nothing is known */
	bool kinds[VIOLATIONS];
};

/* path NULL: the file of the tree, if it is there. 0; EXIT_USAGE with
 * file:line:column, each line that is wrong said, or it cannot be read. */
int known_read(struct known *, const char *path);
/* The same from bytes; the number of complaints, which go to talk. */
unsigned known_parse(struct known *, const char *path, const char *bytes,
		     size_t size, FILE *talk);

#endif
