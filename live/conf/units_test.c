/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * units_test.c - numbers, units, fractions, limits, and back
 */
#include "live/conf/units.h"

#include <string.h>

#include "core/test/check.h"

#define T UNITS_TIME
#define B UNITS_BYTES
#define C UNITS_COUNT

/* ---- whole numbers with units ---- */

static const struct {
	const char *sentence;
	enum units_kind kind;
	const char *text;
	enum units_error error;
	int64_t value;
	const char *formatted; /* NULL: as text */
} rows[] = {
	{ "a nanosecond", T, "1ns", UNITS_OK, 1, NULL },
	{ "microseconds", T, "15us", UNITS_OK, 15000, NULL },
	{ "milliseconds", T, "250ms", UNITS_OK, 250000000, NULL },
	{ "seconds", T, "3s", UNITS_OK, 3000000000, NULL },
	{ "minutes", T, "90min", UNITS_OK, 5400000000000, NULL },
	{ "hours", T, "2h", UNITS_OK, 7200000000000, NULL },
	{ "the largest unit is printed", T, "120s", UNITS_OK, 120000000000,
	  "2min" },
	{ "no fraction is lost", T, "1500ms", UNITS_OK, 1500000000, NULL },
	{ "zero needs no unit", T, "0", UNITS_OK, 0, NULL },
	{ "zero may have one", T, "0s", UNITS_OK, 0, "0" },
	{ "bytes", B, "100B", UNITS_OK, 100, NULL },
	{ "kibibytes", B, "64KiB", UNITS_OK, 65536, NULL },
	{ "mebibytes", B, "8MiB", UNITS_OK, 8388608, NULL },
	{ "a count", C, "20", UNITS_OK, 20, NULL },
	{ "leading zeros are decimal", C, "010", UNITS_OK, 10, "10" },
	{ "the largest", T, "9223372036854775807ns", UNITS_OK, INT64_MAX,
	  NULL },
	{ "one above", T, "9223372036854775808ns", UNITS_LARGE, 0, NULL },
	{ "too large by its unit", T, "2562048h", UNITS_LARGE, 0, NULL },
	{ "very many digits", C, "100000000000000000000000000", UNITS_LARGE, 0,
	  NULL },
	{ "wraps to zero in 64 bits", C, "18446744073709551616", UNITS_LARGE, 0,
	  NULL },
	{ "no unit", T, "250", UNITS_UNIT_MISSING, 0, NULL },
	{ "an unknown unit", T, "250msec", UNITS_UNIT_UNKNOWN, 0, NULL },
	{ "units have a case", T, "250MS", UNITS_UNIT_UNKNOWN, 0, NULL },
	{ "a thousand is not a Ki", B, "8MB", UNITS_UNIT_UNKNOWN, 0, NULL },
	{ "a count has none", C, "20s", UNITS_UNIT_UNKNOWN, 0, NULL },
	{ "no fractions", T, "0.5s", UNITS_UNIT_UNKNOWN, 0, NULL },
	{ "no hexadecimal", C, "0x10", UNITS_UNIT_UNKNOWN, 0, NULL },
	{ "negative", T, "-5ms", UNITS_NEGATIVE, 0, NULL },
	{ "a plus", C, "+5", UNITS_SYNTAX, 0, NULL },
	{ "a word", C, "many", UNITS_SYNTAX, 0, NULL },
	{ "a minus alone", C, "-", UNITS_SYNTAX, 0, NULL },
	{ "nothing", C, "", UNITS_SYNTAX, 0, NULL },
};

static void
rows_check(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t value = -1;
		char text[UNITS_TEXT];
		const char *expect = rows[i].formatted != NULL
					     ? rows[i].formatted
					     : rows[i].text;

		CHECK_ROW(units_parse(rows[i].kind, rows[i].text, &value) ==
				  rows[i].error,
			  rows[i].sentence);
		if (rows[i].error != UNITS_OK)
			continue;
		CHECK_ROW(value == rows[i].value, rows[i].sentence);
		units_format(rows[i].kind, value, text);
		CHECK_ROW(strcmp(text, expect) == 0, rows[i].sentence);
	}
	CHECK(strcmp(units_names(T), "ns us ms s min h") == 0);
}

/* ---- decimals: they are exact, or an error ---- */

static const struct {
	const char *sentence;
	const char *text;
	uint64_t scale;
	enum units_error error;
	uint64_t value;
	const char *back; /* NULL: as text */
} decimals[] = {
	{ "a count", "16", 1, UNITS_OK, 16, NULL },
	{ "zero", "0", 1000, UNITS_OK, 0, NULL },
	{ "a decimal", "0.25", 1000000, UNITS_OK, 250000, NULL },
	{ "0.1 is exact", "0.1", 1000000000, UNITS_OK, 100000000, NULL },
	{ "the last digit counts", "1.000000001", 1000000000, UNITS_OK,
	  1000000001, NULL },
	{ "zeros at the end say nothing", "1.5000000000000", 10, UNITS_OK, 15,
	  "1.5" },
	{ "zeros before it neither", "007", 1, UNITS_OK, 7, "7" },
	{ "a tenth of one", "0.1", 1, UNITS_FINE, 0, NULL },
	{ "a hundredth of a tenth", "0.01", 10, UNITS_FINE, 0, NULL },
	{ "far behind the point", "1.00000000000000000000000001", 1000,
	  UNITS_FINE, 0, NULL },
	{ "the largest", "9223372036854775807", 1, UNITS_OK, INT64_MAX, NULL },
	{ "one more", "9223372036854775808", 1, UNITS_LARGE, 0, NULL },
	{ "too large once scaled", "9223372037", 1000000000, UNITS_LARGE, 0,
	  NULL },
	{ "too large by its fraction", "9223372036.854775808", 1000000000,
	  UNITS_LARGE, 0, NULL },
	{ "twenty nines", "99999999999999999999", 1, UNITS_LARGE, 0, NULL },
	{ "nothing", "", 1, UNITS_SYNTAX, 0, NULL },
	{ "a word", "ten", 1, UNITS_SYNTAX, 0, NULL },
	{ "a sign", "-1", 1, UNITS_SYNTAX, 0, NULL },
	{ "a plus", "+1", 1, UNITS_SYNTAX, 0, NULL },
	{ "an exponent", "1e3", 1000, UNITS_SYNTAX, 0, NULL },
	{ "a unit", "5ms", 1000, UNITS_SYNTAX, 0, NULL },
	{ "no digit before the point", ".5", 10, UNITS_SYNTAX, 0, NULL },
	{ "no digit after it", "5.", 10, UNITS_SYNTAX, 0, NULL },
	{ "two points", "1.2.3", 1000, UNITS_SYNTAX, 0, NULL },
	{ "syntax is reported before size", "99999999999999999999x", 1,
	  UNITS_SYNTAX, 0, NULL },
};

static void
decimals_check(void)
{
	for (size_t i = 0; i < sizeof(decimals) / sizeof(decimals[0]); i++) {
		uint64_t value = 0;
		char text[UNITS_TEXT];

		CHECK_ROW(units_decimal(decimals[i].text, decimals[i].scale,
					&value) == decimals[i].error,
			  decimals[i].sentence);
		if (decimals[i].error != UNITS_OK)
			continue;
		CHECK_ROW(value == decimals[i].value, decimals[i].sentence);
		units_format_decimal(value, decimals[i].scale, text,
				     sizeof(text));
		CHECK_ROW(strcmp(text, decimals[i].back != NULL
					       ? decimals[i].back
					       : decimals[i].text) == 0,
			  decimals[i].sentence);
	}
}

/* ---- both: a grammar of its own ---- */

static const struct unit own_units[] = {
	{ "ms", 1000000 },
	{ "min", INT64_C(60000000000) },
	{ "KiB", 1024 },
	{ NULL, 0 },
};
static const struct units own = { own_units, true };

static const struct {
	const char *sentence;
	const char *text;
	enum units_error error;
	int64_t value;
} mixed[] = {
	{ "a fraction of a unit", "1.5ms", UNITS_OK, 1500000 },
	{ "of one that is no power of ten", "0.25min", UNITS_OK, 15000000000 },
	{ "which may have no such half", "0.5KiB", UNITS_FINE, 0 },
	{ "zeros behind it", "2.0KiB", UNITS_OK, 2048 },
	{ "zero needs no unit", "0.0", UNITS_OK, 0 },
	{ "anything else does", "0.1", UNITS_UNIT_MISSING, 0 },
	{ "an unknown one is reported first", "99999999999999999999.1x",
	  UNITS_UNIT_UNKNOWN, 0 },
	{ "no digit behind the point", "1.ms", UNITS_SYNTAX, 0 },
	{ "negative", "-1.5ms", UNITS_NEGATIVE, 0 },
	{ "too large by its fraction", "9223372036854.775808ms", UNITS_LARGE,
	  0 },
	{ "just not", "9223372036854.775807ms", UNITS_OK, INT64_MAX },
};

static void
mixed_check(void)
{
	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++) {
		int64_t value = -1;

		CHECK_ROW(units_read(&own, mixed[i].text, &value) ==
				  mixed[i].error,
			  mixed[i].sentence);
		CHECK_ROW(value == (mixed[i].error == UNITS_OK ? mixed[i].value
							       : -1),
			  mixed[i].sentence);
	}
}

int
main(void)
{
	rows_check();
	decimals_check();
	mixed_check();
	return check_done();
}
