/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * position.h - the key space: 64 bits, distance is XOR
 *
 * A position is SipHash-2-4 under the cluster's placement key of a node's
 * address and port, or of a session's full key. So a node cannot pick its
 * place, clients cannot aim their sessions at one node, and ids need no bytes
 * on the wire. Exact keys are compared in the store, so that two keys at one
 * position cost nothing. Kademlia [1] has 160 bits for ids that peers choose;
 * a keyed hash needs only enough bits to spread 10^7 nodes.
 *
 * Hashed bytes: family, address (4 or 16 bytes), port big-endian for an
 * endpoint; all 38 bytes of struct session_key for a session.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002, section 2.1.
 */
#ifndef CORE_POSITION_H
#define CORE_POSITION_H

#include <assert.h>
#include <stdint.h>

#include "core/address.h"
#include "core/session.h"
#include "core/siphash.h"

#define POSITION_BITS 64

uint64_t position_of_endpoint(const struct siphash_key *placement,
			      const struct endpoint *);
uint64_t position_of_session(const struct siphash_key *placement,
			     const struct session_key *);

static inline uint64_t
position_distance(uint64_t a, uint64_t b)
{
	return a ^ b;
}

/* The bucket for another position: length of the common prefix, 0 (the far
 * half of the space) to 63. The two must differ. */
static inline unsigned
position_bucket(uint64_t self, uint64_t other)
{
	assert(self != other);
	return (unsigned)__builtin_clzll(self ^ other);
}

#endif
