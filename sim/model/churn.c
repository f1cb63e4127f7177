/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * churn.c - seats, and a ring of servers to replace those that go
 */
#include "sim/model/churn.h"

#include <stdlib.h>

#include "core/instant.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/model/lifetime.h"

#define PPM	  1000000u
#define MINUTE_NS (60 * NS_PER_S)
/* Beyond what is expected to be needed, by chance. */
#define SPARES_MORE 16

struct churn {
	const struct fault_settings *fault;
	struct rng rng;
	struct lifetime up, away;
	uint32_t *servers; /* by seat */
	bool *replaced; /* by seat: who comes next is a new one */
	/* Who is off and may be the next new one: a ring, from the longest off
	 * on. A new server leaves there whom it replaces. */
	uint32_t *spares;
	uint32_t spare_count, next;
};

bool
churn_has_rate(const struct fault_settings *fault)
{
	return fault->kind == FAULT_CHURN &&
	       (fault->rate_ppm_min > 0 || fault->down_ns > 0);
}

static int64_t
up_ns(const struct fault_settings *fault)
{
	return (int64_t)((uint64_t)MINUTE_NS * PPM / fault->rate_ppm_min);
}

uint32_t
churn_spares(const struct settings *settings,
	     const struct fault_settings *fault, uint32_t servers)
{
	int64_t until = settings->measure.duration_ns;

	if (!churn_has_rate(fault) || fault->rate_ppm_min == 0 ||
	    fault->new_ppm == 0)
		return 0;
	if (fault->until_ns != 0 && fault->until_ns < until)
		until = fault->until_ns;
	if (until <= fault->at_ns)
		return 0;
	/* Of each seat: departures, if it were always up. */
	uint64_t departures_ppm = (uint64_t)(until - fault->at_ns) /
				  ((uint64_t)up_ns(fault) / 1000) * 1000;
	if (departures_ppm > PPM)
		departures_ppm = PPM;
	uint64_t spares =
		servers * (departures_ppm * fault->new_ppm / PPM) / PPM;
	return spares + SPARES_MORE < servers ? (uint32_t)spares + SPARES_MORE
					      : servers;
}

struct churn *
churn_create(const struct settings *settings,
	     const struct fault_settings *fault, uint32_t item, uint32_t seats,
	     uint32_t spare_first)
{
	struct churn *churn = memory_zeroed(1, sizeof(*churn));
	uint32_t spares = churn_spares(settings, fault, seats);
	enum lifetime_law law = fault->law;

	*churn = (struct churn){
		.fault = fault,
		.rng = stream_rng(settings->seed, STREAM_CHURN, item),
		.up = lifetime_of(law, fault->shape_milli, up_ns(fault)),
		.away = lifetime_of(law, fault->shape_milli, fault->down_ns),
		.servers = memory_zeroed((size_t)seats + 1, sizeof(uint32_t)),
		.replaced = memory_zeroed((size_t)seats + 1, sizeof(bool)),
		.spare_count = spares,
		.spares = memory_zeroed((size_t)spares + 1, sizeof(uint32_t)),
	};
	for (uint32_t i = 0; i < seats; i++)
		churn->servers[i] = i;
	for (uint32_t i = 0; i < spares; i++)
		churn->spares[i] = spare_first + i;
	return churn;
}

void
churn_destroy(struct churn *churn)
{
	if (churn == NULL)
		return;
	free(churn->servers);
	free(churn->replaced);
	free(churn->spares);
	free(churn);
}

bool
churn_starts_away(struct churn *churn)
{
	uint64_t away = (uint64_t)churn->away.mean_ns;
	uint64_t all = away + (uint64_t)churn->up.mean_ns;

	return rng_below(&churn->rng, all) < away;
}

int64_t
churn_rest_ns(struct churn *churn, bool up)
{
	return lifetime_residual(up ? &churn->up : &churn->away, &churn->rng);
}

int64_t
churn_time_ns(struct churn *churn, bool up)
{
	return lifetime_draw(up ? &churn->up : &churn->away, &churn->rng);
}

/* With this probability. */
static bool
chance(struct churn *churn, uint32_t ppm)
{
	return rng_below(&churn->rng, PPM) < ppm;
}

struct churn_move
churn_depart(struct churn *churn, uint32_t seat)
{
	bool crash = chance(churn, churn->fault->crash_ppm);

	churn->replaced[seat] = chance(churn, churn->fault->new_ppm);
	return (struct churn_move){
		.act = crash ? CHURN_CRASH : CHURN_LEAVE,
		.server = churn->servers[seat],
	};
}

struct churn_move
churn_return(struct churn *churn, uint32_t seat)
{
	uint32_t *server = &churn->servers[seat];

	if (!churn->replaced[seat])
		return (struct churn_move){ CHURN_RETURN, *server };
	uint32_t *spare = &churn->spares[churn->next];
	uint32_t left = *server;
	churn->next = (churn->next + 1) % churn->spare_count;
	*server = *spare;
	*spare = left;
	return (struct churn_move){ CHURN_ENTER, *server };
}

uint32_t
churn_server(const struct churn *churn, uint32_t seat)
{
	return churn->servers[seat];
}
