/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * units.c - digits, perhaps a fraction, then a unit from a list
 */
#include "live/conf/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/instant.h"

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
	struct units units;
	const char *names;
} kinds[] = {
	[UNITS_COUNT] = { { count_units, false }, "" },
	[UNITS_TIME] = { { time_units, false }, "ns us ms s min h" },
	[UNITS_BYTES] = { { byte_units, false }, "B KiB MiB" },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* value = value * factor + term; false when it does not fit. */
static bool
value_append(int64_t *value, int64_t factor, int64_t term)
{
	return !__builtin_mul_overflow(*value, factor, value) &&
	       !__builtin_add_overflow(*value, term, value);
}

/* Digits up to `end`, times scale. */
static enum units_error
whole_read(const char *text, const char *end, int64_t scale, int64_t *value)
{
	*value = 0;
	for (; text < end; text++)
		if (!value_append(value, 10, *text - '0'))
			return UNITS_LARGE;
	return value_append(value, scale, 0) ? UNITS_OK : UNITS_LARGE;
}

/* Digits behind the point, up to `end`, added to *value. */
static enum units_error
fraction_read(const char *text, const char *end, int64_t scale, int64_t *value)
{
	for (; text < end; text++) {
		bool exact = scale > 0 && scale % 10 == 0;

		scale /= 10;
		if (!exact && *text != '0')
			return UNITS_FINE;
		if (exact && !value_append(value, 1, (*text - '0') * scale))
			return UNITS_LARGE;
	}
	return UNITS_OK;
}

static bool
all_zeros(const char *text, const char *end)
{
	while (text < end && (*text == '0' || *text == '.'))
		text++;
	return text == end;
}

enum units_error
units_read(const struct units *units, const char *text, int64_t *value)
{
	const struct unit *unit = units->unit;
	const char *whole_end, *end;
	enum units_error error;
	int64_t result;

	if (text[0] == '-' && is_digit(text[1]))
		return UNITS_NEGATIVE;
	if (!is_digit(text[0]))
		return UNITS_SYNTAX;
	for (end = text; is_digit(*end); end++)
		;
	whole_end = end;
	if (units->fractions && *end == '.') {
		if (!is_digit(*++end))
			return UNITS_SYNTAX;
		while (is_digit(*end))
			end++;
	}
	if (*end == '\0' && all_zeros(text, end)) {
		*value = 0;
		return UNITS_OK;
	}
	while (unit->name != NULL && strcmp(unit->name, end) != 0)
		unit++;
	if (unit->name == NULL)
		return *end == '\0' ? UNITS_UNIT_MISSING : UNITS_UNIT_UNKNOWN;
	error = whole_read(text, whole_end, unit->scale, &result);
	if (error == UNITS_OK && whole_end < end)
		error = fraction_read(whole_end + 1, end, unit->scale, &result);
	if (error == UNITS_OK)
		*value = result;
	return error;
}

enum units_error
units_parse(enum units_kind kind, const char *text, int64_t *value)
{
	return units_read(&kinds[kind].units, text, value);
}

enum units_error
units_parse_fraction(enum units_kind kind, const char *text, int64_t *value)
{
	const struct units units = { kinds[kind].units.unit, true };

	return units_read(&units, text, value);
}

void
units_format(enum units_kind kind, int64_t value, char text[UNITS_TEXT])
{
	const struct unit *best = kinds[kind].units.unit;

	if (value == 0) {
		snprintf(text, UNITS_TEXT, "0");
		return;
	}
	for (const struct unit *unit = best; unit->name != NULL; unit++) {
		if (value % unit->scale == 0)
			best = unit;
	}
	snprintf(text, UNITS_TEXT, "%" PRId64 "%s", value / best->scale,
		 best->name);
}

const char *
units_names(enum units_kind kind)
{
	return kinds[kind].names;
}

enum units_error
units_decimal(const char *text, uint64_t scale, uint64_t *value)
{
	const struct unit unit[] = { { "", (int64_t)scale }, { NULL, 0 } };
	const struct units units = { unit, true };
	int64_t result;
	enum units_error error = units_read(&units, text, &result);

	if (error == UNITS_OK)
		*value = (uint64_t)result;
	return error == UNITS_NEGATIVE || error == UNITS_UNIT_UNKNOWN
		       ? UNITS_SYNTAX
		       : error;
}

void
units_format_decimal(uint64_t value, uint64_t scale, char *text, size_t size)
{
	char digits[UNITS_TEXT];
	uint64_t rest = value % scale;
	size_t count = 0;

	/* A scale is at most 10^9, so ten times the rest fits. */
	for (; rest != 0; rest = rest * 10 % scale)
		digits[count++] = (char)('0' + rest * 10 / scale);
	digits[count] = '\0';
	snprintf(text, size, "%" PRIu64 "%s%s", value / scale,
		 count > 0 ? "." : "", digits);
}
