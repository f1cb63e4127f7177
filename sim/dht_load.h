/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dht_load.h - a load of nothing but the hash table: stores, then lookups
 *
 * measure.stores sessions that never were are stored, each by a random
 * server that then owns it; DHT_LOAD_PAUSE_NS after the last, measure.lookups
 * lookups of random ones of these keys by random servers other than the owner.
 * Both at Poisson intervals of measure.interval_ns. What comes of them are node
 * events, which server.c reports (setting_first, setting_all, lookup); a lookup
 * by a server that holds the record counts with 0 hops and as local, one that
 * finds another owner than the right one as failed.
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

struct dht_load;

struct dht_load *dht_load_create(const struct settings *, struct queue *,
				 struct network *, struct servers *,
				 struct workload *);
void dht_load_destroy(struct dht_load *);
void dht_load_start(struct dht_load *);
/* EVENT_WORKLOAD of code WORKLOAD_DHT_LOAD. */
void dht_load_event(struct dht_load *, struct instant now);

#endif
