/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handshake_test.c - strays of sessions whose handshake is not over
 */
#include "live/engine/handshake.h"

#include "core/test/check.h"
#include "live/test/engines.h"

#define NUMBER 40001

/* Segments acknowledge 2,000 (engines.h). */
static const struct ownership_socket its = {
	.state = OWNERSHIP_REQUEST,
	.snt_isn = 1999,
	.rcv_isn = 999,
};
static const struct ownership_socket anothers = {
	.state = OWNERSHIP_REQUEST,
	.snt_isn = 99999,
	.rcv_isn = 999,
};

/* A stray at server 1: does it come home to server 0? */
static bool
comes_home(struct engines *engines)
{
	struct server *owner = &engines->servers[0];
	uint32_t delivered = owner->delivered;

	stray_in(engines, 1, NUMBER, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	return owner->delivered != delivered;
}

static struct engines *
open_(enum steer_store_at store_at, const struct ownership_socket *socket)
{
	struct engines *engines = engines_open(3);
	struct secret secret = secret_of(1);
	struct server *owner = &engines->servers[0];

	owner->conf.steer.store_at = store_at;
	reload(engines, 0, &secret);
	owner->socket = socket;
	change(engines, 0, NUMBER, SOCKET_OPENING);
	pass(engines, 20 * NS_PER_MS);
	return engines;
}

static void
test_begins(void)
{
	static const struct {
		const char *sentence;
		enum steer_store_at store_at;
		const struct ownership_socket *socket;
		bool want;
	} rows[] = {
		{ "its ACK comes elsewhere", STEER_STORE_AUTO, &its, true },
		{ "the same, always stored", STEER_STORE_SYN, &its, true },
		{ "stored when established", STEER_STORE_ESTABLISHED, &its,
		  false },
		{ "the ACK is of another's SYN-ACK", STEER_STORE_AUTO,
		  &anothers, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engines *engines =
			open_(rows[i].store_at, rows[i].socket);

		CHECK_ROW(comes_home(engines) == rows[i].want,
			  rows[i].sentence);
		CHECK_ROW(status_of(engines, 0).sessions == 0,
			  rows[i].sentence);
		/* Who says not-mine is not asked again. */
		CHECK_ROW(status_of(engines, 0).steer->not_mine_sent ==
				  (rows[i].socket == &anothers),
			  rows[i].sentence);
		engines_close(engines);
	}
}

/* The two rings are read one after the other. */
static void
test_late(void)
{
	struct engines *engines = engines_open(3);
	struct socket_event event = { session(NUMBER), SOCKET_OPENING,
				      engines->now };
	struct server *owner = &engines->servers[0];

	pass(engines, NS_PER_MS);
	change(engines, 0, NUMBER, SOCKET_OPENED);
	engine_socket(owner->engine, engines->now, &event);
	flush(engines);
	pass(engines, 20 * NS_PER_MS);
	CHECK(status_of(engines, 0).steer->openings == 0);
	CHECK(status_of(engines, 0).sessions == 1);
	CHECK(comes_home(engines));
	engines_close(engines);
}

/* A deferred request lives for minutes; one that is gone lapses. */
static void
test_lapses(void)
{
	for (int lives = 0; lives < 2; lives++) {
		struct engines *engines = open_(STEER_STORE_AUTO, &its);
		struct server *owner = &engines->servers[0];

		if (lives == 0) /* no socket of that key */
			owner->socket = NULL;
		pass(engines, 120 * NS_PER_S);
		owner->socket = &its;
		CHECK(comes_home(engines) == (lives == 1));
		CHECK(status_of(engines, 0).sessions == 0);
		engines_close(engines);
	}
}

/* Confirmed: it stays, without a request. */
static void
test_opens(void)
{
	struct engines *engines = open_(STEER_STORE_AUTO, &its);

	pass(engines, 50 * NS_PER_MS);
	change(engines, 0, NUMBER, SOCKET_OPENED);
	pass(engines, 200 * NS_PER_S);
	CHECK(status_of(engines, 0).sessions == 1);
	CHECK(comes_home(engines));
	engines_close(engines);
}

int
main(void)
{
	test_begins();
	test_late();
	test_lapses();
	test_opens();
	return check_done();
}
