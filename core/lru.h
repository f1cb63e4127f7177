/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lru.h - which slots of a bounded table are used, by hash and by recency
 *
 * Four tables of the packet path (flows, fragments, prefixes, peers) are the
 * same thing: at most so many entries, found by a hash, and when all are
 * taken the one longest unused makes room. Here are only the slots; the table
 * keeps an array of entries beside this, uses the slot as the index, and
 * compares the keys.
 *
 *	heads[hash & mask] -> slot -> slot -> NONE	one chain a hash
 *	oldest <-> ... <-> newest			one list in all
 *	free -> slot -> ... -> NONE
 *
 * A pinned slot is in its chain but not in the list, so that it is never the
 * oldest. Every verb but lru_init() is O(1), chains apart; hashes should be
 * keyed, so that no sender of packets can lengthen a chain.
 *
 * Full: lru_add() answers LRU_NONE; the table removes lru_oldest() first, or
 * refuses, or calls lru_claim() to begin with.
 */
#ifndef CORE_LRU_H
#define CORE_LRU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LRU_NONE UINT32_MAX

struct lru; /* in the caller's memory, see lru_size() */

/* Bytes for capacity slots, a multiple of 8. */
size_t lru_size(uint32_t capacity);
/* The memory is aligned for uint64_t. capacity < LRU_NONE; 0 is always full. */
struct lru *lru_init(void *memory, uint32_t capacity);

/* The first slot with this hash, LRU_NONE if there is none; then the next
 * one. Compare the entries. */
uint32_t lru_first(const struct lru *, uint32_t hash);
uint32_t lru_next(const struct lru *, uint32_t slot);
/* A free slot, now used, newest, not pinned; LRU_NONE when full. */
uint32_t lru_add(struct lru *, uint32_t hash);
/* The same, but when full the oldest is freed for it; LRU_NONE if there is no
 * oldest. For tables whose entries need no farewell. */
uint32_t lru_claim(struct lru *, uint32_t hash);
/* Free a used slot. */
void lru_remove(struct lru *, uint32_t slot);
/* Make it the newest; a pinned slot stays out of the list. */
void lru_touch(struct lru *, uint32_t slot);
/* The unpinned slot that is longest untouched; LRU_NONE if there is none. */
uint32_t lru_oldest(const struct lru *);
/* Out of the list, or back into it as the newest. Both are idempotent. */
void lru_pin(struct lru *, uint32_t slot);
void lru_unpin(struct lru *, uint32_t slot);

uint32_t lru_count(const struct lru *);
uint32_t lru_capacity(const struct lru *);
bool lru_used(const struct lru *, uint32_t slot);
uint32_t lru_hash(const struct lru *, uint32_t slot);

#endif
