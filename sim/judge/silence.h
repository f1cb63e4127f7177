/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * silence.h - a session that does not go on, and whether anybody is to blame
 *
 *	bytes	| | |				      from: the next is due
 *	way	--------+  +--(1 s)--|			cut, converged: since
 *	sender	     !  !    !      !     !		tries
 *				     |-- 10 s --|	proven
 *
 * Silence proves something when it has lasted CAUSE_SILENT_NS since the next
 * byte was due and since a way to the owner and back has been there
 * (CAUSE_CONVERGED_NS after it came back), and when it was not silence of the
 * sender: TCP doubles its timer, and after a minute's cut tries again a minute
 * later. Nor may it be chance. A way that loses one of a hundred loses a try,
 * too, and the answer to it; so many tries have to fail that this happens to
 * one session of SILENCE_ODDS. One is enough where nothing is lost, and
 * SILENCE_TRIES_NARROW more where a fabric's links may have no room for a full
 * packet in a tunnel: one is for the server that it came to, to learn that, and
 * one for its sender. The last of them has to be SILENCE_TRY_NS old. What has
 * not left its client, since the client's own link was full, is no try, and the
 * time until then proves nothing.
 *
 * Ways are looked at when something has changed (a route, the script) or was
 * cut, and only of sessions that have been silent for SILENCE_NEED_NS, or have
 * strayed: every SILENCE_LOOK_NS.
 */
#ifndef SIM_JUDGE_SILENCE_H
#define SIM_JUDGE_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/judge/judge.h"

struct session;

#define SILENCE_LOOK_NS	     (100 * NS_PER_MS)
#define SILENCE_NEED_NS	     (500 * NS_PER_MS)
#define SILENCE_ODDS	     1000000000
#define SILENCE_TRIES_NARROW 2
/* A try may take so long: there, a lookup of a second (steer's miss deadline)
 * and more behind a busy daemon, and back. */
#define SILENCE_TRY_NS (3 * NS_PER_S)

/* Of one session; all zero at first. */
struct silence {
	bool is_silent; /* since `from`, which may be instant 0 */
	struct instant from;
	struct instant cut; /* no way, last */
	bool is_cut;
	struct instant
		crowded; /* its client's last try had not left it, last */
	uint64_t changes; /* how many there were at the last look */
	uint32_t loss_ppm; /* the most since it began */
	/* Of client and owner: timeouts when it began to count, and since. */
	uint32_t before[2], tries[2];
	struct instant enough; /* tries, from then on; 0: not yet */
};

/* Of an open session; changes grows with whatever may change a way. */
void silence_look(struct silence *, const struct judge_parts *,
		  struct instant now, uint32_t flow, uint64_t changes);
/* All that the sender's program has written is acknowledged, and it will write
 * more: it waits for its pace, and nobody for it. */
bool silence_rests(const struct judge_parts *, uint32_t flow);
/* Was there a way for the last second, as far as anybody looked? */
bool silence_reachable(const struct silence *, struct instant now);
/* A client's full packet does not fit into a tunnel everywhere. */
bool silence_narrow(const struct settings *);
/* So many tries of TCP are not lost by chance. */
uint32_t silence_tries(uint32_t loss_ppm);
bool silence_proven(const struct silence *, struct instant now);
/* When TCP's timers, doubled each time, will have tried so often, if nothing
 * comes of it; now, if none runs. */
struct instant silence_series_end(const struct judge_parts *,
				  struct instant now, uint32_t flow);

#endif
