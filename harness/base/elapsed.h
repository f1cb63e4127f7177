/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * elapsed.h - how long a verb has been at it, for what it says on the way
 */
#ifndef HARNESS_BASE_ELAPSED_H
#define HARNESS_BASE_ELAPSED_H

#include <time.h>

/* Seconds since a reading of CLOCK_MONOTONIC. */
static inline double
elapsed_s(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began->tv_sec) +
	       (double)(now.tv_nsec - began->tv_nsec) * 1e-9;
}

#endif
