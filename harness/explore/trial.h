/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trial.h - one world, run twice: what it showed
 *
 *	run log, run log -> did both end? do they say the same? what did
 *	the judge of the first say? -> of each kind how often, and the
 *	first sentence
 *
 * The sentence is the first in time.
 */
#ifndef HARNESS_EXPLORE_TRIAL_H
#define HARNESS_EXPLORE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/explore/excuse.h"
#include "harness/explore/floors.h"
#include "harness/run/jobs.h"
#include "sim/model/settings.h"
#include "sim/model/violation.h"

struct trial {
	uint64_t events; /* of both passes */
	uint64_t state_hash;
	int64_t simulated_ns; /* of both passes */
	struct floors floors; /* of the one world, if it was judged */
	struct excuse excuse; /* the same */
	struct {
		uint64_t count;
		char *sentence; /* NULL: none */
	} shown[VIOLATIONS];
};

/* Both passes ended, somehow. The run logs stay the caller's. Aborts when out
 * of memory, as all here. */
void trial_take(struct trial *, const struct settings *,
		const struct jobs_result *first,
		const struct jobs_result *again);
/* Of one pass: as which kind it did not end as it should, and why, in
 * JOBS_REASON bytes; VIOLATIONS: it did. */
enum violation trial_pass_failed(const struct jobs_result *, char *reason);
/* Of both: the same of the first that did not; DIFFERS: both did, and do not
 * say the same; VIOLATIONS: they do. */
enum violation trial_passes_compare(const struct jobs_result *first,
				    const struct jobs_result *again,
				    char *reason);
/* It was never run, for that reason. */
void trial_refuse(struct trial *, const char *reason);
/* Once more of that kind. */
void trial_show(struct trial *, enum violation, const char *sentence);
/* Is all zero again. */
void trial_release(struct trial *);

#endif
