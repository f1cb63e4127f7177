/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * address.h - IP addresses and endpoints, as values
 *
 * Packets, datagrams, the key space and the table of endpoints all speak of
 * these two. An address carries its family, so that one function serves IPv4
 * and IPv6; bytes are in network order, ports in host order. Both are plain
 * values: copied, compared, never pointed into.
 *
 * Header-only, also compiled for BPF: no libc, only builtins.
 */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* An IPv4 or IPv6 address; IPv4 uses the first four bytes, the rest are 0. */
struct address {
	uint8_t family; /* 4 or 6 */
	uint8_t bytes[16];
};

/* Where a node, a tunnel or a socket listens. */
struct endpoint {
	struct address address;
	uint16_t port; /* host order */
};

/* Same family, same address; what lies behind an IPv4 address's four bytes
 * is not compared. */
static inline bool
address_equal(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return false;
	return a->family == 4 ? __builtin_memcmp(a->bytes, b->bytes, 4) == 0
			      : __builtin_memcmp(a->bytes, b->bytes, 16) == 0;
}

static inline struct address
address_ip4(const uint8_t bytes[4])
{
	struct address address = { .family = 4 };

	__builtin_memcpy(address.bytes, bytes, 4);
	return address;
}

static inline struct address
address_ip6(const uint8_t bytes[16])
{
	struct address address = { .family = 6 };

	__builtin_memcpy(address.bytes, bytes, 16);
	return address;
}

#endif
