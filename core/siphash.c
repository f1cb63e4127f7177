/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * siphash.c - SipHash-2-4 as its paper gives it (sections 2.1 to 2.4)
 *
 * Four words of state; two rounds for each eight bytes of input, read as a
 * little-endian word; the last word carries what remains and, on top, the
 * input's size mod 256; then four rounds. The result is a number, the same on
 * every machine.
 */
#include "core/siphash.h"

#include <string.h>

static uint64_t
rotate_left(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* Eight bytes at any address, as a little-endian number: one load. */
static uint64_t
word_read(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word)
						      : word;
}

/* The same of the last left < 8 of size bytes; end: behind them. Where there
 * are eight, one load has them on top. */
static uint64_t
rest_read(const uint8_t *end, size_t left, size_t size)
{
	uint64_t word = 0;

	if (left == 0)
		return 0;
	if (size >= sizeof(word))
		return word_read(end - sizeof(word)) >> (64 - 8 * left);
	for (; left > 0; left--)
		word = word << 8 | *--end;
	return word;
}

/* A loop on purpose: written out, gcc -O2 no longer inlines it, and the state
 * lives in memory. */
static void
rounds(uint64_t v[4], unsigned count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate_left(v[1], 13) ^ v[0];
		v[3] = rotate_left(v[3], 16) ^ v[2];
		v[0] = rotate_left(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate_left(v[1], 17) ^ v[2];
		v[3] = rotate_left(v[3], 21) ^ v[0];
		v[2] = rotate_left(v[2], 32);
	}
}

static void
compress(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

uint64_t
siphash(const struct siphash_key *key, const void *bytes, size_t size)
{
	uint64_t k0 = word_read(key->bytes);
	uint64_t k1 = word_read(key->bytes + 8);
	/* "somepseudorandomlygeneratedbytes" */
	uint64_t v[4] = {
		k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *next = bytes;
	size_t left = size;

	for (; left >= 8; left -= 8, next += 8)
		compress(v, word_read(next));
	compress(v, rest_read(next + left, left, size) | (uint64_t)(size & 0xff)
								 << 56);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
siphash_address(const struct siphash_key *key, const struct address *address)
{
	_Static_assert(sizeof(*address) == 17, "family and bytes, no padding");
	return siphash(key, address, sizeof(*address));
}
