/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checksum_test.c - against the sum that RFC 1071 writes down, word by word
 */
#include "core/wire/checksum.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

/* The oracle: two bytes at a time, carry folded at once, padded with zero. */
static uint16_t
oracle(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 2) {
		sum += (uint32_t)bytes[i] << 8;
		if (i + 1 < size)
			sum += bytes[i + 1];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)~sum;
}

static const struct {
	const char *sentence;
	uint8_t bytes[12];
	size_t size;
	uint16_t want;
} rows[] = {
	{ "nothing sums to zero, complemented", { 0 }, 0, 0xffff },
	{ "RFC 1071 section 3: 0001 f203 f4f5 f6f7 is ddf2, complemented",
	  { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 },
	  8,
	  0x220d },
	{ "an odd last byte is the high one of its word",
	  { 0x12, 0x34, 0x56 },
	  3,
	  (uint16_t) ~(0x1234 + 0x5600) },
	{ "one byte", { 0x80 }, 1, 0x7fff },
	{ "all ones are zero in one's complement",
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	  8,
	  0 },
	{ "a carry out of the carry is folded too",
	  { 0xff, 0xff, 0x00, 0x01, 0xff, 0xff },
	  6,
	  0xfffe },
};

static void
test_table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t got = checksum_finish(
			checksum_add(0, rows[i].bytes, rows[i].size));

		CHECK_ROW(got == rows[i].want, rows[i].sentence);
		CHECK_ROW(oracle(rows[i].bytes, rows[i].size) == rows[i].want,
			  rows[i].sentence);
	}
}

/* Full sums over random bytes at any alignment and cut; then a change of one
 * word, which the incremental form must follow. */
static void
test_random(void)
{
	static uint8_t bytes[70000];
	struct rng rng;

	rng_init(&rng, 1071, 0);
	for (int round = 0; round < 20000; round++) {
		size_t size =
			(size_t)rng_below(&rng, round % 500 ? 300 : 65500);
		size_t start = (size_t)rng_below(&rng, 8);
		uint8_t *at = bytes + start;
		size_t cut = (size_t)rng_below(&rng, size / 2 + 1) * 2;
		bool zeros = rng_below(&rng, 8) == 0;

		for (size_t i = 0; i < size; i++)
			at[i] = zeros ? 0 : (uint8_t)rng_next(&rng);
		uint16_t want = oracle(at, size);
		CHECK(checksum_finish(checksum_add(0, at, size)) == want);
		CHECK(checksum_finish(checksum_add(checksum_add(0, at, cut),
						   at + cut, size - cut)) ==
		      want);
		if (size < 4)
			continue;

		size_t word = (size_t)rng_below(&rng, size / 2 - 1) * 2;
		uint32_t before = wire_get32(at + word);
		uint32_t after =
			rng_below(&rng, 4) == 0 ? 0 : (uint32_t)rng_next(&rng);
		wire_put32(at + word, after);
		uint16_t now = oracle(at, size);
		uint16_t updated = checksum_update32(want, before, after);
		/* The two zeros of one's complement are one number; a header
		 * is never all zeros, so 0xffff is only met in that case. */
		CHECK(updated == now || (updated == 0xffff && now == 0) ||
		      (updated == 0 && now == 0xffff));
	}
}

/* RFC 1624 section 4: the example on which RFC 1141 errs. */
static void
test_rfc1624(void)
{
	CHECK(checksum_update16(0xdd2f, 0x5555, 0x3285) == 0x0000);
}

static void
test_pseudo(void)
{
	const uint8_t src[16] = { 10, 1, 2, 3, 0xfe, 0x80 };
	const uint8_t dst[16] = { 192, 168, 255, 254, 7 };
	uint8_t plain4[12] = { 0 }, plain6[40] = { 0 };

	memcpy(plain4, src, 4);
	memcpy(plain4 + 4, dst, 4);
	plain4[9] = 6;
	wire_put16(plain4 + 10, 1460);
	CHECK(checksum_finish(checksum_pseudo4(src, dst, 6, 1460)) ==
	      oracle(plain4, sizeof(plain4)));
	memcpy(plain6, src, 16);
	memcpy(plain6 + 16, dst, 16);
	wire_put32(plain6 + 32, 70000);
	plain6[39] = 58;
	CHECK(checksum_finish(checksum_pseudo6(src, dst, 58, 70000)) ==
	      oracle(plain6, sizeof(plain6)));
}

/* No packet is longer; what lies beyond is not added. */
static void
test_longest(void)
{
	static uint8_t bytes[CHECKSUM_BYTES_MAX + 8];

	memset(bytes, 0x5a, sizeof(bytes));
	CHECK(checksum_add(0, bytes, CHECKSUM_BYTES_MAX + 8) ==
	      checksum_add(0, bytes, CHECKSUM_BYTES_MAX));
}

int
main(void)
{
	test_table();
	test_random();
	test_rfc1624();
	test_pseudo();
	test_longest();
	return check_done();
}
