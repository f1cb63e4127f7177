/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * statement.h - the one table behind homewardd.conf(5)
 *
 * Each statement names the member of struct conf that it sets and the kind of
 * its value. Reading, printing back, the hint at the nearest word, the check
 * for what is missing and the question what a running daemon may change all
 * walk this table, in its order; statement_test.c holds the manual page
 * against it. conf.c has the file around the statements.
 */
#ifndef LIVE_CONF_STATEMENT_H
#define LIVE_CONF_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "live/conf/conf.h"
#include "live/conf/words.h"

enum statement_kind {
	STATEMENT_ADDRESS, /* struct address */
	STATEMENT_PORT, /* uint16_t */
	STATEMENT_SERVICE, /* ADDRESS [port N], many */
	STATEMENT_UPLINK, /* interface name, many */
	STATEMENT_PEER, /* ADDRESS [port N], many */
	STATEMENT_INTERFACE, /* char[] */
	STATEMENT_PATH, /* char[] */
	STATEMENT_USER, /* char[], may be empty */
	STATEMENT_COMMAND, /* char[], may be empty */
	STATEMENT_METRICS, /* struct endpoint; `off` or ADDRESS port N */
	STATEMENT_TIME, /* int64_t ns, from low to high */
	STATEMENT_BYTES, /* uint32_t, from low to high */
	STATEMENT_COUNT, /* uint32_t, from low to high */
	STATEMENT_SWITCH, /* bool: yes, no */
	STATEMENT_WINDOW, /* enum steer_window: off, other, both */
};

struct statement {
	const char *name;
	enum statement_kind kind;
	bool required;
	bool fixed; /* only a restart can change it */
	size_t offset, size; /* of the member in struct conf */
	int64_t low, high;
};

#define STATEMENTS_MAX	   64
#define STATEMENT_PROBLEMS 20 /* of one file; then silence */

struct mark {
	unsigned line, column; /* of the value; line 0: not in the file */
};

/* One file while it is read. */
struct statement_reader {
	struct conf *conf;
	const char *path;
	FILE *talk;
	unsigned problems;
	struct words words;
	struct mark marks[STATEMENTS_MAX]; /* of single statements, or of the
					      last of many */
	struct mark services[CONF_SERVICES];
	struct mark uplinks[CONF_UPLINKS];
	struct mark peers[CONF_PEERS];
};

extern const struct statement statements[];
extern const uint32_t statement_count;

/* "path:line:column: ..." on talk. */
void statement_complain(struct statement_reader *, struct mark,
			const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Take the value from the words of the line; complains if it cannot. A peer
 * without a port gets port 0. */
void statement_read(struct statement_reader *, const struct statement *);
/* Its line or, if it may be there many times, lines; nothing for a required
 * one that is not set. */
void statement_print(const struct statement *, const struct conf *, FILE *);
bool statement_same(const struct statement *, const struct conf *,
		    const struct conf *);

#endif
