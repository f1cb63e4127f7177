/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dht_load.c - one pending event: the next store or lookup
 */
#include "sim/dht_load.h"

#include <stdlib.h>
#include <string.h>

#include "core/wire/cursor.h"
#include "core/wire/protocol.h"
#include "sim/engine/random_stream.h"
#include "sim/model/workload.h"

#define CLIENT_NET4 0xc6120000u /* 198.18.0.0 */
#define PORT_FIRST  1024u
#define PORT_COUNT  60000u
#define ASKER_TRIES 64

struct dht_load {
	const struct settings *settings;
	struct queue *queue;
	struct servers *servers;
	struct workload *workload;
	struct address service;
	struct rng rng;
	uint32_t set, looked_up; /* so far */
	uint32_t *owners; /* of the keys set */
};

struct dht_load *
dht_load_create(const struct settings *settings, struct queue *queue,
		struct network *network, struct servers *servers,
		struct workload *workload)
{
	struct dht_load *load = calloc(1, sizeof(*load));

	if (load == NULL)
		abort();
	*load = (struct dht_load){
		.settings = settings,
		.queue = queue,
		.servers = servers,
		.workload = workload,
		.service = network_service_address(network,
						   settings->service.family),
		.rng = stream_rng(settings->seed, STREAM_DHT_LOAD, 0),
		.owners = calloc((size_t)settings->measure.stores + 1,
				 sizeof(uint32_t)),
	};
	if (load->owners == NULL)
		abort();
	return load;
}

void
dht_load_destroy(struct dht_load *load)
{
	if (load != NULL)
		free(load->owners);
	free(load);
}

static void
key_make(const struct dht_load *load, uint32_t index, struct session_key *key)
{
	static const uint8_t net6[12] = { 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x0b };
	uint32_t port = PORT_FIRST + index % PORT_COUNT;
	uint32_t host = index / PORT_COUNT + 1;

	memset(key, 0, sizeof(*key));
	key->family = load->settings->service.family;
	key->protocol = IP_TCP;
	memcpy(key->service, load->service.bytes, 16);
	wire_put16(key->service_port, load->settings->service.port);
	wire_put16(key->client_port, (uint16_t)port);
	if (key->family == 4) {
		wire_put32(key->client, CLIENT_NET4 + host);
	} else {
		memcpy(key->client, net6, sizeof(net6));
		wire_put32(key->client + 12, host);
	}
}

static void
schedule(struct dht_load *load, int64_t pause_ns)
{
	int64_t mean = load->settings->measure.interval_ns;
	int64_t delay = pause_ns + rng_exponential(&load->rng, mean);
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = WORKLOAD_DHT_LOAD,
	};

	queue_schedule(load->queue, 0, delay, &event);
}

void
dht_load_start(struct dht_load *load)
{
	if (load->settings->measure.stores > 0 ||
	    load->settings->measure.lookups > 0)
		schedule(load, 0);
}

/* The asker is never the owner, which knows without asking. */
static uint32_t
choose_asker(struct dht_load *load, uint32_t owner)
{
	for (unsigned i = 0; i < ASKER_TRIES; i++) {
		uint32_t server = servers_random(load->servers, &load->rng);
		if (server != owner)
			return server;
	}
	return WATCH_NONE;
}

static void
store_one(struct dht_load *load, struct instant now)
{
	uint32_t server = servers_random(load->servers, &load->rng);
	struct session_key key;

	key_make(load, load->set, &key);
	load->owners[load->set++] = server;
	if (server != WATCH_NONE)
		(void)servers_set(load->servers, now, server, &key);
}

static void
look_up_one(struct dht_load *load, struct instant now)
{
	uint32_t stored = load->settings->measure.stores;
	uint32_t server, flow;
	struct session_key key;

	if (stored > 0) {
		uint32_t index = (uint32_t)rng_below(&load->rng, stored);

		server = choose_asker(load, load->owners[index]);
		key_make(load, index, &key);
	} else {
		flow = workload_random(load->workload, &load->rng);
		if (flow == WATCH_NONE)
			return; /* nothing to look up at the moment */
		const struct session *session =
			workload_session(load->workload, flow);

		server = choose_asker(load, session->owner);
		key = session->key;
	}
	load->looked_up++;
	if (server != WATCH_NONE)
		(void)servers_get(load->servers, now, server, &key);
}

void
dht_load_event(struct dht_load *load, struct instant now)
{
	const struct measure_settings *measure = &load->settings->measure;
	bool setting = load->set < measure->stores;

	if (setting)
		store_one(load, now);
	else
		look_up_one(load, now);
	bool last_setting = setting && load->set == measure->stores;
	if (load->set < measure->stores || load->looked_up < measure->lookups)
		schedule(load, last_setting ? DHT_LOAD_PAUSE_NS : 0);
}
