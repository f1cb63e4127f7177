/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sessions.c - see test_sessions.h
 */
#include "harness/test/test_sessions.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/wire/cursor.h"
#include "core/wire/packet.h"
#include "harness/emulate/curl_client.h"
#include "harness/emulate/load_generator.h"
#include "harness/test/live_fixture.h"
#include "sim/engine/memory.h"
#include "sim/model/pattern.h"

#define TICK_MS 1
#define CHUNK	65536

/* ---- what is heard ---- */

static void
stall_take(struct test_sessions_one *one, struct instant now)
{
	int64_t stall_ns = instant_distance_ns(one->last, now);

	if (stall_ns > one->stall_ns)
		one->stall_ns = stall_ns;
	one->last = now;
}

static void
progressed(void *context, struct instant now, uint32_t flow, uint64_t bytes)
{
	struct test_sessions *test_sessions = context;
	struct test_sessions_one *one = &test_sessions->all[flow];

	one->bytes = bytes;
	stall_take(one, now);
}

static void
ended(void *context, struct instant now, uint32_t flow, enum outcome outcome,
      const char *why)
{
	struct test_sessions *test_sessions = context;
	struct test_sessions_one *one = &test_sessions->all[flow];

	stall_take(one, now);
	one->ended = true;
	one->outcome = outcome;
	snprintf(one->why, sizeof(one->why), "%s", why != NULL ? why : "");
}

/* ---- making ---- */

int
test_sessions_create(struct test_sessions *test_sessions, const struct lab *lab)
{
	const struct client_session_listener listener = { test_sessions,
							  progressed, ended };

	*test_sessions = (struct test_sessions){ .lab = lab };
	test_sessions->load_generator = load_generator_create(&listener);
	test_sessions->curl = curl_client_create(&listener);
	if (test_sessions->load_generator == NULL ||
	    test_sessions->curl == NULL) {
		int error = errno;

		test_sessions_destroy(test_sessions);
		return -error;
	}
	(void)signal(SIGPIPE, SIG_IGN); /* of a curl that has gone */
	return 0;
}

void
test_sessions_destroy(struct test_sessions *test_sessions)
{
	load_generator_destroy(test_sessions->load_generator);
	curl_client_destroy(test_sessions->curl);
	free(test_sessions->all);
	*test_sessions = (struct test_sessions){ .lab = NULL };
}

struct session_key
test_sessions_key(const struct lab *lab, uint16_t port)
{
	uint8_t family = lab->settings.service.family;
	struct address client = fabric_address(
		lab->fabric, fabric_device(lab->fabric, DEVICE_CLIENT, 0),
		family);
	struct address service = fabric_service(family);
	struct session_key key = { .family = family, .protocol = IP_TCP };

	memcpy(key.client, client.bytes, sizeof(key.client));
	memcpy(key.service, service.bytes, sizeof(key.service));
	wire_put16(key.client_port, port);
	wire_put16(key.service_port, lab->settings.service.port);
	return key;
}

/* Of a lab's upload from that port. */
static void
name_of(uint16_t port, char name[16])
{
	snprintf(name, 16, "p%u", (unsigned)port);
}

int
test_sessions_begin(struct test_sessions *test_sessions,
		    enum test_sessions_by by, bool upload, uint16_t port,
		    uint64_t bytes, uint64_t pace_bps)
{
	const struct lab *lab = test_sessions->lab;
	struct instant now = live_fixture_now();
	struct client_session client_session = {
		.flow = test_sessions->count,
		.key = test_sessions_key(lab, port),
		.namespace = lab_namespace(
			lab, fabric_device(lab->fabric, DEVICE_CLIENT, 0)),
		.upload = upload,
		.bytes = bytes,
		.seed = LAB_CONTENT_SEED,
		.pace_bps = upload ? pace_bps : 0,
	};

	if (client_session.namespace < 0)
		return -errno;
	lab_url(lab, bytes, pace_bps, upload, client_session.url,
		sizeof(client_session.url));
	if (upload)
		name_of(port, client_session.url + strlen(client_session.url));
	if (test_sessions->count == test_sessions->capacity) {
		test_sessions->capacity = test_sessions->capacity * 2 + 16;
		test_sessions->all = memory_grown(test_sessions->all,
						  test_sessions->capacity,
						  sizeof(*test_sessions->all));
	}
	test_sessions->all[test_sessions->count] = (struct test_sessions_one){
		.port = port,
		.upload = upload,
		.size = bytes,
		.last = now,
	};
	int code = by == TEST_SESSIONS_CURL
			   ? curl_client_open(test_sessions->curl, now,
					      &client_session)
			   : load_generator_open(test_sessions->load_generator,
						 now, &client_session);
	close(client_session.namespace);
	return code != 0 ? code : (int)test_sessions->count++;
}

/* ---- time ---- */

static void
turn(struct test_sessions *test_sessions)
{
	struct pollfd fds[] = {
		{ .fd = curl_client_fd(test_sessions->curl), .events = POLLIN },
		{ .fd = load_generator_fd(test_sessions->load_generator),
		  .events = POLLIN },
	};

	(void)poll(fds, 2, TICK_MS);
	struct instant now = live_fixture_now();
	curl_client_ready(test_sessions->curl, now);
	load_generator_ready(test_sessions->load_generator, now);
	curl_client_tick(test_sessions->curl, now);
	load_generator_tick(test_sessions->load_generator, now);
}

void
test_sessions_wait(struct test_sessions *test_sessions, int64_t ns)
{
	struct instant until = instant_after(live_fixture_now(), ns);

	while (instant_before(live_fixture_now(), until))
		turn(test_sessions);
}

uint32_t
test_sessions_open(const struct test_sessions *test_sessions)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < test_sessions->count; i++)
		open += !test_sessions->all[i].ended;
	return open;
}

bool
test_sessions_finish(struct test_sessions *test_sessions, int64_t most_ns)
{
	struct instant until = instant_after(live_fixture_now(), most_ns);
	bool whole = true;

	while (test_sessions_open(test_sessions) > 0 &&
	       instant_before(live_fixture_now(), until))
		turn(test_sessions);
	for (uint32_t i = 0; i < test_sessions->count; i++) {
		const struct test_sessions_one *one = &test_sessions->all[i];

		if (one->ended && one->outcome == OUTCOME_CLOSED)
			continue;
		whole = false;
		fprintf(stderr,
			"%s from port %u: %s after %" PRIu64 " of %" PRIu64
			" bytes: %s\n",
			one->upload ? "upload" : "download",
			(unsigned)one->port,
			one->ended ? outcome_name(one->outcome) : "not ended",
			one->bytes, one->size, one->why);
	}
	return whole;
}

/* ---- stalls ---- */

void
test_sessions_mark(struct test_sessions *test_sessions)
{
	for (uint32_t i = 0; i < test_sessions->count; i++)
		test_sessions->all[i].stall_ns = 0;
}

int64_t
test_sessions_stall_ns(const struct test_sessions *test_sessions,
		       uint32_t number)
{
	const struct test_sessions_one *one = &test_sessions->all[number];
	int64_t lasting_ns =
		one->ended ? 0
			   : instant_distance_ns(one->last, live_fixture_now());

	return lasting_ns > one->stall_ns ? lasting_ns : one->stall_ns;
}

/* ---- what servers keep ---- */

static bool
file_matches(const char *path, uint64_t bytes)
{
	uint8_t chunk[CHUNK];
	uint64_t read = 0;
	bool right = true;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	for (size_t size;
	     right && (size = fread(chunk, 1, sizeof(chunk), file)) > 0;
	     read += size)
		right = pattern_matches(LAB_CONTENT_SEED, read, chunk, size);
	fclose(file);
	return right && read == bytes;
}

uint32_t
test_sessions_uploaded(const struct test_sessions *test_sessions, uint16_t port,
		       uint64_t bytes)
{
	char name[16], path[LAB_PATH];

	name_of(port, name);
	for (uint32_t i = 0; i < test_sessions->lab->settings.fabric.servers;
	     i++) {
		lab_upload_path(test_sessions->lab, i, name, path);
		if (file_matches(path, bytes))
			return i;
	}
	return FABRIC_NONE;
}
