/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reuse_live_test.c - a client's port again, while its old owner is remembered
 *
 *	       A server1	B server2	C server3 or 4
 *	cut A  owner of the 1st	strays, A cached
 *	cut B			the cache idles	strays, A cached
 *	ends			    "		SYN of the 2nd: owner
 *	B back			strays: not A's	owner
 *	A back	strays, where the 1st was	owner
 *
 * One port, one service, so one session key. The second session begins within
 * a second after the end of the first; then its packets are brought to every
 * server that remembers the first one. Once the first ends as HTTP ends, by
 * the server, which then keeps the key in TIME_WAIT; and once by the client's
 * RST.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/emulate/client_session.h"
#include "harness/lab/route.h"
#include "harness/test/live_drill.h"

#define PACE_BPS    (4 * UINT64_C(1000000))
#define FIRST_BYTES (3 * UINT64_C(1000000)) /* 6 s */
#define AGAIN_BYTES (8 * UINT64_C(1000000)) /* 16 s */
#define FIRST_PORT  44001
#define LAST_PORT   52000
#define CANDIDATES  256
#define A	    0
#define B	    1
#define PATIENCE    (120 * NS_PER_S)
#define SETTLE_NS   (1500 * NS_PER_MS)
/* Retransmission timers of 200 and 400 ms, a lookup, and a busy machine. */
#define STALL_NS (1500 * NS_PER_MS)

enum ending { /* how the first session ends */
	BY_SERVER,
	BY_RST,
	ENDINGS
};

static const char *const ending_names[ENDINGS] = {
	"ended by the server",
	"ended by RST",
};

struct reuse {
	struct live_fixture fixture;
	struct test_sessions test_sessions;
	struct rst_sniffer *rst_sniffer;
	uint32_t link_a, link_b;
	uint16_t ports[ENDINGS];
	int abrupt; /* socket of the first session that ends by RST */
	int first, again[ENDINGS]; /* numbers of sessions */
};

/* ---- the way ---- */

static uint32_t
server_of(const struct reuse *reuse, uint16_t port)
{
	uint32_t link;

	return live_fixture_server(&reuse->fixture, port, &link);
}

static bool
both_at(const struct reuse *reuse, uint32_t low, uint32_t high)
{
	for (unsigned i = 0; i < ENDINGS; i++) {
		uint32_t server = server_of(reuse, reuse->ports[i]);

		if (server < low || server > high)
			return false;
	}
	return true;
}

/* Until both ports lead to a server from low to high, and a moment more. */
static bool
both_reach(struct reuse *reuse, uint32_t low, uint32_t high)
{
	struct instant until = instant_after(live_fixture_now(), PATIENCE);
	bool there = false;

	while (!there && instant_before(live_fixture_now(), until)) {
		test_sessions_wait(&reuse->test_sessions, 20 * NS_PER_MS);
		there = both_at(reuse, low, high);
	}
	test_sessions_mark(&reuse->test_sessions);
	test_sessions_wait(&reuse->test_sessions, SETTLE_NS);
	return there && both_at(reuse, low, high);
}

static bool
link_set(const struct reuse *reuse, uint32_t link, bool up)
{
	return lab_link(&reuse->fixture.lab, link, 1, up) == 0;
}

/* Two ports that lead to A by way of leaf2, and to C without both links: found
 * by taking these away. Not leaf1: the flows of the first next hop of all go to
 * the second one (RFC 2992), and leaf2 has the same servers. */
static bool
ports_choose(struct reuse *reuse)
{
	const struct lab *lab = &reuse->fixture.lab;
	uint16_t candidates[CANDIDATES];
	uint32_t count = 0, found = 0, link;

	for (uint16_t port = FIRST_PORT;
	     port < LAST_PORT && count < CANDIDATES / 4; port++)
		if (live_fixture_server(&reuse->fixture, port, &link) == A &&
		    link == reuse->link_a)
			candidates[count++] = port;
	CHECK(link_set(reuse, reuse->link_a, false));
	CHECK(link_set(reuse, reuse->link_b, false));
	test_sessions_wait(&reuse->test_sessions, SETTLE_NS);
	for (uint32_t i = 0; i < count && found < ENDINGS; i++) {
		uint32_t server = server_of(reuse, candidates[i]);

		if (server != FABRIC_NONE && server > B)
			reuse->ports[found++] = candidates[i];
	}
	CHECK(link_set(reuse, reuse->link_a, true));
	CHECK(link_set(reuse, reuse->link_b, true));
	CHECK(lab_route_wait(lab, live_fixture_now().ns + PATIENCE) == 0);
	return found == ENDINGS && both_at(reuse, A, A);
}

/* ---- the first sessions ---- */

/* A download by a socket that can be closed by a RST. Or -1. */
static int
abrupt_open(const struct reuse *reuse, uint16_t port)
{
	const struct lab *lab = &reuse->fixture.lab;
	struct session_key key = test_sessions_key(lab, port);
	struct sockaddr_storage from, to;
	socklen_t from_size = client_session_client(&key, &from);
	socklen_t to_size = client_session_service(&key, &to);
	const struct timeval patience = { 5, 0 };
	char url[CLIENT_SESSION_URL], request[2 * CLIENT_SESSION_URL];
	int space = lab_namespace(
		lab, live_fixture_device(&reuse->fixture, DEVICE_CLIENT, 0));
	int fd = client_session_socket(space, from.ss_family, SOCK_STREAM, 0);

	close(space);
	if (fd < 0)
		return -1;
	lab_url(lab, FIRST_BYTES, PACE_BPS, false, url, sizeof(url));
	int size = snprintf(request, sizeof(request),
			    "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n",
			    strstr(url, "blob"));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (bind(fd, (struct sockaddr *)&from, from_size) != 0 ||
	    connect(fd, (struct sockaddr *)&to, to_size) != 0 ||
	    send(fd, request, (size_t)size, MSG_NOSIGNAL) != size) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Take what has come; its amount. */
static size_t
abrupt_read(const struct reuse *reuse)
{
	static char bytes[65536];
	size_t sum = 0;

	for (ssize_t size; (size = recv(reuse->abrupt, bytes, sizeof(bytes),
					MSG_DONTWAIT)) > 0;)
		sum += (size_t)size;
	return sum;
}

static void
abrupt_close(struct reuse *reuse)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	CHECK(setsockopt(reuse->abrupt, SOL_SOCKET, SO_LINGER, &now,
			 sizeof(now)) == 0);
	CHECK(close(reuse->abrupt) == 0);
	reuse->abrupt = -1;
}

static void
first_sessions(struct reuse *reuse)
{
	struct test_sessions *test_sessions = &reuse->test_sessions;

	reuse->first = test_sessions_begin(
		test_sessions, TEST_SESSIONS_LOAD_GENERATOR, false,
		reuse->ports[BY_SERVER], FIRST_BYTES, PACE_BPS);
	reuse->abrupt = abrupt_open(reuse, reuse->ports[BY_RST]);
	CHECK(reuse->first >= 0 && reuse->abrupt >= 0);
	test_sessions_wait(test_sessions, NS_PER_S / 2);
	CHECK(link_set(reuse, reuse->link_a, false));
	CHECK(both_reach(reuse, B, B));
	CHECK(abrupt_read(reuse) > 0);
	CHECK(live_fixture_counter(&reuse->fixture, B, "steer_forwards") > 0);
	CHECK(link_set(reuse, reuse->link_b, false));
	CHECK(both_reach(reuse, B + 1, FABRIC_NONE - 1));
	CHECK(abrupt_read(reuse) > 0); /* it still lives */
	CHECK(!test_sessions->all[reuse->first].ended);
}

/* ---- the second ones ---- */

/* As soon as the port is free; it must be within a second. */
static void
again_open(struct reuse *reuse, enum ending ending)
{
	struct instant start = live_fixture_now();
	int number;

	while ((number = test_sessions_begin(
			&reuse->test_sessions, TEST_SESSIONS_LOAD_GENERATOR,
			false, reuse->ports[ending], AGAIN_BYTES, PACE_BPS)) ==
		       -EADDRINUSE &&
	       instant_distance_ns(start, live_fixture_now()) < NS_PER_S)
		test_sessions_wait(&reuse->test_sessions, NS_PER_MS);
	CHECK_ROW(number >= 0, ending_names[ending]);
	reuse->again[ending] = number;
	fprintf(stderr, "%s: port %u again after %.1f ms\n",
		ending_names[ending], (unsigned)reuse->ports[ending],
		(double)instant_distance_ns(start, live_fixture_now()) / 1e6);
}

static void
second_sessions(struct reuse *reuse)
{
	struct test_sessions *test_sessions = &reuse->test_sessions;
	const struct test_sessions_one *first =
		&test_sessions->all[reuse->first];
	struct instant until = instant_after(live_fixture_now(), PATIENCE);

	abrupt_close(reuse);
	again_open(reuse, BY_RST);
	while (!test_sessions->all[reuse->first].ended &&
	       instant_before(live_fixture_now(), until))
		test_sessions_wait(test_sessions, NS_PER_MS);
	first = &test_sessions->all[reuse->first];
	CHECK(first->ended && first->outcome == OUTCOME_CLOSED);
	again_open(reuse, BY_SERVER);
}

/* Both go on. */
static void
progress_check(struct reuse *reuse, const char *when)
{
	struct test_sessions *test_sessions = &reuse->test_sessions;

	for (unsigned i = 0; i < ENDINGS; i++) {
		uint64_t bytes = test_sessions->all[reuse->again[i]].bytes;
		int64_t stall_ns = test_sessions_stall_ns(
			test_sessions, (uint32_t)reuse->again[i]);

		fprintf(stderr,
			"%s, %s: %" PRIu64 " bytes, longest gap %.0f ms\n",
			when, ending_names[i], bytes, (double)stall_ns / 1e6);
		CHECK_ROW(stall_ns < STALL_NS, ending_names[i]);
		CHECK_ROW(bytes > 0, ending_names[i]);
		CHECK_ROW(bytes < AGAIN_BYTES, ending_names[i]);
	}
	CHECK(rst_sniffer_resets(reuse->rst_sniffer, 0) == 0);
}

static void
reuse_do(void *context)
{
	struct reuse *reuse = context;
	const struct fabric *fabric = reuse->fixture.lab.fabric;
	struct live_fixture *fixture = &reuse->fixture;

	reuse->link_a = fabric_link_find(fabric, "leaf2-server1");
	reuse->link_b = fabric_link_find(fabric, "leaf2-server2");
	bool chosen = ports_choose(reuse);
	CHECK(chosen);
	if (!chosen)
		return;
	first_sessions(reuse);
	second_sessions(reuse);
	if (reuse->again[BY_SERVER] < 0 || reuse->again[BY_RST] < 0)
		return;
	test_sessions_mark(&reuse->test_sessions);
	test_sessions_wait(&reuse->test_sessions, SETTLE_NS);
	progress_check(reuse, "at C");
	CHECK(both_at(reuse, B + 1, FABRIC_NONE - 1));

	uint64_t before =
		live_fixture_counter(fixture, B, "steer_not_mine_received");
	CHECK(link_set(reuse, reuse->link_b, true));
	CHECK(both_reach(reuse, B, B));
	progress_check(reuse, "strays at B");
	CHECK(live_fixture_counter(fixture, B, "steer_not_mine_received") >
	      before);

	CHECK(link_set(reuse, reuse->link_a, true));
	CHECK(both_reach(reuse, A, A));
	progress_check(reuse, "strays at A");
	CHECK(test_sessions_finish(&reuse->test_sessions, 300 * NS_PER_S));
	CHECK(live_fixture_sum(fixture, "kernel_resets") == 0);
	CHECK(live_fixture_sum(fixture, "steer_resets") == 0);
	CHECK(rst_sniffer_resets(reuse->rst_sniffer, 0) == 0);
}

/* One family; 0, 1 or LIVE_FIXTURE_SKIP. */
static int
reuses(const char *name, uint8_t family)
{
	static struct reuse reuse;

	memset(&reuse, 0, sizeof(reuse));
	return live_drill_run(
		&(struct live_drill){
			.fixture = &reuse.fixture,
			.test_sessions = &reuse.test_sessions,
			.rst_sniffer = &reuse.rst_sniffer,
			.story = reuse_do,
			.context = &reuse,
		},
		name, family, AGAIN_BYTES, PACE_BPS);
}

int
main(void)
{
	int code = reuses("reuse4", 4);

	if (code == 0)
		code = reuses("reuse6", 6);
	return code != 0 ? code : check_done();
}
