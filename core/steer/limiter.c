/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limiter.c - accounts by prefix, and one for all
 *
 *	struct limiter | struct lru | struct account[prefixes]
 */
#include "core/steer/limiter.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/lru.h"

#define BURST_NS NS_PER_S
#define DEBT_NS	 (2 * NS_PER_S)

/* No padding: hashed and compared as bytes. */
struct prefix {
	uint8_t bytes[7];
	uint8_t family;
};
_Static_assert(sizeof(struct prefix) == 8, "no padding");

struct account {
	struct prefix prefix;
	struct instant paid_until;
};

struct limiter {
	struct siphash_key hash;
	int64_t interval_prefix_ns, interval_ns; /* 0: no limit */
	struct instant paid_until; /* of all together */
	struct lru *lru;
	struct account *accounts;
};

static size_t
header_size(void)
{
	return (sizeof(struct limiter) + 7) / 8 * 8;
}

size_t
limiter_size(uint32_t prefixes)
{
	return header_size() + lru_size(prefixes) +
	       (size_t)prefixes * sizeof(struct account);
}

/* Rounded up: never more than the rate says. */
static int64_t
interval_of(uint32_t per_s)
{
	return per_s == 0 ? 0 : (NS_PER_S + per_s - 1) / per_s;
}

struct limiter *
limiter_init(void *memory, uint32_t prefixes, uint32_t per_s_prefix,
	     uint32_t per_s, const struct siphash_key *hash)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);

	struct limiter *limiter = memory;
	uint8_t *after = (uint8_t *)memory + header_size();
	*limiter = (struct limiter){
		.hash = *hash,
		.interval_prefix_ns = interval_of(per_s_prefix),
		.interval_ns = interval_of(per_s),
		.lru = lru_init(after, prefixes),
		.accounts = (void *)(after + lru_size(prefixes)),
		.paid_until = { .ns = INT64_MIN },
	};
	return limiter;
}

static struct prefix
prefix_of(uint8_t family, const uint8_t *address)
{
	struct prefix prefix = { .family = family };

	memcpy(prefix.bytes, address, family == 4 ? 3 : 6);
	return prefix;
}

static uint32_t
find(const struct limiter *limiter, const struct prefix *prefix, uint32_t hash)
{
	uint32_t slot = lru_first(limiter->lru, hash);

	while (slot != LRU_NONE && memcmp(&limiter->accounts[slot].prefix,
					  prefix, sizeof(*prefix)) != 0)
		slot = lru_next(limiter->lru, slot);
	return slot;
}

/* A whole token must be left. */
static bool
has_token(struct instant paid_until, struct instant now, int64_t interval_ns)
{
	struct instant next = paid_until.ns < now.ns ? now : paid_until;

	next = instant_after(next, interval_ns);
	return next.ns <= instant_after(now, BURST_NS).ns;
}

static void
pay(struct instant *paid_until, struct instant now, int64_t interval_ns)
{
	if (paid_until->ns < now.ns)
		*paid_until = now;
	*paid_until = instant_min(instant_after(*paid_until, interval_ns),
				  instant_after(now, DEBT_NS));
}

enum drop
limiter_ask(const struct limiter *limiter, struct instant now, uint8_t family,
	    const uint8_t *address)
{
	struct prefix prefix = prefix_of(family, address);
	uint32_t hash =
		(uint32_t)siphash(&limiter->hash, &prefix, sizeof(prefix));
	uint32_t slot = find(limiter, &prefix, hash);

	if (limiter->interval_prefix_ns > 0 && slot != LRU_NONE &&
	    !has_token(limiter->accounts[slot].paid_until, now,
		       limiter->interval_prefix_ns))
		return DROP_RATE_PREFIX;
	if (limiter->interval_ns > 0 &&
	    !has_token(limiter->paid_until, now, limiter->interval_ns))
		return DROP_RATE_ALL;
	return DROP_NONE;
}

void
limiter_charge(struct limiter *limiter, struct instant now, uint8_t family,
	       const uint8_t *address)
{
	struct prefix prefix = prefix_of(family, address);
	uint32_t hash =
		(uint32_t)siphash(&limiter->hash, &prefix, sizeof(prefix));

	pay(&limiter->paid_until, now, limiter->interval_ns);
	if (limiter->interval_prefix_ns == 0)
		return;

	uint32_t slot = find(limiter, &prefix, hash);
	if (slot != LRU_NONE) {
		lru_touch(limiter->lru, slot);
	} else {
		slot = lru_claim(limiter->lru, hash);
		if (slot == LRU_NONE)
			return; /* a table of none */
		limiter->accounts[slot] = (struct account){
			.prefix = prefix,
			.paid_until = now,
		};
	}
	pay(&limiter->accounts[slot].paid_until, now,
	    limiter->interval_prefix_ns);
}

uint32_t
limiter_count(const struct limiter *limiter)
{
	return lru_count(limiter->lru);
}
