/* SPDX-License-Identifier: GPL-3.0-or-later */
/* possible.c - each point, and each world its own limits; see possible.h */
#include "harness/run/possible.h"

#include <stdio.h>

#include "harness/base/exit.h"
#include "harness/emulate/emulation.h"
#include "harness/scenario/sweep.h"
#include "sim/model/fault_kind.h"

/* "": it can. */
static void
refusal(const struct settings *settings, bool live, char *sentence, size_t size)
{
	uint32_t event = fault_kind_impossible(settings, false);

	sentence[0] = '\0';
	if (live)
		(void)emulation_possible(settings, sentence, size);
	else if (event < settings->fault_count)
		snprintf(sentence, size, "event %u, %s: not in the simulator",
			 event + 1, fault_name(settings->faults[event].kind));
}

int
possible_check(const struct scenario *scenario, bool live)
{
	struct sweep_point point = { .faults = NULL };
	char sentence[512] = "", label[SWEEP_LABEL];

	for (uint32_t i = 0;
	     sentence[0] == '\0' && i < sweep_point_count(scenario); i++) {
		sweep_point_make(scenario, i, &point);
		refusal(&point.settings, live, sentence, sizeof(sentence));
		if (sentence[0] == '\0')
			continue;
		sweep_point_label(scenario, &point, label);
		fprintf(stderr, "homeward: %s: --in %s: %s (%s)\n",
			scenario->path, live ? "live" : "sim", sentence, label);
	}
	sweep_point_release(&point);
	return sentence[0] == '\0' ? 0 : EXIT_USAGE;
}
