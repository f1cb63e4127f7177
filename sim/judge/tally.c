/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - what kind of world it was
 */
#include "sim/judge/tally.h"

#include <stdlib.h>

struct judge_tally {
	struct judge_parts parts;
};

struct judge_tally *
judge_tally_create(const struct judge_parts *parts)
{
	struct judge_tally *tally = calloc(1, sizeof(*tally));

	if (tally == NULL)
		abort();
	tally->parts = *parts;
	return tally;
}

void
judge_tally_destroy(struct judge_tally *tally)
{
	free(tally);
}

void
judge_tally_zero(struct judge_tally *tally, struct instant now)
{
	(void)tally;
	(void)now;
}

void
judge_tally_before(struct judge_tally *tally, struct instant now,
		   uint32_t device, const uint8_t *bytes, uint32_t size)
{
	(void)tally;
	(void)now;
	(void)device;
	(void)bytes;
	(void)size;
}

void
judge_tally_after(struct judge_tally *tally, struct instant now,
		  uint32_t device, const uint8_t *bytes, uint32_t size)
{
	(void)tally;
	(void)now;
	(void)device;
	(void)bytes;
	(void)size;
}

void
judge_tally_event(struct judge_tally *tally, struct instant now,
		  const struct event *event)
{
	(void)tally;
	(void)now;
	(void)event;
}

void
judge_tally_finish(struct judge_tally *tally, struct instant now,
		   struct judge_facts *facts)
{
	(void)tally;
	(void)now;
	(void)facts;
}
