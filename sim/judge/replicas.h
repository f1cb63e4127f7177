/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replicas.h - is each record where it is looked for, when the world is quiet?
 *
 * A record belongs to the r members that are closest to its key (placement.h);
 * who dies is replaced, who comes is sent it (repair.h), what was placed past
 * a silent one is placed anew (makeshift.h). When nothing has changed for a
 * refresh of the tables all of that is over: each of the r closest holds the
 * record of a session whose owner lives and has published it, but for the
 * owner, who answers for it in any case. One that does not breaks THIN_RECORD:
 * the session is found by fewer than it was promised, and lost with them. But
 * one whom none of the closest that hold it knows gets it when it is published
 * again: of a bucket that is full nobody knows all, and where a half of a small
 * network is larger than k, the closest may be others.
 *
 * Who says when that is, and who is a member, is tables.h: it asks here at its
 * second look, when every member can exchange datagrams with every other. A
 * publication younger than JUDGE_REPLICAS_NS is not looked at, nor a session
 * for which its owner had no room when it opened: its record stays half-open,
 * and lapses (publication.h).
 */
#ifndef SIM_JUDGE_REPLICAS_H
#define SIM_JUDGE_REPLICAS_H

#include <stdbool.h>

#include "core/dht/bucket.h"
#include "core/endpoint.h"
#include "sim/judge/judge.h"

#define JUDGE_REPLICAS_NS (5 * NS_PER_S)

/* The members closest to a position, closest first; how many, `wanted` at most.
 */
uint32_t judge_replicas_closest(const struct endpoints *, const bool *member,
				uint32_t servers, uint64_t position,
				uint32_t wanted, uint32_t closest[BUCKET_MAX]);
/* member: by server. */
void judge_replicas_look(const struct judge_parts *, struct instant now,
			 const bool *member);

#endif
