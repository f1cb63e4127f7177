/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantity_test.c - decimals are exact, or an error
 */
#include "harness/scenario/quantity.h"

#include <string.h>

#include "core/test/check.h"

static const struct {
	const char *sentence;
	const char *text;
	uint64_t scale;
	enum quantity_error error;
	uint64_t value;
	const char *back; /* NULL: as text */
} rows[] = {
	{ "a count", "16", 1, QUANTITY_OK, 16, NULL },
	{ "zero", "0", 1000, QUANTITY_OK, 0, NULL },
	{ "a decimal", "0.25", 1000000, QUANTITY_OK, 250000, NULL },
	{ "0.1 is exact", "0.1", 1000000000, QUANTITY_OK, 100000000, NULL },
	{ "the last digit counts", "1.000000001", 1000000000, QUANTITY_OK,
	  1000000001, NULL },
	{ "zeros at the end say nothing", "1.5000000000000", 10, QUANTITY_OK,
	  15, "1.5" },
	{ "zeros before it neither", "007", 1, QUANTITY_OK, 7, "7" },
	{ "a tenth of one", "0.1", 1, QUANTITY_FINE, 0, NULL },
	{ "a hundredth of a tenth", "0.01", 10, QUANTITY_FINE, 0, NULL },
	{ "far behind the point", "1.00000000000000000000000001", 1000,
	  QUANTITY_FINE, 0, NULL },
	{ "the largest", "9223372036854775807", 1, QUANTITY_OK, INT64_MAX,
	  NULL },
	{ "one more", "9223372036854775808", 1, QUANTITY_LARGE, 0, NULL },
	{ "too large once scaled", "9223372037", 1000000000, QUANTITY_LARGE, 0,
	  NULL },
	{ "too large by its fraction", "9223372036.854775808", 1000000000,
	  QUANTITY_LARGE, 0, NULL },
	{ "twenty nines", "99999999999999999999", 1, QUANTITY_LARGE, 0, NULL },
	{ "nothing", "", 1, QUANTITY_SYNTAX, 0, NULL },
	{ "a word", "ten", 1, QUANTITY_SYNTAX, 0, NULL },
	{ "a sign", "-1", 1, QUANTITY_SYNTAX, 0, NULL },
	{ "a plus", "+1", 1, QUANTITY_SYNTAX, 0, NULL },
	{ "an exponent", "1e3", 1000, QUANTITY_SYNTAX, 0, NULL },
	{ "a unit", "5ms", 1000, QUANTITY_SYNTAX, 0, NULL },
	{ "no digit before the point", ".5", 10, QUANTITY_SYNTAX, 0, NULL },
	{ "no digit after it", "5.", 10, QUANTITY_SYNTAX, 0, NULL },
	{ "two points", "1.2.3", 1000, QUANTITY_SYNTAX, 0, NULL },
	{ "syntax is told before size", "99999999999999999999x", 1,
	  QUANTITY_SYNTAX, 0, NULL },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;
		char text[QUANTITY_TEXT];

		CHECK_ROW(quantity_parse(rows[i].text, rows[i].scale, &value) ==
				  rows[i].error,
			  rows[i].sentence);
		if (rows[i].error != QUANTITY_OK)
			continue;
		CHECK_ROW(value == rows[i].value, rows[i].sentence);
		quantity_format(value, rows[i].scale, text, sizeof(text));
		CHECK_ROW(strcmp(text, rows[i].back != NULL
					       ? rows[i].back
					       : rows[i].text) == 0,
			  rows[i].sentence);
	}
	return check_done();
}
