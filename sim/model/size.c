/* SPDX-License-Identifier: GPL-3.0-or-later */
/* size.c - see size.h */
#include "sim/model/size.h"

uint64_t
size_draw(const struct client_settings *clients, struct rng *rng)
{
	struct cdf_point low = { 0, 0 };
	uint32_t ppm;

	if (clients->size_cdf_count == 0)
		return clients->size_bytes;
	ppm = (uint32_t)rng_below(rng, 1000000);
	for (uint32_t i = 0; i < clients->size_cdf_count; i++) {
		struct cdf_point high = clients->size_cdf[i];
		if (ppm < high.ppm) {
			uint64_t span = high.bytes - low.bytes;
			uint64_t part = ppm - low.ppm;
			uint32_t whole = high.ppm - low.ppm;
			/* span < 2^44 in any sane file: no overflow. */
			uint64_t bytes = low.bytes + span * part / whole;
			return bytes > 0 ? bytes : 1;
		}
		low = high;
	}
	return low.bytes > 0 ? low.bytes : 1;
}
