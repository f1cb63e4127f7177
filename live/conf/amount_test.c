/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * amount_test.c - numbers, units, limits, and back
 */
#include "live/conf/amount.h"

#include <string.h>

#include "core/test/check.h"

#define T AMOUNT_TIME
#define B AMOUNT_BYTES
#define C AMOUNT_COUNT

static const struct {
	const char *sentence;
	enum amount_kind kind;
	const char *text;
	enum amount_error error;
	int64_t value;
	const char *formatted; /* NULL: as text */
} rows[] = {
	{ "a nanosecond", T, "1ns", AMOUNT_OK, 1, NULL },
	{ "microseconds", T, "15us", AMOUNT_OK, 15000, NULL },
	{ "milliseconds", T, "250ms", AMOUNT_OK, 250000000, NULL },
	{ "seconds", T, "3s", AMOUNT_OK, 3000000000, NULL },
	{ "minutes", T, "90min", AMOUNT_OK, 5400000000000, NULL },
	{ "hours", T, "2h", AMOUNT_OK, 7200000000000, NULL },
	{ "the largest unit is printed", T, "120s", AMOUNT_OK, 120000000000,
	  "2min" },
	{ "no fraction is lost", T, "1500ms", AMOUNT_OK, 1500000000, NULL },
	{ "zero needs no unit", T, "0", AMOUNT_OK, 0, NULL },
	{ "zero may have one", T, "0s", AMOUNT_OK, 0, "0" },
	{ "bytes", B, "100B", AMOUNT_OK, 100, NULL },
	{ "kibibytes", B, "64KiB", AMOUNT_OK, 65536, NULL },
	{ "mebibytes", B, "8MiB", AMOUNT_OK, 8388608, NULL },
	{ "a count", C, "20", AMOUNT_OK, 20, NULL },
	{ "leading zeros are decimal", C, "010", AMOUNT_OK, 10, "10" },
	{ "the largest", T, "9223372036854775807ns", AMOUNT_OK, INT64_MAX,
	  NULL },
	{ "one above", T, "9223372036854775808ns", AMOUNT_LARGE, 0, NULL },
	{ "too large by its unit", T, "2562048h", AMOUNT_LARGE, 0, NULL },
	{ "very many digits", C, "100000000000000000000000000", AMOUNT_LARGE, 0,
	  NULL },
	{ "wraps to zero in 64 bits", C, "18446744073709551616", AMOUNT_LARGE,
	  0, NULL },
	{ "no unit", T, "250", AMOUNT_UNIT_MISSING, 0, NULL },
	{ "an unknown unit", T, "250msec", AMOUNT_UNIT_UNKNOWN, 0, NULL },
	{ "units have a case", T, "250MS", AMOUNT_UNIT_UNKNOWN, 0, NULL },
	{ "a thousand is not a Ki", B, "8MB", AMOUNT_UNIT_UNKNOWN, 0, NULL },
	{ "a count has none", C, "20s", AMOUNT_UNIT_UNKNOWN, 0, NULL },
	{ "no fractions", T, "0.5s", AMOUNT_UNIT_UNKNOWN, 0, NULL },
	{ "no hexadecimal", C, "0x10", AMOUNT_UNIT_UNKNOWN, 0, NULL },
	{ "negative", T, "-5ms", AMOUNT_NEGATIVE, 0, NULL },
	{ "a plus", C, "+5", AMOUNT_SYNTAX, 0, NULL },
	{ "a word", C, "many", AMOUNT_SYNTAX, 0, NULL },
	{ "a minus alone", C, "-", AMOUNT_SYNTAX, 0, NULL },
	{ "nothing", C, "", AMOUNT_SYNTAX, 0, NULL },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t value = -1;
		char text[AMOUNT_TEXT];
		const char *expect = rows[i].formatted != NULL
					     ? rows[i].formatted
					     : rows[i].text;

		CHECK_ROW(amount_parse(rows[i].kind, rows[i].text, &value) ==
				  rows[i].error,
			  rows[i].sentence);
		if (rows[i].error != AMOUNT_OK)
			continue;
		CHECK_ROW(value == rows[i].value, rows[i].sentence);
		amount_format(rows[i].kind, value, text);
		CHECK_ROW(strcmp(text, expect) == 0, rows[i].sentence);
	}
	CHECK(strcmp(amount_units(T), "ns us ms s min h") == 0);
	return check_done();
}
