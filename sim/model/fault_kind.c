/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_kind.c - a row a kind
 *
 * A lab has no servers that are not there at the start, and nothing that picks
 * victims by chance.
 */
#include "sim/model/fault_kind.h"

#include <assert.h>

#define NONE   FAULT_TARGET_NONE
#define LINK   FAULT_TARGET_LINK
#define ROUTER FAULT_TARGET_ROUTER
#define SERVER FAULT_TARGET_SERVER

/* name, undo, target, harms, detects, simulated, live */
static const struct fault_kind_trait traits[] = {
	[FAULT_LINK_DOWN] = { "link_down", FAULT_LINK_UP, LINK, true, true,
			      true, true },
	[FAULT_LINK_UP] = { "link_up", FAULT_LINK_UP, LINK, false, false, true,
			    true },
	[FAULT_LINK_SILENT] = { "link_silent", FAULT_LINK_UP, LINK, true, true,
				true, true },
	[FAULT_ROUTER_DOWN] = { "router_down", FAULT_ROUTER_UP, ROUTER, true,
				true, true, true },
	[FAULT_ROUTER_UP] = { "router_up", FAULT_ROUTER_UP, ROUTER, false,
			      false, true, true },
	[FAULT_SERVER_CRASH] = { "server_crash", FAULT_SERVER_UP, SERVER, true,
				 false, true, true },
	[FAULT_SERVER_UP] = { "server_up", FAULT_SERVER_UP, SERVER, false,
			      false, true, true },
	[FAULT_DRAIN] = { "drain", FAULT_UNDRAIN, SERVER, true, false, true,
			  true },
	[FAULT_UNDRAIN] = { "undrain", FAULT_UNDRAIN, SERVER, false, false,
			    true, true },
	[FAULT_JOIN] = { "join", FAULT_JOIN, NONE, false, false, true, false },
	[FAULT_LEAVE] = { "leave", FAULT_LEAVE, SERVER, true, false, true,
			  false },
	[FAULT_CHURN] = { "churn", FAULT_CHURN, NONE, false, false, true,
			  false },
	[FAULT_PARTITION] = { "partition", FAULT_MERGE, NONE, true, false, true,
			      false },
	[FAULT_MERGE] = { "merge", FAULT_MERGE, NONE, false, false, true,
			  false },
	[FAULT_DAEMON_KILL] = { "daemon_kill", FAULT_DAEMON_START, SERVER, true,
				false, true, true },
	[FAULT_DAEMON_START] = { "daemon_start", FAULT_DAEMON_START, SERVER,
				 false, false, true, true },
	[FAULT_DAEMON_RESTART] = { "daemon_restart", FAULT_DAEMON_START, SERVER,
				   true, false, true, true },
};
_Static_assert(sizeof(traits) / sizeof(traits[0]) == FAULT_KINDS,
	       "every kind of fault has a row");

const struct fault_kind_trait *
fault_kind_trait(enum fault_kind kind)
{
	assert((unsigned)kind < FAULT_KINDS);
	return &traits[kind];
}

const char *
fault_name(enum fault_kind kind)
{
	return fault_kind_trait(kind)->name;
}

uint32_t
fault_kind_impossible(const struct settings *settings, bool live)
{
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		const struct fault_kind_trait *trait =
			fault_kind_trait(settings->faults[i].kind);
		if (!(live ? trait->live : trait->simulated))
			return i;
	}
	return settings->fault_count;
}
