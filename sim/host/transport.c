/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transport.c - connections in pages of a fixed size, found through a keymap
 *
 * Pages never move, so that a pointer survives the opening of others. A free
 * place is taken last in, first out, which depends on nothing but what was
 * opened and closed before.
 */
#include "sim/host/transport.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/siphash.h"
#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/protocol.h"
#include "sim/host/syn_cookie.h"
#include "sim/model/keymap.h"
#include "sim/model/watch.h"

#define PAGE_CONNECTIONS 64
#define ISS_TICK_NS	 64 /* as Linux; RFC 9293 has 4 us */

__extension__ typedef unsigned __int128 uint128;

struct transport {
	struct network *network;
	struct queue *queue;
	struct tcp_settings settings;
	struct keymap *keys;
	struct connection **pages;
	uint32_t page_count;
	uint32_t *free; /* stack of indices */
	uint32_t free_count;
	transport_segment *sent; /* may be NULL */
	void *sent_context;
	const struct transport_listener *listener; /* may be NULL */
};

struct transport *
transport_create(struct network *network, struct queue *queue,
		 const struct tcp_settings *settings)
{
	struct transport *transport = calloc(1, sizeof(*transport));

	if (transport == NULL)
		abort();
	transport->network = network;
	transport->queue = queue;
	transport->settings = *settings;
	transport->keys = keymap_create();
	return transport;
}

void
transport_destroy(struct transport *transport)
{
	if (transport == NULL)
		return;
	for (uint32_t i = 0; i < transport->page_count; i++)
		free(transport->pages[i]);
	free(transport->pages);
	free(transport->free);
	keymap_destroy(transport->keys);
	free(transport);
}

void
transport_sent(struct transport *transport, transport_segment *sent,
	       void *context)
{
	transport->sent = sent;
	transport->sent_context = context;
}

void
transport_listen(struct transport *transport,
		 const struct transport_listener *listener)
{
	transport->listener = listener;
}

const struct tcp_settings *
transport_settings(const struct transport *transport)
{
	return &transport->settings;
}

static struct connection *
at(const struct transport *transport, uint32_t index)
{
	return &transport->pages[index / PAGE_CONNECTIONS]
				[index % PAGE_CONNECTIONS];
}

static void
add_page(struct transport *transport)
{
	uint32_t page = transport->page_count++;
	size_t capacity = (size_t)transport->page_count * PAGE_CONNECTIONS;

	transport->pages =
		realloc(transport->pages,
			transport->page_count * sizeof(*transport->pages));
	transport->free =
		realloc(transport->free, capacity * sizeof(*transport->free));
	if (transport->pages == NULL || transport->free == NULL)
		abort();
	transport->pages[page] =
		calloc(PAGE_CONNECTIONS, sizeof(**transport->pages));
	if (transport->pages[page] == NULL)
		abort();
	for (uint32_t i = PAGE_CONNECTIONS; i-- > 0;)
		transport->free[transport->free_count++] =
			page * PAGE_CONNECTIONS + i;
}

struct connection *
transport_find(struct transport *transport, uint32_t device,
	       const struct session_key *key)
{
	uint32_t index = keymap_find(transport->keys, key, device);

	return index == KEYMAP_NONE ? NULL : at(transport, index);
}

const struct connection *
transport_look(const struct transport *transport, uint32_t device,
	       const struct session_key *key)
{
	uint32_t index = keymap_find(transport->keys, key, device);

	return index == KEYMAP_NONE ? NULL : at(transport, index);
}

struct connection *
transport_add(struct transport *transport, uint32_t device,
	      const struct session_key *key)
{
	if (transport->free_count == 0)
		add_page(transport);
	uint32_t index = transport->free[--transport->free_count];
	struct connection *connection = at(transport, index);

	*connection = (struct connection){
		.used = true,
		.index = index,
		.generation = connection->generation + 1,
		.device = device,
		.key = *key,
		.flow = WATCH_NONE,
		.alarm = { .deadline_ns = INT64_MAX },
		.publish_at = INSTANT_NEVER,
	};
	keymap_set(transport->keys, key, device, index);
	return connection;
}

void
transport_remove(struct transport *transport, struct connection *connection)
{
	assert(connection->used);
	alarm_cancel(&connection->alarm, transport->queue);
	connection->used = false;
	keymap_remove(transport->keys, &connection->key, connection->device);
	transport->free[transport->free_count++] = connection->index;
}

const struct connection *
transport_next(const struct transport *transport, uint32_t device,
	       const struct connection *after)
{
	uint32_t i = after == NULL ? 0 : after->index + 1;

	for (; i < transport->page_count * PAGE_CONNECTIONS; i++) {
		const struct connection *connection = at(transport, i);
		if (connection->used && connection->device == device)
			return connection;
	}
	return NULL;
}

void
transport_drop(struct transport *transport, uint32_t device)
{
	const struct connection *next = NULL;

	while ((next = transport_next(transport, device, next)) != NULL)
		transport_remove(transport, at(transport, next->index));
}

uint32_t
transport_count(const struct transport *transport, uint32_t device)
{
	const struct connection *next = NULL;
	uint32_t count = 0;

	while ((next = transport_next(transport, device, next)) != NULL)
		count++;
	return count;
}

struct connection *
transport_timer(struct transport *transport, const struct event *event)
{
	if (event->a >= transport->page_count * PAGE_CONNECTIONS)
		return NULL;
	struct connection *connection = at(transport, event->a);
	if (!connection->used || connection->generation != event->b ||
	    !alarm_fires(&connection->alarm, transport->queue))
		return NULL;
	return connection;
}

struct connection *
transport_error(struct transport *transport, uint32_t device, bool to_client,
		const uint8_t *bytes, const struct packet *packet)
{
	struct packet quote;
	struct session_key key;

	if (packet->icmp_mtu == 0 ||
	    packet_parse_quote(bytes + packet->quote_offset,
			       packet->quote_bytes, &quote) != DROP_NONE ||
	    packet_session(&quote, to_client, &key) != DROP_NONE)
		return NULL;
	struct connection *connection = transport_find(transport, device, &key);
	if (connection != NULL)
		tcp_too_big(&connection->tcp, quote.tcp_seq, packet->icmp_mtu);
	return connection;
}

void
transport_key(const struct tcp_names *names, struct session_key *key)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->client, names->local.bytes, 16);
	memcpy(key->service, names->remote.bytes, 16);
	wire_put16(key->client_port, names->local_port);
	wire_put16(key->service_port, names->remote_port);
	key->family = names->local.family;
	key->protocol = IP_TCP;
}

uint32_t
transport_iss(struct instant now, const struct session_key *key,
	      uint32_t device)
{
	struct siphash_key secret = { { 1 } };

	wire_put32(secret.bytes + 4, device);
	uint64_t hash = siphash(&secret, key, sizeof(*key));
	return (uint32_t)hash + (uint32_t)(now.ns / ISS_TICK_NS);
}

void
transport_accept(struct transport *transport, struct instant now,
		 struct connection *connection, uint32_t iss,
		 const uint8_t *bytes, const struct packet *packet)
{
	const struct transport_listener *listener = transport->listener;

	tcp_accept(&connection->tcp, &transport->settings, iss, bytes, packet);
	if (listener != NULL)
		listener->accepted(listener->context, now, connection, bytes,
				   packet);
}

void
transport_receive(struct transport *transport, struct instant now,
		  struct connection *connection, const uint8_t *bytes,
		  const struct packet *packet)
{
	const struct transport_listener *listener = transport->listener;
	struct tcp before;

	if (listener == NULL) {
		tcp_receive(&connection->tcp, now, bytes, packet);
		return;
	}
	before = connection->tcp;
	tcp_receive(&connection->tcp, now, bytes, packet);
	listener->taken(listener->context, now, connection, &before, bytes,
			packet);
}

void
transport_answer(struct transport *transport, struct instant now,
		 uint32_t device, const struct session_key *key,
		 const uint8_t *bytes, const struct packet *packet)
{
	const struct transport_listener *listener = transport->listener;
	uint8_t answer[TCP_MTU_MAX];
	uint32_t size = (uint32_t)syn_cookie_answer(
		now, device, key, &transport->settings, bytes, packet, answer,
		sizeof(answer));

	if (transport->sent != NULL)
		transport->sent(transport->sent_context, now, device, answer,
				size);
	if (listener != NULL)
		listener->answered(listener->context, now, device, bytes,
				   packet, answer, size);
	network_send(transport->network, device, OUTBOX_ANY_UPLINK, answer,
		     size);
}

void
transport_restore(struct transport *transport, struct instant now,
		  struct connection *connection, const struct packet *packet)
{
	const struct transport_listener *listener = transport->listener;
	bool right = syn_cookie_accept(&connection->tcp, now,
				       connection->device, &connection->key,
				       &transport->settings, packet);

	assert(right);
	(void)right;
	if (listener != NULL)
		listener->restored(listener->context, now, connection);
}

/* Paced, a program writes so much at a time, and the rest. */
static uint64_t
feed_step(const struct connection *connection)
{
	uint64_t chunk = connection->source.chunk_bytes;

	return chunk > connection->tcp.mss ? chunk : connection->tcp.mss;
}

/* Hand TCP what is due by now. */
static void
feed(struct connection *connection, struct instant now)
{
	struct source *source = &connection->source;
	uint64_t due = source->bytes_left;

	if (!source->running)
		return;
	if (source->pace_bps > 0) {
		uint64_t elapsed =
			(uint64_t)instant_distance_ns(source->since, now);
		uint128 most = (uint128)elapsed * source->pace_bps /
			       (8 * (uint64_t)NS_PER_S);
		uint64_t paced =
			most > source->bytes_written
				? (uint64_t)most - source->bytes_written
				: 0;
		if (paced < due)
			due = paced - paced % feed_step(connection);
	}
	tcp_write(&connection->tcp, due);
	source->bytes_written += due;
	source->bytes_left -= due;
	if (source->bytes_left == 0) {
		source->running = false;
		tcp_finish(&connection->tcp);
	}
}

/* When feed() has another segment. */
static struct instant
feed_deadline(const struct connection *connection)
{
	const struct source *source = &connection->source;

	if (!source->running)
		return INSTANT_NEVER;
	if (source->pace_bps == 0)
		return source->since;
	uint64_t step = feed_step(connection);
	if (step > source->bytes_left)
		step = source->bytes_left;
	uint128 bits = (uint128)(source->bytes_written + step) * 8;
	uint128 ns = (bits * (uint64_t)NS_PER_S + source->pace_bps - 1) /
		     source->pace_bps;
	if (ns > INT64_MAX)
		return INSTANT_NEVER;
	return instant_after(source->since, (int64_t)ns);
}

void
transport_say(struct connection *connection, struct instant now, uint64_t bytes,
	      uint64_t pace_bps, uint64_t chunk_bytes)
{
	connection->source = (struct source){
		.running = true,
		.bytes_left = bytes,
		.pace_bps = pace_bps,
		.chunk_bytes = chunk_bytes,
		.since = now,
	};
	feed(connection, now);
}

void
transport_expire(struct connection *connection, struct instant now)
{
	feed(connection, now);
	tcp_expire(&connection->tcp, now);
}

static void
send(struct transport *transport, struct connection *connection,
     const uint8_t *packet, uint32_t size)
{
	struct network *network = transport->network;
	uint32_t device = connection->device;
	uint64_t full = network_dropped(network, device, DROP_QUEUE);

	network_send(network, device, OUTBOX_ANY_UPLINK, packet, size);
	connection->crowded =
		network_dropped(network, device, DROP_QUEUE) > full;
}

void
transport_flush(struct transport *transport, struct instant now,
		struct connection *connection)
{
	uint8_t packet[TCP_MTU_MAX];
	size_t size;

	while ((size = tcp_output(&connection->tcp, now, packet,
				  sizeof(packet))) > 0) {
		if (transport->sent != NULL && !connection->rpc)
			transport->sent(transport->sent_context, now,
					connection->device, packet,
					(uint32_t)size);
		if (transport->listener != NULL && !connection->rpc)
			transport->listener->sent(transport->listener->context,
						  now, connection, packet,
						  (uint32_t)size);
		send(transport, connection, packet, (uint32_t)size);
	}

	struct instant deadline = instant_min(tcp_deadline(&connection->tcp),
					      feed_deadline(connection));
	deadline = instant_min(deadline, connection->publish_at);
	struct event event = {
		.destination = connection->device,
		.class = EVENT_TIMER,
		.kind = EVENT_TCP,
		.a = connection->index,
		.b = connection->generation,
	};
	alarm_set(&connection->alarm, transport->queue, deadline, &event);
}
