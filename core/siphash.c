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

static uint64_t
rotate_left(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t
read_le(const uint8_t *bytes, size_t size)
{
	uint64_t word = 0;

	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

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
	uint64_t k0 = read_le(key->bytes, 8);
	uint64_t k1 = read_le(key->bytes + 8, 8);
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
		compress(v, read_le(next, 8));
	compress(v, read_le(next, left) | (uint64_t)(size & 0xff) << 56);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
