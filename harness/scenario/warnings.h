/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warnings.h - what is possible, and yet hardly what was meant
 *
 *	a key that has no effect here		clients.pace_mbps without
 *						sessions
 *	an event on what is already so		link_down of a link that is
 *						down, undrain of what never was
 *	a flap too short			routes are not back before
 *						the link goes again
 *	a fabric of WAN delays			queries are given up before an
 *						answer can be there
 *	an interval too long			sessions or operations would
 *						begin after the end
 *
 * Said by `run` and by `validate`, on standard error, as file:line:column:
 * warning: sentence; the exit code is what it is without. Once a scenario:
 * where only some points of the sweep deserve it, it says how many. Keys that
 * nobody wrote are not spoken of, and a rule is silent where it cannot know.
 *
 * What only a run can know it says itself (enum remark_kind).
 */
#ifndef HARNESS_SCENARIO_WARNINGS_H
#define HARNESS_SCENARIO_WARNINGS_H

#include <stdint.h>
#include <stdio.h>

#include "harness/scenario/scenario.h"
#include "sim/model/watch.h"

struct warning {
	struct key_place place; /* whose; key NULL: the event as a whole */
	char sentence[WATCH_SENTENCE]; /* without a full stop */
};

/* Of one point: settings as the sweep makes them. */
void warnings_find(const struct scenario *, const struct settings *,
		   void (*hear)(void *, const struct warning *), void *context);
/* Of all points, each once; how many were said. */
uint32_t warnings_say(const struct scenario *, const char *const *sets,
		      FILE *talk);

#endif
