/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * silence.c - ways, timers, and what they prove
 */
#include "sim/judge/silence.h"

#include "core/wire/gue.h"
#include "sim/host/transport.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

#define MILLION 1000000u
#define CLIENT	0
#define OWNER	1

/* Both ends of a session; NULL: there is none. */
struct ends {
	const struct connection *end[2];
};

static struct ends
ends(const struct judge_parts *parts, const struct session *session)
{
	uint32_t owner = session->owner != WATCH_NONE ? session->owner
						      : session->answered_by;
	struct ends ends = { { NULL } };

	ends.end[CLIENT] = transport_look(
		parts->transport,
		network_client_device(parts->network, session->client),
		&session->key);
	if (owner != WATCH_NONE)
		ends.end[OWNER] =
			transport_look(parts->transport, owner, &session->key);
	return ends;
}

static bool
rests(const struct connection *connection)
{
	return connection != NULL && connection->source.bytes_left > 0 &&
	       connection->tcp.una == tcp_send_end(&connection->tcp);
}

bool
silence_rests(const struct judge_parts *parts, uint32_t flow)
{
	struct ends both = ends(parts, workload_session(parts->workload, flow));

	return rests(both.end[CLIENT]) || rests(both.end[OWNER]);
}

/* Of that end so far. */
static uint32_t
timeouts(const struct connection *connection)
{
	if (connection == NULL)
		return 0;
	return connection->tcp.state < TCP_STATE_ESTABLISHED
		       ? connection->tcp.attempts
		       : connection->tcp.counters.timeouts;
}

static void
tries_look(struct silence *silence, const struct judge_parts *parts,
	   const struct session *session)
{
	struct ends both = ends(parts, session);

	for (unsigned i = 0; i < 2; i++) {
		uint32_t count = timeouts(both.end[i]);

		/* Established, it counts from 0. */
		if (count < silence->before[i])
			silence->before[i] = count;
		silence->tries[i] = count - silence->before[i];
	}
}

/* The client's own link had no room for what it sent last (sim/witness.h). */
static bool
is_crowded(const struct judge_parts *parts, const struct session *session)
{
	const struct connection *client = ends(parts, session).end[CLIENT];

	return client != NULL && client->crowded;
}

static void
tries_begin(struct silence *silence)
{
	for (unsigned i = 0; i < 2; i++) {
		silence->before[i] += silence->tries[i];
		silence->tries[i] = 0;
	}
}

/* From when on a way counts: the routes that brought it back have settled. */
static struct instant
converged(const struct silence *silence)
{
	return silence->cut.ns == 0
		       ? silence->cut
		       : instant_after(silence->cut, CAUSE_CONVERGED_NS);
}

bool
silence_reachable(const struct silence *silence, struct instant now)
{
	return !instant_before(now, converged(silence));
}

static void
way_look(struct silence *silence, const struct judge_parts *parts,
	 struct instant now, uint32_t flow, uint64_t changes)
{
	uint32_t loss_ppm;

	if (silence->changes == changes && !silence->is_cut)
		return;
	silence->changes = changes;
	loss_ppm = workload_loss_ppm(parts->workload, flow);
	silence->is_cut = loss_ppm > CAUSE_LOSS_PPM;
	if (silence->is_cut) {
		silence->cut = now;
		silence->loss_ppm = 0;
	} else if (loss_ppm > silence->loss_ppm) {
		silence->loss_ppm = loss_ppm;
	}
}

uint32_t
silence_tries(uint32_t loss_ppm)
{
	uint64_t odds = 1; /* against losing all of them */
	uint32_t tries = 0;

	do {
		tries++;
		odds = loss_ppm == 0 ? SILENCE_ODDS : odds * MILLION / loss_ppm;
	} while (odds < SILENCE_ODDS);
	return tries;
}

bool
silence_narrow(const struct settings *settings)
{
	const struct fabric_settings *fabric = &settings->fabric;
	uint32_t overhead =
		settings->service.family == 4 ? GUE_OVERHEAD4 : GUE_OVERHEAD6;
	uint32_t full = fabric->client_link.mtu_bytes + overhead;

	return fabric->edge_link.mtu_bytes < full ||
	       fabric->fabric_link.mtu_bytes < full ||
	       fabric->server_link.mtu_bytes < full;
}

static uint32_t
tries_due(const struct settings *settings, uint32_t loss_ppm)
{
	return silence_tries(loss_ppm) +
	       (silence_narrow(settings) ? SILENCE_TRIES_NARROW : 0);
}

static void
enough_look(struct silence *silence, const struct settings *settings,
	    struct instant now)
{
	uint32_t most = silence->tries[CLIENT] > silence->tries[OWNER]
				? silence->tries[CLIENT]
				: silence->tries[OWNER];

	if (most < tries_due(settings, silence->loss_ppm))
		silence->enough = (struct instant){ 0 };
	else if (silence->enough.ns == 0)
		silence->enough = now;
}

void
silence_look(struct silence *silence, const struct judge_parts *parts,
	     struct instant now, uint32_t flow, uint64_t changes)
{
	const struct session *session = workload_session(parts->workload, flow);
	struct instant from = workload_waits_since(parts->workload, flow);

	if (from.ns == INT64_MAX ||
	    instant_before(now, instant_after(from, SILENCE_NEED_NS)) ||
	    silence_rests(parts, flow)) {
		silence->is_silent = false;
		silence->enough = (struct instant){ 0 };
		/* Its owner may be called dead all the same. */
		if (session->stray_at != WATCH_NONE)
			way_look(silence, parts, now, flow, changes);
		return;
	}
	tries_look(silence, parts, session);
	if (!silence->is_silent || from.ns != silence->from.ns) {
		silence->is_silent = true;
		silence->from = from;
		silence->is_cut = false;
		silence->changes = changes - 1;
		silence->loss_ppm = 0;
		tries_begin(silence);
	}
	way_look(silence, parts, now, flow, changes);
	if (is_crowded(parts, session))
		silence->crowded = now;
	if (!silence_reachable(silence, now) || silence->crowded.ns == now.ns)
		tries_begin(silence);
	enough_look(silence, parts->settings, now);
}

bool
silence_proven(const struct silence *silence, struct instant now)
{
	struct instant since = converged(silence);

	if (instant_before(since, silence->from))
		since = silence->from;
	if (instant_before(since, silence->crowded))
		since = silence->crowded;
	return silence->is_silent && !silence->is_cut &&
	       !instant_before(now, instant_after(since, CAUSE_SILENT_NS)) &&
	       silence->enough.ns > 0 &&
	       !instant_before(now,
			       instant_after(silence->enough, SILENCE_TRY_NS));
}

static struct instant
series_end(const struct tcp *tcp, struct instant now, uint32_t tries)
{
	struct instant at = tcp->retransmit_at;
	int64_t rto_ns = tcp->rto_ns;

	if (at.ns == INT64_MAX)
		return now;
	while (--tries > 0) {
		rto_ns = 2 * rto_ns < tcp->settings->rto_max_ns
				 ? 2 * rto_ns
				 : tcp->settings->rto_max_ns;
		at = instant_after(at, rto_ns);
	}
	return at;
}

struct instant
silence_series_end(const struct judge_parts *parts, struct instant now,
		   uint32_t flow)
{
	struct ends both = ends(parts, workload_session(parts->workload, flow));
	uint32_t loss_ppm = workload_loss_ppm(parts->workload, flow);
	struct instant last = now;

	if (loss_ppm > CAUSE_LOSS_PPM)
		loss_ppm = CAUSE_LOSS_PPM;
	for (unsigned i = 0; i < 2; i++) {
		struct instant end = now;

		if (both.end[i] != NULL)
			end = series_end(&both.end[i]->tcp, now,
					 tries_due(parts->settings, loss_ppm));
		if (instant_before(last, end))
			last = end;
	}
	return last;
}
