/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.h - a rule was broken: say so
 *
 * The watch hears the first VERDICTS_SAID of each kind, in a sentence each;
 * the rest is counted.
 */
#ifndef SIM_JUDGE_VERDICT_H
#define SIM_JUDGE_VERDICT_H

#include <stdint.h>

#include "core/instant.h"
#include "sim/model/violation.h"
#include "sim/model/watch.h"

#define VERDICTS_SAID 8

struct verdicts {
	const struct watch *watch; /* borrowed */
	uint64_t counts[VIOLATIONS];
};

/* node, flow: WATCH_NONE when it is of none. The sentence has no full stop,
 * and names devices and sessions as the scenario does. */
__attribute__((format(printf, 6, 7))) void
verdict(struct verdicts *, enum violation, struct instant at, uint32_t node,
	uint32_t flow, const char *format, ...);

#endif
