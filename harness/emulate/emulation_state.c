/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulation_state.c - the run's clock, and its first failure
 *
 * What every part of a live run may ask and say; see emulation_state.h.
 */
#include "harness/emulate/emulation_state.h"

#include <stdarg.h>
#include <time.h>

struct instant
emulation_now(const struct emulation *emulation)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct instant){ now.tv_sec * NS_PER_S + now.tv_nsec -
				 emulation->began_ns };
}

void
emulation_fail(struct emulation *emulation, const char *format, ...)
{
	va_list arguments;

	if (emulation->failure[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(emulation->failure, sizeof(emulation->failure), format,
			arguments);
	va_end(arguments);
}
