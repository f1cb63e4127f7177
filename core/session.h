/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h - the full key of a TCP session, seen from the client
 *
 * Family, protocol, both addresses and both ports (the paper's 4-tuple, 6.3,
 * made whole). The key always runs client to service; the quote inside an
 * ICMP error runs the other way and is reversed by the parser. The struct has
 * no padding and unused address bytes are zero, so that keys compare and
 * hash as bytes.
 */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

struct session_key {
	uint8_t client[16]; /* IPv4: first 4 bytes, rest zero */
	uint8_t service[16];
	uint8_t client_port[2]; /* network order */
	uint8_t service_port[2];
	uint8_t family; /* 4 or 6 */
	uint8_t protocol; /* 6, TCP */
};
_Static_assert(sizeof(struct session_key) == 38, "no padding: keys are bytes");

/* When the session was established, as its owner's world gives it; live
 * wall-clock ns, simulated with the server's clock skew. The core compares
 * versions and never makes the time. Zero: no version known. */
struct version {
	int64_t established_ns;
	uint32_t sequence; /* decides between equal times */
};

bool session_equal(const struct session_key *, const struct session_key *);
/* The next that is above; the highest of all stays. */
struct version version_after(struct version);
/* Below, equal, above: negative, 0, positive. */
int version_compare(struct version, struct version);

#endif
