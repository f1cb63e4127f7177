/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repair.h - records that others lost are stored again by those who hold them
 *
 *	neighbours.h: came, went	the seal: booted	we leave
 *		|			    |		    |
 *		'----> causes, each due at its time <-------'
 *				| a scan of what we hold, for all that are due
 *				v
 *		 a key:  x  A  x  we  B  C	by distance; r = 3, x went
 *			 before: x A x		so C, say, was none of them
 *			 now:	 A we B		and holds what x held
 *				| load: 128 (record, peer), sorted by peer
 *				v
 *		 STOREs of many keys each, acknowledged (batch.h)
 *
 * Who holds a record knows whom the others should be: the r closest to its key
 * among ourselves and our contacts (neighbours.h says why that is right). Each
 * change of that set is seen to by those who hold the record, not by its owner,
 * who may be anywhere and learns of it when it republishes:
 *
 *  - A peer went (it is stale, or has said LEAVE): with it back in its place,
 *    the r closest are those who were to hold each record; whoever is among
 *    the r closest without it and was not before is sent the record.
 *  - A peer came (it joined, or answers again) or booted (the same server,
 *    with an empty memory): it is sent all that it should hold: until
 *    then it says "I do not know it" from a place close to the key. Who came
 *    back has what it had, and is told what it missed.
 *
 * Who comes while another's scan is due or runs lacks what that other lacks:
 * neither is taken for one who was there (of two that joined a lone server
 * within 20 ms each hid the other, and both got nothing).
 *
 * All of it begins at once. That a server that restarts is back in two seconds
 * is no reason to wait: where half of 64 servers die within 16 s, waiting
 * another 3 s loses some records of all three holders and saves no datagram.
 *
 * A record goes out as it is here: its version, its owner, the time to live
 * that it has left. The store at the peer keeps what is newer and what lasts
 * longer (store.h), so that each of the holders may send it, and all do: that
 * is r - 1 copies where one would do, in exchange for no rule about who acts
 * for whom, when each knows a little less or more than the others. Tombstones
 * are records, and repaired like them, so that no repair finds a session again
 * that has ended. One who is no longer among the r closest keeps what it has
 * for its time to live, as a last copy, but sends it only to those who
 * came and so took its place.
 *
 * Rate: at most REPAIR_DATAGRAMS_S datagrams a second, beside acknowledgements;
 * a step looks at REPAIR_LOOK records at most, so that no call takes long.
 * Batches are taken from the pool of publications while half of it is free.
 *
 * The owner's list of replicas follows: who was sent a record by another than
 * its owner tells that owner so (HOLD), by the same scan, many keys in a
 * datagram. Three times in vain, and it is left at that (store.h): an owner
 * that comes back publishes anew. So the end of a session reaches all who hold
 * it. An owner that has no such session says so, and the record is dropped;
 * inquiry.h says when else it is asked.
 *
 * A peer that acknowledges nothing is tested (liveness.h), and if it passes is
 * sent everything again. Causes full (NODE_CAUSES): one scan stores every
 * record at all of its r closest.
 *
 * Leaving: the same scan with ourselves as the one that went, at once; then
 * LEAVE. repair_left() says when.
 *
 * The measure: republishing mends as much, 200 s later.
 */
#ifndef CORE_DHT_REPAIR_H
#define CORE_DHT_REPAIR_H

#include "core/dht/node_state.h"

/* Peers that come or go together are seen to together. */
#define REPAIR_WAIT_NS (100 * NS_PER_MS)
/* An owner says that a record of ours is false. Whoever finds it asks that
 * owner and hears so; we ask before we drop it, and one question takes a scan
 * of all that we hold: so many wait for the next. */
#define REPAIR_DOUBT_NS (2 * NS_PER_S)
/* Until a peer that acknowledged nothing is tried again. */
#define REPAIR_AGAIN_NS	   (1 * NS_PER_S)
#define REPAIR_DATAGRAMS_S 2000
#define REPAIR_LOOK	   1024
#define REPAIR_LOAD	   128
/* No batch is free. */
#define REPAIR_RETRY_NS (10 * NS_PER_MS)

void repair_init(struct node *);
void repair_came(struct node *, struct instant now, uint32_t peer);
void repair_booted(struct node *, struct instant now, uint32_t peer);
void repair_went(struct node *, struct instant now, uint32_t peer);
/* We keep a record that another than its owner sent: tell the owner. */
void repair_relayed(struct node *, struct instant now);
/* An owner says that it has no such session, and we have: ask it. */
void repair_doubted(struct node *, struct instant now);
/* Hand over what we hold. */
void repair_leave(struct node *, struct instant now);
/* All of it is acknowledged, or was sent in vain. */
bool repair_left(const struct node *);
/* An answer to one of our batches; DROP_UNASKED if it is none. */
enum drop repair_answer(struct node *, struct instant now, uint32_t peer,
			struct message_reader *);
/* Give back all batches. */
void repair_forget(struct node *);
struct instant repair_deadline(const struct node *);
void repair_expire(struct node *, struct instant now, struct outbox *);

#endif
