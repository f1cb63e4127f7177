/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ideal.h - routing tables as Kademlia's analysis assumes them
 *
 * Every bucket of every node holds min(k, available) random distinct members
 * of its subtree, drawn from the node's own stream. With the positions sorted,
 * the subtree of bucket b is a contiguous run: those who share exactly b
 * leading bits. Hops measured on such tables can be compared with theory; real
 * joins come close to it (dht.tables: joined).
 */
#ifndef SIM_HOST_IDEAL_H
#define SIM_HOST_IDEAL_H

#include <stdint.h>

#include "core/dht/node.h"
#include "core/endpoint.h"

/* nodes[i] has endpoint i; NULL: not there. */
void ideal_fill(struct node *const *nodes, uint32_t count,
		const struct endpoints *, uint32_t k, uint64_t seed);

#endif
