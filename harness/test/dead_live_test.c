/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dead_live_test.c - an owner that is stopped, and one that is off
 *
 *	leaf1 --x-- server1	owner: its sessions by way of leaf1 stray
 *	leaf2 ------'
 *
 * First the owner's daemon is stopped (SIGSTOP) for longer than silent_after:
 * its strays stand still, and no one is reset, for its kernel answers. Then it
 * goes on, and they do. Then the owner loses its last link, and with it its
 * route: the client is told, by the fabric's word. In a third lab the route
 * stays and neither the owner's daemon nor its kernel answers: the client is
 * told by their silence.
 *
 * An argument says for how many seconds; dead_night_test.sh has five minutes.
 * Another, 4 or 6, has it done in one family; 0: only the silence.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/lab/daemon.h"
#include "harness/lab/netns.h"
#include "harness/test/live_drill.h"

#define BYTES	   (800 * UINT64_C(1000000))
#define PACE_BPS   (8 * UINT64_C(1000000)) /* 800 s */
#define FIRST_PORT 44001
#define LAST_PORT  48000
#define OWNER	   0 /* server1 */
#define LINK	   "leaf1-server1"
#define LAST_LINK  "leaf2-server1"
#define STOPPED_S  33 /* silent_after and more */
#define PATIENCE   (120 * NS_PER_S)
/* gone_after (3 s) after the route has gone, and a second or so; a machine that
 * does other things as well may take longer, but not as long as silence. */
#define TOLD_NS (12 * NS_PER_S)
/* silent_after (30 s), from the first repetition on; and 3 s, or more. */
#define SILENT_NS      (30 * NS_PER_S)
#define TOLD_SILENT_NS (45 * NS_PER_S)

struct drill {
	struct live_fixture fixture;
	struct test_sessions test_sessions;
	struct rst_sniffer *rst_sniffer;
	uint16_t port;
	uint32_t stopped_s; /* 0: it falls silent, and stays so */
};

/* An upload to the owner that will stray. */
static bool
port_choose(struct drill *drill)
{
	uint32_t wanted = fabric_link_find(drill->fixture.lab.fabric, LINK);

	for (uint16_t port = FIRST_PORT; port < LAST_PORT; port++) {
		uint32_t link, server = live_fixture_server(&drill->fixture,
							    port, &link);
		if (server == OWNER && link == wanted) {
			drill->port = port;
			return true;
		}
	}
	return false;
}

/* Its bytes grow; false: not in time. */
static bool
goes_on(struct drill *drill)
{
	struct instant until = instant_after(live_fixture_now(), PATIENCE);
	uint64_t bytes = drill->test_sessions.all[0].bytes;

	while (instant_before(live_fixture_now(), until)) {
		test_sessions_wait(&drill->test_sessions, 10 * NS_PER_MS);
		if (drill->test_sessions.all[0].bytes > bytes)
			return true;
	}
	return false;
}

static void
stop_and_go(struct drill *drill)
{
	const struct lab *lab = &drill->fixture.lab;

	test_sessions_mark(&drill->test_sessions);
	CHECK(lab_daemon_kill(lab, OWNER, SIGSTOP) == 0);
	test_sessions_wait(&drill->test_sessions, drill->stopped_s * NS_PER_S);
	CHECK(rst_sniffer_resets(drill->rst_sniffer, 0) == 0);
	CHECK(live_fixture_counter(&drill->fixture, 1, "steer_asked") +
		      live_fixture_counter(&drill->fixture, 2, "steer_asked") +
		      live_fixture_counter(&drill->fixture, 3, "steer_asked") >
	      10);
	CHECK(lab_daemon_kill(lab, OWNER, SIGCONT) == 0);
	CHECK(goes_on(drill));
	/* Until its retransmission timer is a short one again. */
	test_sessions_wait(&drill->test_sessions, 3 * NS_PER_S);
	fprintf(stderr, "owner's daemon stopped: longest gap %.1f s\n",
		(double)test_sessions_stall_ns(&drill->test_sessions, 0) / 1e9);
	CHECK(test_sessions_stall_ns(&drill->test_sessions, 0) >
	      drill->stopped_s * NS_PER_S / 2);
	CHECK(live_fixture_sum(&drill->fixture, "steer_dead_owners") == 0);
	CHECK(rst_sniffer_resets(drill->rst_sniffer, 0) == 0);
}

/* How long until its client is told. */
static int64_t
told_ns(struct drill *drill, const char *what)
{
	struct instant start = live_fixture_now();
	int64_t took_ns = 0;

	while (took_ns < PATIENCE &&
	       rst_sniffer_resets(drill->rst_sniffer, drill->port) == 0) {
		test_sessions_wait(&drill->test_sessions, 10 * NS_PER_MS);
		took_ns = instant_distance_ns(start, live_fixture_now());
	}
	fprintf(stderr, "owner %s: its client is told after %.2f s\n", what,
		(double)took_ns / 1e9);
	for (uint32_t i = 1; i < 4; i++)
		fprintf(stderr, "server%u asked %u times, found %u dead\n",
			i + 1,
			(unsigned)live_fixture_counter(&drill->fixture, i,
						       "steer_asked"),
			(unsigned)live_fixture_counter(&drill->fixture, i,
						       "steer_dead_owners"));
	return took_ns;
}

static void
switch_off(struct drill *drill)
{
	uint32_t last = fabric_link_find(drill->fixture.lab.fabric, LAST_LINK);

	CHECK(lab_link(&drill->fixture.lab, last, 1, false) == 0);
	int64_t took_ns = told_ns(drill, "off");
	CHECK(took_ns >= 3 * NS_PER_S && took_ns < TOLD_NS);
}

/* The owner's kernel answers no echo. */
static void
echo_off(const struct drill *drill)
{
	char name[LAB_NETNS_NAME];
	FILE *file;

	lab_netns_name(name, drill->fixture.lab.name, "server1");
	int before = lab_netns_enter(name);
	CHECK(before >= 0);
	if (before < 0)
		return;
	file = fopen("/proc/sys/net/ipv4/icmp_echo_ignore_all", "we");
	CHECK(file != NULL && fputs("1", file) >= 0 && fclose(file) == 0);
	lab_netns_leave(before);
}

static void
fall_silent(struct drill *drill)
{
	echo_off(drill);
	CHECK(lab_daemon_kill(&drill->fixture.lab, OWNER, SIGSTOP) == 0);
	int64_t took_ns = told_ns(drill, "silent");
	CHECK(took_ns >= SILENT_NS && took_ns < TOLD_SILENT_NS);
}

static void
drill_do(void *context)
{
	struct drill *drill = context;
	struct lab *lab = &drill->fixture.lab;

	CHECK(port_choose(drill));
	if (drill->port == 0)
		return;
	CHECK(test_sessions_begin(&drill->test_sessions, TEST_SESSIONS_CURL,
				  true, drill->port, BYTES, PACE_BPS) == 0);
	test_sessions_wait(&drill->test_sessions, NS_PER_S);
	CHECK(lab_link(lab, fabric_link_find(lab->fabric, LINK), 1, false) ==
	      0);
	test_sessions_wait(&drill->test_sessions, 2 * NS_PER_S);
	CHECK(live_fixture_sum(&drill->fixture, "steer_forwards") > 0);
	if (drill->stopped_s == 0) {
		fall_silent(drill);
		return;
	}
	stop_and_go(drill);
	switch_off(drill);
}

/* One family; 0, 1 or LIVE_FIXTURE_SKIP. */
static int
owner_dies(const char *name, uint8_t family, uint32_t stopped_s)
{
	static struct drill drill;

	memset(&drill, 0, sizeof(drill));
	drill.stopped_s = stopped_s;
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
main(int argc, char **argv)
{
	uint32_t stopped_s =
		argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : STOPPED_S;
	static const struct {
		const char *name;
		unsigned long number; /* the argument that plays it alone */
	} labs[] = { { "dead4", 4 }, { "dead6", 6 }, { "dead0", 0 } };
	int code = 0;

	for (size_t i = 0; i < 3 && code == 0; i++) {
		unsigned long number = labs[i].number;

		if (argc > 2 && strtoul(argv[2], NULL, 10) != number)
			continue;
		code = owner_dies(labs[i].name, number == 6 ? 6 : 4,
				  number == 0 ? 0 : stopped_s);
	}
	return code != 0 ? code : check_done();
}
