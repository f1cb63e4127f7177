/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keepers.h - an owner watches the peers that keep its records
 *
 *	stale, LEAVE: went	the seal: booted
 *		|		    |
 *		'---> causes <------'
 *			| a sweep of our publications, for all there are
 *			v
 *	booted: it is sent again what it is a replica of
 *	went:	where we know of nobody else who is there and holds it,
 *		 strangers who do are sent it again; it is placed anew
 *		 if one of them is silent, or there is none
 *
 * Those who hold a record together repair it (repair.h); but when all of them
 * boot or die before the first has been sent it again, its owner alone can. Of
 * one replica (r = 1) that is always so. So the owner does not wait for its
 * next republish: a replica that has begun a new life is sent what it had, at
 * once; when the last who held a record has died or left, it is looked for
 * where it should be now. What has one holder left is that holder's to mend;
 * it is watched from then on, whoever stored there.
 *
 * Keepers are contacts that were stored at. They have their turns to be pinged
 * (hearing.h), the longest silent first, KEEPERS_WATCHED of them in watch_ns
 * at most. A contact that is silent may give way to a replacement at once
 * (table.h), and is a keeper that went all the same. A replica that is no
 * contact, a stranger, is not watched, for there may be thousands: it is asked
 * when those who are watched have gone. (Of 63 others a node with k = 20 knows
 * 20 of the far 32 and all 31 of the near, so a fifth of all replicas are
 * strangers.) A copy at a stranger counts for nothing. A stranger that alone
 * holds a record, as with r = 1, is nobody else's to miss, and is pinged as a
 * keeper, one at each keeper's turn; an answer that does not come has the
 * record placed anew, wherever that is.
 *
 * A record all of whose holders are strangers is missed by nobody when they die
 * together. One of them is asked, too, in a round of watch_ns that begins when
 * there may be a landslide (landslide.h): whoever is silent is a keeper that
 * went, and the others are sent it again. In such a round no stranger is asked
 * twice, nor are more than 64. (Tried: in every round. With k = 8 each of 100
 * servers then sends half as many pings again, scenarios/cost.yaml.)
 *
 * The sweep looks at KEEPERS_LOOK publications a step at most, or at fewer that
 * are makeshift, once somebody was met (MAKESHIFT_LOOKS); and it pays for what
 * it has sent: KEEPERS_DATAGRAMS_S. What is being stored while a peer boots is
 * placed again when that is over; what a lookup stores at that moment is left
 * to the other holders.
 *
 * Causes full (NODE_KEEPER_CAUSES): the next sweep sends every replica
 * everything.
 */
#ifndef CORE_DHT_KEEPERS_H
#define CORE_DHT_KEEPERS_H

#include "core/dht/node_state.h"

#define KEEPERS_WATCHED	    64
#define KEEPERS_LOOK	    256
#define KEEPERS_DATAGRAMS_S 2000
/* What comes back does not come alone. */
#define KEEPERS_GATHER_NS (100 * NS_PER_MS)

void keepers_init(struct node *);
/* It keeps a record of ours. */
void keepers_keep(struct node *, struct instant now, uint32_t peer);
/* It has lost its memory. */
void keepers_booted(struct node *, struct instant now, uint32_t peer);
/* A contact is new, or was stale and has been heard. */
void keepers_meet(struct node *, struct instant now);
/* It is about to leave the table. */
void keepers_left(struct node *, struct instant now, uint32_t peer);
struct instant keepers_deadline(const struct node *);
void keepers_expire(struct node *, struct instant now, struct outbox *);

#endif
