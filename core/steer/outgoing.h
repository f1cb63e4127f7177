/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outgoing.h - the packets of a flow on their way to its owner
 *
 *	packet --> hold ... release --> forward: sealed, into the tunnel
 *			 '--> deliver: the session is here after all
 *			 '--> drop
 *
 * A held packet (core/hold.h) is not classified again: what has to be known of
 * it later is in its mark. It is kept for a moment when it has been released:
 * an owner may refuse it, and its client may speak again only when the flow has
 * been forgotten, and its first owner would be asked again.
 *
 * Held bytes are not one sender's: what a client prefix holds may come to as
 * much as is free, what a flow holds to half of that ("dynamic thresholds"
 * [1]). So one alone gets a half, or a third, of hold_bytes, ten get a tenth
 * each, and something is always left for the next.
 *
 * The first strays matter most: shortly after a flow strayed, its packets and
 * its queries leave by another uplink than the one it came by (settings.h).
 * Those that were held, the very first, go by the ordinary route as well, where
 * packets come by more than one: the other uplink's router may have no route,
 * and the client's next try be far away. The owner drops what comes twice.
 *
 * [1] Choudhury, Hahne: Dynamic Queue Length Thresholds for Shared-Memory
 *     Packet Switches. IEEE/ACM Transactions on Networking 6(2), 1998.
 */
#ifndef CORE_STEER_OUTGOING_H
#define CORE_STEER_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/steer/stray.h"

/* An owner refuses sooner, or was not reached: who has not answered for twice
 * the longest timeout of a peer counts as silent (dht/exchange.h). */
#define OUTGOING_KEPT_NS (100 * NS_PER_MS)
/* What comes after such a pause is kept, too, when its owner is known: that may
 * be the owner no more, and a client that has tried for so long tries again as
 * much later (RFC 6298, 5.5). */
#define OUTGOING_PAUSE_NS NS_PER_S

struct classification;
struct flow;
struct tunnel_peer;

/* A packet on its way out: the caller's, or the first one held. */
struct outgoing {
	const uint8_t *bytes; /* NULL: the flow's first held */
	uint32_t size;
	uint8_t mark;
};

/* The caller's packet; the bytes are borrowed. */
struct outgoing outgoing_of(const struct classification *,
			    const uint8_t *bytes);
/* Copy it to the end of what the flow holds. DROP_NONE: it is held. What quiet
 * flows hold (flow.h) makes room for it. */
enum drop outgoing_hold(struct strays *, struct flow *,
			const struct outgoing *);
/* All that is held, counted as drops. reason: DROP_NONE means each packet's
 * own. */
void outgoing_drop(struct strays *, struct flow *, enum drop reason);
/* All that is held to our own stack: the session is here after all. */
void outgoing_deliver(struct strays *, struct flow *, struct outbox *);

/* Did the flow stray just now, so that its uplink is to be avoided? */
bool outgoing_in_window(const struct strays *, struct instant now,
			const struct flow *);
/* To this owner, or why it was dropped. */
enum drop outgoing_forward(struct strays *, struct instant now, struct flow *,
			   struct tunnel_peer *owner, const struct outgoing *,
			   struct outbox *);
/* And to those whom other records name, where the owner may not be it; false:
 * there are none. Whoever has not the session says so. */
bool outgoing_copy(struct strays *, struct instant now, struct flow *,
		   const struct outgoing *, struct outbox *);
/* That one was forwarded to the owner, and copied to the others: keep it as if
 * it had been held, if nothing else is. */
void outgoing_keep(struct strays *, struct instant now, struct flow *,
		   const struct outgoing *, bool copied);
/* All that is held to the flow's owner, in order, and copies to the others.
 * They are kept for OUTGOING_KEPT_NS, and the flow is due then: if all refuse
 * them, whoever is found next gets them, but nobody gets one twice, nor more
 * others than a key has records. Whoever needs their room may take it. */
void outgoing_release(struct strays *, struct instant now, struct flow *,
		      struct outbox *);

#endif
