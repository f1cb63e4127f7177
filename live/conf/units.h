/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * units.h - numbers as people write them, with or without units
 *
 *	NUMBER [UNIT]		250ms, 8MiB, 20	 whole, the unit behind it
 *	NUMBER[.DIGITS]		0.25		 of a unit that is known already
 *
 * Exact integers in, exact integers out: no floating point is involved, so a
 * value means the same on every machine. What does not come out as a whole
 * number of base units (ns, bytes, bit/s, ppm) is an error, not rounded. A
 * unit is never guessed; only zero needs none.
 *
 * There is one parser, and a grammar is a list of units: configurations of the
 * daemon have one a kind, scenarios name the unit in the key and write only
 * decimals.
 */
#ifndef LIVE_CONF_UNITS_H
#define LIVE_CONF_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum units_kind {
	UNITS_COUNT, /* no unit */
	UNITS_TIME, /* ns us ms s min h; the value is in ns */
	UNITS_BYTES, /* B KiB MiB; the value is in bytes */
};

enum units_error {
	UNITS_OK,
	UNITS_SYNTAX, /* it does not begin with a digit, or ends with a point */
	UNITS_NEGATIVE,
	UNITS_UNIT_MISSING,
	UNITS_UNIT_UNKNOWN, /* for a count: any */
	UNITS_FINE, /* a fraction of a base unit */
	UNITS_LARGE, /* above 2^63 - 1 base units */
};

#define UNITS_TEXT 32 /* bytes that hold any formatted value */

/* A grammar. */
struct unit {
	const char *name; /* "" may be one: no unit is written */
	int64_t scale; /* base units in one, > 0 */
};

struct units {
	const struct unit *unit; /* smallest first; ends with name NULL */
	bool fractions; /* "1.5s" */
};

/* *value is written for UNITS_OK only. What is wrong with the unit is reported
 * before its size. */
enum units_error units_read(const struct units *, const char *text,
			    int64_t *value);

/* Whole numbers of that kind. */
enum units_error units_parse(enum units_kind, const char *text, int64_t *value);
/* The same with a fraction, to say what a number that has one should be. */
enum units_error units_parse_fraction(enum units_kind, const char *text,
				      int64_t *value);
/* In the largest unit that leaves no fraction; value >= 0. */
void units_format(enum units_kind, int64_t value, char text[UNITS_TEXT]);
/* "ns us ms s min h", for people; "" for counts. */
const char *units_names(enum units_kind);

/* A decimal without a unit, which is `scale` base units, a power of ten. Only
 * UNITS_OK, _SYNTAX, _FINE and _LARGE. */
enum units_error units_decimal(const char *text, uint64_t scale,
			       uint64_t *value);
/* The shortest decimal that reads as value. */
void units_format_decimal(uint64_t value, uint64_t scale, char *text,
			  size_t size);

#endif
