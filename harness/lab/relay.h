/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay.h - delay and loss between two interfaces
 *
 *	client1		   relay's namespace		     edge1
 *	"edge1" =veth= w24a AF_PACKET   AF_PACKET w24b =veth= "client1"
 *			       '-> read, queue, write -'
 *
 * One process serves all slow links of a lab. A packet is due when the kernel
 * saw it plus the link's delay, so that time which the relay loses before it
 * reads is not added. Packets of several segments stay whole (virtio header),
 * so that a bulk transfer costs what it costs over veth. A queue is in order of
 * due times, and those are in order of arrival unless the link reorders or its
 * delay became less. With a rate a packet leaves when those before it have
 * left, and one that finds queue_bytes before it is dropped.
 *
 * Carrier is passed on: when one end loses it the other is taken down until
 * it is back, as a cable would do.
 */
#ifndef HARNESS_LAB_RELAY_H
#define HARNESS_LAB_RELAY_H

#include <stdint.h>

#include "harness/lab/relayed.h"

#define LAB_RELAY_NAME 16

struct lab_relay_link {
	uint32_t number; /* of the fabric's link: names the interfaces */
	/* Borrowed; shared, it may change at any time (relayed.h). */
	const struct lab_relayed *settings;
};

/* The relay's own end of a link's half: "w24a", "w24b". */
void lab_relay_name(char name[LAB_RELAY_NAME], uint32_t link, uint32_t end);

/* A process for these links whose interfaces are in that namespace; it lives
 * until it is killed. 0 when it relays, or -1 after saying why. */
int lab_relay_start(const char *space, const struct lab_relay_link *,
		    uint32_t count, uint64_t seed);

#endif
