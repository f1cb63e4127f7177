/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hearing.h - who is watched, and was not heard lately, is pinged
 *
 *	its turn	its turn	its turn	its turn
 *	----+---------------+---------------+---------------+----
 *	    |<--watch_ns--->|       ^	    | heard lately  |
 *	   ping		   ping	  heard	  no ping	   ping
 *
 * Two watch some of our contacts: neighbours.h those that share records with
 * us, keepers.h those that keep ours. In a small network most are both. When
 * one was heard is kept with the contact, for both: any datagram of it counts,
 * its own ping and its answer to ours, too.
 *
 * A neighbour has its turn every watch_ns, and is pinged if it was silent for
 * half of that; a keeper when it was silent for all of it. So two that have
 * nothing else to say exchange one ping in watch_ns, whichever of them and of
 * its watchers comes first; and each knows of the other's death after one and a
 * half times that, and the tests of liveness.h, at most.
 *
 * That a neighbour's turns come regularly, whenever it was heard, is on
 * purpose: a peer that has told many something would else be pinged by all of
 * them at one time, and by nobody in between. (Tried: those who watch it knew
 * of a death after 1.7 s all the same, but with a tenth of all lost after 3.1 s
 * and not 1.8 s; neighbours_test.c with seeds 5 to 12.)
 *
 * The time is kept in eight bits, in 32nds of watch_ns, which come round again:
 * who was neither heard nor pinged for eight times watch_ns seems to have been
 * heard, and is pinged a turn later. Whoever is watched is pinged before that.
 *
 * What it costs: of 100 servers with 5,000 sessions (scenarios/cost.yaml) one
 * sends 2.7 pings a second for k = 8 and 4.5 for k = 20, which are, with their
 * answers, 390 and 650 bytes.
 */
#ifndef CORE_DHT_HEARING_H
#define CORE_DHT_HEARING_H

#include "core/dht/node_state.h"

#define HEARING_STEPS 32
/* However short watch_ns and however many there are. */
#define HEARING_PACE_NS NS_PER_MS

/* Between two turns, where so many have one each in watch_ns. */
int64_t hearing_pace_ns(const struct node *, uint32_t count);
/* A datagram of this peer came. */
void hearing_note(struct node *, struct instant now, uint32_t peer);
/* How long it was silent, and not pinged, in 32nds of watch_ns; modulo 256. */
uint32_t hearing_silent(const struct node *, struct instant now,
			const struct contact *);
/* Its turn: it is pinged if it was silent for so many 32nds, unless all places
 * for tests are taken. */
void hearing_turn(struct node *, struct instant now, struct contact *,
		  uint32_t steps, struct outbox *);

#endif
