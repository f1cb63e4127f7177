/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * counters.h - what every device sent, received, forwarded and dropped
 *
 * A packet is sent by the host or router that made it, forwarded by each
 * router that passes it on, received by the host that it is for. Every packet
 * that is sent is later received, or dropped for one reason (core/drop.h) by
 * one device, or still on its way; fragments and duplicates are counted where
 * they are made, so that
 *
 *	sent + fragments + duplicates = received + dropped + on its way
 *
 * where "fragments" counts a fragmented packet's pieces but one.
 */
#ifndef SIM_NET_COUNTERS_H
#define SIM_NET_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "sim/model/fabric.h"
#include "sim/model/watch.h"

#define COUNTERS_LIST(X)                                                       \
	X(sent_packets)                                                        \
	X(sent_bytes)                                                          \
	X(received_packets)                                                    \
	X(received_bytes)                                                      \
	X(forwarded_packets)                                                   \
	X(forwarded_bytes)                                                     \
	X(fragments)                                                           \
	X(duplicates)                                                          \
	X(icmp_errors)

struct counters_row {
#define COUNTERS_COUNTER(name) uint64_t name;
	COUNTERS_LIST(COUNTERS_COUNTER)
#undef COUNTERS_COUNTER
};

struct counters;

struct counters *
counters_create(uint32_t devices); /* aborts when out of memory */
void counters_destroy(struct counters *);
size_t counters_bytes(const struct counters *);
/* A device's counters, to be increased. */
struct counters_row *counters_of(struct counters *, uint32_t device);
void counters_drop(struct counters *, uint32_t device, enum drop);
/* How many it has dropped for that reason. */
uint64_t counters_dropped(const struct counters *, uint32_t device, enum drop);
/* Every counter that is not zero: routers and, unless there are more than
 * COUNTERS_HOSTS_MAX of them, hosts, by name; sums of all under "". */
#define COUNTERS_HOSTS_MAX 1024
void counters_report(const struct counters *, const struct fabric *,
		     const struct watch *);

#endif
