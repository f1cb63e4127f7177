/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * amount.c - digits, then a unit from one of two lists
 */
#include "live/conf/amount.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/instant.h"

struct unit {
	const char *name;
	int64_t scale;
};

/* Smallest first. */
static const struct unit time_units[] = {
	{ "ns", 1 },	   { "us", NS_PER_US },	     { "ms", NS_PER_MS },
	{ "s", NS_PER_S }, { "min", 60 * NS_PER_S }, { "h", 3600 * NS_PER_S },
	{ NULL, 0 },
};
static const struct unit byte_units[] = {
	{ "B", 1 },
	{ "KiB", 1 << 10 },
	{ "MiB", 1 << 20 },
	{ NULL, 0 },
};
static const struct unit count_units[] = { { "", 1 }, { NULL, 0 } };

static const struct {
	const struct unit *units;
	const char *names;
} kinds[] = {
	[AMOUNT_COUNT] = { count_units, "" },
	[AMOUNT_TIME] = { time_units, "ns us ms s min h" },
	[AMOUNT_BYTES] = { byte_units, "B KiB MiB" },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum amount_error
amount_parse(enum amount_kind kind, const char *text, int64_t *value)
{
	int64_t result = 0;
	bool large = false;

	if (text[0] == '-' && is_digit(text[1]))
		return AMOUNT_NEGATIVE;
	if (!is_digit(text[0]))
		return AMOUNT_SYNTAX;
	for (; is_digit(*text); text++) {
		large = large || __builtin_mul_overflow(result, 10, &result) ||
			__builtin_add_overflow(result, *text - '0', &result);
	}

	/* What is wrong with the unit is told first: it decides the size. */
	if (*text == '\0' && !large && result == 0) {
		*value = 0;
		return AMOUNT_OK;
	}
	const struct unit *unit = kinds[kind].units;
	while (unit->name != NULL && strcmp(unit->name, text) != 0)
		unit++;
	if (unit->name == NULL)
		return *text == '\0' ? AMOUNT_UNIT_MISSING
				     : AMOUNT_UNIT_UNKNOWN;
	if (large || __builtin_mul_overflow(result, unit->scale, &result))
		return AMOUNT_LARGE;
	*value = result;
	return AMOUNT_OK;
}

void
amount_format(enum amount_kind kind, int64_t value, char text[AMOUNT_TEXT])
{
	const struct unit *best = kinds[kind].units;

	if (value == 0) {
		snprintf(text, AMOUNT_TEXT, "0");
		return;
	}
	for (const struct unit *unit = best; unit->name != NULL; unit++) {
		if (value % unit->scale == 0)
			best = unit;
	}
	snprintf(text, AMOUNT_TEXT, "%" PRId64 "%s", value / best->scale,
		 best->name);
}

const char *
amount_units(enum amount_kind kind)
{
	return kinds[kind].names;
}
