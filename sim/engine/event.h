/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.h - the event queue: which event comes next
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
 * A timer whose deadline moves is a struct alarm: one event, popped exactly at
 * the last deadline set. What was cancelled or overtaken is never popped, is
 * not in the hash, and takes no more memory than what is pending. An alarm is
 * scheduled, as far as the order of equals goes, when it was idle, and when it
 * moves nearer than its key (see alarm_set); else it keeps its place.
 */
#ifndef SIM_ENGINE_EVENT_H
#define SIM_ENGINE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"

enum event_class {
	EVENT_ARRIVAL = 0,
	EVENT_TIMER = 1,
};

/* Which part handles it; `destination` is an index of that kind's own
 * numbering. */
enum event_kind {
	EVENT_PACKET, /* network: a packet reaches a device (a = buffer, b =
			 port) */
	EVENT_ROUTE, /* bgp: a router changes its FIB or hears an update */
	EVENT_HOST, /* host: node or steer deadline */
	EVENT_TCP, /* host: a connection's timer (a = connection) */
	EVENT_WORKLOAD, /* workload: next session, next store or lookup */
	EVENT_FAULT, /* fault: an item of the scenario's events */
	EVENT_ATTACK, /* attacker: an event's next packet */
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

/* An event whose time moves. Its owner keeps it, idle at first, and does not
 * forget it (free it, make it idle by hand) while it pends: cancel it. */
struct alarm {
	int64_t deadline_ns; /* INT64_MAX: idle; the rest means nothing then */
	int64_t key_ns; /* deadline when it was scheduled */
	uint32_t slot; /* the queue's */
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
/* Up to `capacity` events that will be popped soon (within the next eight or
 * so) and were not told before, soonest first: to prefetch the state that they
 * will touch. A hint and no more: an event scheduled before one that was told
 * is not told, and one that is told may be cancelled or moved. The
 * order of events does not depend on it. Call it after queue_next(); with 2,
 * it keeps up. */
uint32_t queue_prefetch(struct queue *, struct event *, uint32_t capacity);
uint64_t queue_popped(const struct queue *); /* events handled so far */
size_t queue_bytes(const struct queue *); /* memory that it has taken */
uint32_t queue_pending(const struct queue *); /* neither popped nor cancelled */
uint64_t queue_hash(const struct queue *); /* over all events popped */

/* The event comes exactly at the deadline, or now if that has passed; NEVER:
 * not at all. Its c is 0. While the alarm pends, only its time changes: an
 * key that was scheduled for later than now and not for later than the new
 * deadline stays, and so does one whose deadline moves away from now. */
void alarm_set(struct alarm *, struct queue *, struct instant deadline,
	       const struct event *);
void alarm_cancel(struct alarm *, struct queue *);
/* The first thing to be called when an alarm's event was popped: true, and
 * the alarm is idle. False for an event that is not this alarm's. */
bool alarm_fires(struct alarm *, const struct queue *);

#endif
