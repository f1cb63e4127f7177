/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resilient.h - the buckets of a resilient nexthop group
 *
 *	hash % n -> bucket -> member	|m0|m3|m1|m2|m0|m1|
 *
 * As Linux has them (net/ipv4/nexthop.c; Documentation/networking/
 * nexthop-group-resilient.rst). Each member wants its fair share of the
 * buckets, in the order of members, rounded as the borders of hash threshold
 * are. When members change, buckets of those that went are given away at once.
 * A bucket whose member has more than it wants is given away when no packet
 * has used it for idle_ns, or has never since it was given; or, if
 * unbalanced_ns is not 0, at that time after the change, used or not. Who has
 * too few takes, the last member first. So a flow that goes on stays where it
 * is, and a member that returns to a busy group gets new flows only where
 * there is an idle bucket.
 *
 * Nothing here has an alarm of its own: what was due is done, each at its
 * time, before a bucket is looked at. Linux looks no more often than every 500
 * ms, and counts in jiffies; we are exact.
 */
#ifndef SIM_NET_RESILIENT_H
#define SIM_NET_RESILIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

#define RESILIENT_NONE UINT32_MAX

struct resilient;

/* Empty. idle_ns >= 0: 0 is "at once"; unbalanced_ns 0 is "never". Aborts when
 * out of memory. */
struct resilient *resilient_create(uint32_t buckets, int64_t idle_ns,
				   int64_t unbalanced_ns);
void resilient_destroy(struct resilient *);
/* Members from now on: ascending, each once. */
void resilient_set(struct resilient *, const uint32_t *members, uint32_t count,
		   struct instant now);
/* The same members, buckets and times as another of the same kind. */
void resilient_copy(struct resilient *, const struct resilient *from);
/* The member for a hash, RESILIENT_NONE if there are none; times must not run
 * backwards. Use: a packet goes there. */
uint32_t resilient_choose(struct resilient *, uint64_t hash, struct instant now,
			  bool use);

#endif
