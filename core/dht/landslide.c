/* SPDX-License-Identifier: GPL-3.0-or-later */
/* landslide.c - many die together; see landslide.h */
#include "core/dht/landslide.h"

void
landslide_died(struct landslide *landslide, struct instant now, uint32_t died,
	       uint32_t watched)
{
	uint32_t ticks = (uint32_t)(now.ns / LANDSLIDE_TICK_NS);
	uint32_t sum = landslide->died + died;

	if (ticks - landslide->since > LANDSLIDE_NS / LANDSLIDE_TICK_NS)
		sum = died;
	if (sum == died)
		landslide->since = ticks;
	landslide->died = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
	if (sum < LANDSLIDE_LEAST || sum < watched / LANDSLIDE_PART)
		return;
	landslide->died = 0;
	landslide->seen = true;
}

bool
landslide_likely(const struct landslide *landslide, uint32_t watched)
{
	return landslide->seen ||
	       (landslide->died >= LANDSLIDE_LIKELY &&
		landslide->died >= watched / LANDSLIDE_LIKELY_PART);
}

bool
landslide_take(struct landslide *landslide)
{
	bool seen = landslide->seen;

	landslide->seen = false;
	return seen;
}
