/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.h - multipath hashes that the kernel does not report
 *
 * Asked by RTM_GETROUTE, the kernel hashes an IPv4 flow as it hashes the
 * flow's packets. Not so for IPv6: hash policy 3 makes of a packet two hashes,
 * outer and inner headers, and mixes them; of a question without a packet one,
 * unmixed (net/ipv6/route.c, rt6_multipath_hash()). So the question is
 * answered here:
 *
 *	flow_keys from its first hashed field on, 72 bytes:
 *	0  n_proto 2 | ip_proto 1 | 0 1 | flow label 4 | vlan 8 | cvlan 8 |
 *	24 key id 4 | ports 2, 2 | icmp 4 | addresses 16, 16 | 0 4
 *
 * of which the chosen fields are set, others are 0; addresses and ports each
 * in order, so that both directions hash alike; SipHash-2-4 with the
 * namespace's seed four times as key; Jenkins' mix of that and of no inner
 * hash; half of it.
 *
 * What a host itself sends over IPv4 is the other way about: there the packet
 * is unmixed and the answer is of a mixed hash (net/ipv4/route.c,
 * fib_multipath_hash()). IPv4 addresses take 4 bytes each, and 48 bytes are
 * hashed.
 */
#ifndef HARNESS_LAB_HASH_H
#define HARNESS_LAB_HASH_H

#include <stdint.h>

#include "core/endpoint.h"

/* 0 to 2^31 - 1, of a TCP packet; fields are fib_multipath_hash_fields 0x37.
 * The seed is the namespace's fib_multipath_hash_seed. */
uint32_t lab_hash_ip6(uint32_t seed, const struct endpoint *source,
		      const struct endpoint *destination);
/* The same of an IPv4 packet of a host's own. */
uint32_t lab_hash_ip4(uint32_t seed, const struct endpoint *source,
		      const struct endpoint *destination);

#endif
