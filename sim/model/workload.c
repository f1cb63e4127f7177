/* SPDX-License-Identifier: GPL-3.0-or-later */
/* workload.c - sessions planned, followed and reported */
#include "sim/model/workload.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/engine/random_stream.h"
#include "sim/model/due.h"
#include "sim/model/keymap.h"
#include "sim/model/opening.h"
#include "sim/model/pace.h"
#include "sim/model/protection.h"
#include "sim/model/size.h"

#define RANDOM_TRIES 64
#define ALL_PPM	     1000000u /* nothing comes through */

struct workload {
	const struct settings *settings;
	struct queue *queue;
	const struct watch *watch;
	struct keymap *flows; /* key to flow */
	struct rng arrivals;
	uint32_t next; /* the session that is taken next, or its opening */
	uint64_t step_bytes; /* of a paced sender */
	int64_t jitter_ns; /* openings are moved by up to this */
	struct opening *openings; /* in order; NULL: no jitter */
	uint32_t count;
	struct session *sessions;
	bool window; /* a stall window is open */
	uint32_t window_serial;
	bool detecting;
	const struct workload_witness *witness; /* may be NULL */
	struct instant fault; /* when it was made */
	struct instant seen; /* from when on its first stray is timed */
	uint64_t steps; /* see workload_steps() */
	uint32_t *ended; /* in the order of their ends */
	uint32_t ended_count;
};

static void
plan(struct workload *workload)
{
	const struct client_settings *clients = &workload->settings->clients;

	for (uint32_t i = 0; i < workload->count; i++) {
		struct session *session = &workload->sessions[i];
		struct rng rng =
			stream_rng(workload->settings->seed, STREAM_SESSION, i);
		session->client = i % workload->settings->fabric.clients;
		session->bytes_wanted = size_draw(clients, &rng);
		session->owner = WATCH_NONE;
		session->last_server = WATCH_NONE;
		session->answered_by = WATCH_NONE;
		session->stray_at = WATCH_NONE;
		session->taken_by = WATCH_NONE;
		session->reset_by = WATCH_NONE;
		session->answered = session->strayed = session->taken =
			session->unreached = INSTANT_NEVER;
		session->base_ns = INT64_MAX;
		session->stall_ns = STALL_METER_NONE;
		stall_meter_init(&session->stall_meter);
	}
}

struct workload *
workload_create(const struct settings *settings, struct queue *queue,
		const struct watch *watch)
{
	struct workload *workload = calloc(1, sizeof(*workload));

	if (workload == NULL)
		abort();
	workload->settings = settings;
	workload->queue = queue;
	workload->watch = watch;
	workload->flows = keymap_create();
	workload->arrivals = stream_rng(settings->seed, STREAM_ARRIVALS, 0);
	workload->count =
		settings->fabric.clients > 0 ? settings->clients.sessions : 0;
	workload->sessions = calloc((size_t)workload->count + 1,
				    sizeof(*workload->sessions));
	workload->ended =
		calloc((size_t)workload->count + 1, sizeof(*workload->ended));
	if (workload->sessions == NULL || workload->ended == NULL)
		abort();
	plan(workload);
	workload->step_bytes = pace_step_bytes(settings);
	workload->jitter_ns = pace_jitter_ns(settings);
	if (workload->jitter_ns > 0)
		workload->openings =
			openings_draw(settings, &workload->arrivals,
				      workload->count, workload->jitter_ns);
	return workload;
}

void
workload_destroy(struct workload *workload)
{
	if (workload == NULL)
		return;
	keymap_destroy(workload->flows);
	free(workload->openings);
	free(workload->ended);
	free(workload->sessions);
	free(workload);
}

uint32_t
workload_count(const struct workload *workload)
{
	return workload->count;
}

const struct session *
workload_session(const struct workload *workload, uint32_t flow)
{
	assert(flow < workload->count);
	return &workload->sessions[flow];
}

bool
workload_next(struct workload *workload, uint32_t *flow, int64_t *wait_ns)
{
	if (workload->next == workload->count)
		return false;
	if (workload->jitter_ns > 0) {
		const struct opening *openings = workload->openings;
		uint32_t next = workload->next++;

		*flow = openings[next].flow;
		*wait_ns = openings[next].at_ns -
			   (next > 0 ? openings[next - 1].at_ns : 0);
		return true;
	}
	*wait_ns = workload->next == 0
			   ? workload->settings->clients.start_ns
			   : opening_interval_ns(workload->settings,
						 &workload->arrivals);
	*flow = workload->next++;
	return true;
}

void
workload_open(struct workload *workload, struct instant now, uint32_t flow,
	      const struct session_key *key)
{
	struct session *session = &workload->sessions[flow];

	assert(session->state == SESSION_PLANNED);
	workload->steps++;
	session->state = SESSION_OPEN;
	session->key = *key;
	session->opened = now;
	keymap_set(workload->flows, key, 0, flow);
}

uint32_t
workload_find(const struct workload *workload, const struct session_key *key)
{
	uint32_t flow = keymap_find(workload->flows, key, 0);

	return flow == KEYMAP_NONE ? WATCH_NONE : flow;
}

uint32_t
workload_random(const struct workload *workload, struct rng *rng)
{
	uint32_t count = workload_count(workload);

	for (unsigned i = 0; count > 0 && i < RANDOM_TRIES; i++) {
		uint32_t flow = (uint32_t)rng_below(rng, count);
		const struct session *session =
			workload_session(workload, flow);

		if (session->state == SESSION_OPEN &&
		    session->owner != WATCH_NONE)
			return flow;
	}
	return WATCH_NONE;
}

void
workload_owned(struct workload *workload, uint32_t flow, uint32_t server)
{
	struct session *session = &workload->sessions[flow];

	if (session->state != SESSION_OPEN)
		return;
	workload->steps++;
	session->owner = server;
	session->owner_end = CAUSE_END_LIVES;
	session->last_server = server;
	session->socket = CAUSE_SOCKET_NONE;
}

/* Remember when the owner of a session that is in need could not be reached. */
static void
reach_look(const struct workload *workload, struct instant now,
	   struct session *session)
{
	const struct workload_witness *witness = workload->witness;

	if (witness != NULL &&
	    witness->owner_loss_ppm(witness->context, session) > CAUSE_LOSS_PPM)
		session->unreached = now;
}

void
workload_witness(struct workload *workload,
		 const struct workload_witness *witness)
{
	workload->witness = witness;
}

void
workload_answered(struct workload *workload, struct instant now,
		  const struct session_key *key, uint32_t server)
{
	uint32_t flow = workload_find(workload, key);

	if (flow == WATCH_NONE ||
	    workload->sessions[flow].state != SESSION_OPEN)
		return;
	struct session *session = &workload->sessions[flow];
	session->answered = instant_min(session->answered, now);
	session->barred = false;
	if (session->accepted)
		return;
	session->rivals |= session->answered_by != WATCH_NONE &&
			   session->answered_by != server;
	session->answered_by = server;
	if (session->owner == WATCH_NONE)
		session->owner_end = CAUSE_END_LIVES;
}

void
workload_accepted(struct workload *workload, uint32_t flow, uint32_t server)
{
	workload->sessions[flow].answered_by = server;
	workload->sessions[flow].accepted = true;
}

void
workload_barred(struct workload *workload, const struct session_key *key,
		uint32_t irs)
{
	uint32_t flow = workload_find(workload, key);

	if (flow == WATCH_NONE)
		return;
	struct session *session = &workload->sessions[flow];
	session->barred = session->barrier != irs || !session->unwanted;
	session->unwanted &= session->barrier == irs;
	session->barrier = irs;
}

void
workload_unwanted(struct workload *workload, const struct session_key *key,
		  uint32_t irs)
{
	uint32_t flow = workload_find(workload, key);

	if (flow != WATCH_NONE && workload->sessions[flow].barrier == irs)
		workload->sessions[flow].unwanted = true;
}

void
workload_taken(struct workload *workload, struct instant now, uint32_t flow,
	       uint32_t server, enum cause_socket socket)
{
	struct session *session = &workload->sessions[flow];

	session->socket = session->owner == server ? CAUSE_SOCKET_NONE : socket;
	session->taken_by = server;
	if (session->owner != WATCH_NONE &&
	    session->socket != CAUSE_SOCKET_NONE)
		session->taken = instant_min(session->taken, now);
}

void
workload_skipped(struct workload *workload, const struct session_key *key)
{
	uint32_t flow = workload_find(workload, key);

	if (flow != WATCH_NONE)
		workload->sessions[flow].skipped = true;
}

void
workload_admitted(struct workload *workload, uint32_t flow, bool admitted)
{
	workload->sessions[flow].refused = !admitted;
}

void
workload_stored(struct workload *workload, uint32_t flow, uint32_t replicas)
{
	workload->sessions[flow].stored = true;
	workload->sessions[flow].replicas = replicas;
}

void
workload_search(struct workload *workload, struct instant now, uint32_t flow,
		uint32_t server, enum cause_search search)
{
	struct session *session = &workload->sessions[flow];

	if (session->state != SESSION_OPEN || session->owner == WATCH_NONE ||
	    session->last_server != server || session->owner == server)
		return;
	session->search = search;
	session->socket = CAUSE_SOCKET_NONE;
	if (search != CAUSE_SEARCH_FOUND && search != CAUSE_SEARCH_HELD)
		reach_look(workload, now, session);
}

void
workload_reset_sent(struct workload *workload, const struct session_key *key,
		    uint32_t server, enum cause_reset reset)
{
	uint32_t flow = workload_find(workload, key);

	if (flow == WATCH_NONE)
		return;
	struct session *session = &workload->sessions[flow];
	session->reset = reset;
	session->reset_by = server != WATCH_NONE ? server : session->stray_at;
}

void
workload_owner_closed(struct workload *workload, uint32_t flow, uint32_t server)
{
	struct session *session = &workload->sessions[flow];

	if (session->state == SESSION_OPEN && session->owner == server &&
	    session->owner_end == CAUSE_END_LIVES)
		session->owner_end = CAUSE_END_CLOSED;
}

void
workload_server_died(struct workload *workload, uint32_t server)
{
	for (uint32_t i = 0; i < workload->count; i++) {
		struct session *session = &workload->sessions[i];
		uint32_t holder = session->owner != WATCH_NONE
					  ? session->owner
					  : session->answered_by;

		/* A socket that was closed before did not die with it. */
		if (session->state == SESSION_OPEN && holder == server &&
		    session->owner_end == CAUSE_END_LIVES)
			session->owner_end = CAUSE_END_CRASHED;
	}
}

void
workload_home(struct workload *workload, uint32_t flow)
{
	workload->sessions[flow].last_server = workload->sessions[flow].owner;
}

static void
measure(const struct workload *workload, const struct watch_measurement *m)
{
	if (workload->watch->measurement != NULL)
		workload->watch->measurement(workload->watch->context, m);
}

void
workload_stray(struct workload *workload, struct instant now,
	       const struct session_key *key, uint32_t server)
{
	uint32_t flow = workload_find(workload, key);

	if (flow == WATCH_NONE)
		return;
	struct session *session = &workload->sessions[flow];
	/* In its handshake it is at home where its SYN was answered. */
	uint32_t home = session->owner != WATCH_NONE ? session->owner
						     : session->answered_by;
	session->stray_at = server;
	if (session->state != SESSION_OPEN || home == WATCH_NONE ||
	    home == server)
		return;
	session->strays++;
	/* What is timed, and held against a store, is of sessions that have an
	 * owner. */
	if (session->owner == WATCH_NONE)
		return;
	bool moved = session->last_server != server;
	session->last_server = server;
	session->strayed = instant_min(session->strayed, now);
	if (!moved || !workload->detecting ||
	    instant_before(now, workload->fault))
		return;
	workload->detecting = false;
	int64_t value_ns = instant_distance_ns(workload->seen, now);
	struct watch_measurement m = {
		.metric = METRIC_DETECTION,
		.at = workload->seen,
		/* Two live processes may see the same instant in the wrong
		 * order. */
		.value_ns = value_ns > 0 ? value_ns : 0,
		.node = server,
		.flow = flow,
		.hops = WATCH_NONE,
		.ok = true,
	};
	measure(workload, &m);
}

void
workload_strays(struct workload *workload, uint32_t flow, uint64_t count)
{
	struct session *session = &workload->sessions[flow];

	if (session->state == SESSION_OPEN)
		session->strays += count;
}

static void
stall_measure(struct workload *workload, enum metric metric, uint32_t flow,
	      int64_t stall_ns)
{
	const struct session *session = &workload->sessions[flow];
	bool waited = stall_ns != STALL_METER_NONE;
	struct watch_measurement m = {
		.metric = metric,
		.at = session->stall_meter.fault,
		.value_ns = waited ? stall_ns : 0,
		.node = session->owner,
		.flow = flow,
		.hops = WATCH_NONE,
		.local = !waited || session->strays == session->strays_at_fault,
		.ok = session->state == SESSION_OPEN ||
		      session->outcome <= OUTCOME_KEPT,
	};

	measure(workload, &m);
}

/* The session's window ends: two rows. */
static void
window_end(struct workload *workload, struct instant now, uint32_t flow)
{
	struct session *session = &workload->sessions[flow];
	struct stall_meter *meter = &session->stall_meter;

	if (!meter->window)
		return;
	stall_meter_end(meter, now);
	if (meter->after_ns > session->stall_ns)
		session->stall_ns = meter->after_ns;
	stall_measure(workload, METRIC_STALL, flow, meter->after_ns);
	stall_measure(workload, METRIC_STALL_BEFORE, flow, meter->before_ns);
}

void
workload_progress(struct workload *workload, struct instant now, uint32_t flow,
		  uint64_t bytes)
{
	struct session *session = &workload->sessions[flow];

	if (session->state != SESSION_OPEN || bytes <= session->bytes)
		return;
	workload->steps++;
	session->bytes = bytes;
	session->newest = now;
	stall_meter_progress(&session->stall_meter, now,
			     due_next(workload->settings, workload->step_bytes,
				      now, session));
	if (flow < workload->settings->measure.samples &&
	    workload->watch->sample != NULL)
		workload->watch->sample(workload->watch->context, flow, now,
					bytes);
}

/* An upload's client receives nothing but the end. */
static void
completion_measure(const struct workload *workload, uint32_t flow)
{
	const struct session *session = &workload->sessions[flow];
	bool upload = workload->settings->clients.direction == DIRECTION_UPLOAD;
	struct instant end = upload ? session->closed : session->newest;
	struct watch_measurement m = {
		.metric = METRIC_COMPLETION,
		.at = session->opened,
		.value_ns = instant_distance_ns(session->opened, end),
		.node = session->owner,
		.flow = flow,
		.hops = WATCH_NONE,
		.ok = true,
	};

	measure(workload, &m);
}

static struct instant
waits_since(const struct workload *workload, const struct session *session)
{
	return session->stall_meter.begun
		       ? session->stall_meter.from
		       : due_first(workload->settings, workload->step_bytes,
				   session);
}

/* One side has something to send, and nothing new has come for so long. */
static bool
is_silent(const struct workload *workload, const struct session *session,
	  struct instant now)
{
	struct instant from = waits_since(workload, session);

	return from.ns != INT64_MAX &&
	       !instant_before(now, instant_after(from, CAUSE_SILENT_NS));
}

static bool
holder_reachable(const struct workload *workload, const struct session *session)
{
	const struct workload_witness *witness = workload->witness;

	/* What never was away from its owner, if there is one, needs none. */
	return witness == NULL || session->stray_at == WATCH_NONE ||
	       witness->holder_reachable(witness->context, session);
}

/* Whoever acknowledged a store of it does not live any more. */
static bool
is_bereft(const struct workload *workload, const struct session *session,
	  struct instant now)
{
	const struct workload_witness *witness = workload->witness;

	return witness != NULL && session->stored &&
	       witness->bereft(witness->context, session, now);
}

/* What its client tried last has not left it. A RST is no answer to that. */
static bool
is_crowded(const struct workload *workload, const struct session *session)
{
	const struct workload_witness *witness = workload->witness;

	return witness != NULL && session->outcome != OUTCOME_RESET &&
	       witness->crowded(witness->context, session);
}

static enum cause
cause_now(const struct workload *workload, struct instant now,
	  struct session *session, bool run_over)
{
	if (session->outcome != OUTCOME_RESET &&
	    session->outcome != OUTCOME_TIMEOUT)
		return CAUSE_NONE;
	reach_look(workload, now, session);
	struct instant converged =
		session->unreached.ns == INT64_MAX
			? now
			: instant_after(session->unreached, CAUSE_CONVERGED_NS);
	bool reset = session->outcome == OUTCOME_RESET;
	/* A scheme's RST of one that has not strayed since, nor got a byte, is
	 * an answer to its handshake. */
	bool early = reset && session->reset == CAUSE_RESET_SCHEME &&
		     session->strayed.ns == INT64_MAX && session->bytes == 0;
	bool established =
		!early && (session->owner != WATCH_NONE || session->bytes > 0);
	struct cause_facts facts = {
		.witnessed = workload->witness != NULL,
		.run_over = run_over,
		.silent = is_silent(workload, session, now),
		.established = established,
		.reachable = !instant_before(now, converged),
		.is_protected =
			protection(workload->settings, session, established),
		.is_stored = session->stored && session->owner == WATCH_NONE,
		.owner = session->owner_end,
		.socket = session->socket,
		.reset = session->reset,
		.search = session->search,
	};

	enum cause cause = cause_of(reset, &facts);
	/* Asked last, for all servers may have to be. */
	if (cause != CAUSE_NONE && !cause_excused(cause) &&
	    (is_crowded(workload, session) ||
	     !holder_reachable(workload, session))) {
		facts.reachable = false;
		cause = cause_of(reset, &facts);
	}
	if (cause != CAUSE_NONE && !cause_excused(cause) &&
	    is_bereft(workload, session, now)) {
		facts.is_protected = false;
		cause = cause_of(reset, &facts);
	}
	return cause;
}

static void
session_end(struct workload *workload, struct instant now, uint32_t flow,
	    enum outcome outcome, bool run_over)
{
	struct session *session = &workload->sessions[flow];

	if (session->state != SESSION_OPEN)
		return;
	workload->steps++;
	session->state = SESSION_OVER;
	session->closed = now;
	workload->ended[workload->ended_count++] = flow;
	if (outcome == OUTCOME_CLOSED && session->strays > 0)
		outcome = OUTCOME_KEPT;
	session->outcome = outcome;
	session->cause = cause_now(workload, now, session, run_over);
	window_end(workload, now, flow);
	/* An upload's client has not heard of its end when the run is over. */
	if (outcome <= OUTCOME_KEPT &&
	    (!run_over ||
	     workload->settings->clients.direction == DIRECTION_DOWNLOAD))
		completion_measure(workload, flow);
	if (workload->watch->session == NULL)
		return;
	struct watch_session row = {
		.flow = flow,
		.owner = session->owner,
		.opened = session->opened,
		.closed = now,
		.bytes = session->bytes,
		.strays = session->strays,
		.stall_ns = session->stall_ns,
		.outcome = outcome,
		.cause = session->cause,
	};
	workload->watch->session(workload->watch->context, &row);
}

void
workload_close(struct workload *workload, struct instant now, uint32_t flow,
	       enum outcome outcome)
{
	session_end(workload, now, flow, outcome, false);
}

static void
window_end_all(struct workload *workload, struct instant now)
{
	if (!workload->window)
		return;
	workload->window = false;
	for (uint32_t i = 0; i < workload->count; i++)
		window_end(workload, now, i);
}

void
workload_fault(struct workload *workload, struct instant now, bool detects)
{
	window_end_all(workload, now);
	workload->window = true;
	workload->detecting = detects;
	workload->fault = workload->seen = now;
	for (uint32_t i = 0; i < workload->count; i++) {
		struct session *session = &workload->sessions[i];
		if (session->state != SESSION_OPEN)
			continue;
		session->strays_at_fault = session->strays;
		(void)stall_meter_fault(&session->stall_meter, now);
	}
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = WORKLOAD_WINDOW,
		.a = ++workload->window_serial,
	};
	queue_schedule(workload->queue, 0, WORKLOAD_WINDOW_NS, &event);
}

void
workload_fault_seen(struct workload *workload, struct instant at)
{
	if (instant_before(workload->fault, at))
		workload->seen = at;
}

void
workload_changed(struct workload *workload)
{
	workload->detecting = false;
}

void
workload_fault_missed(struct workload *workload)
{
	workload->detecting = false;
	workload->window = false;
	for (uint32_t i = 0; i < workload->count; i++)
		workload->sessions[i].stall_meter.window = false;
}

void
workload_event(struct workload *workload, struct instant now,
	       const struct event *event)
{
	if (event->a == workload->window_serial)
		window_end_all(workload, now);
}

uint64_t
workload_steps(const struct workload *workload)
{
	return workload->steps;
}

struct instant
workload_waits_since(const struct workload *workload, uint32_t flow)
{
	return waits_since(workload, &workload->sessions[flow]);
}

uint32_t
workload_loss_ppm(const struct workload *workload, uint32_t flow)
{
	const struct workload_witness *witness = workload->witness;
	const struct session *session = &workload->sessions[flow];
	uint32_t loss_ppm;

	if (witness == NULL)
		return 0;
	loss_ppm = witness->owner_loss_ppm(witness->context, session);
	return loss_ppm <= CAUSE_LOSS_PPM &&
			       !holder_reachable(workload, session)
		       ? ALL_PPM
		       : loss_ppm;
}

enum cause
workload_cause_now(const struct workload *workload, struct instant now,
		   uint32_t flow)
{
	struct session given_up = workload->sessions[flow];

	given_up.outcome = OUTCOME_TIMEOUT;
	return cause_now(workload, now, &given_up, false);
}

uint32_t
workload_ended(const struct workload *workload)
{
	return workload->ended_count;
}

uint32_t
workload_ended_flow(const struct workload *workload, uint32_t nth)
{
	assert(nth < workload->ended_count);
	return workload->ended[nth];
}

static bool
is_complete(const struct session *session)
{
	return session->bytes >= session->bytes_wanted;
}

void
workload_finish(struct workload *workload, struct instant now)
{
	window_end_all(workload, now);
	for (uint32_t i = 0; i < workload->count; i++)
		session_end(workload, now, i,
			    is_complete(&workload->sessions[i])
				    ? OUTCOME_CLOSED
				    : OUTCOME_TIMEOUT,
			    true);
}
