/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory_report.h - bytes of a world by purpose
 *
 * Parts of the world add what they have allocated for good, by purpose; what
 * grows and shrinks during a run (packets, BGP updates, connections) is left
 * out. Pages that were never touched count here, but cost nothing: the pools
 * of records and lookups are sized for the most that a run can need.
 */
#ifndef SIM_ENGINE_MEMORY_REPORT_H
#define SIM_ENGINE_MEMORY_REPORT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define MEMORY_REPORT_PARTS 16

struct memory_report_part {
	const char *name;
	uint64_t bytes;
	/* Sized by the load, not by the servers: touched as it fills. */
	bool pool;
};

struct memory_report {
	struct memory_report_part parts[MEMORY_REPORT_PARTS];
	uint32_t count;
};

static inline void
memory_report_add(struct memory_report *report, const char *name,
		  uint64_t bytes, bool pool)
{
	assert(report->count < MEMORY_REPORT_PARTS);
	report->parts[report->count++] =
		(struct memory_report_part){ name, bytes, pool };
}

#endif
