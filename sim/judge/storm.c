/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * storm.c - one count for the sockets of a key, one for a key at a server
 */
#include "sim/judge/storm.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"
#include "sim/judge/ledger.h"
#include "sim/model/keymap.h"
#include "sim/model/workload.h"

/* What only grows while a socket gets on; any change is a step. */
struct mark {
	uint64_t una, max, received, repaired;
	uint32_t timeouts, probes, recoveries, attempts, mss;
	enum tcp_state state;
};

/* The socket that a connection's place has now. */
struct socket {
	uint32_t generation; /* 0: none yet */
	struct mark mark;
};

/* All sockets of a key. */
struct row {
	uint64_t flight; /* segments; the largest of any */
	uint64_t sent; /* since the step */
	struct instant step;
	bool said;
};

struct judge_storm {
	struct judge_parts parts;
	struct keymap *keys;
	struct row *rows;
	uint32_t row_count, row_capacity;
	struct socket *sockets; /* by the connection's index */
	uint32_t socket_capacity;
	struct ledger *answers; /* a: since the last stray, b: said */
};

struct judge_storm *
judge_storm_create(const struct judge_parts *parts)
{
	struct judge_storm *storm = memory_zeroed(1, sizeof(*storm));

	storm->parts = *parts;
	storm->keys = keymap_create();
	storm->answers = ledger_create();
	return storm;
}

void
judge_storm_destroy(struct judge_storm *storm)
{
	if (storm == NULL)
		return;
	keymap_destroy(storm->keys);
	ledger_destroy(storm->answers);
	free(storm->rows);
	free(storm->sockets);
	free(storm);
}

static struct row *
row_of(struct judge_storm *storm, const struct session_key *key)
{
	uint32_t index = keymap_find(storm->keys, key, 0);

	if (index != KEYMAP_NONE)
		return &storm->rows[index];
	if (storm->row_count == storm->row_capacity) {
		storm->row_capacity = 2 * storm->row_capacity + 64;
		storm->rows = memory_grown(storm->rows, storm->row_capacity,
					   sizeof(storm->rows[0]));
	}
	index = storm->row_count++;
	keymap_set(storm->keys, key, 0, index);
	storm->rows[index] = (struct row){ .sent = 0 };
	return &storm->rows[index];
}

static struct socket *
socket_of(struct judge_storm *storm, const struct connection *connection)
{
	uint32_t index = connection->index;

	if (index >= storm->socket_capacity) {
		uint32_t capacity = 2 * index + 64;
		storm->sockets = memory_grown(storm->sockets, capacity,
					      sizeof(storm->sockets[0]));
		for (uint32_t i = storm->socket_capacity; i < capacity; i++)
			storm->sockets[i] = (struct socket){ .generation = 0 };
		storm->socket_capacity = capacity;
	}
	return &storm->sockets[index];
}

static struct mark
mark_of(const struct tcp *tcp)
{
	return (struct mark){
		.una = tcp->una,
		.max = tcp->max,
		.received = tcp->rcv_nxt +
			    ranges_covered(&tcp->early, 0, UINT64_MAX),
		.repaired = tcp->sent_again,
		.timeouts = tcp->counters.timeouts,
		.probes = tcp->counters.probes,
		.recoveries = tcp->counters.recoveries,
		.attempts = tcp->attempts,
		.mss = tcp->mss,
		.state = tcp->state,
	};
}

static bool
mark_equal(const struct mark *a, const struct mark *b)
{
	return a->una == b->una && a->max == b->max &&
	       a->received == b->received && a->repaired == b->repaired &&
	       a->timeouts == b->timeouts && a->probes == b->probes &&
	       a->recoveries == b->recoveries && a->attempts == b->attempts &&
	       a->mss == b->mss && a->state == b->state;
}

/* Has it made a step since it was looked at last? */
static struct row *
look(struct judge_storm *storm, struct instant now,
     const struct connection *connection)
{
	const struct tcp *tcp = &connection->tcp;
	struct row *row = row_of(storm, &connection->key);
	struct socket *socket = socket_of(storm, connection);
	struct mark mark = mark_of(tcp);
	uint64_t flight = (tcp->max - tcp->una) / tcp->mss + 1;

	if (flight > row->flight)
		row->flight = flight;
	if (socket->generation == connection->generation &&
	    mark_equal(&socket->mark, &mark))
		return row;
	*socket = (struct socket){ .generation = connection->generation,
				   .mark = mark };
	row->sent = 0;
	row->step = now;
	return row;
}

static uint64_t
allowed(const struct row *row, struct instant now)
{
	uint64_t ms = (uint64_t)instant_distance_ns(row->step, now) / NS_PER_MS;

	return STORM_LEAST + STORM_FLIGHTS * 2 * row->flight +
	       STORM_RATE * ms / 1000;
}

void
judge_storm_sent(struct judge_storm *storm, struct instant now,
		 const struct connection *connection)
{
	struct row *row = look(storm, now, connection);

	if (++row->sent <= allowed(row, now) || row->said)
		return;
	row->said = true;
	verdict(storm->parts.verdicts, VIOLATION_STORM, now,
		connection->device < storm->parts.settings->fabric.servers
			? connection->device
			: WATCH_NONE,
		workload_find(storm->parts.workload, &connection->key),
		"%llu segments in %lld ms, and nothing came of them",
		(unsigned long long)row->sent,
		(long long)(instant_distance_ns(row->step, now) / NS_PER_MS));
}

void
judge_storm_taken(struct judge_storm *storm, struct instant now,
		  const struct connection *connection)
{
	(void)look(storm, now, connection);
}

static struct ledger_page *
answers_of(struct judge_storm *storm, uint32_t server,
	   const struct session_key *key)
{
	return ledger_open(storm->answers,
			   ledger_hash(server, key, sizeof(*key)));
}

void
judge_storm_strayed(struct judge_storm *storm, uint32_t server,
		    const struct session_key *key)
{
	answers_of(storm, server, key)->a = 0;
}

void
judge_storm_answered(struct judge_storm *storm, struct instant now,
		     uint32_t server, const struct session_key *key)
{
	struct ledger_page *page = answers_of(storm, server, key);

	if (++page->a <= STORM_ANSWERS || page->b++ > 0)
		return;
	verdict(storm->parts.verdicts, VIOLATION_STORM, now, server,
		workload_find(storm->parts.workload, key),
		"%u answers about a session of which no packet has strayed to "
		"it meanwhile",
		page->a);
}
