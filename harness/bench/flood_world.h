/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flood_world.h - one server of the core under a flood, and real strays in it
 *
 *	bogus packets --.		    .--> 63 other nodes: answers
 *	real strays ----+--> node and steer-+--> forwards: admitted
 *	stale clients --'	  1 ms	    '--> RSTs
 *
 * The server has its tables as the daemon has them; the others are nodes with
 * full buckets, which answer and do nothing else. A datagram takes half a
 * millisecond each way and none is lost; processor time costs nothing. The
 * records of the real sessions lie where they belong.
 *
 * A real stray is the hardest there is: one segment in flight, sent again after
 * 0.2, 0.6, 1.4, 3, 6.2 and 12.6 s (RFC 6298, a minimum of 200 ms as in Linux),
 * until it is forwarded. A stale client does the same for a session that no
 * server has, until a RST ends it. Of either kind each is of a prefix of its
 * own, or all are of the one that the flood comes from.
 *
 * A bogus packet is the first of a flow that never was; it may be sent again,
 * as a stray would, 200 ms later.
 */
#ifndef HARNESS_BENCH_FLOOD_WORLD_H
#define HARNESS_BENCH_FLOOD_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#define FLOOD_SERVERS_MAX 2048
#define FLOOD_RATE_MAX	  1000000
#define FLOOD_REPEAT_MAX  16

struct flood_plan {
	uint32_t servers; /* 2..FLOOD_SERVERS_MAX */
	uint32_t rate; /* bogus packets a second; 0: none */
	uint32_t repeat; /* each is sent so often */
	bool one_prefix; /* all sources are of one /24 */
	uint32_t strays; /* real ones a second */
	uint32_t stale; /* stale clients, in the first second */
	uint32_t seconds; /* in which strays begin; 16 s more follow */
	uint64_t seed;
};

/* Clients that had what they wanted: before they sent again (at once), within
 * 1, 3 and 15 s, or not. Each is counted once. */
enum flood_wait {
	FLOOD_AT_ONCE,
	FLOOD_1S,
	FLOOD_3S,
	FLOOD_15S,
	FLOOD_NEVER,
	FLOOD_WAITS,
};

struct flood_result {
	uint64_t admitted[FLOOD_WAITS]; /* real strays */
	uint64_t killed; /* real strays that got a RST */
	uint64_t reset[FLOOD_WAITS]; /* stale clients */
	uint64_t strays, bogus; /* packets: of real strays, of the flood */
	uint64_t lookups, glances; /* glances are among the lookups */
	uint64_t datagrams; /* requests and answers */
	uint64_t resets; /* RSTs in all */
	double seconds; /* simulated */
	/* Of one miss, without a flood: of a lookup, and of a glance. */
	double lookup_datagrams, glance_datagrams;
};

void flood_world_run(const struct flood_plan *, struct flood_result *);

#endif
