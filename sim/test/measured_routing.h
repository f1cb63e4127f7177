/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measured_routing.h - routers as slow as those that were measured
 *
 * FRR's times, as sim/model/settings.c has them today; tests that count them
 * want them to stay, whatever becomes of the defaults.
 */
#ifndef SIM_TEST_MEASURED_ROUTING_H
#define SIM_TEST_MEASURED_ROUTING_H

#include "sim/model/settings.h"

#define MEASURED_ROUTING                                                       \
	{                                                                      \
		.ecmp = ECMP_HASH_THRESHOLD, .resilient_buckets = 128,         \
		.detection = DETECTION_BFD, .reroute = { 800000, 2100000 },    \
		.local = { 78 * NS_PER_MS, 82 * NS_PER_MS },                   \
		.hop = { 49500000, 50500000 },                                 \
		.bfd = { 167 * NS_PER_MS, 212 * NS_PER_MS },                   \
		.hold = { 2650 * NS_PER_MS, 2670 * NS_PER_MS },                \
		.restore = { 900 * NS_PER_MS, 1100 * NS_PER_MS },              \
	}

#endif
