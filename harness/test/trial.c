/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trial.c - see trial.h
 */
#include "harness/test/trial.h"

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
#include "harness/emulate/monitor.h"

#define TICK_MS	   5
#define PATH_LINKS 16
/* What the kernel holds back for tcpdump, it has within this. */
#define RECORD_MS 300

struct instant
trial_now(void)
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
	struct trial *trial = context;

	(void)now;
	trial->downloads[flow].bytes = bytes;
}

static void
ended(void *context, struct instant now, uint32_t flow, enum outcome outcome,
      const char *why)
{
	struct trial *trial = context;
	struct trial_download *download = &trial->downloads[flow];

	(void)now;
	download->ended = true;
	download->outcome = outcome;
	snprintf(download->why, sizeof(download->why), "%s",
		 why != NULL ? why : "");
}

static struct session_key
session_of(const struct trial *trial, uint16_t port)
{
	struct address client = fabric_address(
		trial->lab.fabric, trial_device(trial, DEVICE_CLIENT, 0),
		trial->family);
	struct address service = fabric_service(trial->family);
	struct session_key key = { .family = trial->family, .protocol = 6 };

	memcpy(key.client, client.bytes, 16);
	memcpy(key.service, service.bytes, 16);
	wire_put16(key.client_port, port);
	wire_put16(key.service_port, trial->lab.settings.service.port);
	return key;
}

int
trial_download(struct trial *trial, uint16_t port, uint64_t bytes,
	       uint64_t pace_bps)
{
	struct visit visit = {
		.flow = trial->download_count,
		.key = session_of(trial, port),
		.namespace = lab_namespace(
			&trial->lab, trial_device(trial, DEVICE_CLIENT, 0)),
		.bytes = bytes,
		.seed = LAB_CONTENT_SEED,
	};

	if (trial->download_count == FETCH_MAX)
		return -EAGAIN;
	if (visit.namespace < 0)
		return -errno;
	lab_url(&trial->lab, bytes, pace_bps, false, visit.url,
		sizeof(visit.url));
	trial->downloads[trial->download_count++] =
		(struct trial_download){ .port = port };
	int code = fetch_open(trial->fetch, trial_now(), &visit);
	close(visit.namespace);
	if (code != 0)
		trial->download_count--;
	return code;
}

static void
turn(struct trial *trial)
{
	struct pollfd fd = { .fd = fetch_fd(trial->fetch), .events = POLLIN };

	(void)poll(&fd, 1, TICK_MS);
	fetch_ready(trial->fetch, trial_now());
}

void
trial_wait(struct trial *trial, int64_t ns)
{
	struct instant until = instant_after(trial_now(), ns);

	while (instant_before(trial_now(), until))
		turn(trial);
}

static bool
all_ended(const struct trial *trial)
{
	for (uint32_t i = 0; i < trial->download_count; i++)
		if (!trial->downloads[i].ended)
			return false;
	return true;
}

bool
trial_finish(struct trial *trial, int64_t most_ns)
{
	struct instant until = instant_after(trial_now(), most_ns);
	bool whole = true;

	while (!all_ended(trial) && instant_before(trial_now(), until))
		turn(trial);
	for (uint32_t i = 0; i < trial->download_count; i++) {
		const struct trial_download *download = &trial->downloads[i];

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
trial_device(const struct trial *trial, enum device_kind kind, uint32_t index)
{
	return fabric_device(trial->lab.fabric, kind, index);
}

uint32_t
trial_server(const struct trial *trial, uint16_t port, uint32_t *link)
{
	struct address client = fabric_address(
		trial->lab.fabric, trial_device(trial, DEVICE_CLIENT, 0),
		trial->family);
	uint32_t links[PATH_LINKS], server = FABRIC_NONE;
	uint32_t count = lab_path(&trial->lab, &client, port, links, PATH_LINKS,
				  &server);

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
trial_counter(const struct trial *trial, uint32_t server, const char *name)
{
	struct wanted wanted = { .name = name };
	char path[LAB_PATH];

	lab_control_path(&trial->lab, server, path);
	int code = monitor_counters(path, counter_take, &wanted);
	if (code != 0 || !wanted.found)
		fprintf(stderr, "%s: no counter %s: %s\n", path, name,
			code != 0 ? strerror(-code) : "no such name");
	return wanted.value;
}

uint64_t
trial_sum(const struct trial *trial, const char *name)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < trial->lab.settings.fabric.servers; i++)
		sum += trial_counter(trial, i, name);
	return sum;
}

pid_t
trial_record(const struct trial *trial, uint32_t server, char path[LAB_PATH])
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
			     trial->lab.folder,
			     (unsigned)server + 1) >= LAB_PATH)
		return -1;
	snprintf(talk, sizeof(talk), "%s.log", path);
	pid_t pid = lab_spawn(&trial->lab,
			      trial_device(trial, DEVICE_SERVER, server), argv,
			      talk);
	for (struct instant until = instant_after(trial_now(), NS_PER_S);
	     pid > 0 && access(path, F_OK) != 0 &&
	     instant_before(trial_now(), until);)
		(void)poll(NULL, 0, TICK_MS);
	return pid;
}

void
trial_record_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)poll(NULL, 0, RECORD_MS);
	(void)kill(pid, SIGINT);
	(void)waitpid(pid, NULL, 0);
}

void
trial_settings(struct settings *settings, uint8_t family)
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
trial_begin(struct trial *trial, const char *name, uint8_t family)
{
	struct settings settings;

	trial_settings(&settings, family);
	return trial_begin_as(trial, name, &settings);
}

int
trial_begin_as(struct trial *trial, const char *name,
	       const struct settings *settings)
{
	const struct visit_listener listener = { trial, progressed, ended };
	const char *missing = lab_missing();
	char path[LAB_PATH + 8], error[256];

	*trial = (struct trial){ .family = settings->service.family };
	if (missing == NULL)
		missing = fetch_missing();
	if (missing != NULL) {
		fprintf(stderr, "skipped: %s\n", missing);
		return TRIAL_SKIP;
	}
	programs_find();
	trial->fetch = fetch_create(&listener);
	if (trial->fetch == NULL) {
		fprintf(stderr, "curl: %s\n", strerror(errno));
		return 1;
	}
	if (lab_up(&trial->lab, name, settings) != 0) {
		fetch_destroy(trial->fetch);
		return 1;
	}
	snprintf(path, sizeof(path), "%s/secret", trial->lab.folder);
	if (secret_load(&trial->secret, path, error, sizeof(error)) != 0) {
		fprintf(stderr, "%s\n", error);
		trial_end(trial);
		return 1;
	}
	return 0;
}

void
trial_end(struct trial *trial)
{
	fetch_destroy(trial->fetch);
	(void)lab_down(trial->lab.name);
	lab_close(&trial->lab);
	secret_wipe(&trial->secret);
}
