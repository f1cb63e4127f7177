/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay_state.c - the fabric and servers that a capture is played on
 *
 * The paper's fabric, with two changes so that the capture's own times decide:
 * the client is as near as any other hop (round trips are in the capture
 * already), and queues are never full (the capture's load went through its
 * own network). The MTU is what the largest packet needs, encapsulated, unless
 * it was asked for.
 *
 * Addresses. The servers' own must not occur in the capture: IPv4's if they do
 * not, else IPv6's.
 */
#include "harness/replay/replay_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dht/lookup.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/wire/gue.h"
#include "harness/base/exit.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/scheme/schemes.h"

#define HELD_BYTES_MAX	 (UINT32_C(64) << 20)
#define REASSEMBLY_COUNT 64
#define QUEUE_BYTES	 (UINT32_C(1) << 30)
#define MTU_BASE	 1600 /* RFC 7938 fabrics run this or more */

int64_t
replay_state_since(const struct replay *replay, struct instant now)
{
	return instant_distance_ns(replay->zero, now);
}

/* ---- settings ---- */

static uint32_t
mtu_needed(const struct replay *replay)
{
	uint32_t bytes = replay->size_max + GUE_OVERHEAD6;

	if (bytes < MTU_BASE)
		return MTU_BASE;
	return bytes > REPLAY_MTU_MAX ? REPLAY_MTU_MAX : bytes;
}

static void
settings_fill(struct replay *replay)
{
	struct settings *settings = &replay->settings;
	struct fabric_settings *fabric = &settings->fabric;
	struct link_settings *links[] = {
		&fabric->client_link,
		&fabric->edge_link,
		&fabric->fabric_link,
		&fabric->server_link,
	};

	settings_default(settings);
	if (replay->asked.mtu_bytes == 0)
		replay->asked.mtu_bytes = mtu_needed(replay);
	settings->seed = replay->asked.seed;
	settings->service.scheme =
		replay->asked.homeward ? SCHEME_HOMEWARD : SCHEME_NONE;
	settings->service.steer.mtu_bytes = replay->asked.mtu_bytes;
	fabric->servers = replay->asked.servers;
	fabric->clients = 1;
	fabric->client_link.delay_ns = fabric->edge_link.delay_ns;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		links[i]->mtu_bytes = replay->asked.mtu_bytes;
		links[i]->queue_bytes = QUEUE_BYTES;
	}
	if (!replay->asked.lab_routing)
		settings->routing = (struct routing_settings){
			.ecmp = settings->routing.ecmp,
			.resilient_buckets =
				settings->routing.resilient_buckets,
			.detection = DETECTION_CARRIER,
		};
}

/* Client, edge, exit, spine, leaf, server: five links, each stores the packet
 * before it sends it on. */
static int64_t
one_way(const struct replay *replay)
{
	const struct fabric_settings *fabric = &replay->settings.fabric;
	const struct link_settings *links[] = {
		&fabric->client_link, &fabric->edge_link,
		&fabric->fabric_link, &fabric->fabric_link,
		&fabric->server_link,
	};
	int64_t sum_ns = 0;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		uint64_t bits = UINT64_C(8) * replay->size_max;

		sum_ns += links[i]->delay_ns;
		if (links[i]->rate_bps > 0)
			sum_ns += (int64_t)(bits * (uint64_t)NS_PER_S /
						    links[i]->rate_bps +
					    1);
	}
	return sum_ns;
}

/* ---- what the network tells ---- */

static void
tap(void *context, const char *device, uint32_t port, struct instant at,
    const uint8_t *bytes, uint32_t size)
{
	struct replay *replay = context;

	at.ns = replay_state_since(replay, at);
	if (replay->trace != NULL && at.ns >= 0)
		trace_packet(replay->trace, device, port, at, bytes, size);
}

static void
counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct replay *replay = context;

	if (replay->counter_count == replay->counter_capacity) {
		replay->counter_capacity = 2 * replay->counter_capacity + 64;
		replay->counters =
			reallocarray(replay->counters, replay->counter_capacity,
				     sizeof(*replay->counters));
		if (replay->counters == NULL)
			abort();
	}
	struct replay_state_counter *row =
		&replay->counters[replay->counter_count++];
	*row = (struct replay_state_counter){ .value = value };
	snprintf(row->node, sizeof(row->node), "%s", node);
	snprintf(row->name, sizeof(row->name), "%s", name);
}

static void
client_answer(struct replay *replay, uint32_t index, const uint8_t *bytes,
	      uint32_t size)
{
	struct delivery *delivery = deliveries_get(replay->deliveries, index);
	struct conversation_state *state =
		&replay->states[delivery->conversation];
	struct packet packet;

	if (delivery->state == DELIVERY_DELIVERED) {
		replay->duplicates++;
		return;
	}
	delivery->state = DELIVERY_DELIVERED;
	state->answers_delivered++;
	if (packet_parse(bytes, size, &packet) == DROP_NONE)
		state->bytes += packet.payload_bytes;
}

/* A RST that no captured server sent. */
static void
client_reset(struct replay *replay, const struct packet *packet)
{
	uint32_t conversation = CONVERSATION_NONE;
	struct session_key key;

	if ((packet->tcp_flags & TCP_RST) &&
	    packet_session(packet, true, &key) == DROP_NONE)
		conversation = conversations_begun(replay->conversations, &key);
	if (conversation == CONVERSATION_NONE) {
		replay->altered++;
		return;
	}
	replay->states[conversation].resets++;
	if (!replay->states[conversation].ended)
		replay->states[conversation].reset_open = true;
}

/* What reaches the client: the servers' packets, and what nobody wanted. */
static void
client_arrive(struct replay *replay, struct instant now, const uint8_t *bytes,
	      uint32_t size)
{
	uint32_t index =
		deliveries_find(replay->deliveries, bytes, size, DELIVERY_SENT);
	struct packet packet;

	if (index != DELIVERY_NONE) {
		client_answer(replay, index, bytes, size);
	} else if (packet_parse(bytes, size, &packet) != DROP_NONE) {
		replay->altered++;
	} else if (packet.mf || packet.fragment_offset > 0) {
		/* A piece of a packet that did not fit a link. */
		bytes = reassembly_add(replay->reassembly, now, replay->client,
				       bytes, &packet, &size);
		if (bytes != NULL)
			client_arrive(replay, now, bytes, size);
	} else if (packet.icmp_error) {
		replay->errors_client++;
	} else {
		client_reset(replay, &packet);
	}
}

static void
deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	const uint8_t *bytes, uint32_t size)
{
	struct replay *replay = context;

	if (device < replay->server_count)
		replay_state_arrive(replay, now, device, port, bytes, size);
	else
		client_arrive(replay, now, bytes, size);
}

/* ---- addresses ---- */

static bool
same_bytes(const struct address *address, uint8_t family,
	   const uint8_t bytes[16])
{
	return family == address->family &&
	       memcmp(address->bytes, bytes, family == 4 ? 4 : 16) == 0;
}

/* Does an address of the capture belong to one of our servers? */
static bool
family_taken(const struct replay *replay, uint8_t family)
{
	for (uint32_t i = 0; i < replay->server_count; i++) {
		struct address loopback =
			network_host_address(replay->network, i, family);

		for (uint32_t j = 0;
		     j < conversations_count(replay->conversations); j++) {
			const struct session_key *key =
				&conversations_get(replay->conversations, j)
					 ->key;

			if (same_bytes(&loopback, key->family, key->client) ||
			    same_bytes(&loopback, key->family, key->service))
				return true;
		}
	}
	return false;
}

static int
family_choose(struct replay *replay)
{
	replay->family = family_taken(replay, 4) ? 6 : 4;
	if (replay->family == 6 && family_taken(replay, 6)) {
		fprintf(stderr,
			"homeward replay: %s: has addresses that our servers "
			"need, 10.0.0.1 and 2001:db8:a::1 and up\n",
			replay->asked.path);
		return EXIT_USAGE;
	}
	network_guests(replay->network, replay->services, replay->service_count,
		       replay->family);
	return 0;
}

/* ---- servers ---- */

/* Sessions that can ever be published. */
static uint32_t
sessions_opened(struct replay *replay)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < conversations_count(replay->conversations);
	     i++) {
		const struct conversation *conversation =
			conversations_get(replay->conversations, i);

		count += conversation->syn && conversation->to_server > 1;
	}
	return count;
}

static uint32_t
within(uint64_t value, uint32_t low, uint32_t high)
{
	return value < low ? low : value > high ? high : (uint32_t)value;
}

static void
tables_create(struct replay *replay)
{
	const struct siphash_key *placement = &replay->settings.dht.placement;
	uint32_t endpoints = replay->server_count + 16;
	uint32_t opened = sessions_opened(replay);
	uint32_t lookups = within(2 * (uint64_t)opened, 256, 16384);
	uint32_t publications =
		within((uint64_t)opened + 64, 64, UINT32_MAX / 2);
	uint32_t stored = within(8 * (uint64_t)opened, 1024, INT32_MAX / 2);
	uint32_t replicas = replay->settings.dht.node.replicas;
	const struct steer_settings *steer = &replay->settings.service.steer;

	replay->parts = (struct node_parts){
		.traffic = &replay->traffic,
		.endpoints = endpoints_init(
			memory_zeroed(1, endpoints_size(endpoints)), endpoints,
			placement),
		.lookups = lookups_init(memory_zeroed(1, lookups_size(lookups)),
					lookups),
		.store = store_init(memory_zeroed(1, store_size(stored)),
				    stored, placement),
		.publications = publications_init(
			memory_zeroed(
				1, publications_size(publications, replicas)),
			publications, replicas),
	};
	replay->node_limits.contacts = replay->server_count;
	replay->scheme_limits = (struct scheme_limits){
		.servers = replay->server_count,
		.steer = {
			.flows = within(conversations_count(replay->conversations),
					1024, 65536),
			.fragments = 1024,
			.prefixes = 1024,
			.peers = within(replay->server_count, 16,
					REPLAY_SERVERS_MAX),
			.sketch_bytes = 1 << 18,
		},
		.held_bytes = within((uint64_t)steer->hold_bytes *
					     replay->server_count,
				     256, HELD_BYTES_MAX),
	};
}

/* All are in each other's tables, as after joins. */
static void
servers_meet(struct replay *replay)
{
	struct server_agent *servers = replay->server_agents->array;

	for (uint32_t i = 0; i < replay->server_count; i++)
		for (uint32_t j = 0; j < replay->server_count; j++)
			if (i != j)
				node_learn(servers[i].node,
					   (struct instant){ .ns = 0 },
					   node_self(servers[j].node));
}

static void
servers_create(struct replay *replay)
{
	const struct settings *settings = &replay->settings;
	uint64_t seed = stream_seed(settings->seed, STREAM_NODE);
	size_t node_bytes = (node_size(&replay->node_limits) + 7) / 8 * 8;
	const struct scheme *scheme = schemes_get(settings->service.scheme);
	struct scheme_sizes sizes = scheme->sizes(&replay->scheme_limits);
	size_t scheme_bytes = (sizes.server + 7) / 8 * 8;
	uint32_t count = replay->server_count;

	replay->sequences = memory_zeroed(count, sizeof(*replay->sequences));
	replay->server_agents =
		server_agents_create(&(struct server_agent_world){
			.owner = &replay_state_owner,
			.context = replay,
			.settings = settings,
			.steer = &settings->service.steer,
			.scheme = scheme,
			.network = replay->network,
			.queue = replay->queue,
			.reassembly = replay->reassembly,
			.endpoints = replay->parts.endpoints,
			.count = count,
			.family = replay->family,
		});
	struct server_agent *servers = replay->server_agents->array;
	replay->node_memory = memory_zeroed(count, node_bytes);
	if (sizes.shared > 0) {
		replay->scheme_shared = memory_zeroed(1, sizes.shared);
		scheme->share(replay->scheme_shared, &replay->scheme_limits);
	}
	if (scheme_bytes > 0)
		replay->scheme_memory = memory_zeroed(count, scheme_bytes);
	for (uint32_t i = 0; i < count; i++) {
		struct server_agent *server = &servers[i];

		server->node =
			node_init(replay->node_memory + i * node_bytes,
				  &replay->node_limits, &settings->dht.node,
				  &replay->parts, i, seed);
		const struct scheme_site site = {
			.server = i,
			.seed = seed,
			.limits = &replay->scheme_limits,
			.settings = &settings->service.steer,
			.node = server->node,
			.endpoints = replay->parts.endpoints,
			.shared = replay->scheme_shared,
			.whose = replay_state_owner.whose,
			.context = replay,
		};
		server_agent_init(replay->server_agents, i,
				  scheme_bytes == 0 ? NULL
						    : replay->scheme_memory +
							      i * scheme_bytes,
				  &site);
	}
	servers_meet(replay);
}

/* ---- making and unmaking ---- */

int
replay_state_create(struct replay *replay)
{
	struct steer_settings *steer = &replay->settings.service.steer;
	char error[256];

	settings_fill(replay);
	replay->one_way_ns = one_way(replay);
	replay->server_count = replay->asked.servers;
	replay->states =
		memory_zeroed(conversations_count(replay->conversations),
			      sizeof(*replay->states));
	for (uint32_t i = 0; i < conversations_count(replay->conversations);
	     i++) {
		struct conversation_state *state = &replay->states[i];

		state->opened_ns = state->closed_ns = REPLAY_STATE_NEVER;
		state->stray_ns = state->lookup_ns = REPLAY_STATE_NEVER;
	}
	steer->services = replay->services;
	steer->service_count = replay->service_count;
	replay->queue = queue_create();
	replay->watch = (struct watch){ .context = replay, .counter = counter };
	if (replay->trace != NULL)
		replay->watch.packet = tap;
	if (network_create(&replay->network, &replay->settings, replay->queue,
			   &replay->watch, deliver, replay, error,
			   sizeof(error)) != 0) {
		fprintf(stderr, "homeward replay: %s\n", error);
		return EXIT_USAGE;
	}
	if (replay->asked.move == REPLAY_CUT &&
	    network_link_find(replay->network, replay->asked.link) ==
		    UINT32_MAX) {
		fprintf(stderr,
			"homeward replay: no link '%s'; links are named like "
			"leaf1-server1 or exit1-spine2\n",
			replay->asked.link);
		return EXIT_USAGE;
	}
	if (family_choose(replay) != 0)
		return EXIT_USAGE;
	replay->client = network_client_device(replay->network, 0);
	replay->reassembly = reassembly_create(REASSEMBLY_COUNT);
	tables_create(replay);
	servers_create(replay);
	return 0;
}

void
replay_state_destroy(struct replay *replay)
{
	while (replay->answer_first != NULL) {
		struct answer *next = replay->answer_first->next;

		free(replay->answer_first);
		replay->answer_first = next;
	}
	free(replay->node_memory);
	free(replay->scheme_memory);
	server_agents_destroy(replay->server_agents);
	free(replay->sequences);
	free(replay->scheme_shared);
	free(replay->parts.endpoints);
	free(replay->parts.lookups);
	free(replay->parts.store);
	free(replay->parts.publications);
	if (replay->reassembly != NULL)
		reassembly_destroy(replay->reassembly);
	network_destroy(replay->network);
	if (replay->queue != NULL)
		queue_destroy(replay->queue);
	free(replay->states);
	free(replay->measurements);
	free(replay->faults);
	free(replay->counters);
}
