/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.c - see metrics.h
 *
 *	READING --blank line--> WRITING --all sent--> PARTING --EOF--> free
 *
 * PARTING has sent everything and said so (FIN), and reads what still comes:
 * a close(2) with unread bytes would be a RST, and that could overtake the
 * answer. Whatever the state, after METRICS_PATIENCE_NS the connection goes.
 */
#include "live/control/metrics.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/conf/endpoint_text.h"
#include "live/control/output_buffer.h"
#include "live/control/parts.h"

#define TOKEN_LISTEN METRICS_CONNECTIONS
#define PAGE_MAX     (1 << 20)

enum connection_state {
	FREE,
	READING,
	WRITING,
	PARTING
};

struct connection {
	enum connection_state state;
	int fd;
	struct instant deadline;
	size_t size; /* of the request so far */
	char request[METRICS_REQUEST];
	struct output_buffer out;
};

struct metrics {
	const struct control_parts *parts;
	int epoll, listener;
	struct connection connections[METRICS_CONNECTIONS];
};

/* ---- one connection ---- */

static void
connection_close(struct metrics *metrics, struct connection *connection)
{
	(void)epoll_ctl(metrics->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
	close(connection->fd);
	output_buffer_clear(&connection->out);
	connection->state = FREE;
}

static void
connection_watch(struct metrics *metrics, const struct connection *connection,
		 uint32_t events)
{
	struct epoll_event event = {
		.events = events,
		.data.u32 = (uint32_t)(connection - metrics->connections),
	};

	(void)epoll_ctl(metrics->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Send; then FIN, and wait for the client's. */
static void
connection_write(struct metrics *metrics, struct connection *connection)
{
	int result = output_buffer_send(&connection->out, connection->fd);

	if (result == -EAGAIN) {
		connection_watch(metrics, connection, EPOLLOUT);
	} else if (result != 0 || shutdown(connection->fd, SHUT_WR) != 0) {
		connection_close(metrics, connection);
	} else {
		connection->state = PARTING;
		connection_watch(metrics, connection, EPOLLIN);
	}
}

static void
answer(struct metrics *metrics, struct connection *connection,
       const char *status, const char *body, size_t size, bool with_body)
{
	char head[256];
	int length = snprintf(head, sizeof(head),
			      "HTTP/1.1 %s\r\n"
			      "Content-Type: text/plain; version=0.0.4; "
			      "charset=utf-8\r\n"
			      "Content-Length: %zu\r\n"
			      "%sConnection: close\r\n\r\n",
			      status, size,
			      status[0] == '4' ? "Allow: GET, HEAD\r\n" : "");

	connection->state = WRITING;
	if (!output_buffer_add(&connection->out, head, (size_t)length,
			       PAGE_MAX) ||
	    (with_body &&
	     !output_buffer_add(&connection->out, body, size, PAGE_MAX))) {
		connection_close(metrics, connection);
		return;
	}
	connection_write(metrics, connection);
}

static void
answer_error(struct metrics *metrics, struct connection *connection,
	     const char *status)
{
	char body[64];
	int length = snprintf(body, sizeof(body), "%s\n", status);

	answer(metrics, connection, status, body, (size_t)length, true);
}

static void
answer_page(struct metrics *metrics, struct connection *connection,
	    bool with_body)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out != NULL)
		metrics_print(metrics->parts, out);
	if (out == NULL || fclose(out) != 0)
		answer_error(metrics, connection, "503 Service Unavailable");
	else
		answer(metrics, connection, "200 OK", text, size, with_body);
	free(text);
}

/* The head is whole; only its first line matters here. */
static void
request_take(struct metrics *metrics, struct connection *connection)
{
	char method[8] = "", target[32] = "", version[16] = "";

	connection->request[connection->size] = '\0';
	if (sscanf(connection->request, "%7[A-Z] %31[^ \r\n] %15[^ \r\n]",
		   method, target, version) != 3 ||
	    strncmp(version, "HTTP/1.", 7) != 0) {
		answer_error(metrics, connection, "400 Bad Request");
		return;
	}
	bool head = strcmp(method, "HEAD") == 0;
	if (!head && strcmp(method, "GET") != 0)
		answer_error(metrics, connection, "405 Method Not Allowed");
	else if (strcmp(target, "/metrics") != 0)
		answer_error(metrics, connection, "404 Not Found");
	else
		answer_page(metrics, connection, !head);
}

static bool
request_whole(const struct connection *connection)
{
	return memmem(connection->request, connection->size, "\r\n\r\n", 4) !=
		       NULL ||
	       memmem(connection->request, connection->size, "\n\n", 2) != NULL;
}

static void
connection_read(struct metrics *metrics, struct connection *connection)
{
	/* The last byte is for a NUL. */
	size_t room = sizeof(connection->request) - 1 - connection->size;
	ssize_t size =
		recv(connection->fd, connection->request + connection->size,
		     room, MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		connection_close(metrics, connection);
		return;
	}
	connection->size += (size_t)size;
	if (request_whole(connection))
		request_take(metrics, connection);
	else if ((size_t)size == room)
		answer_error(metrics, connection,
			     "431 Request Header Fields Too Large");
}

static void
connection_part(struct metrics *metrics, struct connection *connection)
{
	char rest[1024];
	ssize_t size = recv(connection->fd, rest, sizeof(rest), MSG_DONTWAIT);

	if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
		connection_close(metrics, connection);
}

static void
connection_event(struct metrics *metrics, struct connection *connection)
{
	switch (connection->state) {
	case READING:
		connection_read(metrics, connection);
		break;
	case WRITING:
		connection_write(metrics, connection);
		break;
	case PARTING:
		connection_part(metrics, connection);
		break;
	case FREE:
		break;
	}
}

static void
connection_accept(struct metrics *metrics, struct instant now)
{
	int fd = accept4(metrics->listener, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	uint32_t i = 0;

	if (fd < 0)
		return;
	while (i < METRICS_CONNECTIONS && metrics->connections[i].state != FREE)
		i++;
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
	if (i == METRICS_CONNECTIONS ||
	    epoll_ctl(metrics->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		close(fd);
		return;
	}
	struct connection *connection = &metrics->connections[i];
	connection->state = READING;
	connection->fd = fd;
	connection->size = 0;
	connection->deadline = instant_after(now, METRICS_PATIENCE_NS);
}

/* ---- the listener ---- */

static bool
is_loopback(const struct address *address)
{
	static const uint8_t six[16] = { [15] = 1 };

	return address->family == 4 ? address->bytes[0] == 127
				    : memcmp(address->bytes, six, 16) == 0;
}

static int
listener_open(const struct endpoint *at)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons(at->port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons(at->port) };
	bool is_six = at->address.family == 6;
	const struct sockaddr *address =
		is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	int fd = socket(address->sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	memcpy(&four.sin_addr, at->address.bytes, sizeof(four.sin_addr));
	memcpy(&six.sin6_addr, at->address.bytes, sizeof(six.sin6_addr));
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(fd, address, is_six ? sizeof(six) : sizeof(four)) != 0 ||
	    listen(fd, METRICS_CONNECTIONS) != 0) {
		int reason = errno;
		close(fd);
		return -reason;
	}
	return fd;
}

static int
listen_begin(struct metrics *metrics, const struct endpoint *at)
{
	struct epoll_event event = { .events = EPOLLIN,
				     .data.u32 = TOKEN_LISTEN };

	if (!is_loopback(&at->address))
		return -EACCES;
	metrics->listener = listener_open(at);
	if (metrics->listener < 0)
		return metrics->listener;
	metrics->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (metrics->epoll < 0 || epoll_ctl(metrics->epoll, EPOLL_CTL_ADD,
					    metrics->listener, &event) != 0)
		return -errno;
	return 0;
}

int
metrics_open(struct metrics **out, const struct endpoint *at,
	     const struct control_parts *parts, char *error, size_t error_size)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	char text[ENDPOINT_TEXT_BYTES];
	int result = -ENOMEM;

	*out = NULL;
	if (metrics != NULL) {
		metrics->parts = parts;
		metrics->epoll = metrics->listener = -1;
		result = listen_begin(metrics, at);
	}
	if (result != 0) {
		(void)snprintf(error, error_size, "prometheus %s: %s",
			       endpoint_text_format(at, text),
			       result == -EACCES ? "not a loopback address"
						 : strerror(-result));
		metrics_close(metrics);
		return result;
	}
	*out = metrics;
	return 0;
}

void
metrics_close(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	for (uint32_t i = 0; i < METRICS_CONNECTIONS; i++) {
		if (metrics->connections[i].state != FREE)
			connection_close(metrics, &metrics->connections[i]);
	}
	if (metrics->epoll >= 0)
		close(metrics->epoll);
	if (metrics->listener >= 0)
		close(metrics->listener);
	free(metrics);
}

int
metrics_fd(const struct metrics *metrics)
{
	return metrics->epoll;
}

void
metrics_ready(struct metrics *metrics, struct instant now)
{
	struct epoll_event events[METRICS_CONNECTIONS + 1];
	int count =
		epoll_wait(metrics->epoll, events, METRICS_CONNECTIONS + 1, 0);

	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 == TOKEN_LISTEN)
			connection_accept(metrics, now);
		else
			connection_event(
				metrics,
				&metrics->connections[events[i].data.u32]);
	}
}

void
metrics_tick(struct metrics *metrics, struct instant now)
{
	for (uint32_t i = 0; i < METRICS_CONNECTIONS; i++) {
		struct connection *connection = &metrics->connections[i];
		if (connection->state != FREE &&
		    !instant_before(now, connection->deadline))
			connection_close(metrics, connection);
	}
}

struct instant
metrics_deadline(const struct metrics *metrics)
{
	struct instant next = INSTANT_NEVER;

	for (uint32_t i = 0; i < METRICS_CONNECTIONS; i++) {
		if (metrics->connections[i].state != FREE)
			next = instant_min(next,
					   metrics->connections[i].deadline);
	}
	return next;
}

uint16_t
metrics_port(const struct metrics *metrics)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} address = { .any.sa_family = AF_UNSPEC };
	socklen_t size = sizeof(address);

	if (getsockname(metrics->listener, &address.any, &size) != 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port
						       : address.four.sin_port);
}
