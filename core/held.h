/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * held.h - packets that wait for an answer
 *
 * A list belongs to one flow and is first in, first out. Its packets lie in
 * chunks of 256 bytes from one free list, so that no packet size wastes
 * another's room and a million simulated servers share one pool.
 *
 *	list.first -> chunk -> chunk		the first packet's bytes
 *		        |
 *		next packet -> chunk -> chunk -> chunk
 *				|
 *	list.last ------------> ...
 *
 * Full: held_append() answers false and has taken nothing. Quotas (per flow,
 * per server) are the caller's; the pool is the last bound.
 */
#ifndef CORE_HELD_H
#define CORE_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HELD_NONE UINT32_MAX

struct held; /* in the caller's memory, see held_size() */

struct held_list {
	uint32_t first, last; /* the packets' first chunks, or HELD_NONE */
	uint32_t packets;
	uint32_t bytes; /* room that the packets take, in whole chunks */
};

/* What held_front() tells of the first packet. */
struct held_packet {
	uint32_t size;
	uint8_t mark; /* as given to held_append() */
};

/* Memory for packets that take `bytes` in chunks of 256, rounded up. */
size_t held_size(uint32_t bytes);
/* The memory is aligned for uint64_t. */
struct held *held_init(void *memory, uint32_t bytes);

struct held_list held_list_empty(void);
/* The room that a packet of this size takes, in whole chunks. */
uint32_t held_cost_bytes(uint32_t size);
/* Copy a packet to the end of the list. mark: the caller's. size may be 0. */
bool held_append(struct held *, struct held_list *, const uint8_t *bytes,
		 uint32_t size, uint8_t mark);
/* The first packet; the list is not empty. */
struct held_packet held_front(const struct held *, const struct held_list *);
/* Its leading bytes, at most capacity of them; how many. */
uint32_t held_copy(const struct held *, const struct held_list *, uint8_t *to,
		   uint32_t capacity);
/* Free the first packet. */
void held_pop(struct held *, struct held_list *);

uint32_t held_chunks_free(const struct held *);

#endif
