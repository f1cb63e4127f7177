/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.h - what kind of world it was
 */
#ifndef SIM_JUDGE_TALLY_H
#define SIM_JUDGE_TALLY_H

#include "sim/judge/judge.h"

struct judge_tally;

struct judge_tally *judge_tally_create(const struct judge_parts *);
void judge_tally_destroy(struct judge_tally *);
/* As judge.h has them. */
void judge_tally_zero(struct judge_tally *, struct instant now);
void judge_tally_before(struct judge_tally *, struct instant now,
			uint32_t device, const uint8_t *bytes, uint32_t size);
void judge_tally_after(struct judge_tally *, struct instant now,
		       uint32_t device, const uint8_t *bytes, uint32_t size);
void judge_tally_event(struct judge_tally *, struct instant now,
		       const struct event *);
void judge_tally_finish(struct judge_tally *, struct instant now,
			struct judge_facts *);

#endif
