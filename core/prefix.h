/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prefix.h - where a client is: the least that is routed on its own
 *
 * A /24 of IPv4 or a /48 of IPv6. Who has one host there has them all, or
 * nearly; so what one client may cost is counted by its prefix.
 */
#ifndef CORE_PREFIX_H
#define CORE_PREFIX_H

#include <stdint.h>
#include <string.h>

#include "core/siphash.h"

/* No padding: hashed and compared as bytes. */
struct prefix {
	uint8_t bytes[7];
	uint8_t family;
};
_Static_assert(sizeof(struct prefix) == 8, "no padding");

/* address: 4 or 16 bytes by family (4 or 6). */
static inline struct prefix
prefix_of(uint8_t family, const uint8_t *address)
{
	struct prefix prefix = { .family = family };

	memcpy(prefix.bytes, address, family == 4 ? 3 : 6);
	return prefix;
}

static inline uint32_t
prefix_hash(const struct siphash_key *key, const struct prefix *prefix)
{
	return (uint32_t)siphash(key, prefix, sizeof(*prefix));
}

#endif
