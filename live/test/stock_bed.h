/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stock_bed.h - a host's stock of sessions and its core, for tests only
 *
 * One server without peers: what it owns is what it would have published.
 */
#ifndef LIVE_TEST_STOCK_BED_H
#define LIVE_TEST_STOCK_BED_H

#include <string.h>

#include "core/test/check.h"
#include "live/engine/core_settings.h"
#include "live/engine/stock.h"
#include "live/test/engines.h"

struct host {
	struct instant now;
	struct conf conf;
	struct node_settings node_settings;
	struct steer_settings steer_settings;
	struct core_memory memory;
	struct engine_edge edge;
	struct engine_counters counters;
	struct notify notify;
	struct wall wall;
	struct stock stock;
};

static inline void
host_open(struct host *host, int64_t store_after_ns)
{
	struct secret secret = secret_of(1);
	char error[256];

	memset(host, 0, sizeof(*host));
	host->now.ns = NS_PER_S;
	host->wall = wall_begin((struct wall_reading){ WALL_NS, 0 });
	conf_default(&host->conf);
	host->conf.self = endpoint_of(0);
	host->conf.sessions_max = 64;
	host->conf.records_max = 64;
	host->conf.flows_max = 64;
	host->conf.peers_max = 8;
	host->conf.steer.store_after_ns = store_after_ns;
	core_settings(&host->steer_settings, &host->node_settings, &host->conf,
		      &secret);
	CHECK(core_memory_create(&host->memory, &host->conf,
				 &host->node_settings, &host->steer_settings,
				 &secret.placement, 1, host->now) == 0);
	host->stock = (struct stock){
		.memory = &host->memory,
		.conf = &host->conf,
		.edge = &host->edge,
		.wall = &host->wall,
		.notify = &host->notify,
		.counters = &host->counters,
	};
	CHECK(sessions_open(&host->stock.sessions, NULL, 64, error,
			    sizeof(error)) == 0);
}

static inline void
host_close(struct host *host)
{
	sessions_close(host->stock.sessions);
	core_memory_destroy(&host->memory);
}

/* -: not ours; h, o: ours, half-open or open. It is the only one. */
static inline char
host_owns(const struct host *host, const struct session_key *key)
{
	if (!node_owns(host->memory.node, key, NULL))
		return '-';
	return node_half_open_count(host->memory.node) > 0 ? 'h' : 'o';
}

#endif
