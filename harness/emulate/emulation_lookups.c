/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulation_lookups.c - measure.lookups in a lab: which server owns a session?
 *
 * Now and then a random daemon that does not own it is asked for a random open
 * session through its control socket, as homewardctl would. The lookup is the
 * daemon's own and so is its time (a report like any other); what the control
 * socket costs is not in it. One is asked at a time, by the worker.
 */
#include "harness/emulate/emulation_state.h"

#include <stdlib.h>
#include <string.h>

#include "core/wire/cursor.h"
#include "live/conf/endpoint_text.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"

#define ASKER_TRIES 64

struct emulation_lookups {
	struct rng rng;
	uint32_t asked;
};

struct question {
	char control[LAB_PATH];
	char request[2 * ENDPOINT_TEXT_BYTES + 16];
};

int
emulation_lookups_create(struct emulation *emulation)
{
	emulation->lookups = memory_zeroed(1, sizeof(*emulation->lookups));
	emulation->lookups->rng =
		stream_rng(emulation->settings->seed, STREAM_DHT_LOAD, 0);
	return 0;
}

void
emulation_lookups_destroy(struct emulation_lookups *lookups)
{
	free(lookups);
}

static void
schedule(struct emulation *emulation)
{
	const struct measure_settings *measure = &emulation->settings->measure;
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = WORKLOAD_DHT_LOAD,
	};

	if (emulation->lookups->asked < measure->lookups)
		queue_schedule(emulation->queue, 0,
			       rng_exponential(&emulation->lookups->rng,
					       measure->interval_ns),
			       &event);
}

void
emulation_lookups_start(struct emulation *emulation)
{
	if (emulation->settings->service.scheme == SCHEME_HOMEWARD)
		schedule(emulation);
}

static uint32_t
choose_asker(struct emulation *emulation, uint32_t owner)
{
	for (unsigned i = 0; i < ASKER_TRIES; i++) {
		uint32_t server = (uint32_t)rng_below(
			&emulation->lookups->rng,
			emulation->settings->fabric.servers);
		if (server != owner)
			return server;
	}
	return WATCH_NONE;
}

static int
question_ask(void *context)
{
	const struct question *question = context;

	return watch_client_ask(question->control, question->request);
}

static void
question_done(void *context, int result)
{
	(void)result; /* a lookup that failed is reported as such */
	free(context);
}

static void
question_put(struct emulation *emulation, uint32_t server,
	     const struct session_key *key)
{
	struct question *question = memory_zeroed(1, sizeof(*question));
	struct endpoint client = { .port = wire_get16(key->client_port) };
	struct endpoint service = { .port = wire_get16(key->service_port) };
	char from[ENDPOINT_TEXT_BYTES], to[ENDPOINT_TEXT_BYTES];

	client.address.family = service.address.family = key->family;
	memcpy(client.address.bytes, key->client, sizeof(key->client));
	memcpy(service.address.bytes, key->service, sizeof(key->service));
	lab_control_path(&emulation->lab, server, question->control);
	(void)snprintf(question->request, sizeof(question->request),
		       "lookup %s %s\n", endpoint_text_format(&client, from),
		       endpoint_text_format(&service, to));
	worker_do(
		emulation->worker,
		&(struct worker_job){ question, question_ask, question_done });
}

void
emulation_lookups_event(struct emulation *emulation)
{
	struct emulation_lookups *lookups = emulation->lookups;
	uint32_t flow = workload_random(emulation->workload, &lookups->rng);

	if (flow != WATCH_NONE) {
		const struct session *session =
			workload_session(emulation->workload, flow);
		uint32_t server = choose_asker(emulation, session->owner);

		lookups->asked++;
		if (server != WATCH_NONE)
			question_put(emulation, server, &session->key);
	}
	schedule(emulation);
}
