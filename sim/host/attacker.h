/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attacker.h - packets from outside that are of no session, at a rate
 *
 *	flood		to the service's port, from ports that are random:
 *			ack	an ACK and, of every second, data up to
 *				ATTACKER_DATA bytes; numbers are random
 *			syn	a SYN, numbers are random
 *			random	any of the six flags, data as above
 *	forged_syn	a SYN with addresses and ports of a session that is
 *			open (the handshake's included), any of them as likely,
 *			and a sequence number of its own: what one sends who
 *			guesses four numbers right, but not the fifth
 *
 * Flood's sources: anywhere in the internet (random), or a neighbour of a
 * client, in the same /24 or, of IPv6, /64 (client): what a limit by prefix
 * takes for the client itself. Never a server's address, the service's, nor,
 * as long as there are others, one that a client host has.
 *
 * Each event of the script attacks by itself: intervals are exponential of
 * mean 1 / rate_pps (Poisson), numbers of a stream that is the event's own.
 * Each packet is sent `repeat` times at one instant.
 *
 *	attacker -> a client host's link -> edge -> ... a server, by its hash
 *
 * Packets enter as if a client host, a random one, had sent them (of a
 * neighbour: the client next to it), and take that host's link with its rate
 * and queue, and the anycast path of their own hash. Answers go to who is said
 * to have asked: to a client's address, to that client; to an address that no
 * host has, out of the fabric by the edge and the link of client1, where they
 * are counted and end (client.h).
 *
 * Where we leave the world: sources that a router would filter (RFC 2827,
 * RFC 6890) are not tried; nobody behind a random address answers a SYN-ACK by
 * a RST, as some would; nothing is fragmented; no flood of UDP, and none at a
 * server's own address.
 */
#ifndef SIM_HOST_ATTACKER_H
#define SIM_HOST_ATTACKER_H

#include <stdint.h>

#include "sim/engine/event.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

#define ATTACKER_DATA 512

struct attackers;

/* Everything is borrowed. Aborts when out of memory. */
struct attackers *attackers_create(const struct settings *, struct network *,
				   struct queue *, const struct workload *);
void attackers_destroy(struct attackers *); /* NULL: nothing */
/* The script's event, FLOOD or FORGED_SYN, begins, unless it has. */
void attackers_begin(struct attackers *, uint32_t item);
/* It ends; an event that is CALM: all do. */
void attackers_end(struct attackers *, uint32_t item);
/* EVENT_ATTACK. */
void attackers_event(struct attackers *, const struct event *);
/* Counters to the watch, if there was an attack: what was sent, what found no
 * open session to be forged, and answers that nobody was there for. */
void attackers_report(const struct attackers *, const struct watch *,
		      uint64_t answers);
/* And then: a warning of each event that no session was open for. */
void attackers_remark(const struct attackers *, const struct watch *);

#endif
