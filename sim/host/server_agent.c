/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server_agent.c - datagrams to the node, packets to the scheme, outboxes to
 * the network
 */
#include "sim/host/server_agent.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/endpoint.h"
#include "core/wire/build.h"
#include "core/wire/gue.h"
#include "core/wire/message.h"
#include "core/wire/protocol.h"
#include "core/wire/tcp.h"

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

static void
expire(struct server_agents *all, struct instant now, uint32_t index, bool lost)
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

/* ---- arriving ---- */

static void
arrive_message(struct server_agents *all, struct instant now, uint32_t index,
	       const uint8_t *bytes, const struct packet *packet)
{
	struct endpoint from = { packet->src, packet->src_port };
	const struct scheme *scheme = all->world.scheme;
	void *state = all->array[index].scheme;
	const struct server_agent_world *world = &all->world;
	const uint8_t *message = bytes + packet->payload_offset;

	if (packet->payload_bytes < MESSAGE_SEAL_BYTES)
		return;
	uint32_t size = packet->payload_bytes - MESSAGE_SEAL_BYTES;
	uint32_t sender = network_server_find(world->network, &from.address);
	struct outbox *outbox = server_agent_begin(all);
	if (sender < world->count && from.port == SERVER_AGENT_PORT &&
	    boots_heard(all->boots, index, sender, wire_get32(message + size)))
		node_booted(all->array[index].node, now, &from, outbox);
	if (state != NULL && scheme->heard != NULL)
		scheme->heard(state, now, &from.address);
	(void)node_receive(all->array[index].node, now, &from, message, size,
			   outbox);
	server_agent_end(all, now, index);
}

/* The scheme must know the members before it decides. */
static void
tell_members(struct server_agents *all, struct instant now, uint32_t index)
{
	const struct server_agent_world *world = &all->world;
	struct server_agent *server_agent = &all->array[index];

	if (world->scheme->members == NULL)
		return;
	uint64_t routes = network_routes(world->network);
	if (server_agent->routes == routes)
		return;
	server_agent->routes = routes;
	uint32_t count = network_members(world->network, index, all->members);
	world->scheme->members(server_agent->scheme, now, all->members, count);
}

static struct scheme_datagram
datagram_of(const uint8_t *bytes, const struct packet *packet)
{
	return (struct scheme_datagram){
		.from = { packet->src, packet->src_port },
		.to = packet->dst,
		.bytes = bytes + packet->payload_offset,
		.size = packet->payload_bytes,
	};
}

static void
arrive_tunnelled(struct server_agents *all, struct instant now, uint32_t index,
		 const uint8_t *bytes, const struct packet *packet)
{
	const struct server_agent_world *world = &all->world;
	const struct scheme_datagram datagram = datagram_of(bytes, packet);
	struct classification classification;
	const uint8_t *inner;

	tell_members(all, now, index);
	struct outbox *outbox = server_agent_begin(all);
	struct scheme_result result = world->scheme->decapsulate(
		all->array[index].scheme, now, &datagram, &inner,
		&classification, outbox);
	const struct packet *packet_inside = &classification.packet;
	if (result.verdict == SCHEME_DROP && result.drop == DROP_NOT_OURS &&
	    world->owner->refusing != NULL)
		world->owner->refusing(world->context, inner,
				       packet_inside->size_bytes);
	server_agent_end(all, now, index);
	if (result.verdict == SCHEME_LOCAL)
		world->owner->deliver(world->context, now, index, inner,
				      packet_inside->size_bytes, packet_inside,
				      SERVER_AGENT_TUNNELLED);
}

static void
arrive_datagram(struct server_agents *all, struct instant now, uint32_t index,
		const uint8_t *bytes, const struct packet *packet)
{
	const struct scheme_datagram datagram = datagram_of(bytes, packet);

	struct outbox *outbox = server_agent_begin(all);
	all->world.scheme->datagram(all->array[index].scheme, now, &datagram,
				    outbox);
	server_agent_end(all, now, index);
}

/* Echo's replies, and errors about what no socket waits to hear of. */
static void
arrive_icmp(struct server_agents *all, struct instant now, uint32_t index,
	    const uint8_t *bytes, const struct packet *packet)
{
	struct outbox *outbox = server_agent_begin(all);

	(void)outbox;
	all->world.scheme->icmp(all->array[index].scheme, now, &packet->src,
				bytes + packet->l4_offset, packet->l4_bytes);
	server_agent_end(all, now, index);
}

static void
arrive_to_scheme(struct server_agents *all, struct instant now, uint32_t index,
		 const struct scheme_arrival *arrival)
{
	const struct server_agent_world *world = &all->world;
	const struct packet *packet = &arrival->classification->packet;

	tell_members(all, now, index);
	struct outbox *outbox = server_agent_begin(all);
	struct scheme_result result = world->scheme->packet(
		all->array[index].scheme, now, arrival, outbox);
	world->owner->decided(world->context, now, index, arrival->bytes,
			      packet, &result);
	server_agent_end(all, now, index);
	if (result.verdict == SCHEME_LOCAL)
		world->owner->deliver(world->context, now, index,
				      arrival->bytes, packet->size_bytes,
				      packet, SERVER_AGENT_ARRIVED);
}

/* A fragment of a packet to the server's own address. */
static bool
arrive_fragment(struct server_agents *all, struct instant now, uint32_t index,
		uint8_t uplink, const uint8_t *bytes,
		const struct packet *packet)
{
	uint32_t size = packet->size_bytes;
	struct packet whole;

	bytes = reassembly_add(all->world.reassembly, now, index, bytes, packet,
			       &size);
	if (bytes == NULL || packet_parse(bytes, size, &whole) != DROP_NONE ||
	    !packet_checksum_ok(bytes, &whole))
		return true;
	return server_agent_arrive(all, now, index, uplink, bytes, &whole);
}

/* What handles a packet that has come to a server. */
enum part {
	PART_NODE,
	PART_TUNNEL,
	PART_DATAGRAM,
	PART_SCHEME,
	PART_ICMP, /* the daemon's raw socket */
	PART_STACK,
	PART_NONE, /* none of these */
};

static bool
is_echo_reply(const struct packet *packet)
{
	return packet->transport &&
	       packet->protocol ==
		       (packet->family == 4 ? IP_ICMP4 : IP_ICMP6) &&
	       packet->icmp_type == icmp_echo_type(packet->family, true);
}

static enum part
part_of(const struct server_agents *all, uint32_t index,
	const struct packet *packet)
{
	const struct scheme *scheme = all->world.scheme;
	const struct server_agent *server_agent = &all->array[index];
	bool own = address_equal(&packet->dst, &server_agent->loopback);
	bool udp = packet->transport && packet->protocol == IP_UDP;

	if (own && udp && packet->dst_port == SERVER_AGENT_PORT)
		return PART_NODE;
	if (server_agent->scheme == NULL)
		return own ? PART_NONE : PART_STACK;
	if (own && udp && packet->dst_port == GUE_PORT &&
	    scheme->decapsulate != NULL)
		return PART_TUNNEL;
	if (own && udp && packet->dst_port == SCHEME_PORT &&
	    scheme->datagram != NULL)
		return PART_DATAGRAM;
	if (own && scheme->icmp != NULL && is_echo_reply(packet))
		return PART_ICMP;
	return own && !packet->icmp_error ? PART_NONE : PART_SCHEME;
}

/* A packet on its way through one server. */
struct passage {
	enum part part;
	const struct packet *packet; /* as its owner parsed it */
	struct scheme_arrival arrival; /* with a classification: SCHEME */
	struct classification classification;
};

/* The one place where a packet from the network is classified. */
static void
passage_begin(const struct server_agents *all, uint32_t index, uint8_t uplink,
	      const uint8_t *bytes, const struct packet *packet,
	      struct passage *passage)
{
	passage->part = part_of(all, index, packet);
	passage->packet = packet;
	passage->arrival = (struct scheme_arrival){
		.bytes = bytes,
		.uplink = uplink,
	};
	if (passage->part != PART_SCHEME)
		return;
	passage->arrival.classification = &passage->classification;
	classification_of(all->world.steer, &all->array[index].loopback, bytes,
			  packet, &passage->classification);
	/* An error about a datagram of the node's is the kernel's, whose socket
	 * does not ask for errors; one about the tunnel is the daemon's, and it
	 * looks for those about its echoes. */
	if (packet->icmp_error && passage->classification.drop != DROP_NONE &&
	    address_equal(&packet->dst, &all->array[index].loopback))
		passage->part = all->world.scheme->icmp != NULL ? PART_ICMP
								: PART_STACK;
}

/* Does the daemon read it? The rest never leaves the kernel. */
static bool
is_for_daemon(struct server_agents *all, struct instant now, uint32_t index,
	      const struct passage *passage)
{
	const struct scheme *scheme = all->world.scheme;

	switch (passage->part) {
	case PART_NODE:
	case PART_TUNNEL:
	case PART_DATAGRAM:
	case PART_ICMP:
		return true;
	case PART_SCHEME:
		tell_members(all, now, index);
		return scheme->claims != NULL &&
		       scheme->claims(all->array[index].scheme,
				      &passage->arrival);
	default:
		return false;
	}
}

/* A packet of a session, not the first of one, that is none of a socket here.
 * A later fragment is none: what follows a first that was dropped is never
 * reassembled. */
static bool
is_stray(const struct server_agents *all, uint32_t index,
	 const struct passage *passage)
{
	const struct server_agent_world *world = &all->world;
	const struct packet *packet = passage->packet;
	bool syn = packet->transport && packet->protocol == IP_TCP &&
		   (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	return passage->part == PART_SCHEME &&
	       passage->classification.has_key && !syn &&
	       packet->fragment_offset == 0 &&
	       world->owner->whose(world->context, index,
				   &passage->classification) == OWNERSHIP_STRAY;
}

/* The daemon is dead: the kernel and its filter decide. False: nothing here
 * listens at that address and port. */
static bool
arrive_undecided(const struct server_agents *all, struct instant now,
		 uint32_t index, const struct passage *passage)
{
	const struct server_agent_world *world = &all->world;
	const struct packet *packet = passage->packet;
	struct scheme_result dropped = { .verdict = SCHEME_DROP,
					 .stray = true };

	/* Errors are dropped by the filter, or nobody's. */
	if (address_equal(&packet->dst, &all->array[index].loopback))
		return packet->icmp_error;
	if (is_stray(all, index, passage)) {
		dropped.key = passage->classification.key;
		world->owner->decided(world->context, now, index,
				      passage->arrival.bytes, packet, &dropped);
	} else {
		world->owner->deliver(
			world->context, now, index, passage->arrival.bytes,
			packet->size_bytes, packet, SERVER_AGENT_ARRIVED);
	}
	return true;
}

/* False: nothing here listens at that address and port. */
static bool
handle(struct server_agents *all, struct instant now, uint32_t index,
       const struct passage *passage)
{
	const struct server_agent_world *world = &all->world;
	const struct packet *packet = passage->packet;
	const uint8_t *bytes = passage->arrival.bytes;

	switch (passage->part) {
	case PART_NODE:
		arrive_message(all, now, index, bytes, packet);
		return true;
	case PART_TUNNEL:
		arrive_tunnelled(all, now, index, bytes, packet);
		return true;
	case PART_DATAGRAM:
		arrive_datagram(all, now, index, bytes, packet);
		return true;
	case PART_SCHEME:
		arrive_to_scheme(all, now, index, &passage->arrival);
		return true;
	case PART_ICMP:
		arrive_icmp(all, now, index, bytes, packet);
		return true;
	case PART_STACK:
		world->owner->deliver(world->context, now, index, bytes,
				      packet->size_bytes, packet,
				      SERVER_AGENT_ARRIVED);
		return true;
	case PART_NONE:
		break;
	}
	return false;
}

bool
server_agent_arrive(struct server_agents *all, struct instant now,
		    uint32_t index, uint8_t uplink, const uint8_t *bytes,
		    const struct packet *packet)
{
	const struct server_agent *server_agent = &all->array[index];
	const struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = SERVER_AGENT_PROCESSED,
		.a = server_agent->incarnation,
	};
	struct passage passage;

	if ((packet->fragment_offset > 0 || packet->mf) &&
	    address_equal(&packet->dst, &server_agent->loopback))
		return arrive_fragment(all, now, index, uplink, bytes, packet);
	passage_begin(all, index, uplink, bytes, packet, &passage);
	if (server_agent->stopped)
		return arrive_undecided(all, now, index, &passage);
	if (all->processing == NULL ||
	    !is_for_daemon(all, now, index, &passage))
		return handle(all, now, index, &passage);
	cpu_model_wait(all->processing, now, index, uplink, bytes,
		       packet->size_bytes, event);
	return true;
}

static void
processed(struct server_agents *all, struct instant now,
	  const struct event *event, bool lost)
{
	uint32_t index = event->destination, size;
	const uint8_t *bytes = cpu_model_bytes(all->processing, event, &size);
	struct packet packet;
	struct passage passage;

	if (!lost && packet_parse(bytes, size, &packet) == DROP_NONE) {
		passage_begin(all, index, (uint8_t)event->c, bytes, &packet,
			      &passage);
		(void)handle(all, now, index, &passage);
	}
	cpu_model_release(all->processing, event);
}

void
server_agent_event(struct server_agents *all, struct instant now,
		   const struct event *event, bool alive)
{
	uint32_t index = event->destination;
	const struct server_agent *server_agent = &all->array[index];
	bool lost = !alive || server_agent->stopped ||
		    event->a != server_agent->incarnation;

	if (event->code == SERVER_AGENT_PROCESSED)
		processed(all, now, event, lost);
	else
		expire(all, now, index, lost);
}
