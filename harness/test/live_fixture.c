/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * live_fixture.c - see live_fixture.h
 */
#include "harness/test/live_fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/wire/cursor.h"
#include "harness/emulate/watch_client.h"

#define TICK_MS	   5
#define PATH_LINKS 16
/* What the kernel holds back for tcpdump, it has within this. */
#define RECORD_MS 300

struct instant
live_fixture_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (struct instant){ (int64_t)time.tv_sec * NS_PER_S +
				 time.tv_nsec };
}

/* ---- downloads ---- */

static void
progressed(void *context, struct instant now, uint32_t flow, uint64_t bytes)
{
	struct live_fixture *fixture = context;

	(void)now;
	fixture->downloads[flow].bytes = bytes;
}

static void
ended(void *context, struct instant now, uint32_t flow, enum outcome outcome,
      const char *why)
{
	struct live_fixture *fixture = context;
	struct live_fixture_download *download = &fixture->downloads[flow];

	(void)now;
	download->ended = true;
	download->outcome = outcome;
	snprintf(download->why, sizeof(download->why), "%s",
		 why != NULL ? why : "");
}

static struct session_key
session_of(const struct live_fixture *fixture, uint16_t port)
{
	struct address client =
		fabric_address(fixture->lab.fabric,
			       live_fixture_device(fixture, DEVICE_CLIENT, 0),
			       fixture->family);
	struct address service = fabric_service(fixture->family);
	struct session_key key = { .family = fixture->family, .protocol = 6 };

	memcpy(key.client, client.bytes, 16);
	memcpy(key.service, service.bytes, 16);
	wire_put16(key.client_port, port);
	wire_put16(key.service_port, fixture->lab.settings.service.port);
	return key;
}

int
live_fixture_download(struct live_fixture *fixture, uint16_t port,
		      uint64_t bytes, uint64_t pace_bps)
{
	struct client_session client_session = {
		.flow = fixture->download_count,
		.key = session_of(fixture, port),
		.namespace = lab_namespace(
			&fixture->lab,
			live_fixture_device(fixture, DEVICE_CLIENT, 0)),
		.bytes = bytes,
		.seed = LAB_CONTENT_SEED,
	};

	if (fixture->download_count == CURL_CLIENT_MAX)
		return -EAGAIN;
	if (client_session.namespace < 0)
		return -errno;
	lab_url(&fixture->lab, bytes, pace_bps, false, client_session.url,
		sizeof(client_session.url));
	fixture->downloads[fixture->download_count++] =
		(struct live_fixture_download){ .port = port };
	int code = curl_client_open(fixture->curl, live_fixture_now(),
				    &client_session);
	close(client_session.namespace);
	if (code != 0)
		fixture->download_count--;
	return code;
}

static void
turn(struct live_fixture *fixture)
{
	struct pollfd fd = { .fd = curl_client_fd(fixture->curl),
			     .events = POLLIN };

	(void)poll(&fd, 1, TICK_MS);
	curl_client_ready(fixture->curl, live_fixture_now());
}

void
live_fixture_wait(struct live_fixture *fixture, int64_t ns)
{
	struct instant until = instant_after(live_fixture_now(), ns);

	while (instant_before(live_fixture_now(), until))
		turn(fixture);
}

static bool
all_ended(const struct live_fixture *fixture)
{
	for (uint32_t i = 0; i < fixture->download_count; i++)
		if (!fixture->downloads[i].ended)
			return false;
	return true;
}

bool
live_fixture_finish(struct live_fixture *fixture, int64_t most_ns)
{
	struct instant until = instant_after(live_fixture_now(), most_ns);
	bool whole = true;

	while (!all_ended(fixture) && instant_before(live_fixture_now(), until))
		turn(fixture);
	for (uint32_t i = 0; i < fixture->download_count; i++) {
		const struct live_fixture_download *download =
			&fixture->downloads[i];

		if (download->ended && download->outcome == OUTCOME_CLOSED)
			continue;
		whole = false;
		fprintf(stderr,
			"download from port %u: %s after %" PRIu64
			" bytes: %s\n",
			(unsigned)download->port,
			download->ended ? outcome_name(download->outcome)
					: "not ended",
			download->bytes, download->why);
	}
	return whole;
}

/* ---- the lab ---- */

uint32_t
live_fixture_device(const struct live_fixture *fixture, enum device_kind kind,
		    uint32_t index)
{
	return fabric_device(fixture->lab.fabric, kind, index);
}

uint32_t
live_fixture_server(const struct live_fixture *fixture, uint16_t port,
		    uint32_t *link)
{
	struct address client =
		fabric_address(fixture->lab.fabric,
			       live_fixture_device(fixture, DEVICE_CLIENT, 0),
			       fixture->family);
	uint32_t links[PATH_LINKS], server = FABRIC_NONE;
	uint32_t count = lab_path(&fixture->lab, &client, port, links,
				  PATH_LINKS, &server);

	*link = count > 0 ? links[count - 1] : FABRIC_NONE;
	return server;
}

struct wanted {
	const char *name;
	uint64_t value;
	bool found;
};

static void
counter_take(void *context, const char *name, uint64_t value)
{
	struct wanted *wanted = context;

	if (strcmp(name, wanted->name) != 0)
		return;
	wanted->value = value;
	wanted->found = true;
}

uint64_t
live_fixture_counter(const struct live_fixture *fixture, uint32_t server,
		     const char *name)
{
	struct wanted wanted = { .name = name };
	char path[LAB_PATH];

	lab_control_path(&fixture->lab, server, path);
	int code = watch_client_counters(path, counter_take, &wanted);
	if (code != 0 || !wanted.found)
		fprintf(stderr, "%s: no counter %s: %s\n", path, name,
			code != 0 ? strerror(-code) : "no such name");
	return wanted.value;
}

uint64_t
live_fixture_sum(const struct live_fixture *fixture, const char *name)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < fixture->lab.settings.fabric.servers; i++)
		sum += live_fixture_counter(fixture, i, name);
	return sum;
}

pid_t
live_fixture_record(const struct live_fixture *fixture, uint32_t server,
		    char path[LAB_PATH])
{
	const char *const argv[] = {
		"tcpdump", "-i",
		"any",	   "-Q",
		"in",	   "-n",
		"-U",	   "-s",
		"0",	   "-Z",
		"root",	   "-w",
		path,	   "udp port 6080 or udp port 7000",
		NULL
	};
	char talk[LAB_PATH + 8];

	if ((size_t)snprintf(path, LAB_PATH, "%s/server%u.pcap",
			     fixture->lab.folder,
			     (unsigned)server + 1) >= LAB_PATH)
		return -1;
	snprintf(talk, sizeof(talk), "%s.log", path);
	pid_t pid =
		lab_spawn(&fixture->lab,
			  live_fixture_device(fixture, DEVICE_SERVER, server),
			  argv, talk);
	for (struct instant until = instant_after(live_fixture_now(), NS_PER_S);
	     pid > 0 && access(path, F_OK) != 0 &&
	     instant_before(live_fixture_now(), until);)
		(void)poll(NULL, 0, TICK_MS);
	return pid;
}

void
live_fixture_record_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)poll(NULL, 0, RECORD_MS);
	(void)kill(pid, SIGINT);
	(void)waitpid(pid, NULL, 0);
}

void
live_fixture_settings(struct settings *settings, uint8_t family)
{
	settings_default(settings);
	settings->service.family = family;
	/* Nothing here measures time: no relay. */
	settings->fabric.client_link.delay_ns = 0;
	settings->clients.size_bytes = 100 * UINT64_C(1000000);
}

/* A test is not where the daemon is; ctest says where. */
static void
programs_find(void)
{
	const char *bin = getenv("HOMEWARD_BIN"), *path = getenv("PATH");
	char folders[4096];

	if (bin == NULL)
		return;
	snprintf(folders, sizeof(folders), "%s:%s", bin,
		 path != NULL ? path : "/usr/bin:/bin");
	(void)setenv("PATH", folders, 1);
}

int
live_fixture_begin(struct live_fixture *fixture, const char *name,
		   uint8_t family)
{
	struct settings settings;

	live_fixture_settings(&settings, family);
	return live_fixture_begin_as(fixture, name, &settings);
}

int
live_fixture_begin_as(struct live_fixture *fixture, const char *name,
		      const struct settings *settings)
{
	const struct client_session_listener listener = { fixture, progressed,
							  ended };
	const char *missing = lab_missing();
	char path[LAB_PATH + 8], error[256];

	*fixture = (struct live_fixture){ .family = settings->service.family };
	if (missing == NULL)
		missing = curl_client_missing();
	if (missing != NULL) {
		fprintf(stderr, "skipped: %s\n", missing);
		return LIVE_FIXTURE_SKIP;
	}
	programs_find();
	fixture->curl = curl_client_create(&listener);
	if (fixture->curl == NULL) {
		fprintf(stderr, "curl: %s\n", strerror(errno));
		return 1;
	}
	if (lab_up(&fixture->lab, name, settings) != 0) {
		curl_client_destroy(fixture->curl);
		return 1;
	}
	snprintf(path, sizeof(path), "%s/secret", fixture->lab.folder);
	if (secret_load(&fixture->secret, path, error, sizeof(error)) != 0) {
		fprintf(stderr, "%s\n", error);
		live_fixture_end(fixture);
		return 1;
	}
	return 0;
}

void
live_fixture_end(struct live_fixture *fixture)
{
	curl_client_destroy(fixture->curl);
	(void)lab_down(fixture->lab.name);
	lab_close(&fixture->lab);
	secret_wipe(&fixture->secret);
}
