/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake.h - an engine, a data path and a udp_out without packets, for tests
 *
 * Included by one test file, which then links these instead of the real ones.
 * A test sets the numbers, answers lookups when it likes, and calls the
 * listener.
 */
#ifndef LIVE_TEST_FAKE_H
#define LIVE_TEST_FAKE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/dht/traffic.h"
#include "live/control/control.h"
#include "live/engine/engine.h"
#include "live/engine/sessions.h"
#include "live/kernel/datapath.h"
#include "live/kernel/udp_out.h"

#define FAKE_LOOKUPS 8

struct fake_lookup {
	void (*done)(void *, const struct node_event *);
	void *context;
	struct session_key key;
};

static struct {
	struct node_counters node;
	struct traffic traffic;
	struct steer_counters steer;
	struct engine_counters engine;
	struct datapath_counters datapath;
	struct udp_out_counters udp_out;
	uint32_t open; /* sessions */
	uint32_t listed; /* sessions that sessions_each() makes up */
	uint32_t peers;
	struct version raised; /* that of the second session; 0: it is not */
	struct engine_listener listener;
	struct fake_lookup lookups[FAKE_LOOKUPS];
	uint32_t lookup_count;
} fake;

static const struct endpoint fake_owner = {
	.address = { .family = 4, .bytes = { 10, 0, 0, 2 } }, .port = 7000
};

void
engine_listen(struct engine *engine, const struct engine_listener *listener)
{
	(void)engine;
	fake.listener = *listener;
}

int
engine_lookup(struct engine *engine, struct instant now,
	      const struct session_key *key,
	      void (*done)(void *, const struct node_event *), void *context)
{
	(void)engine;
	(void)now;
	if (fake.lookup_count == FAKE_LOOKUPS)
		return -EAGAIN;
	fake.lookups[fake.lookup_count++] =
		(struct fake_lookup){ done, context, *key };
	return 0;
}

void
engine_status(struct engine *engine, struct engine_status *status)
{
	(void)engine;
	*status = (struct engine_status){
		.joined = true,
		.sessions = fake.open,
		.contacts = 3,
		.flows = 5,
		.records = 7,
		.memory_bytes = 12345678,
		.node = &fake.node,
		.traffic = &fake.traffic,
		.steer = &fake.steer,
		.engine = &fake.engine,
	};
}

const struct endpoint *
engine_endpoint(const struct engine *engine, uint32_t index)
{
	(void)engine;
	return index == 1 ? &fake_owner : NULL;
}

void
engine_peers(struct engine *engine,
	     void (*each)(void *, const struct endpoint *), void *context)
{
	(void)engine;
	for (uint32_t i = 0; i < fake.peers; i++) {
		struct endpoint peer = fake_owner;
		peer.address.bytes[3] = (uint8_t)(2 + i);
		each(context, &peer);
	}
}

bool
engine_version(const struct engine *engine, const struct session_key *key,
	       struct version *version)
{
	(void)engine;
	*version = fake.raised;
	return fake.raised.established_ns > 0 && key->client_port[1] == 1;
}

void
datapath_counters(struct datapath *datapath, struct datapath_counters *counters)
{
	(void)datapath;
	*counters = fake.datapath;
}

const struct udp_out_counters *
udp_out_counters(const struct udp_out *udp_out)
{
	(void)udp_out;
	return &fake.udp_out;
}

static inline struct session_key
fake_session(uint32_t number)
{
	struct session_key key = { .client = { 10, 1 },
				   .service = { 192, 0, 2, 1 },
				   .client_port = { 0x9c, 0x41 },
				   .service_port = { 0, 80 },
				   .family = 4,
				   .protocol = 6 };

	key.client[2] = (uint8_t)(number >> 16);
	key.client[3] = (uint8_t)(number >> 8);
	key.client_port[1] = (uint8_t)number;
	return key;
}

void
sessions_each(const struct sessions *sessions,
	      void (*each)(void *, const struct session_key *, struct version),
	      void *context)
{
	(void)sessions;
	for (uint32_t i = 0; i < fake.listed; i++) {
		struct session_key key = fake_session(i);
		each(context, &key,
		     (struct version){ INT64_C(1751371200123456789), i });
	}
}

#endif
