/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * census.h - who makes all these events?
 *
 * A run that is stuck (progress.h) is looked at for some thousand events more,
 * each of which is counted by its kind and its device; and each packet that
 * reaches a host by the session that it belongs to, in either direction. The
 * sentence names the greatest of each, with its share.
 */
#ifndef SIM_CENSUS_H
#define SIM_CENSUS_H

#include <stdint.h>

#include "sim/engine/event.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"
#include "sim/progress.h"

struct census;

/* Of so many. Aborts when out of memory. */
struct census *census_create(uint32_t devices, uint32_t sessions);
void census_destroy(struct census *);
void census_event(struct census *, const struct event *);
/* A packet has reached a server or a client. */
void census_packet(struct census *, const struct workload *,
		   const uint8_t *bytes, uint32_t size);
/* WATCH_SENTENCE bytes. */
void census_say(const struct census *, const struct progress *,
		const struct network *, char *sentence);

#endif
