/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * address_test.c - which bytes of an address count
 */
#include "core/address.h"

#include <string.h>

#include "core/test/check.h"

static const struct {
	const char *sentence;
	struct address a, b;
	bool equal;
} pairs[] = {
	{ "the same IPv4 address",
	  { 4, { 10, 0, 0, 1 } },
	  { 4, { 10, 0, 0, 1 } },
	  true },
	{ "its last byte counts",
	  { 4, { 10, 0, 0, 1 } },
	  { 4, { 10, 0, 0, 2 } },
	  false },
	{ "what lies behind it does not",
	  { 4, { 10, 0, 0, 1, 9 } },
	  { 4, { 10, 0, 0, 1, 8 } },
	  true },
	{ "another family is another address",
	  { 4, { 10, 0, 0, 1 } },
	  { 6, { 10, 0, 0, 1 } },
	  false },
	{ "the same IPv6 address",
	  { 6, { 0x20, 1, [15] = 1 } },
	  { 6, { 0x20, 1, [15] = 1 } },
	  true },
	{ "IPv6's last byte counts",
	  { 6, { 0x20, 1, [15] = 1 } },
	  { 6, { 0x20, 1, [15] = 2 } },
	  false },
	{ "so does its fifth",
	  { 6, { 0x20, 1, 0, 0, 1 } },
	  { 6, { 0x20, 1, 0, 0, 2 } },
	  false },
};

static void
addresses_are_made_clean(void)
{
	const uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6 };
	struct address ip4 = address_ip4(bytes), ip6 = address_ip6(bytes);

	CHECK(ip4.family == 4 && memcmp(ip4.bytes, bytes, 4) == 0);
	for (unsigned i = 4; i < 16; i++)
		CHECK(ip4.bytes[i] == 0);
	CHECK(ip6.family == 6 && memcmp(ip6.bytes, bytes, 16) == 0);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		CHECK_ROW(address_equal(&pairs[i].a, &pairs[i].b) ==
				  pairs[i].equal,
			  pairs[i].sentence);
		CHECK_ROW(address_equal(&pairs[i].b, &pairs[i].a) ==
				  pairs[i].equal,
			  pairs[i].sentence);
	}
	addresses_are_made_clean();
	return check_done();
}
