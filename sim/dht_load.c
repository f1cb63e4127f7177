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

/* Keys that were removed last. */
#define REMOVED_KEPT 64

struct slot {
	uint32_t key, owner; /* owner WATCH_NONE: nobody could store it */
};

struct dht_load {
	const struct settings *settings;
	struct queue *queue;
	struct servers *servers;
	struct workload *workload;
	struct address service;
	struct rng rng;
	uint32_t set, removed, looked_up; /* so far */
	uint32_t filled; /* slots that have had a key */
	struct slot *slots; /* measure.stores of them */
	uint32_t swept; /* the slot to be looked at next */
	uint32_t gone; /* keys put into the ring */
	uint32_t gone_keys[REMOVED_KEPT];
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
		.slots = calloc((size_t)settings->measure.stores + 1,
				sizeof(struct slot)),
	};
	if (load->slots == NULL)
		abort();
	return load;
}

void
dht_load_destroy(struct dht_load *load)
{
	if (load != NULL)
		free(load->slots);
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

static uint32_t
random_slot(struct dht_load *load)
{
	return (uint32_t)rng_below(&load->rng, load->settings->measure.stores);
}

static bool
is_owned(const struct dht_load *load, const struct slot *slot)
{
	struct session_key key;

	key_make(load, slot->key, &key);
	return slot->owner != WATCH_NONE &&
	       servers_owns(load->servers, slot->owner, &key);
}

static void
store_one(struct dht_load *load, struct instant now, uint32_t slot)
{
	uint32_t server = servers_random(load->servers, &load->rng);
	struct session_key key;

	key_make(load, load->set, &key);
	load->slots[slot] = (struct slot){ load->set++, server };
	if (server != WATCH_NONE)
		(void)servers_set(load->servers, now, server, &key);
}

/* Of a key that is still owned; of none when a few tries find none. */
static void
remove_one(struct dht_load *load, struct instant now)
{
	struct session_key key;

	for (unsigned i = 0; i < ASKER_TRIES; i++) {
		const struct slot *slot = &load->slots[random_slot(load)];

		if (!is_owned(load, slot))
			continue;
		key_make(load, slot->key, &key);
		(void)servers_remove(load->servers, now, slot->owner, &key);
		load->gone_keys[load->gone++ % REMOVED_KEPT] = slot->key;
		break;
	}
	load->removed++;
}

static void
look_up_key(struct dht_load *load, struct instant now, uint32_t number,
	    uint32_t owner)
{
	uint32_t server = choose_asker(load, owner);
	struct session_key key;

	key_make(load, number, &key);
	if (server != WATCH_NONE)
		(void)servers_get(load->servers, now, server, &key);
}

/* False: nothing to look up at the moment. */
static bool
look_up_session(struct dht_load *load, struct instant now)
{
	uint32_t flow = workload_random(load->workload, &load->rng);

	if (flow == WATCH_NONE)
		return false;
	const struct session *session = workload_session(load->workload, flow);
	uint32_t server = choose_asker(load, session->owner);
	struct session_key key = session->key;

	if (server != WATCH_NONE)
		(void)servers_get(load->servers, now, server, &key);
	return true;
}

static void
look_up_one(struct dht_load *load, struct instant now)
{
	if (load->settings->measure.stores == 0) {
		load->looked_up += look_up_session(load, now);
		return;
	}
	const struct slot *slot = &load->slots[random_slot(load)];
	look_up_key(load, now, slot->key, slot->owner);
	load->looked_up++;
}

/* ---- phases ---- */

static uint32_t
left(uint32_t wanted, uint32_t done)
{
	return wanted > done ? wanted - done : 0;
}

/* One operation; the pause behind it. */
static int64_t
phase_step(struct dht_load *load, struct instant now)
{
	const struct measure_settings *measure = &load->settings->measure;

	if (load->filled < measure->stores) {
		store_one(load, now, load->filled++);
		return load->filled == measure->stores ? DHT_LOAD_PAUSE_NS : 0;
	}
	if (load->removed < measure->removals) {
		remove_one(load, now);
		return load->removed == measure->removals ? DHT_LOAD_PAUSE_NS
							  : 0;
	}
	look_up_one(load, now);
	return 0;
}

/* ---- mixed ---- */

/* Look at the next few slots. True: one was vacant, and has been filled. */
static bool
sweep(struct dht_load *load, struct instant now)
{
	for (unsigned i = 0; i < DHT_LOAD_SWEEP; i++) {
		uint32_t slot = load->swept;

		load->swept = (slot + 1) % load->settings->measure.stores;
		if (is_owned(load, &load->slots[slot]))
			continue;
		store_one(load, now, slot);
		return true;
	}
	return false;
}

static void
look_up_mixed(struct dht_load *load, struct instant now)
{
	uint32_t kept = load->gone < REMOVED_KEPT ? load->gone : REMOVED_KEPT;

	if (kept == 0 || rng_below(&load->rng, DHT_LOAD_REMOVED) > 0) {
		look_up_one(load, now);
		return;
	}
	look_up_key(load, now, load->gone_keys[rng_below(&load->rng, kept)],
		    WATCH_NONE);
	load->looked_up++;
}

static int64_t
mixed_step(struct dht_load *load, struct instant now)
{
	const struct measure_settings *measure = &load->settings->measure;
	uint32_t removals = left(measure->removals, load->removed);
	uint32_t lookups = left(measure->lookups, load->looked_up);

	if (load->filled < measure->stores) {
		store_one(load, now, load->filled++);
		return load->filled == measure->stores ? DHT_LOAD_PAUSE_NS : 0;
	}
	if (sweep(load, now))
		return 0;
	if (rng_below(&load->rng, (uint64_t)removals + lookups) < removals)
		remove_one(load, now);
	else
		look_up_mixed(load, now);
	return 0;
}

void
dht_load_event(struct dht_load *load, struct instant now)
{
	const struct measure_settings *measure = &load->settings->measure;
	int64_t pause_ns = measure->mix == LOAD_MIXED ? mixed_step(load, now)
						      : phase_step(load, now);

	if (load->filled < measure->stores ||
	    load->removed < measure->removals ||
	    load->looked_up < measure->lookups)
		schedule(load, pause_ns);
}
