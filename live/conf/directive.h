/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directive.h - the one table behind homewardd.conf(5)
 *
 * Each directive names the member of struct conf that it sets and the kind of
 * its value. Reading, printing back, the hint at the nearest word, the check
 * for what is missing and the question what a running daemon may change all
 * walk this table, in its order; directive_test.c holds the manual page
 * against it. conf.c has the file around the directives.
 */
#ifndef LIVE_CONF_DIRECTIVE_H
#define LIVE_CONF_DIRECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "live/conf/tokenizer.h"
#include "live/conf/values.h"

enum directive_kind {
	DIRECTIVE_ADDRESS, /* struct address */
	DIRECTIVE_PORT, /* uint16_t */
	DIRECTIVE_SERVICE, /* ADDRESS [port N], many */
	DIRECTIVE_UPLINK, /* interface name, many */
	DIRECTIVE_PEER, /* ADDRESS [port N], many */
	DIRECTIVE_INTERFACE, /* char[] */
	DIRECTIVE_PATH, /* char[] */
	DIRECTIVE_USER, /* char[], may be empty */
	DIRECTIVE_COMMAND, /* char[], may be empty */
	DIRECTIVE_METRICS, /* struct endpoint; `off` or ADDRESS port N */
	DIRECTIVE_TIME, /* int64_t ns, from low to high */
	DIRECTIVE_BYTES, /* uint32_t, from low to high */
	DIRECTIVE_COUNT, /* uint32_t, from low to high */
	DIRECTIVE_SWITCH, /* bool: yes, no */
	DIRECTIVE_WINDOW, /* enum steer_window: off, other, both */
	DIRECTIVE_STORE_AT, /* enum steer_store_at: auto, syn, established */
};

struct directive {
	const char *name;
	enum directive_kind kind;
	bool required;
	bool fixed; /* only a restart can change it */
	size_t offset, size; /* of the member in struct conf */
	int64_t low, high;
};

#define DIRECTIVES_MAX	   64
#define DIRECTIVE_PROBLEMS 20 /* of one file; then silence */

struct mark {
	unsigned line, column; /* of the value; line 0: not in the file */
};

/* One file while it is read. */
struct directive_reader {
	struct conf *conf;
	const char *path;
	FILE *talk;
	unsigned problems;
	struct tokenizer tokenizer;
	struct mark marks[DIRECTIVES_MAX]; /* of single directives, or of the
					      last of many */
	struct mark services[CONF_SERVICES];
	struct mark uplinks[CONF_UPLINKS];
	struct mark peers[CONF_PEERS];
};

extern const struct directive directives[];
extern const uint32_t directive_count;

/* "path:line:column: ..." on talk. */
void directive_complain(struct directive_reader *, struct mark,
			const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Take the value from the words of the line; complains if it cannot. A peer
 * without a port gets port 0. */
void directive_read(struct directive_reader *, const struct directive *);
/* Its line or, if it may be there many times, lines; nothing for a required
 * one that is not set. */
void directive_print(const struct directive *, const struct conf *, FILE *);
/* As `store-at` has it. */
const char *directive_store_at_name(enum steer_store_at);
bool directive_same(const struct directive *, const struct conf *,
		    const struct conf *);

#endif
