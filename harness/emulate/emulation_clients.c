/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulation_clients.c - which client opens which session when, and how it ended
 *
 * A few sessions are curl's, more are the load generator's (client_session.h).
 * Arrivals, sizes, ports and their reuse are those of sim/host/client.c.
 *
 * A session is closed in workload.h CLOSE_NS after its end, with the time of
 * its end: a daemon sums strays up and says them a little later, and a session
 * of which one packet strayed is `kept`, not `closed`. An upload is first
 * compared with what the server has stored.
 *
 * Without Homeward no daemon counts strays. A session that is reset was then
 * reset by a server that did not know it: that is one stray.
 */
#include "harness/emulate/emulation_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/wire/cursor.h"
#include "core/wire/protocol.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/model/pattern.h"

#define PORT_FIRST 32768u /* as sim/host/client.c */
#define PORT_COUNT 28232u
#define PORT_TRIES 64
#define CURL_MOST  4 /* sessions of a run that curl makes */
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

struct emulation_clients {
	struct host *hosts;
	uint32_t host_count;
	struct curl_client *curl; /* one of the two */
	struct load_generator *load_generator;
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
host_open(struct emulation *emulation, struct host *host, uint32_t index)
{
	const struct fabric *fabric = emulation->lab.fabric;
	uint32_t device = fabric_device(fabric, DEVICE_CLIENT, index);
	struct rng rng =
		stream_rng(emulation->settings->seed, STREAM_CLIENT, index);

	host->port = (uint32_t)rng_below(&rng, PORT_COUNT);
	host->address = fabric_address(fabric, device,
				       emulation->settings->service.family);
	host->namespace = lab_namespace(&emulation->lab, device);
	return host->namespace >= 0 ? 0 : -ENOENT;
}

int
emulation_clients_create(struct emulation *emulation)
{
	struct client_session_listener listener = { emulation, on_progress,
						    on_ended };
	const struct client_settings *wishes = &emulation->settings->clients;
	struct emulation_clients *clients = memory_zeroed(1, sizeof(*clients));
	int error = 0;

	emulation->clients = clients;
	clients->host_count = emulation->settings->fabric.clients;
	clients->hosts =
		memory_zeroed(clients->host_count, sizeof(struct host));
	clients->ahead =
		memory_zeroed(wishes->sessions, sizeof(*clients->ahead));
	clients->closing =
		memory_zeroed(wishes->sessions, sizeof(struct closing));
	for (uint32_t i = 0; i < clients->host_count; i++)
		clients->hosts[i].namespace = -1;
	for (uint32_t i = 0; error == 0 && i < clients->host_count; i++)
		error = host_open(emulation, &clients->hosts[i], i);
	if (error != 0)
		return error;
	if (wishes->sessions <= CURL_MOST && !wishes->reuse_ports)
		clients->curl = curl_client_create(&listener);
	else
		clients->load_generator = load_generator_create(&listener);
	return clients->curl == NULL && clients->load_generator == NULL ? -errno
									: 0;
}

void
emulation_clients_destroy(struct emulation_clients *clients)
{
	if (clients == NULL)
		return;
	curl_client_destroy(clients->curl);
	load_generator_destroy(clients->load_generator);
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
emulation_clients_fd(const struct emulation *emulation, bool load_generator)
{
	const struct emulation_clients *clients = emulation->clients;

	if (load_generator)
		return clients->load_generator != NULL
			       ? load_generator_fd(clients->load_generator)
			       : -1;
	return clients->curl != NULL ? curl_client_fd(clients->curl) : -1;
}

/* ---- arrivals ---- */

static void
arrival_schedule(struct emulation *emulation)
{
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = WORKLOAD_ARRIVAL,
	};
	int64_t wait_ns;

	if (workload_next(emulation->workload, &emulation->clients->next_flow,
			  &wait_ns))
		queue_schedule(emulation->queue, 0, wait_ns, &event);
}

void
emulation_clients_start(struct emulation *emulation)
{
	arrival_schedule(emulation);
}

/* The next port to try. */
static uint16_t
port_take(struct emulation *emulation, struct host *host)
{
	if (emulation->settings->clients.reuse_ports && host->ended_count > 0)
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
session_make(const struct emulation *emulation, const struct host *host,
	     uint32_t flow, struct client_session *client_session)
{
	const struct client_settings *wishes = &emulation->settings->clients;
	const struct service_settings *service = &emulation->settings->service;
	struct address address = fabric_service(service->family);
	char name[16] = "";

	*client_session = (struct client_session){
		.flow = flow,
		.key = { .family = service->family, .protocol = IP_TCP },
		.namespace = host->namespace,
		.upload = wishes->direction == DIRECTION_UPLOAD,
		.bytes = workload_session(emulation->workload, flow)
				 ->bytes_wanted,
		.seed = LAB_CONTENT_SEED,
		.pace_bps = wishes->pace_bps,
	};
	memcpy(client_session->key.client, host->address.bytes, 16);
	memcpy(client_session->key.service, address.bytes, 16);
	wire_put16(client_session->key.service_port, service->port);
	lab_url(&emulation->lab, client_session->bytes, wishes->pace_bps,
		client_session->upload, client_session->url,
		sizeof(client_session->url));
	if (client_session->upload)
		(void)snprintf(name, sizeof(name), "f%u", flow);
	strncat(client_session->url, name,
		sizeof(client_session->url) - strlen(client_session->url) - 1);
}

/* ---- without Homeward: the owner is where the kernels route it ---- */

struct asking {
	struct emulation *emulation;
	uint32_t flow, server;
	struct address client;
	uint16_t port;
};

static int
owner_ask(void *context)
{
	struct asking *asking = context;
	uint32_t links[PATH_LINKS];

	return lab_path(&asking->emulation->lab, &asking->client, asking->port,
			links, PATH_LINKS, &asking->server) > 0
		       ? 0
		       : -1;
}

static void
owner_told(void *context, int result)
{
	struct asking *asking = context;

	if (result == 0 && asking->server != FABRIC_NONE)
		workload_owned(asking->emulation->workload, asking->flow,
			       asking->server);
	free(asking);
}

static void
owner_find(struct emulation *emulation,
	   const struct client_session *client_session)
{
	struct asking *asking = memory_zeroed(1, sizeof(*asking));

	*asking = (struct asking){
		.emulation = emulation,
		.flow = client_session->flow,
		.server = FABRIC_NONE,
		.client.family = client_session->key.family,
		.port = wire_get16(client_session->key.client_port),
	};
	memcpy(asking->client.bytes, client_session->key.client, 16);
	worker_do(emulation->worker,
		  &(struct worker_job){ asking, owner_ask, owner_told });
}

/* ---- open ---- */

static int
session_begin(struct emulation_clients *clients, struct instant now,
	      const struct client_session *client_session)
{
	return clients->curl != NULL
		       ? curl_client_open(clients->curl, now, client_session)
		       : load_generator_open(clients->load_generator, now,
					     client_session);
}

static void
session_open(struct emulation *emulation, uint32_t flow)
{
	struct emulation_clients *clients = emulation->clients;
	const struct session *session =
		workload_session(emulation->workload, flow);
	struct host *host = &clients->hosts[session->client];
	struct instant now = emulation_now(emulation);
	struct client_session client_session;
	int error = -EADDRINUSE;

	session_make(emulation, host, flow, &client_session);
	for (int i = 0; error == -EADDRINUSE && i < PORT_TRIES; i++) {
		wire_put16(client_session.key.client_port,
			   port_take(emulation, host));
		error = session_begin(clients, now, &client_session);
	}
	if (error == -EADDRINUSE) {
		/* It stays planned, as in the simulator. */
		host->no_port++;
		clients->over++;
		return;
	}
	if (error != 0) {
		emulation_fail(emulation, "session %u: %s", flow,
			       strerror(-error));
		return;
	}
	workload_open(emulation->workload, now, flow, &client_session.key);
	if (emulation->settings->service.scheme != SCHEME_HOMEWARD)
		owner_find(emulation, &client_session);
}

void
emulation_clients_arrival(struct emulation *emulation)
{
	session_open(emulation, emulation->clients->next_flow);
	arrival_schedule(emulation);
}

void
emulation_clients_ready(struct emulation *emulation, struct instant now)
{
	if (emulation->clients->curl != NULL)
		curl_client_ready(emulation->clients->curl, now);
	if (emulation->clients->load_generator != NULL)
		load_generator_ready(emulation->clients->load_generator, now);
}

void
emulation_clients_tick(struct emulation *emulation, struct instant now)
{
	if (emulation->settings->clients.direction != DIRECTION_UPLOAD)
		return;
	if (emulation->clients->curl != NULL)
		curl_client_tick(emulation->clients->curl, now);
	if (emulation->clients->load_generator != NULL)
		load_generator_tick(emulation->clients->load_generator, now);
}

void
emulation_clients_strays(struct emulation *emulation, uint32_t flow,
			 uint64_t count)
{
	uint32_t *ahead = &emulation->clients->ahead[flow];

	if (count == 0) {
		++*ahead;
		return;
	}
	uint32_t known = count < *ahead ? (uint32_t)count : *ahead;

	*ahead -= known;
	workload_strays(emulation->workload, flow, count - known);
}

/* ---- ends ---- */

static void
on_progress(void *context, struct instant now, uint32_t flow, uint64_t bytes)
{
	struct emulation *emulation = context;

	workload_progress(emulation->workload, now, flow, bytes);
}

static void
closing_add(struct emulation *emulation, const struct closing *closing)
{
	struct emulation_clients *clients = emulation->clients;
	uint32_t capacity = workload_count(emulation->workload);
	uint32_t place = (clients->closing_first + clients->closing_count) %
			 (capacity > 0 ? capacity : 1);
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = EMULATION_CLOSE,
	};

	clients->closing[place] = *closing;
	clients->closing_count++;
	queue_schedule(emulation->queue, 0, CLOSE_NS, &event);
}

void
emulation_clients_close(struct emulation *emulation, bool all)
{
	struct emulation_clients *clients = emulation->clients;

	/* After a call for all, events are left over, which close the next
	 * sessions a little early. */
	while (clients->closing_count > 0) {
		struct closing *closing =
			&clients->closing[clients->closing_first];

		clients->closing_first = (clients->closing_first + 1) %
					 workload_count(emulation->workload);
		clients->closing_count--;
		clients->over++;
		workload_close(emulation->workload, closing->at, closing->flow,
			       closing->outcome);
		if (!all)
			return;
	}
}

/* ---- an upload, as the server has it ---- */

struct verifying {
	struct emulation *emulation;
	struct closing closing;
	uint64_t bytes;
	uint32_t server; /* FABRIC_NONE: any */
};

static bool
file_is_right(const char *path, uint64_t bytes)
{
	static uint8_t chunk[65536]; /* the worker has one thread */
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
	const struct emulation *emulation = verifying->emulation;
	char name[16], path[LAB_PATH];
	bool right = false;

	(void)snprintf(name, sizeof(name), "f%u", verifying->closing.flow);
	for (uint32_t i = 0; i < emulation->settings->fabric.servers; i++) {
		if (verifying->server != FABRIC_NONE && verifying->server != i)
			continue;
		lab_upload_path(&emulation->lab, i, name, path);
		right = right || file_is_right(path, verifying->bytes);
		(void)unlink(path);
	}
	return right ? 0 : -1;
}

/* A few words about the first of the sessions that end badly. */
static void
complain(struct emulation *emulation, uint32_t flow, enum outcome outcome,
	 const char *why)
{
	if (why == NULL || emulation->clients->complained++ >= 5)
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
		complain(verifying->emulation, verifying->closing.flow,
			 OUTCOME_CORRUPT,
			 "what the server has stored is not what was sent");
	}
	closing_add(verifying->emulation, &verifying->closing);
	free(verifying);
}

static void
on_ended(void *context, struct instant now, uint32_t flow, enum outcome outcome,
	 const char *why)
{
	struct emulation *emulation = context;
	const struct session *session =
		workload_session(emulation->workload, flow);
	struct host *host = &emulation->clients->hosts[session->client];
	struct closing closing = { flow, now, outcome };

	port_ended(host, wire_get16(session->key.client_port));
	host->resets_received += outcome == OUTCOME_RESET;
	if (outcome != OUTCOME_CLOSED &&
	    (outcome != OUTCOME_RESET ||
	     emulation->settings->service.scheme == SCHEME_HOMEWARD))
		complain(emulation, flow, outcome, why);
	if (outcome == OUTCOME_RESET &&
	    emulation->settings->service.scheme != SCHEME_HOMEWARD)
		workload_strays(emulation->workload, flow, 1);
	if (outcome != OUTCOME_CLOSED ||
	    emulation->settings->clients.direction != DIRECTION_UPLOAD) {
		closing_add(emulation, &closing);
		return;
	}
	struct verifying *verifying = memory_zeroed(1, sizeof(*verifying));

	*verifying = (struct verifying){
		.emulation = emulation,
		.closing = closing,
		.bytes = session->bytes_wanted,
		.server = session->owner != WATCH_NONE ? session->owner
						       : FABRIC_NONE,
	};
	worker_do(emulation->worker,
		  &(struct worker_job){ verifying, upload_verify,
					upload_verified });
}

bool
emulation_clients_over(const struct emulation *emulation)
{
	uint32_t count = workload_count(emulation->workload);

	return count > 0 && emulation->clients->over >= count;
}

void
emulation_clients_report(const struct emulation *emulation)
{
	const struct watch *watch = emulation->watch;

	for (uint32_t i = 0; i < emulation->clients->host_count; i++) {
		const struct host *host = &emulation->clients->hosts[i];
		uint32_t device =
			fabric_device(emulation->lab.fabric, DEVICE_CLIENT, i);
		const char *name = emulation->lab.fabric->names[device];

		watch->counter(watch->context, name, "resets_received",
			       host->resets_received);
		if (host->no_port > 0)
			watch->counter(watch->context, name, "no_port",
				       host->no_port);
	}
}
