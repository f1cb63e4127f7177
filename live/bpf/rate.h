/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rate.h - what a processor may tell the daemon in a second
 *
 * A token bucket a processor and purpose, kept as one number: the time at which
 * it will be full again (the generic cell rate algorithm, ITU-T I.371). A token
 * costs 1 s / rate of that time; none is left when that lies more than the
 * burst ahead. One program at a time runs on a processor (the tc programs have
 * softirqs off), so nothing is atomic here.
 *
 *	OPENING		handshakes: what a busy server's processor answers; a
 *			SYN flood beyond it is not worth a record each
 *	DOUBT		clones: a session's packets at some 20 Mbit/s
 *
 * Included behind kernel.h and libbpf's headers.
 */
#ifndef LIVE_BPF_RATE_H
#define LIVE_BPF_RATE_H

#include "live/bpf/kernel.h"

#define RATE_NS_PER_S 1000000000ull

enum rate {
	RATE_OPENING,
	RATE_DOUBT,
	RATES,
};

#define RATE_OPENING_PER_S 4000
#define RATE_OPENING_BURST 1000
#define RATE_DOUBT_PER_S   2000
#define RATE_DOUBT_BURST   256

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RATES);
	__type(key, uint32_t);
	__type(value, uint64_t); /* full again at this time */
} rates SEC(".maps");

/* Takes a token, if there is one. */
static __always_inline bool
rate_admits(enum rate rate, uint64_t now)
{
	bool opening = rate == RATE_OPENING;
	uint64_t cost = RATE_NS_PER_S /
			(opening ? RATE_OPENING_PER_S : RATE_DOUBT_PER_S);
	uint64_t burst = opening ? RATE_OPENING_BURST : RATE_DOUBT_BURST;
	uint32_t key = rate;
	uint64_t *full = bpf_map_lookup_elem(&rates, &key);
	uint64_t next;

	if (full == NULL)
		return false;
	next = *full > now ? *full : now;
	if (next + cost - now > burst * cost)
		return false;
	*full = next + cost;
	return true;
}

#endif
