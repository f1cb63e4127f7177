/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulation_state.h - a live run while it runs; shared by its parts only
 *
 *	emulation.c		lab up and down, the loop
 *	emulation_state.c	the clock, the first failure
 *	emulation_report.c	the daemons' lines
 *	emulation_clients.c	arrivals, ports, ends of sessions
 *	fault_actions.c	what the scenario's events do in a lab
 *	retransmission_probe.c	what a cut did to one session
 *	emulation_lookups.c	measure.lookups, by the daemons' control sockets
 *
 * Calls go downwards in this order only: emulation.c, fault_actions.c,
 * emulation_report.c, emulation_lookups.c, emulation_clients.c,
 * retransmission_probe.c, emulation_state.c.
 *
 * The event queue and the workload are the simulator's (event.h, workload.h),
 * driven by the clock: at every wake-up the queue is asked for what is due.
 * So both worlds share the definitions of stall, detection and outcome.
 *
 * Nothing in the loop may block; what does is given to the worker (worker.h).
 */
#ifndef HARNESS_EMULATE_EMULATION_STATE_H
#define HARNESS_EMULATE_EMULATION_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/emulate/curl_client.h"
#include "harness/emulate/daemon_counters.h"
#include "harness/emulate/link_events.h"
#include "harness/emulate/load_generator.h"
#include "harness/emulate/watch_client.h"
#include "harness/emulate/worker.h"
#include "harness/lab/lab.h"
#include "sim/engine/event.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/model/workload.h"

/* Destinations of EVENT_HOST, which has no other use here. */
enum emulation_code {
	EMULATION_CLOSE, /* emulation_clients.c: the oldest ended session */
	EMULATION_PROBE, /* retransmission_probe.c: look at the sender again */
};

#define EMULATION_HELD 64 /* strays kept until the link event is known */

struct emulation_clients;
struct emulation_faults;
struct retransmission_probe;
struct emulation_lookups;

struct emulation {
	const struct settings *settings;
	const struct watch *watch;
	struct lab lab;
	int64_t began_ns; /* CLOCK_MONOTONIC */
	struct instant zero, end;
	int epoll, signals;
	struct queue *queue;
	struct workload *workload;
	struct link_events *link_events;
	struct watch_client *watch_client;
	struct worker *worker;
	struct daemon_counters *daemon_counters;
	struct emulation_clients *clients;
	struct emulation_faults *faults;
	struct retransmission_probe *probe;
	struct emulation_lookups *lookups;
	/* A cut has been ordered and the kernel has not said so yet. */
	bool awaiting;
	struct {
		uint32_t server;
		struct report report;
	} held[EMULATION_HELD];
	uint32_t held_count;
	uint64_t events; /* of the queue */
	bool stopped; /* told to */
	char failure[256]; /* ""; the first thing that ended the run */
};

/* ---- emulation_state.c ---- */

/* CLOCK_MONOTONIC, counted from the beginning of the run. */
struct instant emulation_now(const struct emulation *);
/* The run cannot go on. */
void emulation_fail(struct emulation *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- emulation_report.c ---- */

/* A daemon's line; the context is the struct emulation (watch_client_listener).
 */
void emulation_report_take(void *context, uint32_t server,
			   const struct report *);
/* A cut was ordered: first strays are held from now on. */
void emulation_await(struct emulation *);
/* The cut is known, or its order was carried out without a word from the
 * kernel: those that were held are taken. */
void emulation_seen(struct emulation *);

/* ---- emulation_clients.c ---- */

int emulation_clients_create(struct emulation *); /* 0 or -errno */
void emulation_clients_destroy(struct emulation_clients *);
int emulation_clients_fd(const struct emulation *,
			 bool load_generator); /* -1: not used */
void emulation_clients_start(struct emulation *);
void emulation_clients_arrival(struct emulation *);
void emulation_clients_ready(struct emulation *, struct instant now);
void emulation_clients_tick(struct emulation *, struct instant now);
/* A daemon's line about strays of a session: the first (count 0), or so many
 * since the last line. */
void emulation_clients_strays(struct emulation *, uint32_t flow,
			      uint64_t count);
/* Close, in the workload, sessions that have ended: one, or all. */
void emulation_clients_close(struct emulation *, bool all);
/* Every session has come and gone. */
bool emulation_clients_over(const struct emulation *);
void emulation_clients_report(const struct emulation *);

/* ---- retransmission_probe.c ---- */

int retransmission_probe_create(struct emulation *);
void retransmission_probe_destroy(struct retransmission_probe *);
/* The path of a session is cut now: `link` at its end. */
void retransmission_probe_begin(struct emulation *, struct instant now,
				uint32_t flow, bool lower, bool back);
void retransmission_probe_event(struct emulation *);
/* The cut did not count; or its session has ended, or its window: the row. */
void retransmission_probe_missed(struct emulation *);
void retransmission_probe_end(struct emulation *);

/* ---- emulation_lookups.c ---- */

int emulation_lookups_create(struct emulation *); /* 0 */
void emulation_lookups_destroy(struct emulation_lookups *);
void emulation_lookups_start(struct emulation *);
void emulation_lookups_event(struct emulation *);

#endif
