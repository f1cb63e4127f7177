/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server_agent.c - verbs of node and scheme, and what they want sent, outboxes
 * to the network; what comes from there is server_arrival.c's
 */
#include "sim/host/server_agent.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/endpoint.h"
#include "core/wire/build.h"
#include "core/wire/gue.h"
#include "core/wire/message.h"

#define OUTBOX_ITEMS	 8192
#define OUTBOX_BYTES	 (16u << 20)
#define SERVER_AGENT_TTL 64

struct server_agents *
server_agents_create(const struct server_agent_world *world)
{
	struct server_agents *all = calloc(1, sizeof(*all));
	struct server_agent *array = calloc(world->count, sizeof(*array));

	if (all == NULL || array == NULL)
		abort();
	all->world = *world;
	all->array = array;
	all->members = calloc(world->count, sizeof(*all->members));
	if (all->members == NULL)
		abort();
	all->boots = boots_create();
	all->processing = cpu_model_create(&world->settings->service.wakeup,
					   &world->settings->service.processing,
					   world->count, world->settings->seed,
					   world->queue);
	for (uint32_t i = 0; i < world->count; i++) {
		struct endpoint self = { .port = SERVER_AGENT_PORT };

		self.address =
			network_host_address(world->network, i, world->family);
		array[i].loopback = self.address;
		array[i].alarm = (struct alarm){ .deadline_ns = INT64_MAX };
		(void)endpoints_intern(world->endpoints, &self);
	}
	return all;
}

void
server_agents_destroy(struct server_agents *all)
{
	if (all == NULL)
		return;
	for (unsigned i = 0; i < SERVER_AGENT_OUTBOXES; i++) {
		free(all->outboxes[i].items);
		free(all->outboxes[i].bytes);
	}
	cpu_model_destroy(all->processing);
	boots_destroy(all->boots);
	free(all->array);
	free(all->members);
	free(all);
}

void
server_agent_joined(struct server_agents *all, uint32_t index, bool joined)
{
	struct server_agent *server_agent = &all->array[index];

	all->joined += joined;
	all->joined -= server_agent->joined;
	server_agent->joined = joined;
}

void
server_agent_stop(struct server_agents *all, uint32_t index)
{
	struct server_agent *server_agent = &all->array[index];

	if (server_agent->scheme != NULL && all->world.scheme->forget != NULL)
		all->world.scheme->forget(server_agent->scheme);
	node_forget(server_agent->node);
	server_agent->stopped = true;
	server_agent->asked = false;
	server_agent_joined(all, index, false);
	alarm_cancel(&server_agent->alarm, all->world.queue);
}

/* ---- node events ---- */

static void
measure_stored(const struct server_agents *all, uint32_t index,
	       const struct node_event *event)
{
	const struct server_agent_world *world = &all->world;
	bool first = event->first.ns != INT64_MAX;
	struct watch_measurement m = {
		.metric = METRIC_SETTING_FIRST,
		.at = event->started,
		.value_ns = instant_distance_ns(
			event->started, first ? event->first : event->finished),
		.node = index,
		.flow = world->owner->flow(world->context, &event->key),
		.hops = event->hops,
		.local = event->local,
		.ok = first,
	};

	world->owner->measured(world->context, &m, event);
	m.metric = METRIC_SETTING_ALL;
	m.value_ns = instant_distance_ns(event->started, event->finished);
	m.ok = event->ok;
	world->owner->measured(world->context, &m, event);
}

static void
measure_lookup(const struct server_agents *all, uint32_t index,
	       const struct node_event *event)
{
	const struct server_agent_world *world = &all->world;
	struct watch_measurement m = {
		.metric = METRIC_LOOKUP,
		.at = event->started,
		.value_ns = event->local ? 0
					 : instant_distance_ns(event->started,
							       event->finished),
		.node = index,
		.flow = world->owner->flow(world->context, &event->key),
		.hops = event->hops,
		.local = event->local,
		.ok = event->kind == NODE_FOUND,
		.asked = watch_asked_by(event->asker),
	};

	if (event->kind == NODE_MISSED)
		m.conclusive = event->ok ? WATCH_SWITCH_YES : WATCH_SWITCH_NO;
	world->owner->measured(world->context, &m, event);
}

static void
join(struct server_agents *all, struct instant now, uint32_t index,
     struct outbox *outbox)
{
	const struct server_agent_world *world = &all->world;
	uint32_t seeds[SERVER_AGENT_SEEDS], count = 0;

	if (world->owner->seeds != NULL)
		count = world->owner->seeds(world->context, index, seeds);
	all->array[index].asked = true;
	node_join(all->array[index].node, now, seeds, count, outbox);
}

static void
take_events(struct server_agents *all, struct instant now, uint32_t index,
	    struct outbox *outbox)
{
	const struct scheme *scheme = all->world.scheme;
	struct server_agent *server_agent = &all->array[index];

	while (node_eventful(server_agent->node)) {
		struct node_event event = node_event(server_agent->node);
		switch (event.kind) {
		case NODE_STORED:
			measure_stored(all, index, &event);
			break;
		case NODE_FOUND:
		case NODE_MISSED:
			measure_lookup(all, index, &event);
			break;
		case NODE_JOIN_AGAIN:
			join(all, now, index, outbox);
			break;
		default:
			break;
		}
		if (all->world.owner->learned != NULL)
			all->world.owner->learned(all->world.context, now,
						  index, &event);
		if (server_agent->scheme != NULL && scheme->learned != NULL)
			scheme->learned(server_agent->scheme, now, &event,
					outbox);
	}
	if (server_agent->joined != node_joined(server_agent->node))
		server_agent_joined(all, index, !server_agent->joined);
}

/* ---- sending ---- */

static void
send_udp(struct server_agents *all, const struct outbox_item *item,
	 uint32_t index, struct packet_udp *udp)
{
	udp->ip.src = all->array[index].loopback;
	udp->ip.dst = item->to.address;
	udp->ip.ttl = SERVER_AGENT_TTL;
	udp->dst_port = item->to.port;
	size_t size = packet_build_udp(udp, all->scratch, sizeof(all->scratch));
	if (size > 0)
		network_send(all->world.network, index, item->avoid_uplink,
			     all->scratch, (uint32_t)size);
}

static void
send_datagram(struct server_agents *all, uint32_t index,
	      const struct outbox_item *item, const uint8_t *bytes)
{
	uint8_t sealed[MESSAGE_SEALED_MAX];
	struct packet_udp udp = {
		.ip.df = true,
		.src_port = SERVER_AGENT_PORT,
		.payload = sealed,
		.payload_bytes = item->size + MESSAGE_SEAL_BYTES,
	};

	if (udp.payload_bytes > sizeof(sealed))
		return;
	memcpy(sealed, bytes, item->size);
	memset(sealed + item->size, 0, MESSAGE_SEAL_BYTES);
	wire_put32(sealed + item->size, all->array[index].incarnation);
	send_udp(all, item, index, &udp);
	if (all->world.owner->expect == NULL)
		return;
	uint32_t to =
		network_server_find(all->world.network, &item->to.address);
	if (to < all->world.count) {
		__builtin_prefetch(&all->array[to]);
		all->world.owner->expect(all->world.context, to);
	}
}

/* Has the server a route there? */
static void
tell_route(struct server_agents *all, struct instant now, uint32_t index,
	   const struct address *to)
{
	const struct server_agent_world *world = &all->world;

	if (world->scheme->routed != NULL)
		world->scheme->routed(
			all->array[index].scheme, now, to,
			network_routed(world->network, index, to));
}

/* Encapsulated already; around it IP and UDP to the owner. */
static void
send_forward(struct server_agents *all, struct instant now, uint32_t index,
	     const struct outbox_item *item, const uint8_t *bytes)
{
	const struct server_agent_world *world = &all->world;
	const struct address *to = &item->to.address;
	struct server_agent *server_agent = &all->array[index];
	struct packet_udp udp = {
		.ip.id = (uint16_t)server_agent->sequence++,
		.ip.df = !world->settings->service.steer.outer_fragment,
		.src_port = item->source_port,
		.payload = bytes,
		.payload_bytes = item->size,
	};

	if (world->owner->forwarding != NULL && item->size > GUE_HEADER_BYTES)
		world->owner->forwarding(world->context,
					 bytes + GUE_HEADER_BYTES,
					 item->size - GUE_HEADER_BYTES);
	tell_route(all, now, index, to);
	send_udp(all, item, index, &udp);
}

static void
send_packet(struct server_agents *all, uint32_t index, uint8_t avoid_uplink,
	    const uint8_t *bytes, uint32_t size)
{
	all->answers++;
	network_send(all->world.network, index, avoid_uplink, bytes, size);
}

/* Without its daemon a server has no scheme. */
static bool
is_asked(const struct server_agents *all, uint32_t index)
{
	return all->array[index].scheme != NULL && !all->array[index].stopped;
}

void
server_agent_sent(struct server_agents *all, struct instant now, uint32_t index,
		  uint8_t *bytes, uint32_t size)
{
	const struct scheme *scheme = all->world.scheme;

	if (is_asked(all, index) && scheme->sent != NULL)
		scheme->sent(all->array[index].scheme, now, bytes, size);
}

bool
server_agent_reset(struct server_agents *all, struct instant now,
		   uint32_t index, const struct packet *packet)
{
	uint8_t reset[128];
	size_t size = packet_build_rst(packet, SERVER_AGENT_TTL, reset,
				       sizeof(reset));

	if (size == 0)
		return false;
	server_agent_sent(all, now, index, reset, (uint32_t)size);
	send_packet(all, index, OUTBOX_ANY_UPLINK, reset, (uint32_t)size);
	return true;
}

/* ---- verbs of node and scheme ---- */

struct outbox *
server_agent_begin(struct server_agents *all)
{
	assert(all->depth < SERVER_AGENT_OUTBOXES);

	struct outbox *outbox = &all->outboxes[all->depth++];
	if (outbox->items == NULL) {
		outbox->item_capacity = OUTBOX_ITEMS;
		outbox->byte_capacity = OUTBOX_BYTES;
		outbox->items = calloc(OUTBOX_ITEMS, sizeof(*outbox->items));
		outbox->bytes = malloc(OUTBOX_BYTES);
		if (outbox->items == NULL || outbox->bytes == NULL)
			abort();
	}
	outbox_clear(outbox);
	return outbox;
}

void
server_agent_join(struct server_agents *all, struct instant now, uint32_t index)
{
	struct outbox *outbox = server_agent_begin(all);

	join(all, now, index, outbox);
	server_agent_end(all, now, index);
}

static void
set_alarm(struct server_agents *all, uint32_t index)
{
	const struct scheme *scheme = all->world.scheme;
	struct server_agent *server_agent = &all->array[index];
	struct instant deadline = node_deadline(server_agent->node);
	const struct event event = {
		.destination = index,
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = SERVER_AGENT_DEADLINE,
		.a = server_agent->incarnation,
	};

	if (server_agent->scheme != NULL && scheme->deadline != NULL)
		deadline = instant_min(deadline,
				       scheme->deadline(server_agent->scheme));
	alarm_set(&server_agent->alarm, all->world.queue, deadline, &event);
}

void
server_agent_end(struct server_agents *all, struct instant now, uint32_t index)
{
	const struct server_agent_world *world = &all->world;
	struct outbox *outbox = &all->outboxes[all->depth - 1];

	take_events(all, now, index, outbox);
	for (uint32_t i = 0; i < outbox->item_count; i++) {
		const struct outbox_item *item = &outbox->items[i];
		const uint8_t *bytes = outbox->bytes + item->offset;
		switch ((enum outbox_kind)item->kind) {
		case OUTBOX_DATAGRAM:
			send_datagram(all, index, item, bytes);
			break;
		case OUTBOX_FORWARD:
			send_forward(all, now, index, item, bytes);
			break;
		case OUTBOX_PACKET:
			if (world->owner->answering != NULL)
				world->owner->answering(world->context, bytes,
							item->size);
			if (item->to.address.family != 0)
				tell_route(all, now, index, &item->to.address);
			send_packet(all, index, item->avoid_uplink, bytes,
				    item->size);
			break;
		case OUTBOX_DELIVER:
			world->owner->deliver(world->context, now, index, bytes,
					      item->size, NULL,
					      SERVER_AGENT_RELEASED);
			break;
		}
	}
	all->depth--;
	set_alarm(all, index);
}

void
server_agent_expire(struct server_agents *all, struct instant now,
		    uint32_t index, bool lost)
{
	const struct scheme *scheme = all->world.scheme;
	struct server_agent *server_agent = &all->array[index];

	if (!alarm_fires(&server_agent->alarm, all->world.queue) || lost)
		return;
	struct outbox *outbox = server_agent_begin(all);
	node_expire(server_agent->node, now, outbox);
	take_events(all, now, index, outbox);
	if (server_agent->scheme != NULL && scheme->expire != NULL)
		scheme->expire(server_agent->scheme, now, outbox);
	server_agent_end(all, now, index);
}

void
server_agent_init(struct server_agents *all, uint32_t index, void *memory,
		  const struct scheme_site *site)
{
	struct server_agent *server_agent = &all->array[index];

	server_agent->scheme = memory;
	server_agent->routes = 0;
	server_agent->stopped = false;
	if (memory != NULL)
		all->world.scheme->init(memory, site);
}

const struct steer_counters *
server_agent_counters(const struct server_agents *all, uint32_t index)
{
	static const struct steer_counters none;
	const struct server_agent *server_agent = &all->array[index];

	if (server_agent->scheme == NULL || all->world.scheme->counters == NULL)
		return &none;
	return all->world.scheme->counters(server_agent->scheme);
}

int
server_agent_opening(struct server_agents *all, struct instant now,
		     uint32_t index, const struct session_key *key,
		     struct version version)
{
	const struct scheme *scheme = all->world.scheme;
	void *state = all->array[index].scheme;

	if (!is_asked(all, index) || scheme->opening == NULL)
		return 0;
	struct outbox *outbox = server_agent_begin(all);
	int result = scheme->opening(state, now, key, version, outbox);
	server_agent_end(all, now, index);
	return result;
}

int
server_agent_opened(struct server_agents *all, struct instant now,
		    uint32_t index, const struct session_key *key,
		    struct version version)
{
	const struct scheme *scheme = all->world.scheme;
	void *state = all->array[index].scheme;

	if (!is_asked(all, index) || scheme->opened == NULL)
		return 0;
	struct outbox *outbox = server_agent_begin(all);
	int result = scheme->opened(state, now, key, version, outbox);
	server_agent_end(all, now, index);
	return result;
}

void
server_agent_closed(struct server_agents *all, struct instant now,
		    uint32_t index, const struct session_key *key)
{
	const struct scheme *scheme = all->world.scheme;
	void *state = all->array[index].scheme;

	if (!is_asked(all, index) || scheme->closed == NULL)
		return;
	struct outbox *outbox = server_agent_begin(all);
	scheme->closed(state, now, key, outbox);
	server_agent_end(all, now, index);
}
