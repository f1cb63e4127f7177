/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stint_lookup.c - measure.lookups in a lab: who owns this session?
 *
 * Now and then a random daemon that does not own it is asked for a random open
 * session through its control socket, as homewardctl would. The lookup is the
 * daemon's own and so is its time (a report like any other); what the control
 * socket costs is not in it. One is asked at a time, by the hand.
 */
#include "harness/emulate/stint_state.h"

#include <stdlib.h>
#include <string.h>

#include "core/wire/cursor.h"
#include "live/conf/place.h"
#include "sim/engine/actor.h"
#include "sim/engine/memory.h"

#define ASKER_TRIES 64

struct stint_lookups {
	struct rng rng;
	uint32_t asked;
};

struct question {
	char control[LAB_PATH];
	char request[2 * PLACE_TEXT + 16];
};

int
stint_lookups_create(struct stint *stint)
{
	stint->lookups = memory_zeroed(1, sizeof(*stint->lookups));
	stint->lookups->rng =
		actor_rng(stint->settings->seed, ACTOR_OPERATIONS, 0);
	return 0;
}

void
stint_lookups_destroy(struct stint_lookups *lookups)
{
	free(lookups);
}

static void
schedule(struct stint *stint)
{
	const struct measure_settings *measure = &stint->settings->measure;
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = WORKLOAD_OPERATION,
	};

	if (stint->lookups->asked < measure->lookups)
		queue_schedule(stint->queue, 0,
			       rng_exponential(&stint->lookups->rng,
					       measure->interval_ns),
			       &event);
}

void
stint_lookups_start(struct stint *stint)
{
	if (stint->settings->service.homeward)
		schedule(stint);
}

static uint32_t
choose_asker(struct stint *stint, uint32_t owner)
{
	for (unsigned i = 0; i < ASKER_TRIES; i++) {
		uint32_t server = (uint32_t)rng_below(
			&stint->lookups->rng, stint->settings->fabric.servers);
		if (server != owner)
			return server;
	}
	return WATCH_NONE;
}

static int
question_ask(void *context)
{
	const struct question *question = context;

	return monitor_ask(question->control, question->request);
}

static void
question_done(void *context, int result)
{
	(void)result; /* a lookup that failed is reported as such */
	free(context);
}

static void
question_put(struct stint *stint, uint32_t server,
	     const struct session_key *key)
{
	struct question *question = memory_zeroed(1, sizeof(*question));
	struct endpoint client = { .port = wire_get16(key->client_port) };
	struct endpoint service = { .port = wire_get16(key->service_port) };
	char from[PLACE_TEXT], to[PLACE_TEXT];

	client.address.family = service.address.family = key->family;
	memcpy(client.address.bytes, key->client, sizeof(key->client));
	memcpy(service.address.bytes, key->service, sizeof(key->service));
	lab_control_path(&stint->lab, server, question->control);
	(void)snprintf(question->request, sizeof(question->request),
		       "lookup %s %s\n", place_format(&client, from),
		       place_format(&service, to));
	hand_do(stint->hand,
		&(struct hand_job){ question, question_ask, question_done });
}

void
stint_lookups_event(struct stint *stint)
{
	struct stint_lookups *lookups = stint->lookups;
	uint32_t flow = workload_random(stint->workload, &lookups->rng);

	if (flow != WATCH_NONE) {
		const struct session *session =
			workload_session(stint->workload, flow);
		uint32_t server = choose_asker(stint, session->owner);

		lookups->asked++;
		if (server != WATCH_NONE)
			question_put(stint, server, &session->key);
	}
	schedule(stint);
}
