/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output_buffer_test.c - a random walk against a plain buffer */
#include "live/control/output_buffer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/rng.h"
#include "core/test/check.h"

#define TOTAL (1 << 20)
#define LIMIT 100000

static char sent[TOTAL + LIMIT], heard[TOTAL + LIMIT];

static size_t
hear(int fd, size_t used, size_t most)
{
	ssize_t size = recv(fd, heard + used, most, MSG_DONTWAIT);

	return size > 0 ? (size_t)size : 0;
}

int
main(void)
{
	struct output_buffer output_buffer = { .bytes = NULL };
	struct rng rng;
	size_t added = 0, used = 0, refused = 0;
	int pair[2];

	rng_init(&rng, 1, 2);

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(output_buffer_send(&output_buffer, pair[0]) == 0);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7 + i / 256);
	while (added < TOTAL) {
		size_t size = rng_below(&rng, 60000);
		bool fits = output_buffer_size(&output_buffer) + size <= LIMIT;
		CHECK(output_buffer_add(&output_buffer, sent + added, size,
					LIMIT) == fits);
		added += fits ? size : 0;
		refused += !fits;
		if (rng_below(&rng, 2) == 0)
			(void)output_buffer_send(&output_buffer, pair[0]);
		used += hear(pair[1], used, rng_below(&rng, 25000));
	}
	CHECK(refused > 0);
	while (used < added) {
		int result = output_buffer_send(&output_buffer, pair[0]);
		CHECK(result == 0 || result == -EAGAIN);
		used += hear(pair[1], used, TOTAL);
	}
	CHECK(memcmp(sent, heard, added) == 0);
	CHECK(output_buffer_size(&output_buffer) == 0);
	CHECK(output_buffer_add(&output_buffer, "x", 1, 1));
	CHECK(!output_buffer_add(&output_buffer, "x", 1, 1));
	CHECK(output_buffer_add(&output_buffer, "", 0, 0));
	close(pair[1]);
	CHECK(output_buffer_send(&output_buffer, pair[0]) == -EPIPE);
	output_buffer_clear(&output_buffer);
	close(pair[0]);
	return check_done();
}
