/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sessions.h - a test's sessions in a lab, and how long each stood still
 *
 *	test_sessions_begin()	one more download or upload, from a given port
 *	test_sessions_wait()	time passes, sessions go on
 *	test_sessions_mark()	from here on stalls are measured
 *	test_sessions_finish()	all have ended, and every byte was right?
 *
 * live_fixture.h has downloads by curl(1) only and does not look at the clock.
 * Here a session is curl's or the load generator's (client_session.h), of
 * either direction, and its longest time without a new byte is known, which is
 * how a client notices that something is being repaired behind the service.
 *
 * An upload is right when the file that the server keeps has its bytes; for a
 * download curl's are compared by SHA-256, the load generator's as they
 * come.
 */
#ifndef HARNESS_TEST_TEST_SESSIONS_H
#define HARNESS_TEST_TEST_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "harness/lab/lab.h"
#include "sim/model/watch.h"

#define TEST_SESSIONS_WORDS 128

enum test_sessions_by {
	TEST_SESSIONS_CURL,
	TEST_SESSIONS_LOAD_GENERATOR,
};

struct test_sessions_one {
	uint16_t port;
	bool upload;
	uint64_t size, bytes; /* that it will have, and has */
	struct instant last; /* when the latest new bytes came, or it began */
	int64_t stall_ns; /* the longest between new bytes, since the mark */
	bool ended;
	enum outcome outcome; /* CLOSED: whole and right */
	char why[TEST_SESSIONS_WORDS];
};

struct test_sessions {
	const struct lab *lab;
	struct load_generator *load_generator;
	struct curl_client *curl;
	struct test_sessions_one *all;
	uint32_t count, capacity;
};

/* From the first client of the lab, which is borrowed. 0 or -errno. */
int test_sessions_create(struct test_sessions *, const struct lab *);
/* Ends what is open. */
void test_sessions_destroy(struct test_sessions *);
/* pace_bps 0: as fast as TCP. Its number, counted from 0; or -errno. */
int test_sessions_begin(struct test_sessions *, enum test_sessions_by,
			bool upload, uint16_t port, uint64_t bytes,
			uint64_t pace_bps);
void test_sessions_wait(struct test_sessions *, int64_t ns);
void test_sessions_mark(struct test_sessions *);
/* Longest stall of one since the mark, the one that lasts included. */
int64_t test_sessions_stall_ns(const struct test_sessions *, uint32_t number);
/* Wait until all have ended, at most so long. True: all are whole; what became
 * of the others was said. */
bool test_sessions_finish(struct test_sessions *, int64_t most_ns);
uint32_t
test_sessions_open(const struct test_sessions *); /* that have not ended */
/* The server that keeps the upload of that port, every byte right, or
 * FABRIC_NONE. */
uint32_t test_sessions_uploaded(const struct test_sessions *, uint16_t port,
				uint64_t bytes);

/* The key of the first client's session from a port. */
struct session_key test_sessions_key(const struct lab *, uint16_t port);

#endif
