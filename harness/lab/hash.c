/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.c - see hash.h */
#include "harness/lab/hash.h"

#include <netinet/in.h>
#include <string.h>

#include "core/siphash.h"

#define KEYS_BYTES  72
#define KEYS4_BYTES 48
#define AT_PROTO    2
#define AT_PORTS    28
#define AT_SOURCE   36

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

/* The keys' hash; addresses of `size` bytes, in order. */
static uint32_t
keys_hash(uint32_t seed, uint16_t source_port, uint16_t destination_port,
	  const uint8_t *const addresses[2], size_t size, size_t keys_bytes)
{
	uint16_t ports[2] = { htons(source_port), htons(destination_port) };
	uint8_t keys[KEYS_BYTES] = { 0 };
	struct siphash_key key;

	/* Ports are compared as this machine reads their two bytes. */
	if (ports[1] < ports[0]) {
		uint16_t swap = ports[0];
		ports[0] = ports[1];
		ports[1] = swap;
	}
	keys[AT_PROTO] = IPPROTO_TCP;
	memcpy(keys + AT_PORTS, ports, sizeof(ports));
	memcpy(keys + AT_SOURCE, addresses[0], size);
	memcpy(keys + AT_SOURCE + size, addresses[1], size);
	for (size_t i = 0; i < 4; i++)
		memcpy(key.bytes + i * 4, &seed, 4);
	uint32_t hash = (uint32_t)siphash(&key, keys, keys_bytes);
	return hash == 0 ? 1 : hash;
}

uint32_t
lab_hash_ip4(uint32_t seed, const struct endpoint *source,
	     const struct endpoint *destination)
{
	const uint8_t *addresses[2] = { source->address.bytes,
					destination->address.bytes };
	uint32_t words[2];

	/* Compared as this machine reads their four bytes. */
	memcpy(&words[0], addresses[0], 4);
	memcpy(&words[1], addresses[1], 4);
	if (words[1] < words[0]) {
		const uint8_t *swap = addresses[0];
		addresses[0] = addresses[1];
		addresses[1] = swap;
	}
	return keys_hash(seed, source->port, destination->port, addresses, 4,
			 KEYS4_BYTES) >>
	       1;
}

uint32_t
lab_hash_ip6(uint32_t seed, const struct endpoint *source,
	     const struct endpoint *destination)
{
	const uint8_t *addresses[2] = { source->address.bytes,
					destination->address.bytes };

	if (memcmp(addresses[1], addresses[0], 16) < 0) {
		const uint8_t *swap = addresses[0];
		addresses[0] = addresses[1];
		addresses[1] = swap;
	}
	return mixed(keys_hash(seed, source->port, destination->port, addresses,
			       16, KEYS_BYTES),
		     0) >>
	       1;
}
