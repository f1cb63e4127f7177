/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.h - a capture played again through the core
 *
 *	client1 --- edge --- fabric --- server1   the capture's services
 *	 |			    \-- server2   (from the move on)
 *	 every packet that a	    \-- ...
 *	 client sent, at its time
 *
 * The capture's services become the fabric's anycast services, all its other
 * addresses are behind client1. At first only server 1 announces them, so
 * every session of the capture is opened there. At a chosen moment a real
 * fault moves the packets to other servers, which do not know those sessions:
 * strays. What happens then is what would happen to these very packets: the
 * core decides, the network carries them hop by hop.
 *
 * What is real and what is not. Servers have sockets (conversation.h), not TCP:
 * neither end retransmits what is lost, or answers. What the capture's servers
 * said is sent by the session's owner, as much later as a packet takes from
 * the client to server 1, also when the client's packets are lost. A
 * session that was reset goes on being replayed.
 *
 * Time is the capture's, from its first record. A time stamp that runs
 * backwards is clamped to the latest before it (if by more than a second, the
 * clock was set and what follows is shifted); a gap of more than ten minutes
 * is cut to that. Both are counted.
 */
#ifndef HARNESS_REPLAY_REPLAY_H
#define HARNESS_REPLAY_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/usage.h"
#include "sim/model/watch.h"

#define REPLAY_SERVERS_MAX 1024
#define REPLAY_MTU_MIN	   1280
#define REPLAY_MTU_MAX	   65535

enum replay_move {
	REPLAY_DRAIN, /* the others announce, server 1 withdraws: all move */
	REPLAY_SCALE_OUT, /* the others announce: their share moves */
	REPLAY_CUT, /* all announce from the start; a link is cut */
	REPLAY_STAY, /* nothing moves */
};

enum replay_when {
	REPLAY_AT_HALF, /* before the first record of the second half */
	REPLAY_AT_RECORD,
	REPLAY_AT_TIME,
};

struct replay_settings {
	const char *path;
	uint32_t servers; /* 2 .. REPLAY_SERVERS_MAX */
	uint64_t seed;
	bool homeward; /* false: plain kernels, for the control */
	bool lab_routing; /* the lab's reaction times; else at once */
	uint32_t mtu_bytes; /* of all links; 0: what the capture needs */
	enum replay_move move;
	const char *link; /* CUT: its name */
	enum replay_when when;
	uint64_t record; /* AT_RECORD: before it, from 1 */
	int64_t at_ns; /* AT_TIME: since the first record */
	const char *out; /* folder for captures of every port, or NULL */
};

struct replay;

/* Play it. EXIT_OK; EXIT_USAGE: nothing was played, *replay is NULL;
 * EXIT_RUNTIME: what was read until the file broke was played (*replay is
 * there), or nothing could be (*replay is NULL). The reason was said. */
int replay_play(struct replay **replay, const struct replay_settings *);
void replay_destroy(struct replay *);

extern const struct verb verb_replay;

/* Tables for people, or one JSON object. 0 or EXIT_RUNTIME. */
int replay_print(struct replay *, bool json);
/* One run in the database. 0 or EXIT_RUNTIME, said. */
int replay_store(struct replay *, const char *path);

#endif
