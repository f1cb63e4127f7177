/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario_fuzz.c - any bytes are a scenario or a complaint
 *
 * Whatever is accepted must print to something that is accepted, too, and
 * prints the same; and each of its points can be made.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/scenario.h"
#include "harness/scenario/scenario_dump.h"
#include "harness/scenario/sweep.h"

#define FUZZ_POINTS 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
points_make(const struct scenario *scenario)
{
	static struct sweep_point point;
	uint32_t count = sweep_point_count(scenario);
	char label[SWEEP_LABEL];

	assert(count > 0);
	for (uint32_t i = 0; i < count && i < FUZZ_POINTS; i++) {
		sweep_point_make(scenario, i, &point);
		sweep_point_label(scenario, &point, label);
	}
	sweep_point_release(&point);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct scenario scenario, again;
	char *talk = NULL, *first, *second;
	size_t talk_size = 0;
	FILE *stream = open_memstream(&talk, &talk_size);

	if (stream == NULL)
		return 0;
	if (scenario_parse(&scenario, "f.yaml", bytes, size, NULL, 0, stream) ==
	    0) {
		points_make(&scenario);
		first = scenario_dump_text(&scenario);
		assert(first != NULL);
		if (scenario_parse(&again, "f.yaml", first, strlen(first), NULL,
				   0, stream) != 0) {
			fflush(stream);
			fprintf(stderr, "%s\n%s", first, talk);
			abort();
		}
		second = scenario_dump_text(&again);
		assert(second != NULL && strcmp(first, second) == 0);
		free(first);
		free(second);
	} else {
		/* A refusal says why. */
		fflush(stream);
		assert(talk_size > 0);
	}
	scenario_release(&scenario);
	scenario_release(&again);
	fclose(stream);
	free(talk);
	return 0;
}
