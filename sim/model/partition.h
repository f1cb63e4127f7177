/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * partition.h - the links that a partition cuts
 *
 *	edge1
 *	  |    x
 *	exit1     exit2
 *	  | x   x |		x: between a router of the first half of its
 *	spine1    spine2	tier and one of the second, or the edge and
 *	  | x   x |		the second half of the exits
 *	leaf1     leaf2
 *
 * Halves are by number, among all routers of a tier; the middle one of an odd
 * number is in the second half, and a single one in the first.
 */
#ifndef SIM_MODEL_PARTITION_H
#define SIM_MODEL_PARTITION_H

#include <stdint.h>

#include "sim/model/fabric.h"

typedef void partition_link(void *context, uint32_t link);

/* Call it for each link, top down. */
void partition_each(const struct fabric *, partition_link *, void *context);

#endif
