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
drain_watcher_begin(struct control_client *caller,
		    const struct control_subject *subject, struct instant now,
		    const struct command *command)
{
	struct engine_status status;
	bool drain = command->kind == COMMAND_DRAIN;
	int result =
		drain ? drain_begin(subject->drain, now, command->deadline_ns)
		      : drain_end(subject->drain);

	if (result != 0) {
		control_client_answer(caller, drain_refusal(result));
		return;
	}
	engine_status(subject->engine, &status);
	caller->state =
		drain ? CONTROL_CLIENT_DRAINING : CONTROL_CLIENT_UNDRAINING;
	caller->since = caller->told = now;
	caller->home = status.steer->decapsulated;
	caller->sessions = status.sessions;
	if (drain)
		control_client_print(caller,
				     "draining: %" PRIu32 " sessions open\n",
				     status.sessions);
}

/* Once a second, when it has changed. */
static void
drain_progress(struct control_client *caller, struct instant now,
	       uint32_t sessions)
{
	if (instant_distance_ns(caller->told, now) < NS_PER_S)
		return;
	caller->told = now;
	if (caller->sessions != sessions)
		control_client_print(caller, "%" PRIu32 " sessions open\n",
				     sessions);
	caller->sessions = sessions;
}

static void
drain_follow(struct control_client *caller, const struct drain *drain,
	     struct instant now, const struct engine_status *status)
{
	char text[STATUS_TIME], error[128];

	switch (drain_state(drain)) {
	case DRAIN_WITHDRAWING:
		return;
	case DRAIN_DRAINING:
		drain_progress(caller, now, status->sessions);
		return;
	case DRAIN_EMPTY:
		control_client_print(
			caller,
			"empty after %s; meanwhile %" PRIu64
			" packets came by other servers\n",
			status_duration(instant_distance_ns(caller->since, now),
					text),
			status->steer->decapsulated - caller->home);
		control_client_answer(caller, NULL);
		return;
	case DRAIN_EXPIRED:
		(void)snprintf(error, sizeof(error),
			       "the deadline passed with %" PRIu32
			       " sessions open; they are still served",
			       status->sessions);
		control_client_answer(caller, error);
		return;
	default:
		control_client_answer(caller,
				      drain_failed(drain)
					      ? "the withdraw command failed; "
						"see the log of homewardd"
					      : "undrained meanwhile");
	}
}

static void
undrain_follow(struct control_client *caller, const struct drain *drain)
{
	if (drain_state(drain) == DRAIN_ANNOUNCING)
		return;
	if (drain_failed(drain))
		control_client_answer(caller,
				      "the announce command failed; see the "
				      "log of homewardd");
	else
		control_client_answer(caller, NULL);
}

void
drain_watcher_turn(struct control_client *caller,
		   const struct control_subject *subject,
		   const struct engine_status *status, struct instant now)
{
	if (caller->state == CONTROL_CLIENT_DRAINING)
		drain_follow(caller, subject->drain, now, status);
	else if (caller->state == CONTROL_CLIENT_UNDRAINING)
		undrain_follow(caller, subject->drain);
}

struct instant
drain_watcher_deadline(const struct control_client *caller,
		       const struct drain *drain)
{
	if (caller->state == CONTROL_CLIENT_DRAINING &&
	    drain_state(drain) == DRAIN_DRAINING)
		return instant_after(caller->told, NS_PER_S);
	return INSTANT_NEVER;
}
