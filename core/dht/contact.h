/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * contact.h - what a node remembers about one peer, in 12 bytes
 *
 *	+----------------+--------------------+--------------------+
 *	| peer 32        | srtt 24 | heard 8  | rttvar 24 |4|spoken|
 *	+----------------+--------------------+--------------------+
 *
 * peer is an index into the endpoint table, which holds address and position
 * once for all nodes. Round trips are kept as RFC 6298 keeps them, in units
 * of 256 ns (24 bits reach 4.3 s), so that each peer has a timeout of its
 * own. A million nodes with 340 contacts each are why this is packed.
 *
 * Where we leave RFC 6298: its clock granularity G is here half the smoothed
 * round trip, because a simulated fabric without queues has no variance at
 * all and a timeout of exactly one round trip would race with the answer.
 *
 * When a contact becomes stale its round trip is forgotten (RFC 6298, 5.7):
 * perhaps it was only longer than before, and every answer came too late. Asked
 * with the initial timeout, it is measured anew.
 *
 * What version it speaks is what its last datagram said (message_format.h): a
 * peer may be upgraded, or set back. Only what the oldest cannot say needs it.
 *
 * A contact is verified once it has answered a request of ours: then its
 * address is not forged. It is suspect after a request without an answer, and
 * then pinged; stale after CONTACT_STALE - 1 pings without one. Requests count
 * once, however many failed: many within one short outage say no more than one.
 */
#ifndef CORE_DHT_CONTACT_H
#define CORE_DHT_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

/* Kademlia (Maymounkov, Mazieres, IPTPS 2002, 4.1) waits for five unanswered
 * requests; we only replace, never just remove, so three do. */
#define CONTACT_STALE 3
_Static_assert(CONTACT_STALE < 4, "two bits");

struct contact {
	uint32_t peer; /* endpoint index */
	uint32_t srtt : 24; /* 256 ns; 0: never measured */
	uint32_t heard : 8; /* or pinged: hearing.h */
	uint32_t rttvar : 24; /* 256 ns */
	uint32_t failures : 2; /* 0; 1 after requests, + 1 for each ping */
	uint32_t verified : 1;
	uint32_t keeps : 1; /* keepers.h: records of ours */
	uint32_t speaks : 4; /* newest version; 0: it has not said */
};
_Static_assert(sizeof(struct contact) == 12, "a million nodes' budget");

/* The bounds of a timeout; node_settings has them. */
struct contact_timing {
	int64_t initial_ns; /* for a peer never measured: exchange.h */
	int64_t floor_ns, cap_ns;
};

static inline struct contact
contact_new(uint32_t peer, bool verified)
{
	return (struct contact){ .peer = peer, .verified = verified };
}

/* An answer took rtt_ns >= 0 (RFC 6298, 2.2 and 2.3). Verified, not failing. */
void contact_sample(struct contact *, int64_t rtt_ns);
/* It answered, but not to a request that can be timed (Karn). */
void contact_alive(struct contact *);
/* A request was not answered: suspect. */
void contact_doubt(struct contact *);
/* A ping was not answered. */
void contact_fail(struct contact *);
static inline bool
contact_suspect(const struct contact *contact)
{
	return contact->failures > 0;
}

/* Its smoothed round trip; 0: never measured. */
int64_t contact_usual_ns(const struct contact *);
bool contact_stale(const struct contact *);
/* How long to wait for an answer; contact may be NULL for a stranger. */
int64_t contact_timeout_ns(const struct contact *,
			   const struct contact_timing *);

#endif
