/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.c - count, and tell the watch
 */
#include "sim/judge/verdict.h"

#include <stdarg.h>
#include <stdio.h>

void
verdict(struct verdicts *verdicts, enum violation kind, struct instant at,
	uint32_t node, uint32_t flow, const char *format, ...)
{
	char sentence[WATCH_SENTENCE];
	va_list arguments;

	if (verdicts->counts[kind]++ >= VERDICTS_SAID)
		return;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	verdicts->watch->violation(verdicts->watch->context,
				   &(struct watch_violation){
					   .kind = kind,
					   .at = at,
					   .node = node,
					   .flow = flow,
					   .sentence = sentence,
				   });
}
