/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.h - a node's datagrams: begun, sent, and how long to wait
 *
 *	exchange_begin()	room in the outbox, the header
 *	message_put_*()		what is asked or stored (wire/message.h)
 *	exchange_send()		the item shrinks to what was written; counted
 *	exchange_hedge_ns()	when to ask another one besides
 *	exchange_timeout_ns()	when the answer is overdue
 *	exchange_answered()	the peer lives, at that distance
 *
 * The lowest file of a node: lookups, batches, pings and replies stand on it,
 * and none of them knows another for the sake of a datagram. It keeps no state:
 * an outstanding question belongs to the file that asked it.
 *
 * A contact has a timeout of its own (contact.h). For a stranger, and for a
 * contact that was never measured, the round trips of all other peers speak:
 * twice a high quantile of them, at most the initial timeout. The quantile
 * rises at once to a round trip that is longer, and sinks by a 64th of the
 * difference with each that is shorter: where one peer of 64 or more is far,
 * it stays near that one's. A dead stranger so costs a few round trips of this
 * fabric, and not of any. A stranger that is farther than all others is called
 * failed too early, until its answers, late but counted, have taught better.
 *
 * A full outbox loses the datagram, as the network might; the sender waits for
 * the answer all the same: one rule for both losses.
 */
#ifndef CORE_DHT_EXCHANGE_H
#define CORE_DHT_EXCHANGE_H

#include "core/dht/node_state.h"
#include "core/dht/traffic.h"

/* Begin a datagram in the outbox; false when it is full. */
bool exchange_begin(struct outbox *, const struct endpoint *to,
		    enum message_type, uint32_t transaction,
		    struct message_writer *);
/* The datagram is complete: shorten the outbox's last item to it, and count it
 * under what it is for. */
void exchange_send(struct node *, struct outbox *, enum traffic_purpose,
		   const struct message_writer *);
/* How long to wait for a peer's answer: by its round trips, or by those of
 * other peers; the initial timeout for a contact that is stale, since it may be
 * farther than it was, and while no peer was measured. */
int64_t exchange_timeout_ns(struct node *, uint32_t peer);
/* From when on to ask another one besides: hedge.h; the timeout at the latest,
 * and while no peer was measured. */
int64_t exchange_hedge_ns(struct node *, uint32_t peer);
/* A peer answered a request of ours after rtt_ns; negative: not timed. */
void exchange_answered(struct node *, uint32_t peer, int64_t rtt_ns);
/* Milliseconds for the wire: rounded up, at most UINT32_MAX; ns >= 0. */
uint32_t exchange_ms(int64_t ns);

#endif
