/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.h - the one thing that happens next
 *
 * The total order, written down: earlier time first; at equal times arrivals
 * precede timers, as an interrupt would; then the lower destination; then the
 * event that was scheduled first. Heap layout never decides. Two runs of one
 * scenario therefore pop the same events in the same order, and the hash over
 * them (event_hash) is the run's state_hash.
 *
 * queue_schedule(destination, delay, event) is the only call by which the
 * model reaches into the future, so that a parallel engine can replace this
 * one without touching the model (lookahead = the smallest link delay).
 *
 * There is no cancel. A timer that may move later keeps one pending event;
 * when that comes early, its owner looks at its deadline and schedules anew
 * (see struct alarm). So garbage is at most one event per alarm.
 */
#ifndef SIM_EVENT_H
#define SIM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"

enum event_class {
	EVENT_ARRIVAL = 0,
	EVENT_TIMER = 1,
};

/* Who handles it; `destination` is an index of that kind's own numbering. */
enum event_kind {
	EVENT_PACKET, /* network: a packet reaches a device (a = buffer, b =
			 port) */
	EVENT_ROUTE, /* bgp: a router changes its FIB or hears an update */
	EVENT_HOST, /* host: node or steer deadline */
	EVENT_TCP, /* host: a connection's timer (a = connection) */
	EVENT_WORKLOAD, /* workload: next session, next operation */
	EVENT_FAULT, /* fault: an item of the scenario's events */
	EVENT_KINDS
};

struct event {
	uint32_t destination;
	uint8_t class; /* enum event_class */
	uint8_t kind; /* enum event_kind */
	uint16_t code; /* the handler's own */
	uint32_t a, b;
	uint64_t c;
};

struct queue;

/* At most one pending event for a deadline that moves. */
struct alarm {
	int64_t pending_ns; /* time of the pending event; INT64_MAX: none */
};

struct queue *queue_create(void); /* aborts the program when out of memory */
void queue_destroy(struct queue *);
/* delay_ns >= 0, from the time of the event being handled (queue_now). */
void queue_schedule(struct queue *, uint32_t destination, int64_t delay_ns,
		    const struct event *);
/* Pop the next event if it is not after `until`; queue_now() is then its time.
 * If there is none, queue_now() becomes `until`, unless that is NEVER. */
bool queue_next(struct queue *, struct instant until, struct event *);
struct instant queue_now(const struct queue *);
uint64_t queue_popped(const struct queue *); /* events handled so far */
uint64_t queue_hash(const struct queue *); /* over all events popped */

/* Make sure that an event comes no later than the deadline. */
void alarm_set(struct alarm *, struct queue *, struct instant deadline,
	       const struct event *);
/* The handler's first line: true when this event is the pending one (and it is
 * now no longer pending); false for one that a nearer deadline overtook. */
bool alarm_fires(struct alarm *, const struct queue *);

#endif
