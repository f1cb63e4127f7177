/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.h - a page for each thing that was seen, found by its hash
 *
 * Open addressing with linear probing, at most three quarters full. Nothing is
 * ever removed: a judge remembers the whole of a run, which is short. Two
 * things of one hash share a page, which for the 64 bits of ledger_hash() and
 * a million packets happens once in 10^7 runs.
 */
#ifndef SIM_JUDGE_LEDGER_H
#define SIM_JUDGE_LEDGER_H

#include <stddef.h>
#include <stdint.h>

struct packet;

/* What a page says is its keeper's matter. */
struct ledger_page {
	uint64_t hash;
	uint32_t a, b;
};

struct ledger;

struct ledger *ledger_create(void); /* aborts when out of memory */
void ledger_destroy(struct ledger *); /* NULL: nothing */
/* The page, all zero but its hash when it is new. Good until the next call. */
struct ledger_page *ledger_open(struct ledger *, uint64_t hash);
/* NULL: there is none. */
const struct ledger_page *ledger_find(const struct ledger *, uint64_t hash);

/* Of bytes, under a number that tells kinds of things apart. */
uint64_t ledger_hash(uint64_t seed, const void *bytes, size_t size);
/* Of an IP packet, whatever it has crossed: without TTL, traffic class and
 * header checksum. */
uint64_t ledger_hash_packet(uint64_t seed, const uint8_t *bytes, uint32_t size);
/* Of a TCP segment, whatever it was wrapped in: addresses, header and the first
 * bytes of its payload. */
uint64_t ledger_hash_segment(const uint8_t *bytes, const struct packet *);

#endif
