/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * contract.h - what the BPF programs and the daemon both rely on
 *
 *	config		constants, set before the programs are loaded
 *	services	hash: which addresses and ports are ours
 *	counters	one struct a processor
 *	events		ring buffer of struct contract_event
 *	openings	ring buffer of the same: handshakes, which may be many
 *	firsts		LRU hash: local first fragments (the programs' own)
 *	ended		LRU hash: sessions closed lately (the programs' own)
 *
 * Everything here is read on both sides of one kernel, so integers are in
 * host order unless they are bytes of a packet, and no struct has padding:
 * a padding byte would make two equal keys differ.
 */
#ifndef LIVE_BPF_CONTRACT_H
#define LIVE_BPF_CONTRACT_H

#include <stdint.h>

#include "core/session.h"

#define CONTRACT_UPLINKS  8
#define CONTRACT_SERVICES 256
/* A record is 64 bytes in the ring, with its header: 32,768 events. */
#define CONTRACT_RING_BYTES (2u << 20)
/* 8,192 of them. */
#define CONTRACT_OPENING_BYTES (512u << 10)

struct contract_uplink {
	uint32_t ifindex;
	uint32_t mac_bytes; /* before the IP header: 14, or 0 */
};

struct contract_config {
	uint64_t netns_cookie; /* socket events of this namespace only */
	uint32_t tun_ifindex;
	uint32_t uplink_count;
	struct contract_uplink uplinks[CONTRACT_UPLINKS];
	uint8_t self[16]; /* our loopback: the tunnel's source */
	uint32_t self_family; /* 4 or 6 */
	uint32_t gue_port;
};

/* Every service address has an entry with port 0, whose value says whether
 * it stands for every port or only for "this address has services"; ports
 * that are services by themselves have one each. So that what is not for us
 * costs one look. */
struct contract_service {
	uint8_t address[16]; /* IPv4: first 4 bytes, rest zero */
	uint8_t port[2]; /* network order */
	uint8_t family;
	uint8_t zero;
};
_Static_assert(sizeof(struct contract_service) == 20, "no padding");

#define CONTRACT_SERVICE_ADDRESS 0
#define CONTRACT_SERVICE_PORTS	 1

/* In the order of the fields of struct contract_event's change. */
#define CONTRACT_OPENED	 0
#define CONTRACT_CLOSED	 1
#define CONTRACT_LINGERS 2
#define CONTRACT_OPENING 3

struct contract_event {
	int64_t at_ns; /* CLOCK_MONOTONIC */
	struct session_key key;
	uint8_t change;
	uint8_t zero[9];
};
_Static_assert(sizeof(struct contract_event) == 56, "no padding");

/* homeward_ask, run by the daemon: whose is this segment (enum ownership), if
 * the socket of its key is here? It stands where a packet would: behind an
 * Ethernet header, which the kernel wants to see. */
struct contract_question {
	uint8_t mac[14];
	uint8_t zero[2];
	uint32_t seq, ack;
	uint32_t length; /* of the sequence */
	uint8_t flags; /* of TCP */
	uint8_t quoted; /* it is in an ICMP error */
	struct session_key key;
};
_Static_assert(sizeof(struct contract_question) == 68, "no padding");

/* Meanings: DATAPATH_PROGRAM_COUNTER_LIST in live/kernel/datapath.h. */
struct contract_counters {
	uint64_t packets;
	uint64_t redirected;
	uint64_t kernel_resets;
	uint64_t refused;
	uint64_t malformed;
	uint64_t events_lost;
	uint64_t untold;
	uint64_t doubts;
	uint64_t doubts_skipped;
	uint64_t openings;
	uint64_t openings_lost;
	uint64_t openings_skipped;
};

#endif
