/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limiter.h - how many lookups may fail, per source prefix and in all
 *
 * Anyone can send packets of sessions that never were, and each makes a
 * lookup. Only those that miss are charged: a storm of real strays, and many
 * clients behind one address, find their owners and pay nothing. A prefix is
 * a /24 of IPv4 or a /48 of IPv6, the least that is routed on its own.
 *
 * Each account is a token bucket in the virtual-scheduling form of ITU-T
 * I.371 (the "generic cell rate algorithm"), one instant instead of a level
 * and a time:
 *
 *	         now            paid_until
 *	----------|---------------|------------> time
 *	          |<-- <= 1 s --->|		more lookups may start
 *
 * A charge moves paid_until on by 1/rate, from now at least. So a second's
 * worth may fail at once. Lookups that were started before their forerunners
 * failed can overdraw; the debt is cut at two seconds, so that a prefix that
 * was abused works again a second after the abuse ends.
 *
 * Full table of prefixes: the one longest uncharged is forgotten; the
 * account in all remains the bound.
 */
#ifndef CORE_STEER_LIMITER_H
#define CORE_STEER_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/instant.h"
#include "core/siphash.h"

struct limiter; /* in the caller's memory, see limiter_size() */

/* A multiple of 8. */
size_t limiter_size(uint32_t prefixes);
/* The memory is aligned for uint64_t. Rates are per second, 0: no limit. */
struct limiter *limiter_init(void *memory, uint32_t prefixes,
			     uint32_t per_s_prefix, uint32_t per_s,
			     const struct siphash_key *hash);

/* May a lookup for this client start? DROP_NONE, DROP_RATE_PREFIX or
 * DROP_RATE_ALL. address: 4 or 16 bytes by family (4 or 6). */
enum drop limiter_ask(const struct limiter *, struct instant now,
		      uint8_t family, const uint8_t *address);
/* A lookup for this client has missed. */
void limiter_charge(struct limiter *, struct instant now, uint8_t family,
		    const uint8_t *address);

uint32_t limiter_count(const struct limiter *); /* prefixes that it knows */

#endif
