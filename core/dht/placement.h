/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * placement.h - where a lookup that publishes stores, and when it is done
 *
 *	closest first:	stored	retried	stored	known	known ...
 *				 silent		 '-- stored at meanwhile
 *			<------- replicas, living ------->
 *
 * A record belongs to the `replicas` closest nodes that live. To know them it
 * is not necessary to have heard from all k: who is among the k closest nodes
 * knows every node that is closer, for its buckets on that side are not full
 * (table.h). So the surroundings of a place are *charted*
 *
 *   by our own table	if the buckets that hold the `replicas` closest have
 *			room: then they name all nodes that there are;
 *   by an answer	that named fewer than k peers closer than its sender:
 *			it has named all that are;
 *   by convergence	when the `replicas` closest that live have all answered
 *			and none has named a closer one.
 *
 * In a cluster of up to k nodes every table is a chart, and there is nothing to
 * look up. Who names less than half of what we know ourselves is newly there,
 * and its answer no chart.
 *
 * A chart may be wrong: contacts die, and newcomers are not yet known. So a
 * STORE is *conditional*: keep it only if you do not know `replicas` contacts
 * that are closer. Who knows some answers MOVED and keeps nothing; then it
 * is asked which, and the chart is drawn anew. A replica thus confirms its
 * place by what is known in its own neighbourhood, where each newcomer has
 * announced itself when it joined. Who is to hold the record because one who is
 * closer is silent, full, or was asked about and is still thought closer, gets
 * a STORE without that condition.
 *
 * A replica that is overdue is sent the STORE once more, and the next closest
 * one besides it; what it answers later is welcome. If an answer, however late,
 * names a closer peer, that one is stored at as well. Done is: of the closest
 * that are not silent, `replicas` have it. The lookup lasts until each silent
 * one has answered or failed, so that who holds the record is known to its
 * owner.
 *
 * A half-open record goes to peers alone that are known to speak version 2
 * (message_format.h): who has said nothing yet is asked first.
 *
 * A replica that knows a newer record does not hold ours: stale; the place is
 * its own all the same, and no other is stored at instead.
 *
 *	known, asked, answered -> storing -> retried -> failed
 *			'-- moved --'  '--------'----> stored, stale, refused
 */
#ifndef CORE_DHT_PLACEMENT_H
#define CORE_DHT_PLACEMENT_H

#include "core/dht/lookup.h"
#include "core/wire/message_format.h"

/* The lookup begins; certain: table_certain(). */
void placement_begin(struct lookup *, uint32_t certain, uint32_t replicas);
/* A peer at that distance from the target named `named` peers, `closer` of them
 * closer than itself. known: how many contacts we have ourselves. */
void placement_named(struct lookup *, uint32_t named, uint32_t closer,
		     uint32_t k, uint32_t known);
/* May be stored, as far as charts tell. */
bool placement_charted(const struct lookup *, uint32_t replicas);
/* The closest have all answered, or their time is over: as good as a chart. */
void placement_converged(struct lookup *);
/* The candidate was sent a STORE and is overdue: send it once more. */
bool placement_repeats(const struct candidate *, struct instant now);
/* The candidates to send a first STORE now, as indices (room for
 * LOOKUP_SHORTLIST); how many. *self_holds: we are one of the replicas
 * ourselves. self: our own position. */
uint32_t placement_choose(const struct lookup *, uint32_t replicas,
			  uint64_t self, uint8_t *chosen, bool *self_holds);
/* The STORE to that candidate is conditional. */
bool placement_conditional(const struct lookup *, uint32_t index);
/* It was sent. */
void placement_sent(struct lookup *, struct candidate *, struct instant now,
		    int64_t timeout_ns, bool conditional);
/* The candidate has answered a STORE; false: it was sent none. */
bool placement_answered(struct lookup *, struct candidate *, struct instant now,
			const struct message_item *);
/* Of the closest that are not silent, `replicas` have answered that they hold
 * it, or something newer. */
bool placement_done(const struct lookup *, uint32_t replicas, uint64_t self);
/* No answer is awaited. */
bool placement_settled(const struct lookup *);
/* How many hold it, ourselves included. */
uint32_t placement_count(const struct lookup *);
/* Every replica holds it; in a small network, every node that we know. */
bool placement_whole(const struct lookup *, uint32_t replicas);

#endif
