/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drain_watcher.c - see drain_watcher.h */
#include "live/control/drain_watcher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "live/control/control_client.h"
#include "live/control/status.h"

static const char *
drain_refusal(int error)
{
	switch (error) {
	case -ENOTSUP:
		return "no such command in homewardd.conf (withdraw, announce)";
	case -EBUSY:
		return "the route is being withdrawn or announced right now; "
		       "try again";
	default:
		return "the helper process that runs commands is gone; "
		       "restart homewardd";
	}
}

void
drain_watcher_begin(struct control_client *client,
		    const struct control_parts *parts, struct instant now,
		    const struct command *command)
{
	struct engine_status status;
	bool drain = command->kind == COMMAND_DRAIN;
	int result =
		drain ? drain_begin(parts->drain, now, command->deadline_ns)
		      : drain_end(parts->drain);

	if (result != 0) {
		control_client_answer(client, drain_refusal(result));
		return;
	}
	engine_status(parts->engine, &status);
	client->state =
		drain ? CONTROL_CLIENT_DRAINING : CONTROL_CLIENT_UNDRAINING;
	client->since = client->reported = now;
	client->home = status.steer->decapsulated;
	client->sessions = status.sessions;
	if (drain)
		control_client_print(client,
				     "draining: %" PRIu32 " sessions open\n",
				     status.sessions);
}

/* At most once a second, when the number of sessions has changed. */
static void
drain_progress(struct control_client *client, struct instant now,
	       uint32_t sessions)
{
	if (instant_distance_ns(client->reported, now) < NS_PER_S)
		return;
	client->reported = now;
	if (client->sessions != sessions)
		control_client_print(client, "%" PRIu32 " sessions open\n",
				     sessions);
	client->sessions = sessions;
}

static void
drain_follow(struct control_client *client, const struct drain *drain,
	     struct instant now, const struct engine_status *status)
{
	char text[STATUS_TIME], error[128];

	switch (drain_state(drain)) {
	case DRAIN_WITHDRAWING:
		return;
	case DRAIN_DRAINING:
		drain_progress(client, now, status->sessions);
		return;
	case DRAIN_EMPTY:
		control_client_print(
			client,
			"empty after %s; meanwhile %" PRIu64
			" packets came by other servers\n",
			status_duration(instant_distance_ns(client->since, now),
					text),
			status->steer->decapsulated - client->home);
		control_client_answer(client, NULL);
		return;
	case DRAIN_EXPIRED:
		(void)snprintf(error, sizeof(error),
			       "the deadline passed with %" PRIu32
			       " sessions open; they are still served",
			       status->sessions);
		control_client_answer(client, error);
		return;
	default:
		control_client_answer(client,
				      drain_failed(drain)
					      ? "the withdraw command failed; "
						"see the log of homewardd"
					      : "undrained meanwhile");
	}
}

static void
undrain_follow(struct control_client *client, const struct drain *drain)
{
	if (drain_state(drain) == DRAIN_ANNOUNCING)
		return;
	if (drain_failed(drain))
		control_client_answer(client,
				      "the announce command failed; see the "
				      "log of homewardd");
	else
		control_client_answer(client, NULL);
}

void
drain_watcher_turn(struct control_client *client,
		   const struct control_parts *parts,
		   const struct engine_status *status, struct instant now)
{
	if (client->state == CONTROL_CLIENT_DRAINING)
		drain_follow(client, parts->drain, now, status);
	else if (client->state == CONTROL_CLIENT_UNDRAINING)
		undrain_follow(client, parts->drain);
}

struct instant
drain_watcher_deadline(const struct control_client *client,
		       const struct drain *drain)
{
	if (client->state == CONTROL_CLIENT_DRAINING &&
	    drain_state(drain) == DRAIN_DRAINING)
		return instant_after(client->reported, NS_PER_S);
	return INSTANT_NEVER;
}
