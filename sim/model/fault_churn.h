/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_churn.h - an item of the script that is churn
 *
 *	at a rate	who goes and comes, and when: churn.h
 *		DEPART --crash--------------------> RETURN --> DEPART ...
 *		   '----leave--> LEAVING (its sessions) --^
 *	some servers	`count` random ones, chosen when the item begins:
 *		FLIP --crashes--> FLIP --comes back--> FLIP ...
 *
 * At the end departures end. Who is away, or on its way out, comes back when
 * its time is over.
 *
 * At a rate the servers meant are those that are up when the item begins; with
 * the start of the run some of them are away from before it on
 * (fault_churn_away), which costs nobody a contact; later they go when the item
 * begins, as any that departs.
 *
 * Reported: server_crash, leave, server_up; join, of a new server;
 * server_away, of one that is away from the start on.
 */
#ifndef SIM_MODEL_FAULT_CHURN_H
#define SIM_MODEL_FAULT_CHURN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"
#include "sim/engine/event.h"
#include "sim/model/fault.h"

/* A leaving server is looked at so often: is it out? */
#define FAULT_CHURN_POLL_NS (100 * NS_PER_MS)

/* Codes of EVENT_FAULT that are its; those of fault.c are below. b: the seat,
 * or the server. */
enum fault_churn_code {
	FAULT_CHURN_DEPART = 64,
	FAULT_CHURN_LEAVING,
	FAULT_CHURN_RETURN,
	FAULT_CHURN_FLIP,
	FAULT_CHURN_CODES
};

struct fault_churn;

/* Of the item of that number. seats: servers of the start; its spare ones
 * begin at spare_first. The world is borrowed. Aborts when out of memory. */
struct fault_churn *fault_churn_create(const struct fault_world *,
				       uint32_t item, uint32_t seats,
				       uint32_t spare_first);
void fault_churn_destroy(struct fault_churn *); /* NULL: nothing */
bool fault_churn_away(const struct fault_churn *, uint32_t server);

void fault_churn_begin(struct fault_churn *, struct instant now);
/* Of a code above. */
void fault_churn_event(struct fault_churn *, struct instant now,
		       const struct event *);
void fault_churn_end(struct fault_churn *);

#endif
