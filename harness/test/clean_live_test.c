/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clean_live_test.c - what a daemon leaves behind, takes over and refuses
 *
 *	SIGTERM		no program, no clsact, no TUN, no socket, no process
 *	SIGKILL		programs that drop strays: the client hears nothing,
 *			above all no RST; --clean removes them, and then the
 *			kernel resets as if there had never been a daemon
 *	a second one	is refused, whatever it shares with the first, which
 *			goes on as if nothing had been
 *	SIGHUP		with a file that is wrong: says where, keeps the old
 *	a secret	that others may read is refused
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/lab/daemon.h"
#include "harness/lab/route.h"
#include "harness/test/live_fixture.h"
#include "harness/test/rst_sniffer.h"
#include "harness/test/test_sessions.h"

#define BYTES		    (100 * UINT64_C(1000000)) /* more than there is time for */
#define PACE_BPS	    (4 * UINT64_C(1000000))
#define FIRST_PORT	    44001
#define LAST_PORT	    48000
#define OWNER		    0 /* server1 */
#define SERVER		    1 /* server2: whose daemon this is about */
#define LINK		    "leaf1-server1"
#define UPLINKS		    2
#define TEXT_BYTES	    16384
#define PATIENCE	    (120 * NS_PER_S)
#define DAEMON_USAGE_EXIT   2
#define DAEMON_RUNTIME_EXIT 3

struct life {
	struct live_fixture fixture;
	struct test_sessions test_sessions;
	struct rst_sniffer *rst_sniffer;
	uint32_t link;
	char folder[LAB_PATH]; /* of the daemon */
	char text[TEXT_BYTES]; /* what the last program said */
};

/* ---- programs ---- */

static void
text_read(struct life *life, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;

	if (file != NULL) {
		size = fread(life->text, 1, TEXT_BYTES - 1, file);
		fclose(file);
	}
	life->text[size] = '\0';
}

/* A shell in the server's namespace: its exit status, what it said in text;
 * -1: it did not end. */
static int
shell(struct life *life, const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct instant until = instant_after(live_fixture_now(), PATIENCE);
	char path[LAB_PATH];
	int status;

	snprintf(path, sizeof(path), "%.200s/said", life->fixture.lab.folder);
	(void)unlink(path);
	pid_t pid = lab_spawn(
		&life->fixture.lab,
		live_fixture_device(&life->fixture, DEVICE_SERVER, SERVER),
		argv, path);
	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		if (!instant_before(live_fixture_now(), until)) {
			(void)kill(pid, SIGKILL);
			until = INSTANT_NEVER;
		}
		test_sessions_wait(&life->test_sessions, 5 * NS_PER_MS);
	}
	text_read(life, path);
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* homewardd with such arguments, FOLDER standing for the daemon's folder. */
static int
homewardd(struct life *life, const char *arguments)
{
	char script[4 * LAB_PATH];

	snprintf(script, sizeof(script), "FOLDER=%s; exec homewardd %s",
		 life->folder, arguments);
	return shell(life, script);
}

static bool
said(const struct life *life, const char *words)
{
	return strstr(life->text, words) != NULL;
}

static uint32_t
count_of(const struct life *life, const char *words)
{
	uint32_t count = 0;

	for (const char *at = life->text; (at = strstr(at, words)) != NULL;
	     at += strlen(words))
		count++;
	return count;
}

/* ---- traces ---- */

struct traces {
	uint32_t programs, qdiscs, devices, sockets, processes;
};

static struct traces
traces_find(struct life *life)
{
	struct traces traces;
	char path[LAB_PATH];

	CHECK(shell(life, "for i in leaf1 leaf2; do "
			  "tc filter show dev $i ingress; "
			  "tc filter show dev $i egress; done") == 0);
	traces.programs = count_of(life, "direct-action");
	CHECK(shell(life, "tc qdisc show") == 0);
	traces.qdiscs = count_of(life, "clsact");
	CHECK(shell(life, "ip -o link show") == 0);
	traces.devices = count_of(life, "homeward0");
	lab_control_path(&life->fixture.lab, SERVER, path);
	traces.sockets = access(path, F_OK) == 0;
	/* The daemon and its helper, by the namespace that they are in. */
	CHECK(shell(life, "for p in $(ip netns pids $(ip netns identify)); do "
			  "cat /proc/$p/comm 2>&1; done; true") == 0);
	traces.processes = count_of(life, "homeward");
	return traces;
}

static bool
traces_are(struct life *life, uint32_t programs, uint32_t qdiscs,
	   uint32_t devices, uint32_t sockets, uint32_t processes,
	   const char *when)
{
	struct traces traces = traces_find(life);

	fprintf(stderr,
		"%s: %u programs, %u clsact, %u TUN, %u sockets, %u "
		"processes\n",
		when, traces.programs, traces.qdiscs, traces.devices,
		traces.sockets, traces.processes);
	return traces.programs == programs && traces.qdiscs == qdiscs &&
	       traces.devices == devices && traces.sockets == sockets &&
	       traces.processes == processes;
}

/* Two programs an uplink; the TUN has a clsact of its own. */
static bool
traces_whole(struct life *life, const char *when)
{
	return traces_are(life, 2 * UPLINKS, UPLINKS + 1, 1, 1, 2, when);
}

/* ---- the daemon ---- */

static bool
has_joined(struct life *life)
{
	struct instant until = instant_after(live_fixture_now(), PATIENCE);

	while (instant_before(live_fixture_now(), until)) {
		char *text = lab_daemon_ask(&life->fixture.lab, SERVER,
					    "status json", true);
		bool joined =
			text != NULL && strstr(text, "\"joined\":true") != NULL;

		free(text);
		if (joined)
			return true;
		test_sessions_wait(&life->test_sessions, 20 * NS_PER_MS);
	}
	return false;
}

static pid_t
daemon_pid(const struct life *life)
{
	char path[2 * LAB_PATH];
	FILE *file;
	int pid = 0;

	snprintf(path, sizeof(path), "%s/daemon.pid", life->folder);
	file = fopen(path, "re");
	if (file != NULL && fscanf(file, "%d", &pid) != 1)
		pid = 0;
	if (file != NULL)
		fclose(file);
	return pid;
}

/* ---- a session that strays at the server ---- */

/* A port of server1 by way of leaf1, other than those before it. */
static uint16_t
port_choose(const struct life *life, uint16_t from)
{
	uint32_t link;

	for (uint16_t port = from; port < LAST_PORT; port++)
		if (live_fixture_server(&life->fixture, port, &link) == OWNER &&
		    link == life->link)
			return port;
	return 0;
}

static bool
goes_on(struct life *life, int number)
{
	struct instant until = instant_after(live_fixture_now(), PATIENCE);
	uint64_t bytes = life->test_sessions.all[number].bytes;

	while (life->test_sessions.all[number].bytes <= bytes + PACE_BPS / 16 &&
	       instant_before(live_fixture_now(), until))
		test_sessions_wait(&life->test_sessions, 10 * NS_PER_MS);
	return life->test_sessions.all[number].bytes > bytes + PACE_BPS / 16 &&
	       !life->test_sessions.all[number].ended;
}

/* ---- the order of things ---- */

static void
clean_exit(struct life *life)
{
	pid_t pid = daemon_pid(life);
	int status = -1;

	CHECK(traces_whole(life, "it runs"));
	CHECK(pid > 0 && kill(pid, SIGTERM) == 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	test_sessions_wait(&life->test_sessions, NS_PER_S / 2);
	CHECK(traces_are(life, 0, 0, 0, 0, 0, "after SIGTERM"));
	/* Others have heard that it goes, and it comes back. */
	CHECK(lab_daemon_start(&life->fixture.lab, SERVER) == 0);
	CHECK(has_joined(life));
	CHECK(traces_whole(life, "started again"));
}

static void
killed(struct life *life, int stray, uint16_t port)
{
	struct test_sessions *test_sessions = &life->test_sessions;
	struct instant until;

	CHECK(lab_daemon_kill(&life->fixture.lab, SERVER, SIGKILL) == 0);
	test_sessions_mark(test_sessions);
	test_sessions_wait(test_sessions, 2 * NS_PER_S);
	CHECK(traces_are(life, 2 * UPLINKS, UPLINKS, 0, 1, 0, "after SIGKILL"));
	CHECK(test_sessions_stall_ns(test_sessions, (uint32_t)stray) >
	      NS_PER_S);
	CHECK(!test_sessions->all[stray].ended);
	CHECK(rst_sniffer_resets(life->rst_sniffer, 0) == 0);

	CHECK(homewardd(life, "--clean -f $FOLDER/homewardd.conf") == 0);
	fprintf(stderr, "homewardd --clean: %s", life->text);
	CHECK(said(life, "removed 4 programs"));
	CHECK(traces_are(life, 0, 0, 0, 0, 0, "after --clean"));
	/* That it was the programs, the kernel shows now. */
	until = instant_after(live_fixture_now(), PATIENCE);
	while (!test_sessions->all[stray].ended &&
	       instant_before(live_fixture_now(), until))
		test_sessions_wait(test_sessions, 10 * NS_PER_MS);
	CHECK(test_sessions->all[stray].outcome == OUTCOME_RESET);
	CHECK(rst_sniffer_resets(life->rst_sniffer, port) > 0);
	CHECK(homewardd(life, "--clean -f $FOLDER/homewardd.conf") == 0);
	CHECK(said(life, "removed 0 programs"));

	CHECK(lab_daemon_start(&life->fixture.lab, SERVER) == 0);
	CHECK(has_joined(life));
	CHECK(traces_whole(life, "started again"));
	/* And once more, now by a successor. */
	CHECK(lab_daemon_kill(&life->fixture.lab, SERVER, SIGKILL) == 0);
	CHECK(lab_daemon_start(&life->fixture.lab, SERVER) == 0);
	CHECK(has_joined(life));
	CHECK(traces_whole(life, "killed and started again"));
}

/* Each shares less with the first: the configuration is changed by sed(1). */
static const struct second {
	const char *shares;
	const char *sed;
	const char *says;
} seconds[] = {
	{ "everything", "", "another daemon has it" },
	{ "all but the state", "s|^state .*|state $FOLDER/s2|",
	  "does another daemon run?" },
	{ "address, control and uplinks",
	  "s|^state .*|state $FOLDER/s2|;s|^tun .*|tun homeward1|",
	  "does another daemon run?" },
	{ "control and uplinks",
	  "s|^state .*|state $FOLDER/s2|;s|^tun .*|tun homeward1|;"
	  "s|^address .*|address 127.0.0.77|",
	  "another homewardd answers there" },
};

static void
second_refused(struct life *life, int stray)
{
	char script[8 * LAB_PATH];

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		const struct second *second = &seconds[i];

		snprintf(script, sizeof(script),
			 "FOLDER=%s; sed \"%s\" $FOLDER/homewardd.conf "
			 ">$FOLDER/second.conf; "
			 "exec homewardd -f $FOLDER/second.conf",
			 life->folder, second->sed);
		CHECK_ROW(shell(life, script) == DAEMON_RUNTIME_EXIT,
			  second->shares);
		fprintf(stderr, "shares %s: %s", second->shares, life->text);
		CHECK_ROW(said(life, second->says), second->shares);
		CHECK_ROW(count_of(life, "\n") == 1, second->shares);
		CHECK_ROW(traces_whole(life, "the first"), second->shares);
		CHECK_ROW(goes_on(life, stray), second->shares);
	}
}

static void
conf_append(const struct life *life, const char *line)
{
	char path[2 * LAB_PATH];
	FILE *file;

	snprintf(path, sizeof(path), "%s/homewardd.conf", life->folder);
	file = fopen(path, "ae");
	CHECK(file != NULL && fputs(line, file) >= 0);
	if (file != NULL)
		fclose(file);
}

/* The log has such a line, in a moment. */
static bool
logged(struct life *life, const char *words)
{
	struct instant until = instant_after(live_fixture_now(), PATIENCE);
	char path[2 * LAB_PATH];

	snprintf(path, sizeof(path), "%s/log", life->folder);
	do {
		test_sessions_wait(&life->test_sessions, 20 * NS_PER_MS);
		text_read(life, path);
	} while (!said(life, words) &&
		 instant_before(live_fixture_now(), until));
	return said(life, words);
}

static int
control_reload(struct life *life)
{
	char script[2 * LAB_PATH];

	snprintf(script, sizeof(script),
		 "exec homewardctl -s %s/control "
		 "reload",
		 life->folder);
	return shell(life, script);
}

static void
wrong_reload(struct life *life, int stray)
{
	pid_t pid = daemon_pid(life);
	char script[2 * LAB_PATH], place[64];
	unsigned lines = 0;

	snprintf(script, sizeof(script), "wc -l <%s/homewardd.conf",
		 life->folder);
	CHECK(shell(life, script) == 0 &&
	      sscanf(life->text, "%u", &lines) == 1);
	snprintf(place, sizeof(place), "homewardd.conf:%u:8: ", lines + 2);
	conf_append(life, "# and more\nuplink 0123456789abcdefgh\n");
	CHECK(kill(pid, SIGHUP) == 0);
	CHECK(logged(life, "kept the old configuration"));
	CHECK(said(life, place));
	CHECK(control_reload(life) == 1);
	fprintf(stderr, "homewardctl reload: %s", life->text);
	CHECK(said(life, place));
	CHECK(goes_on(life, stray));
	CHECK(daemon_pid(life) == pid && kill(pid, 0) == 0);

	snprintf(script, sizeof(script),
		 "sed -i '/0123456/d' %s/homewardd.conf", life->folder);
	CHECK(shell(life, script) == 0);
	CHECK(kill(pid, SIGHUP) == 0);
	CHECK(logged(life, "reloaded "));
	CHECK(control_reload(life) == 0);
	CHECK(goes_on(life, stray));
	CHECK(traces_whole(life, "reloaded"));
}

static void
wrong_secret(struct life *life, int stray)
{
	char path[LAB_PATH];

	snprintf(path, sizeof(path), "%.200s/secret", life->fixture.lab.folder);
	CHECK(chmod(path, 0640) == 0);
	CHECK(homewardd(life, "-n -f $FOLDER/homewardd.conf") ==
	      DAEMON_USAGE_EXIT);
	fprintf(stderr, "secret of mode 0640: %s", life->text);
	CHECK(said(life, path));
	CHECK(homewardd(life, "-f $FOLDER/homewardd.conf") ==
	      DAEMON_USAGE_EXIT);
	CHECK(said(life, path));
	CHECK(control_reload(life) == 1);
	CHECK(said(life, path));
	CHECK(traces_whole(life, "with that secret"));
	CHECK(chmod(path, 0600) == 0);
	CHECK(homewardd(life, "-n -f $FOLDER/homewardd.conf") == 0);
	CHECK(control_reload(life) == 0);
	CHECK(goes_on(life, stray));
}

/* A download that is at home at server1 and strays at server2. Its number. */
static int
stray_begin(struct life *life, uint16_t port)
{
	struct test_sessions *test_sessions = &life->test_sessions;
	struct live_fixture *fixture = &life->fixture;

	CHECK(lab_link(&fixture->lab, life->link, 1, true) == 0);
	CHECK(lab_route_wait(&fixture->lab, live_fixture_now().ns + PATIENCE) ==
	      0);
	int number = test_sessions_begin(test_sessions, TEST_SESSIONS_CURL,
					 false, port, BYTES, PACE_BPS);
	CHECK(number >= 0);
	test_sessions_wait(test_sessions, NS_PER_S / 2);
	uint64_t before =
		live_fixture_counter(fixture, SERVER, "steer_forwards");
	CHECK(lab_link(&fixture->lab, life->link, 1, false) == 0);
	test_sessions_wait(test_sessions, NS_PER_S / 2);
	CHECK(goes_on(life, number));
	CHECK(live_fixture_counter(fixture, SERVER, "steer_forwards") > before);
	return number;
}

static void
life_do(struct life *life)
{
	uint16_t first = port_choose(life, FIRST_PORT);
	uint16_t second = port_choose(life, (uint16_t)(first + 1));

	CHECK(first != 0 && second != 0);
	if (first == 0 || second == 0)
		return;
	clean_exit(life);
	killed(life, stray_begin(life, first), first);
	int stray = stray_begin(life, second);
	second_refused(life, stray);
	wrong_reload(life, stray);
	wrong_secret(life, stray);
	CHECK(rst_sniffer_resets(life->rst_sniffer, second) == 0);
}

static int
life_test(const char *name)
{
	static struct life life;
	struct settings settings;
	char error[256];

	settings_default(&settings);
	settings.fabric.client_link.delay_ns = 0;
	settings.clients.size_bytes = BYTES;
	settings.clients.pace_bps = PACE_BPS;
	int code = live_fixture_begin_as(&life.fixture, name, &settings);
	if (code != 0)
		return code;
	life.link = fabric_link_find(life.fixture.lab.fabric, LINK);
	snprintf(life.folder, sizeof(life.folder), "%.200s/server2/daemon",
		 life.fixture.lab.folder);
	life.rst_sniffer =
		rst_sniffer_open(&life.fixture.lab, 0, error, sizeof(error));
	if (life.rst_sniffer == NULL)
		fprintf(stderr, "%s\n", error);
	code = test_sessions_create(&life.test_sessions, &life.fixture.lab);
	CHECK(code == 0 && life.rst_sniffer != NULL);
	if (code == 0 && life.rst_sniffer != NULL)
		life_do(&life);
	test_sessions_destroy(&life.test_sessions);
	rst_sniffer_close(life.rst_sniffer);
	live_fixture_end(&life.fixture);
	return 0;
}

int
main(void)
{
	int code = life_test("clean4");

	return code != 0 ? code : check_done();
}
