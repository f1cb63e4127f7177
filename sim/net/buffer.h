/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buffer.h - the bytes of packets that are on their way
 *
 *	index = slot << 3 | size class
 *
 *	page of a class: | note header bytes ... | note header bytes ... | ...
 *
 * A packet in flight is named by a 32-bit index, which fits an event. Buffers
 * come in five sizes with a free list each; pages are never given back and
 * never move, so that bytes stay where they are while other buffers are taken
 * (a host sends while it still reads). Beside the bytes stands what every hop
 * needs and would otherwise parse anew: where the packet goes and the digest
 * of its 5-tuple. It is written once, when the packet is sent.
 *
 * A note of a fixed size may stand before each packet; what is in it is the
 * owner's.
 *
 * Indices are given out in an order that depends only on what was taken and
 * released before: they may be part of a run's hash.
 */
#ifndef SIM_NET_BUFFER_H
#define SIM_NET_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#define BUFFER_BYTES_MAX 65535 /* IPv4's total length */

struct buffer {
	uint64_t digest; /* ecmp_digest() of the bytes */
	uint32_t target; /* fabric_target() of the destination */
	uint32_t size; /* bytes in use; 0: the buffer is free */
	uint32_t next_free;
	uint8_t bytes[];
};

struct buffers;

/* note_bytes: a multiple of 8. Aborts when out of memory. */
struct buffers *buffers_create(uint32_t note_bytes);
void buffers_destroy(struct buffers *);
/* 1 <= size <= BUFFER_BYTES_MAX. The bytes are not cleared. */
uint32_t buffer_take(struct buffers *, uint32_t size);
void buffer_release(struct buffers *, uint32_t index);
/* Stays valid until the buffer is released. */
struct buffer *buffer_get(const struct buffers *, uint32_t index);
/* Aligned for words of 8 bytes; not set when a buffer is taken, copied with
 * it. */
void *buffer_note(const struct buffers *, uint32_t index);
/* A second buffer with the same contents. */
uint32_t buffer_copy(struct buffers *, uint32_t index);
uint32_t buffers_in_use(const struct buffers *);

#endif
