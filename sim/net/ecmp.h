/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ecmp.h - which of several equal nexthops a flow takes
 *
 *	threshold  |  m0   |  m1   |  m2   |  m3   |  regions of the hash
 *	m1 dies    |   m0     |    m2    |   m3    |  all borders move
 *	modulo     hash % n: nearly everything moves
 *	resilient  |m0|m3|m1|m2|m0|m1|  buckets: only those of m1 move
 *
 * A group is the list of a route's members in ascending order of their port,
 * as zebra gives nexthops to the kernel. Hash threshold is RFC 2992 with the
 * kernel's arithmetic: 31 bits of hash, the upper bound of member i is
 * round((i + 1) * 2^31 / n) - 1 (net/ipv4/fib_semantics.c). When the first or
 * the last of n members dies, half of all flows move; when a middle one does,
 * 1/4 + 1/(4n); only 1/n had to (RFC 2992, section 3).
 *
 * Resilient groups have a fixed number of buckets, which remember when they
 * were used last (resilient.h). A dead member's buckets alone are shared out;
 * a member that comes takes its fair share, but only of buckets that are idle.
 *
 * The hash: the 5-tuple is digested once, when a packet is sent, and every
 * router mixes the digest with its own seed. Equal seeds would polarise: a
 * router behind another would see only the flows of one region.
 */
#ifndef SIM_NET_ECMP_H
#define SIM_NET_ECMP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/siphash.h"
#include "core/wire/build.h"
#include "sim/model/settings.h"
#include "sim/net/resilient.h"

#define ECMP_NONE UINT32_MAX

struct ecmp {
	enum ecmp_kind kind;
	uint32_t count;
	/* Most groups are neighbouring ports: choosing one of those needs no
	 * look at the list. ECMP_NONE: they are not. */
	uint32_t first;
	uint32_t capacity;
	uint32_t *members; /* ascending */
	struct resilient *resilient; /* or NULL */
};

/* Empty. Aborts when out of memory. */
void ecmp_init(struct ecmp *, const struct routing_settings *);
void ecmp_free(struct ecmp *);
/* Replace the members: ascending, each once. True if that changed anything. */
bool ecmp_set(struct ecmp *, const uint32_t *members, uint32_t count,
	      struct instant now);
/* The same members and buckets as another group of the same kind. */
void ecmp_copy(struct ecmp *, const struct ecmp *from);
/* The member for a hash; ECMP_NONE when the group is empty. Use: a packet goes
 * there, which a resilient group remembers. */
uint32_t ecmp_choose(const struct ecmp *, uint64_t hash, struct instant now,
		     bool use);
/* The rule of hash threshold alone: an index below count (> 0). */
uint32_t ecmp_threshold(uint64_t hash, uint32_t count);

/* Digest of addresses, protocol and ports (fragments: no ports). */
uint64_t ecmp_digest(const struct siphash_key *, const struct packet *);
/* The digest as the router with this seed sees it. */
uint64_t ecmp_hash(uint64_t digest, uint64_t seed);

#endif
