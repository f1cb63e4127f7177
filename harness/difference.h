/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * difference.h - two baselines beside each other, for a person or as JSON
 *
 * One changed constant moves every datum of a sweep, and a thousand lines are
 * not read. So data are grouped by what they are about (baseline_kind()), of
 * each kind the first few are printed, and one line counts the rest by
 * scenario. A scenario, or a point, that only one of the two has is one
 * difference, not one a datum.
 *
 *	storm n=8 seed=1 state hash: was 0x12.., is 0x34..
 *	storm n=8 seed=1 lookup ns: was 41, is 42
 *	...
 *	and 17 more sums: storm 9, drain 8
 *
 * JSON is an array of {name, old, new}, complete.
 */
#ifndef HARNESS_DIFFERENCE_H
#define HARNESS_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/baseline.h"

#define DIFFERENCE_FEW 3 /* printed of each kind */

/* Print to standard output in what `now` is not as `old` says. *count: the
 * differences. False: out of memory, said. */
bool difference_print(const struct baseline *old, const struct baseline *now,
		      bool json, size_t *count);

#endif
