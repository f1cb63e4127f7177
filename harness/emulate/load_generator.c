/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load_generator.c - a slot a session, a slot's number in each epoll event
 *
 * Slots move never and are used again; open[] lists those in use. A session
 * that ended is taken out at once, so that an event of the same batch which
 * still names its slot must be told from its successor's: hence the serial
 * beside the slot.
 */
#include "harness/emulate/load_generator.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sim/engine/memory.h"
#include "sim/model/pattern.h"

#define CHUNK	   65536
#define READ_MOST  (16 * CHUNK) /* of one session a wake-up */
#define HEAD_BYTES 2048
#define EVENTS	   256
/* Acknowledgements are asked for at every tick by so many, then by a share. */
#define POLLED_AT_ONCE 128

enum member_state {
	MEMBER_FREE,
	MEMBER_CONNECT,
	MEMBER_ASK,
	MEMBER_HEAD,
	MEMBER_BODY
};

struct member {
	enum member_state state;
	int fd;
	uint32_t serial;
	uint32_t place; /* in open[] */
	struct client_session client_session;
	struct instant started; /* connected: the pace begins */
	char head[HEAD_BYTES]; /* the request, then the answer's */
	uint32_t head_size, head_sent;
	uint64_t sent, bytes; /* of the body */
	uint32_t ahead; /* bytes before the body: of the request, and one */
	bool writable; /* we wait for room in the socket */
};

struct load_generator {
	struct client_session_listener listener;
	int epoll;
	struct member **members;
	uint32_t count, capacity;
	uint32_t *free; /* stack of slots */
	uint32_t free_count;
	uint32_t *open;
	uint32_t open_count, polled;
	uint32_t serial;
	uint8_t chunk[CHUNK];
};

struct load_generator *
load_generator_create(const struct client_session_listener *listener)
{
	struct load_generator *load_generator =
		memory_zeroed(1, sizeof(*load_generator));

	load_generator->listener = *listener;
	load_generator->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load_generator->epoll < 0) {
		free(load_generator);
		return NULL;
	}
	return load_generator;
}

void
load_generator_destroy(struct load_generator *load_generator)
{
	if (load_generator == NULL)
		return;
	for (uint32_t i = 0; i < load_generator->count; i++) {
		if (load_generator->members[i]->state != MEMBER_FREE)
			close(load_generator->members[i]->fd);
		free(load_generator->members[i]);
	}
	close(load_generator->epoll);
	free(load_generator->members);
	free(load_generator->free);
	free(load_generator->open);
	free(load_generator);
}

uint32_t
load_generator_count(const struct load_generator *load_generator)
{
	return load_generator->open_count;
}

int
load_generator_fd(const struct load_generator *load_generator)
{
	return load_generator->epoll;
}

static uint32_t
slot_take(struct load_generator *load_generator)
{
	if (load_generator->free_count > 0)
		return load_generator->free[--load_generator->free_count];
	if (load_generator->count == load_generator->capacity) {
		load_generator->capacity = load_generator->capacity * 2 + 64;
		load_generator->members = memory_grown(
			load_generator->members, load_generator->capacity,
			sizeof(*load_generator->members));
		load_generator->free = memory_grown(
			load_generator->free, load_generator->capacity,
			sizeof(*load_generator->free));
		load_generator->open = memory_grown(
			load_generator->open, load_generator->capacity,
			sizeof(*load_generator->open));
	}
	load_generator->members[load_generator->count] =
		memory_zeroed(1, sizeof(struct member));
	return load_generator->count++;
}

static void
slot_give(struct load_generator *load_generator, uint32_t slot)
{
	struct member *member = load_generator->members[slot];
	uint32_t last = load_generator->open[--load_generator->open_count];

	load_generator->open[member->place] = last;
	load_generator->members[last]->place = member->place;
	member->state = MEMBER_FREE;
	close(member->fd);
	load_generator->free[load_generator->free_count++] = slot;
}

static void
member_end(struct load_generator *load_generator, struct instant now,
	   uint32_t slot, enum outcome outcome, const char *why)
{
	uint32_t flow = load_generator->members[slot]->client_session.flow;

	slot_give(load_generator, slot);
	load_generator->listener.ended(load_generator->listener.context, now,
				       flow, outcome, why);
}

static void
member_fail(struct load_generator *load_generator, struct instant now,
	    uint32_t slot, int error)
{
	bool reset = error == ECONNRESET || error == ECONNREFUSED ||
		     error == EPIPE || error == ECONNABORTED;

	member_end(load_generator, now, slot,
		   reset ? OUTCOME_RESET : OUTCOME_TIMEOUT, strerror(error));
}

static void
interest_set(struct load_generator *load_generator, uint32_t slot,
	     int operation, bool writable)
{
	struct member *member = load_generator->members[slot];
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | (writable ? EPOLLOUT : 0u),
		.data.u64 = (uint64_t)member->serial << 32 | slot,
	};

	member->writable = writable;
	(void)epoll_ctl(load_generator->epoll, operation, member->fd, &event);
}

/* "http://HOST/PATH" to its two parts. */
static void
request_make(struct member *member)
{
	const char *host = strstr(member->client_session.url, "://");

	host = host != NULL ? host + 3 : member->client_session.url;
	int length = (int)strcspn(host, "/");
	const char *path = host[length] != '\0' ? host + length : "/";
	char body[64] = "";

	if (member->client_session.upload)
		snprintf(body, sizeof(body), "Content-Length: %llu\r\n",
			 (unsigned long long)member->client_session.bytes);
	int size = snprintf(member->head, sizeof(member->head),
			    "%s %s HTTP/1.1\r\nHost: %.*s\r\n"
			    "Connection: close\r\n%s\r\n",
			    member->client_session.upload ? "PUT" : "GET", path,
			    length, host, body);
	member->head_size = (uint32_t)size;
	member->head_sent = 0;
	member->ahead = member->head_size + 1; /* the SYN counts as a byte */
}

/* A socket on its way; -errno. */
static int
connect_from(const struct client_session *client_session)
{
	struct sockaddr_storage from, to;
	socklen_t from_size =
		client_session_client(&client_session->key, &from);
	socklen_t to_size = client_session_service(&client_session->key, &to);
	int one = 1;
	int fd =
		client_session_socket(client_session->namespace, from.ss_family,
				      SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&from, from_size) != 0 ||
	    (connect(fd, (struct sockaddr *)&to, to_size) != 0 &&
	     errno != EINPROGRESS)) {
		int error = errno == EADDRNOTAVAIL ? EADDRINUSE : errno;

		close(fd);
		return -error;
	}
	return fd;
}

int
load_generator_open(struct load_generator *load_generator, struct instant now,
		    const struct client_session *client_session)
{
	int fd = connect_from(client_session);

	if (fd < 0)
		return fd;
	uint32_t slot = slot_take(load_generator);
	struct member *member = load_generator->members[slot];

	*member = (struct member){
		.state = MEMBER_CONNECT,
		.fd = fd,
		.serial = ++load_generator->serial,
		.place = load_generator->open_count,
		.client_session = *client_session,
		.started = now,
	};
	load_generator->open[load_generator->open_count++] = slot;
	request_make(member);
	interest_set(load_generator, slot, EPOLL_CTL_ADD, true);
	return 0;
}

/* ---- writing ---- */

/* Send some; false: the session is over. *room: the socket takes more. */
static bool
member_send(struct load_generator *load_generator, struct instant now,
	    uint32_t slot, const void *bytes, size_t size, size_t *sent)
{
	ssize_t count = send(load_generator->members[slot]->fd, bytes, size,
			     MSG_NOSIGNAL);

	*sent = count > 0 ? (size_t)count : 0;
	if (count >= 0 || errno == EAGAIN)
		return true;
	member_fail(load_generator, now, slot, errno);
	return false;
}

/* The request, then what the pace allows of the body. */
static void
member_write(struct load_generator *load_generator, struct instant now,
	     uint32_t slot)
{
	struct member *member = load_generator->members[slot];
	const struct client_session *client_session = &member->client_session;
	size_t sent;

	while (member->head_sent < member->head_size) {
		if (!member_send(load_generator, now, slot,
				 member->head + member->head_sent,
				 member->head_size - member->head_sent, &sent))
			return;
		if (sent == 0)
			return;
		member->head_sent += (uint32_t)sent;
	}
	uint64_t allowed =
		!client_session->upload
			? 0
			: client_session_allowed(
				  client_session,
				  instant_distance_ns(member->started, now));
	while (member->sent < allowed) {
		uint64_t left = allowed - member->sent;
		size_t size = left < CHUNK ? (size_t)left : CHUNK;

		pattern_fill(client_session->seed, member->sent,
			     load_generator->chunk, size);
		if (!member_send(load_generator, now, slot,
				 load_generator->chunk, size, &sent))
			return;
		member->sent += sent;
		if (sent < size) {
			if (!member->writable)
				interest_set(load_generator, slot,
					     EPOLL_CTL_MOD, true);
			return;
		}
	}
	if (client_session->upload ? member->sent == client_session->bytes
				   : true) {
		member->state = MEMBER_HEAD;
		member->head_size = 0;
	}
	if (member->writable)
		interest_set(load_generator, slot, EPOLL_CTL_MOD, false);
}

/* ---- reading ---- */

/* Bytes of the body. False: the session is over. */
static bool
body_take(struct load_generator *load_generator, struct instant now,
	  uint32_t slot, const uint8_t *bytes, size_t size)
{
	struct member *member = load_generator->members[slot];
	const struct client_session *client_session = &member->client_session;

	if (client_session->upload) /* the answer's text says nothing */
		return true;
	if (size > client_session->bytes - member->bytes ||
	    !pattern_matches(client_session->seed, member->bytes, bytes,
			     size)) {
		member_end(load_generator, now, slot, OUTCOME_CORRUPT,
			   "wrong bytes");
		return false;
	}
	member->bytes += size;
	if (size > 0)
		load_generator->listener.progress(
			load_generator->listener.context, now,
			client_session->flow, member->bytes);
	return true;
}

/* Bytes of the answer's head, and perhaps of the body behind it. */
static bool
head_take(struct load_generator *load_generator, struct instant now,
	  uint32_t slot, const uint8_t *bytes, size_t size)
{
	struct member *member = load_generator->members[slot];
	uint32_t before = member->head_size;
	size_t room = HEAD_BYTES - 1 - before;
	size_t taken = size < room ? size : room;
	unsigned status = 0;

	memcpy(member->head + before, bytes, taken);
	member->head_size += (uint32_t)taken;
	member->head[member->head_size] = '\0';
	const char *end = strstr(member->head, "\r\n\r\n");

	if (end == NULL && taken == size)
		return true;
	if (end == NULL ||
	    sscanf(member->head, "HTTP/1.%*1u %3u", &status) != 1 ||
	    status < 200 || status > 299) {
		char why[40];

		(void)snprintf(why, sizeof(why), "HTTP status %u", status);
		member_end(load_generator, now, slot, OUTCOME_CORRUPT, why);
		return false;
	}
	/* Only whether all came: the length is not looked at. */
	size_t used = (size_t)(end + 4 - member->head) - before;

	member->state = MEMBER_BODY;
	return body_take(load_generator, now, slot, bytes + used, size - used);
}

static void
member_finish(struct load_generator *load_generator, struct instant now,
	      uint32_t slot)
{
	struct member *member = load_generator->members[slot];
	const struct client_session *client_session = &member->client_session;

	if (member->state != MEMBER_BODY ||
	    (!client_session->upload &&
	     member->bytes != client_session->bytes)) {
		member_end(load_generator, now, slot, OUTCOME_CORRUPT,
			   "the server closed too early");
		return;
	}
	if (client_session->upload && member->bytes < client_session->bytes)
		load_generator->listener.progress(
			load_generator->listener.context, now,
			client_session->flow, client_session->bytes);
	member_end(load_generator, now, slot, OUTCOME_CLOSED, NULL);
}

static void
member_read(struct load_generator *load_generator, struct instant now,
	    uint32_t slot)
{
	struct member *member = load_generator->members[slot];

	for (size_t total = 0; total < READ_MOST;) {
		ssize_t size =
			recv(member->fd, load_generator->chunk, CHUNK, 0);

		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size < 0) {
			member_fail(load_generator, now, slot, errno);
			return;
		}
		if (size == 0) {
			member_finish(load_generator, now, slot);
			return;
		}
		total += (size_t)size;
		/* An answer before all was sent is a refusal. */
		if (member->state == MEMBER_ASK) {
			member->state = MEMBER_HEAD;
			member->head_size = 0;
		}
		if (!(member->state == MEMBER_HEAD ? head_take : body_take)(
			    load_generator, now, slot, load_generator->chunk,
			    (size_t)size))
			return;
	}
}

static void
member_event(struct load_generator *load_generator, struct instant now,
	     uint32_t slot, uint32_t events)
{
	struct member *member = load_generator->members[slot];
	uint32_t serial = member->serial;

	if (member->state == MEMBER_CONNECT) {
		int error = 0;
		socklen_t size = sizeof(error);

		(void)getsockopt(member->fd, SOL_SOCKET, SO_ERROR, &error,
				 &size);
		if (error != 0) {
			member_fail(load_generator, now, slot, error);
			return;
		}
		if ((events & EPOLLOUT) == 0)
			return;
		member->state = MEMBER_ASK;
		member->started = now;
	}
	if (member->state == MEMBER_ASK && (events & EPOLLOUT) != 0)
		member_write(load_generator, now, slot);
	if (member->serial == serial && member->state != MEMBER_FREE &&
	    (events & ~(uint32_t)EPOLLOUT) != 0)
		member_read(load_generator, now, slot);
}

void
load_generator_ready(struct load_generator *load_generator, struct instant now)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(load_generator->epoll, events, EVENTS, 0);

	for (int i = 0; i < count; i++) {
		uint32_t slot = (uint32_t)events[i].data.u64;
		const struct member *member = load_generator->members[slot];

		if (member->state != MEMBER_FREE &&
		    member->serial == events[i].data.u64 >> 32)
			member_event(load_generator, now, slot,
				     events[i].events);
	}
}

/* ---- uploads ---- */

static void
acked_poll(struct load_generator *load_generator, struct instant now,
	   struct member *member)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (member->bytes == member->client_session.bytes ||
	    getsockopt(member->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
	    info.tcpi_bytes_acked <= member->ahead)
		return;
	uint64_t bytes = info.tcpi_bytes_acked - member->ahead;
	if (bytes > member->client_session.bytes)
		bytes = member->client_session.bytes; /* our FIN */
	if (bytes <= member->bytes)
		return;
	member->bytes = bytes;
	load_generator->listener.progress(load_generator->listener.context, now,
					  member->client_session.flow, bytes);
}

void
load_generator_tick(struct load_generator *load_generator, struct instant now)
{
	uint32_t count = load_generator->open_count < POLLED_AT_ONCE
				 ? load_generator->open_count
				 : POLLED_AT_ONCE;

	for (uint32_t i = 0; i < count && load_generator->open_count > 0; i++) {
		uint32_t slot =
			load_generator->open[load_generator->polled++ %
					     load_generator->open_count];
		struct member *member = load_generator->members[slot];

		if (!member->client_session.upload ||
		    member->state < MEMBER_ASK)
			continue;
		acked_poll(load_generator, now, member);
		if (member->state == MEMBER_ASK && !member->writable)
			member_write(load_generator, now, slot);
	}
}
