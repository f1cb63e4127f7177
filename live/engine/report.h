/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - measurements that a daemon sends to its clients, line by line
 *
 *	opened 81234567890 0 0 remote ok 10.1.0.1:40001 192.0.2.1:80
 *	kind   at_ns   value hops        client		service
 *	lookup 81234567890 412345 1 remote ok 10.1.0.1:40001 192.0.2.1:80 \
 *		stray 10.0.0.2:7000
 *		asker owner, or conclusive | inconclusive
 *
 * Times are CLOCK_MONOTONIC in nanoseconds: network namespaces of one kernel
 * share it, so lines of several daemons and the runner's own times compare.
 * `homewardctl watch` prints the stream; IPv6 addresses stand in brackets.
 * Formatting and parsing are here, side by side, for daemon and runner.
 *
 *	setting_first	store begun to the first replica's acknowledgement
 *	setting_all	... to all replicas'
 *	lookup		first datagram to value; local: held here, value 0; who
 *			asked (load, stray, retry, operator, doubt), and the
 *			owner, or whether the miss was conclusive (node.h)
 *	stray		the first packet of that flow to stray here; value 0
 *	strays		value: so many strays of the flow since the last such
 *			line; summed up every 100 ms
 *	opened, closed	a session's socket here; value 0
 *	raised		replicas knew a newer record of a session here; value:
 *			by so much its own, placed again, is above its opening
 */
#ifndef LIVE_ENGINE_REPORT_H
#define LIVE_ENGINE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/dht/node.h"
#include "core/instant.h"
#include "core/session.h"

#define REPORT_LINE 320 /* bytes that hold any line, newline and NUL too */

#define REPORT_LIST(X)                                                         \
	X(SETTING_FIRST, "setting_first")                                      \
	X(SETTING_ALL, "setting_all")                                          \
	X(LOOKUP, "lookup")                                                    \
	X(STRAY, "stray")                                                      \
	X(STRAYS, "strays")                                                    \
	X(OPENED, "opened")                                                    \
	X(CLOSED, "closed")                                                    \
	X(RAISED, "raised")

enum report_kind {
#define REPORT_ENUM(name, text) REPORT_##name,
	REPORT_LIST(REPORT_ENUM)
#undef REPORT_ENUM
	REPORT_KINDS
};

struct report {
	enum report_kind kind;
	struct instant at; /* when it began */
	int64_t value; /* ns, or a count for STRAYS */
	uint32_t hops;
	bool local, ok;
	struct session_key key;
	enum node_asker asker; /* LOOKUP */
	struct endpoint owner; /* LOOKUP, ok */
	bool conclusive; /* LOOKUP, not ok */
};

/* The line with its newline; its length. */
size_t report_format(const struct report *, char line[REPORT_LINE]);
/* False: no such line. A newline at the end is optional. */
bool report_parse(const char *line, struct report *);
/* "10.1.0.1:40001" or "[2001:db8::1]:40001" and back; both of one family. For
 * people too: `homewardctl lookup CLIENT SERVICE`. */
size_t report_flow_format(const struct session_key *, char *text, size_t size);
bool report_flow_parse(const char *client, const char *service,
		       struct session_key *);

#endif
