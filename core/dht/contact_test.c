/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contact_test.c - timeouts from round trips, failures from silence */
#include "core/dht/contact.h"

#include <stddef.h>

#include "core/instant.h"
#include "core/test/check.h"

static const struct contact_timing timing = {
	.initial_ns = 50 * NS_PER_MS,
	.floor_ns = 1 * NS_PER_MS,
	.cap_ns = 50 * NS_PER_MS,
};

static const struct {
	const char *sentence;
	int64_t rtt_ns[4]; /* 0: no more */
	int64_t low_ns, high_ns; /* bounds of the timeout */
} rows[] = {
	{ "never measured: the initial timeout",
	  { 0 },
	  50 * NS_PER_MS,
	  50 * NS_PER_MS },
	{ "one sample: SRTT + 4 x half of it",
	  { 4 * NS_PER_MS },
	  11990 * NS_PER_US,
	  12 * NS_PER_MS },
	{ "four equal samples: the variance shrinks by a quarter each",
	  { 4 * NS_PER_MS, 4 * NS_PER_MS, 4 * NS_PER_MS, 4 * NS_PER_MS },
	  7300 * NS_PER_US,
	  7400 * NS_PER_US },
	{ "never below the floor",
	  { 10 * NS_PER_US },
	  1 * NS_PER_MS,
	  1 * NS_PER_MS },
	{ "never above the cap",
	  { 40 * NS_PER_MS },
	  50 * NS_PER_MS,
	  50 * NS_PER_MS },
	{ "ten seconds saturate and do not wrap",
	  { 10 * NS_PER_S, 10 * NS_PER_S },
	  50 * NS_PER_MS,
	  50 * NS_PER_MS },
};

static void
test_timeouts(void)
{
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct contact contact = contact_new(7, false);

		for (uint32_t j = 0; j < 4 && rows[i].rtt_ns[j] != 0; j++)
			contact_sample(&contact, rows[i].rtt_ns[j]);
		int64_t timeout_ns = contact_timeout_ns(&contact, &timing);
		CHECK_ROW(timeout_ns >= rows[i].low_ns, rows[i].sentence);
		CHECK_ROW(timeout_ns <= rows[i].high_ns, rows[i].sentence);
	}
	CHECK(contact_timeout_ns(NULL, &timing) == timing.initial_ns);
}

static void
test_equal_round_trips_keep_a_margin(void)
{
	struct contact contact = contact_new(7, false);

	for (uint32_t i = 0; i < 100; i++)
		contact_sample(&contact, 8 * NS_PER_MS);
	CHECK(contact_timeout_ns(&contact, &timing) > 11900 * NS_PER_US);
}

static void
test_failures(void)
{
	struct contact contact = contact_new(7, false);

	CHECK(!contact.verified && !contact_suspect(&contact));
	for (uint32_t i = 0; i < 10; i++)
		contact_doubt(&contact);
	CHECK(contact_suspect(&contact) && !contact_stale(&contact));
	for (uint32_t i = 0; i < 300; i++)
		contact_fail(&contact);
	CHECK(contact_stale(&contact));
	contact_alive(&contact);
	CHECK(contact.verified && !contact_suspect(&contact));
}

/* The way to a peer became longer than twice its timeout: its answers are late
 * until it is stale, and then measured anew. */
static void
test_stale_is_measured_anew(void)
{
	struct contact contact = contact_new(7, false);

	for (uint32_t i = 0; i < 100; i++)
		contact_sample(&contact, NS_PER_MS / 2);
	int64_t before_ns = contact_timeout_ns(&contact, &timing);
	CHECK(before_ns < 8 * NS_PER_MS);
	contact_doubt(&contact);
	contact_fail(&contact);
	CHECK(!contact_stale(&contact));
	CHECK(contact_timeout_ns(&contact, &timing) == before_ns);
	contact_fail(&contact);
	CHECK(contact_stale(&contact));
	CHECK(contact_timeout_ns(&contact, &timing) == timing.initial_ns);
	contact_sample(&contact, 20 * NS_PER_MS);
	CHECK(!contact_stale(&contact));
	CHECK(contact_timeout_ns(&contact, &timing) > 20 * NS_PER_MS);
}

int
main(void)
{
	test_timeouts();
	test_equal_round_trips_keep_a_margin();
	test_failures();
	test_stale_is_measured_anew();
	return check_done();
}
