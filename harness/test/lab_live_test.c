/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lab_live_test.c - the paper's fabric on this machine
 *
 * What a lab promises to an experiment in it: lab_path() says
 * where the kernels really send a flow, a cut strays sessions and a plain
 * kernel resets them, a silent link is noticed, what was broken mends, and
 * nothing is left. For both families, without daemons; what is theirs, with
 * them.
 *
 * Needs root, namespaces, FRR and nginx; without them it is skipped.
 */
#include "harness/lab/lab.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/lab/daemon.h"
#include "harness/lab/netns.h"
#include "harness/lab/process.h"
#include "harness/lab/route.h"

#define SKIPPED 77
#define NAME	"t-lab"
#define FLOWS	50
#define PORT	20000 /* a port */
#define LINKS	16
/* What has not come by then will never come. */
#define PATIENCE_NS (120 * NS_PER_S)
/* BFD notices three packets that are missing at intervals of 50 ms or so; BGP's
 * hold timer 2 s of silence at the least. */
#define BFD_NS	  NS_PER_S
#define BFD_TRIES 5

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void
sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* A shell in the client's namespace, its output in the lab's folder. */
static pid_t
client_start(const struct lab *lab, const char *script, char output[LAB_PATH])
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	snprintf(output, LAB_PATH, "/run/homeward/%s/client", lab->name);
	(void)unlink(output);
	return lab_spawn(lab, fabric_device(lab->fabric, DEVICE_CLIENT, 0),
			 argv, output);
}

static uint32_t
path_of(const struct lab *lab, uint16_t port, uint32_t links[LINKS],
	uint32_t *server)
{
	struct address client = fabric_address(
		lab->fabric, fabric_device(lab->fabric, DEVICE_CLIENT, 0),
		lab->settings.service.family);

	return lab_path(lab, &client, port, links, LINKS, server);
}

/* The server of each flow from that port on; FABRIC_NONE: it had no answer. */
static void
flows_download(const struct lab *lab, int port, uint32_t servers[FLOWS])
{
	char url[256], script[1024], path[LAB_PATH], line[256];
	FILE *file;
	pid_t pid;

	lab_url(lab, 1000, 0, false, url, sizeof(url));
	snprintf(script, sizeof(script),
		 "for i in $(seq 0 %d); do echo flow $i; curl -g -s -o "
		 "/dev/null -D - --max-time 5 --local-port $((%d + i)) '%s'; "
		 "done",
		 FLOWS - 1, port, url);
	for (int i = 0; i < FLOWS; i++)
		servers[i] = FABRIC_NONE;
	pid = client_start(lab, script, path);
	CHECK(pid > 0 && lab_process_wait(pid) == 0);
	if ((file = fopen(path, "re")) == NULL)
		return;
	unsigned flow = FLOWS, number;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "flow %u", &number) == 1)
			flow = number;
		else if (sscanf(line, "X-Server: server%u", &number) == 1 &&
			 flow < FLOWS)
			servers[flow] = number - 1;
	}
	fclose(file);
}

/* All paths are known, and they are true. */
static void
paths_test(const struct lab *lab, const char *when)
{
	/* Not twice the same ports: the client, too, may have them in
	 * TIME_WAIT. */
	static int port = PORT;
	uint32_t served[FLOWS], links[LINKS], server, count;
	uint32_t wrong = 0, users[4] = { 0 };

	port += FLOWS;
	flows_download(lab, port, served);
	for (int i = 0; i < FLOWS; i++) {
		count = path_of(lab, (uint16_t)(port + i), links, &server);
		CHECK(count == 5);
		CHECK(fabric_tier(lab->fabric, links[0]) == TIER_CLIENT_EDGE);
		CHECK(fabric_tier(lab->fabric, links[4]) == TIER_LEAF_SERVER);
		if (server != served[i]) {
			printf("port %d: to server%u, but server%u had it\n",
			       port + i, server + 1, served[i] + 1);
			wrong++;
		}
		if (server < 4)
			users[server]++;
	}
	printf("IPv%u, %s: %u of %d paths wrong; flows a server %u %u %u %u\n",
	       lab->settings.service.family, when, wrong, FLOWS, users[0],
	       users[1], users[2], users[3]);
	CHECK(wrong == 0);
	CHECK(users[0] + users[1] + users[2] + users[3] == FLOWS);
}

/* Wait until all flows have paths again, none of them by that link. */
static bool
paths_avoid(const struct lab *lab, uint32_t link)
{
	int64_t end = now_ns() + PATIENCE_NS;
	uint32_t links[LINKS], server;
	int port = PORT;

	while (port < PORT + FLOWS && now_ns() < end) {
		uint32_t count = path_of(lab, (uint16_t)port, links, &server);
		bool avoids = count == 5;

		for (uint32_t i = 0; i < count; i++)
			avoids &= links[i] != link;
		if (!avoids)
			sleep_ms(5);
		port = avoids ? port + 1 : PORT;
	}
	return port == PORT + FLOWS;
}

/* Wait until the file has bytes. */
static bool
bytes_come(const char *path)
{
	int64_t end = now_ns() + PATIENCE_NS;
	struct stat status = { .st_size = 0 };

	while (status.st_size == 0 && now_ns() < end) {
		sleep_ms(5);
		if (stat(path, &status) != 0)
			status.st_size = 0;
	}
	return status.st_size > 0;
}

/* A port whose flow goes over this link to its server now: it moves when the
 * link is gone. FLOWS: none. (A flow that moved once need not move again: an
 * IPv6 group whose member was away orders its members anew.) */
static int
crossing_find(const struct lab *lab, uint32_t link)
{
	uint32_t links[LINKS], server;

	for (int i = 0; i < FLOWS; i++) {
		uint32_t count =
			path_of(lab, (uint16_t)(PORT + i), links, &server);

		for (uint32_t j = 0; j < count; j++)
			if (links[j] == link)
				return i;
	}
	return FLOWS;
}

/* A download whose link is cut: the other server resets it. */
static void
cut_test(const struct lab *lab)
{
	char url[256], script[1024], path[LAB_PATH], body[LAB_PATH];
	uint32_t link = fabric_link_find(lab->fabric, "leaf1-server1");
	int flow = crossing_find(lab, link);
	int64_t began;
	pid_t pid;

	CHECK(flow < FLOWS);
	lab_url(lab, 20000000, 20000000, false, url, sizeof(url));
	snprintf(body, sizeof(body), "/run/homeward/%s/body", lab->name);
	snprintf(script, sizeof(script),
		 "exec curl -g -s -N -o %s --local-port %d '%s'", body,
		 PORT + flow, url);
	pid = client_start(lab, script, path);
	CHECK(bytes_come(body));
	began = now_ns();
	CHECK(lab_link(lab, link, 0, false) == 0);
	/* curl's 56: receive error, connection reset by peer. */
	CHECK(lab_process_wait(pid) == 56);
	printf("a cut under a download: reset after %.1f ms\n",
	       (double)(now_ns() - began) / 1e6);
	CHECK(paths_avoid(lab, link));
	paths_test(lab, "a link down");
	CHECK(lab_link(lab, link, 0, true) == 0);
	CHECK(lab_route_wait(lab, now_ns() + PATIENCE_NS) == 0);
}

/* How long until the spine's routes by a link are gone whose ends (a bit each)
 * have become silent. */
static int64_t
silence_noticed_ns(const struct lab *lab, uint32_t link, uint32_t ends,
		   uint32_t spine)
{
	uint32_t there = 0, all = 0;
	int64_t began = now_ns();

	for (uint32_t end = 0; end < 2; end++)
		if ((ends >> end & 1) != 0)
			CHECK(lab_silence(lab, link, end, true) == 0);
	do {
		sleep_ms(5);
		CHECK(lab_route_service(lab, spine, &there, &all) == 0);
	} while (there == all && now_ns() - began < PATIENCE_NS);
	int64_t took_ns = now_ns() - began;
	printf("a silent link: noticed after %.0f ms\n", (double)took_ns / 1e6);
	CHECK(there + 1 == all && all == 4);
	for (uint32_t end = 0; end < 2; end++)
		CHECK(lab_silence(lab, link, end, false) == 0);
	CHECK(lab_route_wait(lab, now_ns() + PATIENCE_NS) == 0);
	return took_ns;
}

/* Carrier stays, and still its routes go (BFD) and come back. A busy machine
 * may be late, but not each time. */
static void
silence_test(const struct lab *lab)
{
	uint32_t link = fabric_link_find(lab->fabric, "spine1-leaf1");
	uint32_t spine = fabric_find(lab->fabric, "spine1", 6);
	int64_t least_ns = PATIENCE_NS;

	for (int i = 0; i < BFD_TRIES && least_ns >= BFD_NS; i++) {
		int64_t took_ns = silence_noticed_ns(lab, link, 3, spine);

		least_ns = took_ns < least_ns ? took_ns : least_ns;
	}
	CHECK(least_ns < BFD_NS);
	/* One way is enough: which end hears nothing does not matter. */
	CHECK(silence_noticed_ns(lab, link, 1, spine) < PATIENCE_NS);
	CHECK(silence_noticed_ns(lab, link, 2, spine) < PATIENCE_NS);
	CHECK(lab_silence(lab, link, 0, false) == 0); /* harmless */
	CHECK(lab_route_wait(lab, now_ns() + PATIENCE_NS) == 0);
}

/* A leaf offers its servers the default route while it has an uplink. */
static void
default_test(const struct lab *lab)
{
	static const char *const uplinks[] = { "spine1-leaf1", "spine2-leaf1" };
	uint32_t links[2], there = 0, all = 0;
	int64_t began = 0;

	for (int i = 0; i < 2; i++) {
		links[i] = fabric_link_find(lab->fabric, uplinks[i]);
		CHECK(lab_route_default(lab, 0, &there, &all) == 0);
		CHECK(there == 2 && all == 2);
		began = now_ns();
		CHECK(lab_link(lab, links[i], 0, false) == 0);
		sleep_ms(500); /* of the first: nothing happens */
	}
	do {
		sleep_ms(5);
		CHECK(lab_route_default(lab, 0, &there, &all) == 0);
	} while (there == all && now_ns() - began < PATIENCE_NS);
	CHECK(there == 1);
	for (int i = 0; i < 2; i++)
		CHECK(lab_link(lab, links[i], 0, true) == 0);
	CHECK(lab_route_wait(lab, now_ns() + PATIENCE_NS) == 0);
}

static void
drain_test(const struct lab *lab)
{
	uint32_t leaf = fabric_find(lab->fabric, "leaf1", 5);
	uint32_t there = 0, all = 0;
	int64_t began = now_ns();

	CHECK(lab_drain(lab, 0, true) == 0);
	do {
		sleep_ms(5);
		CHECK(lab_route_service(lab, leaf, &there, &all) == 0);
	} while (there == all && now_ns() - began < PATIENCE_NS);
	CHECK(there == 1 && all == 2);
	CHECK(lab_drain(lab, 0, false) == 0);
	CHECK(lab_route_wait(lab, now_ns() + PATIENCE_NS) == 0);
}

/* Wait until the client's path has so many links. */
static bool
hops_come(const struct lab *lab, uint32_t count)
{
	int64_t end = now_ns() + PATIENCE_NS;
	uint32_t links[LINKS], server;

	while (path_of(lab, PORT, links, &server) != count) {
		if (now_ns() > end)
			return false;
		sleep_ms(5);
	}
	return true;
}

/* The relay passes carrier on, and the client's routes come back. */
static void
client_test(const struct lab *lab)
{
	uint32_t link = fabric_link_find(lab->fabric, "client1-edge1");

	for (uint32_t end = 0; end < 2; end++) {
		CHECK(lab_link(lab, link, end, false) == 0);
		CHECK(hops_come(lab, 0));
		CHECK(lab_link(lab, link, end, true) == 0);
		CHECK(hops_come(lab, 5));
	}
	paths_test(lab, "the client's link back");
}

static void
upload_test(const struct lab *lab)
{
	char url[256], script[1024], path[LAB_PATH];
	struct stat status;
	bool found = false;
	pid_t pid;

	lab_url(lab, 0, 0, true, url, sizeof(url));
	snprintf(script, sizeof(script),
		 "exec curl -g -s -f -T /run/homeward/%s/blob %sa1", lab->name,
		 url);
	pid = client_start(lab, script, path);
	CHECK(lab_process_wait(pid) == 0);
	for (uint32_t i = 0; i < 4; i++) {
		lab_upload_path(lab, i, "a1", path);
		if (stat(path, &status) == 0)
			found = status.st_size == 30000000;
	}
	CHECK(found);
}

/* What curl measures of a download of 100 kB, in seconds; negative: it failed
 * within 3 s. */
static double
download_s(const struct lab *lab, const char *what)
{
	char url[256], script[512], path[LAB_PATH];
	double seconds = -1;
	FILE *file;

	lab_url(lab, 100000, 0, false, url, sizeof(url));
	snprintf(script, sizeof(script),
		 "exec curl -g -s -f -m 3 -o /dev/null -w '%%{%s}' '%s'", what,
		 url);
	if (lab_process_wait(client_start(lab, script, path)) != 0)
		return -1;
	file = fopen(path, "re");
	if (file == NULL || fscanf(file, "%lf", &seconds) != 1)
		seconds = -1;
	if (file != NULL)
		fclose(file);
	return seconds;
}

/* Of a link that an event may degrade; a busy machine may be late, but not
 * each time. */
static void
degrade_test(const struct lab *lab)
{
	uint32_t link = fabric_link_find(lab->fabric, "client1-edge1");
	uint32_t other = fabric_link_find(lab->fabric, "exit1-spine1");
	const struct link_settings *usual =
		fabric_link_settings(lab->fabric, link);
	struct link_settings now = *usual;
	double least = 1e9;

	now.delay_ns = 100 * NS_PER_MS;
	CHECK(lab_link_settings(lab, link, &now) == 0);
	CHECK(download_s(lab, "time_connect") >= 0.2);
	now = *usual;
	now.rate_bps = 1000000;
	CHECK(lab_link_settings(lab, link, &now) == 0);
	CHECK(download_s(lab, "time_total") >= 0.8);
	now = *usual;
	now.loss_ppm = 1000000;
	CHECK(lab_link_settings(lab, link, &now) == 0);
	CHECK(download_s(lab, "time_total") < 0);
	CHECK(lab_link_settings(lab, link, usual) == 0);
	for (int i = 0; i < BFD_TRIES && least >= 0.2; i++) {
		double took = download_s(lab, "time_total");

		if (took >= 0 && took < least)
			least = took;
	}
	printf("a link restored: 100 kB in %.1f ms\n", least * 1e3);
	CHECK(least < 0.2);
	/* No event said so. */
	CHECK(lab_link_settings(lab, other, &now) == -ENOENT);
}

/* Of the daemon there. */
static int
daemon_niceness(const struct lab *lab, uint32_t server)
{
	char path[2 * LAB_PATH];
	int pid = -1;

	snprintf(path, sizeof(path), "%s/%s/daemon/daemon.pid", lab->folder,
		 lab->fabric->names[server]);
	FILE *file = fopen(path, "re");
	CHECK(file != NULL && fscanf(file, "%d", &pid) == 1);
	if (file != NULL)
		fclose(file);
	return pid > 0 ? getpriority(PRIO_PROCESS, (id_t)pid) : 0;
}

/* Killed, it is gone; started again, it joins again; always with the unit's
 * niceness. */
static void
daemon_test(const struct lab *lab)
{
	int64_t began = now_ns();
	bool joined = false;
	char *text;

	CHECK(daemon_niceness(lab, 1) == LAB_DAEMON_NICE);
	CHECK(lab_daemon_kill(lab, 1, SIGKILL) == 0);
	CHECK(lab_daemon_ask(lab, 1, "status json", true) == NULL);
	CHECK(lab_daemon_kill(lab, 1, SIGKILL) == -1);
	CHECK(lab_daemon_start(lab, 1) == 0);
	while (!joined && now_ns() - began < PATIENCE_NS) {
		sleep_ms(20);
		text = lab_daemon_ask(lab, 1, "status json", true);
		joined =
			text != NULL && strstr(text, "\"joined\":true") != NULL;
		free(text);
	}
	CHECK(joined);
	CHECK(daemon_niceness(lab, 1) == LAB_DAEMON_NICE);
	CHECK(lab_daemon_ask(lab, 1, "nonsense", true) == NULL);
	printf("a daemon killed, started and joined after %.0f ms\n",
	       (double)(now_ns() - began) / 1e6);
}

/* With daemons: the route is theirs to withdraw. */
static void
daemons_test(void)
{
	const char *bin = getenv("HOMEWARD_BIN"); /* where ctest has them */
	struct settings settings;
	struct lab lab;

	if (bin != NULL) {
		char path[4096];

		snprintf(path, sizeof(path), "%s:/usr/sbin:/usr/bin:/sbin:/bin",
			 bin);
		setenv("PATH", path, 1);
	}
	settings_default(&settings);
	if (lab_up(&lab, NAME, &settings) != 0) {
		CHECK_ROW(false, "the lab comes up with daemons");
		return;
	}
	drain_test(&lab);
	daemon_test(&lab);
	drain_test(&lab);
	lab_close(&lab);
	CHECK(lab_down(NAME) == 15);
}

static void
family_test(uint8_t family)
{
	/* The first: so that there is BFD. */
	struct fault_settings faults[] = {
		{ .kind = FAULT_LINK_SILENT, .target = "spine1-leaf1" },
		{ .kind = FAULT_LINK_DEGRADE, .target = "client1-edge1" },
	};
	struct settings settings;
	struct lab lab, again;
	int64_t began = now_ns();

	settings_default(&settings);
	settings.service.scheme = SCHEME_NONE;
	settings.faults = faults;
	settings.fault_count = 2;
	settings.service.family = family;
	settings.clients.size_bytes = 30000000;
	settings.clients.pace_bps = 20000000;
	if (lab_up(&lab, NAME, &settings) != 0) {
		CHECK_ROW(false, "the lab comes up");
		return;
	}
	printf("up in %.1f s\n", (double)(now_ns() - began) / 1e9);
	paths_test(&lab, "converged");
	cut_test(&lab);
	default_test(&lab);
	silence_test(&lab);
	drain_test(&lab);
	client_test(&lab);
	upload_test(&lab);
	degrade_test(&lab);
	CHECK(lab_find(&again, NAME) == 0);
	CHECK(again.settings.service.family == family);
	lab_close(&again);
	lab_close(&lab);
	CHECK(lab_down(NAME) == 15);
	CHECK(lab_down(NAME) == 0);
	CHECK(lab_find(&again, NAME) == -1);
}

int
main(void)
{
	const char *missing = lab_missing();

	if (missing != NULL) {
		printf("skipped: no lab here: %s\n", missing);
		return SKIPPED;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	family_test(4);
	family_test(6);
	daemons_test();
	return check_done();
}
