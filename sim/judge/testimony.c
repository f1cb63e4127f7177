/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * testimony.c - who, when, by whom, and what is known of its record
 */
#include "sim/judge/testimony.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/wire/cursor.h"
#include "sim/host/server.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

#define DEVICE_BYTES 24

/* "server3", or what there is instead. */
static const char *
device(const struct judge_parts *parts, uint32_t index)
{
	return index == WATCH_NONE ? "nobody"
				   : network_device_name(parts->network, index);
}

static double
since(struct instant zero, struct instant at)
{
	return (double)(at.ns - zero.ns) / (double)NS_PER_S;
}

/* Who ended it, or had its packets; and why that was wrong. */
static const char *
reason(enum cause cause)
{
	static const char *const reasons[CAUSES] = {
		[CAUSE_NONE] = "it does not go on",
		[CAUSE_OWNER_DEAD] = "its owner is dead, and nobody says so",
		[CAUSE_HANDSHAKE] = "never established",
		[CAUSE_RECORD_GONE] = "no record of it was found",
		[CAUSE_BUDGET] = "nobody was asked for its owner",
		[CAUSE_HALF_OPEN] = "which has a half-open socket",
		[CAUSE_OLD_SOCKET] = "which has an older socket",
		[CAUSE_NO_SOCKET] = "whose kernel has no socket",
		[CAUSE_OWNER_CLOSED] = "its owner's socket had gone",
		[CAUSE_SILENT] = "nothing came through",
		[CAUSE_UNSURE] = "too few answered who might know it",
	};

	return reasons[cause] != NULL ? reasons[cause] : cause_name(cause);
}

static uint32_t
holders(const struct judge_parts *parts, const struct session *session)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < servers_count(parts->servers); i++)
		count += servers_holds(parts->servers, i, &session->key,
				       session->owner);
	return count;
}

static const char *
verb(const struct session *session)
{
	if (session->state != SESSION_OVER)
		return "silent";
	return session->outcome == OUTCOME_RESET ? "reset" : "given up";
}

void
testimony(const struct judge_parts *parts, struct instant zero,
	  struct instant now, const struct session *session, enum cause cause,
	  char text[TESTIMONY_BYTES])
{
	bool over = session->state == SESSION_OVER;
	bool reset = over && session->outcome == OUTCOME_RESET;
	bool taken = cause == CAUSE_HALF_OPEN || cause == CAUSE_OLD_SOCKET;
	uint32_t by = reset   ? session->reset_by
		      : taken ? session->taken_by
			      : session->last_server;
	uint32_t count = holders(parts, session);
	char strays[96] = "never strayed";

	if (session->strayed.ns != INT64_MAX)
		(void)snprintf(strays, sizeof(strays),
			       "strayed %.3f s, %" PRIu64 " stray%s",
			       since(zero, session->strayed), session->strays,
			       session->strays == 1 ? "" : "s");
	(void)snprintf(
		text, TESTIMONY_BYTES,
		"%s:%u of %s, opened %.3f s: %s %.3f s %s %s, %s; %s; "
		"%u hold%s its record",
		network_device_name(
			parts->network,
			network_client_device(parts->network, session->client)),
		(unsigned)wire_get16(session->key.client_port),
		device(parts, session->owner), since(zero, session->opened),
		verb(session), since(zero, over ? session->closed : now),
		reset ? "by" : "at", device(parts, by), reason(cause), strays,
		(unsigned)count, count == 1 ? "s" : "");
}
