/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.c - make the parts, make the tables, then one event after the other
 *
 *	kind of event		part
 *	PACKET ROUTE		network
 *	HOST			servers (deadlines, joins)
 *	TCP			the host that has the connection
 *	WORKLOAD		clients, workload, DHT load, rpcs: by its code
 *	FAULT			faults
 *	ATTACK			attackers
 */
#include "sim/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/census.h"
#include "sim/dht_load.h"
#include "sim/engine/event.h"
#include "sim/engine/memory_report.h"
#include "sim/engine/random_stream.h"
#include "sim/fault_actions.h"
#include "sim/host/attacker.h"
#include "sim/host/client.h"
#include "sim/host/rpc.h"
#include "sim/host/server.h"
#include "sim/host/transport.h"
#include "sim/judge/judge.h"
#include "sim/model/constraints.h"
#include "sim/model/fault.h"
#include "sim/model/fault_churn.h"
#include "sim/model/fault_sequence.h"
#include "sim/model/pace.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"
#include "sim/prefetch.h"
#include "sim/progress.h"
#include "sim/scheme/schemes.h"
#include "sim/witness.h"

/* Events between two calls of progress(), and two questions for it. */
#define PROGRESS_EVENTS 16384
/* Of a run that is stuck, so many more are looked at. */
#define CENSUS_EVENTS 32768
/* After the last join, and with servers that are off: BGP has settled. */
#define SETTLE_NS (2 * NS_PER_S)
/* Servers that have not joined by then are left behind. */
#define JOIN_MOST_NS (60 * NS_PER_S)

_Static_assert(PACE_MTU_MAX == TCP_MTU_MAX, "a pace's step is a segment");

struct world {
	struct settings settings;
	struct watch watch;
	struct watch script_watch; /* what the script tells */
	struct fault_settings *unrolled; /* its events; NULL: the caller's */
	uint32_t joining;
	struct queue *queue;
	struct prefetch prefetch;
	struct network *network;
	struct workload *workload;
	struct witness witness;
	struct transport *transport;
	struct servers *servers;
	struct clients *clients;
	struct attackers *attackers;
	struct dht_load *dht_load;
	struct rpcs *rpcs; /* or NULL */
	struct fault_parts fault_parts;
	struct faults *faults;
	struct instant zero;
	bool settled, stopped, stuck;
	struct progress progress;
	uint64_t steps; /* of the load and of the script */
	uint32_t most_joined; /* at any time */
	struct judge *judge; /* NULL: nobody judges */
	struct census *census; /* NULL: nobody counts */
};

static void
deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	const uint8_t *bytes, uint32_t size)
{
	struct world *world = context;

	if (world->census != NULL)
		census_packet(world->census, world->workload, bytes, size);
	if (world->judge != NULL)
		judge_before(world->judge, now, device, bytes, size);
	if (device < world->settings.fabric.servers)
		servers_deliver(world->servers, now, device, port, bytes, size);
	else
		clients_deliver(world->clients, now, device, bytes, size);
	if (world->judge != NULL)
		judge_after(world->judge, now);
}

/* Each seed has its own tree: positions are hashes under a placement key, and
 * one key would give all repeats of a point the same one. */
static void
place(struct settings *settings)
{
	uint64_t mask = stream_seed(settings->seed, STREAM_NODE);

	for (unsigned i = 0; i < 8; i++)
		settings->dht.placement.bytes[i] ^= (uint8_t)(mask >> 8 * i);
}

static void
make_hosts(struct world *world)
{
	const struct settings *settings = &world->settings;
	struct tcp_settings tcp;
	uint32_t mtu = settings->fabric.client_link.mtu_bytes;

	tcp_settings_default(&tcp);
	tcp.mtu_bytes = mtu < TCP_MTU_MAX ? mtu : TCP_MTU_MAX;
	world->workload =
		workload_create(settings, world->queue, &world->watch);
	world->transport = transport_create(world->network, world->queue, &tcp);
	world->servers = servers_create(
		settings, schemes_get(settings->service.scheme), world->network,
		world->queue, &world->watch, world->workload, world->transport);
	world->clients = clients_create(settings, world->network, world->queue,
					&world->watch, world->workload,
					world->transport);
	world->attackers = attackers_create(settings, world->network,
					    world->queue, world->workload);
	world->dht_load =
		dht_load_create(settings, world->queue, world->network,
				world->servers, world->workload);
	world->rpcs = rpcs_create(settings, world->network, world->queue,
				  world->transport, &world->watch);
	servers_serve(world->servers, world->rpcs);
	witness_init(&world->witness, world->network, world->servers,
		     world->transport);
	workload_witness(world->workload, &world->witness.verbs);
}

static void
script_fault(void *context, struct instant at, const char *kind,
	     const char *target)
{
	const struct world *world = context;

	if (world->judge != NULL)
		judge_fault(world->judge, kind, target);
	if (world->watch.fault != NULL)
		world->watch.fault(world->watch.context, at, kind, target);
}

static void
script_remark(void *context, const struct watch_remark *remark)
{
	const struct world *world = context;

	if (world->watch.remark != NULL)
		world->watch.remark(world->watch.context, remark);
}

static int
make_faults(struct world *world, char *error, size_t error_size)
{
	struct fault_parts *parts = &world->fault_parts;

	world->script_watch = (struct watch){
		.context = world,
		.fault = script_fault,
		.remark = script_remark,
	};
	*parts = (struct fault_parts){
		.settings = &world->settings,
		.network = world->network,
		.servers = world->servers,
		.attackers = world->attackers,
		.workload = world->workload,
		.rng = stream_rng(world->settings.seed, STREAM_FAULT, 0),
	};
	int status =
		faults_create(&parts->faults,
			      &(struct fault_world){
				      .actions = &fault_parts_actions,
				      .context = parts,
				      .settings = &world->settings,
				      .joining = world->joining,
				      .fabric = network_fabric(world->network),
				      .queue = world->queue,
				      .workload = world->workload,
				      .watch = &world->script_watch,
				      .rng = &parts->rng,
			      },
			      error, error_size);
	world->faults = parts->faults;
	return status;
}

static void
make_judge(struct world *world)
{
	world->judge = judge_create(
		&(struct judge_parts){
			.settings = &world->settings,
			.network = world->network,
			.servers = world->servers,
			.workload = world->workload,
			.transport = world->transport,
		},
		&world->watch);
	judge_listen(world->judge, world->network, world->transport,
		     world->servers);
}

int
world_create(struct world **created, const struct settings *settings,
	     const struct watch *watch, char *error, size_t error_size)
{
	static const struct watch nobody;
	struct constraint broken;

	if (constraints_broken(settings, &broken)) {
		(void)snprintf(error, error_size, "%s%s%s", broken.sentence,
			       broken.keys[0] != NULL ? ": " : "",
			       broken.keys[0] != NULL ? broken.keys[0] : "");
		return -EINVAL;
	}
	struct world *world = calloc(1, sizeof(*world));
	if (world == NULL)
		abort();
	world->settings = *settings;
	world->watch = watch != NULL ? *watch : nobody;
	world->zero = INSTANT_NEVER;
	world->settings.fabric = faults_fabric(settings);
	world->joining = world->settings.fabric.later;
	place(&world->settings);
	world->queue = queue_create();
	int status = network_create(&world->network, &world->settings,
				    world->queue, &world->watch, deliver, world,
				    error, error_size);
	if (status == 0) {
		world->unrolled = fault_sequence_unroll(
			&world->settings, network_fabric(world->network));
		progress_init(&world->progress, &world->settings,
			      network_device_count(world->network));
		make_hosts(world);
		status = make_faults(world, error, error_size);
	}
	if (status != 0) {
		world_destroy(world);
		return status;
	}
	if (world->watch.violation != NULL)
		make_judge(world);
	*created = world;
	return 0;
}

void
world_destroy(struct world *world)
{
	if (world == NULL)
		return;
	judge_destroy(world->judge);
	faults_destroy(world->faults);
	rpcs_destroy(world->rpcs);
	dht_load_destroy(world->dht_load);
	attackers_destroy(world->attackers);
	clients_destroy(world->clients);
	servers_destroy(world->servers);
	transport_destroy(world->transport);
	workload_destroy(world->workload);
	network_destroy(world->network);
	queue_destroy(world->queue);
	free(world->unrolled);
	free(world);
}

void
world_memory(const struct world *world, struct memory_report *report)
{
	servers_memory(world->servers, report);
	network_memory(world->network, report);
	memory_report_add(report, "queue", queue_bytes(world->queue), false);
}

static void
handle_tcp(struct world *world, struct instant now, const struct event *event)
{
	struct connection *connection =
		transport_timer(world->transport, event);

	if (connection == NULL)
		return;
	if (connection->rpc)
		rpcs_timer(world->rpcs, now, connection);
	else if (connection->device < world->settings.fabric.servers)
		service_timer(world->servers, now, connection);
	else
		clients_timer(world->clients, now, connection);
}

static void
handle_workload(struct world *world, struct instant now,
		const struct event *event)
{
	switch ((enum workload_code)event->code) {
	case WORKLOAD_ARRIVAL:
		world->steps++;
		clients_arrival(world->clients, now);
		break;
	case WORKLOAD_WINDOW:
		workload_event(world->workload, now, event);
		break;
	case WORKLOAD_DHT_LOAD:
		world->steps++;
		dht_load_event(world->dht_load, now);
		break;
	case WORKLOAD_RPC:
		rpcs_event(world->rpcs, now, event);
		break;
	}
}

static void
handle(struct world *world, const struct event *event)
{
	struct instant now = queue_now(world->queue);

	switch ((enum event_kind)event->kind) {
	case EVENT_PACKET:
	case EVENT_ROUTE:
		network_event(world->network, event);
		break;
	case EVENT_HOST:
		servers_event(world->servers, now, event);
		break;
	case EVENT_TCP:
		handle_tcp(world, now, event);
		break;
	case EVENT_WORKLOAD:
		handle_workload(world, now, event);
		break;
	case EVENT_FAULT:
		/* Looking whether a server is out yet is no step. */
		world->steps += event->code != FAULT_CHURN_LEAVING;
		faults_event(world->faults, now, event);
		break;
	case EVENT_ATTACK:
		attackers_event(world->attackers, event);
		break;
	case EVENT_KINDS:
		break;
	}
	if (world->judge != NULL)
		judge_event(world->judge, now, event);
}

/* Where the run will end, as far as is known. */
static struct instant
expected_end(const struct world *world)
{
	int64_t duration = world->settings.measure.duration_ns;

	if (world->zero.ns != INT64_MAX)
		return instant_after(world->zero, duration);
	return instant_after(queue_now(world->queue), duration);
}

/* What the run was for, so far. */
static uint64_t
done_so_far(struct world *world)
{
	uint32_t joined = servers_joined(world->servers);

	if (joined > world->most_joined)
		world->most_joined = joined;
	return world->steps + workload_steps(world->workload) +
	       rpcs_answered(world->rpcs) + world->most_joined;
}

/* It is stuck: let it go on for a moment, to see who holds it up. */
static void
explain(struct world *world, struct instant until)
{
	char sentence[WATCH_SENTENCE];
	struct event event;

	world->census = census_create(network_device_count(world->network),
				      workload_count(world->workload));
	for (uint32_t i = 0;
	     i < CENSUS_EVENTS && queue_next(world->queue, until, &event);
	     i++) {
		census_event(world->census, &event);
		handle(world, &event);
	}
	census_say(world->census, &world->progress, world->network, sentence);
	census_destroy(world->census);
	world->census = NULL;
	if (world->watch.remark != NULL)
		world->watch.remark(world->watch.context,
				    &(struct watch_remark){
					    .kind = REMARK_STUCK,
					    .sentence = sentence,
				    });
}

/* Once in a while: does the watcher want more, and does the run get anywhere?
 */
static bool
goes_on(struct world *world, struct instant until)
{
	const struct watch *watch = &world->watch;
	struct instant now = queue_now(world->queue);
	uint64_t events = queue_popped(world->queue);

	if (watch->progress != NULL &&
	    !watch->progress(watch->context, now, expected_end(world), events))
		world->stopped = true;
	/* A routing event may carry any number of updates. */
	else if (progress_is_stuck(&world->progress, now,
				   events + network_updates(world->network),
				   done_so_far(world))) {
		world->stuck = true;
		explain(world, until);
	}
	return !world->stopped && !world->stuck;
}

/* Handle what comes until then; false when the run is not to go on. joined:
 * stop as soon as so many servers are in; 0: no matter how many. */
static bool
run_until(struct world *world, struct instant until, uint32_t joined)
{
	struct event event;
	uint32_t count = 0;

	while (queue_next(world->queue, until, &event)) {
		if (world->settings.fabric.servers >= PREFETCH_SERVERS)
			prefetch_turn(&world->prefetch, world->queue,
				      world->network, world->servers);
		handle(world, &event);
		if (++count % PROGRESS_EVENTS == 0 && !goes_on(world, until))
			return false;
		if (joined > 0 && event.kind == EVENT_HOST &&
		    servers_joined(world->servers) >= joined)
			return true;
	}
	return true;
}

/* All that are there, one after the other. */
static void
join_all(struct world *world, uint32_t servers)
{
	int64_t interval = world->settings.dht.join_interval_ns;
	struct instant last = { interval * (int64_t)servers };
	uint32_t present = 0;

	for (uint32_t i = 0; i < servers; i++) {
		if (!servers_alive(world->servers, i))
			continue;
		present++;
		struct event event = {
			.destination = i,
			.class = EVENT_TIMER,
			.kind = EVENT_HOST,
			.code = SERVER_JOIN,
		};
		queue_schedule(world->queue, i, interval * i, &event);
	}
	/* Until the last has begun, then until all are in. */
	if (run_until(world, last, 0) &&
	    servers_joined(world->servers) < present)
		(void)run_until(world, instant_after(last, JOIN_MOST_NS),
				present);
}

void
world_settle(struct world *world)
{
	uint32_t servers = world->settings.fabric.servers;
	uint32_t present = servers - world->joining;
	bool wait = false;

	if (world->settled)
		return;
	world->settled = true;
	for (uint32_t i = 0; i < servers; i++)
		if (i >= present || faults_away(world->faults, i)) {
			servers_absent(world->servers, i);
			wait = true;
		}
	if (world->settings.dht.tables == TABLES_IDEAL) {
		servers_ideal(world->servers,
			      instant_after(expected_end(world), SETTLE_NS));
	} else {
		join_all(world, present);
		wait = true;
	}
	if (wait && !world->stopped && !world->stuck)
		(void)run_until(
			world,
			instant_after(queue_now(world->queue), SETTLE_NS), 0);
	world->zero = queue_now(world->queue);
	servers_settled(world->servers, world->zero);
	if (world->judge != NULL)
		judge_zero(world->judge, world->zero);
}

struct world_result
world_run(struct world *world)
{
	world_settle(world);
	struct instant end = expected_end(world);
	if (!world->stopped && !world->stuck) {
		clients_start(world->clients);
		dht_load_start(world->dht_load);
		rpcs_start(world->rpcs, world->zero);
		faults_start(world->faults);
		(void)run_until(world, end, 0);
	}
	struct instant now = queue_now(world->queue);
	workload_finish(world->workload, now);
	servers_finish(world->servers, now);
	if (!world->stuck && !world->stopped) {
		faults_remark(world->faults);
		attackers_remark(world->attackers, &world->watch);
	}
	clients_report(world->clients);
	attackers_report(world->attackers, &world->watch,
			 clients_unclaimed(world->clients));
	servers_report(world->servers, now);
	rpcs_report(world->rpcs);
	network_report(world->network);
	struct judge_facts facts = { 0 };
	if (world->judge != NULL)
		judge_finish(world->judge, now, &facts);
	return (struct world_result){
		.facts = facts,
		.judged = world->judge != NULL,
		.events = queue_popped(world->queue),
		.state_hash = queue_hash(world->queue),
		.zero = world->zero,
		.end = now,
		.stopped = world->stopped,
		.stuck = world->stuck,
	};
}
