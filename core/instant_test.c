/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instant_test.c - order, distance, and the instant that never comes
 */
#include "core/instant.h"

#include "core/test/check.h"

int
main(void)
{
	struct instant one = { 1 }, two = { 2 };

	CHECK(instant_before(one, two) && !instant_before(two, one));
	CHECK(!instant_before(one, one));
	CHECK(instant_min(one, two).ns == 1 && instant_min(two, one).ns == 1);
	CHECK(instant_distance_ns(one, two) == 1);
	CHECK(instant_distance_ns(two, one) == -1);
	CHECK(instant_after(one, NS_PER_S).ns == NS_PER_S + 1);
	CHECK(instant_after(one, 0).ns == 1);
	/* It does not come round again. */
	CHECK(instant_after(one, INT64_MAX).ns == INSTANT_NEVER.ns);
	CHECK(instant_after(one, INT64_MAX - 1).ns == INT64_MAX);
	CHECK(instant_after(INSTANT_NEVER, 0).ns == INSTANT_NEVER.ns);
	CHECK(instant_after(INSTANT_NEVER, 1).ns == INSTANT_NEVER.ns);
	CHECK(instant_before(two, INSTANT_NEVER));
	return check_done();
}
