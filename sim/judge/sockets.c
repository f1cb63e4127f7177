/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockets.c - numbers for sockets, and a ledger of what they sent
 */
#include "sim/judge/sockets.h"

#include <stdlib.h>

#include "core/wire/tcp.h"
#include "sim/engine/memory.h"
#include "sim/judge/ledger.h"
#include "sim/model/workload.h"

#define NOBODY 0 /* no socket's number */

/* The socket that a connection's place has now. */
struct socket {
	uint32_t generation;
	uint32_t number;
	uint32_t peer; /* NOBODY: none yet, or a SYN that no socket sent */
	bool bound; /* peer is known for good */
};

struct judge_sockets {
	struct judge_parts parts;
	struct ledger *segments; /* a: the sender, b: its peer */
	struct ledger *cookies; /* the same, of sockets to come */
	struct socket *sockets; /* by the connection's index */
	uint32_t capacity;
	uint32_t numbers; /* given so far */
};

struct judge_sockets *
judge_sockets_create(const struct judge_parts *parts)
{
	struct judge_sockets *sockets = memory_zeroed(1, sizeof(*sockets));

	sockets->parts = *parts;
	sockets->segments = ledger_create();
	sockets->cookies = ledger_create();
	return sockets;
}

void
judge_sockets_destroy(struct judge_sockets *sockets)
{
	if (sockets == NULL)
		return;
	ledger_destroy(sockets->segments);
	ledger_destroy(sockets->cookies);
	free(sockets->sockets);
	free(sockets);
}

static struct socket *
socket_of(struct judge_sockets *sockets, const struct connection *connection)
{
	uint32_t index = connection->index;

	if (index >= sockets->capacity) {
		uint32_t capacity = 2 * index + 64;
		sockets->sockets = memory_grown(sockets->sockets, capacity,
						sizeof(sockets->sockets[0]));
		for (uint32_t i = sockets->capacity; i < capacity; i++)
			sockets->sockets[i] = (struct socket){ 0 };
		sockets->capacity = capacity;
	}
	struct socket *socket = &sockets->sockets[index];
	if (socket->number == NOBODY ||
	    socket->generation != connection->generation)
		*socket = (struct socket){
			.generation = connection->generation,
			.number = ++sockets->numbers,
		};
	return socket;
}

void
judge_sockets_accepted(struct judge_sockets *sockets,
		       const struct connection *connection,
		       const uint8_t *bytes, const struct packet *packet)
{
	const struct ledger_page *origin = ledger_find(
		sockets->segments, ledger_hash_segment(bytes, packet));
	struct socket *socket = socket_of(sockets, connection);

	socket->bound = true;
	socket->peer = origin != NULL ? origin->a : NOBODY;
}

/* A cookie is the initial number of that device's socket of that key. */
static uint64_t
cookie_hash(uint32_t device, const struct session_key *key, uint32_t iss)
{
	return ledger_hash((uint64_t)device << 32 | iss, key, sizeof(*key));
}

void
judge_sockets_answered(struct judge_sockets *sockets, uint32_t device,
		       const uint8_t *bytes, const struct packet *packet,
		       const uint8_t *answer, const struct packet *sent)
{
	const struct ledger_page *origin = ledger_find(
		sockets->segments, ledger_hash_segment(bytes, packet));
	uint32_t peer = origin != NULL ? origin->a : NOBODY;
	struct session_key key;

	if (packet_session(packet, false, &key) != DROP_NONE)
		return;
	struct ledger_page *page = ledger_open(
		sockets->cookies, cookie_hash(device, &key, sent->tcp_seq));
	/* The same SYN, sent again, has the same. */
	if (page->a == NOBODY)
		page->a = ++sockets->numbers;
	page->b = peer;
	uint32_t number = page->a;
	page = ledger_open(sockets->segments,
			   ledger_hash_segment(answer, sent));
	page->a = number;
	page->b = peer;
}

void
judge_sockets_restored(struct judge_sockets *sockets,
		       const struct connection *connection)
{
	const struct ledger_page *page =
		ledger_find(sockets->cookies,
			    cookie_hash(connection->device, &connection->key,
					connection->tcp.iss));
	struct socket *socket = socket_of(sockets, connection);

	socket->bound = true;
	if (page == NULL)
		return;
	socket->number = page->a;
	socket->peer = page->b;
}

void
judge_sockets_sent(struct judge_sockets *sockets,
		   const struct connection *connection, const uint8_t *bytes,
		   const struct packet *packet)
{
	const struct socket *socket = socket_of(sockets, connection);
	struct ledger_page *page = ledger_open(
		sockets->segments, ledger_hash_segment(bytes, packet));

	page->a = socket->number;
	page->b = socket->peer;
}

static bool
has_more_bytes(const struct tcp *before, const struct tcp *after)
{
	return after->rcv_nxt > before->rcv_nxt ||
	       ranges_covered(&after->early, 0, UINT64_MAX) >
		       ranges_covered(&before->early, 0, UINT64_MAX);
}

static const char *
whose(const struct judge_sockets *sockets, const struct connection *connection)
{
	return connection->device < sockets->parts.settings->fabric.servers
		       ? "a server's"
		       : "a client's";
}

static uint32_t
node_of(const struct judge_sockets *sockets,
	const struct connection *connection)
{
	return connection->device < sockets->parts.settings->fabric.servers
		       ? connection->device
		       : WATCH_NONE;
}

static uint32_t
flow_of(const struct judge_sockets *sockets,
	const struct connection *connection)
{
	return connection->flow != WATCH_NONE
		       ? connection->flow
		       : workload_find(sockets->parts.workload,
				       &connection->key);
}

/* what of whom, as "bytes that no socket sent". */
static void
foreign(struct judge_sockets *sockets, struct instant now,
	const struct connection *connection, const char *what, const char *whom)
{
	verdict(sockets->parts.verdicts, VIOLATION_FOREIGN_BYTES, now,
		node_of(sockets, connection), flow_of(sockets, connection),
		"%s socket took %s %s", whose(sockets, connection), what, whom);
}

/* Bytes that differ from the stream that the right peer sends. */
static void
corrupt(struct judge_sockets *sockets, struct instant now,
	const struct connection *connection)
{
	verdict(sockets->parts.verdicts, VIOLATION_CORRUPT, now,
		node_of(sockets, connection), flow_of(sockets, connection),
		"%s socket was given a byte that is another in its stream",
		whose(sockets, connection));
}

void
judge_sockets_taken(struct judge_sockets *sockets, struct instant now,
		    const struct connection *connection,
		    const struct tcp *before, const uint8_t *bytes,
		    const struct packet *packet)
{
	const struct tcp *after = &connection->tcp;
	bool more = has_more_bytes(before, after);
	bool other_state = after->state != before->state;
	bool spoiled = after->corrupt && !before->corrupt;

	if (packet->tcp_flags & TCP_RST ||
	    !(more || other_state || spoiled || after->una > before->una))
		return;
	struct socket *socket = socket_of(sockets, connection);
	const struct ledger_page *origin = ledger_find(
		sockets->segments, ledger_hash_segment(bytes, packet));
	const char *what = more ? "bytes" : "an acknowledgement";

	if (before->state == TCP_STATE_SYN_SENT)
		what = "the SYN-ACK";
	if (origin == NULL) {
		if (spoiled || more)
			foreign(sockets, now, connection, what,
				"that no socket sent");
		return;
	}
	if (!socket->bound && before->state == TCP_STATE_SYN_SENT &&
	    after->state != TCP_STATE_CLOSED) {
		socket->bound = true;
		socket->peer = origin->a;
	}
	if (origin->a != socket->peer)
		foreign(sockets, now, connection, what,
			"of a socket that is not its peer");
	else if (origin->b != NOBODY && origin->b != socket->number)
		foreign(sockets, now, connection, what,
			"that its peer meant for another socket");
	else if (spoiled)
		corrupt(sockets, now, connection);
}

void
judge_sockets_finish(struct judge_sockets *sockets, struct instant now)
{
	const struct workload *workload = sockets->parts.workload;

	for (uint32_t i = 0; i < workload_count(workload); i++) {
		const struct session *session = workload_session(workload, i);
		if (session->state != SESSION_OVER ||
		    session->outcome != OUTCOME_CORRUPT)
			continue;
		verdict(sockets->parts.verdicts, VIOLATION_CORRUPT, now,
			session->owner, i,
			"it ended with %llu bytes of %llu, or a wrong one",
			(unsigned long long)session->bytes,
			(unsigned long long)session->bytes_wanted);
	}
}
