/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantity.c - digits times powers of ten
 */
#include "harness/scenario/quantity.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* value = value * factor + digit, while it fits into an int64_t. */
static bool
value_append(uint64_t *value, uint64_t factor, uint64_t digit)
{
	return !__builtin_mul_overflow(*value, factor, value) &&
	       !__builtin_add_overflow(*value, digit, value) &&
	       *value <= INT64_MAX;
}

enum quantity_error
quantity_parse(const char *text, uint64_t scale, uint64_t *value)
{
	uint64_t result = 0;
	const char *c = text;
	enum quantity_error error = QUANTITY_OK;

	if (!is_digit(*c))
		return QUANTITY_SYNTAX;
	for (; is_digit(*c); c++)
		if (!value_append(&result, 10, (uint64_t)(*c - '0')))
			error = QUANTITY_LARGE;
	if (error == QUANTITY_OK && !value_append(&result, scale, 0))
		error = QUANTITY_LARGE;
	if (*c == '.') {
		if (!is_digit(*++c))
			return QUANTITY_SYNTAX;
		for (; is_digit(*c); c++) {
			bool exact = scale >= 10;

			scale /= 10;
			if (*c != '0' && !exact && error == QUANTITY_OK)
				error = QUANTITY_FINE;
			else if (exact && error == QUANTITY_OK &&
				 !value_append(&result, 1,
					       (uint64_t)(*c - '0') * scale))
				error = QUANTITY_LARGE;
		}
	}
	/* Syntax is the first thing to be told, whatever came before it. */
	if (*c != '\0')
		return QUANTITY_SYNTAX;
	if (error == QUANTITY_OK)
		*value = result;
	return error;
}

void
quantity_format(uint64_t value, uint64_t scale, char *text, size_t size)
{
	char digits[QUANTITY_TEXT];
	uint64_t rest = value % scale;
	size_t count = 0;

	/* A scale is at most 10^9, so ten times the rest fits. */
	for (; rest != 0; rest = rest * 10 % scale)
		digits[count++] = (char)('0' + rest * 10 / scale);
	digits[count] = '\0';
	snprintf(text, size, "%" PRIu64 "%s%s", value / scale,
		 count > 0 ? "." : "", digits);
}
