/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_sums.h - no packet is lost from a network's books
 *
 * The report's sums over all devices: what was sent, and what fragments and
 * duplicates were made on the way, was received or dropped.
 */
#ifndef SIM_TEST_PACKET_SUMS_H
#define SIM_TEST_PACKET_SUMS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct packet_sums {
	uint64_t in, out;
};

/* A counter of the report (watch.counter); those of one device are ignored. */
static inline void
packet_sums_count(struct packet_sums *sums, const char *node, const char *name,
		  uint64_t value)
{
	if (node[0] != '\0')
		return;
	if (strcmp(name, "sent_packets") == 0 ||
	    strcmp(name, "fragments") == 0 || strcmp(name, "duplicates") == 0)
		sums->in += value;
	if (strcmp(name, "received_packets") == 0 ||
	    strncmp(name, "drop_", 5) == 0)
		sums->out += value;
}

static inline bool
packet_sums_agree(const struct packet_sums *sums)
{
	return sums->in == sums->out;
}

#endif
