/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - the three lines every test needs
 *
 * Included by tests only: CHECK() says where and what failed and goes on, so
 * that one run shows all failures; main() ends with `return check_done();`.
 */
#ifndef CORE_TEST_CHECK_H
#define CORE_TEST_CHECK_H

#include <stdio.h>

static int check_failures;
static int check_count;

#define CHECK(condition)                                                       \
	do {                                                                   \
		check_count++;                                                 \
		if (!(condition)) {                                            \
			check_failures++;                                      \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
				#condition);                                   \
		}                                                              \
	} while (0)

/* In a table: also names the row. */
#define CHECK_ROW(condition, sentence)                                         \
	do {                                                                   \
		check_count++;                                                 \
		if (!(condition)) {                                            \
			check_failures++;                                      \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, \
				(sentence), #condition);                       \
		}                                                              \
	} while (0)

static inline int
check_done(void)
{
	fprintf(stderr, "%d checks, %d failed\n", check_count, check_failures);
	return check_failures == 0 && check_count > 0 ? 0 : 1;
}

#endif
