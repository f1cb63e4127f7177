/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * possible.h - can that world do every point of a scenario?
 *
 * A scenario that was read contradicts itself nowhere (sweep_check()); what one
 * of the two worlds cannot do is asked here, by whoever runs it and by whoever
 * only wants to know: `run` refuses nothing that `validate` lets pass, but what
 * this machine lacks.
 */
#ifndef HARNESS_RUN_POSSIBLE_H
#define HARNESS_RUN_POSSIBLE_H

#include <stdbool.h>

#include "harness/scenario/scenario.h"

/* 0, or EXIT_USAGE after naming the first point that is not. */
int possible_check(const struct scenario *, bool live);

#endif
