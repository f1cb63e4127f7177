/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lab_hash.c - see lab_hash.h */
#include "harness/lab_hash.h"

#include <netinet/in.h>
#include <string.h>

#include "core/siphash.h"

#define KEYS_BYTES 72
#define AT_PROTO   2
#define AT_PORTS   28
#define AT_SOURCE  36

static uint32_t
rotated(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

/* Jenkins' lookup3 of two words, initial value 0 (public domain; the kernel's
 * jhash_2words). */
static uint32_t
mixed(uint32_t first, uint32_t second)
{
	uint32_t a, b, c;

	a = b = c = UINT32_C(0xdeadbeef) + (2 << 2);
	a += first;
	b += second;
	c ^= b;
	c -= rotated(b, 14);
	a ^= c;
	a -= rotated(c, 11);
	b ^= a;
	b -= rotated(a, 25);
	c ^= b;
	c -= rotated(b, 16);
	a ^= c;
	a -= rotated(c, 4);
	b ^= a;
	b -= rotated(a, 14);
	c ^= b;
	c -= rotated(b, 24);
	return c;
}

uint32_t
lab_hash_ip6(uint32_t seed, const struct endpoint *source,
	     const struct endpoint *destination)
{
	uint16_t ports[2] = { htons(source->port), htons(destination->port) };
	const uint8_t *addresses[2] = { source->address.bytes,
					destination->address.bytes };
	uint8_t keys[KEYS_BYTES] = { 0 };
	struct siphash_key key;
	uint32_t hash;

	/* Ports are compared as this machine reads their two bytes. */
	if (ports[1] < ports[0]) {
		uint16_t swap = ports[0];
		ports[0] = ports[1];
		ports[1] = swap;
	}
	if (memcmp(addresses[1], addresses[0], 16) < 0) {
		const uint8_t *swap = addresses[0];
		addresses[0] = addresses[1];
		addresses[1] = swap;
	}
	keys[AT_PROTO] = IPPROTO_TCP;
	memcpy(keys + AT_PORTS, ports, sizeof(ports));
	memcpy(keys + AT_SOURCE, addresses[0], 16);
	memcpy(keys + AT_SOURCE + 16, addresses[1], 16);
	for (size_t i = 0; i < 4; i++)
		memcpy(key.bytes + i * 4, &seed, 4);
	hash = (uint32_t)siphash(&key, keys, sizeof(keys));
	return mixed(hash == 0 ? 1 : hash, 0) >> 1;
}
