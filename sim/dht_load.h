/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dht_load.h - a load of nothing but the hash table
 *
 *	phases	stores | pause | removals | pause | lookups
 *	mixed	stores | pause | removals, lookups, and a store whenever
 *				 one of the keys is owned no more
 *
 * measure.stores sessions that never were are stored, each by a random
 * server that then owns it, measure.removals of them are removed by their
 * owners, and measure.lookups are looked up by random servers other than the
 * owner: all at Poisson intervals of measure.interval_ns, and each kind's
 * first DHT_LOAD_PAUSE_NS after the last of the kind before. In phases a
 * lookup is of any key that was stored, removed since or not.
 *
 * Mixed keeps a steady number of keys alive: each is in a slot, and a slot
 * whose key was removed, or whose owner is gone (a crash, its daemon killed,
 * it left), is given another key of another random server. Each operation
 * looks at the next DHT_LOAD_SWEEP slots; when one is vacant the operation is
 * that store. Else it is a removal or a lookup, at random, in proportion to
 * what is left of them. Lookups are of random slots, and one in
 * DHT_LOAD_REMOVED of a key that was removed lately, if any was.
 *
 * What comes of them are node events, which server.c reports (setting_first,
 * setting_all, lookup) and truth.h judges: a lookup by a server that holds the
 * record counts with 0 hops and as local, one that finds another owner than
 * the right one, or one that has removed the key, as failed.
 *
 * Without stores, but with clients' sessions, the lookups are of random open
 * sessions, by servers other than their owner, from the start of the run.
 *
 * Keys of what is stored: clients of 198.18.0.0/15 (RFC 2544) and
 * 2001:db8:b::/96.
 */
#ifndef SIM_DHT_LOAD_H
#define SIM_DHT_LOAD_H

#include "sim/engine/event.h"
#include "sim/host/server.h"
#include "sim/model/settings.h"

#define DHT_LOAD_PAUSE_NS NS_PER_S
#define DHT_LOAD_SWEEP	  8
#define DHT_LOAD_REMOVED  8

struct dht_load;

struct dht_load *dht_load_create(const struct settings *, struct queue *,
				 struct network *, struct servers *,
				 struct workload *);
void dht_load_destroy(struct dht_load *);
void dht_load_start(struct dht_load *);
/* EVENT_WORKLOAD of code WORKLOAD_DHT_LOAD. */
void dht_load_event(struct dht_load *, struct instant now);

#endif
