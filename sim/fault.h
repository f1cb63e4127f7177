/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - the scenario's events: what breaks, when, and how it is mended
 *
 * Targets: a device or a link by name; or a tier of the path that session 0
 * (when that is over, the first session still open) takes at that moment, or
 * "path", one of the three tiers at random. With retry_after_ns a cut of the
 * path must prove itself: if no packet of the session has strayed by then, it
 * is undone, reported as missed ("link_down_missed"), and when the routes are
 * back another link of the path is cut, until each tier was tried.
 *
 *	link_down, link_silent, router_down	until_ns: link_up, router_up
 *		with period_ns: down for half a period, up for half, until then
 *	server_crash	until_ns: server_up	sessions and records die with it
 *	drain		until_ns: undrain	anycast route withdrawn
 *	leave		drain, then out of the hash table when no session is
 *			left
 *	join		`count` servers beyond fabric.servers, off until then
 *	churn		`count` random servers, each up for an exponential time
 *			of mean period_ns, down for another, until until_ns
 *	partition	the second half of exits, spines and leaves is cut from
 *			the first half and from the edge; until_ns: merge
 *
 * Whatever harms, churn apart, begins a stall window; link and router failures
 * also time the first stray (workload_fault), until something else changes.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "sim/engine/event.h"
#include "sim/host/server.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

struct faults;

/* Servers that FAULT_JOIN items add to fabric.servers. */
uint32_t faults_joining(const struct settings *);
/* 0, or -EINVAL and a sentence: a target that is not there. joining: of
 * settings->fabric.servers the last so many are off at first. */
int faults_create(struct faults **, const struct settings *, uint32_t joining,
		  struct queue *, struct network *, const struct watch *,
		  struct workload *, struct servers *, char *error,
		  size_t error_size);
void faults_destroy(struct faults *);
/* Time zero: schedule all items. */
void faults_start(struct faults *);
void faults_event(struct faults *, struct instant now, const struct event *);

#endif
