/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu_model.h - the time that a server's daemon takes for each packet
 *
 *	arrived, daemon idle --- wake-up --- processing --> acted upon
 *	arrived, daemon busy --- those before it --- processing --> acted upon
 *
 * On a real host a packet for the daemon wakes a process, is read, opened and
 * answered: some tens of microseconds each, and packets that come at once are
 * woken for once, and wait for each other. Here: one server a daemon, first
 * in, first out, with a set-up time when it was idle; both times are drawn
 * uniformly from a span. Without spans (zeros) a daemon acts in no time, and a
 * lookup takes what the wires take.
 *
 * What the kernel does itself (a segment of a session that is at home here, a
 * SYN) does not come here. Nor do timers: they act when they are due.
 *
 * Bytes are copied while they wait. The event that ends the wait carries the
 * copy's name as b and the uplink as c.
 */
#ifndef SIM_HOST_CPU_MODEL_H
#define SIM_HOST_CPU_MODEL_H

#include <stdint.h>

#include "sim/engine/event.h"
#include "sim/model/settings.h"

struct cpu_model;

/* NULL: both spans are zero, nothing waits. Queue borrowed. Aborts when out of
 * memory. */
struct cpu_model *cpu_model_create(const struct span *wakeup,
				   const struct span *processing,
				   uint32_t servers, uint64_t seed,
				   struct queue *);
void cpu_model_destroy(struct cpu_model *);
/* Let it wait; the event is completed and scheduled, at the server. */
void cpu_model_wait(struct cpu_model *, struct instant now, uint32_t server,
		    uint8_t uplink, const uint8_t *bytes, uint32_t size,
		    struct event);
/* What the event carries; the bytes are valid until cpu_model_release(). */
const uint8_t *cpu_model_bytes(const struct cpu_model *, const struct event *,
			       uint32_t *size);
void cpu_model_release(struct cpu_model *, const struct event *);

#endif
