/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp_out.c - lanes, runs, and what to do when sendmmsg fails
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
#include "live/kernel/udp_out.h"

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

#define LANES	     (1 + 2 * UDP_OUT_SOURCES)
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

struct udp_out {
	struct udp_out_settings settings;
	struct udp_out_counters counters;
	int sources[UDP_OUT_SOURCES];
	struct lane lanes[LANES];
	uint32_t first_lane, last_lane;
	uint32_t item_count, byte_count;
	uint32_t unjoined_left;
	struct latency_histogram *cost; /* of this flush; NULL: not timed */
	struct instant since;
	uint64_t most;
	struct item items[UDP_OUT_ITEMS];
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
set_options(int fd, const struct udp_out_settings *settings)
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
	     port += UDP_OUT_SOURCES) {
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
source_open(struct udp_out *udp_out, uint32_t s)
{
	const struct udp_out_settings *settings = &udp_out->settings;
	int family = settings->self.family == 4 ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	udp_out->sources[s] = fd;
	if (fd < 0 || set_options(fd, settings) != 0 ||
	    bind_source(fd, &settings->self, s) != 0)
		return -errno;
	return 0;
}

static void
forget(struct udp_out *udp_out)
{
	for (uint32_t i = 0; i < LANES; i++)
		udp_out->lanes[i] = (struct lane){ NONE, NONE, NONE };
	udp_out->first_lane = udp_out->last_lane = NONE;
	udp_out->item_count = udp_out->byte_count = 0;
}

int
udp_out_open(struct udp_out **made, const struct udp_out_settings *settings,
	     char *error, size_t error_size)
{
	struct udp_out *udp_out = calloc(1, sizeof(*udp_out));
	int result = 0;

	*made = NULL;
	if (udp_out == NULL)
		return -ENOMEM;
	udp_out->settings = *settings;
	udp_out->bytes = malloc(UDP_OUT_BYTES);
	if (udp_out->bytes == NULL)
		result = -ENOMEM;
	for (uint32_t s = 0; s < UDP_OUT_SOURCES; s++)
		udp_out->sources[s] = -1;
	for (uint32_t s = 0; s < UDP_OUT_SOURCES && result == 0; s++)
		result = source_open(udp_out, s);
	if (result != 0) {
		(void)snprintf(error, error_size,
			       "sockets for forwarding, UDP %u and above: %s",
			       (unsigned)TUNNEL_SOURCE_PORT, strerror(-result));
		udp_out_close(udp_out);
		return result;
	}
	forget(udp_out);
	*made = udp_out;
	return 0;
}

void
udp_out_close(struct udp_out *udp_out)
{
	if (udp_out == NULL)
		return;
	for (uint32_t s = 0; s < UDP_OUT_SOURCES; s++)
		if (udp_out->sources[s] >= 0)
			(void)close(udp_out->sources[s]);
	free(udp_out->bytes);
	free(udp_out);
}

void
udp_out_mtu(struct udp_out *udp_out, uint32_t mtu_bytes, bool fragment)
{
	udp_out->settings.mtu_bytes = mtu_bytes;
	udp_out->settings.fragment = fragment;
	for (uint32_t s = 0; s < UDP_OUT_SOURCES; s++)
		(void)set_fragment(udp_out->sources[s],
				   udp_out->settings.self.family, fragment);
}

/* ---- gathering ---- */

static int
add(struct udp_out *udp_out, uint32_t lane_index, const struct endpoint *to,
    unsigned interface, const uint8_t *bytes, size_t size)
{
	struct lane *lane = &udp_out->lanes[lane_index];

	if (size > DATAGRAM_MAX)
		return -EMSGSIZE;
	if (udp_out->item_count == UDP_OUT_ITEMS ||
	    size > UDP_OUT_BYTES - udp_out->byte_count)
		udp_out_flush(udp_out);

	uint32_t index = udp_out->item_count++;
	udp_out->items[index] = (struct item){
		.to = *to,
		.offset = udp_out->byte_count,
		.size = (uint32_t)size,
		.next = NONE,
		.interface = interface,
	};
	memcpy(udp_out->bytes + udp_out->byte_count, bytes, size);
	udp_out->byte_count += (uint32_t)size;
	if (lane->first != NONE) {
		udp_out->items[lane->last].next = index;
	} else {
		lane->first = index;
		if (udp_out->first_lane == NONE)
			udp_out->first_lane = lane_index;
		else
			udp_out->lanes[udp_out->last_lane].next = lane_index;
		udp_out->last_lane = lane_index;
	}
	lane->last = index;
	return 0;
}

int
udp_out_datagram(struct udp_out *udp_out, const struct endpoint *to,
		 uint8_t avoid_uplink, const uint8_t *bytes, size_t size)
{
	udp_out->counters.datagrams++;
	return add(udp_out, 0, to,
		   uplinks_other(udp_out->settings.uplinks, avoid_uplink,
				 (uint32_t)udp_out->counters.datagrams),
		   bytes, size);
}

int
udp_out_forward(struct udp_out *udp_out, const struct endpoint *to,
		uint16_t source_port, uint8_t avoid_uplink,
		const uint8_t *bytes, size_t size)
{
	uint32_t hash = (uint32_t)source_port - TUNNEL_SOURCE_PORT;
	uint32_t s = hash % UDP_OUT_SOURCES;
	unsigned interface =
		uplinks_other(udp_out->settings.uplinks, avoid_uplink,
			      hash / UDP_OUT_SOURCES);

	udp_out->counters.forwards++;
	return add(udp_out, 1 + 2 * s + (interface != 0), to, interface, bytes,
		   size);
}

/* ---- sending ---- */

static bool
may_join(const struct udp_out *udp_out, uint32_t lane, const struct item *item)
{
	uint32_t header = item->to.address.family == 4 ? 20 : 40;

	/* Fragments and segments do not go together. */
	return lane != 0 && udp_out->unjoined_left == 0 && item->size > 0 &&
	       item->size + UDP_HEADER + header <= udp_out->settings.mtu_bytes;
}

static bool
same_way(const struct item *a, const struct item *b)
{
	return a->interface == b->interface && a->to.port == b->to.port &&
	       address_equal(&a->to.address, &b->to.address);
}

/* How many items from `first` on make one message. */
static uint32_t
run_length(const struct udp_out *udp_out, uint32_t lane, uint32_t first)
{
	const struct item *head = &udp_out->items[first];
	uint32_t count = 1, bytes = head->size;

	if (!may_join(udp_out, lane, head))
		return 1;
	for (uint32_t i = head->next; i != NONE && count < RUN_ITEMS;
	     i = udp_out->items[i].next) {
		const struct item *item = &udp_out->items[i];
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
gather(struct udp_out *udp_out, const struct message *message,
       struct iovec *pieces)
{
	uint32_t count = 0, end = 0, index = message->first;

	for (uint32_t i = 0; i < message->count; i++) {
		const struct item *item = &udp_out->items[index];
		if (count > 0 && item->offset == end) {
			pieces[count - 1].iov_len += item->size;
		} else {
			pieces[count++] = (struct iovec){
				.iov_base = udp_out->bytes + item->offset,
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
prepare(struct udp_out *udp_out, struct message *message, struct msghdr *header,
	struct iovec *pieces)
{
	const struct item *head = &udp_out->items[message->first];

	*header = (struct msghdr){
		.msg_name = &message->to,
		.msg_namelen = uplinks_address(&head->to, &message->to),
		.msg_iov = pieces,
		.msg_iovlen = gather(udp_out, message, pieces),
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
lane_fd(const struct udp_out *udp_out, uint32_t lane)
{
	return lane == 0 ? udp_out->settings.datagram_fd
			 : udp_out->sources[(lane - 1) / 2];
}

static int
send_one(struct udp_out *udp_out, uint32_t lane, struct message *message)
{
	struct msghdr header;
	struct iovec pieces[RUN_ITEMS];
	ssize_t size;

	prepare(udp_out, message, &header, pieces);
	do
		size = sendmsg(lane_fd(udp_out, lane), &header, MSG_DONTWAIT);
	while (size < 0 && errno == EINTR);
	return size < 0 ? -errno : 0;
}

static void
tell(struct udp_out *udp_out, uint32_t lane, const struct message *message,
     int error)
{
	const struct udp_out_settings *settings = &udp_out->settings;

	settings->sent(settings->context,
		       &udp_out->items[message->first].to.address, lane != 0,
		       error);
}

/* Once more, one datagram at a time. */
static void
send_apart(struct udp_out *udp_out, uint32_t lane, const struct message *run)
{
	struct message one = { .first = run->first,
			       .count = 1,
			       .interface = run->interface };

	udp_out->counters.unjoined++;
	udp_out->unjoined_left = UNJOINED_NEXT;
	for (uint32_t i = 0; i < run->count; i++) {
		tell(udp_out, lane, &one, send_one(udp_out, lane, &one));
		one.first = udp_out->items[one.first].next;
	}
}

/* The kernel refused a message. */
static void
send_again(struct udp_out *udp_out, uint32_t lane, struct message *message,
	   int error)
{
	if (message->interface != 0 && uplinks_failed(error)) {
		udp_out->counters.fell_back++;
		message->interface = 0;
		error = send_one(udp_out, lane, message);
	}
	if (message->count > 1 && (error == -EINVAL || error == -EIO ||
				   error == -EMSGSIZE || error == -ENOPROTOOPT))
		send_apart(udp_out, lane, message);
	else
		tell(udp_out, lane, message, error);
}

/* Messages from `at` to before `end` were sent by the call that returned. */
static void
note_cost(struct udp_out *udp_out, uint32_t lane, uint32_t at, uint32_t end)
{
	struct timespec now;
	uint64_t count = 0;

	if (udp_out->cost == NULL || lane == 0 || udp_out->most == 0)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	for (; at < end; at++)
		count += udp_out->messages[at].count;
	if (count > udp_out->most)
		count = udp_out->most;
	udp_out->most -= count;
	latency_histogram_add(udp_out->cost,
			      (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec -
				      udp_out->since.ns,
			      count);
}

static void
send_messages(struct udp_out *udp_out, uint32_t lane, uint32_t count)
{
	uint32_t at = 0;

	while (at < count) {
		int sent =
			sendmmsg(lane_fd(udp_out, lane), udp_out->headers + at,
				 count - at, MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			send_again(udp_out, lane, &udp_out->messages[at],
				   -errno);
			note_cost(udp_out, lane, at, at + 1);
			at++;
			continue;
		}
		note_cost(udp_out, lane, at, at + (uint32_t)sent);
		for (int i = 0; i < sent; i++)
			tell(udp_out, lane, &udp_out->messages[at++], 0);
	}
}

static void
count_message(struct udp_out *udp_out, uint32_t lane,
	      const struct message *message)
{
	udp_out->counters.messages += lane != 0;
	udp_out->counters.other_uplink += message->interface != 0;
	if (udp_out->unjoined_left > 0)
		udp_out->unjoined_left--;
}

static void
send_lane(struct udp_out *udp_out, uint32_t lane)
{
	uint32_t index = udp_out->lanes[lane].first;

	while (index != NONE) {
		uint32_t count = 0, pieces = 0;

		while (index != NONE && count < MESSAGES &&
		       pieces <= PIECES - RUN_ITEMS) {
			struct message *message = &udp_out->messages[count];
			struct msghdr *header =
				&udp_out->headers[count].msg_hdr;

			message->first = index;
			message->count = run_length(udp_out, lane, index);
			message->interface = udp_out->items[index].interface;
			prepare(udp_out, message, header,
				udp_out->pieces + pieces);
			count_message(udp_out, lane, message);
			pieces += (uint32_t)header->msg_iovlen;
			for (uint32_t i = 0; i < message->count; i++)
				index = udp_out->items[index].next;
			count++;
		}
		send_messages(udp_out, lane, count);
	}
}

void
udp_out_flush(struct udp_out *udp_out)
{
	for (uint32_t lane = udp_out->first_lane; lane != NONE;) {
		uint32_t next = udp_out->lanes[lane].next;
		send_lane(udp_out, lane);
		udp_out->lanes[lane] = (struct lane){ NONE, NONE, NONE };
		lane = next;
	}
	udp_out->first_lane = udp_out->last_lane = NONE;
	udp_out->item_count = udp_out->byte_count = 0;
}

void
udp_out_flush_timed(struct udp_out *udp_out, struct latency_histogram *cost,
		    struct instant since, uint64_t most)
{
	udp_out->cost = cost;
	udp_out->since = since;
	udp_out->most = most;
	udp_out_flush(udp_out);
	udp_out->cost = NULL;
}

const struct udp_out_counters *
udp_out_counters(const struct udp_out *udp_out)
{
	return &udp_out->counters;
}
