/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transport.h - the TCP connections of all hosts of a world
 *
 *	host (server.c, client.c)	decides what an arrival means
 *	   | find, add, remove		exact lookup by (device, session key)
 *	connection = tcp + source	what is said and how fast
 *	   | flush
 *	network_send(), one alarm a connection
 *
 * A connection has a number and a generation: an event for a connection that
 * is gone, or whose place another has taken, is not its. Pointers stay valid
 * until the connection is removed.
 */
#ifndef SIM_HOST_TRANSPORT_H
#define SIM_HOST_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "sim/engine/event.h"
#include "sim/host/tcp.h"
#include "sim/net/network.h"

#define CONNECTION_NONE UINT32_MAX

/* What an application says after its head: so much, so fast, then FIN. */
struct source {
	bool running;
	uint64_t bytes_left; /* not yet handed to TCP */
	uint64_t pace_bps; /* 0: all at once */
	uint64_t
		chunk_bytes; /* paced: handed over in pieces of at least this */
	uint64_t bytes_written;
	struct instant since;
};

struct connection {
	bool used;
	bool rpc; /* of rpc.h, not of the service */
	uint32_t index, generation;
	uint32_t device;
	struct session_key key;
	uint32_t flow; /* workload's number, WATCH_NONE: not known */
	struct tcp tcp;
	struct source source;
	struct alarm alarm;
	bool crowded; /* its own link had no room for its last segment */
	/* Server: */
	bool opening; /* the scheme knows that its SYN was answered */
	bool opened; /* its handshake is complete */
	bool asked; /* its request was read */
	bool upload;
	uint64_t bytes_wanted;
	bool published;
	struct instant publish_at; /* NEVER: is, or will not be */
	struct version version;
};

struct transport;

/* A segment about to be sent, of any connection but RPCs'. */
typedef void transport_segment(void *context, struct instant now,
			       uint32_t device, uint8_t *bytes, uint32_t size);

/* What is seen of connections but RPCs'. Bytes and packets are borrowed. */
struct transport_listener {
	void *context;
	/* A SYN opens a new one. */
	void (*accepted)(void *, struct instant now, const struct connection *,
			 const uint8_t *bytes, const struct packet *);
	/* One is answered by a cookie: no connection sends that. */
	void (*answered)(void *, struct instant now, uint32_t device,
			 const uint8_t *bytes, const struct packet *,
			 const uint8_t *answer, uint32_t answer_bytes);
	/* A new connection is made of what a cookie says. */
	void (*restored)(void *, struct instant now, const struct connection *);
	/* A segment is sent. */
	void (*sent)(void *, struct instant now, const struct connection *,
		     const uint8_t *bytes, uint32_t size);
	/* A segment comes, and before is what its TCP was until then. */
	void (*taken)(void *, struct instant now, const struct connection *,
		      const struct tcp *before, const uint8_t *bytes,
		      const struct packet *);
};

struct transport *transport_create(struct network *, struct queue *,
				   const struct tcp_settings *);
void transport_destroy(struct transport *);
/* From now on every segment is shown to it first; it may change the bytes, not
 * the size. */
void transport_sent(struct transport *, transport_segment *, void *context);
/* From now on it hears of all of them; borrowed. */
void transport_listen(struct transport *, const struct transport_listener *);
const struct tcp_settings *transport_settings(const struct transport *);

/* Of the connection that the local side opens: it is the client. */
void transport_key(const struct tcp_names *, struct session_key *);
/* NULL: no such connection. */
struct connection *transport_find(struct transport *, uint32_t device,
				  const struct session_key *);
/* The same, to look at. */
const struct connection *transport_look(const struct transport *,
					uint32_t device,
					const struct session_key *);
/* A new one; the key must not be there. tcp is for the caller to start. */
struct connection *transport_add(struct transport *, uint32_t device,
				 const struct session_key *);
void transport_remove(struct transport *, struct connection *);
/* All of a device, silently: it crashed. */
void transport_drop(struct transport *, uint32_t device);
/* The next one of a device after this; NULL: the first, or no more. */
const struct connection *transport_next(const struct transport *,
					uint32_t device,
					const struct connection *after);
uint32_t transport_count(const struct transport *, uint32_t device);
/* Of an EVENT_TCP; NULL: it is gone, or a nearer event has served it. */
struct connection *transport_timer(struct transport *, const struct event *);
/* An ICMP error that quotes a packet of ours, which ran to the client or from
 * it. Only "too big" concerns an established connection (RFC 5927): its
 * segments shrink, and it wants a flush. NULL: none such. */
struct connection *transport_error(struct transport *, uint32_t device,
				   bool to_client, const uint8_t *bytes,
				   const struct packet *);
/* Initial sequence number: a clock plus a hash keyed with the host's own secret
 * (RFC 6528); the clock is Linux's, of 64 ns, so that a port's next session is
 * 16 MiB ahead in a second. */
uint32_t transport_iss(struct instant now, const struct session_key *,
		       uint32_t device);

/* tcp_accept() and tcp_receive() of a connection that is no RPC's. */
void transport_accept(struct transport *, struct instant now,
		      struct connection *, uint32_t iss, const uint8_t *bytes,
		      const struct packet *);
void transport_receive(struct transport *, struct instant now,
		       struct connection *, const uint8_t *bytes,
		       const struct packet *);

/* Answer a SYN by a cookie (syn_cookie.h); */
void transport_answer(struct transport *, struct instant now, uint32_t device,
		      const struct session_key *, const uint8_t *bytes,
		      const struct packet *);
/* and make a new connection of the segment that acknowledges one, for which
 * syn_cookie_is_right(): it is for the connection to receive. */
void transport_restore(struct transport *, struct instant now,
		       struct connection *, const struct packet *);

/* Start saying so many bytes; FIN follows. chunk_bytes 0: a segment. */
void transport_say(struct connection *, struct instant now, uint64_t bytes,
		   uint64_t pace_bps, uint64_t chunk_bytes);
/* TCP's and the application's deadlines. */
void transport_expire(struct connection *, struct instant now);
/* Send what is due and set the alarm. Last thing after every change. */
void transport_flush(struct transport *, struct instant now,
		     struct connection *);

#endif
