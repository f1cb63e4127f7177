/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_test.c - keys are equal as bytes, versions are ordered
 */
#include "core/session.h"

#include <string.h>

#include "core/test/check.h"

static const struct {
	const char *sentence;
	struct version a, b;
	int order;
} versions[] = {
	{ "equal", { 5, 1 }, { 5, 1 }, 0 },
	{ "later wins", { 6, 0 }, { 5, 9 }, 1 },
	{ "sequence decides between equal times", { 5, 1 }, { 5, 2 }, -1 },
	{ "a clock behind the start", { -1, 0 }, { 0, 0 }, -1 },
	{ "no overflow between extremes",
	  { INT64_MIN, 0 },
	  { INT64_MAX, 0 },
	  -1 },
	{ "sequence is unsigned", { 0, UINT32_MAX }, { 0, 0 }, 1 },
};

int
main(void)
{
	for (unsigned i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		int order = version_compare(versions[i].a, versions[i].b);
		int back = version_compare(versions[i].b, versions[i].a);

		CHECK_ROW((order > 0) - (order < 0) == versions[i].order,
			  versions[i].sentence);
		CHECK_ROW((back > 0) - (back < 0) == -versions[i].order,
			  versions[i].sentence);
	}

	struct session_key a = { .family = 4, .protocol = 6 }, b;
	for (unsigned i = 0; i < sizeof(a); i++) {
		b = a;
		CHECK(session_equal(&a, &b));
		((uint8_t *)&b)[i] ^= 1;
		CHECK(!session_equal(&a, &b));
	}
	return check_done();
}
