/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hold.h - packets that wait for an answer
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
 * Full: hold_append() answers false and has taken nothing. Quotas (per flow,
 * per server) are the caller's; the pool is the last bound.
 */
#ifndef CORE_HOLD_H
#define CORE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOLD_NONE UINT32_MAX

struct hold; /* in the caller's memory, see hold_size() */

struct hold_list {
	uint32_t first, last; /* the packets' first chunks, or HOLD_NONE */
	uint32_t packets;
	uint32_t bytes; /* room that the packets take, in whole chunks */
};

/* What hold_front() tells of the first packet. */
struct hold_packet {
	uint32_t size;
	uint8_t mark; /* as given to hold_append() */
};

/* Memory for packets that take `bytes` in chunks of 256, rounded up. */
size_t hold_size(uint32_t bytes);
/* The memory is aligned for uint64_t. */
struct hold *hold_init(void *memory, uint32_t bytes);

struct hold_list hold_list_empty(void);
/* The room that a packet of this size takes, in whole chunks. */
uint32_t hold_cost_bytes(uint32_t size);
/* Copy a packet to the end of the list. mark: the caller's. size may be 0. */
bool hold_append(struct hold *, struct hold_list *, const uint8_t *bytes,
		 uint32_t size, uint8_t mark);
/* The first packet; the list is not empty. */
struct hold_packet hold_front(const struct hold *, const struct hold_list *);
/* Its leading bytes, at most capacity of them; how many. */
uint32_t hold_copy(const struct hold *, const struct hold_list *, uint8_t *to,
		   uint32_t capacity);
/* The first packet gets another mark, and becomes the last. */
void hold_rotate(struct hold *, struct hold_list *, uint8_t mark);
/* Free the first packet. */
void hold_pop(struct hold *, struct hold_list *);

uint32_t hold_chunks(const struct hold *); /* of 256 bytes, in all */
uint32_t hold_chunks_free(const struct hold *);
/* Chunks that a list's packets lie in, and *packets, counted one by one. */
uint32_t hold_list_chunks(const struct hold *, const struct hold_list *,
			  uint32_t *packets);

#endif
