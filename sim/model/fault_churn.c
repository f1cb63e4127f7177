/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_churn.c - one pending event a seat, or a chosen server
 */
#include "sim/model/fault_churn.h"

#include <stdlib.h>

#include "sim/engine/memory.h"
#include "sim/model/churn.h"
#include "sim/model/fault_kind.h"

/* Draws for one more of some servers: most may be chosen, or away. */
#define CHOOSE_TRIES 64

struct fault_churn {
	const struct fault_world *world;
	const struct fault_settings *fault;
	uint32_t item, seats;
	struct churn *churn; /* NULL: some servers, or a rate of 0 */
	bool *away; /* by seat: from the start of the run on */
	bool *chosen; /* by server: one of some servers */
	bool ended;
};

struct fault_churn *
fault_churn_create(const struct fault_world *world, uint32_t item,
		   uint32_t seats, uint32_t spare_first)
{
	struct fault_churn *self = memory_zeroed(1, sizeof(*self));

	*self = (struct fault_churn){
		.world = world,
		.fault = &world->settings->faults[item],
		.item = item,
		.seats = seats,
		.away = memory_zeroed((size_t)seats + 1, sizeof(bool)),
		.chosen = memory_zeroed((size_t)seats + 1, sizeof(bool)),
	};
	if (self->fault->rate_ppm_min == 0)
		return self;
	self->churn = churn_create(world->settings, self->fault, item, seats,
				   spare_first);
	for (uint32_t i = 0; i < seats && self->fault->at_ns == 0; i++)
		self->away[i] = churn_starts_away(self->churn);
	return self;
}

void
fault_churn_destroy(struct fault_churn *self)
{
	if (self == NULL)
		return;
	churn_destroy(self->churn);
	free(self->away);
	free(self->chosen);
	free(self);
}

bool
fault_churn_away(const struct fault_churn *self, uint32_t server)
{
	return server < self->seats && self->away[server];
}

/* ---- what both forms do ---- */

static void
schedule(const struct fault_churn *self, enum fault_churn_code code,
	 int64_t delay_ns, uint32_t b)
{
	struct event event = {
		.destination = self->item,
		.class = EVENT_TIMER,
		.kind = EVENT_FAULT,
		.code = (uint16_t)code,
		.b = b,
	};

	queue_schedule(self->world->queue, self->item, delay_ns, &event);
}

static void
report(const struct fault_churn *self, struct instant now, const char *kind,
       uint32_t server)
{
	const struct watch *watch = self->world->watch;

	if (watch->fault != NULL)
		watch->fault(watch->context, now, kind,
			     self->world->fabric->names[server]);
}

static void
act(const struct fault_churn *self, struct instant now, fault_action *action,
    uint32_t server)
{
	const struct fault_order order = {
		.now = now,
		.item = self->item,
		.link = FABRIC_NONE,
		.device = server,
	};

	action(self->world->context, &order);
}

static bool
is_up(const struct fault_churn *self, uint32_t server)
{
	return self->world->actions->server_is_up(self->world->context, server);
}

static void
crash(const struct fault_churn *self, struct instant now, uint32_t server)
{
	act(self, now, self->world->actions->server_crash, server);
	report(self, now, fault_name(FAULT_SERVER_CRASH), server);
}

/* ---- some servers ---- */

static int64_t
period_ns(const struct fault_churn *self)
{
	int64_t mean =
		self->fault->period_ns > 0 ? self->fault->period_ns : NS_PER_S;

	return rng_exponential(self->world->rng, mean);
}

/* A random server that is in the hash table and not yet one of them. */
static uint32_t
choose(const struct fault_churn *self)
{
	const struct fault_world *world = self->world;

	for (unsigned i = 0; i < CHOOSE_TRIES; i++) {
		uint32_t server = world->actions->server_random(world->context);

		if (server < self->seats && !self->chosen[server])
			return server;
	}
	return WATCH_NONE;
}

static void
begin_some(const struct fault_churn *self)
{
	uint32_t count = self->fault->count > 0 ? self->fault->count : 1;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t server = choose(self);

		if (server == WATCH_NONE)
			return;
		self->chosen[server] = true;
		schedule(self, FAULT_CHURN_FLIP, period_ns(self), server);
	}
}

/* Another event may have been first. */
static void
flip(const struct fault_churn *self, struct instant now, uint32_t server)
{
	if (!is_up(self, server)) {
		act(self, now, self->world->actions->server_up, server);
		report(self, now, fault_name(FAULT_SERVER_UP), server);
	} else if (!self->ended) {
		crash(self, now, server);
	}
	if (!self->ended || !is_up(self, server))
		schedule(self, FAULT_CHURN_FLIP, period_ns(self), server);
}

/* ---- at a rate ---- */

/* Out as soon as its sessions are over; then its time away begins. Asked again
 * each time, for a daemon that was killed knows of no leave. */
static void
leaving(const struct fault_churn *self, struct instant now, uint32_t seat,
	int64_t away_ns)
{
	uint32_t server = churn_server(self->churn, seat);

	act(self, now, self->world->actions->leave, server);
	if (is_up(self, server))
		schedule(self, FAULT_CHURN_LEAVING, FAULT_CHURN_POLL_NS, seat);
	else
		schedule(self, FAULT_CHURN_RETURN, away_ns, seat);
}

static void
depart(const struct fault_churn *self, struct instant now, uint32_t seat,
       int64_t away_ns)
{
	struct churn_move move = churn_depart(self->churn, seat);

	if (move.act == CHURN_LEAVE && is_up(self, move.server)) {
		report(self, now, fault_name(FAULT_LEAVE), move.server);
		leaving(self, now, seat, away_ns);
		return;
	}
	if (is_up(self, move.server)) /* no other event was first */
		crash(self, now, move.server);
	schedule(self, FAULT_CHURN_RETURN, away_ns, seat);
}

static void
come(const struct fault_churn *self, struct instant now, uint32_t seat)
{
	struct churn_move move = churn_return(self->churn, seat);
	enum fault_kind kind =
		move.act == CHURN_ENTER ? FAULT_JOIN : FAULT_SERVER_UP;

	if (!is_up(self, move.server)) {
		act(self, now, self->world->actions->server_up, move.server);
		report(self, now, fault_name(kind), move.server);
	}
	if (!self->ended)
		schedule(self, FAULT_CHURN_DEPART,
			 churn_time_ns(self->churn, true), seat);
}

static void
begin_seat(const struct fault_churn *self, struct instant now, uint32_t seat)
{
	if (self->away[seat]) {
		report(self, now, "server_away", seat);
		schedule(self, FAULT_CHURN_RETURN,
			 churn_rest_ns(self->churn, false), seat);
		return;
	}
	if (!is_up(self, seat))
		return;
	if (self->fault->at_ns > 0 && churn_starts_away(self->churn))
		depart(self, now, seat, churn_rest_ns(self->churn, false));
	else
		schedule(self, FAULT_CHURN_DEPART,
			 churn_rest_ns(self->churn, true), seat);
}

/* ---- what the script calls ---- */

void
fault_churn_begin(struct fault_churn *self, struct instant now)
{
	if (!churn_has_rate(self->fault))
		begin_some(self);
	for (uint32_t i = 0; i < self->seats && self->churn != NULL; i++)
		begin_seat(self, now, i);
}

void
fault_churn_event(struct fault_churn *self, struct instant now,
		  const struct event *event)
{
	switch ((enum fault_churn_code)event->code) {
	case FAULT_CHURN_DEPART:
		if (!self->ended)
			depart(self, now, event->b,
			       churn_time_ns(self->churn, false));
		break;
	case FAULT_CHURN_LEAVING:
		leaving(self, now, event->b, churn_time_ns(self->churn, false));
		break;
	case FAULT_CHURN_RETURN:
		come(self, now, event->b);
		break;
	case FAULT_CHURN_FLIP:
		flip(self, now, event->b);
		break;
	case FAULT_CHURN_CODES:
		break;
	}
}

void
fault_churn_end(struct fault_churn *self)
{
	self->ended = true;
}
