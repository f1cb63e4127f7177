/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outlet.c - lanes, runs, and what to do when sendmmsg says no
 *
 *	items[] in order of arrival; each lane chains its own:
 *	lane 0    -> item -> item
 *	lane 1+2s -> item -> item -> item	source s, ordinary route
 *	lane 2+2s -> item			source s, another uplink
 *
 * A message is a run of items of a lane that go to one place, all as large as
 * the first but for the last, which may be smaller; items that lie side by
 * side in memory are one piece of it (struct iovec), so a bulk upload's run is
 * a single piece.
 */
#include "live/kernel/outlet.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/outbox.h"
#include "core/steer/tunnel.h"

#define LANES	     (1 + 2 * OUTLET_SOURCES)
#define NONE	     UINT32_MAX
#define MESSAGES     64 /* in one sendmmsg */
#define PIECES	     1024 /* in one sendmmsg */
#define RUN_ITEMS    64 /* UDP_MAX_SEGMENTS of older kernels */
#define RUN_BYTES    65000 /* with headers, below 2^16 */
#define DATAGRAM_MAX 65507
#define UDP_HEADER   8
#define SEND_BUFFER  (8 << 20)
/* Messages that are not joined after the kernel refused to segment. */
#define UNJOINED_NEXT 1024
/* UDP_SEGMENT takes 16 bits. */
#define CONTROL_ROOM (UPLINKS_CONTROL + CMSG_SPACE(sizeof(uint16_t)))

struct item {
	struct endpoint to;
	uint32_t offset, size;
	uint32_t next; /* of its lane */
	unsigned interface; /* to leave by; 0: the ordinary route */
};

struct lane {
	uint32_t first, last; /* items, or NONE */
	uint32_t next; /* lane that has items, too */
};

struct message {
	uint32_t first, count; /* items, by their chain */
	unsigned interface;
	struct sockaddr_storage to;
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_ROOM];
};

struct outlet {
	struct outlet_settings settings;
	struct outlet_counters counters;
	int sources[OUTLET_SOURCES];
	struct lane lanes[LANES];
	uint32_t first_lane, last_lane;
	uint32_t item_count, byte_count;
	uint32_t unjoined_left;
	struct cost *cost; /* of this flush; NULL: not timed */
	struct instant since;
	uint64_t most;
	struct item items[OUTLET_ITEMS];
	struct message messages[MESSAGES];
	struct mmsghdr headers[MESSAGES];
	struct iovec pieces[PIECES];
	uint8_t *bytes;
};

/* ---- sockets ---- */

/* Like the tunnel of any router: the outer packet is fragmented at the path
 * MTU that the kernel knows (v4: or on the way). If it must not be, steer keeps
 * account of path MTUs and answers; the kernel's own memory of them, which
 * outlives a daemon, must not swallow packets (IP_PMTUDISC_PROBE). */
static int
set_fragment(int fd, uint8_t family, bool fragment)
{
	int value;

	if (family == 4) {
		value = fragment ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE;
		return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &value,
				  sizeof(value));
	}
	value = fragment ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_PROBE;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &value,
		       sizeof(value)) != 0)
		return -1;
	value = !fragment;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &value,
			  sizeof(value));
}

static int
set_options(int fd, const struct outlet_settings *settings)
{
	struct sock_filter refuse[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	const struct sock_fprog program = { 1, refuse };
	const int buffer = SEND_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer,
		       sizeof(buffer)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer,
				 sizeof(buffer));
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) != 0)
		return -1;
	return set_fragment(fd, settings->self.family, settings->fragment);
}

/* The first free port of source s: 49152 + s, and 64 further each time. */
static int
bind_source(int fd, const struct address *self, uint32_t s)
{
	struct sockaddr_storage address;

	for (uint32_t port = TUNNEL_SOURCE_PORT + s; port <= UINT16_MAX;
	     port += OUTLET_SOURCES) {
		const struct endpoint at = { *self, (uint16_t)port };
		socklen_t size = uplinks_address(&at, &address);

		if (bind(fd, (struct sockaddr *)&address, size) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -1;
	}
	return -1;
}

static int
source_open(struct outlet *outlet, uint32_t s)
{
	const struct outlet_settings *settings = &outlet->settings;
	int family = settings->self.family == 4 ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	outlet->sources[s] = fd;
	if (fd < 0 || set_options(fd, settings) != 0 ||
	    bind_source(fd, &settings->self, s) != 0)
		return -errno;
	return 0;
}

static void
forget(struct outlet *outlet)
{
	for (uint32_t i = 0; i < LANES; i++)
		outlet->lanes[i] = (struct lane){ NONE, NONE, NONE };
	outlet->first_lane = outlet->last_lane = NONE;
	outlet->item_count = outlet->byte_count = 0;
}

int
outlet_open(struct outlet **made, const struct outlet_settings *settings,
	    char *error, size_t error_size)
{
	struct outlet *outlet = calloc(1, sizeof(*outlet));
	int result = 0;

	*made = NULL;
	if (outlet == NULL)
		return -ENOMEM;
	outlet->settings = *settings;
	outlet->bytes = malloc(OUTLET_BYTES);
	if (outlet->bytes == NULL)
		result = -ENOMEM;
	for (uint32_t s = 0; s < OUTLET_SOURCES; s++)
		outlet->sources[s] = -1;
	for (uint32_t s = 0; s < OUTLET_SOURCES && result == 0; s++)
		result = source_open(outlet, s);
	if (result != 0) {
		(void)snprintf(error, error_size,
			       "sockets for forwarding, UDP %u and above: %s",
			       (unsigned)TUNNEL_SOURCE_PORT, strerror(-result));
		outlet_close(outlet);
		return result;
	}
	forget(outlet);
	*made = outlet;
	return 0;
}

void
outlet_close(struct outlet *outlet)
{
	if (outlet == NULL)
		return;
	for (uint32_t s = 0; s < OUTLET_SOURCES; s++)
		if (outlet->sources[s] >= 0)
			(void)close(outlet->sources[s]);
	free(outlet->bytes);
	free(outlet);
}

void
outlet_mtu(struct outlet *outlet, uint32_t mtu_bytes, bool fragment)
{
	outlet->settings.mtu_bytes = mtu_bytes;
	outlet->settings.fragment = fragment;
	for (uint32_t s = 0; s < OUTLET_SOURCES; s++)
		(void)set_fragment(outlet->sources[s],
				   outlet->settings.self.family, fragment);
}

/* ---- gathering ---- */

static int
add(struct outlet *outlet, uint32_t lane_index, const struct endpoint *to,
    unsigned interface, const uint8_t *bytes, size_t size)
{
	struct lane *lane = &outlet->lanes[lane_index];

	if (size > DATAGRAM_MAX)
		return -EMSGSIZE;
	if (outlet->item_count == OUTLET_ITEMS ||
	    size > OUTLET_BYTES - outlet->byte_count)
		outlet_flush(outlet);

	uint32_t index = outlet->item_count++;
	outlet->items[index] = (struct item){
		.to = *to,
		.offset = outlet->byte_count,
		.size = (uint32_t)size,
		.next = NONE,
		.interface = interface,
	};
	memcpy(outlet->bytes + outlet->byte_count, bytes, size);
	outlet->byte_count += (uint32_t)size;
	if (lane->first != NONE) {
		outlet->items[lane->last].next = index;
	} else {
		lane->first = index;
		if (outlet->first_lane == NONE)
			outlet->first_lane = lane_index;
		else
			outlet->lanes[outlet->last_lane].next = lane_index;
		outlet->last_lane = lane_index;
	}
	lane->last = index;
	return 0;
}

int
outlet_datagram(struct outlet *outlet, const struct endpoint *to,
		uint8_t avoid_uplink, const uint8_t *bytes, size_t size)
{
	outlet->counters.datagrams++;
	return add(outlet, 0, to,
		   uplinks_other(outlet->settings.uplinks, avoid_uplink,
				 (uint32_t)outlet->counters.datagrams),
		   bytes, size);
}

int
outlet_forward(struct outlet *outlet, const struct endpoint *to,
	       uint16_t source_port, uint8_t avoid_uplink, const uint8_t *bytes,
	       size_t size)
{
	uint32_t hash = (uint32_t)source_port - TUNNEL_SOURCE_PORT;
	uint32_t s = hash % OUTLET_SOURCES;
	unsigned interface = uplinks_other(outlet->settings.uplinks,
					   avoid_uplink, hash / OUTLET_SOURCES);

	outlet->counters.forwards++;
	return add(outlet, 1 + 2 * s + (interface != 0), to, interface, bytes,
		   size);
}

/* ---- sending ---- */

static bool
may_join(const struct outlet *outlet, uint32_t lane, const struct item *item)
{
	uint32_t header = item->to.address.family == 4 ? 20 : 40;

	/* Fragments and segments do not go together. */
	return lane != 0 && outlet->unjoined_left == 0 && item->size > 0 &&
	       item->size + UDP_HEADER + header <= outlet->settings.mtu_bytes;
}

static bool
same_way(const struct item *a, const struct item *b)
{
	return a->interface == b->interface && a->to.port == b->to.port &&
	       address_equal(&a->to.address, &b->to.address);
}

/* How many items from `first` on make one message. */
static uint32_t
run_length(const struct outlet *outlet, uint32_t lane, uint32_t first)
{
	const struct item *head = &outlet->items[first];
	uint32_t count = 1, bytes = head->size;

	if (!may_join(outlet, lane, head))
		return 1;
	for (uint32_t i = head->next; i != NONE && count < RUN_ITEMS;
	     i = outlet->items[i].next) {
		const struct item *item = &outlet->items[i];
		if (item->size > head->size || item->size == 0 ||
		    bytes + item->size > RUN_BYTES || !same_way(head, item))
			break;
		count++;
		bytes += item->size;
		if (item->size < head->size)
			break;
	}
	return count;
}

static void
segment_control(struct msghdr *header, uint16_t size)
{
	struct cmsghdr *control = (void *)((uint8_t *)header->msg_control +
					   header->msg_controllen);

	control->cmsg_level = SOL_UDP;
	control->cmsg_type = UDP_SEGMENT;
	control->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(control), &size, sizeof(size));
	header->msg_controllen += CMSG_SPACE(sizeof(size));
}

/* Gather a message's pieces; how many. */
static uint32_t
gather(struct outlet *outlet, const struct message *message,
       struct iovec *pieces)
{
	uint32_t count = 0, end = 0, index = message->first;

	for (uint32_t i = 0; i < message->count; i++) {
		const struct item *item = &outlet->items[index];
		if (count > 0 && item->offset == end) {
			pieces[count - 1].iov_len += item->size;
		} else {
			pieces[count++] = (struct iovec){
				.iov_base = outlet->bytes + item->offset,
				.iov_len = item->size,
			};
		}
		end = item->offset + item->size;
		index = item->next;
	}
	return count;
}

/* Write the header of a message that starts with item `first`. */
static void
prepare(struct outlet *outlet, struct message *message, struct msghdr *header,
	struct iovec *pieces)
{
	const struct item *head = &outlet->items[message->first];

	*header = (struct msghdr){
		.msg_name = &message->to,
		.msg_namelen = uplinks_address(&head->to, &message->to),
		.msg_iov = pieces,
		.msg_iovlen = gather(outlet, message, pieces),
		.msg_control = message->control,
	};
	memset(message->control, 0, sizeof(message->control));
	if (message->interface != 0)
		uplinks_control(header, head->to.address.family,
				message->interface);
	if (message->count > 1)
		segment_control(header, (uint16_t)head->size);
	if (header->msg_controllen == 0)
		header->msg_control = NULL;
}

static int
lane_fd(const struct outlet *outlet, uint32_t lane)
{
	return lane == 0 ? outlet->settings.datagram_fd
			 : outlet->sources[(lane - 1) / 2];
}

static int
send_one(struct outlet *outlet, uint32_t lane, struct message *message)
{
	struct msghdr header;
	struct iovec pieces[RUN_ITEMS];
	ssize_t size;

	prepare(outlet, message, &header, pieces);
	do
		size = sendmsg(lane_fd(outlet, lane), &header, MSG_DONTWAIT);
	while (size < 0 && errno == EINTR);
	return size < 0 ? -errno : 0;
}

static void
tell(struct outlet *outlet, uint32_t lane, const struct message *message,
     int error)
{
	const struct outlet_settings *settings = &outlet->settings;

	settings->sent(settings->context,
		       &outlet->items[message->first].to.address, lane != 0,
		       error);
}

/* Once more, one datagram at a time. */
static void
send_apart(struct outlet *outlet, uint32_t lane, const struct message *run)
{
	struct message one = { .first = run->first,
			       .count = 1,
			       .interface = run->interface };

	outlet->counters.unjoined++;
	outlet->unjoined_left = UNJOINED_NEXT;
	for (uint32_t i = 0; i < run->count; i++) {
		tell(outlet, lane, &one, send_one(outlet, lane, &one));
		one.first = outlet->items[one.first].next;
	}
}

/* The kernel said no to a message. */
static void
send_again(struct outlet *outlet, uint32_t lane, struct message *message,
	   int error)
{
	if (message->interface != 0 && uplinks_failed(error)) {
		outlet->counters.fell_back++;
		message->interface = 0;
		error = send_one(outlet, lane, message);
	}
	if (message->count > 1 && (error == -EINVAL || error == -EIO ||
				   error == -EMSGSIZE || error == -ENOPROTOOPT))
		send_apart(outlet, lane, message);
	else
		tell(outlet, lane, message, error);
}

/* Messages from `at` to before `end` were sent by the call that returned. */
static void
note_cost(struct outlet *outlet, uint32_t lane, uint32_t at, uint32_t end)
{
	struct timespec now;
	uint64_t count = 0;

	if (outlet->cost == NULL || lane == 0 || outlet->most == 0)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	for (; at < end; at++)
		count += outlet->messages[at].count;
	if (count > outlet->most)
		count = outlet->most;
	outlet->most -= count;
	cost_add(outlet->cost,
		 (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec -
			 outlet->since.ns,
		 count);
}

static void
send_messages(struct outlet *outlet, uint32_t lane, uint32_t count)
{
	uint32_t at = 0;

	while (at < count) {
		int sent = sendmmsg(lane_fd(outlet, lane), outlet->headers + at,
				    count - at, MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			send_again(outlet, lane, &outlet->messages[at], -errno);
			note_cost(outlet, lane, at, at + 1);
			at++;
			continue;
		}
		note_cost(outlet, lane, at, at + (uint32_t)sent);
		for (int i = 0; i < sent; i++)
			tell(outlet, lane, &outlet->messages[at++], 0);
	}
}

static void
count_message(struct outlet *outlet, uint32_t lane,
	      const struct message *message)
{
	outlet->counters.messages += lane != 0;
	outlet->counters.other_uplink += message->interface != 0;
	if (outlet->unjoined_left > 0)
		outlet->unjoined_left--;
}

static void
send_lane(struct outlet *outlet, uint32_t lane)
{
	uint32_t index = outlet->lanes[lane].first;

	while (index != NONE) {
		uint32_t count = 0, pieces = 0;

		while (index != NONE && count < MESSAGES &&
		       pieces <= PIECES - RUN_ITEMS) {
			struct message *message = &outlet->messages[count];
			struct msghdr *header = &outlet->headers[count].msg_hdr;

			message->first = index;
			message->count = run_length(outlet, lane, index);
			message->interface = outlet->items[index].interface;
			prepare(outlet, message, header,
				outlet->pieces + pieces);
			count_message(outlet, lane, message);
			pieces += (uint32_t)header->msg_iovlen;
			for (uint32_t i = 0; i < message->count; i++)
				index = outlet->items[index].next;
			count++;
		}
		send_messages(outlet, lane, count);
	}
}

void
outlet_flush(struct outlet *outlet)
{
	for (uint32_t lane = outlet->first_lane; lane != NONE;) {
		uint32_t next = outlet->lanes[lane].next;
		send_lane(outlet, lane);
		outlet->lanes[lane] = (struct lane){ NONE, NONE, NONE };
		lane = next;
	}
	outlet->first_lane = outlet->last_lane = NONE;
	outlet->item_count = outlet->byte_count = 0;
}

void
outlet_flush_timed(struct outlet *outlet, struct cost *cost,
		   struct instant since, uint64_t most)
{
	outlet->cost = cost;
	outlet->since = since;
	outlet->most = most;
	outlet_flush(outlet);
	outlet->cost = NULL;
}

const struct outlet_counters *
outlet_counters(const struct outlet *outlet)
{
	return &outlet->counters;
}
