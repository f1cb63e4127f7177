/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drop_test.c - names are unique, lower case, and fit a counter's name
 */
#include "core/drop.h"

#include <string.h>

#include "core/test/check.h"

static const struct {
	enum drop drop;
	const char *name;
} known[] = {
	{ DROP_NONE, "none" },
	{ DROP_RST_UNKNOWN, "rst_unknown" },
	{ DROP_RATE_PREFIX, "rate_prefix" },
	{ DROP_TTL, "ttl" },
};

int
main(void)
{
	for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++)
		CHECK_ROW(strcmp(drop_name(known[i].drop), known[i].name) == 0,
			  known[i].name);
	CHECK(strcmp(drop_text(DROP_TAG), "GUE tag mismatch") == 0);

	for (unsigned i = 0; i < DROP_COUNT; i++) {
		const char *name = drop_name((enum drop)i);

		CHECK_ROW(name[0] != '\0' && strlen(name) < 16, name);
		CHECK_ROW(
			strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
				strlen(name),
			name);
		CHECK_ROW(drop_text((enum drop)i)[0] != '\0', name);
		for (unsigned j = 0; j < i; j++) {
			CHECK_ROW(strcmp(name, drop_name((enum drop)j)) != 0,
				  name);
			CHECK_ROW(strcmp(drop_text((enum drop)i),
					 drop_text((enum drop)j)) != 0,
				  name);
		}
	}
	return check_done();
}
