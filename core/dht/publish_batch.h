/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish_batch.h - a node's own sessions on the wire: STOREs and REMOVEs of
 * many keys, in flight
 *
 *	publish.c: a load of (peer, publication)	publish_batch_send()
 *		   the end of one publication		publish_batch_remove()
 *			|
 *		sorted by peer, one datagram for many	batch.h
 *			| answered, or BATCH_TRIES in vain
 *		publish_batch_settle(): held, or placed anew, or ended
 *
 * A publication settles when the last batch about it has ended.
 */
#ifndef CORE_DHT_PUBLISH_BATCH_H
#define CORE_DHT_PUBLISH_BATCH_H

#include "core/dht/node_state.h"

/* (publication, replica) pairs sent in one load. */
#define PUBLISH_LOAD 256

/* One publication to be stored at one replica. */
struct publish_pair {
	uint32_t peer, publication;
	bool copy; /* the peer is no replica */
};

struct publish_load {
	uint32_t count;
	bool due; /* a republishing is, so others go with it */
	struct publish_pair pairs[PUBLISH_LOAD];
};

/* Nothing about it is in flight: held, or, lost, placed anew, or ended. */
void publish_batch_settle(struct node *, struct instant now, uint32_t slot);
/* The load has no more pairs than there are free batches. */
void publish_batch_send(struct node *, struct instant now,
			struct publish_load *, struct outbox *);
/* Tell one replica of its end, or who has a copy. False: no batch is free. */
bool publish_batch_remove(struct node *, struct instant now, uint32_t slot,
			  uint32_t peer, bool copy, struct outbox *);
/* A replica knows this newer one: ours goes above that, and NODE_RAISED
 * follows. False: no (publication.h). */
bool publish_batch_raise(struct node *, struct instant now, uint32_t slot,
			 struct version known);
/* A reply to a batch. */
enum drop publish_batch_answer(struct node *, struct instant now, uint32_t peer,
			       struct message_reader *);
/* Those overdue: sent again, or given up. */
void publish_batch_expire(struct node *, struct instant now, struct outbox *);
/* Give back all batches, and the publications that they are about. */
void publish_batch_forget(struct node *);

#endif
