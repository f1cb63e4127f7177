/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain_watcher_test.c - drains, asked for and watched by the control socket
 *
 * The helper is a real one, so commands are really run; they write a letter
 * each to a file.
 */
#include "live/control/drain_watcher.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"
#include "live/control/helper.h"
#include "live/test/control_dialogue.h"

/* What has not come after this many turns of a millisecond will never come. */
#define PATIENCE 60000

/* Turn until the drain is in that state; commands take a moment. */
static void
state_await(struct control *control, const struct drain *drain,
	    enum drain_state state)
{
	for (int i = 0; i < PATIENCE && drain_state(drain) != state; i++) {
		usleep(1000);
		turn(control);
	}
	CHECK(drain_state(drain) == state);
}

/* The answer to what waits for a command: all of it, because on a busy machine
 * the command may end while it is being asked for. */
static const char *
end_await(struct control *control, int fd, const char *line)
{
	size_t used = 0;

	tell(fd, line);
	answer_bytes[0] = '\0';
	for (int i = 0; i < PATIENCE && !is_whole(answer_bytes, used); i++) {
		turn(control);
		ssize_t size = hear_more(fd, used);
		if (size < 0)
			break;
		used += (size_t)size;
		answer_bytes[used] = '\0';
		usleep(1000);
	}
	return answer_bytes;
}

static void
follow_test(struct control *control, const struct drain *drain)
{
	int fd = dialogue_connect(), other = dialogue_connect();

	fake.open = 200;
	CHECK(strcmp(ask(control, fd, "drain\n"),
		     "draining: 200 sessions open\n") == 0);
	CHECK(contains(ask(control, other, "status\n"), "drain      "));
	state_await(control, drain, DRAIN_DRAINING);
	now = instant_after(now, NS_PER_S);
	fake.open = 150;
	CHECK(strcmp(hear(control, fd), "150 sessions open\n") == 0);
	fake.open = 0;
	fake.steer.decapsulated += 77;
	turn(control);
	CHECK(control_deadline(control).ns == now.ns + NS_PER_S);
	now = instant_after(now, DRAIN_QUIET_NS);
	CHECK(contains(hear(control, fd), "empty after 2.0 s; meanwhile 77 "));
	CHECK(strcmp(end_await(control, other, "undrain\n"), "ok\n") == 0);
	CHECK(drain_state(drain) == DRAIN_SERVING);

	/* A deadline, seen by one who stays, and a second order later. */
	fake.open = 3;
	(void)ask(control, fd, "drain 30\n");
	state_await(control, drain, DRAIN_DRAINING);
	now = instant_after(now, 30 * NS_PER_S);
	CHECK(contains(hear(control, fd),
		       "error: the deadline passed with 3 sessions open"));
	(void)ask(control, fd, "drain 10min\n");
	CHECK(drain_state(drain) == DRAIN_DRAINING);
	close(fd);
	turn(control);
	CHECK(drain_state(drain) == DRAIN_DRAINING);
	/* Undrained while another client waits. */
	fd = dialogue_connect();
	(void)ask(control, fd, "drain\n");
	CHECK(strcmp(end_await(control, other, "undrain\n"), "ok\n") == 0);
	CHECK(drain_state(drain) == DRAIN_SERVING);
	CHECK(contains(hear(control, fd), "error: undrained meanwhile\n"));
	close(fd);
	close(other);
}

static void
drains_test(void)
{
	struct control *control;
	struct helper *helper;
	char error[256] = "", log[64];

	snprintf(log, sizeof(log), "%s/log", folder);
	snprintf(conf.withdraw, sizeof(conf.withdraw), "echo w >> %s", log);
	snprintf(conf.announce, sizeof(conf.announce), "echo a >> %s", log);
	CHECK(helper_open(&helper, &conf) == 0);
	struct drain *drain = drain_create(helper);
	struct control_parts parts = dialogue_parts(drain);
	CHECK(control_open(&control, &parts, error, sizeof(error)) == 0);
	follow_test(control, drain);
	control_close(control);
	drain_destroy(drain);
	helper_close(helper);

	char bytes[64] = "";
	FILE *file = fopen(log, "r");
	if (file != NULL) {
		(void)!fread(bytes, 1, sizeof(bytes) - 1, file);
		fclose(file);
	}
	CHECK(strcmp(bytes, "w\na\nw\na\n") == 0);
	unlink(log);
}

/* A command that fails changes nothing. */
static void
failure_test(void)
{
	struct control *control;
	struct helper *helper;
	char error[256] = "";

	snprintf(conf.withdraw, sizeof(conf.withdraw), "exit 3");
	CHECK(helper_open(&helper, &conf) == 0);
	struct drain *drain = drain_create(helper);
	struct control_parts parts = dialogue_parts(drain);
	CHECK(control_open(&control, &parts, error, sizeof(error)) == 0);
	int fd = dialogue_connect();
	CHECK(contains(end_await(control, fd, "drain\n"),
		       "error: the withdraw command"));
	CHECK(drain_state(drain) == DRAIN_SERVING);
	close(fd);
	control_close(control);
	drain_destroy(drain);
	helper_close(helper);
}

int
main(void)
{
	dialogue_open();
	drains_test();
	failure_test();
	dialogue_close();
	return check_done();
}
