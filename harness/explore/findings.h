/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings.h - what many worlds showed, of each kind
 *
 *	trial.h --in the order of their numbers--> of each kind: in how many
 *	worlds, how often, and the first FINDINGS_KEPT of them
 *
 * Since worlds are taken in order, the same worlds leave the same findings, no
 * matter which of them ended first. Nothing grows with their number.
 */
#ifndef HARNESS_EXPLORE_FINDINGS_H
#define HARNESS_EXPLORE_FINDINGS_H

#include <stdint.h>

#include "harness/explore/trial.h"
#include "sim/model/violation.h"

#define FINDINGS_KEPT 8 /* worlds of a kind whose sentence is kept */

struct finding {
	uint64_t worlds, count;
	uint32_t kept;
	struct {
		uint32_t index;
		char *sentence;
	} first[FINDINGS_KEPT];
};

struct findings {
	uint32_t worlds;
	uint64_t events;
	double simulated_s;
	uint64_t state_hash; /* of all worlds, in their order */
	struct finding kinds[VIOLATIONS];
	struct floors floors; /* of those that were judged */
	struct excuse excuse; /* the same */
};

/* The next world. Aborts when out of memory. */
void findings_add(struct findings *, uint32_t index, const struct trial *);
/* There are no more: what only all of them together show is added. */
void findings_finish(struct findings *);
void findings_release(struct findings *);

#endif
