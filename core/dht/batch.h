/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch.h - one STORE or REMOVE datagram in flight, for many sessions
 *
 *	datagram	| key, record | key, record | key, record | ...
 *	items[]		 publication 7  publication 9  publication 4
 *	reply		| stored      | moved	    | stored	  | ...
 *
 * A reply has one status for each item, in order, so a batch remembers which
 * publications went out, in order. A publication may end or change meanwhile;
 * each item keeps the serial number that the publication had, and an answer
 * about another serial counts for nothing.
 *
 *	transaction	| 1 | generation, 11 bits | slot, 20 bits |
 *
 * Batches are a pool that nodes share, part of struct publications. Their
 * transactions have bit 31 set, a lookup's has it clear. A slot's generation
 * changes each time it is taken or renewed, so that a late answer to an older
 * datagram finds nothing; it comes round after 2,047 changes.
 *
 * Full: BATCH_NONE; what was to be sent stays due.
 */
#ifndef CORE_DHT_BATCH_H
#define CORE_DHT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/timer.h"
#include "core/wire/message.h"

#define BATCH_NONE	  UINT32_MAX
#define BATCH_TRANSACTION UINT32_C(0x80000000)
/* Items in one datagram: a STORE's take 38 bytes with IPv4 keys and owners. */
#define BATCH_ITEMS ((MESSAGE_MAX - MESSAGE_HEADER_BYTES) / 38)
/* Slots in a pool: a transaction has 20 bits for them. */
#define BATCH_SLOT_BITS 20
#define BATCH_POOL_MAX	(UINT32_C(1) << BATCH_SLOT_BITS)
/* Datagrams for one batch before the peer is given up. */
#define BATCH_TRIES 3

struct batch_item {
	uint32_t publication, serial; /* repair: entry and mark */
};

struct batch {
	struct timer timer; /* first: see timer.h */
	struct instant sent;
	int64_t timeout_ns;
	uint32_t node, peer; /* endpoint indices */
	uint32_t next; /* free list */
	uint32_t generation;
	uint8_t type; /* MESSAGE_STORE or MESSAGE_REMOVE */
	uint8_t tries;
	uint8_t count;
	bool taken;
	bool copies; /* to who is no replica: nothing hangs on it */
	bool repair; /* repair.c's: items name statements of the store */
	struct batch_item items[BATCH_ITEMS];
};

struct batches {
	uint32_t capacity, count, used, free;
	struct batch slots[];
};

/* capacity <= BATCH_POOL_MAX; aligned for uint64_t. */
size_t batches_size(uint32_t capacity);
struct batches *batches_init(void *memory, uint32_t capacity);
struct timer_pool batches_timers(struct batches *);

/* A slot, or BATCH_NONE when all are in flight. */
uint32_t batch_take(struct batches *, uint32_t node, uint32_t peer,
		    enum message_type);
/* Its timer is not queued. */
void batch_give(struct batches *, uint32_t slot);
/* The same batch under another transaction: older answers are void. */
void batch_renew(struct batches *, uint32_t slot);
uint32_t batches_free(const struct batches *);
uint32_t batch_transaction(const struct batches *, uint32_t slot);
/* The slot that a transaction names, or BATCH_NONE if no such batch is in
 * flight from node to peer. */
uint32_t batch_by_transaction(const struct batches *, uint32_t node,
			      uint32_t peer, uint32_t transaction);

#endif
