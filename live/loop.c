/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop.c - see loop.h */
#include "live/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS	     (2 * DATAPATH_UPLINKS_MAX + 7)
#define LOST_LOOK_NS NS_PER_S
#define WALL_LOOK_NS NS_PER_S
/* An idle daemon looks at the clock as often, for it may have slept. */
#define IDLE_NS	       (5 * NS_PER_S)
#define TIMER_SLACK_NS 1000UL

/* In the events' data: what to read; strays of uplink i are STRAY + i, doubts
 * DOUBT + i. */
enum source {
	SOURCE_SIGNAL,
	SOURCE_SOCKETS,
	SOURCE_OPENINGS,
	SOURCE_TUNNEL,
	SOURCE_DATAGRAMS,
	SOURCE_ICMP,
	SOURCE_CONTROL,
	SOURCE_STRAY,
	SOURCE_DOUBT = SOURCE_STRAY + DATAPATH_UPLINKS_MAX,
};

struct loop {
	const struct loop_parts *parts;
	int epoll;
	struct instant ends; /* NEVER: nobody said so */
	uint64_t forwarded; /* strays, as the engine counts, at the last look */
	uint64_t events_lost;
	struct instant look_at; /* for lost events; NEVER: none came */
	struct instant looked;
	struct instant wall_at; /* the next look at the wall clock */
	uint8_t packet[DATAPATH_PACKET_MAX];
};

struct instant
loop_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct instant){ (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec };
}

/* ---- sources ---- */

static int
watch(int epoll, int fd, uint32_t source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static int
watch_all(struct loop *loop)
{
	const struct loop_parts *parts = loop->parts;
	int error = 0;

	for (uint32_t i = 0; i < parts->uplink_count && error == 0; i++)
		error = watch(loop->epoll,
			      datapath_stray_fd(parts->datapath, i),
			      SOURCE_STRAY + i);
	for (uint32_t i = 0; i < parts->uplink_count && error == 0; i++)
		error = watch(loop->epoll,
			      datapath_doubt_fd(parts->datapath, i),
			      SOURCE_DOUBT + i);
	const struct {
		int fd;
		enum source source;
	} others[] = {
		{ parts->signal_fd, SOURCE_SIGNAL },
		{ datapath_event_fd(parts->datapath), SOURCE_SOCKETS },
		{ datapath_opening_fd(parts->datapath), SOURCE_OPENINGS },
		{ udp_in_fd(parts->tunnel), SOURCE_TUNNEL },
		{ udp_in_fd(parts->datagrams), SOURCE_DATAGRAMS },
		{ icmp_in_fd(parts->icmp), SOURCE_ICMP },
		{ control_fd(parts->control), SOURCE_CONTROL },
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (error == 0)
			error = watch(loop->epoll, others[i].fd,
				      others[i].source);
	return error;
}

/* Soon; told again, now. */
static void
end(struct loop *loop)
{
	const struct loop_parts *parts = loop->parts;

	if (loop->ends.ns != INSTANT_NEVER.ns) {
		loop->ends = *parts->now;
		return;
	}
	engine_hand_over(parts->engine, *parts->now);
	loop->ends = instant_after(*parts->now, LOOP_HAND_OVER_NS);
}

static void
read_signals(struct loop *loop)
{
	const struct loop_parts *parts = loop->parts;
	struct signalfd_siginfo info;

	while (read(parts->signal_fd, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info))
		if (parts->signalled(parts->context, *parts->now,
				     (int)info.ssi_signo))
			end(loop);
}

static void
take_socket(void *context, const struct socket_event *event)
{
	const struct loop_parts *parts = context;

	engine_socket(parts->engine, *parts->now, event);
}

static void
read_sockets(struct loop *loop)
{
	const struct loop_parts *parts = loop->parts;

	datapath_events(parts->datapath, LOOP_BATCH, take_socket,
			(void *)(uintptr_t)parts);
	if (loop->look_at.ns == INSTANT_NEVER.ns)
		loop->look_at = instant_after(loop->looked, LOST_LOOK_NS);
}

static void
look_for_lost(struct loop *loop)
{
	const struct loop_parts *parts = loop->parts;
	struct datapath_counters counters;

	datapath_counters(parts->datapath, &counters);
	loop->looked = *parts->now;
	loop->look_at = INSTANT_NEVER;
	if (counters.events_lost == loop->events_lost)
		return;
	loop->events_lost = counters.events_lost;
	/* On error the engine tries again by itself. */
	(void)engine_dump(parts->engine, *parts->now);
}

static void
send_all(const struct loop_parts *parts)
{
	engine_flush(parts->engine, *parts->now);
	udp_out_flush(parts->udp_out);
}

/* One uplink's batch, out again before anything else, and timed. */
static void
read_strays(struct loop *loop, uint32_t uplink)
{
	const struct loop_parts *parts = loop->parts;
	struct engine_status status;

	for (uint32_t i = 0; i < LOOP_STRAYS; i++) {
		ssize_t size =
			datapath_read(parts->datapath, uplink, loop->packet,
				      sizeof(loop->packet));
		if (size <= 0)
			break;
		engine_stray(parts->engine, *parts->now, (uint8_t)uplink,
			     loop->packet, (size_t)size);
	}
	engine_flush(parts->engine, *parts->now);
	engine_status(parts->engine, &status);
	udp_out_flush_timed(parts->udp_out, parts->cost, *parts->now,
			    status.engine->forwarded - loop->forwarded);
	loop->forwarded = status.engine->forwarded;
}

static void
read_doubts(struct loop *loop, uint32_t uplink)
{
	const struct loop_parts *parts = loop->parts;

	for (uint32_t i = 0; i < LOOP_STRAYS; i++) {
		ssize_t size =
			datapath_read_doubt(parts->datapath, uplink,
					    loop->packet, sizeof(loop->packet));
		if (size <= 0)
			break;
		engine_doubt(parts->engine, *parts->now, (uint8_t)uplink,
			     loop->packet, (size_t)size);
	}
}

static void
take_tunnelled(void *context, const struct endpoint *from, const uint8_t *bytes,
	       size_t size)
{
	const struct loop_parts *parts = context;

	engine_tunnel(parts->engine, *parts->now, from, &parts->self, bytes,
		      size);
}

static void
take_datagram(void *context, const struct endpoint *from, const uint8_t *bytes,
	      size_t size)
{
	const struct loop_parts *parts = context;

	engine_datagram(parts->engine, *parts->now, from, bytes, size);
}

static void
take_icmp(void *context, const struct address *from, const uint8_t *bytes,
	  size_t size)
{
	const struct loop_parts *parts = context;

	engine_icmp(parts->engine, *parts->now, from, bytes, size);
}

/* ---- one wake-up ---- */

static void
turn(struct loop *loop, const bool readable[EVENTS])
{
	const struct loop_parts *parts = loop->parts;
	void *context = (void *)(uintptr_t)parts;
	struct instant now = *parts->now;

	if (readable[SOURCE_SIGNAL])
		read_signals(loop);
	if (readable[SOURCE_SOCKETS] || readable[SOURCE_OPENINGS])
		read_sockets(loop);
	for (uint32_t i = 0; i < parts->uplink_count; i++)
		if (readable[SOURCE_STRAY + i])
			read_strays(loop, i);
	for (uint32_t i = 0; i < parts->uplink_count; i++)
		if (readable[SOURCE_DOUBT + i])
			read_doubts(loop, i);
	if (readable[SOURCE_TUNNEL])
		(void)udp_in_read(parts->tunnel, LOOP_BATCH, take_tunnelled,
				  context);
	if (readable[SOURCE_DATAGRAMS])
		(void)udp_in_read(parts->datagrams, LOOP_BATCH, take_datagram,
				  context);
	if (readable[SOURCE_ICMP])
		(void)icmp_in_read(parts->icmp, LOOP_BATCH, take_icmp, context);
	if (!instant_before(now, loop->look_at))
		look_for_lost(loop);
	if (!instant_before(now, loop->wall_at)) {
		loop->wall_at = instant_after(now, WALL_LOOK_NS);
		engine_wall(parts->engine, now, wall_read());
	}
	if (!instant_before(now, engine_deadline(parts->engine)))
		engine_expire(parts->engine, now);
	send_all(parts);
	if (readable[SOURCE_CONTROL])
		control_ready(parts->control, now);
	control_tick(parts->control, now);
	/* The queries of a lookup that a control client asked for. */
	send_all(parts);
}

static struct timespec
patience(const struct loop *loop)
{
	const struct loop_parts *parts = loop->parts;
	struct instant due = instant_min(engine_deadline(parts->engine),
					 control_deadline(parts->control));
	int64_t ns;

	due = instant_min(due, loop->look_at);
	due = instant_min(due, loop->ends);
	ns = instant_distance_ns(loop_clock(), due);
	if (ns > IDLE_NS)
		ns = IDLE_NS;
	if (ns < 0)
		ns = 0;
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
				  .tv_nsec = (long)(ns % NS_PER_S) };
}

static int
wake(struct loop *loop)
{
	struct epoll_event events[EVENTS];
	struct timespec timeout = patience(loop);
	bool readable[EVENTS] = { false };
	int count = epoll_pwait2(loop->epoll, events, EVENTS, &timeout, NULL);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	*loop->parts->now = loop_clock();
	for (int i = 0; i < count; i++)
		readable[events[i].data.u32] = true;
	turn(loop, readable);
	return 0;
}

/* Told to end, and what we held is elsewhere, or that takes too long. */
static bool
is_over(const struct loop *loop)
{
	return loop->ends.ns != INSTANT_NEVER.ns &&
	       (engine_handed_over(loop->parts->engine) ||
		loop->ends.ns <= loop->parts->now->ns);
}

int
loop_run(const struct loop_parts *parts)
{
	static struct loop loop; /* 64 KiB are too much for a stack */
	int error;

	loop = (struct loop){ .parts = parts,
			      .look_at = INSTANT_NEVER,
			      .ends = INSTANT_NEVER };
	/* Peers' timeouts are a millisecond; the default slack is 50 us. */
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0UL, 0UL, 0UL);
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epoll < 0)
		return -errno;
	error = watch_all(&loop);
	*parts->now = loop_clock();
	while (error == 0 && !is_over(&loop))
		error = wake(&loop);
	(void)close(loop.epoll);
	return error;
}
