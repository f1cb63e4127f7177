/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict_log.c - see verdict_log.h */
#include "live/engine/verdict_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "live/engine/report.h"

static const char *const verdict_names[] = {
	[STEER_LOCAL] = "local",
	[STEER_FORWARD] = "forward",
	[STEER_HOLD] = "hold",
	[STEER_DROP] = "drop",
};

void
verdict_log_begin(struct verdict_log *verdict_log, struct instant now,
		  int64_t wall_offset_ns)
{
	*verdict_log = (struct verdict_log){ .wall_offset_ns = wall_offset_ns,
					     .second = now };
}

bool
verdict_log_pass(struct verdict_log *verdict_log, struct instant now,
		 uint32_t lines_per_s)
{
	/* Lines that were left out are counted in a line before a new second
	 * begins. */
	if (verdict_log->left_out == 0 &&
	    instant_distance_ns(verdict_log->second, now) >= NS_PER_S) {
		verdict_log->second = now;
		verdict_log->passed = 0;
	}
	if (verdict_log->passed < lines_per_s) {
		verdict_log->passed++;
		return true;
	}
	verdict_log->left_out++;
	return false;
}

struct instant
verdict_log_due(const struct verdict_log *verdict_log)
{
	return verdict_log->left_out > 0
		       ? instant_after(verdict_log->second, NS_PER_S)
		       : INSTANT_NEVER;
}

/* "12:34:56.123456" */
static size_t
clock_format(const struct verdict_log *verdict_log, struct instant at,
	     char *text, size_t size)
{
	int64_t wall_ns = at.ns + verdict_log->wall_offset_ns;
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm local = { .tm_sec = 0 };

	(void)localtime_r(&seconds, &local);
	int length = snprintf(text, size, "%02d:%02d:%02d.%06d", local.tm_hour,
			      local.tm_min, local.tm_sec,
			      (int)(wall_ns % NS_PER_S / NS_PER_US));
	return length < 0 ? 0 : (size_t)length;
}

size_t
verdict_log_more(struct verdict_log *verdict_log, struct instant now,
		 char line[VERDICT_LOG_LINE])
{
	if (instant_before(now, verdict_log_due(verdict_log)))
		return 0;
	size_t used = clock_format(verdict_log, now, line, VERDICT_LOG_LINE);
	int length = snprintf(line + used, VERDICT_LOG_LINE - used,
			      " %" PRIu64 " more\n", verdict_log->left_out);
	verdict_log->left_out = 0;
	verdict_log->passed = 0;
	verdict_log->second = now;
	return length < 0 ? 0 : used + (size_t)length;
}

size_t
verdict_log_format(const struct verdict_log *verdict_log, struct instant at,
		   const struct steer_result *result, const char *what,
		   char line[VERDICT_LOG_LINE])
{
	char flow[REPORT_LINE] = "-";
	bool dropped = result->verdict == STEER_DROP;
	size_t used = clock_format(verdict_log, at, line, VERDICT_LOG_LINE);

	if (result->key.family != 0)
		(void)report_flow_format(&result->key, flow, sizeof(flow));
	int length = snprintf(
		line + used, VERDICT_LOG_LINE - used, " %s%s%s %s%s%.64s\n",
		verdict_names[result->verdict], dropped ? " " : "",
		dropped ? drop_name(result->drop) : "", flow,
		what != NULL && what[0] != '\0' ? " " : "",
		what != NULL ? what : "");
	return length < 0 ? 0 : used + (size_t)length;
}
