/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server_arrival.c - what comes to an agent: datagrams to the node, packets to
 * the scheme or the stack, and its own events
 *
 *	server_agent_arrive --> whose part is it? --> handle
 *	   |		 '--> the daemon takes its time: processed --> handle
 *	   |-- a fragment for the server itself: reassembled first
 *	   '-- the daemon is dead: kernel and filter decide
 */
#include "core/wire/gue.h"
#include "core/wire/message.h"
#include "core/wire/protocol.h"
#include "core/wire/tcp.h"
#include "sim/host/server_agent.h"

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
	if (world->owner->receiving != NULL)
		world->owner->receiving(world->context, now);
	(void)node_receive(all->array[index].node, now, &from, message, size,
			   outbox);
	if (world->owner->received != NULL)
		world->owner->received(world->context, now, index, message,
				       size);
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
		server_agent_expire(all, now, index, lost);
}
