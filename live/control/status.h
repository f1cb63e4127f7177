/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status.h - what the daemon is and has counted, for people and for programs
 *
 * Three views of the same numbers: a compact table, one JSON object, and
 * plain "NAME VALUE" lines that a live run stores beside a simulated one's
 * (names in control.h). Counters count since the daemon began.
 *
 *	{ "version": "0.2.0", "address": "10.0.0.1:7000", "uptime_ns": ...,
 *	  "joined": true, "sessions": 120, "contacts": 3, "flows": 15,
 *	  "records": 350, "memory_bytes": ..., "rss_bytes": ..., "cpu_ns": ...,
 *	  "drain": { "state": "serving", "left_ns": null },
 *	  "services": [ ... ], "uplinks": [ ... ],
 *	  "node": { ... }, "steer": { ... }, "engine": { ... },
 *	  "datapath": { ... }, "outlet": { ... },
 *	  "drops": { "tag": 3 ... }, "seal_drops": { ... },
 *	  "cost": { "count": ..., "p50_ns": ..., "p90_ns": ..., "p99_ns": ...,
 *		    "p999_ns": ..., "max_ns": ..., "sum_ns": ... } }
 *
 * `drops` are packets', `seal_drops` datagrams' of other servers.
 */
#ifndef LIVE_CONTROL_STATUS_H
#define LIVE_CONTROL_STATUS_H

#include <stdint.h>
#include <stdio.h>

#include "core/instant.h"

struct control_parts;

#define STATUS_TIME 48 /* bytes that hold any of the texts below */

/* started: CLOCK_MONOTONIC when the daemon began to listen. */
void status_print(const struct control_parts *, struct instant started,
		  struct instant now, FILE *);
/* One line. */
void status_json(const struct control_parts *, struct instant started,
		 struct instant now, FILE *);
void status_counters(const struct control_parts *, FILE *);

/* Wall-clock ns as "2025-07-01T12:00:00.123456Z". Returns text. */
const char *status_time(int64_t wall_ns, char text[STATUS_TIME]);
/* "412 ns", "41.2 us", "3.1 ms", "12.3 s", "5 min 3 s", "3 h 12 min",
 * "2 d 3 h". */
const char *status_duration(int64_t ns, char text[STATUS_TIME]);
/* "512 B", "12.3 MiB" */
const char *status_bytes(uint64_t bytes, char text[STATUS_TIME]);

/* Processor time of this process, and its resident memory now. */
int64_t status_cpu_ns(void);
uint64_t status_rss_bytes(void);

#endif
