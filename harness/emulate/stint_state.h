/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stint_state.h - a live run while it runs; between the files stint*.c only
 *
 *	stint.c		lab up and down, the loop, the daemons' lines
 *	stint_client.c	arrivals, ports, ends of sessions
 *	stint_fault.c	the scenario's events
 *	stint_cut.c	what a cut did to one session (struct watch_cut)
 *
 * The event queue and the books are the simulator's (event.h, workload.h),
 * driven by the clock: at every wake-up the queue is asked for what is due.
 * So both worlds share the definitions of stall, detection and outcome.
 *
 * Nothing in the loop may block; what does is given to the hand (hand.h).
 */
#ifndef HARNESS_EMULATE_STINT_STATE_H
#define HARNESS_EMULATE_STINT_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/emulate/carrier.h"
#include "harness/emulate/crowd.h"
#include "harness/emulate/fetch.h"
#include "harness/emulate/hand.h"
#include "harness/emulate/monitor.h"
#include "harness/lab/lab.h"
#include "sim/engine/event.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/model/workload.h"

/* Destinations of EVENT_HOST, which has no other use here. */
enum stint_code {
	STINT_CLOSE, /* stint_client.c: the oldest ended session */
	STINT_CUT, /* stint_cut.c: look at the sender again */
};

#define STINT_HELD 64 /* strays kept until the link event is known */

struct stint_clients;
struct stint_faults;
struct stint_cuts;
struct stint_lookups;

struct stint {
	const struct settings *settings;
	const struct watch *watch;
	struct lab lab;
	int64_t began_ns; /* CLOCK_MONOTONIC */
	struct instant zero, end;
	int epoll, signals;
	struct queue *queue;
	struct workload *workload;
	struct carrier *carrier;
	struct monitor *monitor;
	struct hand *hand;
	struct stint_clients *clients;
	struct stint_faults *faults;
	struct stint_cuts *cuts;
	struct stint_lookups *lookups;
	/* A cut has been ordered and the kernel has not said so yet. */
	bool awaiting;
	struct {
		uint32_t server;
		struct report report;
	} held[STINT_HELD];
	uint32_t held_count;
	uint64_t events; /* of the queue */
	bool stopped; /* told to */
	char failure[256]; /* ""; the first thing that ended the run */
};

struct instant stint_now(const struct stint *);
/* The run cannot go on. */
void stint_fail(struct stint *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A cut was ordered; it is visible, or its order was carried out. */
void stint_await(struct stint *);
void stint_seen(struct stint *);
/* Descriptor to the loop; ready is called when it can be read. */
struct stint_source {
	int fd;
	void (*ready)(struct stint *);
};

/* ---- stint_client.c ---- */

int stint_clients_create(struct stint *); /* 0 or -errno */
void stint_clients_destroy(struct stint_clients *);
int stint_clients_fd(const struct stint *, bool crowd); /* -1: not used */
void stint_clients_start(struct stint *);
void stint_clients_arrival(struct stint *);
void stint_clients_ready(struct stint *, struct instant now);
void stint_clients_tick(struct stint *, struct instant now);
/* A daemon's line about strays of a session: the first (count 0), or so many
 * since the last line. */
void stint_clients_strays(struct stint *, uint32_t flow, uint64_t count);
/* Close the books of the sessions that have ended: one, or all. */
void stint_clients_close(struct stint *, bool all);
/* Every session has come and gone. */
bool stint_clients_over(const struct stint *);
void stint_clients_report(const struct stint *);

/* ---- stint_fault.c ---- */

/* 0; -EINVAL with a sentence: a target that is not there. */
int stint_faults_create(struct stint *, char *error, size_t error_size);
void stint_faults_destroy(struct stint_faults *);
void stint_faults_start(struct stint *);
void stint_faults_event(struct stint *, const struct event *);
/* The run is over: cuts whose proof is due later are judged now. */
void stint_faults_finish(struct stint *);

/* ---- stint_cut.c ---- */

int stint_cuts_create(struct stint *);
void stint_cuts_destroy(struct stint_cuts *);
/* The path of a session is cut now: `link` at its end. */
void stint_cut_begin(struct stint *, struct instant now, uint32_t flow,
		     bool lower, bool back);
void stint_cut_event(struct stint *);
/* The cut did not count; or its session has ended, or its window: the row. */
void stint_cut_missed(struct stint *);
void stint_cut_end(struct stint *);

/* ---- stint_lookup.c ---- */

int stint_lookups_create(struct stint *); /* 0 */
void stint_lookups_destroy(struct stint_lookups *);
void stint_lookups_start(struct stint *);
void stint_lookups_event(struct stint *);

#endif
