/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpc.c - ask, answer, ask again
 *
 * What a call touches lies together. Its timer is an alarm that moves away
 * with each call (a call takes microseconds), so no timer event is ever popped
 * unless a datagram was lost.
 */
#include "sim/host/rpc.h"

#include <assert.h>
#include <string.h>

#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/protocol.h"
#include "core/wire/tcp.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/model/pattern.h"
#include "sim/model/workload.h"

#define RPC_TTL	    64
#define RPC_MAGIC   0x48525043u /* "HRPC" */
#define CLIENT_PORT (RPC_PORT + 1)

struct caller {
	struct rng rng;
	uint64_t number; /* of the call under way, from 1; 0: none yet */
	struct instant began;
	struct alarm alarm; /* UDP; idle: nothing under way */
	uint32_t callee;
};

struct rpcs {
	const struct measure_settings *settings;
	struct network *network;
	struct queue *queue;
	struct transport *transport;
	const struct watch *watch;
	uint64_t seed; /* of the TCP streams */
	uint32_t count; /* servers */
	uint64_t begun, answered, repeats;
	uint64_t sum_ns;
	struct caller *callers;
	struct address *addresses;
	uint8_t request[RPC_BYTES_MAX], answer[RPC_BYTES_MAX];
	uint8_t packet[RPC_BYTES_MAX + 128];
};

struct rpcs *
rpcs_create(const struct settings *settings, struct network *network,
	    struct queue *queue, struct transport *transport,
	    const struct watch *watch)
{
	if (settings->measure.rpcs == 0)
		return NULL;

	struct rpcs *rpcs = memory_zeroed(1, sizeof(*rpcs));
	uint32_t count = settings->fabric.servers;
	struct rng rng = stream_rng(settings->seed, STREAM_RPC_BYTES, 0);

	assert(settings->measure.rpc_request_bytes <= RPC_BYTES_MAX &&
	       settings->measure.rpc_answer_bytes <= RPC_BYTES_MAX);
	rpcs->settings = &settings->measure;
	rpcs->network = network;
	rpcs->queue = queue;
	rpcs->transport = transport;
	rpcs->watch = watch;
	rpcs->seed = rng_next(&rng);
	rpcs->count = count;
	rpcs->callers = memory_zeroed(count, sizeof(struct caller));
	rpcs->addresses = memory_zeroed(count, sizeof(struct address));
	for (uint32_t i = 0; i < count; i++) {
		rpcs->callers[i].rng =
			stream_rng(settings->seed, STREAM_RPC, i);
		rpcs->callers[i].alarm.deadline_ns = INT64_MAX;
		rpcs->addresses[i] = network_host_address(
			network, i, settings->service.family);
	}
	pattern_fill(rpcs->seed, 0, rpcs->request, sizeof(rpcs->request));
	pattern_fill(rpcs->seed + 1, 0, rpcs->answer, sizeof(rpcs->answer));
	wire_put32(rpcs->request, RPC_MAGIC);
	wire_put32(rpcs->answer, RPC_MAGIC);
	return rpcs;
}

void
rpcs_destroy(struct rpcs *rpcs)
{
	if (rpcs == NULL)
		return;
	free(rpcs->callers);
	free(rpcs->addresses);
	free(rpcs);
}

/* ---- what both transports share ---- */

/* A server of the others. */
static uint32_t
choose(struct rpcs *rpcs, uint32_t server)
{
	struct rng *rng = &rpcs->callers[server].rng;
	uint32_t other = (uint32_t)rng_below(rng, rpcs->count - 1);

	return other + (other >= server);
}

/* May another call begin? Then it has. */
static bool
begin(struct rpcs *rpcs, struct instant now, uint32_t server)
{
	struct caller *caller = &rpcs->callers[server];

	if (rpcs->begun == rpcs->settings->rpcs) {
		alarm_cancel(&caller->alarm, rpcs->queue);
		return false;
	}
	rpcs->begun++;
	caller->number++;
	caller->began = now;
	return true;
}

static void
answered(struct rpcs *rpcs, struct instant now, uint32_t server)
{
	rpcs->answered++;
	rpcs->sum_ns +=
		(uint64_t)instant_distance_ns(rpcs->callers[server].began, now);
}

/* ---- UDP ---- */

static void
say(struct rpcs *rpcs, uint32_t from, uint16_t src_port,
    const struct address *to, uint16_t dst_port, const uint8_t *payload,
    uint32_t size)
{
	const struct packet_udp udp = {
		.ip.src = rpcs->addresses[from],
		.ip.dst = *to,
		.ip.ttl = RPC_TTL,
		.ip.df = true,
		.src_port = src_port,
		.dst_port = dst_port,
		.payload = payload,
		.payload_bytes = size,
	};
	size_t bytes =
		packet_build_udp(&udp, rpcs->packet, sizeof(rpcs->packet));

	network_send(rpcs->network, from, OUTBOX_ANY_UPLINK, rpcs->packet,
		     (uint32_t)bytes);
}

static void
request(struct rpcs *rpcs, struct instant now, uint32_t server)
{
	struct caller *caller = &rpcs->callers[server];
	struct event event = {
		.destination = server,
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = WORKLOAD_RPC,
	};

	wire_put32(rpcs->request + 4, server);
	wire_put64(rpcs->request + 8, caller->number);
	say(rpcs, server, CLIENT_PORT, &rpcs->addresses[caller->callee],
	    RPC_PORT, rpcs->request, rpcs->settings->rpc_request_bytes);
	alarm_set(&caller->alarm, rpcs->queue,
		  instant_after(now, RPC_TIMEOUT_NS), &event);
}

static void
next(struct rpcs *rpcs, struct instant now, uint32_t server)
{
	if (!begin(rpcs, now, server))
		return;
	rpcs->callers[server].callee = choose(rpcs, server);
	request(rpcs, now, server);
}

void
rpcs_event(struct rpcs *rpcs, struct instant now, const struct event *event)
{
	uint32_t server = event->destination;
	struct caller *caller = &rpcs->callers[server];

	if (!alarm_fires(&caller->alarm, rpcs->queue))
		return;
	rpcs->repeats++;
	request(rpcs, now, server);
}

static bool
receive_udp(struct rpcs *rpcs, struct instant now, uint32_t server,
	    const uint8_t *bytes, const struct packet *packet)
{
	const struct caller *caller = &rpcs->callers[server];
	const uint8_t *payload = bytes + packet->payload_offset;
	bool whole = packet->payload_bytes >= RPC_HEADER_BYTES &&
		     wire_get32(payload) == RPC_MAGIC;

	if (packet->dst_port == RPC_PORT && whole) {
		memcpy(rpcs->answer + 4, payload + 4, RPC_HEADER_BYTES - 4);
		say(rpcs, server, RPC_PORT, &packet->src, packet->src_port,
		    rpcs->answer, rpcs->settings->rpc_answer_bytes);
		return true;
	}
	if (packet->dst_port != CLIENT_PORT || !whole)
		return false;
	if (caller->alarm.deadline_ns != INT64_MAX &&
	    wire_get32(payload + 4) == server &&
	    wire_get64(payload + 8) == caller->number) {
		answered(rpcs, now, server);
		next(rpcs, now, server);
	}
	return true;
}

/* ---- TCP ---- */

static void
call(struct rpcs *rpcs, struct instant now, uint32_t server)
{
	uint32_t callee = choose(rpcs, server);
	const struct tcp_names names = {
		.local = rpcs->addresses[server],
		.remote = rpcs->addresses[callee],
		.local_port = CLIENT_PORT,
		.remote_port = RPC_PORT,
	};
	struct session_key key;

	transport_key(&names, &key);
	struct connection *connection =
		transport_add(rpcs->transport, server, &key);
	connection->rpc = true;
	rpcs->callers[server].callee = callee;
	tcp_connect(&connection->tcp, transport_settings(rpcs->transport),
		    &names, transport_iss(now, &key, server));
	tcp_expect_seed(&connection->tcp, rpcs->seed + 1);
	connection->tcp.send.seed = rpcs->seed;
	transport_flush(rpcs->transport, now, connection);
}

/* Who opened it asks; `bytes_wanted` is what it has read of the answers. */
static void
ask(struct rpcs *rpcs, struct instant now, struct connection *connection)
{
	struct tcp *tcp = &connection->tcp;
	uint32_t answer_bytes = rpcs->settings->rpc_answer_bytes;

	if (connection->asked) {
		if (tcp->receive.bytes - connection->bytes_wanted <
		    answer_bytes)
			return;
		connection->bytes_wanted += answer_bytes;
		answered(rpcs, now, connection->device);
	}
	connection->asked = begin(rpcs, now, connection->device);
	if (connection->asked)
		tcp_write(tcp, rpcs->settings->rpc_request_bytes);
}

/* The other answers; `bytes_wanted` is what it has read of the requests. */
static void
reply(const struct rpcs *rpcs, struct connection *connection)
{
	struct tcp *tcp = &connection->tcp;
	uint32_t request_bytes = rpcs->settings->rpc_request_bytes;

	while (tcp->receive.bytes - connection->bytes_wanted >= request_bytes) {
		connection->bytes_wanted += request_bytes;
		tcp_write(tcp, rpcs->settings->rpc_answer_bytes);
	}
}

static void
advance(struct rpcs *rpcs, struct instant now, struct connection *connection)
{
	struct tcp *tcp = &connection->tcp;
	bool asks = tcp->names.remote_port == RPC_PORT;

	if (tcp->state == TCP_STATE_ESTABLISHED && !tcp->corrupt) {
		if (!asks)
			reply(rpcs, connection);
		else if (!connection->opened || connection->asked)
			ask(rpcs, now, connection);
		connection->opened = true;
	}
	tcp_read(tcp, tcp_readable(tcp));
	transport_flush(rpcs->transport, now, connection);
	if (tcp->state == TCP_STATE_CLOSED)
		transport_remove(rpcs->transport, connection);
}

static bool
receive_tcp(struct rpcs *rpcs, struct instant now, uint32_t server,
	    const uint8_t *bytes, const struct packet *packet)
{
	bool request = packet->dst_port == RPC_PORT;
	struct session_key key;

	if (!request && packet->dst_port != CLIENT_PORT)
		return false;
	if (packet_session(packet, !request, &key) != DROP_NONE)
		return false;
	struct connection *connection =
		transport_find(rpcs->transport, server, &key);
	if (connection == NULL) {
		if (!request || (packet->tcp_flags &
				 (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
			return false;
		connection = transport_add(rpcs->transport, server, &key);
		connection->rpc = true;
		tcp_accept(&connection->tcp,
			   transport_settings(rpcs->transport),
			   transport_iss(now, &key, server), bytes, packet);
		tcp_expect_seed(&connection->tcp, rpcs->seed);
		connection->tcp.send.seed = rpcs->seed + 1;
		transport_flush(rpcs->transport, now, connection);
		return true;
	}
	tcp_receive(&connection->tcp, now, bytes, packet);
	advance(rpcs, now, connection);
	return true;
}

void
rpcs_timer(struct rpcs *rpcs, struct instant now, struct connection *connection)
{
	transport_expire(connection, now);
	advance(rpcs, now, connection);
}

/* ---- the whole ---- */

void
rpcs_start(struct rpcs *rpcs, struct instant now)
{
	for (uint32_t i = 0; rpcs != NULL && i < rpcs->count; i++) {
		if (rpcs->settings->rpc_transport == RPC_TCP)
			call(rpcs, now, i);
		else
			next(rpcs, now, i);
	}
}

bool
rpcs_receive(struct rpcs *rpcs, struct instant now, uint32_t server,
	     const uint8_t *bytes, const struct packet *packet)
{
	if (rpcs == NULL || !packet->transport || packet->mf)
		return false;
	if (rpcs->settings->rpc_transport == RPC_TCP)
		return packet->protocol == IP_TCP &&
		       receive_tcp(rpcs, now, server, bytes, packet);
	return packet->protocol == IP_UDP &&
	       receive_udp(rpcs, now, server, bytes, packet);
}

void
rpcs_prefetch(const struct rpcs *rpcs, uint32_t server)
{
	if (rpcs == NULL)
		return;

	const struct caller *caller = &rpcs->callers[server];
	__builtin_prefetch(caller, 1);
	__builtin_prefetch((const uint8_t *)(caller + 1) - 1, 1);
	__builtin_prefetch(&rpcs->addresses[server]);
}

uint64_t
rpcs_answered(const struct rpcs *rpcs)
{
	return rpcs != NULL ? rpcs->answered : 0;
}

void
rpcs_report(const struct rpcs *rpcs)
{
	if (rpcs == NULL || rpcs->watch->counter == NULL)
		return;

	const struct watch *watch = rpcs->watch;
	watch->counter(watch->context, "", "rpcs", rpcs->answered);
	watch->counter(watch->context, "", "rpc_repeats", rpcs->repeats);
	watch->counter(watch->context, "", "rpc_ns", rpcs->sum_ns);
}
