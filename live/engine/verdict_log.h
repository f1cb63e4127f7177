/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict_log.h - decisions as lines for people, so many a second
 *
 *	12:34:56.123456 forward 10.1.0.1:40001 192.0.2.1:80 to 10.0.0.2:7000
 *	12:34:56.123460 drop tag 10.1.0.1:40001 192.0.2.1:80 tunnel
 *	12:34:57.000000 4711 more
 *
 * Local time of day, the verdict or the drop's reason by name, the flow ("-"
 * when the packet has none that could be read), and what the engine adds. In
 * each second the first lines pass, the rest are counted.
 */
#ifndef LIVE_ENGINE_VERDICT_LOG_H
#define LIVE_ENGINE_VERDICT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/steer/verdict.h"

#define VERDICT_LOG_LINE                                                       \
	320 /* bytes that hold any line, newline and NUL too                   \
	     */

/* All zero, then verdict_log_begin(). */
struct verdict_log {
	int64_t wall_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	struct instant second; /* when the running one began */
	uint32_t passed; /* in it */
	uint64_t left_out;
};

void verdict_log_begin(struct verdict_log *, struct instant now,
		       int64_t wall_offset_ns);
/* One more: may it pass? */
bool verdict_log_pass(struct verdict_log *, struct instant now,
		      uint32_t lines_per_s);
/* When the second that left some out ends; NEVER: none were. */
struct instant verdict_log_due(const struct verdict_log *);
/* It has ended: the line "N more"; 0: none is due. */
size_t verdict_log_more(struct verdict_log *, struct instant now,
			char line[VERDICT_LOG_LINE]);
/* The line and its length; what: more words, or NULL. */
size_t verdict_log_format(const struct verdict_log *, struct instant,
			  const struct steer_result *, const char *what,
			  char line[VERDICT_LOG_LINE]);

#endif
