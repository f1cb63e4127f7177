/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantity.h - decimals as people write them, as exact integers
 *
 * "0.25" milliseconds are 250,000 ns, exactly: no floating point is involved,
 * so that a scenario means the same on every machine. A scale is a power of
 * ten: base units (ns, bytes, bit/s, ppm) in one written unit. What does not
 * come out as a whole number of base units is an error, not rounded.
 */
#ifndef HARNESS_SCENARIO_QUANTITY_H
#define HARNESS_SCENARIO_QUANTITY_H

#include <stddef.h>
#include <stdint.h>

enum quantity_error {
	QUANTITY_OK,
	QUANTITY_SYNTAX, /* not digits with at most one point */
	QUANTITY_FINE, /* a fraction of a base unit */
	QUANTITY_LARGE, /* above 2^63 - 1 base units */
};

#define QUANTITY_TEXT 32 /* bytes that any formatted quantity fits in */

enum quantity_error quantity_parse(const char *text, uint64_t scale,
				   uint64_t *value);
/* The shortest decimal that parses to value. */
void quantity_format(uint64_t value, uint64_t scale, char *text, size_t size);

#endif
