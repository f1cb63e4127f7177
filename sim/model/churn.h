/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * churn.h - servers that go and come, each for a time of its own
 *
 *		   up: 100 / rate_percent_min minutes on average
 *		.----------------------------------------------.
 *		v					       |
 *	seat: a server --crash, or leave--> empty, down_s --> the same server,
 *					    on average	      or a new one
 *
 * A seat is what one server of the population has, and after it whoever comes
 * for it. Seats are independent of each other, and each alternates between two
 * lives of one law (lifetime.h) with the two means. So
 *
 *	- of those up, rate_percent_min per cent go every minute: which ones is
 *	  drawn anew each time (exponential: any of them alike; Weibull: by how
 *	  long each has been there);
 *	- a share up / (up + down) is up at any time, also at the start: there a
 *	  seat is empty with the other probability, and what is left of its time
 *	  is a residual life. It is an equilibrium of the population; tables and
 *	  records, which know of no departure at the start, need their time.
 *
 * crash_ppm of departures are crashes, the others leave. Of returns new_ppm are
 * of a server that nobody has met. Identity is the address (its position is the
 * hash of it, and a contact is an address), so this is another server of the
 * fabric: first the spare ones, as many as the run is expected to need (at most
 * one a seat); then those that were replaced, longest ago first. With one spare
 * a seat that is a mean up time later or more, when tables have long forgotten
 * it.
 *
 * This file knows no world: fault.c asks it what to do, and does it.
 */
#ifndef SIM_MODEL_CHURN_H
#define SIM_MODEL_CHURN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/settings.h"

enum churn_act {
	CHURN_CRASH,
	CHURN_LEAVE,
	CHURN_RETURN,
	CHURN_ENTER /* a new one */
};

struct churn_move {
	enum churn_act act;
	uint32_t server;
};

struct churn;

/* Is it this kind of churn (of rate 0: nobody goes)? Else `count` and
 * `period_s` say what happens. */
bool churn_has_rate(const struct fault_settings *);
/* Spare servers, in a run that starts with so many servers and is as
 * long as the settings say. */
uint32_t churn_spares(const struct settings *, const struct fault_settings *,
		      uint32_t servers);

/* Seats 0 .. seats - 1 of the servers of the same numbers, spare ones from
 * `spare_first` on. `item` numbers the event: its random stream. The settings
 * are borrowed; the rate is not 0. Aborts when out of memory. */
struct churn *churn_create(const struct settings *,
			   const struct fault_settings *, uint32_t item,
			   uint32_t seats, uint32_t spare_first);
void churn_destroy(struct churn *); /* NULL: nothing */

/* Is a seat empty at the start? To be asked once for each. */
bool churn_starts_away(struct churn *);
/* What is left of a time up, and away, at the start; whole ones after that. */
int64_t churn_rest_ns(struct churn *, bool up);
int64_t churn_time_ns(struct churn *, bool up);

/* A seat's server goes: CRASH or LEAVE. */
struct churn_move churn_depart(struct churn *, uint32_t seat);
/* A server for an empty seat: RETURN or ENTER. */
struct churn_move churn_return(struct churn *, uint32_t seat);
/* Who has the seat; of an empty one: who had it. */
uint32_t churn_server(const struct churn *, uint32_t seat);

#endif
