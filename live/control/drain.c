/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drain.c - see drain.h */
#include "live/control/drain.h"

#include <errno.h>
#include <stdlib.h>

struct drain {
	struct helper *helper;
	enum drain_state state;
	enum drain_state before; /* of the command that runs */
	bool failed;
	struct instant deadline; /* the operator's */
	struct instant quiet; /* no session is open since; NEVER: some are */
};

struct drain *
drain_create(struct helper *helper)
{
	struct drain *drain = calloc(1, sizeof(*drain));

	if (drain == NULL)
		return NULL;
	drain->helper = helper;
	drain->deadline = drain->quiet = INSTANT_NEVER;
	if (helper != NULL && helper_withdrawn(helper))
		drain->state = DRAIN_DRAINING;
	return drain;
}

void
drain_destroy(struct drain *drain)
{
	free(drain);
}

static bool
command_runs(const struct drain *drain)
{
	return drain->state == DRAIN_WITHDRAWING ||
	       drain->state == DRAIN_ANNOUNCING;
}

static int
command_begin(struct drain *drain, enum helper_word word,
	      enum drain_state meanwhile)
{
	if (drain->helper == NULL)
		return -ENOTSUP;
	int result = helper_say(drain->helper, word);
	if (result != 0)
		return result;
	drain->before = drain->state;
	drain->state = meanwhile;
	drain->failed = false;
	return 0;
}

int
drain_begin(struct drain *drain, struct instant now, int64_t deadline_ns)
{
	if (command_runs(drain))
		return -EBUSY;
	if (drain->state == DRAIN_SERVING) {
		int result = command_begin(drain, HELPER_WITHDRAW,
					   DRAIN_WITHDRAWING);
		if (result != 0)
			return result;
	} else if (drain->state == DRAIN_EXPIRED) {
		drain->state = DRAIN_DRAINING;
	}
	drain->deadline = deadline_ns > 0 ? instant_after(now, deadline_ns)
					  : INSTANT_NEVER;
	return 0;
}

int
drain_end(struct drain *drain)
{
	if (command_runs(drain))
		return -EBUSY;
	return command_begin(drain, HELPER_ANNOUNCE, DRAIN_ANNOUNCING);
}

/* The command has ended. */
static void
command_end(struct drain *drain, int result)
{
	drain->failed = result != 0;
	if (drain->failed)
		drain->state = drain->before;
	else if (drain->state == DRAIN_WITHDRAWING)
		drain->state = DRAIN_DRAINING;
	else
		drain->state = DRAIN_SERVING;
	if (drain->state == DRAIN_SERVING)
		drain->deadline = INSTANT_NEVER;
	drain->quiet = INSTANT_NEVER; /* it counts from here */
}

static void
sessions_watch(struct drain *drain, struct instant now, uint32_t sessions)
{
	if (sessions > 0) {
		drain->quiet = INSTANT_NEVER;
		if (drain->state == DRAIN_EMPTY)
			drain->state = DRAIN_DRAINING;
		if (!instant_before(now, drain->deadline))
			drain->state = DRAIN_EXPIRED;
		return;
	}
	if (drain->quiet.ns == INSTANT_NEVER.ns)
		drain->quiet = now;
	if (!instant_before(now, instant_after(drain->quiet, DRAIN_QUIET_NS)))
		drain->state = DRAIN_EMPTY;
}

enum drain_state
drain_update(struct drain *drain, struct instant now, uint32_t sessions)
{
	if (command_runs(drain)) {
		int result = helper_answer(drain->helper);
		if (result == -EAGAIN)
			return drain->state;
		command_end(drain, result);
	}
	if (drain->state != DRAIN_SERVING)
		sessions_watch(drain, now, sessions);
	return drain->state;
}

enum drain_state
drain_state(const struct drain *drain)
{
	return drain->state;
}

const char *
drain_state_name(enum drain_state state)
{
	static const char *const names[] = {
#define DRAIN_NAME(name, text) text,
		DRAIN_STATE_LIST(DRAIN_NAME)
#undef DRAIN_NAME
	};
	_Static_assert(sizeof(names) / sizeof(names[0]) == DRAIN_STATES,
		       "a name for every state");
	return names[state];
}

bool
drain_failed(const struct drain *drain)
{
	return drain->failed;
}

int
drain_fd(const struct drain *drain)
{
	return drain->helper != NULL ? helper_fd(drain->helper) : -1;
}

struct instant
drain_deadline(const struct drain *drain)
{
	struct instant quiet = instant_after(drain->quiet, DRAIN_QUIET_NS);

	switch (drain->state) {
	case DRAIN_DRAINING:
		return instant_min(drain->deadline, quiet);
	case DRAIN_EXPIRED:
		return quiet;
	default:
		return INSTANT_NEVER;
	}
}

int64_t
drain_left_ns(const struct drain *drain, struct instant now)
{
	if (drain->deadline.ns == INSTANT_NEVER.ns ||
	    (drain->state != DRAIN_WITHDRAWING &&
	     drain->state != DRAIN_DRAINING))
		return -1;
	int64_t left = instant_distance_ns(now, drain->deadline);
	return left > 0 ? left : 0;
}
