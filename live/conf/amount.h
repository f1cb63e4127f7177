/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * amount.h - whole numbers with units, as people write them: 250ms, 8MiB, 20
 *
 * Integers only, so that a value means the same on every machine. The unit
 * stands next to the number and is never guessed; only zero needs none.
 */
#ifndef LIVE_CONF_AMOUNT_H
#define LIVE_CONF_AMOUNT_H

#include <stddef.h>
#include <stdint.h>

enum amount_kind {
	AMOUNT_COUNT, /* no unit */
	AMOUNT_TIME, /* ns us ms s min h; the value is in ns */
	AMOUNT_BYTES, /* B KiB MiB; the value is in bytes */
};

enum amount_error {
	AMOUNT_OK,
	AMOUNT_SYNTAX, /* it does not begin with a digit */
	AMOUNT_UNIT_MISSING,
	AMOUNT_UNIT_UNKNOWN, /* for a count: any */
	AMOUNT_NEGATIVE,
	AMOUNT_LARGE, /* above 2^63 - 1 base units */
};

#define AMOUNT_TEXT 32 /* bytes that hold any formatted amount */

enum amount_error amount_parse(enum amount_kind, const char *text,
			       int64_t *value);
/* In the largest unit that leaves no fraction; value >= 0. */
void amount_format(enum amount_kind, int64_t value, char text[AMOUNT_TEXT]);
/* "ns us ms s min h", to be told to people; "" for counts. */
const char *amount_units(enum amount_kind);

#endif
