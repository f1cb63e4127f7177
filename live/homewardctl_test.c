/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * homewardctl_test.c - the program itself, against a daemon with a fake engine
 *
 * Rows are command lines as an operator types them, the exit status, and what
 * standard output and standard error must hold. Needs the built program
 * (HOMEWARD_BIN), else it is skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/test/check.h"
#include "live/control/control.h"
#include "live/engine/report.h"
#include "live/kernel/latency_histogram.h"
#include "live/test/fake.h"

static char folder[] = "/tmp/homeward-ctl-XXXXXX";
static char program[512];
static struct conf conf;

static struct instant
clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (struct instant){ time.tv_sec * NS_PER_S + time.tv_nsec };
}

/* ---- the daemon ---- */

static int
reload(void *context, struct instant now, char *error, size_t error_size)
{
	(void)context;
	(void)now;
	snprintf(error, error_size, "homewardd.conf:3:1: no such thing");
	return -1;
}

/* What the engine would do by itself: answer lookups, speak to listeners. */
static void
engine_go(struct instant now)
{
	struct node_event event = { .kind = NODE_FOUND,
				    .local = true,
				    .record_count = 1,
				    .records = { { .owner = 1 } } };
	struct report report = { .kind = REPORT_LOOKUP,
				 .at = now,
				 .key = fake_session(1),
				 .asker = NODE_ASKER_STRAY };

	while (fake.lookup_count > 0) {
		struct fake_lookup lookup = fake.lookups[--fake.lookup_count];
		if (lookup.key.client_port[1] == 0)
			event = (struct node_event){ .kind = NODE_MISSED,
						     .ok = true };
		lookup.done(lookup.context, &event);
	}
	if (fake.listener.report != NULL)
		fake.listener.report(fake.listener.context, &report);
}

static void
daemon_run(void)
{
	struct helper *helper;
	struct control *control;
	char error[256] = "";

	if (helper_open(&helper, &conf) != 0)
		_exit(1);
	struct drain *drain = drain_create(helper);
	static struct latency_histogram cost;
	const struct control_parts parts = {
		.conf = &conf, .drain = drain, .cost = &cost, .reload = reload
	};
	if (control_open(&control, &parts, error, sizeof(error)) != 0) {
		fprintf(stderr, "%s\n", error);
		_exit(1);
	}
	for (;;) {
		struct pollfd polled = { .fd = control_fd(control),
					 .events = POLLIN };
		(void)poll(&polled, 1, 10);
		struct instant now = clock_now();
		control_ready(control, now);
		engine_go(now);
		control_tick(control, now);
	}
}

/* ---- the program ---- */

struct outcome {
	int status;
	char out[65536], err[4096];
};

static void
file_read(const char *name, char *bytes, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	size_t used = file != NULL ? fread(bytes, 1, size - 1, file) : 0;
	bytes[used] = '\0';
	if (file != NULL)
		fclose(file);
	unlink(path);
}

static void
program_run(const char *arguments, struct outcome *outcome)
{
	char line[2048];

	snprintf(line, sizeof(line), "%s %s >%s/out 2>%s/err", program,
		 arguments, folder, folder);
	int status = system(line);
	outcome->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	file_read("out", outcome->out, sizeof(outcome->out));
	file_read("err", outcome->err, sizeof(outcome->err));
}

static const struct {
	const char *sentence, *arguments; /* %s: the socket */
	int status;
	const char *out, *err; /* parts; "" of out: it must be empty */
} rows[] = {
	{ "status", "-s %s status", 0, "server     10.0.0.1:7000", "" },
	{ "status as JSON", "-s %s --json status", 0, "{\"version\":\"", "" },
	{ "options may come last", "status --json --socket %s", 0,
	  "{\"version\":\"", "" },
	{ "sessions", "-s %s sessions", 0, "10.1.0.0:39937 192.0.2.1:80 2025",
	  "" },
	{ "peers", "-s %s peers --json", 0, "[\"10.0.0.2:7000\"]\n", "" },
	{ "counters", "-s %s counters", 0, "\nkernel_resets 0\n", "" },
	{ "lookup", "-s %s lookup 10.1.0.1:40001 192.0.2.1:80", 0,
	  "owner   10.0.0.2:7000", "" },
	{ "lookup of a session without owner",
	  "-s %s lookup 10.1.0.1:256 192.0.2.1:80", 1, "lookup ",
	  "homewardctl: no server owns that session\n" },
	{ "the same as JSON", "-s %s --json lookup 10.1.0.1:256 192.0.2.1:80",
	  1, "{\"found\":false", "no server owns that session" },
	{ "drain", "-s %s drain --deadline 5", 0, "empty after ", "" },
	{ "undrain", "-s %s undrain", 0, "", "" },
	{ "reload is refused", "-s %s reload", 1, "",
	  "homewardctl: homewardd.conf:3:1: no such thing\n" },
	{ "watch", "-s %s watch | head -2", 0, "lookup ", "" },
	{ "no command", "-s %s", 2, "", "usage: homewardctl" },
	{ "an unknown command", "-s %s satus", 2, "",
	  "no command 'satus'; did you mean 'status'?" },
	{ "an unknown option", "--fast status", 2, "",
	  "unrecognized option '--fast'" },
	{ "a deadline for nothing", "-s %s --deadline 3 undrain", 2, "",
	  "--deadline is for drain" },
	{ "a deadline without sense", "-s %s drain --deadline soon", 2, "",
	  "no deadline 'soon'" },
	{ "no JSON of that", "-s %s --json counters", 2, "",
	  "counters has no --json" },
	{ "no JSON of a drain", "-s %s --json drain", 2, "",
	  "drain has no --json" },
	{ "no JSON of a drain until then", "-s %s --json drain --deadline 5", 2,
	  "", "drain has no --json" },
	{ "blanks in a word", "-s %s 'lookup a b'", 2, "",
	  "'lookup a b' makes no sense here" },
	{ "a newline in a word", "-s %s \"$(printf 'undrain\\nreload')\"", 2,
	  "", "makes no sense here" },
	{ "no address", "-s %s lookup here there", 2, "",
	  "no session 'here there'" },
	{ "no daemon there", "-s %s.not status", 3, "",
	  "No such file or directory; is homewardd running?" },
	{ "no daemon there any more", "-s %s.stale status", 3, "",
	  "Connection refused; is homewardd running?" },
	{ "a path beyond what sockets have",
	  "-s /tmp/012345678901234567890123456789012345678901234567890123456789"
	  "012345678901234567890123456789012345678901234567890123 status",
	  3, "", "name too long" },
	{ "its version", "--version", 0, "homewardctl ", "" },
	{ "help is data", "--help", 0, "usage: homewardctl", "" },
};

static void
row_check(size_t i)
{
	static struct outcome outcome;
	char arguments[1024];
	const char *sentence = rows[i].sentence;
	const char *text = strstr(rows[i].arguments, "%s");

	if (text == NULL)
		snprintf(arguments, sizeof(arguments), "%s", rows[i].arguments);
	else
		snprintf(arguments, sizeof(arguments), "%.*s%s%s",
			 (int)(text - rows[i].arguments), rows[i].arguments,
			 conf.control, text + 2);
	program_run(arguments, &outcome);
	CHECK_ROW(outcome.status == rows[i].status, sentence);
	CHECK_ROW(strstr(outcome.out, rows[i].out) != NULL, sentence);
	CHECK_ROW(rows[i].out[0] != '\0' || outcome.out[0] == '\0', sentence);
	CHECK_ROW(strstr(outcome.err, rows[i].err) != NULL, sentence);
	CHECK_ROW(rows[i].err[0] != '\0' || outcome.err[0] == '\0', sentence);
	CHECK_ROW(strstr(outcome.out, "\nok\n") == NULL, sentence);
}

/* The daemon ends under a stream; a user who may not connect learns why. */
static void
ends_test(pid_t daemon)
{
	static struct outcome outcome;
	char line[1024];

	if (geteuid() == 0) {
		chmod(folder, 0755);
		snprintf(line, sizeof(line),
			 "exec setpriv --reuid 65534 --regid 65534 "
			 "--clear-groups %s -s %s "
			 "status 2>&1 | grep -q 'Permission denied; only root'",
			 program, conf.control);
		CHECK(system(line) == 0);
	}
	/* When the stream's first lines have come. */
	snprintf(line, sizeof(line),
		 "(until test -s %s/out; do sleep 0.01; done; kill -9 %d) &",
		 folder, daemon);
	CHECK(system(line) == 0);
	snprintf(line, sizeof(line), "-s %s watch", conf.control);
	program_run(line, &outcome);
	CHECK(outcome.status == 3);
	CHECK(strstr(outcome.err, "homewardd has ended") != NULL);
}

static void
stale_make(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s.stale",
		 conf.control);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	close(fd);
}

int
main(void)
{
	const char *bin = getenv("HOMEWARD_BIN");

	snprintf(program, sizeof(program), "%s/homewardctl",
		 bin != NULL ? bin : "build/bin");
	if (access(program, X_OK) != 0) {
		fprintf(stderr, "skipped: no %s\n", program);
		return 77;
	}
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(conf.control, sizeof(conf.control), "%s/control", folder);
	strcpy(conf.withdraw, "true");
	strcpy(conf.announce, "true");
	conf.self = fake_owner;
	conf.self.address.bytes[3] = 1;
	fake.listed = 2;
	fake.peers = 1;
	stale_make();
	pid_t daemon = fork();
	if (daemon == 0)
		daemon_run();
	for (int i = 0; i < 60000 && access(conf.control, F_OK) != 0; i++)
		usleep(1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_check(i);
	ends_test(daemon);
	waitpid(daemon, NULL, 0);
	unlink(conf.control);
	strcat(conf.control, ".stale");
	unlink(conf.control);
	CHECK(rmdir(folder) == 0);
	return check_done();
}
