/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search.h - finding a flow's owner, and giving up
 *
 * A flow (flow.h has the picture) is LOOKING while its lookup runs and
 * WAITING between two; both hold packets. A miss waits miss_retry_ns, then
 * twice that, and so on; the last lookup starts at miss_deadline after the
 * first, or when one ends that was running then, and when that too misses the
 * flow is given up: a RST to the client,
 * then NEGATIVE for a second, in which its packets are dropped. So a RST is
 * sent a lookup's time after the deadline at the earliest, and only after the
 * replicas said "unknown" as late as possible.
 *
 * A flow of which only RSTs came is given up at its first miss.
 *
 * A RST is final, so two lookups have to have shown that there is no such
 * session: one in the first half of the series, or an owner's "not mine", and
 * the one that began at miss_deadline or later. Each has to be conclusive
 * (node.h: else our uplinks may be down, or the replicas too busy to answer in
 * time), and a glance never is. A flow without them is dropped in silence; its
 * client speaks again. So is one that never got a lookup: the node's table was
 * full, or the flow was not worth one (budget.h).
 *
 * The RST is made from the latest segment's numbers, which the flow keeps; so
 * it can be sent although the packets all went to an owner that then said "not
 * mine".
 */
#ifndef CORE_STEER_SEARCH_H
#define CORE_STEER_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/drop.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/steer/budget.h"
#include "core/steer/stray.h"

/* A lookup's answer is lost then, far beyond its own deadline (250 ms). */
#define SEARCH_LOST_NS (2 * NS_PER_S)
/* From a full outbox to the next turn (turns.h), at least: its caller has sent
 * by then what is in it. */
#define SEARCH_TELL_NS NS_PER_MS

struct flow;
struct tunnel_peer;

/* A series of lookups begins, its deadline with it; budget: for the first. */
void search_begin(struct strays *, struct instant now, struct flow *,
		  struct budget, struct outbox *);
/* A packet of a flow has come whose owner is not known: it speaks again, and
 * may be worth more. */
void search_heard(struct strays *, struct instant now, struct flow *,
		  struct outbox *);
/* The same of one whose owner is known: it has refused nothing of what it was
 * sent. */
void search_settled(struct strays *, struct flow *);
/* The time that the flow was scheduled for has come. */
void search_turn(struct strays *, struct instant now, struct flow *,
		 struct outbox *);
/* The flow's owner is dead: the other record's, or a search past it. */
void search_orphaned(struct strays *, struct instant now, struct flow *,
		     struct outbox *);
/* A RST to its client, from its last segment; later when the outbox is full.
 * The flow may have gone then. */
void search_tell(struct strays *, struct instant now, struct flow *,
		 struct outbox *);
/* Its owner is dead, and the replicas know no other: a RST. The flow may have
 * gone then. */
void search_end(struct strays *, struct instant now, struct flow *,
		struct outbox *);
/* Its lookup has ended, with records or without. conclusive: the replicas do
 * not know the session (node.h). */
void search_found(struct strays *, struct instant now, struct flow *,
		  const struct node_event *, struct outbox *);
void search_missed(struct strays *, struct instant now, struct flow *,
		   bool conclusive, struct outbox *);
/* A peer, an endpoint index, says that it has no such session. */
void search_not_mine(struct strays *, struct instant now, struct flow *,
		     uint32_t peer, struct outbox *);
/* The owner that the flow's packets go to; false: none is known. One that is
 * gone is given up for another record's, which was found good, or none. */
bool search_owner(struct strays *, struct instant now, struct flow *,
		  struct tunnel_peer *owner, struct outbox *);
/* Should its last lookup have begun before now? Its caller is late. */
bool search_overdue(const struct strays *, struct instant now,
		    const struct flow *);
/* The flow goes, and what it holds is dropped; reason as in outgoing_drop(). */
void search_forget(struct strays *, struct flow *, enum drop reason);

#endif
