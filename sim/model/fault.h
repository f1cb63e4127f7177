/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - the scenario's events: what breaks, when, and how it is mended
 *
 *	link_down, link_silent, router_down	until_ns: link_up, router_up
 *		with period_ns: down for half a period, up for half, until then
 *	server_crash	until_ns: server_up	sessions and records die with it
 *	drain		until_ns: undrain	anycast route withdrawn
 *	leave		drain, then out of the hash table when no session is
 *			left
 *	join		`count` servers beyond the first, off until then
 *	churn		servers go and come: rate_ppm_min and down_ns, churn.h.
 *			At until_ns departures end; who is away comes back when
 *			its time is over. A leaving server is away when its
 *			sessions are over, however long that takes: nobody is
 *			cut off by a leave
 *		with `count` and period_ns instead: `count` random servers,
 *			always the same ones, each up for an exponential time of
 *			mean period_ns and down for another; who is away at
 *			until_ns comes back so, too
 *	partition	the second half of exits, spines and leaves is cut from
 *			the first half and from the edge; until_ns: merge
 *	daemon_kill	until_ns: daemon_start	the server's sockets stay
 *	daemon_restart	both at once, or daemon_start at until_ns
 *	link_degrade	until_ns: link_restore	what it gives of rate, delay,
 *			loss, duplicates and reordering (link_layers.h)
 *	sequence	`count` changes of random kinds at random places, a row
 *			of the others above (fault_sequence.h)
 *	flood, forged_syn	until_ns: calm	packets from outside, see
 *			attacker.h
 *
 * A link falls silent both ways or one (`way`). BFD and BGP need both: with
 * either the session of a link that is silent one way ends at both its ends;
 * without a detector packets of that way are lost for ever.
 *
 * Sets (fault_target.h): all targets at one instant, or `count` random ones.
 * Loops: again every each_ns, until until_ns; each time all `count` random ones
 * that are drawn anew, or of several targets the next; without until_ns one
 * round. What an item has struck and not yet undone is not struck by it again;
 * when nothing is left, that is reported as missed. Each target is undone
 * for_ns after it was struck, and all at until_ns.
 *
 * Targets: a device or a link by name; or a tier of the path that session 0
 * (when that is over, the first session still open) takes at that moment, or
 * "path", one of the three tiers at random. With retry_after_ns a cut of the
 * path must prove itself: if no packet of the session has strayed by then, it
 * is undone, reported as missed ("link_down_missed"), and when the routes are
 * back another link of the path is cut, until each tier was tried.
 *
 * Whatever harms, churn apart, begins a stall window; link and router failures
 * also time the first stray (workload_fault), until something else changes.
 *
 * The script is one machine for both worlds. It resolves targets, keeps the
 * times, decides what counts, and reports to the watch; what a world does to
 * its links, routers, servers and daemons is in a table of functions
 * (fault_actions): the simulator changes its model, a lab orders its kernels
 * and processes to change. An action may take effect after it has returned;
 * the report is of the moment when it was asked for.
 */
#ifndef SIM_MODEL_FAULT_H
#define SIM_MODEL_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/rng.h"
#include "sim/engine/event.h"
#include "sim/model/fabric.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/model/workload.h"

/* What the script wants changed. */
struct fault_order {
	struct instant now;
	uint32_t item; /* whose: an index in settings.faults */
	uint32_t link, device; /* what, in the fabric; FABRIC_NONE: not that */
	uint32_t flow; /* of path_find and path_cut */
	enum fault_way way; /* of link_silent */
	/* Of link_settings: what is in force from now on. */
	const struct link_settings *settings;
};

typedef void fault_action(void *context, const struct fault_order *);

/* What a world can do. It may leave out what only kinds need that
 * fault_kind.c says it cannot do. The order is borrowed for the call. */
struct fault_actions {
	/* link_up also ends a silence, of whichever way. */
	fault_action *link_down, *link_silent, *link_up;
	/* Rate, delay, loss, duplicates and reordering change. */
	fault_action *link_settings;
	fault_action *router_down, *router_up;
	fault_action *server_crash, *server_up;
	fault_action *drain, *undrain, *leave;
	fault_action *daemon_kill, *daemon_start;
	/* The order's item sends, and sends no more; of an item that is a CALM
	 * itself: none does. */
	fault_action *attack_begin, *attack_end;

	/* Which links does the session `flow` cross? Answered by
	 * faults_path(), in this call or later. */
	fault_action *path_find;
	/* The link of that session's path is cut: called before the link's own
	 * action. May be NULL. */
	fault_action *path_cut;
	/* That cut strayed nothing: it does not count. May be NULL. */
	void (*path_missed)(void *);
	/* An item's link was mended: nanoseconds until its routes are back;
	 * negative: faults_restored() will say so. */
	int64_t (*restore_ns)(void *, uint32_t item);

	/* Something will change: sessions that have ended must be closed
	 * before, or they count as open. May be NULL. */
	void (*changing)(void *);

	/* CHURN: a random server that is in the hash table, WATCH_NONE: none;
	 * and whether a server is up (leaving is up). */
	uint32_t (*server_random)(void *);
	bool (*server_is_up)(void *, uint32_t server);
};

/* Everything is borrowed for as long as the script lives. */
struct fault_world {
	const struct fault_actions *actions;
	void *context; /* of the actions */
	bool live; /* which of the two worlds: see fault_kind.h */
	/* fabric.servers counts those that items add (joining), which come
	 * last. */
	const struct settings *settings;
	uint32_t joining;
	const struct fabric *fabric;
	struct queue *queue;
	struct workload *workload;
	const struct watch *watch;
	struct rng *rng;
};

struct faults;

/* Servers beyond those of the start that items add: JOIN, SEQUENCE, and CHURN
 * for new servers. Of settings whose fabric.servers does not count them yet. At
 * most FABRIC_SERVERS_MAX + 1, which no fabric can have. */
uint32_t faults_joining(const struct settings *);
/* The fabric with them: they come last. */
struct fabric_settings faults_fabric(const struct settings *);
/* 0, or -EINVAL and a sentence: a target that is not there, or a kind that
 * this world cannot do. Aborts when out of memory. */
int faults_create(struct faults **, const struct fault_world *, char *error,
		  size_t error_size);
void faults_destroy(struct faults *); /* NULL: nothing */
/* Before the start: is a server away from the beginning, since a CHURN that
 * begins with the run has it away? */
bool faults_away(const struct faults *, uint32_t server);
/* Time zero: schedule all items. */
void faults_start(struct faults *);
/* EVENT_FAULT. */
void faults_event(struct faults *, struct instant now, const struct event *);
/* The answer to path_find: the links of the session's path, in any order. */
void faults_path(struct faults *, struct instant now, uint32_t item,
		 const uint32_t *links, uint32_t count);
/* The answer to restore_ns. */
void faults_restored(struct faults *, struct instant now, uint32_t item);
/* The run is over: cuts whose proof is due later are judged now. */
void faults_finish(struct faults *);
/* And then: tell the watch of events that hit nothing: no session was on a path
 * that was to be cut, or none was ever a server's that was taken away. */
void faults_remark(const struct faults *);

#endif
