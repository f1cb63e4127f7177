/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster.c - what servers share, and how they come and go
 *
 * Memory is sized once, from the settings: sessions and operations give the
 * number of records, publications and lookups, servers the size of tables. All
 * of one kind lie in one piece, each server's at index * bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dht/lookup.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/endpoint.h"
#include "sim/engine/memory.h"
#include "sim/engine/memory_report.h"
#include "sim/engine/random_stream.h"
#include "sim/host/ideal.h"
#include "sim/host/seeds.h"
#include "sim/host/server_state.h"

#define LOOKUPS_LEAST 1024
/* As one daemon has (records-max): an eighth is of handshakes, which are eight
 * copies of each that the pool of publications has room for. All servers share
 * it, and with less a flood displaces what no daemon's own would. */
#define RECORDS_LEAST	 262144
#define LOOKUPS_MOST	 65536
#define HELD_BYTES_MOST	 (64u << 20)
#define DATAGRAMS	 256 /* in reassembly at a time */
#define FLOWS_BYTES_MOST (512u << 20) /* flow tables of all servers */
#define SKETCHES_MOST	 (256u << 20) /* bytes of all servers */
#define FLOW_BYTES	 192 /* about, for sizing */

static uint32_t
bounded(uint64_t value, uint32_t least, uint32_t most)
{
	if (value < least)
		return least;
	return value > most ? most : (uint32_t)value;
}

/* Full buckets down to where k nodes are left, and those: about 2 k. */
static uint32_t
contacts_for(uint32_t servers, uint32_t k)
{
	uint32_t levels = 3;

	for (uint64_t size = k; size < servers; size *= 2)
		levels++;
	return bounded((uint64_t)k * levels, k, servers + k);
}

static void
share_tables(struct servers *servers)
{
	const struct settings *settings = servers->settings;
	uint64_t keys = (uint64_t)workload_count(servers->workload) +
			settings->measure.stores;
	uint32_t replicas = settings->dht.node.replicas;
	uint32_t lookups =
		bounded(LOOKUPS_LEAST + 2 * keys, LOOKUPS_LEAST, LOOKUPS_MOST);
	/* Records of owners that are gone stay for their time to live. */
	uint32_t spare = settings->measure.mix == LOAD_MIXED ? 12 : 3;
	/* What floods begin takes an eighth at most (store.h). */
	uint32_t records = bounded(RECORDS_LEAST + keys * replicas * spare,
				   RECORDS_LEAST, 1u << 30);
	uint32_t publications = bounded(1024 + keys * 2, 1024, 1u << 28);
	void **shared = servers->shared;
	size_t *bytes = servers->shared_bytes;

	bytes[0] = endpoints_size(servers->count + 64);
	bytes[1] = lookups_size(lookups);
	bytes[2] = store_size(records);
	bytes[3] = publications_size(publications, replicas);
	for (unsigned i = 0; i < 4; i++)
		shared[i] = memory_mapped(bytes[i]);
	servers->parts = (struct node_parts){
		.endpoints = endpoints_init(shared[0], servers->count + 64,
					    &settings->dht.placement),
		.lookups = lookups_init(shared[1], lookups),
		.store = store_init(shared[2], records,
				    &settings->dht.placement),
		.publications =
			publications_init(shared[3], publications, replicas),
		.traffic = &servers->traffic,
	};
}

/* Room for the scheme's states, when there are sessions. */
static void
size_scheme(struct servers *servers, const struct scheme *scheme)
{
	const struct settings *settings = servers->settings;
	uint32_t sessions = workload_count(servers->workload);
	uint32_t most = bounded(FLOWS_BYTES_MOST / FLOW_BYTES / servers->count,
				64, 65536);

	servers->scheme_limits = (struct scheme_limits){
		.servers = servers->count,
		.steer = {
			.flows = bounded(sessions + 16ull, 64, most),
			.fragments = 64,
			.prefixes = 256,
			.peers = bounded(servers->count, 4, 1024),
			.sketch_bytes = bounded(SKETCHES_MOST / servers->count,
						64, 1 << 18),
		},
		.held_bytes =
			bounded((uint64_t)settings->service.steer.hold_bytes *
					servers->count,
				1 << 16, HELD_BYTES_MOST),
	};
	if (sessions == 0)
		return;
	struct scheme_sizes sizes = scheme->sizes(&servers->scheme_limits);
	if (sizes.shared > 0) {
		servers->shared_bytes[4] = sizes.shared;
		servers->shared[4] = memory_mapped(sizes.shared);
		if (scheme->share != NULL)
			scheme->share(servers->shared[4],
				      &servers->scheme_limits);
	}
	if (sizes.server == 0)
		return;
	servers->scheme_bytes = (sizes.server + 63) / 64 * 64;
	servers->scheme_memory =
		memory_mapped(servers->scheme_bytes * servers->count);
}

static void
size_servers(struct servers *servers)
{
	const struct settings *settings = servers->settings;

	servers->node_limits.contacts =
		contacts_for(servers->count, settings->dht.node.k);
	servers->node_bytes = (node_size(&servers->node_limits) + 63) / 64 * 64;
	servers->node_memory =
		memory_mapped(servers->node_bytes * servers->count);
	servers->service = (struct steer_service){
		.address = network_service_address(servers->network,
						   settings->service.family),
		.port = settings->service.port,
	};
	servers->steer_settings = settings->service.steer;
	servers->steer_settings.services = &servers->service;
	servers->steer_settings.service_count = 1;
}

/* Add what the server's node and scheme of now have counted. */
static void
counted_now(const struct servers *servers, uint32_t index,
	    struct server_past *sum)
{
	const struct steer_counters *steer =
		server_agent_counters(servers->server_agents, index);
	const struct node_counters *node =
		node_counters(servers->server_agents->array[index].node);

#define NODE_COUNTER(field)  sum->node.field += node->field;
#define STEER_COUNTER(field) sum->steer.field += steer->field;
	NODE_COUNTER_LIST(NODE_COUNTER)
	STEER_COUNTER_LIST(STEER_COUNTER)
#undef NODE_COUNTER
#undef STEER_COUNTER
	for (unsigned i = 0; i < DROP_COUNT; i++)
		sum->steer.drops[i] += steer->drops[i];
}

/* Its next node and scheme count from 0. */
static void
past_keep(struct servers *servers, uint32_t index)
{
	struct server *server = &servers->servers[index];

	if (server->past == NULL)
		server->past = memory_zeroed(1, sizeof(*server->past));
	counted_now(servers, index, server->past);
}

/* Not to be counted before the tables are settled, see servers_settled(). */
static void
power(struct servers *servers, uint32_t index, bool on)
{
	struct server *server = &servers->servers[index];
	struct instant now = queue_now(servers->queue);

	if (on && !server->alive) {
		server->counters.starts++;
		server->off_ns += instant_distance_ns(server->off_since, now);
	} else if (!on && server->alive) {
		server->off_since = now;
	}
	server->alive = on;
	server->server_agent->asked = false;
}

/* A restart has random streams of its own, so that its sequence numbers are not
 * taken for old ones. */
void
cluster_start(struct servers *servers, uint32_t index)
{
	struct server *server = &servers->servers[index];
	struct server_agent *server_agent = server->server_agent;
	uint64_t seed = servers->node_seed + server_agent->incarnation;

	if (server_agent->node != NULL)
		past_keep(servers, index);
	server_agent->node =
		node_init(servers->node_memory + servers->node_bytes * index,
			  &servers->node_limits, &servers->settings->dht.node,
			  &servers->parts, index, seed);
	const struct scheme_site site = {
		.server = index,
		.seed = seed,
		.starts = server_agent->incarnation,
		.limits = &servers->scheme_limits,
		.settings = &servers->steer_settings,
		.node = server_agent->node,
		.endpoints = servers->parts.endpoints,
		.shared = servers->shared[4],
		.whose = servers->server_agents->world.owner->whose,
		.context = servers,
	};
	uint8_t *memory = servers->scheme_memory;
	if (memory != NULL)
		memory += servers->scheme_bytes * index;
	server_agent_init(servers->server_agents, index, memory, &site);
	alarm_cancel(&server_agent->alarm, servers->server_agents->world.queue);
	power(servers, index, true);
	server_agent_joined(servers->server_agents, index, false);
	server->leaving = server->handing = false;
	if (servers->repairs != NULL)
		repairs_came(servers->repairs, queue_now(servers->queue));
}

static void
make_server(struct servers *servers, uint32_t index)
{
	const struct settings *settings = servers->settings;
	struct server *server = &servers->servers[index];

	server->server_agent = &servers->server_agents->array[index];
	server->lost = INSTANT_NEVER;
	server->rng = stream_rng(settings->seed, STREAM_SERVER, index);
	/* 0 .. 2 * skew: differences count, and no version is negative. */
	server->skew_ns = (int64_t)rng_below(
		&server->rng,
		2 * (uint64_t)settings->service.clock_skew_ns + 1);
}

struct version
cluster_version(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];

	return (struct version){
		.established_ns = now.ns + server->skew_ns,
		.sequence = server->server_agent->sequence++,
	};
}

static bool
repairs_run(void *context, uint32_t index)
{
	return servers_runs(context, index);
}

static bool
repairs_own(void *context, uint32_t index, const struct session_key *key)
{
	const struct servers *servers = context;

	return servers_runs(servers, index) &&
	       node_owns(servers->servers[index].server_agent->node, key, NULL);
}

static void
repairs_measured(void *context, const struct session_key *key,
		 struct instant since, struct instant until, uint32_t index,
		 bool ok)
{
	const struct servers *servers = context;
	const struct watch_measurement m = {
		.metric = METRIC_REPAIR,
		.at = since,
		.value_ns = instant_distance_ns(since, until),
		.node = index,
		.flow = workload_find(servers->workload, key),
		.hops = WATCH_NONE,
		.ok = ok,
	};

	servers->watch->measurement(servers->watch->context, &m);
}

static void
watch_repairs(struct servers *servers)
{
	if (servers->watch->measurement == NULL)
		return;
	servers->repairs = repairs_create(&(struct repairs_world){
		.store = servers->parts.store,
		.endpoints = servers->parts.endpoints,
		.servers = servers->count,
		.replicas = servers->settings->dht.node.replicas,
		.context = servers,
		.runs = repairs_run,
		.owns = repairs_own,
		.measured = repairs_measured,
	});
}

struct servers *
cluster_create(const struct settings *settings, const struct scheme *scheme,
	       const struct server_agent_owner *owner, struct network *network,
	       struct queue *queue, const struct watch *watch,
	       struct workload *workload, struct transport *transport)
{
	struct servers *servers = memory_zeroed(1, sizeof(*servers));

	servers->settings = settings;
	servers->network = network;
	servers->queue = queue;
	servers->watch = watch;
	servers->workload = workload;
	servers->transport = transport;
	servers->reassembly = reassembly_create(DATAGRAMS);
	servers->truths = truths_create();
	servers->node_seed = stream_seed(settings->seed, STREAM_NODE);
	servers->count = settings->fabric.servers;
	servers->servers =
		memory_zeroed(1, servers->count * sizeof(struct server));
	share_tables(servers);
	size_servers(servers);
	size_scheme(servers, scheme);
	servers->server_agents =
		server_agents_create(&(struct server_agent_world){
			.owner = owner,
			.context = servers,
			.settings = settings,
			.steer = &servers->steer_settings,
			.scheme = scheme,
			.network = network,
			.queue = queue,
			.reassembly = servers->reassembly,
			.endpoints = servers->parts.endpoints,
			.count = servers->count,
			.family = settings->service.family,
		});
	for (uint32_t i = 0; i < servers->count; i++)
		make_server(servers, i);
	watch_repairs(servers);
	for (uint32_t i = 0; i < servers->count; i++)
		cluster_start(servers, i);
	return servers;
}

void
servers_destroy(struct servers *servers)
{
	if (servers == NULL)
		return;
	server_agents_destroy(servers->server_agents);
	for (unsigned i = 0; i < 5; i++)
		memory_unmap(servers->shared[i], servers->shared_bytes[i]);
	memory_unmap(servers->node_memory,
		     servers->node_bytes * servers->count);
	memory_unmap(servers->scheme_memory,
		     servers->scheme_bytes * servers->count);
	for (uint32_t i = 0; i < servers->count; i++)
		free(servers->servers[i].past);
	free(servers->servers);
	reassembly_destroy(servers->reassembly);
	truths_destroy(servers->truths);
	repairs_destroy(servers->repairs);
	free(servers);
}

/* What a join would have left: joined, or alone, and the alarm set for the
 * first sweep over idle buckets. */
static void
settle(struct servers *servers, uint32_t index, struct instant until)
{
	struct server_agents *all = servers->server_agents;
	const struct node *node = all->array[index].node;
	struct instant now = queue_now(servers->queue);

	if (node_contact_count(node) == 0) {
		server_agent_join(all, now, index);
		return;
	}
	server_agent_joined(all, index, true);
	if (instant_before(until, node_deadline(node)))
		return;
	(void)server_agent_begin(all);
	server_agent_end(all, now, index);
}

void
servers_ideal(struct servers *servers, struct instant until)
{
	struct node **nodes = memory_zeroed(1, servers->count * sizeof(*nodes));

	for (uint32_t i = 0; i < servers->count; i++)
		if (servers->servers[i].alive)
			nodes[i] = servers->server_agents->array[i].node;
	ideal_fill(nodes, servers->count, servers->parts.endpoints,
		   servers->settings->dht.node.k, servers->settings->seed);
	for (uint32_t i = 0; i < servers->count; i++)
		if (nodes[i] != NULL)
			settle(servers, i, until);
	free(nodes);
}

void
servers_memory(const struct servers *servers, struct memory_report *account)
{
	static const struct node_limits none;
	uint64_t count = servers->count;
	uint64_t heads = node_size(&none);

	memory_report_add(account, "nodes", count * heads, false);
	memory_report_add(account, "contacts",
			  count * (servers->node_bytes - heads), false);
	memory_report_add(account, "endpoints", servers->shared_bytes[0],
			  false);
	memory_report_add(
		account, "servers",
		count * (sizeof(struct server) + sizeof(struct server_agent)),
		false);
	if (servers->scheme_memory != NULL)
		memory_report_add(account, "steers",
				  count * servers->scheme_bytes, false);
	memory_report_add(account, "lookups", servers->shared_bytes[1], true);
	memory_report_add(account, "records", servers->shared_bytes[2], true);
	memory_report_add(account, "publications", servers->shared_bytes[3],
			  true);
}

void
servers_settled(struct servers *servers, struct instant now)
{
	for (uint32_t i = 0; i < servers->count; i++) {
		struct server *server = &servers->servers[i];

		server->counters.starts = 0;
		server->off_ns = 0;
		server->off_since = now;
	}
}

bool
servers_alive(const struct servers *servers, uint32_t index)
{
	return servers->servers[index].alive;
}

bool
servers_runs(const struct servers *servers, uint32_t index)
{
	const struct server *server = &servers->servers[index];

	return server->alive && !server->server_agent->stopped;
}

void
servers_serve(struct servers *servers, struct rpcs *rpcs)
{
	servers->rpcs = rpcs;
}

void
servers_absent(struct servers *servers, uint32_t index)
{
	power(servers, index, false);
	server_agent_joined(servers->server_agents, index, false);
	network_announce(servers->network, index, false);
	network_device_set(servers->network, index, false);
}

uint32_t
servers_count(const struct servers *servers)
{
	return servers->count;
}

struct server_view
servers_view(const struct servers *servers, uint32_t index)
{
	const struct scheme *scheme = servers->server_agents->world.scheme;
	const struct server *server = &servers->servers[index];
	const struct server_agent *server_agent = server->server_agent;
	bool has_steer = server_agent->scheme != NULL && scheme->steer != NULL;

	return (struct server_view){
		.alive = server->alive,
		.leaving = server->leaving,
		.runs = servers_runs(servers, index),
		.joined = server_agent->joined,
		.incarnation = server_agent->incarnation,
		.lost = server->lost,
		.node = server_agent->node,
		.steer = has_steer ? scheme->steer(server_agent->scheme) : NULL,
	};
}

struct servers_tables
servers_tables(const struct servers *servers)
{
	return (struct servers_tables){
		.parts = &servers->parts,
		.node_limits = &servers->node_limits,
		.steer_limits = &servers->scheme_limits.steer,
		.steer_settings = &servers->steer_settings,
		.node_settings = &servers->settings->dht.node,
	};
}

bool
servers_holds(const struct servers *servers, uint32_t index,
	      const struct session_key *key, uint32_t owner)
{
	struct record records[RECORDS_PER_KEY];
	uint32_t count =
		store_peek(servers->parts.store, queue_now(servers->queue),
			   index, key, records);
	bool held = false;

	for (uint32_t i = 0; i < count; i++)
		held |= !records[i].tombstone &&
			(owner == WATCH_NONE || records[i].owner == owner);
	return held && servers->servers[index].alive;
}

uint32_t
servers_joined(const struct servers *servers)
{
	return servers->server_agents->joined;
}

uint32_t
servers_random(const struct servers *servers, struct rng *rng)
{
	uint32_t server;

	if (seeds_draw(servers->server_agents, rng, WATCH_NONE, &server, 1) ==
	    0)
		return WATCH_NONE;
	return server;
}

void
servers_daemon_kill(struct servers *servers, uint32_t index)
{
	struct server *server = &servers->servers[index];

	if (!server->alive || server->server_agent->stopped)
		return;
	if (!server->handing)
		server->lost = queue_now(servers->queue);
	if (servers->repairs != NULL)
		repairs_lost(servers->repairs, queue_now(servers->queue),
			     index);
	server_agent_stop(servers->server_agents, index);
}

void
servers_crash(struct servers *servers, uint32_t index)
{
	struct server *server = &servers->servers[index];

	if (!server->alive)
		return;
	servers_daemon_kill(servers, index);
	transport_drop(servers->transport, index);
	server->requests = 0;
	server->cookies_until = (struct instant){ 0 };
	workload_server_died(servers->workload, index);
	power(servers, index, false);
	network_device_set(servers->network, index, false);
}

/* Of more servers than this, what is 0 is not said: of 19 million rows of a
 * million servers 14 million would be. */
#define ZEROS_AT_MOST 65536

/* What is counted, and what was off until now. */
static struct server_counters
counted(const struct server *server, struct instant now)
{
	struct server_counters counters = server->counters;
	int64_t off_ns = server->off_ns;

	if (!server->alive)
		off_ns += instant_distance_ns(server->off_since, now);
	counters.off_ms = (uint64_t)(off_ns / NS_PER_MS);
	counters.off = !server->alive;
	return counters;
}

/* Of servers that had too many requests only. */
static void
report_cookies(const struct servers *servers, const struct server *server,
	       const char *name)
{
	const struct watch *watch = servers->watch;

	if (server->cookies_sent == 0)
		return;
	watch->counter(watch->context, name, "server_cookies_sent",
		       server->cookies_sent);
	watch->counter(watch->context, name, "server_cookies_taken",
		       server->cookies_taken);
}

static void
report_server(const struct servers *servers, struct instant now, uint32_t index)
{
	bool zeros = servers->count <= ZEROS_AT_MOST;
	const struct server *server = &servers->servers[index];
	const struct watch *watch = servers->watch;
	const struct server_counters counters = counted(server, now);
	const char *name = network_device_name(servers->network, index);
	struct server_past sum = { .node = { 0 } };

	if (server->past != NULL)
		sum = *server->past;
	counted_now(servers, index, &sum);
#define REPORT(prefix, value, field)                                           \
	if (zeros || (value)->field > 0)                                       \
		watch->counter(watch->context, name, prefix #field,            \
			       (value)->field);
#define SERVER_COUNTER(field) REPORT("server_", &counters, field)
	SERVER_COUNTER_LIST(SERVER_COUNTER)
#undef SERVER_COUNTER
#define NODE_COUNTER(field) REPORT("node_", &sum.node, field)
	NODE_COUNTER_LIST(NODE_COUNTER)
#undef NODE_COUNTER
	watch->counter(watch->context, name, "node_contacts",
		       node_contact_count(server->server_agent->node));
	report_cookies(servers, server, name);
	if (workload_count(servers->workload) == 0)
		return;
#define STEER_COUNTER(field) REPORT("steer_", &sum.steer, field)
	STEER_COUNTER_LIST(STEER_COUNTER)
#undef STEER_COUNTER
#undef REPORT
	for (unsigned i = 1; i < DROP_COUNT; i++) {
		char text[64];
		if (sum.steer.drops[i] == 0)
			continue;
		(void)snprintf(text, sizeof(text), "drop_%s",
			       drop_name((enum drop)i));
		watch->counter(watch->context, name, text, sum.steer.drops[i]);
	}
}

/* Of all nodes together: a row a node and purpose would be too many. */
static void
report_traffic(const struct servers *servers)
{
	const struct watch *watch = servers->watch;

	for (unsigned i = 0; i < TRAFFIC_PURPOSES; i++) {
		const struct traffic_sum *sent = &servers->traffic.sent[i];
		const char *purpose = traffic_name((enum traffic_purpose)i);
		char name[64];

		(void)snprintf(name, sizeof(name), "dht_%s_datagrams", purpose);
		watch->counter(watch->context, "", name, sent->datagrams);
		(void)snprintf(name, sizeof(name), "dht_%s_bytes", purpose);
		watch->counter(watch->context, "", name, sent->bytes);
	}
}

void
servers_finish(struct servers *servers, struct instant now)
{
	if (servers->repairs != NULL)
		repairs_finish(servers->repairs, now);
}

void
servers_report(const struct servers *servers, struct instant now)
{
	if (servers->watch->counter == NULL)
		return;
	for (uint32_t i = 0; i < servers->count; i++)
		report_server(servers, now, i);
	report_traffic(servers);
}
