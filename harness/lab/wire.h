/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.h - devices and links as the kernel has them
 *
 *	leaf3			       server2
 *	interface "server2"  veth  interface "leaf3"
 *	index 100 + port	   index 100 + port
 *
 * Interface indices and hardware addresses follow from the fabric's port
 * numbers, hash seeds from the scenario's seed: so link-local addresses, the
 * order of next hops and thereby the paths of flows are the same each time
 * that a lab is made from the same scenario.
 */
#ifndef HARNESS_LAB_WIRE_H
#define HARNESS_LAB_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/lab/lab.h"
#include "harness/lab/netns.h"

#define LAB_WIRE_INDEX 100 /* interface of port 0 */

/* "10.0.0.1" or "2001:db8:a::1"; INET6_ADDRSTRLEN bytes. */
const char *lab_wire_text(const struct address *, char *text);
/* Namespace of a device. */
void lab_wire_space(const struct lab *, uint32_t device,
		    char name[LAB_NETNS_NAME]);
/* The device's fib_multipath_hash_seed. */
uint32_t lab_wire_seed(const struct lab *, uint32_t device);
/* Does this link go through the relay? */
bool lab_wire_is_slow(const struct lab *, uint32_t link);

/* Namespaces with their sysctls, links, addresses, clients' routes. 0, or -1
 * after saying why. */
int lab_wire_make(const struct lab *);
/* Once more the addresses and fixed routes of a device, which the kernel drops
 * when an interface goes down. 0 or -1. */
int lab_wire_address(const struct lab *, uint32_t device);

#endif
