/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_actions.c - links and routers of the network, servers of the cluster
 */
#include "sim/fault_actions.h"

#include "sim/net/path.h"

#define PATH_LINKS 16

/* ---- links and routers ---- */

static void
link_down(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	network_link_set(parts->network, order->link, LINK_DOWN);
}

static void
link_silent(void *context, const struct fault_order *order)
{
	static const enum link_state states[] = {
		[FAULT_WAY_BOTH] = LINK_SILENT,
		[FAULT_WAY_UP] = LINK_SILENT_LOWER,
		[FAULT_WAY_DOWN] = LINK_SILENT_UPPER,
	};
	struct fault_parts *parts = context;

	network_link_set(parts->network, order->link, states[order->way]);
}

static void
link_up(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	network_link_set(parts->network, order->link, LINK_UP);
}

static void
link_settings(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	network_link_change(parts->network, order->link, order->settings);
}

static void
router_down(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	network_device_set(parts->network, order->device, false);
}

static void
router_up(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	network_device_set(parts->network, order->device, true);
}

/* ---- the path of a session ---- */

static void
path_find(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;
	const struct session *session =
		workload_session(parts->workload, order->flow);
	uint32_t links[PATH_LINKS];

	uint32_t count = path_links(
		parts->network,
		network_client_device(parts->network, session->client),
		&session->key, links, PATH_LINKS);
	faults_path(parts->faults, order->now, order->item, links, count);
}

static int64_t
restore_ns(void *context, uint32_t item)
{
	const struct fault_parts *parts = context;
	const struct routing_settings *routing = &parts->settings->routing;

	(void)item;
	return routing->restore.high_ns + 4 * routing->hop.high_ns +
	       100 * NS_PER_MS;
}

/* ---- servers ---- */

static void
server_crash(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	servers_crash(parts->servers, order->device);
}

static void
server_up(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	servers_up(parts->servers, order->now, order->device);
}

static void
drain(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	servers_drain(parts->servers, order->device, true);
}

static void
undrain(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	servers_drain(parts->servers, order->device, false);
}

static void
leave(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	servers_leave(parts->servers, order->now, order->device);
}

static void
daemon_kill(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	servers_daemon_kill(parts->servers, order->device);
}

static void
daemon_start(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	servers_daemon_start(parts->servers, order->now, order->device);
}

/* ---- who attacks ---- */

static void
attack_begin(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	attackers_begin(parts->attackers, order->item);
}

static void
attack_end(void *context, const struct fault_order *order)
{
	struct fault_parts *parts = context;

	attackers_end(parts->attackers, order->item);
}

/* ---- who is there ---- */

static uint32_t
server_random(void *context)
{
	struct fault_parts *parts = context;

	return servers_random(parts->servers, &parts->rng);
}

static bool
server_is_up(void *context, uint32_t server)
{
	const struct fault_parts *parts = context;

	return servers_alive(parts->servers, server);
}

const struct fault_actions fault_parts_actions = {
	.link_down = link_down,
	.link_silent = link_silent,
	.link_up = link_up,
	.link_settings = link_settings,
	.router_down = router_down,
	.router_up = router_up,
	.server_crash = server_crash,
	.server_up = server_up,
	.drain = drain,
	.undrain = undrain,
	.leave = leave,
	.daemon_kill = daemon_kill,
	.daemon_start = daemon_start,
	.attack_begin = attack_begin,
	.attack_end = attack_end,
	.path_find = path_find,
	.restore_ns = restore_ns,
	.server_random = server_random,
	.server_is_up = server_is_up,
};
