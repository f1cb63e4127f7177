/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge_facts.h - what kind of world was judged, in numbers
 *
 * Whoever runs many worlds adds them up: have enough of them strays, faults
 * that overlap, handshakes at a fault? All zero when nobody judged.
 */
#ifndef SIM_MODEL_JUDGE_FACTS_H
#define SIM_MODEL_JUDGE_FACTS_H

#include <stdint.h>

#include "sim/model/cause.h"
#include "sim/model/violation.h"

/* Words only: they go through a run log as they are. */
struct judge_facts {
	uint64_t servers; /* at the scenario's zero */
	uint64_t sessions; /* that opened */
	uint64_t strayed; /* of them */
	uint64_t faults; /* events that harm */
	uint64_t overlapping; /* of them, that began before another was over */
	uint64_t handshakes; /* sessions in their handshake when one began */
	uint64_t orphans; /* sessions of dead owners, waiting to be told so */
	uint64_t causes[CAUSES]; /* bad ends */
	uint64_t violations[VIOLATIONS]; /* how often, said or not */
	/* Sessions that were stored and whose owner lived when they ended; of
	 * them, those that had lost all their replicas by then, and a millionth
	 * of how many f^r expects (sim/judge/bereft.h). */
	uint64_t bereft_of, bereft, bereft_expected_ppm;
};

#define JUDGE_FACTS_WORDS (sizeof(struct judge_facts) / sizeof(uint64_t))

#endif
