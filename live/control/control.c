/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control.c - see control.h
 *
 *	IDLE --line--> answered at once, or
 *	     --lookup--> ASKING --engine--> answered
 *	     --sessions, peers--> DUMPING --all written--> answered
 *	     --drain, undrain--> DRAINING, UNDRAINING --drain.h--> answered
 *	     --trace, watch--> TRACING, WATCHING, for good
 *
 * One request at a time: while one is under way or its answer waits to be
 * read, nothing is read from that client. What engine verbs call (lines for
 * watch and trace, a lookup's answer) only appends to output buffers; sockets
 * are written in control_ready() and control_tick(), and clients are closed
 * there and nowhere else, so that no client vanishes under a loop over them.
 *
 * Full: CONTROL_CLIENTS at a time, the newest gets an error and is closed; and
 * CONTROL_DUMPS tables at a time.
 */
#include "live/control/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "live/control/command.h"
#include "live/control/control_client.h"
#include "live/control/drain_watcher.h"
#include "live/control/lookup_request.h"
#include "live/control/metrics.h"
#include "live/control/output_buffer.h"
#include "live/control/socket_path.h"
#include "live/control/status.h"
#include "live/control/table_dump.h"
#include "live/engine/verdict_log.h"

#define CONTROL_CLIENTS 32
#define CONTROL_DUMPS	4
#define CONTROL_EVENTS	64
#define CONTROL_ROUNDS	4 /* pieces of work for a client in one wake-up */
#define DUMP_PIECE	65536 /* bytes that may wait of a dump */

/* Tokens of the epoll set; clients are 0 to CONTROL_CLIENTS - 1. */
#define TOKEN_LISTEN  1000
#define TOKEN_METRICS 1001
#define TOKEN_DRAIN   1002

struct control {
	struct control_parts parts;
	int epoll, listener;
	struct instant started;
	struct control_client clients[CONTROL_CLIENTS];
	struct verdict_log trace;
	uint32_t tracing, watching; /* how many do */
	struct metrics *metrics;
	struct endpoint metrics_at; /* tried to listen there */
};

/* ---- answers ---- */

static void
status_answer(struct control *control, struct control_client *client,
	      const struct command *command, struct instant now)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL) {
		control_client_answer(client, strerror(ENOMEM));
		return;
	}
	if (command->kind == COMMAND_COUNTERS)
		status_counters(&control->parts, out);
	else if (command->json)
		status_json(&control->parts, control->started, now, out);
	else
		status_print(&control->parts, control->started, now, out);
	bool written = fclose(out) == 0;
	if (written)
		control_client_say(client, text, size, CONTROL_CLIENT_OUTPUT);
	free(text);
	control_client_answer(client, written ? NULL : strerror(ENOMEM));
}

/* ---- sessions, peers ---- */

static void
dump_go(struct control_client *client)
{
	int result =
		table_dump_write(client->table_dump, &client->out, DUMP_PIECE);

	if (result == 0)
		return;
	table_dump_free(client->table_dump);
	client->table_dump = NULL;
	/* Without memory the answer cannot be mended. */
	if (result < 0)
		client->state = CONTROL_CLIENT_GONE;
	else
		control_client_answer(client, NULL);
}

static void
dump_begin(struct control *control, struct control_client *client,
	   const struct command *command)
{
	unsigned running = 0;

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		running += control->clients[i].table_dump != NULL;
	if (running >= CONTROL_DUMPS) {
		control_client_answer(client,
				      "too many tables at once; try again");
		return;
	}
	client->table_dump =
		command->kind == COMMAND_SESSIONS
			? table_dump_of_sessions(control->parts.sessions,
						 control->parts.engine,
						 command->json)
			: table_dump_of_peers(control->parts.engine,
					      command->json);
	if (client->table_dump == NULL) {
		control_client_answer(client, strerror(ENOMEM));
		return;
	}
	client->state = CONTROL_CLIENT_DUMPING;
	dump_go(client);
}

/* ---- drain ---- */

static void
drain_tick(struct control *control, struct instant now)
{
	struct drain *drain = control->parts.drain;
	struct engine_status status;

	engine_status(control->parts.engine, &status);
	(void)drain_update(drain, now, status.sessions);
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		drain_watcher_turn(&control->clients[i], &control->parts,
				   &status, now);
}

/* ---- trace, watch ---- */

/* A line to every client in this state; one that reads too slowly is GONE. */
static void
lines_send(struct control *control, enum control_client_state state,
	   const char *line, size_t size)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->clients[i];
		if (client->state == state)
			control_client_say(client, line, size,
					   CONTROL_CLIENT_OUTPUT);
	}
}

static void
report_take(void *context, const struct report *report)
{
	struct control *control = context;
	char line[REPORT_LINE];

	if (control->watching > 0)
		lines_send(control, CONTROL_CLIENT_WATCHING, line,
			   report_format(report, line));
}

static void
decision_take(void *context, struct instant at,
	      const struct steer_result *result, const char *what)
{
	struct control *control = context;
	char line[VERDICT_LOG_LINE];

	if (control->tracing == 0 ||
	    !verdict_log_pass(&control->trace, at,
			      control->parts.conf->trace_lines_per_s))
		return;
	lines_send(control, CONTROL_CLIENT_TRACING, line,
		   verdict_log_format(&control->trace, at, result, what, line));
}

/* The engine calls back only while a client traces or watches: a line for
 * every packet costs, whether it is read or not. */
static void
listener_set(struct control *control)
{
	const struct engine_listener listener = {
		.context = control,
		.report = control->watching > 0 ? report_take : NULL,
		.decision = control->tracing > 0 ? decision_take : NULL,
	};

	engine_listen(control->parts.engine, &listener);
}

static void
listeners_count(struct control *control)
{
	uint32_t tracing = 0, watching = 0;

	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		tracing += control->clients[i].state == CONTROL_CLIENT_TRACING;
		watching +=
			control->clients[i].state == CONTROL_CLIENT_WATCHING;
	}
	bool changed = (tracing > 0) != (control->tracing > 0) ||
		       (watching > 0) != (control->watching > 0);
	control->tracing = tracing;
	control->watching = watching;
	if (changed)
		listener_set(control);
}

static int64_t
wall_offset_ns(void)
{
	struct timespec wall, monotonic;

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	(void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
	return (int64_t)(wall.tv_sec - monotonic.tv_sec) * NS_PER_S +
	       wall.tv_nsec - monotonic.tv_nsec;
}

static void
stream_begin(struct control *control, struct control_client *client,
	     enum control_client_state state, struct instant now)
{
	control_client_answer(client, NULL);
	if (client->state != CONTROL_CLIENT_IDLE)
		return;
	client->state = state;
	if (state == CONTROL_CLIENT_TRACING && control->tracing == 0)
		verdict_log_begin(&control->trace, now, wall_offset_ns());
	listeners_count(control);
}

static void
trace_tick(struct control *control, struct instant now)
{
	char line[VERDICT_LOG_LINE];
	size_t size = verdict_log_more(&control->trace, now, line);

	if (size > 0)
		lines_send(control, CONTROL_CLIENT_TRACING, line, size);
}

/* ---- requests ---- */

static void
reload_answer(struct control *control, struct control_client *client,
	      struct instant now)
{
	char error[1024] = "it failed";

	if (control->parts.reload(control->parts.context, now, error,
				  sizeof(error)) == 0) {
		control_client_answer(client, NULL);
		return;
	}
	/* One sentence, one line, whatever it holds. */
	for (char *at = error; *at != '\0'; at++)
		*at = *at == '\n' ? ' ' : *at;
	control_client_answer(client, error);
}

static void
command_do(struct control *control, struct control_client *client,
	   const struct command *command, struct instant now)
{
	switch (command->kind) {
	case COMMAND_STATUS:
	case COMMAND_COUNTERS:
		status_answer(control, client, command, now);
		break;
	case COMMAND_SESSIONS:
	case COMMAND_PEERS:
		dump_begin(control, client, command);
		break;
	case COMMAND_LOOKUP:
		lookup_request_begin(client, control->parts.engine, now,
				     command);
		break;
	case COMMAND_DRAIN:
	case COMMAND_UNDRAIN:
		drain_watcher_begin(client, &control->parts, now, command);
		break;
	case COMMAND_TRACE:
		stream_begin(control, client, CONTROL_CLIENT_TRACING, now);
		break;
	case COMMAND_WATCH:
		stream_begin(control, client, CONTROL_CLIENT_WATCHING, now);
		break;
	case COMMAND_RELOAD:
	case COMMAND_KINDS:
		reload_answer(control, client, now);
		break;
	}
}

/* Commands that have come, while the client is idle and reads. */
static void
lines_take(struct control *control, struct control_client *client,
	   struct instant now)
{
	int size;

	while (client->state == CONTROL_CLIENT_IDLE &&
	       output_buffer_size(&client->out) == 0 &&
	       (size = control_client_line(client)) >= 0) {
		struct command command;
		char error[512];
		int result = command_parse(client->line, (size_t)size, &command,
					   error, sizeof(error));

		control_client_line_done(client, (size_t)size);
		if (result != 0)
			control_client_answer(client, error);
		else
			command_do(control, client, &command, now);
	}
	if (client->state != CONTROL_CLIENT_IDLE ||
	    output_buffer_size(&client->out) > 0)
		return;
	if (client->line_size == CONTROL_CLIENT_LINE) {
		control_client_answer(client, "that line is too long");
		client->state = CONTROL_CLIENT_ENDING;
	} else if (client->ended) {
		client->state = CONTROL_CLIENT_ENDING;
	}
}

/* ---- clients ---- */

static void
connection_close(struct control *control, struct control_client *client)
{
	(void)epoll_ctl(control->epoll, EPOLL_CTL_DEL, client->fd, NULL);
	table_dump_free(client->table_dump);
	client->table_dump = NULL;
	lookup_request_abandon(client->lookup_request);
	client->lookup_request = NULL;
	control_client_close(client);
}

/* Write, go on with what waited for that, and watch for what is next. A piece
 * of work at a time: a client with more to do has its next turn by epoll. */
static void
connection_turn(struct control *control, struct control_client *client,
		struct instant now)
{
	for (int round = 0; round < CONTROL_ROUNDS; round++) {
		if (!control_client_send(client))
			break;
		if (client->state == CONTROL_CLIENT_DUMPING)
			dump_go(client);
		else if (client->state == CONTROL_CLIENT_IDLE)
			lines_take(control, client, now);
		if (output_buffer_size(&client->out) == 0)
			break;
	}
	bool waits = output_buffer_size(&client->out) > 0;
	if (client->state == CONTROL_CLIENT_GONE ||
	    (client->state == CONTROL_CLIENT_ENDING && !waits)) {
		connection_close(control, client);
		return;
	}
	uint32_t events = waits ? EPOLLOUT : 0;
	if (client->state == CONTROL_CLIENT_IDLE && !waits && !client->ended)
		events |= EPOLLIN;
	if (events == client->events)
		return;
	struct epoll_event event = {
		.events = events,
		.data.u32 = (uint32_t)(client - control->clients),
	};
	(void)epoll_ctl(control->epoll, EPOLL_CTL_MOD, client->fd, &event);
	client->events = events;
}

static void
connections_turn(struct control *control, struct instant now)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->clients[i];
		if (client->state != CONTROL_CLIENT_FREE)
			connection_turn(control, client, now);
	}
	listeners_count(control);
}

static void
connection_accept(struct control *control)
{
	static const char full[] = "error: too many clients\n";
	int fd = accept4(control->listener, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	uint32_t i = 0;

	if (fd < 0)
		return;
	while (i < CONTROL_CLIENTS &&
	       control->clients[i].state != CONTROL_CLIENT_FREE)
		i++;
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
	if (i == CONTROL_CLIENTS ||
	    epoll_ctl(control->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		(void)send(fd, full, sizeof(full) - 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
		return;
	}
	control_client_begin(&control->clients[i], fd);
	control->clients[i].events = EPOLLIN;
}

static void
connection_event(struct control *control, uint32_t index, uint32_t events)
{
	struct control_client *client = &control->clients[index];

	if (client->state == CONTROL_CLIENT_FREE)
		return; /* closed earlier in this batch */
	if ((events & EPOLLIN) != 0)
		control_client_read(client);
	/* Closed both ways; a client that only stopped sending is no HUP. */
	else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		client->state = CONTROL_CLIENT_GONE;
}

/* ---- metrics ---- */

/* Open, close or move it as the configuration says now. */
static void
metrics_follow(struct control *control)
{
	const struct endpoint *at = &control->parts.conf->prometheus;
	char error[256];

	if (at->port == control->metrics_at.port &&
	    (at->port == 0 ||
	     address_equal(&at->address, &control->metrics_at.address)))
		return;
	metrics_close(control->metrics);
	control->metrics = NULL;
	control->metrics_at = *at;
	if (at->port == 0)
		return;
	if (metrics_open(&control->metrics, at, &control->parts, error,
			 sizeof(error)) != 0) {
		fprintf(stderr, "homewardd: %s\n", error);
		return;
	}
	struct epoll_event event = { .events = EPOLLIN,
				     .data.u32 = TOKEN_METRICS };
	(void)epoll_ctl(control->epoll, EPOLL_CTL_ADD,
			metrics_fd(control->metrics), &event);
}

/* ---- the daemon's calls ---- */

static int
epoll_fill(struct control *control)
{
	int drain = drain_fd(control->parts.drain);
	struct epoll_event listen = { .events = EPOLLIN,
				      .data.u32 = TOKEN_LISTEN };
	/* Edge-triggered: after the helper's end it would never be silent. */
	struct epoll_event helper = { .events = EPOLLIN | EPOLLET,
				      .data.u32 = TOKEN_DRAIN };

	control->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (control->epoll < 0 || epoll_ctl(control->epoll, EPOLL_CTL_ADD,
					    control->listener, &listen) != 0)
		return -errno;
	if (drain >= 0 &&
	    epoll_ctl(control->epoll, EPOLL_CTL_ADD, drain, &helper) != 0)
		return -errno;
	return 0;
}

static struct instant
monotonic_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct instant){ (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec };
}

int
control_open(struct control **out, const struct control_parts *parts,
	     char *error, size_t error_size)
{
	struct control *control = calloc(1, sizeof(*control));
	const struct conf *conf = parts->conf;

	*out = NULL;
	if (control == NULL) {
		(void)snprintf(error, error_size, "no memory");
		return -ENOMEM;
	}
	control->parts = *parts;
	control->epoll = -1;
	control->started = monotonic_now();
	control->listener =
		socket_path_open(conf->control, conf->user, error, error_size);
	if (control->listener < 0) {
		int result = control->listener;
		free(control);
		return result;
	}
	int result = epoll_fill(control);
	if (result == 0 && conf->prometheus.port != 0) {
		control->metrics_at = (struct endpoint){ .port = 0 };
		metrics_follow(control);
	}
	if (result != 0) {
		(void)snprintf(error, error_size, "epoll: %s",
			       strerror(-result));
		control_close(control);
		return result;
	}
	listener_set(control);
	*out = control;
	return 0;
}

void
control_close(struct control *control)
{
	const struct engine_listener none = { .context = NULL };

	if (control == NULL)
		return;
	engine_listen(control->parts.engine, &none);
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i].state != CONTROL_CLIENT_FREE)
			connection_close(control, &control->clients[i]);
	}
	metrics_close(control->metrics);
	if (control->epoll >= 0)
		close(control->epoll);
	close(control->listener);
	/* Refused when privileges are gone: then the helper does it. */
	(void)socket_path_remove(control->parts.conf->control);
	free(control);
}

int
control_fd(const struct control *control)
{
	return control->epoll;
}

void
control_ready(struct control *control, struct instant now)
{
	struct epoll_event events[CONTROL_EVENTS];
	int count = epoll_wait(control->epoll, events, CONTROL_EVENTS, 0);

	for (int i = 0; i < count; i++) {
		switch (events[i].data.u32) {
		case TOKEN_LISTEN:
			connection_accept(control);
			break;
		case TOKEN_METRICS:
			metrics_ready(control->metrics, now);
			break;
		case TOKEN_DRAIN:
			drain_tick(control, now);
			break;
		default:
			connection_event(control, events[i].data.u32,
					 events[i].events);
		}
	}
	connections_turn(control, now);
}

void
control_tick(struct control *control, struct instant now)
{
	metrics_follow(control);
	if (control->metrics != NULL)
		metrics_tick(control->metrics, now);
	drain_tick(control, now);
	trace_tick(control, now);
	connections_turn(control, now);
}

struct instant
control_deadline(const struct control *control)
{
	struct instant next = drain_deadline(control->parts.drain);

	next = instant_min(next, verdict_log_due(&control->trace));
	if (control->metrics != NULL)
		next = instant_min(next, metrics_deadline(control->metrics));
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		next = instant_min(
			next, drain_watcher_deadline(&control->clients[i],
						     control->parts.drain));
	}
	return next;
}
