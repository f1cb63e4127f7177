/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.c - a slot a session, a slot's number in each epoll event
 *
 * Slots move never and are used again; open[] lists those in use. A session
 * that ended is taken out at once, so that an event of the same batch which
 * still names its slot must be told from its successor's: hence the serial
 * beside the slot.
 */
#include "harness/emulate/crowd.h"

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
	struct visit visit;
	struct instant started; /* connected: the pace begins */
	char head[HEAD_BYTES]; /* the request, then the answer's */
	uint32_t head_size, head_sent;
	uint64_t sent, bytes; /* of the body */
	uint32_t ahead; /* bytes before the body: of the request, and one */
	bool writable; /* we wait for room in the socket */
};

struct crowd {
	struct visit_listener listener;
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

struct crowd *
crowd_create(const struct visit_listener *listener)
{
	struct crowd *crowd = memory_zeroed(1, sizeof(*crowd));

	crowd->listener = *listener;
	crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (crowd->epoll < 0) {
		free(crowd);
		return NULL;
	}
	return crowd;
}

void
crowd_destroy(struct crowd *crowd)
{
	if (crowd == NULL)
		return;
	for (uint32_t i = 0; i < crowd->count; i++) {
		if (crowd->members[i]->state != MEMBER_FREE)
			close(crowd->members[i]->fd);
		free(crowd->members[i]);
	}
	close(crowd->epoll);
	free(crowd->members);
	free(crowd->free);
	free(crowd->open);
	free(crowd);
}

uint32_t
crowd_count(const struct crowd *crowd)
{
	return crowd->open_count;
}

int
crowd_fd(const struct crowd *crowd)
{
	return crowd->epoll;
}

static uint32_t
slot_take(struct crowd *crowd)
{
	if (crowd->free_count > 0)
		return crowd->free[--crowd->free_count];
	if (crowd->count == crowd->capacity) {
		crowd->capacity = crowd->capacity * 2 + 64;
		crowd->members = memory_grown(crowd->members, crowd->capacity,
					      sizeof(*crowd->members));
		crowd->free = memory_grown(crowd->free, crowd->capacity,
					   sizeof(*crowd->free));
		crowd->open = memory_grown(crowd->open, crowd->capacity,
					   sizeof(*crowd->open));
	}
	crowd->members[crowd->count] = memory_zeroed(1, sizeof(struct member));
	return crowd->count++;
}

static void
slot_give(struct crowd *crowd, uint32_t slot)
{
	struct member *member = crowd->members[slot];
	uint32_t last = crowd->open[--crowd->open_count];

	crowd->open[member->place] = last;
	crowd->members[last]->place = member->place;
	member->state = MEMBER_FREE;
	close(member->fd);
	crowd->free[crowd->free_count++] = slot;
}

static void
member_end(struct crowd *crowd, struct instant now, uint32_t slot,
	   enum outcome outcome, const char *why)
{
	uint32_t flow = crowd->members[slot]->visit.flow;

	slot_give(crowd, slot);
	crowd->listener.ended(crowd->listener.context, now, flow, outcome, why);
}

static void
member_fail(struct crowd *crowd, struct instant now, uint32_t slot, int error)
{
	bool reset = error == ECONNRESET || error == ECONNREFUSED ||
		     error == EPIPE || error == ECONNABORTED;

	member_end(crowd, now, slot, reset ? OUTCOME_RESET : OUTCOME_TIMEOUT,
		   strerror(error));
}

static void
interest_set(struct crowd *crowd, uint32_t slot, int operation, bool writable)
{
	struct member *member = crowd->members[slot];
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | (writable ? EPOLLOUT : 0u),
		.data.u64 = (uint64_t)member->serial << 32 | slot,
	};

	member->writable = writable;
	(void)epoll_ctl(crowd->epoll, operation, member->fd, &event);
}

/* "http://HOST/PATH" to its two parts. */
static void
request_make(struct member *member)
{
	const char *host = strstr(member->visit.url, "://");

	host = host != NULL ? host + 3 : member->visit.url;
	int length = (int)strcspn(host, "/");
	const char *path = host[length] != '\0' ? host + length : "/";
	char body[64] = "";

	if (member->visit.upload)
		snprintf(body, sizeof(body), "Content-Length: %llu\r\n",
			 (unsigned long long)member->visit.bytes);
	int size = snprintf(member->head, sizeof(member->head),
			    "%s %s HTTP/1.1\r\nHost: %.*s\r\n"
			    "Connection: close\r\n%s\r\n",
			    member->visit.upload ? "PUT" : "GET", path, length,
			    host, body);
	member->head_size = (uint32_t)size;
	member->head_sent = 0;
	member->ahead = member->head_size + 1; /* the SYN counts as a byte */
}

/* A socket on its way; -errno. */
static int
connect_from(const struct visit *visit)
{
	struct sockaddr_storage from, to;
	socklen_t from_size = visit_client(&visit->key, &from);
	socklen_t to_size = visit_service(&visit->key, &to);
	int one = 1;
	int fd = visit_socket(visit->namespace, from.ss_family,
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
crowd_open(struct crowd *crowd, struct instant now, const struct visit *visit)
{
	int fd = connect_from(visit);

	if (fd < 0)
		return fd;
	uint32_t slot = slot_take(crowd);
	struct member *member = crowd->members[slot];

	*member = (struct member){
		.state = MEMBER_CONNECT,
		.fd = fd,
		.serial = ++crowd->serial,
		.place = crowd->open_count,
		.visit = *visit,
		.started = now,
	};
	crowd->open[crowd->open_count++] = slot;
	request_make(member);
	interest_set(crowd, slot, EPOLL_CTL_ADD, true);
	return 0;
}

/* ---- writing ---- */

/* Send some; false: the session is over. *room: the socket takes more. */
static bool
member_send(struct crowd *crowd, struct instant now, uint32_t slot,
	    const void *bytes, size_t size, size_t *sent)
{
	ssize_t count =
		send(crowd->members[slot]->fd, bytes, size, MSG_NOSIGNAL);

	*sent = count > 0 ? (size_t)count : 0;
	if (count >= 0 || errno == EAGAIN)
		return true;
	member_fail(crowd, now, slot, errno);
	return false;
}

/* The request, then what the pace allows of the body. */
static void
member_write(struct crowd *crowd, struct instant now, uint32_t slot)
{
	struct member *member = crowd->members[slot];
	const struct visit *visit = &member->visit;
	size_t sent;

	while (member->head_sent < member->head_size) {
		if (!member_send(crowd, now, slot,
				 member->head + member->head_sent,
				 member->head_size - member->head_sent, &sent))
			return;
		if (sent == 0)
			return;
		member->head_sent += (uint32_t)sent;
	}
	uint64_t allowed =
		!visit->upload
			? 0
			: visit_allowed(visit, instant_distance_ns(
						       member->started, now));
	while (member->sent < allowed) {
		uint64_t left = allowed - member->sent;
		size_t size = left < CHUNK ? (size_t)left : CHUNK;

		pattern_fill(visit->seed, member->sent, crowd->chunk, size);
		if (!member_send(crowd, now, slot, crowd->chunk, size, &sent))
			return;
		member->sent += sent;
		if (sent < size) {
			if (!member->writable)
				interest_set(crowd, slot, EPOLL_CTL_MOD, true);
			return;
		}
	}
	if (visit->upload ? member->sent == visit->bytes : true) {
		member->state = MEMBER_HEAD;
		member->head_size = 0;
	}
	if (member->writable)
		interest_set(crowd, slot, EPOLL_CTL_MOD, false);
}

/* ---- reading ---- */

/* Bytes of the body. False: the session is over. */
static bool
body_take(struct crowd *crowd, struct instant now, uint32_t slot,
	  const uint8_t *bytes, size_t size)
{
	struct member *member = crowd->members[slot];
	const struct visit *visit = &member->visit;

	if (visit->upload) /* the answer's text says nothing */
		return true;
	if (size > visit->bytes - member->bytes ||
	    !pattern_matches(visit->seed, member->bytes, bytes, size)) {
		member_end(crowd, now, slot, OUTCOME_CORRUPT, "wrong bytes");
		return false;
	}
	member->bytes += size;
	if (size > 0)
		crowd->listener.progress(crowd->listener.context, now,
					 visit->flow, member->bytes);
	return true;
}

/* Bytes of the answer's head, and perhaps of the body behind it. */
static bool
head_take(struct crowd *crowd, struct instant now, uint32_t slot,
	  const uint8_t *bytes, size_t size)
{
	struct member *member = crowd->members[slot];
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
		member_end(crowd, now, slot, OUTCOME_CORRUPT, why);
		return false;
	}
	/* Only whether all came: the length is not looked at. */
	size_t used = (size_t)(end + 4 - member->head) - before;

	member->state = MEMBER_BODY;
	return body_take(crowd, now, slot, bytes + used, size - used);
}

static void
member_finish(struct crowd *crowd, struct instant now, uint32_t slot)
{
	struct member *member = crowd->members[slot];
	const struct visit *visit = &member->visit;

	if (member->state != MEMBER_BODY ||
	    (!visit->upload && member->bytes != visit->bytes)) {
		member_end(crowd, now, slot, OUTCOME_CORRUPT,
			   "the server closed too early");
		return;
	}
	if (visit->upload && member->bytes < visit->bytes)
		crowd->listener.progress(crowd->listener.context, now,
					 visit->flow, visit->bytes);
	member_end(crowd, now, slot, OUTCOME_CLOSED, NULL);
}

static void
member_read(struct crowd *crowd, struct instant now, uint32_t slot)
{
	struct member *member = crowd->members[slot];

	for (size_t total = 0; total < READ_MOST;) {
		ssize_t size = recv(member->fd, crowd->chunk, CHUNK, 0);

		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size < 0) {
			member_fail(crowd, now, slot, errno);
			return;
		}
		if (size == 0) {
			member_finish(crowd, now, slot);
			return;
		}
		total += (size_t)size;
		/* An answer before all was sent is a refusal. */
		if (member->state == MEMBER_ASK) {
			member->state = MEMBER_HEAD;
			member->head_size = 0;
		}
		if (!(member->state == MEMBER_HEAD ? head_take : body_take)(
			    crowd, now, slot, crowd->chunk, (size_t)size))
			return;
	}
}

static void
member_event(struct crowd *crowd, struct instant now, uint32_t slot,
	     uint32_t events)
{
	struct member *member = crowd->members[slot];
	uint32_t serial = member->serial;

	if (member->state == MEMBER_CONNECT) {
		int error = 0;
		socklen_t size = sizeof(error);

		(void)getsockopt(member->fd, SOL_SOCKET, SO_ERROR, &error,
				 &size);
		if (error != 0) {
			member_fail(crowd, now, slot, error);
			return;
		}
		if ((events & EPOLLOUT) == 0)
			return;
		member->state = MEMBER_ASK;
		member->started = now;
	}
	if (member->state == MEMBER_ASK && (events & EPOLLOUT) != 0)
		member_write(crowd, now, slot);
	if (member->serial == serial && member->state != MEMBER_FREE &&
	    (events & ~(uint32_t)EPOLLOUT) != 0)
		member_read(crowd, now, slot);
}

void
crowd_ready(struct crowd *crowd, struct instant now)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(crowd->epoll, events, EVENTS, 0);

	for (int i = 0; i < count; i++) {
		uint32_t slot = (uint32_t)events[i].data.u64;
		const struct member *member = crowd->members[slot];

		if (member->state != MEMBER_FREE &&
		    member->serial == events[i].data.u64 >> 32)
			member_event(crowd, now, slot, events[i].events);
	}
}

/* ---- uploads ---- */

static void
acked_poll(struct crowd *crowd, struct instant now, struct member *member)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (member->bytes == member->visit.bytes ||
	    getsockopt(member->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
	    info.tcpi_bytes_acked <= member->ahead)
		return;
	uint64_t bytes = info.tcpi_bytes_acked - member->ahead;
	if (bytes > member->visit.bytes)
		bytes = member->visit.bytes; /* our FIN */
	if (bytes <= member->bytes)
		return;
	member->bytes = bytes;
	crowd->listener.progress(crowd->listener.context, now,
				 member->visit.flow, bytes);
}

void
crowd_tick(struct crowd *crowd, struct instant now)
{
	uint32_t count = crowd->open_count < POLLED_AT_ONCE ? crowd->open_count
							    : POLLED_AT_ONCE;

	for (uint32_t i = 0; i < count && crowd->open_count > 0; i++) {
		uint32_t slot =
			crowd->open[crowd->polled++ % crowd->open_count];
		struct member *member = crowd->members[slot];

		if (!member->visit.upload || member->state < MEMBER_ASK)
			continue;
		acked_poll(crowd, now, member);
		if (member->state == MEMBER_ASK && !member->writable)
			member_write(crowd, now, slot);
	}
}
