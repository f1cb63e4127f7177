/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network.c - a packet's way: out of a host, from router to router, into a host
 *
 *	network_send()				EVENT_PACKET at a device
 *	  parse once: target, digest		  link still the same? else lost
 *	  choose an uplink			  host: deliver
 *	  fits the link? else fragment		  router: TTL, route, fits? else
 *	  transmit ---> link.h ---> event ...	    fragment or ICMP; transmit
 *
 * What hops need is kept beside the bytes (buffer.h), so a hop reads the TTL
 * and checksum only; a packet is parsed again where ICMP or fragments are made
 * of it.
 *
 * A link's state is what both ends agree on: what was asked for, or down while
 * a device at one end is. Every change starts an epoch of the network, which is
 * from then on that of the link's directions that changed, and a packet arrives
 * only in the direction's epoch in which it was sent: what is on the wire or in
 * the queue when a link dies is lost. A silent direction takes packets and
 * loses them.
 *
 * In path fidelity `transmit` takes a packet not over one link but as far as
 * its way is plain (walk.h); all else is the same.
 *
 * Where we are simpler than the world: no ARP and no neighbour discovery; a
 * router answers no packet that is addressed to it; captures show a packet at
 * the instant at which it is queued.
 */
#include "sim/net/network.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/wire/build.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/net/network_state.h"
#include "sim/net/walk.h"

enum packet_code {
	PACKET_FROM_LINK, /* c = epoch of the link's direction */
	PACKET_UNIFORM,
	PACKET_LOCAL, /* a host's packet to itself */
	PACKET_WALKED, /* c = epoch of the network */
};

/* ---- making and unmaking ---- */

static void
seeds_create(struct network *network, uint64_t seed)
{
	const struct fabric *fabric = network->fabric;
	struct rng rng;

	network->seeds = memory_zeroed(fabric->device_count, sizeof(uint64_t));
	for (uint32_t i = 0; i < fabric->device_count; i++) {
		unsigned kind = STREAM_ECMP + fabric_kind(fabric, i);
		rng_init(&rng, seed, stream_of(kind, fabric_index(fabric, i)));
		network->seeds[i] = rng_next(&rng);
	}
	rng_init(&rng, seed, stream_of(STREAM_DIGEST, 0));
	for (size_t i = 0; i < sizeof(network->digest_key.bytes); i++)
		network->digest_key.bytes[i] = (uint8_t)rng_next(&rng);
}

int
network_create(struct network **created, const struct settings *settings,
	       struct queue *queue, const struct watch *watch,
	       network_deliver *deliver, void *context, char *error,
	       size_t error_size)
{
	struct fabric *fabric;
	int status =
		fabric_create(&fabric, &settings->fabric, error, error_size);

	if (status != 0)
		return status;

	struct network *network = memory_zeroed(1, sizeof(*network));
	uint32_t devices = fabric->device_count;
	network->fabric = fabric;
	network->queue = queue;
	network->watch = watch;
	network->deliver = deliver;
	network->context = context;
	network->fidelity = settings->fabric.fidelity;
	network->seed = settings->seed;
	network->buffers =
		buffers_create(network->fidelity == FIDELITY_PATH
				       ? (uint32_t)sizeof(struct walk)
				       : 0);
	network->counters = counters_create(devices);
	network->device_up = memory_zeroed(devices, sizeof(bool));
	memset(network->device_up, 1, devices);
	network->icmp_limit = icmp_limit_create();
	network->fragment_ids = memory_zeroed(fabric->device_first[DEVICE_EDGE],
					      sizeof(uint32_t));
	network->scratch = memory_zeroed(1, BUFFER_BYTES_MAX);
	seeds_create(network, settings->seed);
	if (settings->fabric.kind == FABRIC_UNIFORM) {
		network->uniform = uniform_create(fabric, settings);
	} else {
		network_links_create(network);
		network->bgp = bgp_create(fabric, &settings->routing,
					  settings->seed, queue);
	}
	*created = network;
	return 0;
}

void
network_destroy(struct network *network)
{
	if (network == NULL)
		return;
	bgp_destroy(network->bgp);
	uniform_destroy(network->uniform);
	buffers_destroy(network->buffers);
	counters_destroy(network->counters);
	while (network->given != NULL) {
		struct network_settings *next = network->given->next;
		free(network->given);
		network->given = next;
	}
	free(network->links);
	free(network->directions);
	free(network->changes);
	free(network->device_up);
	free(network->seeds);
	icmp_limit_destroy(network->icmp_limit);
	free(network->fragment_ids);
	free(network->scratch);
	foreign_services_destroy(network->foreign_services);
	fabric_destroy(network->fabric);
	free(network);
}

void
network_guests(struct network *network, const struct steer_service *services,
	       uint32_t count, uint8_t family)
{
	foreign_services_destroy(network->foreign_services);
	network->foreign_services =
		foreign_services_create(services, count, family);
}

void
network_listen(struct network *network, network_sent *sent, void *context)
{
	network->sent = sent;
	network->sent_context = context;
}

/* ---- sending ---- */

static void
tap(const struct network *network, uint32_t device, uint32_t port,
    const uint8_t *bytes, uint32_t size)
{
	if (network->watch != NULL && network->watch->packet != NULL)
		network->watch->packet(network->watch->context,
				       network->fabric->names[device], port,
				       queue_now(network->queue), bytes, size);
}

static void
packet_drop(struct network *network, uint32_t device, uint32_t index,
	    enum drop drop)
{
	counters_drop(network->counters, device, drop);
	buffer_release(network->buffers, index);
}

static void
packet_schedule(struct network *network, uint32_t device, int64_t delay_ns,
		enum packet_code code, uint32_t index, uint32_t port,
		uint32_t epoch)
{
	const struct event event = {
		.class = EVENT_ARRIVAL,
		.kind = EVENT_PACKET,
		.code = (uint16_t)code,
		.a = index,
		.b = port,
		.c = epoch,
	};

	queue_schedule(network->queue, device, delay_ns, &event);
}

/* A buffer of its own for a packet, ready to be routed. */
static uint32_t
packet_keep(struct network *network, const uint8_t *bytes,
	    const struct packet *packet)
{
	uint32_t index = buffer_take(network->buffers, packet->size_bytes);
	struct buffer *buffer = buffer_get(network->buffers, index);

	buffer->target = network_target(network, packet);
	/* Without links only the service is chosen by a hash. */
	buffer->digest = 0;
	if (network->bgp != NULL ||
	    TARGET_KIND(buffer->target) == TARGET_SERVICE)
		buffer->digest = ecmp_digest(&network->digest_key, packet);
	memcpy(buffer->bytes, bytes, packet->size_bytes);
	return index;
}

/* Send a packet out of a port and on as far as its way is plain. */
static void
packet_walk(struct network *network, uint32_t port, uint32_t index)
{
	const struct fabric *fabric = network->fabric;
	struct buffer *buffer = buffer_get(network->buffers, index);
	struct walk *walk = buffer_note(network->buffers, index);
	uint32_t device = fabric->ports[port].device;
	const struct walk_load load = {
		.digest = buffer->digest,
		.target = buffer->target,
		.size = buffer->size,
		.ttl = packet_ttl(buffer->bytes, buffer->size),
		.sent = true,
	};

	tap(network, device, port - fabric->port_first[device], buffer->bytes,
	    buffer->size);
	walk_trace(network, walk, port, &load);

	struct link_transit transit = walk_cross(network, walk, buffer->size);
	for (uint32_t i = 1; i < walk->count; i++) {
		device = fabric->ports[walk->ports[i]].device;
		struct counters_row *row =
			counters_of(network->counters, device);
		row->forwarded_packets++;
		row->forwarded_bytes += buffer->size;
	}
	if (transit.drop != DROP_NONE) {
		packet_drop(network, device, index, transit.drop);
		return;
	}
	(void)packet_ttl_lower(buffer->bytes, buffer->size,
			       (uint8_t)(walk->count - 1));

	uint32_t to = fabric->ports[walk->end].device;
	uint32_t in_port = walk->end - fabric->port_first[to];
	if (transit.copies > 1) {
		counters_of(network->counters, device)->duplicates++;
		packet_schedule(network, to, transit.delay_ns, PACKET_WALKED,
				buffer_copy(network->buffers, index), in_port,
				network->epoch);
	}
	packet_schedule(network, to, transit.delay_ns, PACKET_WALKED, index,
			in_port, network->epoch);
}

/* Put a packet that fits on the line. The buffer is ours no longer. */
static void
packet_transmit(struct network *network, uint32_t port, uint32_t index)
{
	const struct fabric *fabric = network->fabric;
	const struct fabric_port *out = &fabric->ports[port];
	const struct fabric_port *in = &fabric->ports[out->peer];
	const struct network_link *link = &network->links[out->link];
	const struct buffer *buffer = buffer_get(network->buffers, index);
	enum link_state state = network_port_state(network, port);

	if (state == LINK_DOWN) {
		packet_drop(network, out->device, index, DROP_LINK_DOWN);
		return;
	}

	if (network->fidelity == FIDELITY_PATH && state == LINK_UP) {
		packet_walk(network, port, index);
		return;
	}
	if (network->fidelity == FIDELITY_PATH) { /* a silent link */
		tap(network, out->device,
		    port - fabric->port_first[out->device], buffer->bytes,
		    buffer->size);
		packet_drop(network, out->device, index, DROP_LINK_DOWN);
		return;
	}

	struct link_transit transit =
		link_send(network_direction(network, port), link->settings,
			  queue_now(network->queue), buffer->size);
	if (transit.drop == DROP_NONE && state == LINK_SILENT)
		transit.drop = DROP_LINK_DOWN;
	if (transit.drop != DROP_QUEUE)
		tap(network, out->device,
		    port - fabric->port_first[out->device], buffer->bytes,
		    buffer->size);
	if (transit.drop != DROP_NONE) {
		packet_drop(network, out->device, index, transit.drop);
		return;
	}

	uint32_t in_port = out->peer - fabric->port_first[in->device];
	uint32_t copy = 0;
	if (transit.copies > 1) {
		copy = buffer_copy(network->buffers, index);
		counters_of(network->counters, out->device)->duplicates++;
	}
	uint32_t epoch = link->epochs[network_toward(network, port)];
	packet_schedule(network, in->device, transit.delay_ns, PACKET_FROM_LINK,
			index, in_port, epoch);
	if (transit.copies > 1)
		packet_schedule(network, in->device, transit.delay_ns,
				PACKET_FROM_LINK, copy, in_port, epoch);
}

/* Send a packet that does not fit in pieces. False if that cannot be. */
static bool
packet_fragment(struct network *network, uint32_t device, uint32_t port,
		const uint8_t *bytes, const struct packet *packet,
		uint32_t mtu_bytes)
{
	uint32_t id = 0, pieces = 0;
	size_t at = 0, size;

	if (packet->family == 6)
		id = ++network->fragment_ids[device];
	for (;;) {
		struct packet piece;
		if (packet->family == 4)
			size = packet_fragment_ip4(bytes, packet, mtu_bytes,
						   &at, network->scratch,
						   BUFFER_BYTES_MAX);
		else
			size = packet_fragment_ip6(bytes, packet, mtu_bytes, id,
						   &at, network->scratch,
						   BUFFER_BYTES_MAX);
		if (size == 0)
			break;
		enum drop drop = packet_parse(network->scratch, size, &piece);
		if (pieces++ > 0)
			counters_of(network->counters, device)->fragments++;
		if (drop != DROP_NONE)
			counters_drop(network->counters, device, drop);
		else
			packet_transmit(
				network, port,
				packet_keep(network, network->scratch, &piece));
	}
	return pieces > 0;
}

static uint32_t
link_mtu(const struct network *network, uint32_t port)
{
	uint32_t link = network->fabric->ports[port].link;

	return network->links[link].settings->mtu_bytes;
}

static void
packet_send_uniform(struct network *network, uint32_t device, uint32_t index)
{
	const struct buffer *buffer = buffer_get(network->buffers, index);
	uint32_t to =
		uniform_route(network->uniform, buffer->target, buffer->digest,
			      queue_now(network->queue), true);

	if (to == FABRIC_NONE) {
		packet_drop(network, device, index, DROP_NO_ROUTE);
		return;
	}

	struct link_transit transit =
		uniform_send(network->uniform, device,
			     queue_now(network->queue), buffer->size);
	tap(network, device, 0, buffer->bytes, buffer->size);
	if (transit.drop != DROP_NONE) {
		packet_drop(network, device, index, transit.drop);
		return;
	}
	if (transit.copies > 1) {
		counters_of(network->counters, device)->duplicates++;
		packet_schedule(network, to, transit.delay_ns, PACKET_UNIFORM,
				buffer_copy(network->buffers, index), 0, 0);
	}
	packet_schedule(network, to, transit.delay_ns, PACKET_UNIFORM, index, 0,
			0);
}

static void
error_count(struct network *network, uint32_t device, size_t size)
{
	struct counters_row *row = counters_of(network->counters, device);

	row->icmp_errors++;
	row->sent_packets++;
	row->sent_bytes += size;
}

/* A host's packet that does not fit its uplink. */
static void
host_too_big(struct network *network, uint32_t device, uint32_t port,
	     uint32_t index, const struct packet *packet)
{
	const uint8_t *bytes = buffer_get(network->buffers, index)->bytes;
	uint32_t mtu_bytes = link_mtu(network, port);
	struct address self =
		fabric_address(network->fabric, device, packet->family);
	uint8_t error[PACKET_ERROR6_MAX];
	struct packet parsed;
	size_t size;

	if ((packet->family == 6 || !packet->df) &&
	    packet_fragment(network, device, port, bytes, packet, mtu_bytes)) {
		buffer_release(network->buffers, index);
		return;
	}
	size = packet_build_icmp_too_big(&self, mtu_bytes, bytes, packet, error,
					 sizeof(error));
	packet_drop(network, device, index, DROP_MTU);
	if (size == 0 || packet_parse(error, size, &parsed) != DROP_NONE)
		return;
	error_count(network, device, size);
	packet_schedule(network, device, 0, PACKET_LOCAL,
			packet_keep(network, error, &parsed), 0, 0);
}

void
network_send(struct network *network, uint32_t device, uint8_t avoid_port,
	     const uint8_t *bytes, uint32_t size)
{
	struct counters_row *row = counters_of(network->counters, device);
	struct packet packet;
	enum drop drop = packet_parse(bytes, size, &packet);

	assert(!fabric_is_router(network->fabric, device));
	if (network->sent != NULL)
		network->sent(network->sent_context, queue_now(network->queue),
			      device, bytes, size);
	row->sent_packets++;
	row->sent_bytes += size;
	if (drop == DROP_NONE && !network->device_up[device])
		drop = DROP_LINK_DOWN;
	if (drop != DROP_NONE) {
		counters_drop(network->counters, device, drop);
		return;
	}

	if (network->fidelity == FIDELITY_PATH && network->bgp != NULL)
		walk_prefetch(network, device,
			      network_target(network, &packet));

	uint32_t index = packet_keep(network, bytes, &packet);
	const struct buffer *buffer = buffer_get(network->buffers, index);
	if (network_here(network->fabric, device, buffer->target)) {
		packet_schedule(network, device, 0, PACKET_LOCAL, index, 0, 0);
		return;
	}
	if (network->bgp == NULL) {
		packet_send_uniform(network, device, index);
		return;
	}

	uint32_t port =
		network_uplink(network, device, avoid_port, buffer->digest);
	if (port == FABRIC_NONE)
		packet_drop(network, device, index, DROP_NO_ROUTE);
	else if (buffer->size > link_mtu(network, port))
		host_too_big(network, device, port, index, &packet);
	else
		packet_transmit(network, port, index);
}

/* ---- routers ---- */

static bool
icmp_allowed(struct network *network, uint32_t device, enum packet_error error,
	     const struct address *to)
{
	return error == PACKET_ERROR_TOO_BIG ||
	       icmp_limit_take(network->icmp_limit, queue_now(network->queue),
			       device, to);
}

/* Tell the source of a packet what became of it, from our loopback. */
static void
router_answer(struct network *network, uint32_t device, enum packet_error error,
	      uint32_t mtu_bytes, const struct buffer *buffer)
{
	uint8_t bytes[PACKET_ERROR6_MAX];
	struct packet packet;

	if (packet_parse(buffer->bytes, buffer->size, &packet) != DROP_NONE)
		return;

	struct address self =
		fabric_address(network->fabric, device, packet.family);
	size_t size =
		packet_build_icmp_error(error, &self, mtu_bytes, buffer->bytes,
					&packet, bytes, sizeof(bytes));
	if (size == 0 || !icmp_allowed(network, device, error, &packet.src) ||
	    packet_parse(bytes, size, &packet) != DROP_NONE)
		return;

	error_count(network, device, size);
	uint32_t index = packet_keep(network, bytes, &packet);
	const struct buffer *answer = buffer_get(network->buffers, index);
	uint32_t port =
		bgp_forward(network->bgp, device, answer->target,
			    network_hash(network, device, answer->digest));
	if (port == FABRIC_NONE)
		packet_drop(network, device, index, DROP_NO_ROUTE);
	else if (answer->size > link_mtu(network, port))
		packet_drop(network, device, index, DROP_MTU);
	else
		packet_transmit(network, port, index);
}

static void
router_too_big(struct network *network, uint32_t device, uint32_t port,
	       uint32_t index)
{
	const struct buffer *buffer = buffer_get(network->buffers, index);
	uint32_t mtu_bytes = link_mtu(network, port);
	struct packet packet;

	if (packet_parse(buffer->bytes, buffer->size, &packet) == DROP_NONE &&
	    packet.family == 4 && !packet.df &&
	    packet_fragment(network, device, port, buffer->bytes, &packet,
			    mtu_bytes)) {
		buffer_release(network->buffers, index);
		return;
	}
	router_answer(network, device, PACKET_ERROR_TOO_BIG, mtu_bytes, buffer);
	packet_drop(network, device, index, DROP_MTU);
}

static void
router_forward(struct network *network, uint32_t device, uint32_t index)
{
	struct buffer *buffer = buffer_get(network->buffers, index);
	enum drop drop = packet_ttl_decrement(buffer->bytes, buffer->size);

	if (drop != DROP_NONE) {
		router_answer(network, device, PACKET_ERROR_TTL, 0, buffer);
		packet_drop(network, device, index, drop);
		return;
	}

	uint32_t port =
		bgp_forward(network->bgp, device, buffer->target,
			    network_hash(network, device, buffer->digest));
	if (port == FABRIC_NONE) {
		router_answer(network, device, PACKET_ERROR_NET, 0, buffer);
		packet_drop(network, device, index, DROP_NO_ROUTE);
		return;
	}

	struct counters_row *row = counters_of(network->counters, device);
	row->forwarded_packets++;
	row->forwarded_bytes += buffer->size;
	if (buffer->size > link_mtu(network, port))
		router_too_big(network, device, port, index);
	else
		packet_transmit(network, port, index);
}

/* ---- arriving ---- */

static bool
packet_lost(const struct network *network, const struct event *event)
{
	const struct fabric *fabric = network->fabric;

	if (event->code == PACKET_WALKED)
		return walk_lost(network,
				 buffer_note(network->buffers, event->a),
				 buffer_get(network->buffers, event->a)->size,
				 (uint32_t)event->c);
	if (event->code != PACKET_FROM_LINK)
		return !network->device_up[event->destination];

	const struct fabric_port *port =
		&fabric->ports[fabric->port_first[event->destination] +
			       event->b];
	return network->links[port->link]
		       .epochs[network_toward(network, port->peer)] != event->c;
}

static void
packet_arrive(struct network *network, const struct event *event)
{
	const struct buffer *buffer = buffer_get(network->buffers, event->a);
	uint32_t device = event->destination;

	if (packet_lost(network, event)) {
		packet_drop(network, device, event->a, DROP_LINK_DOWN);
		return;
	}
	if (event->code != PACKET_LOCAL)
		tap(network, device, event->b, buffer->bytes, buffer->size);
	if (fabric_is_router(network->fabric, device)) {
		router_forward(network, device, event->a);
		return;
	}
	/* Hosts are no transit. A packet that a host's own ICMP error is
	 * about may have any source, so what comes from within is kept. */
	if (event->code != PACKET_LOCAL &&
	    !network_here(network->fabric, device, buffer->target)) {
		packet_drop(network, device, event->a, DROP_NO_ROUTE);
		return;
	}

	struct counters_row *row = counters_of(network->counters, device);
	row->received_packets++;
	row->received_bytes += buffer->size;
	network->deliver(network->context, queue_now(network->queue), device,
			 (uint8_t)event->b, buffer->bytes, buffer->size);
	buffer_release(network->buffers, event->a);
}

void
network_event(struct network *network, const struct event *event)
{
	switch (event->kind) {
	case EVENT_PACKET:
		packet_arrive(network, event);
		break;
	case EVENT_ROUTE:
		network->route_changes++;
		bgp_event(network->bgp, event);
		break;
	default:
		assert(false); /* another part's event */
	}
}

void
network_report(const struct network *network)
{
	counters_report(network->counters, network->fabric, network->watch);
}
