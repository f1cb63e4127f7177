/* SPDX-License-Identifier: GPL-3.0-or-later */
/* icmp_limit_test.c - bursts, rates, and a table that forgets what is full */
#include "sim/net/icmp_limit.h"

#include "core/test/check.h"

static struct address
address_of(uint32_t i)
{
	const uint8_t bytes[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
				   (uint8_t)i };

	return address_ip4(bytes);
}

/* So many errors, one after the other, to so many addresses in turn. */
static void
test_rates(void)
{
	static const struct {
		const char *sentence;
		uint32_t asked, addresses, devices;
		int64_t interval_ns;
		uint32_t sent;
	} rows[] = {
		{ "six at once to one address", 100, 1, 1, 0, 6 },
		{ "then one a second", 100, 1, 1, NS_PER_S, 100 },
		{ "at ten a second: six, and one a second", 101, 1, 1,
		  NS_PER_S / 10, 6 + 10 },
		{ "fifty at once in all", 1000, 1000, 1, 0, 50 },
		{ "then a thousand a second", 1000, 1000, 1, NS_PER_MS, 1000 },
		{ "at 10,000 a second: fifty, and 100 in 0.1 s", 1001, 1001, 1,
		  NS_PER_MS / 10, 50 + 100 },
		{ "each device by itself", 1000, 1, 4, 0, 4 * 6 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct icmp_limit *limit = icmp_limit_create();
		struct instant now = { 0 };
		uint32_t sent = 0;

		for (uint32_t j = 0; j < rows[i].asked; j++) {
			struct address to = address_of(j % rows[i].addresses);

			sent += icmp_limit_take(limit, now, j % rows[i].devices,
						&to);
			now = instant_after(now, rows[i].interval_ns);
		}
		CHECK_ROW(sent == rows[i].sent, rows[i].sentence);
		icmp_limit_destroy(limit);
	}
}

static void
test_families(void)
{
	struct icmp_limit *limit = icmp_limit_create();
	const uint8_t bytes[16] = { 10, 0, 0, 1 };
	struct address four = address_ip4(bytes), six = address_ip6(bytes);
	uint32_t sent = 0;

	for (unsigned i = 0; i < 20; i++) {
		sent += icmp_limit_take(limit, (struct instant){ 5 }, 0, &four);
		sent += icmp_limit_take(limit, (struct instant){ 5 }, 0, &six);
	}
	CHECK(sent == 12);
	icmp_limit_destroy(limit);
}

/* Those that are full again are forgotten, and none that is not. */
static void
test_table(void)
{
	struct icmp_limit *limit = icmp_limit_create();
	struct instant now = { 0 };
	const struct address busy = address_of(1 << 20);
	uint32_t sent = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		struct address to = address_of(i);

		now = instant_after(now, 10 * NS_PER_MS);
		CHECK(icmp_limit_take(limit, now, i % 7, &to));
		sent += icmp_limit_take(limit, now, 8, &busy);
	}
	CHECK(sent == 6 + 999);
	/* 100 a second, each full again a second later. */
	CHECK(icmp_limit_count(limit) <= 512);
	icmp_limit_destroy(limit);
}

int
main(void)
{
	test_rates();
	test_families();
	test_table();
	return check_done();
}
