/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nodes.h - versions, limits, held packets, tables
 */
#ifndef SIM_JUDGE_NODES_H
#define SIM_JUDGE_NODES_H

#include "sim/judge/judge.h"

struct judge_nodes;

struct judge_nodes *judge_nodes_create(const struct judge_parts *);
void judge_nodes_destroy(struct judge_nodes *);
/* As judge.h has them. */
void judge_nodes_zero(struct judge_nodes *, struct instant now);
void judge_nodes_before(struct judge_nodes *, struct instant now,
			uint32_t device, const uint8_t *bytes, uint32_t size);
void judge_nodes_after(struct judge_nodes *, struct instant now,
		       uint32_t device, const uint8_t *bytes, uint32_t size);
void judge_nodes_event(struct judge_nodes *, struct instant now,
		       const struct event *);
void judge_nodes_finish(struct judge_nodes *, struct instant now,
			struct judge_facts *);

#endif
