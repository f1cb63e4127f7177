/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stint_client.c - who opens which session when, and how it ended
 *
 * A few sessions are curl's, more are the crowd's (visit.h). Arrivals, sizes,
 * ports and their reuse are those of sim/host/client.c.
 *
 * The books of a session are closed CLOSE_NS after its end, with the time of
 * its end: a daemon sums strays up and says them a little later, and a session
 * of which one packet strayed is `kept`, not `closed`. An upload is first
 * compared with what the server has stored.
 *
 * Without Homeward nobody counts strays. A session that is reset was then
 * reset by a server that did not know it: that is one stray.
 */
#include "harness/emulate/stint_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/wire/cursor.h"
#include "core/wire/protocol.h"
#include "sim/engine/actor.h"
#include "sim/engine/memory.h"
#include "sim/model/pattern.h"

#define PORT_FIRST 32768u /* as sim/host/client.c */
#define PORT_COUNT 28232u
#define PORT_TRIES 64
#define FETCH_MOST 4 /* sessions of a run that curl makes */
#define CLOSE_NS   (200 * NS_PER_MS)
#define PATH_LINKS 16

struct host {
	int namespace;
	struct address address;
	uint32_t port;
	uint16_t *ended; /* ports of ended sessions, last in first out */
	uint32_t ended_count, ended_capacity;
	uint64_t resets_received, no_port;
};

struct closing {
	uint32_t flow;
	struct instant at;
	enum outcome outcome;
};

struct stint_clients {
	struct host *hosts;
	uint32_t host_count;
	struct fetch *fetch; /* one of the two */
	struct crowd *crowd;
	uint32_t next_flow, over;
	uint32_t *ahead; /* by flow: strays counted before they were summed */
	struct closing *closing; /* a ring as large as there are sessions */
	uint32_t closing_first, closing_count, complained;
};

static void on_progress(void *context, struct instant now, uint32_t flow,
			uint64_t bytes);
static void on_ended(void *context, struct instant now, uint32_t flow,
		     enum outcome outcome, const char *why);

/* ---- make ---- */

static int
host_open(struct stint *stint, struct host *host, uint32_t index)
{
	const struct fabric *fabric = stint->lab.fabric;
	uint32_t device = fabric_device(fabric, DEVICE_CLIENT, index);
	struct rng rng = actor_rng(stint->settings->seed, ACTOR_CLIENT, index);

	host->port = (uint32_t)rng_below(&rng, PORT_COUNT);
	host->address =
		fabric_address(fabric, device, stint->settings->service.family);
	host->namespace = lab_namespace(&stint->lab, device);
	return host->namespace >= 0 ? 0 : -ENOENT;
}

int
stint_clients_create(struct stint *stint)
{
	struct visit_listener listener = { stint, on_progress, on_ended };
	const struct client_settings *wishes = &stint->settings->clients;
	struct stint_clients *clients = memory_zeroed(1, sizeof(*clients));
	int error = 0;

	stint->clients = clients;
	clients->host_count = stint->settings->fabric.clients;
	clients->hosts =
		memory_zeroed(clients->host_count, sizeof(struct host));
	clients->ahead =
		memory_zeroed(wishes->sessions, sizeof(*clients->ahead));
	clients->closing =
		memory_zeroed(wishes->sessions, sizeof(struct closing));
	for (uint32_t i = 0; i < clients->host_count; i++)
		clients->hosts[i].namespace = -1;
	for (uint32_t i = 0; error == 0 && i < clients->host_count; i++)
		error = host_open(stint, &clients->hosts[i], i);
	if (error != 0)
		return error;
	if (wishes->sessions <= FETCH_MOST && !wishes->reuse_ports)
		clients->fetch = fetch_create(&listener);
	else
		clients->crowd = crowd_create(&listener);
	return clients->fetch == NULL && clients->crowd == NULL ? -errno : 0;
}

void
stint_clients_destroy(struct stint_clients *clients)
{
	if (clients == NULL)
		return;
	fetch_destroy(clients->fetch);
	crowd_destroy(clients->crowd);
	for (uint32_t i = 0; i < clients->host_count; i++) {
		if (clients->hosts[i].namespace >= 0)
			close(clients->hosts[i].namespace);
		free(clients->hosts[i].ended);
	}
	free(clients->hosts);
	free(clients->ahead);
	free(clients->closing);
	free(clients);
}

int
stint_clients_fd(const struct stint *stint, bool crowd)
{
	const struct stint_clients *clients = stint->clients;

	if (crowd)
		return clients->crowd != NULL ? crowd_fd(clients->crowd) : -1;
	return clients->fetch != NULL ? fetch_fd(clients->fetch) : -1;
}

/* ---- arrivals ---- */

static void
arrival_schedule(struct stint *stint, int64_t delay_ns)
{
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = WORKLOAD_ARRIVAL,
	};

	if (stint->clients->next_flow < workload_count(stint->workload))
		queue_schedule(stint->queue, 0, delay_ns, &event);
}

void
stint_clients_start(struct stint *stint)
{
	arrival_schedule(stint, stint->settings->clients.start_ns);
}

/* The next port to try. */
static uint16_t
port_take(struct stint *stint, struct host *host)
{
	if (stint->settings->clients.reuse_ports && host->ended_count > 0)
		return host->ended[--host->ended_count];
	uint16_t port = (uint16_t)(PORT_FIRST + host->port);

	host->port = (host->port + 1) % PORT_COUNT;
	return port;
}

static void
port_ended(struct host *host, uint16_t port)
{
	if (host->ended_count == host->ended_capacity) {
		host->ended_capacity = host->ended_capacity * 2 + 16;
		host->ended = memory_grown(host->ended, host->ended_capacity,
					   sizeof(*host->ended));
	}
	host->ended[host->ended_count++] = port;
}

static void
visit_make(const struct stint *stint, const struct host *host, uint32_t flow,
	   struct visit *visit)
{
	const struct client_settings *wishes = &stint->settings->clients;
	const struct service_settings *service = &stint->settings->service;
	struct address address = fabric_service(service->family);
	char name[16] = "";

	*visit = (struct visit){
		.flow = flow,
		.key = { .family = service->family, .protocol = IP_TCP },
		.namespace = host->namespace,
		.upload = wishes->direction == DIRECTION_UPLOAD,
		.bytes = workload_session(stint->workload, flow)->bytes_wanted,
		.seed = LAB_CONTENT_SEED,
		.pace_bps = wishes->pace_bps,
	};
	memcpy(visit->key.client, host->address.bytes, 16);
	memcpy(visit->key.service, address.bytes, 16);
	wire_put16(visit->key.service_port, service->port);
	lab_url(&stint->lab, visit->bytes, wishes->pace_bps, visit->upload,
		visit->url, sizeof(visit->url));
	if (visit->upload)
		(void)snprintf(name, sizeof(name), "f%u", flow);
	strncat(visit->url, name, sizeof(visit->url) - strlen(visit->url) - 1);
}

/* ---- without Homeward: the owner is where the kernels route it ---- */

struct asking {
	struct stint *stint;
	uint32_t flow, server;
	struct address client;
	uint16_t port;
};

static int
owner_ask(void *context)
{
	struct asking *asking = context;
	uint32_t links[PATH_LINKS];

	return lab_path(&asking->stint->lab, &asking->client, asking->port,
			links, PATH_LINKS, &asking->server) > 0
		       ? 0
		       : -1;
}

static void
owner_told(void *context, int result)
{
	struct asking *asking = context;

	if (result == 0 && asking->server != FABRIC_NONE)
		workload_owned(asking->stint->workload, asking->flow,
			       asking->server);
	free(asking);
}

static void
owner_find(struct stint *stint, const struct visit *visit)
{
	struct asking *asking = memory_zeroed(1, sizeof(*asking));

	*asking = (struct asking){
		.stint = stint,
		.flow = visit->flow,
		.server = FABRIC_NONE,
		.client.family = visit->key.family,
		.port = wire_get16(visit->key.client_port),
	};
	memcpy(asking->client.bytes, visit->key.client, 16);
	hand_do(stint->hand,
		&(struct hand_job){ asking, owner_ask, owner_told });
}

/* ---- open ---- */

static int
visit_begin(struct stint_clients *clients, struct instant now,
	    const struct visit *visit)
{
	return clients->fetch != NULL ? fetch_open(clients->fetch, now, visit)
				      : crowd_open(clients->crowd, now, visit);
}

static void
session_open(struct stint *stint, uint32_t flow)
{
	struct stint_clients *clients = stint->clients;
	const struct session *session = workload_session(stint->workload, flow);
	struct host *host = &clients->hosts[session->client];
	struct instant now = stint_now(stint);
	struct visit visit;
	int error = -EADDRINUSE;

	visit_make(stint, host, flow, &visit);
	for (int i = 0; error == -EADDRINUSE && i < PORT_TRIES; i++) {
		wire_put16(visit.key.client_port, port_take(stint, host));
		error = visit_begin(clients, now, &visit);
	}
	if (error == -EADDRINUSE) {
		/* It stays planned, as in the simulator. */
		host->no_port++;
		clients->over++;
		return;
	}
	if (error != 0) {
		stint_fail(stint, "session %u: %s", flow, strerror(-error));
		return;
	}
	workload_open(stint->workload, now, flow, &visit.key);
	if (!stint->settings->service.homeward)
		owner_find(stint, &visit);
}

void
stint_clients_arrival(struct stint *stint)
{
	session_open(stint, stint->clients->next_flow++);
	arrival_schedule(stint, workload_interval_ns(stint->workload));
}

void
stint_clients_ready(struct stint *stint, struct instant now)
{
	if (stint->clients->fetch != NULL)
		fetch_ready(stint->clients->fetch, now);
	if (stint->clients->crowd != NULL)
		crowd_ready(stint->clients->crowd, now);
}

void
stint_clients_tick(struct stint *stint, struct instant now)
{
	if (stint->settings->clients.direction != DIRECTION_UPLOAD)
		return;
	if (stint->clients->fetch != NULL)
		fetch_tick(stint->clients->fetch, now);
	if (stint->clients->crowd != NULL)
		crowd_tick(stint->clients->crowd, now);
}

void
stint_clients_strays(struct stint *stint, uint32_t flow, uint64_t count)
{
	uint32_t *ahead = &stint->clients->ahead[flow];

	if (count == 0) {
		++*ahead;
		return;
	}
	uint32_t known = count < *ahead ? (uint32_t)count : *ahead;

	*ahead -= known;
	workload_strays(stint->workload, flow, count - known);
}

/* ---- ends ---- */

static void
on_progress(void *context, struct instant now, uint32_t flow, uint64_t bytes)
{
	struct stint *stint = context;

	workload_progress(stint->workload, now, flow, bytes);
}

static void
closing_add(struct stint *stint, const struct closing *closing)
{
	struct stint_clients *clients = stint->clients;
	uint32_t capacity = workload_count(stint->workload);
	uint32_t place = (clients->closing_first + clients->closing_count) %
			 (capacity > 0 ? capacity : 1);
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = STINT_CLOSE,
	};

	clients->closing[place] = *closing;
	clients->closing_count++;
	queue_schedule(stint->queue, 0, CLOSE_NS, &event);
}

void
stint_clients_close(struct stint *stint, bool all)
{
	struct stint_clients *clients = stint->clients;

	/* After a call for all, events are left over, which close the next
	 * sessions a little early. */
	while (clients->closing_count > 0) {
		struct closing *closing =
			&clients->closing[clients->closing_first];

		clients->closing_first = (clients->closing_first + 1) %
					 workload_count(stint->workload);
		clients->closing_count--;
		clients->over++;
		workload_close(stint->workload, closing->at, closing->flow,
			       closing->outcome);
		if (!all)
			return;
	}
}

/* ---- an upload, as the server has it ---- */

struct verifying {
	struct stint *stint;
	struct closing closing;
	uint64_t bytes;
	uint32_t server; /* FABRIC_NONE: any */
};

static bool
file_is_right(const char *path, uint64_t bytes)
{
	static uint8_t chunk[65536]; /* the hand has one thread */
	uint64_t offset = 0;
	size_t size;
	bool right = true;
	FILE *file = fopen(path, "rbe");

	if (file == NULL)
		return false;
	while (right && (size = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		right = offset + size <= bytes &&
			pattern_matches(LAB_CONTENT_SEED, offset, chunk, size);
		offset += size;
	}
	right = right && ferror(file) == 0 && offset == bytes;
	fclose(file);
	return right;
}

static int
upload_verify(void *context)
{
	const struct verifying *verifying = context;
	const struct stint *stint = verifying->stint;
	char name[16], path[LAB_PATH];
	bool right = false;

	(void)snprintf(name, sizeof(name), "f%u", verifying->closing.flow);
	for (uint32_t i = 0; i < stint->settings->fabric.servers; i++) {
		if (verifying->server != FABRIC_NONE && verifying->server != i)
			continue;
		lab_upload_path(&stint->lab, i, name, path);
		right = right || file_is_right(path, verifying->bytes);
		(void)unlink(path);
	}
	return right ? 0 : -1;
}

/* A few words about the first of the sessions that end badly. */
static void
complain(struct stint *stint, uint32_t flow, enum outcome outcome,
	 const char *why)
{
	if (why == NULL || stint->clients->complained++ >= 5)
		return;
	fprintf(stderr, "homeward: session %u: %s: %s\n", flow,
		outcome_name(outcome), why);
}

static void
upload_verified(void *context, int result)
{
	struct verifying *verifying = context;

	if (result != 0) {
		verifying->closing.outcome = OUTCOME_CORRUPT;
		complain(verifying->stint, verifying->closing.flow,
			 OUTCOME_CORRUPT,
			 "what the server has stored is not what was sent");
	}
	closing_add(verifying->stint, &verifying->closing);
	free(verifying);
}

static void
on_ended(void *context, struct instant now, uint32_t flow, enum outcome outcome,
	 const char *why)
{
	struct stint *stint = context;
	const struct session *session = workload_session(stint->workload, flow);
	struct host *host = &stint->clients->hosts[session->client];
	struct closing closing = { flow, now, outcome };

	port_ended(host, wire_get16(session->key.client_port));
	host->resets_received += outcome == OUTCOME_RESET;
	if (outcome != OUTCOME_CLOSED &&
	    (outcome != OUTCOME_RESET || stint->settings->service.homeward))
		complain(stint, flow, outcome, why);
	if (outcome == OUTCOME_RESET && !stint->settings->service.homeward)
		workload_strays(stint->workload, flow, 1);
	if (outcome != OUTCOME_CLOSED ||
	    stint->settings->clients.direction != DIRECTION_UPLOAD) {
		closing_add(stint, &closing);
		return;
	}
	struct verifying *verifying = memory_zeroed(1, sizeof(*verifying));

	*verifying = (struct verifying){
		.stint = stint,
		.closing = closing,
		.bytes = session->bytes_wanted,
		.server = session->owner != WATCH_NONE ? session->owner
						       : FABRIC_NONE,
	};
	hand_do(stint->hand, &(struct hand_job){ verifying, upload_verify,
						 upload_verified });
}

bool
stint_clients_over(const struct stint *stint)
{
	uint32_t count = workload_count(stint->workload);

	return count > 0 && stint->clients->over >= count;
}

void
stint_clients_report(const struct stint *stint)
{
	const struct watch *watch = stint->watch;

	for (uint32_t i = 0; i < stint->clients->host_count; i++) {
		const struct host *host = &stint->clients->hosts[i];
		uint32_t device =
			fabric_device(stint->lab.fabric, DEVICE_CLIENT, i);
		const char *name = stint->lab.fabric->names[device];

		watch->counter(watch->context, name, "resets_received",
			       host->resets_received);
		if (host->no_port > 0)
			watch->counter(watch->context, name, "no_port",
				       host->no_port);
	}
}
