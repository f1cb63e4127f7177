/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limiter.h - how many lookups may fail, per source prefix and in all
 *
 * Anyone can send packets of sessions that never were, and each makes a
 * lookup. Only those that miss are charged: a storm of real strays, and many
 * clients behind one address, find their owners and pay nothing. An account is
 * kept for each prefix (prefix.h), and one for all.
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
 * failed can overdraw; the debt is cut at once, for a prefix that was abused is
 * to work again when the abuse ends.
 *
 * An account that is less than half full is under pressure, and what is left is
 * for those who are the likeliest to be real: the less there is, the oftener a
 * flow must have spoken (sketch.h) to be worth a lookup.
 *
 *	left	 1/2	1/4	1/8	1/16	1/32 ...    no token
 *	level	0     1	     2	    3	    4	    5	     closed
 *		calm  glance a flow that has spoken so often
 *
 * At level 0 all is as if there were no account. At level 1 a flow's first
 * packet is worth a glance (node.h), which is cheap and proves nothing. So a
 * flood sets its own price: an account comes to rest at the level at which what
 * is let in is what flows in, and who would empty it has to send each packet
 * as often as the level says; the fewer lookups that leaves him.
 *
 * Under pressure a lookup is charged when it starts, and the charge returned
 * when it finds an owner: else a fast flood would be far ahead of its misses.
 *
 * What nobody else wants is not kept from a prefix: while the account of all is
 * calm, its own asks no more of a flow than to speak again, and is not charged
 * for it. So thousands of clients behind one address, whose server has crashed,
 * hear of it in seconds.
 *
 * A prefix is proven when a lookup for one of its clients found an owner in the
 * last minute. What others do does not close it: in the account of all its
 * flows need not have spoken more than once. Its own account still counts.
 *
 * Full table of prefixes: the one longest uncharged is forgotten; the
 * account in all remains the bound. Full table of proven ones: likewise the one
 * that is longest without an owner; none comes in without one, so no flood
 * pushes them out.
 */
#ifndef CORE_STEER_LIMITER_H
#define CORE_STEER_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/instant.h"
#include "core/siphash.h"

/* Levels; those between say how often a flow must have spoken. */
#define LIMITER_CALM   0
#define LIMITER_GLANCE 1
#define LIMITER_AGAIN  2
#define LIMITER_CLOSED UINT32_MAX

struct limiter; /* in the caller's memory, see limiter_size() */

/* A multiple of 8. */
size_t limiter_size(uint32_t prefixes);
/* The memory is aligned for uint64_t. Rates are per second, 0: no limit. */
struct limiter *limiter_init(void *memory, uint32_t prefixes,
			     uint32_t per_s_prefix, uint32_t per_s,
			     const struct siphash_key *hash);

/* The level at which lookups for this client may start, and whose account asks
 * for it: DROP_NONE (it is calm), DROP_RATE_PREFIX or DROP_RATE_ALL. address: 4
 * or 16 bytes by family (4 or 6). */
uint32_t limiter_level(const struct limiter *, struct instant now,
		       uint8_t family, const uint8_t *address, enum drop *why);
/* A lookup for this client has missed, or starts under pressure. */
void limiter_charge(struct limiter *, struct instant now, uint8_t family,
		    const uint8_t *address);
/* A lookup for this client has found an owner. charged: when it started. */
void limiter_found(struct limiter *, struct instant now, uint8_t family,
		   const uint8_t *address, bool charged);

uint32_t limiter_count(const struct limiter *); /* prefixes that it knows */

#endif
