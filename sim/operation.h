/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operation.h - a load of nothing but the hash table: settings, then lookups
 *
 * measure.settings sessions that never were are stored, each by a random
 * server that then owns it; OPERATION_PAUSE_NS after the last, measure.lookups
 * lookups of random ones of these keys by random servers other than the owner.
 * Both at Poisson intervals of measure.interval_ns. What comes of them are node
 * events, which server.c reports (setting_first, setting_all, lookup); a lookup
 * by a server that holds the record counts with 0 hops and as local, one that
 * finds another owner than the right one as failed.
 *
 * Without settings, but with clients' sessions, the lookups are of random open
 * sessions, by servers other than their owner, from the start of the run.
 *
 * Keys of what is stored: clients of 198.18.0.0/15 (RFC 2544) and
 * 2001:db8:b::/96.
 */
#ifndef SIM_OPERATION_H
#define SIM_OPERATION_H

#include "sim/engine/event.h"
#include "sim/host/server.h"
#include "sim/model/settings.h"

#define OPERATION_PAUSE_NS NS_PER_S

struct operations;

struct operations *operations_create(const struct settings *, struct queue *,
				     struct network *, struct servers *,
				     struct workload *);
void operations_destroy(struct operations *);
void operations_start(struct operations *);
/* EVENT_WORKLOAD of code WORKLOAD_OPERATION. */
void operations_event(struct operations *, struct instant now);

#endif
