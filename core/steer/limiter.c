/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limiter.c - accounts by prefix, one for all, and who is proven
 *
 *	struct limiter | lru | account[prefixes] | lru | proven[prefixes]
 */
#include "core/steer/limiter.h"

#include <assert.h>
#include <string.h>

#include "core/lru.h"
#include "core/prefix.h"

#define BURST_NS  NS_PER_S
#define PROVEN_NS (60 * NS_PER_S)

struct account {
	struct prefix prefix;
	struct instant paid_until;
};

struct proven {
	struct prefix prefix;
	struct instant found; /* an owner, at last */
};

struct limiter {
	struct siphash_key hash;
	int64_t interval_prefix_ns, interval_ns; /* 0: no limit */
	struct instant paid_until; /* of all together */
	struct lru *lru;
	struct account *accounts;
	struct lru *proven_lru;
	struct proven *proven;
};

static size_t
header_size(void)
{
	return (sizeof(struct limiter) + 7) / 8 * 8;
}

size_t
limiter_size(uint32_t prefixes)
{
	return header_size() + 2 * lru_size(prefixes) +
	       (size_t)prefixes *
		       (sizeof(struct account) + sizeof(struct proven));
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
		.paid_until = { .ns = INT64_MIN },
	};
	limiter->lru = lru_init(after, prefixes);
	after += lru_size(prefixes);
	limiter->accounts = (void *)after;
	after += prefixes * sizeof(struct account);
	limiter->proven_lru = lru_init(after, prefixes);
	after += lru_size(prefixes);
	limiter->proven = (void *)after;
	return limiter;
}

static struct account *
account_find(const struct limiter *limiter, const struct prefix *prefix,
	     uint32_t hash)
{
	uint32_t slot = lru_first(limiter->lru, hash);

	while (slot != LRU_NONE && memcmp(&limiter->accounts[slot].prefix,
					  prefix, sizeof(*prefix)) != 0)
		slot = lru_next(limiter->lru, slot);
	return slot != LRU_NONE ? &limiter->accounts[slot] : NULL;
}

static struct proven *
proven_find(const struct limiter *limiter, const struct prefix *prefix,
	    uint32_t hash)
{
	uint32_t slot = lru_first(limiter->proven_lru, hash);

	while (slot != LRU_NONE && memcmp(&limiter->proven[slot].prefix, prefix,
					  sizeof(*prefix)) != 0)
		slot = lru_next(limiter->proven_lru, slot);
	return slot != LRU_NONE ? &limiter->proven[slot] : NULL;
}

/* Of an account. A whole token must be left, or it is closed. */
static uint32_t
level_of(struct instant paid_until, struct instant now, int64_t interval_ns)
{
	int64_t left_ns = BURST_NS;
	uint32_t level = LIMITER_CALM;

	if (interval_ns == 0)
		return LIMITER_CALM;
	if (instant_before(now, paid_until))
		left_ns -= instant_distance_ns(now, paid_until);
	if (left_ns < interval_ns)
		return LIMITER_CLOSED;
	for (int64_t half_ns = BURST_NS / 2; left_ns < half_ns; half_ns /= 2)
		level++;
	return level;
}

uint32_t
limiter_level(const struct limiter *limiter, struct instant now, uint8_t family,
	      const uint8_t *address, enum drop *why)
{
	struct prefix prefix = prefix_of(family, address);
	uint32_t hash = prefix_hash(&limiter->hash, &prefix);
	const struct account *account = account_find(limiter, &prefix, hash);
	uint32_t own = LIMITER_CALM;
	uint32_t all = level_of(limiter->paid_until, now, limiter->interval_ns);

	if (account != NULL)
		own = level_of(account->paid_until, now,
			       limiter->interval_prefix_ns);
	if (all > LIMITER_GLANCE && all != LIMITER_CLOSED) {
		const struct proven *proven =
			proven_find(limiter, &prefix, hash);

		if (proven != NULL &&
		    instant_distance_ns(proven->found, now) < PROVEN_NS)
			all = LIMITER_GLANCE;
	}
	if (all == LIMITER_CALM && own > LIMITER_AGAIN)
		own = LIMITER_AGAIN;
	*why = DROP_NONE;
	if (own != LIMITER_CALM && own >= all)
		*why = DROP_RATE_PREFIX;
	else if (all != LIMITER_CALM)
		*why = DROP_RATE_ALL;
	return own > all ? own : all;
}

/* No more than a second's worth is owed. */
static void
pay(struct instant *paid_until, struct instant now, int64_t interval_ns)
{
	if (paid_until->ns < now.ns)
		*paid_until = now;
	*paid_until = instant_min(instant_after(*paid_until, interval_ns),
				  instant_after(now, BURST_NS));
}

void
limiter_charge(struct limiter *limiter, struct instant now, uint8_t family,
	       const uint8_t *address)
{
	struct prefix prefix = prefix_of(family, address);
	uint32_t hash = prefix_hash(&limiter->hash, &prefix);

	struct account *account = account_find(limiter, &prefix, hash);
	bool spare = level_of(limiter->paid_until, now, limiter->interval_ns) ==
			     LIMITER_CALM &&
		     account != NULL &&
		     level_of(account->paid_until, now,
			      limiter->interval_prefix_ns) > LIMITER_AGAIN;

	pay(&limiter->paid_until, now, limiter->interval_ns);
	if (limiter->interval_prefix_ns == 0 || spare)
		return;
	if (account != NULL) {
		lru_touch(limiter->lru,
			  (uint32_t)(account - limiter->accounts));
	} else {
		uint32_t slot = lru_claim(limiter->lru, hash);
		if (slot == LRU_NONE)
			return; /* a table of none */
		account = &limiter->accounts[slot];
		*account = (struct account){
			.prefix = prefix,
			.paid_until = now,
		};
	}
	pay(&account->paid_until, now, limiter->interval_prefix_ns);
}

/* What has run off meanwhile is not given back. */
static void
give_back(struct instant *paid_until, int64_t interval_ns)
{
	if (paid_until->ns > INT64_MIN + interval_ns)
		paid_until->ns -= interval_ns;
}

void
limiter_found(struct limiter *limiter, struct instant now, uint8_t family,
	      const uint8_t *address, bool charged)
{
	struct prefix prefix = prefix_of(family, address);
	uint32_t hash = prefix_hash(&limiter->hash, &prefix);
	struct account *account = account_find(limiter, &prefix, hash);
	struct proven *proven = proven_find(limiter, &prefix, hash);

	if (charged)
		give_back(&limiter->paid_until, limiter->interval_ns);
	if (charged && account != NULL)
		give_back(&account->paid_until, limiter->interval_prefix_ns);
	if (proven != NULL) {
		lru_touch(limiter->proven_lru,
			  (uint32_t)(proven - limiter->proven));
	} else {
		uint32_t slot = lru_claim(limiter->proven_lru, hash);
		if (slot == LRU_NONE)
			return;
		proven = &limiter->proven[slot];
		proven->prefix = prefix;
	}
	proven->found = now;
}

uint32_t
limiter_count(const struct limiter *limiter)
{
	return lru_count(limiter->lru);
}
