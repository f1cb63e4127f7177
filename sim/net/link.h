/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h - one direction of a link: rate, queue, delay and impairments
 *
 *	now        start          departed              arrived
 *	 |--backlog--|--size / rate--|------ delay ------|
 *
 * The queue is not simulated, it is computed: first in, first out at a fixed
 * rate means that the instant at which the line falls idle says everything.
 * The backlog in bytes is (idle - now) * rate, the packet being sent counted
 * by what is left of it; a packet that would take it above queue_bytes is
 * dropped (drop-tail). Times of one busy period are exact: the fraction of a
 * nanosecond is carried from packet to packet, so that 3 Gbit/s is not
 * 3.0003. A packet on an idle line may always be sent, however small the
 * queue.
 *
 * Impairments are drawn from the direction's own random stream, and only when
 * they can happen, in this order: loss, duplication, reordering. A lost packet
 * has used the line. A duplicate arrives with its original (after it, as the
 * younger event). A reordered packet is held back by up to one more delay, so
 * that its successors overtake it.
 *
 * Settings may change at any time. A packet leaves and arrives as it was
 * computed when it was sent, as netem does it: what is queued leaves at the
 * rate at which it was queued, and newcomers stand behind it. Only a shorter
 * delay lets a newcomer overtake. The bytes of an old queue are then known by
 * its mean rate alone.
 */
#ifndef SIM_NET_LINK_H
#define SIM_NET_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/instant.h"
#include "core/rng.h"
#include "sim/model/settings.h"

/* What is so with a link as a whole. Direction 0 begins at its upper end, the
 * one nearer to the clients (ports[0] of a fabric_link), direction 1 at its
 * lower end. A silent direction takes packets and loses them; the carrier stays
 * up, and the sender sees nothing. */
enum link_state {
	LINK_UP,
	LINK_DOWN, /* without carrier */
	LINK_SILENT, /* both directions */
	LINK_SILENT_UPPER, /* what the upper end sends is lost */
	LINK_SILENT_LOWER, /* what the lower end sends is lost */
};

struct link_direction {
	struct rng rng;
	int64_t idle_ns; /* when the line falls idle, rounded down */
	uint64_t idle_fraction; /* in 1 / rate_bps of a nanosecond */
	/* What was queued when the rate changed: until when, at what rate. */
	int64_t old_until_ns;
	uint64_t old_rate_bps;
};

struct link_transit {
	enum drop drop; /* DROP_NONE, DROP_QUEUE or DROP_LOSS */
	int64_t delay_ns; /* from now to the arrival; of the drop: unset */
	uint32_t copies; /* 1, or 2 when duplicated; 0: dropped */
};

/* Of one direction: LINK_UP, LINK_DOWN or LINK_SILENT. */
enum link_state link_state_toward(enum link_state, uint32_t direction);
void link_direction_init(struct link_direction *, uint64_t seed,
			 uint64_t stream);
/* Send size bytes (> 0) now. Times must not run backwards. */
struct link_transit link_send(struct link_direction *,
			      const struct link_settings *, struct instant now,
			      uint32_t size);
/* What an idle line takes for it: serialisation and propagation. */
int64_t link_crossing_ns(const struct link_settings *, uint32_t size);
/* The same as sending on a line that is always idle: impairments, no queue. */
struct link_transit link_cross(struct link_direction *,
			       const struct link_settings *, uint32_t size);
/* Can anything go wrong but a full queue? */
bool link_impairments(const struct link_settings *);
/* Bytes waiting or being sent, rounded up. */
uint64_t link_backlog_bytes(const struct link_direction *,
			    const struct link_settings *, struct instant now);
/* The line fell silent: what waited is gone. */
void link_clear(struct link_direction *);
/* The settings were `old` until now. */
void link_change(struct link_direction *, const struct link_settings *old,
		 struct instant now);

#endif
