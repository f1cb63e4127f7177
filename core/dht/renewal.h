/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * renewal.h - all of a node's sessions republished, out of their turn
 *
 *	publications	0 1 2 3 4 5 6 ... used
 *			    ^ cursor: those before it are due now
 *
 * A machine that slept, or a virtual one that was paused, has clocks that
 * stood still; its peers' did not. What it published may have died at its
 * replicas while it believes that it has a while yet. When its caller finds
 * that out (node_republish()), each session that all replicas had is due at
 * once, RENEWAL_SLOTS slots of the pool at a time; publish.c then sends them at
 * the pace of any republishing, a load each PUBLISH_PACE_NS. Found out again
 * meanwhile, it begins again. So it is, a little later, when many have died
 * (landslide.h).
 */
#ifndef CORE_DHT_RENEWAL_H
#define CORE_DHT_RENEWAL_H

#include "core/dht/node_state.h"

#define RENEWAL_SLOTS 1024

void renewal_init(struct node *);
/* At that time, which is not before now. */
void renewal_begin(struct node *, struct instant when);
struct instant renewal_deadline(const struct node *);
/* Before publish_expire(), which sends what is due. */
void renewal_expire(struct node *, struct instant now);

#endif
