/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hostile.h - traffic that no server sends, to see that it does no harm
 *
 *	sealed datagram		under a key of one's own, from a server's
 *				address
 *	forward			GUE with any header field and any tag
 *	flood			segments, never a SYN, of sessions that no
 *				server has, from many addresses
 *	anything recorded	again
 *
 * Builders make whole IP packets and send nothing; a sender is a raw socket
 * in a network namespace that a test made: sources are forged, so it must
 * never be anywhere else.
 */
#ifndef HARNESS_TEST_HOSTILE_H
#define HARNESS_TEST_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/endpoint.h"
#include "core/session.h"
#include "core/siphash.h"
#include "live/conf/secret.h"

#define HOSTILE_PACKET_MAX 2048

/* A UDP datagram: what was recorded, again. (Its packet as it was recorded is
 * of no use: on the machine that sent it, the checksum is not made yet.) 0: it
 * does not fit. */
size_t hostile_datagram(const struct endpoint *from, const struct endpoint *to,
			const uint8_t *payload, size_t size,
			uint8_t out[HOSTILE_PACKET_MAX]);

/* A ping as secret's first key seals it. 0: no memory. */
size_t hostile_sealed(const struct secret *, const struct endpoint *from,
		      const struct endpoint *to,
		      uint8_t out[HOSTILE_PACKET_MAX]);

struct hostile_forward {
	struct address from, to; /* outer */
	struct siphash_key tag; /* what the tag is made with */
	struct session_key session; /* of the segment inside */
	uint32_t sequence;
	uint16_t boot;
	uint8_t key_id, hop_count; /* hop count 1 is right */
};

size_t hostile_forward(const struct hostile_forward *,
		       uint8_t out[HOSTILE_PACKET_MAX]);

struct hostile_flood {
	struct address first; /* source; the others follow */
	struct endpoint service;
	uint32_t sources;
	/* Between two sources: 1 fills prefixes, 256 (IPv4) gives each one
	 * of its own. IPv6: in its first 64 bits. */
	uint32_t stride;
	uint64_t seed;
};

/* Segment number `number` of the flood: sources take turns, ports, flags and
 * numbers are random, but never a SYN. */
size_t hostile_stray(const struct hostile_flood *, uint64_t number,
		     uint8_t out[HOSTILE_PACKET_MAX]);

struct hostile;

/* space: descriptor of a network namespace, -1: this one. 0 or -errno. */
int hostile_open(struct hostile **, int space);
void hostile_close(struct hostile *);
/* One IP packet of either family. 0 or -errno. */
int hostile_send(struct hostile *, const uint8_t *bytes, size_t size);
/* `count` segments from number `first` on, rate_pps a second (as far as this
 * machine can). How many went out. */
uint64_t hostile_flood(struct hostile *, const struct hostile_flood *,
		       uint64_t first, uint64_t count, uint64_t rate_pps);

#endif
