/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cursor.h - reading bytes that a stranger chose
 *
 *	bytes ... at ......................... end
 *	          next byte to read            first byte that is not ours
 *
 * Every parser in core/wire takes its bytes with cursor_take(), which is the
 * only place that compares with `end`: the bytes that it hands out
 * are all there, and a parser that indexes these only cannot read out of
 * bounds.
 *
 * The rules of this folder, because it is compiled for BPF as well:
 *  - header-only and always inline; no libc: __builtin_memcpy and friends
 *    with constant sizes in all that BPF uses;
 *  - loops have a small constant bound, since the verifier walks every path
 *    through every turn; `end` never moves, since the verifier
 *    knows bounds only from a comparison with the packet's very end: a
 *    length that a header states is checked as a number beside it;
 *  - headers on the wire are structs of bytes (struct wire_x), so they may
 *    lie at any address; plain values in host order are struct x_header;
 *    x_parse() goes one way, x_build() the other.
 *
 * The comparison is of integers, not of pointers: C gives no meaning to a
 * pointer beyond the end, and `end - at` would hide the bound from BPF.
 */
#ifndef CORE_WIRE_CURSOR_H
#define CORE_WIRE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_INLINE static inline __attribute__((always_inline))

struct cursor {
	const uint8_t *at, *end;
};

WIRE_INLINE struct cursor
cursor_over(const uint8_t *bytes, size_t size)
{
	return (struct cursor){ .at = bytes, .end = bytes + size };
}

WIRE_INLINE size_t
cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* The next size bytes (at most 65,535), which are then behind the cursor;
 * NULL and no step when fewer are left. */
WIRE_INLINE const uint8_t *
cursor_take(struct cursor *cursor, size_t size)
{
	const uint8_t *at = cursor->at;

	if ((uintptr_t)at + size > (uintptr_t)cursor->end)
		return NULL;
	cursor->at = at + size;
	return at;
}

/* value, which is at most mask, in a way that the BPF verifier can see: the
 * compiler may know it too and would leave the masking out. */
WIRE_INLINE uint32_t
wire_masked(uint32_t value, uint32_t mask)
{
	__asm__("" : "+r"(value));
	return value & mask;
}

/* Integers in network order, at any address. */
WIRE_INLINE uint16_t
wire_get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

WIRE_INLINE uint32_t
wire_get32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

WIRE_INLINE uint64_t
wire_get64(const uint8_t *bytes)
{
	return (uint64_t)wire_get32(bytes) << 32 | wire_get32(bytes + 4);
}

WIRE_INLINE void
wire_put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

WIRE_INLINE void
wire_put32(uint8_t *bytes, uint32_t value)
{
	wire_put16(bytes, (uint16_t)(value >> 16));
	wire_put16(bytes + 2, (uint16_t)value);
}

WIRE_INLINE void
wire_put64(uint8_t *bytes, uint64_t value)
{
	wire_put32(bytes, (uint32_t)(value >> 32));
	wire_put32(bytes + 4, (uint32_t)value);
}

#endif
