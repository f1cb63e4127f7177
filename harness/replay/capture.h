/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture.h - IP packets out of any capture file that libpcap opens
 *
 *	pcap, pcapng; micro- and nanoseconds
 *	  Ethernet, 802.1Q and QinQ | raw IP | PPP | Linux cooked 1 and 2 | BSD
 *	  loopback  ->  the IP packet inside, or the reason why there is none
 *
 * Every record of the file comes out, numbered from 1 as tcpdump and
 * Wireshark number them, so that counts always add up to the file's. A record
 * that holds no whole IP packet says why (enum drop): captures are other
 * people's data and often broken on purpose. Only a file that libpcap cannot
 * read on is an error, and what came before it counts.
 */
#ifndef HARNESS_REPLAY_CAPTURE_H
#define HARNESS_REPLAY_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"

struct capture;

struct capture_packet {
	uint64_t number; /* of the record in the file, from 1 */
	int64_t at_ns; /* since the epoch, as captured */
	const uint8_t *bytes; /* the IP packet; borrowed until the next call */
	uint32_t size;
	uint32_t missing; /* bytes behind that were not captured */
	enum drop drop; /* DROP_NONE, or why bytes is not an IP packet */
};

/* 0; -1 with a sentence in error[]: no such file, no capture, or a link type
 * that carries no IP we can find. */
int capture_open(struct capture **, const char *path, char *error,
		 size_t error_size);
/* 1: a record; 0: the end; -1: the file is broken here, see error[]. */
int capture_next(struct capture *, struct capture_packet *, char *error,
		 size_t error_size);
void capture_close(struct capture *);

#endif
