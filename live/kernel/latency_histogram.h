/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latency_histogram.h - how long a stray stays in this process, as a histogram
 *
 * From the return of the wait that announced it (so the whole batch before it
 * counts) to the return of the call that sent its forward; packets that were
 * held are not in it (lookups have their own measure). Buckets grow by 2^(1/8),
 * so that a quantile is right within 9 %; memory is fixed.
 */
#ifndef LIVE_KERNEL_LATENCY_HISTOGRAM_H
#define LIVE_KERNEL_LATENCY_HISTOGRAM_H

#include <stdint.h>

#define LATENCY_HISTOGRAM_BUCKETS                                              \
	320 /* 8 for each doubling, 1 ns to 2^40 ns                            \
	     */

struct latency_histogram {
	uint64_t count, sum_ns, max_ns;
	uint64_t buckets[LATENCY_HISTOGRAM_BUCKETS];
};

/* `count` strays took that long. */
void latency_histogram_add(struct latency_histogram *, int64_t ns,
			   uint64_t count);
/* The value that a share of ppm millionths does not exceed; 0: none yet. */
int64_t latency_histogram_quantile_ns(const struct latency_histogram *,
				      uint32_t ppm);

#endif
