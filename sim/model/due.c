/* SPDX-License-Identifier: GPL-3.0-or-later */
/* due.c - when the next byte of a session can be at its receiver */
#include "sim/model/due.h"

#include "sim/model/pace.h"
#include "sim/model/workload.h"

struct instant
due_first(const struct settings *settings, uint64_t step_bytes,
	  const struct session *session)
{
	struct instant begun = session->answered.ns == INT64_MAX
				       ? session->opened
				       : session->answered;
	int64_t write_ns;

	if (session->owner == WATCH_NONE || settings->clients.pace_bps == 0)
		return begun;
	write_ns = pace_ns(settings, session->bytes_wanted < step_bytes
					     ? session->bytes_wanted
					     : step_bytes);
	if (write_ns == INT64_MAX)
		return INSTANT_NEVER;
	return instant_after(begun, write_ns);
}

struct instant
due_next(const struct settings *settings, uint64_t step_bytes,
	 struct instant now, struct session *session)
{
	uint64_t wanted = session->bytes_wanted;
	uint64_t bytes = session->bytes;

	if (bytes >= wanted)
		return INSTANT_NEVER;
	if (settings->clients.pace_bps == 0)
		return now;
	/* Up to the end of its step a byte is written with the one before. */
	uint64_t written =
		bytes + (step_bytes - bytes % step_bytes) % step_bytes;
	int64_t base_ns = now.ns - pace_ns(settings, written);
	if (base_ns < session->base_ns)
		session->base_ns = base_ns;
	if (bytes < written)
		return now;
	uint64_t next =
		wanted - written < step_bytes ? wanted : written + step_bytes;
	int64_t next_ns = pace_ns(settings, next);
	if (next_ns == INT64_MAX)
		return INSTANT_NEVER;
	return (struct instant){ session->base_ns + next_ns };
}
