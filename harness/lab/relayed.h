/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayed.h - the links that go through the relay, and how they are now
 *
 * Slow links do from the start (lab.h), and so does every link that an event
 * of the scenario may degrade: a link cannot be opened in mid-run to put the
 * relay between its ends. What a link does is in memory that the lab shares
 * with its relay, a process of its own: to change a link is to write there.
 * Fields change one by one, and a packet may meet half of a change.
 *
 * A rate is imitated only when an event gives one that the fabric has not; the
 * rates of the fabric are those of no kernel.
 */
#ifndef HARNESS_LAB_RELAYED_H
#define HARNESS_LAB_RELAYED_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/settings.h"

struct fabric;

struct lab_relayed {
	bool used; /* does the link go through the relay? */
	/* Can it lose, double or hold back a packet, or is it as slow as its
	 * rate? Then a packet must be one of the wire's, not 64 KiB of them. */
	bool whole;
	_Atomic int64_t delay_ns;
	_Atomic uint64_t rate_bps; /* 0: not imitated */
	_Atomic uint32_t queue_bytes, loss_ppm, duplicate_ppm, reorder_ppm;
};

/* By link, shared with processes that are forked later. NULL: out of memory.
 */
struct lab_relayed *lab_relayed_create(const struct fabric *,
				       const struct settings *);
void lab_relayed_destroy(struct lab_relayed *, const struct fabric *);
/* Is there nothing to change? */
bool lab_relayed_same(const struct link_settings *,
		      const struct link_settings *);
/* From now on. */
void lab_relayed_set(struct lab_relayed *, const struct link_settings *usual,
		     const struct link_settings *);

#endif
