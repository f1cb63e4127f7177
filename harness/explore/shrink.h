/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shrink.h - a violation's world, made small
 *
 *	settings, kind -> reduction.h: smaller? -> a judged run: still that
 *	kind? -> ... -> nothing can go -> a scenario file
 *
 * What remains is what the violation needs: few events, servers and sessions,
 * and no key that does not matter. The file says on top what it shows, and how
 * to see it. It was read back and run before it was written: what it shows is
 * not a promise.
 *
 * Each run is a child (jobs.h), so that a crash is an answer, too. The same
 * violation is shrunk to the same file on every machine.
 */
#ifndef HARNESS_EXPLORE_SHRINK_H
#define HARNESS_EXPLORE_SHRINK_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/jobs.h"
#include "sim/model/settings.h"
#include "sim/model/violation.h"

#define SHRINK_RUNS 4000 /* at most */
#define SHRINK_PATH 4096

/* Everything is borrowed. */
struct shrink_wish {
	const struct settings *settings;
	enum violation kind;
	const char *name; /* of the world: "explore-17" */
	const char *out; /* a folder that is there; NULL: standard output */
	bool quiet; /* the file is all that is said */
};

struct shrink_size {
	uint32_t events, servers, sessions;
	int64_t duration_ns;
};

struct shrink_result {
	bool shown; /* false: not even the first run showed it; said, no file */
	bool interrupted; /* Ctrl-C: what was reached is written */
	struct shrink_size before, after;
	uint32_t runs;
	char path[SHRINK_PATH]; /* "": standard output */
	char sentence[JOBS_REASON]; /* as the small world has it */
};

/* No task of these jobs is running. The file is OUT/NAME-KIND.yaml. 0; else
 * EXIT_RUNTIME, and it was said. */
int shrink_world(struct jobs *, const struct shrink_wish *,
		 struct shrink_result *);

#endif
