/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * baseline.h - the results of a sweep as text, a datum a line
 *
 *	gate dht.tables=ideal n=16 seed=1 state hash = 0x0123456789abcdef
 *	gate dht.tables=ideal n=16 seed=1 lookup rounds 2 = 41
 *	gate dht.tables=ideal lookup ms L = 1.234 in 1.2 .. 1.3
 *	---- ---------------------------- ---------------
 *	scenario        point               quantity
 *
 * One datum a line, so that a diff of two files reads as the change did. The
 * scenario is the first word; the point ends after "seed=N". A line of a fit
 * is of many points and has none.
 *
 * Three forms of value: a count and a state hash must be found again exactly,
 * an estimate must lie within the interval that is stated beside it. Nothing
 * about the host is in here.
 */
#ifndef HARNESS_BASELINE_H
#define HARNESS_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum baseline_form {
	BASELINE_COUNT,
	BASELINE_HASH,
	BASELINE_INTERVAL,
};

/* What a quantity is about, coarsest first; a report groups by it. */
enum baseline_kind {
	BASELINE_STATE, /* state hash */
	BASELINE_EVENTS,
	BASELINE_OUTCOMES, /* sessions by how they ended */
	BASELINE_SUMS, /* count, failures and nanoseconds of a metric */
	BASELINE_ROUNDS, /* histogram */
	BASELINE_COUNTERS,
	BASELINE_LINES, /* L and a of a fit */
	BASELINE_KINDS,
};

struct baseline_datum {
	char *name;
	enum baseline_form form;
	int64_t count;
	uint64_t hash;
	double value, low, high;
};

struct baseline {
	struct baseline_datum *datum;
	size_t count, capacity;
};

#define BASELINE_LINE 512 /* bytes of a line at most, with its end */
#define BASELINE_TEXT 96 /* bytes of a value at most */

void baseline_free(struct baseline *);
/* Append a copy of the datum and of its name. False: out of memory. */
bool baseline_add(struct baseline *, const struct baseline_datum *);

/* Bytes of the name's first word. */
size_t baseline_scenario(const char *name);
/* Bytes up to the end of the point; of a fit's line, those of the scenario. */
size_t baseline_point(const char *name);
enum baseline_kind baseline_kind(const char *name);
/* Has it a datum whose name begins with these bytes and then ends or has a
 * space? */
bool baseline_has(const struct baseline *, const char *name, size_t length);

/* As it stands after the "="; returns text. */
const char *baseline_text(const struct baseline_datum *,
			  char text[BASELINE_TEXT]);
/* 0, or an exit code, said: EXIT_USAGE with file:line:column. */
int baseline_read(const char *path, struct baseline *);
/* Takes the place of what is there only when it is whole. 0 or EXIT_RUNTIME,
 * said. */
int baseline_write(const char *path, const struct baseline *);

#endif
