/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay.c - the relay's process
 *
 *	pool of buffers, 64 KiB each; untouched pages cost nothing
 *	lane: one direction of a link, a ring of (due, buffer) in order of due
 *	loop: wait for packets or the first due time; read all; write all due
 *
 * Full pool or ring: packets are dropped, as by a queue. Buffers are taken
 * last in, first out, so that few of them are ever touched.
 *
 * Time stamps of packets are CLOCK_REALTIME (packet(7)), so due times are, too.
 * Should that clock be set, nothing is ever due later than the link's delay
 * (twice of it, when the link reorders) from now.
 *
 * Waiting is epoll with a timeout in nanoseconds and a timer slack of 1 ns:
 * what remains is the scheduler's own latency.
 */
#include "harness/lab/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/rng.h"
#include "harness/lab/netns.h"
#include "harness/lab/process.h"
#include "sim/engine/memory.h"

#define BUFFER_BYTES (1 << 17) /* a packet of 64 KiB and its headers */
#define BUFFERS	     8192
#define BATCH	     16
#define SOCKET_BYTES (16 << 20)
#define PPM	     1000000
#define BELOW_IP     (sizeof(struct virtio_net_hdr) + ETH_HLEN)

struct delayed {
	int64_t due_ns;
	uint32_t buffer, size;
};

/* From one socket to another. */
struct lane {
	int from, to;
	const struct lab_relayed *settings;
	int64_t idle_ns; /* with a rate: when the line falls idle */
	struct rng rng;
	struct delayed delayed[BUFFERS]; /* ring */
	uint32_t first, count;
};

struct cable {
	struct lab_relay_link link;
	int sockets[2];
	unsigned index[2]; /* interfaces */
	/* The end that is down because the other has no carrier; 2: none. */
	uint32_t forced;
	struct lane *lanes[2]; /* [0]: from end 0 to end 1 */
};

struct relay {
	struct cable *cables;
	uint32_t cable_count;
	uint8_t *pool;
	uint32_t free[BUFFERS], free_count;
	int epoll, netlink;
};

void
lab_relay_name(char name[LAB_RELAY_NAME], uint32_t link, uint32_t end)
{
	snprintf(name, LAB_RELAY_NAME, "w%u%c", link % 1000000,
		 end == 0 ? 'a' : 'b');
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---- opening ---- */

static int
option_set(int file, int option, int value)
{
	return setsockopt(file, SOL_PACKET, option, &value, sizeof(value));
}

static int
packet_open(unsigned index)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)index,
	};
	/* Protocol 0: nothing comes in before it is bound. */
	int file =
		socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int size = SOCKET_BYTES, on = 1;

	if (file < 0)
		return -1;
	(void)setsockopt(file, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	(void)setsockopt(file, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (setsockopt(file, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) !=
		    0 ||
	    option_set(file, PACKET_VNET_HDR, 1) != 0 ||
	    option_set(file, PACKET_IGNORE_OUTGOING, 1) != 0 ||
	    bind(file, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(file);
		return -1;
	}
	return file;
}

/* The interface goes up or down. */
static void
interface_set(const struct relay *relay, unsigned index, bool up)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_NEWLINK,
			    .nlmsg_flags = NLM_F_REQUEST },
		.info = { .ifi_family = AF_UNSPEC,
			  .ifi_index = (int)index,
			  .ifi_flags = up ? IFF_UP : 0,
			  .ifi_change = IFF_UP },
	};

	(void)!send(relay->netlink, &request, sizeof(request), 0);
}

static int
netlink_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
				       .nl_groups = RTMGRP_LINK };
	int file = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  NETLINK_ROUTE);

	if (file >= 0 &&
	    bind(file, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(file);
		return -1;
	}
	return file;
}

static void
watch_add(const struct relay *relay, int file, uint64_t what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = what };

	if (epoll_ctl(relay->epoll, EPOLL_CTL_ADD, file, &event) != 0)
		abort();
}

static int
cable_open(struct relay *relay, uint32_t number, uint64_t seed)
{
	struct cable *cable = &relay->cables[number];

	cable->forced = 2;
	for (uint32_t end = 0; end < 2; end++) {
		char name[LAB_RELAY_NAME];

		lab_relay_name(name, cable->link.number, end);
		cable->index[end] = if_nametoindex(name);
		cable->sockets[end] = packet_open(cable->index[end]);
		if (cable->index[end] == 0 || cable->sockets[end] < 0)
			return -1;
		watch_add(relay, cable->sockets[end], number * 2 + end);
		interface_set(relay, cable->index[end], true);
	}
	for (uint32_t end = 0; end < 2; end++) {
		struct lane *lane = memory_zeroed(1, sizeof(*lane));

		lane->from = cable->sockets[end];
		lane->to = cable->sockets[1 - end];
		lane->settings = cable->link.settings;
		rng_init(&lane->rng, seed, cable->link.number * 2 + end);
		cable->lanes[end] = lane;
	}
	return 0;
}

/* ---- packets ---- */

static bool
chance(struct rng *rng, uint32_t ppm)
{
	return ppm > 0 && rng_below(rng, PPM) < ppm;
}

static uint8_t *
buffer_at(const struct relay *relay, uint32_t buffer)
{
	return relay->pool + (size_t)buffer * BUFFER_BYTES;
}

static void
delayed_add(struct lane *lane, const struct delayed *delayed)
{
	uint32_t index = lane->count++;

	/* Later ones go behind: only a reordered packet is not the last. */
	while (index > 0) {
		struct delayed *before =
			&lane->delayed[(lane->first + index - 1) % BUFFERS];
		if (before->due_ns <= delayed->due_ns)
			break;
		lane->delayed[(lane->first + index) % BUFFERS] = *before;
		index--;
	}
	lane->delayed[(lane->first + index) % BUFFERS] = *delayed;
}

/* When does the last bit of it leave, of a packet that comes at *at_ns? False:
 * the queue is full. size: with the headers below IP. */
static bool
line_take(struct lane *lane, int64_t *at_ns, uint32_t size)
{
	uint64_t rate_bps = lane->settings->rate_bps;
	double bytes = size > BELOW_IP ? size - (uint32_t)BELOW_IP : size;

	if (rate_bps == 0)
		return true;

	double byte_ns = 8e9 / (double)rate_bps;
	int64_t waits_ns = lane->idle_ns - *at_ns;
	if (waits_ns > 0 && (double)waits_ns + bytes * byte_ns >
				    lane->settings->queue_bytes * byte_ns)
		return false;
	*at_ns += (waits_ns > 0 ? waits_ns : 0) + (int64_t)(bytes * byte_ns);
	lane->idle_ns = *at_ns;
	return true;
}

/* What the link does to a packet that the kernel saw at at_ns; the buffer is
 * the link's now. */
static void
packet_take(struct relay *relay, struct lane *lane, int64_t at_ns, int64_t now,
	    uint32_t buffer, uint32_t size)
{
	const struct lab_relayed *settings = lane->settings;
	int64_t delay_ns = settings->delay_ns;

	if (at_ns > now || at_ns < now - NS_PER_S)
		at_ns = now;
	if (!line_take(lane, &at_ns, size) ||
	    chance(&lane->rng, settings->loss_ppm)) {
		relay->free[relay->free_count++] = buffer;
		return;
	}
	if (chance(&lane->rng, settings->reorder_ppm)) {
		int64_t most = delay_ns > NS_PER_US ? delay_ns : NS_PER_US;
		delay_ns += 1 + (int64_t)rng_below(&lane->rng, (uint64_t)most);
	}

	struct delayed delayed = { .due_ns = at_ns + delay_ns,
				   .buffer = buffer,
				   .size = size };
	delayed_add(lane, &delayed);
	if (chance(&lane->rng, settings->duplicate_ppm) &&
	    relay->free_count > 0) {
		delayed.buffer = relay->free[--relay->free_count];
		memcpy(buffer_at(relay, delayed.buffer),
		       buffer_at(relay, buffer), size);
		delayed_add(lane, &delayed);
	}
}

static int64_t
stamp_of(struct msghdr *header, int64_t now)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL;
	     c = CMSG_NXTHDR(header, c)) {
		struct timespec stamp;

		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
		return stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
	}
	return now;
}

/* Room for one read of a batch. */
struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	_Alignas(struct cmsghdr) char controls[BATCH][64];
	uint32_t buffers[BATCH];
};

/* Read what is there. With no buffer left, it is read and forgotten. */
static void
packets_read(struct relay *relay, struct lane *lane)
{
	struct batch batch;
	int count;

	do {
		uint32_t room = 0;

		memset(batch.messages, 0, sizeof(batch.messages));
		while (room < BATCH && relay->free_count > 1) {
			struct msghdr *header = &batch.messages[room].msg_hdr;

			batch.buffers[room] = relay->free[--relay->free_count];
			batch.parts[room] = (struct iovec){
				buffer_at(relay, batch.buffers[room]),
				BUFFER_BYTES,
			};
			header->msg_iov = &batch.parts[room];
			header->msg_iovlen = 1;
			header->msg_control = batch.controls[room];
			header->msg_controllen = sizeof(batch.controls[room]);
			room++;
		}
		if (room == 0) {
			(void)!recv(lane->from, &batch, 1, MSG_TRUNC);
			return;
		}
		count = recvmmsg(lane->from, batch.messages, room, MSG_DONTWAIT,
				 NULL);
		int64_t now = now_ns();
		for (int i = 0; i < count; i++)
			packet_take(relay, lane,
				    stamp_of(&batch.messages[i].msg_hdr, now),
				    now, batch.buffers[i],
				    batch.messages[i].msg_len);
		for (uint32_t i = count > 0 ? (uint32_t)count : 0; i < room;
		     i++)
			relay->free[relay->free_count++] = batch.buffers[i];
	} while (count == BATCH);
}

/* Write what is due. The time of the next, or INT64_MAX. */
static int64_t
packets_write(struct relay *relay, struct lane *lane, int64_t now)
{
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	int64_t next = INT64_MAX;

	while (lane->count > 0) {
		uint32_t due = 0;
		int done = 0;

		memset(messages, 0, sizeof(messages));
		while (due < BATCH && due < lane->count) {
			const struct delayed *delayed =
				&lane->delayed[(lane->first + due) % BUFFERS];
			if (delayed->due_ns > now) {
				next = delayed->due_ns;
				break;
			}
			parts[due] = (struct iovec){
				buffer_at(relay, delayed->buffer), delayed->size
			};
			messages[due].msg_hdr.msg_iov = &parts[due];
			messages[due].msg_hdr.msg_iovlen = 1;
			due++;
		}
		if (due == 0)
			break;
		done = sendmmsg(lane->to, messages, due, MSG_DONTWAIT);
		/* What cannot be sent (its interface is down) is lost. */
		if (done <= 0)
			done = 1;
		for (int i = 0; i < done; i++) {
			relay->free[relay->free_count++] =
				lane->delayed[lane->first].buffer;
			lane->first = (lane->first + 1) % BUFFERS;
			lane->count--;
		}
	}
	return next;
}

/* ---- carrier ---- */

static void
carrier_changed(struct relay *relay, unsigned index, bool up, bool carrier)
{
	for (uint32_t i = 0; i < relay->cable_count; i++) {
		struct cable *cable = &relay->cables[i];

		for (uint32_t end = 0; end < 2; end++) {
			if (cable->index[end] != index || !up)
				continue;
			if (!carrier && cable->forced == 2) {
				cable->forced = 1 - end;
				interface_set(relay, cable->index[1 - end],
					      false);
			} else if (carrier && cable->forced == 1 - end) {
				cable->forced = 2;
				interface_set(relay, cable->index[1 - end],
					      true);
			}
			return;
		}
	}
}

static void
carriers_read(struct relay *relay)
{
	_Alignas(struct nlmsghdr) char bytes[16384];
	ssize_t got;

	while ((got = recv(relay->netlink, bytes, sizeof(bytes), 0)) > 0) {
		const struct nlmsghdr *header = (struct nlmsghdr *)bytes;
		int size = (int)got;

		for (; mnl_nlmsg_ok(header, size);
		     header = mnl_nlmsg_next(header, &size)) {
			const struct ifinfomsg *info =
				mnl_nlmsg_get_payload(header);

			if (header->nlmsg_type == RTM_NEWLINK)
				carrier_changed(relay,
						(unsigned)info->ifi_index,
						info->ifi_flags & IFF_UP,
						info->ifi_flags & IFF_RUNNING);
		}
	}
}

/* ---- the process ---- */

static _Noreturn void
relay_loop(struct relay *relay)
{
	struct epoll_event events[64];

	for (;;) {
		int64_t now = now_ns(), next = INT64_MAX;

		for (uint32_t i = 0; i < relay->cable_count * 2; i++) {
			int64_t due = packets_write(
				relay, relay->cables[i / 2].lanes[i % 2], now);
			next = due < next ? due : next;
		}

		struct timespec wait = { 0, 0 };
		now = now_ns();
		if (next != INT64_MAX && next > now) {
			int64_t rest_ns = next - now;
			/* A clock that was set must not stop us. */
			if (rest_ns > NS_PER_S)
				rest_ns = NS_PER_S;
			wait.tv_sec = rest_ns / NS_PER_S;
			wait.tv_nsec = rest_ns % NS_PER_S;
		}
		int count =
			epoll_pwait2(relay->epoll, events, 64,
				     next == INT64_MAX ? NULL : &wait, NULL);
		for (int i = 0; i < count; i++) {
			uint64_t what = events[i].data.u64;

			if (what == UINT64_MAX)
				carriers_read(relay);
			else
				packets_read(relay, relay->cables[what / 2]
							    .lanes[what % 2]);
		}
	}
}

static int
relay_open(struct relay *relay, const char *space,
	   const struct lab_relay_link *links, uint32_t count, uint64_t seed)
{
	if (lab_netns_enter(space) < 0)
		return -1;
	relay->cables = memory_zeroed(count, sizeof(*relay->cables));
	relay->cable_count = count;
	relay->pool = mmap(NULL, (size_t)BUFFERS * BUFFER_BYTES,
			   PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (relay->pool == MAP_FAILED)
		return -1;
	while (relay->free_count < BUFFERS) {
		relay->free[relay->free_count] = relay->free_count;
		relay->free_count++;
	}
	relay->epoll = epoll_create1(EPOLL_CLOEXEC);
	relay->netlink = netlink_open();
	if (relay->epoll < 0 || relay->netlink < 0)
		return -1;
	watch_add(relay, relay->netlink, UINT64_MAX);
	for (uint32_t i = 0; i < count; i++) {
		relay->cables[i].link = links[i];
		if (cable_open(relay, i, seed) != 0)
			return -1;
	}
	return 0;
}

/* A fork of the runner that keeps nothing of it but its memory. */
static _Noreturn void
child(const char *space, const struct lab_relay_link *links, uint32_t count,
      uint64_t seed, int report)
{
	const struct sched_param priority = { .sched_priority = 1 };
	struct relay *relay = memory_zeroed(1, sizeof(*relay));
	int error = 0;

	setsid();
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	prctl(PR_SET_NAME, "homeward-relay");
	prctl(PR_SET_TIMERSLACK, 1);
	/* Ahead of all that shares the processors; it sleeps most of the time.
	 * Where that is refused, it is at least ahead of most. */
	if (sched_setscheduler(0, SCHED_RR, &priority) != 0)
		(void)!nice(-19);
	int null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (report != 3)
		dup2(report, 3);
	close_range(4, ~0U, 0);
	if (relay_open(relay, space, links, count, seed) != 0)
		error = errno != 0 ? errno : EIO;
	(void)!write(3, &error, sizeof(error));
	close(3);
	if (error != 0)
		_exit(1);
	relay_loop(relay);
}

int
lab_relay_start(const char *space, const struct lab_relay_link *links,
		uint32_t count, uint64_t seed)
{
	int ends[2], error = EIO;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	fflush(NULL);
	/* Forked twice, it is init's child and never a zombie of ours. */
	pid = fork();
	if (pid == 0) {
		if (fork() == 0)
			child(space, links, count, seed, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (pid > 0)
		lab_process_wait(pid);
	if (pid < 0 ||
	    read(ends[0], &error, sizeof(error)) != (ssize_t)sizeof(error) ||
	    error != 0) {
		fprintf(stderr, "homeward: the relay of slow links: %s\n",
			strerror(pid < 0 ? errno : error));
		close(ends[0]);
		return -1;
	}
	close(ends[0]);
	return 0;
}
