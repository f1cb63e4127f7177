/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tracer.c - see tracer.h */
#include "live/engine/tracer.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "live/engine/report.h"

static const char *const verdict_names[] = {
	[STEER_LOCAL] = "local", [STEER_FORWARD] = "forward",
	[STEER_HOLD] = "hold",	 [STEER_RESET] = "reset",
	[STEER_DROP] = "drop",
};

void
tracer_begin(struct tracer *tracer, struct instant now, int64_t wall_offset_ns)
{
	*tracer = (struct tracer){ .wall_offset_ns = wall_offset_ns,
				   .second = now };
}

bool
tracer_pass(struct tracer *tracer, struct instant now, uint32_t lines_per_s)
{
	/* Lines that were left out are told before a new second begins. */
	if (tracer->left_out == 0 &&
	    instant_distance_ns(tracer->second, now) >= NS_PER_S) {
		tracer->second = now;
		tracer->passed = 0;
	}
	if (tracer->passed < lines_per_s) {
		tracer->passed++;
		return true;
	}
	tracer->left_out++;
	return false;
}

struct instant
tracer_due(const struct tracer *tracer)
{
	return tracer->left_out > 0 ? instant_after(tracer->second, NS_PER_S)
				    : INSTANT_NEVER;
}

/* "12:34:56.123456" */
static size_t
clock_format(const struct tracer *tracer, struct instant at, char *text,
	     size_t size)
{
	int64_t wall_ns = at.ns + tracer->wall_offset_ns;
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm local = { .tm_sec = 0 };

	(void)localtime_r(&seconds, &local);
	int length = snprintf(text, size, "%02d:%02d:%02d.%06d", local.tm_hour,
			      local.tm_min, local.tm_sec,
			      (int)(wall_ns % NS_PER_S / NS_PER_US));
	return length < 0 ? 0 : (size_t)length;
}

size_t
tracer_more(struct tracer *tracer, struct instant now, char line[TRACER_LINE])
{
	if (instant_before(now, tracer_due(tracer)))
		return 0;
	size_t used = clock_format(tracer, now, line, TRACER_LINE);
	int length = snprintf(line + used, TRACER_LINE - used,
			      " %" PRIu64 " more\n", tracer->left_out);
	tracer->left_out = 0;
	tracer->passed = 0;
	tracer->second = now;
	return length < 0 ? 0 : used + (size_t)length;
}

size_t
tracer_format(const struct tracer *tracer, struct instant at,
	      const struct steer_result *result, const char *what,
	      char line[TRACER_LINE])
{
	char flow[REPORT_LINE] = "-";
	bool dropped = result->verdict == STEER_DROP;
	size_t used = clock_format(tracer, at, line, TRACER_LINE);

	if (result->key.family != 0)
		(void)report_flow_format(&result->key, flow, sizeof(flow));
	int length =
		snprintf(line + used, TRACER_LINE - used, " %s%s%s %s%s%.64s\n",
			 verdict_names[result->verdict], dropped ? " " : "",
			 dropped ? drop_name(result->drop) : "", flow,
			 what != NULL && what[0] != '\0' ? " " : "",
			 what != NULL ? what : "");
	return length < 0 ? 0 : used + (size_t)length;
}
