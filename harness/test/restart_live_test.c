/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * restart_live_test.c - daemons are killed in the middle of transfers
 *
 *	leaf1 --x-- server1	owner: its sessions by way of leaf1 stray
 *	     `----- server2	where they land
 *
 * First the daemon of server2 is killed (SIGKILL) and started again after two
 * seconds, then that of server1. In between strays are dropped, so what strays
 * stands still; afterwards it goes on, because the next daemon learns from the
 * kernel and from its file which sessions are here and since when, and from
 * the others whose the strays are. Whatever does not stray never notices, and
 * no session is reset at any time.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/lab/daemon.h"
#include "harness/test/live_drill.h"

#define BYTES	   (18 * UINT64_C(1000000))
#define PACE_BPS   (8 * UINT64_C(1000000)) /* 18 s */
#define FIRST_PORT 44001
#define LAST_PORT  48000
#define OWNER	   0 /* server1 */
#define OTHER	   1 /* server2 */
#define LINK	   "leaf1-server1"
#define DOWN_NS	   (2 * NS_PER_S)
#define PATIENCE   (120 * NS_PER_S)
/* A machine that does other things as well; a session that noticed would stand
 * still for DOWN_NS. */
#define NOISE_NS (DOWN_NS / 2)

enum role {
	STRAY_DOWN, /* of server1, by way of leaf1 */
	STRAY_UP,
	OWN_DOWN, /* of server1, by way of leaf2 */
	OTHER_DOWN, /* of server2 */
	OTHER_UP,
	ROLES
};

static const char *const role_names[ROLES] = {
	"straying download",  "straying upload",  "server1's download",
	"server2's download", "server2's upload",
};

struct drill {
	struct live_fixture fixture;
	struct test_sessions test_sessions;
	struct rst_sniffer *rst_sniffer;
	uint32_t link;
	uint16_t ports[ROLES];
};

static bool
is_upload(enum role role)
{
	return role == STRAY_UP || role == OTHER_UP;
}

/* What a port is good for, or ROLES. */
static enum role
role_of(const struct drill *drill, uint16_t port)
{
	uint32_t link,
		server = live_fixture_server(&drill->fixture, port, &link);

	if (server == OTHER)
		return drill->ports[OTHER_DOWN] == 0 ? OTHER_DOWN : OTHER_UP;
	if (server != OWNER)
		return ROLES;
	if (link != drill->link)
		return OWN_DOWN;
	return drill->ports[STRAY_DOWN] == 0 ? STRAY_DOWN : STRAY_UP;
}

static bool
ports_choose(struct drill *drill)
{
	uint32_t found = 0;

	for (uint16_t port = FIRST_PORT; port < LAST_PORT && found < ROLES;
	     port++) {
		enum role role = role_of(drill, port);

		if (role == ROLES || drill->ports[role] != 0)
			continue;
		drill->ports[role] = port;
		found++;
	}
	return found == ROLES;
}

static void
stalls_print(const struct drill *drill, const char *when)
{
	fprintf(stderr, "%s: longest gap", when);
	for (unsigned i = 0; i < ROLES; i++)
		fprintf(stderr, "%s %s %.0f ms", i > 0 ? "," : "",
			role_names[i],
			(double)test_sessions_stall_ns(&drill->test_sessions,
						       i) /
				1e6);
	fputc('\n', stderr);
}

/* Since when a server says that it has the session; 0: it does not. */
static int64_t
established_ns(const struct drill *drill, uint32_t server, uint16_t port)
{
	char *text = lab_daemon_ask(&drill->fixture.lab, server,
				    "sessions json", false);
	char client[16];
	int64_t since = 0;

	snprintf(client, sizeof(client), ":%u\",", (unsigned)port);
	const char *entry = text != NULL ? strstr(text, client) : NULL;
	const char *value =
		entry != NULL ? strstr(entry, "\"established_ns\":") : NULL;

	if (value != NULL)
		since = strtoll(value + strlen("\"established_ns\":"), NULL,
				10);
	free(text);
	return since;
}

static bool
has_joined(const struct drill *drill, uint32_t server)
{
	char *text = lab_daemon_ask(&drill->fixture.lab, server, "status json",
				    true);
	bool joined = text != NULL && strstr(text, "\"joined\":true") != NULL;

	free(text);
	return joined;
}

/* The bytes that strays have by now; each is expected to get some more. */
static bool
strays_resume(struct drill *drill)
{
	struct test_sessions *test_sessions = &drill->test_sessions;
	struct instant until = instant_after(live_fixture_now(), PATIENCE);
	uint64_t down = test_sessions->all[STRAY_DOWN].bytes;
	uint64_t up = test_sessions->all[STRAY_UP].bytes;

	while (instant_before(live_fixture_now(), until)) {
		test_sessions_wait(test_sessions, 10 * NS_PER_MS);
		if (test_sessions->all[STRAY_DOWN].bytes > down &&
		    test_sessions->all[STRAY_UP].bytes > up)
			return true;
	}
	return false;
}

/* Sessions run and two of them stray. */
static void
strays_make(struct drill *drill)
{
	struct live_fixture *fixture = &drill->fixture;
	uint32_t link;

	for (unsigned i = 0; i < ROLES; i++)
		CHECK(test_sessions_begin(
			      &drill->test_sessions,
			      i < OTHER_DOWN ? TEST_SESSIONS_CURL
					     : TEST_SESSIONS_LOAD_GENERATOR,
			      is_upload((enum role)i), drill->ports[i], BYTES,
			      PACE_BPS) == (int)i);
	test_sessions_wait(&drill->test_sessions, NS_PER_S);
	test_sessions_mark(&drill->test_sessions);
	CHECK(lab_link(&fixture->lab, drill->link, 1, false) == 0);
	test_sessions_wait(&drill->test_sessions, 2 * NS_PER_S);
	stalls_print(drill, "cut");
	for (unsigned i = STRAY_DOWN; i <= STRAY_UP; i++)
		CHECK(live_fixture_server(fixture, drill->ports[i], &link) ==
		      OTHER);
	CHECK(live_fixture_counter(fixture, OTHER, "steer_forwards") > 0);
}

/* The daemon of a server dies and comes back. */
static void
kill_one(struct drill *drill, uint32_t server, const char *when)
{
	struct test_sessions *test_sessions = &drill->test_sessions;
	const struct lab *lab = &drill->fixture.lab;
	int64_t since[ROLES];
	struct instant start;

	for (unsigned i = 0; i < ROLES; i++)
		since[i] = established_ns(drill, i < OTHER_DOWN ? OWNER : OTHER,
					  drill->ports[i]);
	test_sessions_mark(test_sessions);
	CHECK(lab_daemon_kill(lab, server, SIGKILL) == 0);
	test_sessions_wait(test_sessions, DOWN_NS);
	CHECK(lab_daemon_start(lab, server) == 0);
	start = live_fixture_now();
	CHECK(strays_resume(drill));
	fprintf(stderr, "%s: strays go on after %.0f ms\n", when,
		(double)instant_distance_ns(start, live_fixture_now()) / 1e6);
	while (!has_joined(drill, server) &&
	       instant_distance_ns(start, live_fixture_now()) < PATIENCE)
		test_sessions_wait(test_sessions, 10 * NS_PER_MS);
	CHECK(has_joined(drill, server));
	test_sessions_wait(test_sessions, NS_PER_S);
	stalls_print(drill, when);
	for (unsigned i = 0; i < ROLES; i++) {
		bool strays = i <= STRAY_UP;
		int64_t stall_ns = test_sessions_stall_ns(test_sessions, i);

		/* It stood still while the daemon was away: so it did need
		 * that daemon. */
		CHECK_ROW(!strays || stall_ns > DOWN_NS / 2, role_names[i]);
		CHECK_ROW(strays || stall_ns < NOISE_NS, role_names[i]);
		CHECK_ROW(since[i] != 0, role_names[i]);
		CHECK_ROW(established_ns(drill, i < OTHER_DOWN ? OWNER : OTHER,
					 drill->ports[i]) == since[i],
			  role_names[i]);
	}
	CHECK(live_fixture_counter(&drill->fixture, OTHER, "steer_forwards") >
	      0);
	CHECK(live_fixture_counter(&drill->fixture, OWNER,
				   "steer_decapsulated") > 0);
	CHECK(rst_sniffer_resets(drill->rst_sniffer, 0) == 0);
}

static void
drill_do(void *context)
{
	struct drill *drill = context;
	struct live_fixture *fixture = &drill->fixture;

	drill->link = fabric_link_find(fixture->lab.fabric, LINK);
	CHECK(ports_choose(drill));
	strays_make(drill);
	kill_one(drill, OTHER, "daemon of the stray server killed");
	kill_one(drill, OWNER, "daemon of the owner killed");
	CHECK(test_sessions_finish(&drill->test_sessions, 300 * NS_PER_S));
	CHECK(test_sessions_uploaded(&drill->test_sessions,
				     drill->ports[STRAY_UP], BYTES) == OWNER);
	CHECK(test_sessions_uploaded(&drill->test_sessions,
				     drill->ports[OTHER_UP], BYTES) == OTHER);
	CHECK(live_fixture_sum(fixture, "kernel_resets") == 0);
	CHECK(live_fixture_sum(fixture, "steer_resets") == 0);
	CHECK(rst_sniffer_resets(drill->rst_sniffer, 0) == 0);
}

/* One family; 0, 1 or LIVE_FIXTURE_SKIP. */
static int
restarts(const char *name, uint8_t family)
{
	static struct drill drill;

	memset(&drill, 0, sizeof(drill));
	return live_drill_run(
		&(struct live_drill){
			.fixture = &drill.fixture,
			.test_sessions = &drill.test_sessions,
			.rst_sniffer = &drill.rst_sniffer,
			.story = drill_do,
			.context = &drill,
		},
		name, family, BYTES, PACE_BPS);
}

int
main(void)
{
	int code = restarts("restart4", 4);

	if (code == 0)
		code = restarts("restart6", 6);
	return code != 0 ? code : check_done();
}
