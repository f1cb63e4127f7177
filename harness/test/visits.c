/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * visits.c - see visits.h
 */
#include "harness/test/visits.h"

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
#include "harness/emulate/crowd.h"
#include "harness/emulate/fetch.h"
#include "harness/test/trial.h"
#include "sim/engine/memory.h"
#include "sim/model/pattern.h"

#define TICK_MS 1
#define CHUNK	65536

/* ---- what is heard ---- */

static void
gap_take(struct visits_one *one, struct instant now)
{
	int64_t gap_ns = instant_distance_ns(one->last, now);

	if (gap_ns > one->gap_ns)
		one->gap_ns = gap_ns;
	one->last = now;
}

static void
progressed(void *context, struct instant now, uint32_t flow, uint64_t bytes)
{
	struct visits *visits = context;
	struct visits_one *one = &visits->all[flow];

	one->bytes = bytes;
	gap_take(one, now);
}

static void
ended(void *context, struct instant now, uint32_t flow, enum outcome outcome,
      const char *why)
{
	struct visits *visits = context;
	struct visits_one *one = &visits->all[flow];

	gap_take(one, now);
	one->ended = true;
	one->outcome = outcome;
	snprintf(one->why, sizeof(one->why), "%s", why != NULL ? why : "");
}

/* ---- making ---- */

int
visits_create(struct visits *visits, const struct lab *lab)
{
	const struct visit_listener listener = { visits, progressed, ended };

	*visits = (struct visits){ .lab = lab };
	visits->crowd = crowd_create(&listener);
	visits->fetch = fetch_create(&listener);
	if (visits->crowd == NULL || visits->fetch == NULL) {
		int error = errno;

		visits_destroy(visits);
		return -error;
	}
	(void)signal(SIGPIPE, SIG_IGN); /* of a curl that has gone */
	return 0;
}

void
visits_destroy(struct visits *visits)
{
	crowd_destroy(visits->crowd);
	fetch_destroy(visits->fetch);
	free(visits->all);
	*visits = (struct visits){ .lab = NULL };
}

struct session_key
visits_key(const struct lab *lab, uint16_t port)
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
visits_begin(struct visits *visits, enum visits_by by, bool upload,
	     uint16_t port, uint64_t bytes, uint64_t pace_bps)
{
	const struct lab *lab = visits->lab;
	struct instant now = trial_now();
	struct visit visit = {
		.flow = visits->count,
		.key = visits_key(lab, port),
		.namespace = lab_namespace(
			lab, fabric_device(lab->fabric, DEVICE_CLIENT, 0)),
		.upload = upload,
		.bytes = bytes,
		.seed = LAB_CONTENT_SEED,
		.pace_bps = upload ? pace_bps : 0,
	};

	if (visit.namespace < 0)
		return -errno;
	lab_url(lab, bytes, pace_bps, upload, visit.url, sizeof(visit.url));
	if (upload)
		name_of(port, visit.url + strlen(visit.url));
	if (visits->count == visits->capacity) {
		visits->capacity = visits->capacity * 2 + 16;
		visits->all = memory_grown(visits->all, visits->capacity,
					   sizeof(*visits->all));
	}
	visits->all[visits->count] = (struct visits_one){
		.port = port,
		.upload = upload,
		.size = bytes,
		.last = now,
	};
	int code = by == VISITS_CURL ? fetch_open(visits->fetch, now, &visit)
				     : crowd_open(visits->crowd, now, &visit);
	close(visit.namespace);
	return code != 0 ? code : (int)visits->count++;
}

/* ---- time ---- */

static void
turn(struct visits *visits)
{
	struct pollfd fds[] = {
		{ .fd = fetch_fd(visits->fetch), .events = POLLIN },
		{ .fd = crowd_fd(visits->crowd), .events = POLLIN },
	};

	(void)poll(fds, 2, TICK_MS);
	struct instant now = trial_now();
	fetch_ready(visits->fetch, now);
	crowd_ready(visits->crowd, now);
	fetch_tick(visits->fetch, now);
	crowd_tick(visits->crowd, now);
}

void
visits_wait(struct visits *visits, int64_t ns)
{
	struct instant until = instant_after(trial_now(), ns);

	while (instant_before(trial_now(), until))
		turn(visits);
}

uint32_t
visits_open(const struct visits *visits)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < visits->count; i++)
		open += !visits->all[i].ended;
	return open;
}

bool
visits_finish(struct visits *visits, int64_t most_ns)
{
	struct instant until = instant_after(trial_now(), most_ns);
	bool whole = true;

	while (visits_open(visits) > 0 && instant_before(trial_now(), until))
		turn(visits);
	for (uint32_t i = 0; i < visits->count; i++) {
		const struct visits_one *one = &visits->all[i];

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

/* ---- gaps ---- */

void
visits_mark(struct visits *visits)
{
	for (uint32_t i = 0; i < visits->count; i++)
		visits->all[i].gap_ns = 0;
}

int64_t
visits_gap_ns(const struct visits *visits, uint32_t number)
{
	const struct visits_one *one = &visits->all[number];
	int64_t lasting_ns =
		one->ended ? 0 : instant_distance_ns(one->last, trial_now());

	return lasting_ns > one->gap_ns ? lasting_ns : one->gap_ns;
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
visits_uploaded(const struct visits *visits, uint16_t port, uint64_t bytes)
{
	char name[16], path[LAB_PATH];

	name_of(port, name);
	for (uint32_t i = 0; i < visits->lab->settings.fabric.servers; i++) {
		lab_upload_path(visits->lab, i, name, path);
		if (file_matches(path, bytes))
			return i;
	}
	return FABRIC_NONE;
}
