/* SPDX-License-Identifier: GPL-3.0-or-later */
/* size_test.c - shares of 100,000 sizes, beside what was asked for */
#include "sim/model/size.h"

#include "core/test/check.h"

#define DRAWS 100000

static const struct cdf_point points[] = {
	{ 100, 500000 },
	{ 300, 900000 },
	{ 300, 950000 }, /* a step: many of one size */
	{ 1000, 1000000 },
};

int
main(void)
{
	struct client_settings clients = { .size_bytes = 77 };
	unsigned small = 0, middle = 0, step = 0, none = 0;
	uint64_t most = 0, sum = 0;
	struct rng rng, same;

	rng_init(&rng, 1, 1);
	same = rng;
	CHECK(size_draw(&clients, &rng) == 77);
	CHECK(rng_next(&rng) == rng_next(&same));
	clients.size_cdf = points;
	clients.size_cdf_count = sizeof(points) / sizeof(points[0]);
	for (unsigned i = 0; i < DRAWS; i++) {
		uint64_t bytes = size_draw(&clients, &rng);

		none += bytes == 0;
		small += bytes < 100;
		middle += bytes < 200;
		step += bytes == 300;
		most = bytes > most ? bytes : most;
		sum += bytes;
	}
	/* Three deviations are at most 474 of 100,000. */
	CHECK(none == 0 && most <= 1000);
	CHECK(small > 49500 && small < 50500);
	CHECK(middle > 69500 && middle < 70500);
	CHECK(step > 4500 && step < 5700);
	/* 0.5 * 50 + 0.4 * 200 + 0.05 * 300 + 0.05 * 650 = 152.5 */
	CHECK(sum > 150 * DRAWS && sum < 155 * DRAWS);
	return check_done();
}
