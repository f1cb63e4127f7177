/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.h - a fabric and its routes as text, for another simulator to build
 *
 *	devices COUNT
 *	host DEVICE ADDRESS				servers, from 0
 *	link A B RATE_BPS DELAY_NS QUEUE_BYTES MTU_BYTES	from 0
 *	route DEVICE NETWORK MASK LINK
 *
 * Devices and links have fabric.h's numbers; clients are there and idle, as
 * with us. Routes are what BGP would have converged to, made static: shortest
 * paths, and where several are equal one of them, by the destination's number
 * (static routing has no multipath). A server sends everything by one uplink.
 *
 * Our servers announce their loopbacks, so every router holds a route a
 * server: PLAN_HOSTS. A simulator that searches its table from end to end
 * suffers from that; PLAN_PREFIXES gives it the best that it could have, a
 * prefix a group of servers (10.GROUP.0.0/16), and only where they are attached
 * a route each.
 */
#ifndef HARNESS_BENCH_PLAN_H
#define HARNESS_BENCH_PLAN_H

#include <stdio.h>

#include "sim/model/settings.h"

enum plan_routes {
	PLAN_HOSTS,
	PLAN_PREFIXES, /* at most 254 groups of 65,534 servers */
};

/* 0, or EXIT_RUNTIME, said. */
int plan_write(FILE *, const struct settings *, enum plan_routes);

#endif
