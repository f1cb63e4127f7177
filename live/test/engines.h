/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engines.h - a few engines back to back in one process, for tests only
 *
 *	change() -----> engine --> edge --> queue --HALF_RTT_NS--> arrive()
 *	stray_in() -/     ^                                           |
 *	                  `-------------------------------------------'
 *
 * Edges are fakes: what an engine sends goes into one queue and arrives
 * HALF_RTT_NS later at the engine with that address; what it delivers or
 * routes out is kept for the test to look at. There are no sockets: the
 * sessions table alone says what is where. Time is what pass() makes of it.
 */
#ifndef LIVE_TEST_ENGINES_H
#define LIVE_TEST_ENGINES_H

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/gue.h"
#include "live/engine/engine.h"

#define SERVERS	    4
#define QUEUE	    4096
#define HALF_RTT_NS (200 * NS_PER_US)
#define WALL_NS	    (INT64_C(1700000000) * NS_PER_S)
#define SERVICE	    80

enum way {
	WAY_DATAGRAM,
	WAY_FORWARD,
};

struct flying {
	struct instant at;
	enum way way;
	struct endpoint from, to;
	size_t size;
	uint8_t bytes[2048];
};

struct engines;

struct server {
	struct engines *engines;
	uint32_t index;
	struct conf conf;
	struct engine *engine;
	struct sessions *sessions;
	struct boot boot; /* id 0 at the start: the clock's */
	char said[256];
	uint32_t sayings;
	uint32_t delivered, routed; /* packets */
	uint8_t last[2048]; /* delivered or routed */
	size_t last_size;
	bool foreign; /* packets are not of what lingers here */
	const struct ownership_socket *socket; /* or NULL: of every session */
	uint8_t avoided; /* by the last forward */
	int unreachable; /* -errno of every forward */
	uint32_t reports[REPORT_KINDS];
	struct report latest[REPORT_KINDS];
	char decision[64];
};

struct engines {
	struct instant now;
	struct server servers[SERVERS];
	struct flying *queue; /* ring */
	uint32_t head, tail;
	uint16_t gue_port;
	struct flying kept[2]; /* the last of each way */
};

static inline struct secret
secret_of(uint8_t seed)
{
	struct secret secret = { .key_count = 1 };

	secret.keys[0].id = 0;
	memset(secret.placement.bytes, 1, sizeof(secret.placement.bytes));
	memset(secret.keys[0].seal, seed, SECRET_SEAL_BYTES);
	memset(secret.keys[0].tag.bytes, seed, 16);
	return secret;
}

static inline struct endpoint
endpoint_of(uint32_t index)
{
	uint8_t bytes[4] = { 10, 0, 0, (uint8_t)(index + 1) };

	return (struct endpoint){ address_ip4(bytes), 7000 };
}

/* ---- the edge ---- */

static inline int
push(struct server *server, enum way way, const struct endpoint *to,
     uint16_t port, const uint8_t *bytes, size_t size)
{
	struct engines *engines = server->engines;
	struct flying *flying = &engines->queue[engines->tail++ % QUEUE];

	if (engines->tail - engines->head > QUEUE ||
	    size > sizeof(flying->bytes))
		abort();
	*flying = (struct flying){
		.at = instant_after(engines->now, HALF_RTT_NS),
		.way = way,
		.from = { server->conf.self.address, port },
		.to = *to,
		.size = size,
	};
	memcpy(flying->bytes, bytes, size);
	engines->kept[way] = *flying;
	return 0;
}

static inline int
edge_datagram(void *context, const struct endpoint *to, uint8_t avoid,
	      const uint8_t *bytes, size_t size)
{
	(void)avoid;
	return push(context, WAY_DATAGRAM, to, 7000, bytes, size);
}

static inline int
edge_forward(void *context, const struct endpoint *to, uint16_t port,
	     uint8_t avoid, const uint8_t *bytes, size_t size)
{
	struct server *server = context;

	server->avoided = avoid;
	if (server->unreachable != 0)
		return server->unreachable;
	return push(context, WAY_FORWARD, to, port, bytes, size);
}

static inline void
keep(struct server *server, const uint8_t *bytes, size_t size)
{
	if (size > sizeof(server->last))
		abort();
	memcpy(server->last, bytes, size);
	server->last_size = size;
}

static inline int
edge_packet(void *context, uint8_t avoid, const uint8_t *bytes, size_t size)
{
	struct server *server = context;

	(void)avoid;
	server->routed++;
	keep(server, bytes, size);
	return 0;
}

static inline int
edge_deliver(void *context, const uint8_t *bytes, size_t size)
{
	struct server *server = context;

	server->delivered++;
	keep(server, bytes, size);
	return 0;
}

static inline int
edge_owns(void *context, const struct session_key *key,
	  const struct ownership_segment *segment, bool quoted)
{
	const struct server *server = context;

	CHECK(quoted || segment->length < 65536);
	if (server->socket != NULL)
		return (int)(quoted ? ownership_of_quote(server->socket,
							 segment->seq)
				    : ownership_of(server->socket, segment));
	return server->foreign || !sessions_has(server->sessions, key)
		       ? OWNERSHIP_STRAY
		       : OWNERSHIP_MINE;
}

static inline void
edge_say(void *context, const char *sentence)
{
	struct server *server = context;

	server->sayings++;
	(void)snprintf(server->said, sizeof(server->said), "%s", sentence);
}

static inline void
heard_report(void *context, const struct report *report)
{
	struct server *server = context;

	server->reports[report->kind]++;
	server->latest[report->kind] = *report;
}

static inline void
heard_decision(void *context, struct instant now,
	       const struct steer_result *result, const char *what)
{
	struct server *server = context;

	(void)now;
	(void)result;
	(void)snprintf(server->decision, sizeof(server->decision), "%s", what);
}

/* ---- all of them ---- */

static inline void
server_start(struct engines *engines, uint32_t index,
	     const struct secret *secret)
{
	struct server *server = &engines->servers[index];
	struct conf *conf = &server->conf;
	const uint8_t service[4] = { 192, 0, 2, 1 };
	char error[256] = "";

	server->engines = engines;
	server->index = index;
	conf_default(conf);
	conf->steer.gue_port = engines->gue_port;
	conf->self = endpoint_of(index);
	conf->services[0] =
		(struct steer_service){ address_ip4(service), SERVICE };
	conf->service_count = 1;
	conf->sessions_max = 1024;
	conf->records_max = 4096;
	conf->flows_max = 1024;
	conf->peers_max = 64;
	/* Two peers: the first server, and oneself. */
	conf->peers[0] = endpoint_of(0);
	conf->peers[1] = endpoint_of(index);
	conf->peer_count = 2;
	CHECK(sessions_open(&server->sessions, NULL, conf->sessions_max, error,
			    sizeof(error)) == 0);
	if (server->boot.id == 0)
		server->boot.id = boot_clock();
	server->boot.fd = -1;
	const struct engine_parts parts = { .sessions = server->sessions,
					    .boot = &server->boot };
	const struct engine_edge edge = {
		.context = server,
		.datagram = edge_datagram,
		.forward = edge_forward,
		.packet = edge_packet,
		.deliver = edge_deliver,
		.say = edge_say,
		.owns = edge_owns,
	};
	CHECK(engine_create(&server->engine, conf, secret, &parts, &edge,
			    (struct wall_reading){ WALL_NS, 0 },
			    engines->now) == 0);
	engine_listen(server->engine, &(struct engine_listener){
					      .context = server,
					      .report = heard_report,
					      .decision = heard_decision,
				      });
}

static inline void
server_stop(struct server *server)
{
	engine_destroy(server->engine);
	sessions_close(server->sessions);
	server->engine = NULL;
}

static inline void
arrive(struct engines *engines, const struct flying *flying)
{
	for (uint32_t i = 0; i < SERVERS; i++) {
		struct server *server = &engines->servers[i];
		if (server->engine == NULL ||
		    !address_equal(&server->conf.self.address,
				   &flying->to.address))
			continue;
		if (flying->way == WAY_DATAGRAM) {
			CHECK(flying->to.port == 7000);
			engine_datagram(server->engine, engines->now,
					&flying->from, flying->bytes,
					flying->size);
		} else {
			CHECK(flying->to.port == server->conf.steer.gue_port);
			engine_tunnel(server->engine, engines->now,
				      &flying->from, &server->conf.self.address,
				      flying->bytes, flying->size);
		}
	}
}

static inline struct instant
engines_next(const struct engines *engines)
{
	struct instant next = INSTANT_NEVER;

	if (engines->head != engines->tail)
		next = engines->queue[engines->head % QUEUE].at;
	for (uint32_t i = 0; i < SERVERS; i++)
		if (engines->servers[i].engine != NULL)
			next = instant_min(
				next,
				engine_deadline(engines->servers[i].engine));
	return next;
}

static inline void
flush(struct engines *engines)
{
	for (uint32_t i = 0; i < SERVERS; i++)
		if (engines->servers[i].engine != NULL)
			engine_flush(engines->servers[i].engine, engines->now);
}

static inline void
pass(struct engines *engines, int64_t distance_ns)
{
	struct instant until = instant_after(engines->now, distance_ns);

	flush(engines);
	for (;;) {
		struct instant next = engines_next(engines);

		if (instant_before(until, next))
			break;
		if (instant_before(engines->now, next))
			engines->now = next;
		while (engines->head != engines->tail &&
		       !instant_before(
			       engines->now,
			       engines->queue[engines->head % QUEUE].at))
			arrive(engines,
			       &engines->queue[engines->head++ % QUEUE]);
		for (uint32_t i = 0; i < SERVERS; i++) {
			struct engine *engine = engines->servers[i].engine;
			if (engine != NULL &&
			    !instant_before(engines->now,
					    engine_deadline(engine)))
				engine_expire(engine, engines->now);
		}
		flush(engines);
	}
	engines->now = until;
}

static inline struct engines *
engines_open_at(uint32_t count, uint16_t gue_port)
{
	struct engines *engines = calloc(1, sizeof(*engines));
	struct secret secret = secret_of(1);

	if (engines == NULL)
		abort();
	engines->queue = calloc(QUEUE, sizeof(*engines->queue));
	if (engines->queue == NULL)
		abort();
	engines->now.ns = NS_PER_S;
	engines->gue_port = gue_port;
	for (uint32_t i = 0; i < count; i++)
		server_start(engines, i, &secret);
	for (uint32_t i = 0; i < count; i++) {
		engine_join(engines->servers[i].engine, engines->now);
		pass(engines, 20 * NS_PER_MS);
	}
	return engines;
}

static inline struct engines *
engines_open(uint32_t count)
{
	return engines_open_at(count, GUE_PORT);
}

static inline void
engines_close(struct engines *engines)
{
	for (uint32_t i = 0; i < SERVERS; i++)
		if (engines->servers[i].engine != NULL)
			server_stop(&engines->servers[i]);
	free(engines->queue);
	free(engines);
}

static inline struct engine_status
status_of(const struct engines *engines, uint32_t index)
{
	struct engine_status s;

	engine_status(engines->servers[index].engine, &s);
	return s;
}

/* ---- sessions ---- */

static inline struct session_key
session(uint32_t number)
{
	struct session_key key = {
		.client = { 198, 51, 100, 7 },
		.service = { 192, 0, 2, 1 },
		.client_port = { (uint8_t)(number >> 8), (uint8_t)number },
		.service_port = { 0, SERVICE },
		.family = 4,
		.protocol = 6,
	};

	return key;
}

static inline void
change(struct engines *engines, uint32_t index, uint32_t number,
       enum socket_change what)
{
	struct socket_event event = { session(number), what, engines->now };

	engine_socket(engines->servers[index].engine, engines->now, &event);
	flush(engines);
}

static inline size_t
segment_of(uint32_t number, uint8_t flags, size_t payload_bytes, uint8_t *bytes,
	   size_t capacity)
{
	static const uint8_t text[1460] = "a segment that went astray";
	struct session_key key = session(number);
	struct packet_tcp tcp = {
		.ip = { .src = address_ip4(key.client),
			.dst = address_ip4(key.service),
			.ttl = 60,
			.df = true },
		.src_port = (uint16_t)number,
		.dst_port = SERVICE,
		.seq = 1000,
		.ack = 2000,
		.flags = flags,
		.window = 500,
		.payload = text,
		.payload_bytes = payload_bytes,
	};

	return packet_build_tcp(&tcp, bytes, capacity);
}

static inline size_t
segment(uint32_t number, uint8_t flags, uint8_t *bytes, size_t capacity)
{
	return segment_of(number, flags, 27, bytes, capacity);
}

static inline void
stray_in(struct engines *engines, uint32_t index, uint32_t number,
	 uint8_t flags, uint8_t uplink)
{
	uint8_t bytes[256];
	size_t size = segment(number, flags, bytes, sizeof(bytes));

	CHECK(size > 0);
	engine_stray(engines->servers[index].engine, engines->now, uplink,
		     bytes, size);
	flush(engines);
}

static inline void
reload(struct engines *engines, uint32_t index, const struct secret *secret)
{
	struct server *server = &engines->servers[index];

	engine_reload(server->engine, &server->conf, secret, engines->now);
}

#endif
