/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain_live_test.c - a server with 200 sessions is drained, and comes back
 *
 *	serving	 200 sessions, downloads and uploads
 *	drain	 its route goes; their packets arrive by other servers;
 *		 what is new goes elsewhere
 *	empty	 homewardctl says so, after the last of them has ended
 *	undrain	 what is new comes here again; what went elsewhere meanwhile,
 *		 strays here and lives on
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/test/check.h"
#include "harness/lab/daemon.h"
#include "harness/test/live_drill.h"

#define SESSIONS    200
#define NEW	    40 /* while it drains */
#define AFTER	    20 /* when it is back */
#define PORTS	    (SESSIONS + NEW + AFTER)
#define PACE_BPS    (UINT64_C(240000)) /* 30 KB a second */
#define LEAST_BYTES (UINT64_C(240000)) /* 8 s */
#define STEP_BYTES  (UINT64_C(900)) /* the last of them ends after 14 s */
#define LONG_BYTES  (UINT64_C(750000)) /* 25 s */
#define FIRST_PORT  30001
#define LAST_PORT   45000
#define SERVER	    0
#define PATIENCE    (120 * NS_PER_S)

struct draining {
	struct live_fixture fixture;
	struct test_sessions test_sessions;
	struct rst_sniffer *rst_sniffer;
	uint16_t ports[PORTS]; /* whose way leads to the server */
	char output[LAB_PATH]; /* of homewardctl */
};

/* ---- the way ---- */

static uint32_t
server_of(const struct draining *draining, uint16_t port)
{
	uint32_t link;

	return live_fixture_server(&draining->fixture, port, &link);
}

static bool
ports_choose(struct draining *draining)
{
	uint32_t found = 0;

	for (uint16_t port = FIRST_PORT; port < LAST_PORT && found < PORTS;
	     port++)
		if (server_of(draining, port) == SERVER)
			draining->ports[found++] = port;
	return found == PORTS;
}

/* Of the ports, how many lead to the server. */
static uint32_t
ports_count(const struct draining *draining)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < PORTS; i++)
		count += server_of(draining, draining->ports[i]) == SERVER;
	return count;
}

static bool
ports_reach(struct draining *draining, uint32_t count)
{
	struct instant until = instant_after(live_fixture_now(), PATIENCE);

	while (ports_count(draining) != count) {
		if (!instant_before(live_fixture_now(), until))
			return false;
		test_sessions_wait(&draining->test_sessions, 20 * NS_PER_MS);
	}
	return true;
}

/* ---- homewardctl ---- */

static pid_t
order_begin(struct draining *draining, const char *command)
{
	char socket[LAB_PATH];
	const char *const argv[] = { "homewardctl", "-s", socket, command,
				     NULL };
	const struct lab *lab = &draining->fixture.lab;

	lab_control_path(lab, SERVER, socket);
	snprintf(draining->output, sizeof(draining->output), "%.200s/%s.out",
		 lab->folder, command);
	return lab_spawn(
		lab,
		live_fixture_device(&draining->fixture, DEVICE_SERVER, SERVER),
		argv, draining->output);
}

/* Its exit status; -1: it had none in time. */
static int
order_end(struct draining *draining, pid_t pid)
{
	struct instant until = instant_after(live_fixture_now(), 3 * PATIENCE);
	int status;

	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		if (!instant_before(live_fixture_now(), until))
			return -1;
		test_sessions_wait(&draining->test_sessions, 10 * NS_PER_MS);
	}
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Does what it said contain a line that begins so? It is printed. */
static bool
order_said(const struct draining *draining, const char *words, bool print)
{
	FILE *file = fopen(draining->output, "re");
	char line[256];
	bool said = false;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		said = said || strncmp(line, words, strlen(words)) == 0;
		if (print)
			fprintf(stderr, "homewardctl: %s", line);
	}
	if (file != NULL)
		fclose(file);
	return said;
}

static bool
state_is(const struct draining *draining, const char *state)
{
	char *text = lab_daemon_ask(&draining->fixture.lab, SERVER,
				    "status json", false);
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "\"drain\":{\"state\":\"%s\"", state);
	bool is = text != NULL && strstr(text, wanted) != NULL;
	free(text);
	return is;
}

/* ---- sessions ---- */

static void
sessions_begin(struct draining *draining, uint32_t first, uint32_t count,
	       uint64_t least)
{
	for (uint32_t i = first; i < first + count; i++) {
		uint64_t bytes = least + (i - first) * STEP_BYTES;

		CHECK(test_sessions_begin(&draining->test_sessions,
					  TEST_SESSIONS_LOAD_GENERATOR,
					  i % 4 == 0, draining->ports[i], bytes,
					  PACE_BPS) == (int)i);
	}
}

static uint32_t
ended_count(const struct draining *draining, uint32_t first, uint32_t count)
{
	uint32_t ended = 0;

	for (uint32_t i = first; i < first + count; i++)
		ended += draining->test_sessions.all[i].ended;
	return ended;
}

static uint64_t
opened_here(const struct draining *draining)
{
	return live_fixture_counter(&draining->fixture, SERVER,
				    "engine_opened");
}

/* ---- the order of things ---- */

static void
drained(struct draining *draining)
{
	struct test_sessions *test_sessions = &draining->test_sessions;

	sessions_begin(draining, 0, SESSIONS, LEAST_BYTES);
	test_sessions_wait(test_sessions, 3 * NS_PER_S);
	CHECK(opened_here(draining) == SESSIONS);
	CHECK(test_sessions_open(test_sessions) == SESSIONS);
	CHECK(state_is(draining, "serving"));

	struct instant start = live_fixture_now();
	pid_t order = order_begin(draining, "drain");
	CHECK(ports_reach(draining, 0));
	fprintf(stderr, "the way of %d ports has changed after %.0f ms\n",
		PORTS,
		(double)instant_distance_ns(start, live_fixture_now()) / 1e6);
	CHECK(state_is(draining, "draining"));
	CHECK(order_said(draining, "draining: 200 sessions open", false));
	sessions_begin(draining, SESSIONS, NEW, LONG_BYTES);
	test_sessions_wait(test_sessions, NS_PER_S);
	CHECK(opened_here(draining) == SESSIONS);
	CHECK(!order_said(draining, "empty", false));

	struct instant last = live_fixture_now();
	while (ended_count(draining, 0, SESSIONS) < SESSIONS &&
	       instant_distance_ns(start, live_fixture_now()) < 2 * PATIENCE) {
		test_sessions_wait(test_sessions, 10 * NS_PER_MS);
		last = live_fixture_now();
		CHECK(ended_count(draining, 0, SESSIONS) == SESSIONS ||
		      !order_said(draining, "empty", false));
	}
	CHECK(order_end(draining, order) == 0);
	fprintf(stderr, "said to be empty %.1f s after the last session\n",
		(double)instant_distance_ns(last, live_fixture_now()) / 1e9);
	CHECK(order_said(draining, "empty after", true));
	CHECK(state_is(draining, "empty"));
	CHECK(live_fixture_counter(&draining->fixture, SERVER,
				   "steer_decapsulated") > 0);
	CHECK(opened_here(draining) == SESSIONS);
	CHECK(test_sessions_open(test_sessions) == NEW);
}

static void
undrained(struct draining *draining)
{
	struct test_sessions *test_sessions = &draining->test_sessions;
	uint64_t before = live_fixture_counter(&draining->fixture, SERVER,
					       "steer_forwards");

	CHECK(order_end(draining, order_begin(draining, "undrain")) == 0);
	CHECK(state_is(draining, "serving"));
	CHECK(ports_reach(draining, PORTS));
	/* Those that went elsewhere stray here now. */
	test_sessions_mark(test_sessions);
	test_sessions_wait(test_sessions, NS_PER_S);
	CHECK(test_sessions_open(test_sessions) == NEW);
	CHECK(live_fixture_counter(&draining->fixture, SERVER,
				   "steer_forwards") > before);
	sessions_begin(draining, SESSIONS + NEW, AFTER, LEAST_BYTES / 4);
	test_sessions_wait(test_sessions, NS_PER_S);
	CHECK(opened_here(draining) == SESSIONS + AFTER);
}

static void
uploads_check(const struct draining *draining)
{
	const struct test_sessions *test_sessions = &draining->test_sessions;
	uint32_t elsewhere = 0;

	for (uint32_t i = 0; i < test_sessions->count; i++) {
		const struct test_sessions_one *one = &test_sessions->all[i];
		uint32_t server;

		if (!one->upload)
			continue;
		server = test_sessions_uploaded(test_sessions, one->port,
						one->size);
		CHECK(server != FABRIC_NONE);
		CHECK((server == SERVER) ==
		      (i < SESSIONS || i >= SESSIONS + NEW));
		elsewhere += server != SERVER;
	}
	CHECK(elsewhere == NEW / 4);
}

static void
draining_do(void *context)
{
	struct draining *draining = context;
	struct live_fixture *fixture = &draining->fixture;
	bool chosen = ports_choose(draining);

	CHECK(chosen);
	if (!chosen)
		return;
	drained(draining);
	undrained(draining);
	CHECK(test_sessions_finish(&draining->test_sessions, 300 * NS_PER_S));
	CHECK(draining->test_sessions.count == PORTS);
	uploads_check(draining);
	fprintf(stderr, "%" PRIu64 " strays forwarded, all in all\n",
		live_fixture_sum(fixture, "steer_forwards"));
	CHECK(live_fixture_sum(fixture, "kernel_resets") == 0);
	CHECK(live_fixture_sum(fixture, "steer_resets") == 0);
	CHECK(rst_sniffer_resets(draining->rst_sniffer, 0) == 0);
}

/* One family; 0, 1 or LIVE_FIXTURE_SKIP. */
static int
drains(const char *name, uint8_t family)
{
	static struct draining draining;

	memset(&draining, 0, sizeof(draining));
	return live_drill_run(
		&(struct live_drill){
			.fixture = &draining.fixture,
			.test_sessions = &draining.test_sessions,
			.rst_sniffer = &draining.rst_sniffer,
			.story = draining_do,
			.context = &draining,
		},
		name, family, LONG_BYTES + NEW * STEP_BYTES, PACE_BPS);
}

int
main(void)
{
	int code = drains("drain4", 4);

	return code != 0 ? code : check_done();
}
