/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_counters.h - what a lab's daemons counted, in all their lives
 *
 *	before a fault kills a daemon	keep()	 asked, and added up
 *	at the end			report() asked, and the sum reported
 *
 * A daemon's counters die with it, and the next one begins anew. So whoever
 * kills one on purpose keeps them first; the sums of a server are then those of
 * all its daemons, as a simulated server's are. What is no sum (its memory, the
 * quantiles of its cost) is the last daemon's. Those of a daemon that died
 * otherwise are lost, and so is what it counts between the answer and its end.
 *
 * keep() is called by the worker, report() when nothing is left for that to do.
 */
#ifndef HARNESS_EMULATE_DAEMON_COUNTERS_H
#define HARNESS_EMULATE_DAEMON_COUNTERS_H

#include <stdint.h>

#include "sim/model/watch.h"

/* Names that one daemon has at most; more are not kept. */
#define DAEMON_COUNTERS_MAX 256

struct daemon_counters;

struct daemon_counters *daemon_counters_create(uint32_t servers);
void daemon_counters_destroy(struct daemon_counters *); /* NULL: nothing */
/* Ask the daemon at that control socket, which is about to be killed. */
void daemon_counters_keep(struct daemon_counters *, uint32_t server,
			  const char *control_path);
/* Ask it for the last time. A server whose daemon is dead for good has what was
 * kept. Drops that never occurred are not reported, as in simulated runs. 0;
 * -errno: no daemon answered and none was kept. */
int daemon_counters_report(const struct daemon_counters *, uint32_t server,
			   const char *control_path, const char *node,
			   const struct watch *);

#endif
