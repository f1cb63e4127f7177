/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.h - wait, read, decide, send; again
 *
 *	epoll_pwait2(until the next deadline)
 *	  clock, once
 *	  signals
 *	  socket events	  so that "known here" is as true as it can be
 *	  strays	  of each uplink; sent at once: their way is measured
 *	  tunnel	  packets that others forwarded
 *	  datagrams	  of the table
 *	  icmp		  whether an owner lives
 *	  engine_expire	  if due
 *	  flush		  all datagrams together
 *	  control	  people come last
 *
 * Every source gives at most LOOP_BATCH packets a turn (strays LOOP_STRAYS an
 * uplink), so no flood keeps the others waiting for longer than a few batches;
 * what is left keeps its descriptor readable and the next wait returns at once.
 *
 * Told to end it goes on as before until what it holds for others is stored
 * elsewhere, so that no replica is lost by a restart.
 *
 * Socket events that found their ring full are lost; the loop looks once a
 * second, when there were events at all, and then has the engine take stock.
 */
#ifndef LIVE_LOOP_H
#define LIVE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "live/control/control.h"
#include "live/engine/engine.h"
#include "live/kernel/datapath.h"
#include "live/kernel/icmp_in.h"
#include "live/kernel/latency_histogram.h"
#include "live/kernel/udp_in.h"
#include "live/kernel/udp_out.h"

#define LOOP_BATCH 64
/* Of strays fewer: all of a batch wait for its last. With 64 a moved upload's
 * median is 94 us at 285 MB/s, with 32 47 us at 279, with 16 26 us at 245. */
#define LOOP_STRAYS 24

/* How long the end waits for what is handed over: a second does for 60,000
 * records (core/dht/node.h). */
#define LOOP_HAND_OVER_NS (2 * NS_PER_S)

struct loop_parts { /* borrowed for loop_run() */
	struct datapath *datapath;
	uint32_t uplink_count;
	struct udp_in *datagrams, *tunnel;
	struct icmp_in *icmp;
	struct address self; /* where both are bound */
	struct udp_out *udp_out;
	struct engine *engine;
	struct control *control;
	struct latency_histogram *cost;
	int signal_fd; /* signalfd(2) */
	/* CLOCK_MONOTONIC of this wake-up, kept for callbacks. */
	struct instant *now;
	/* A signal has come. True: end, when what the engine holds for others
	 * is handed over, LOOP_HAND_OVER_NS later at most; or, told again, now.
	 */
	bool (*signalled)(void *, struct instant now, int signal);
	void *context;
};

/* The clock that everything here goes by. */
struct instant loop_clock(void);
/* Until signalled() says so, and a little longer. 0; -errno when waiting itself
 * fails. */
int loop_run(const struct loop_parts *);

#endif
