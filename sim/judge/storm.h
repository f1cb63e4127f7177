/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * storm.h - what a session may send while nothing comes of it
 *
 * Progress (sim/progress.h) ends a run in which a million events were for
 * nothing. Here a storm is seen when it begins. What counts is what the sockets
 * of a key, the client's and the servers', send between two *steps*:
 *
 *	a byte more, in order or not; a byte more acknowledged or sent
 *	another state; a timeout, a probe, a repair begun or gone on with
 *	smaller segments
 *
 * Each is bounded by the session's bytes or waits for a timer that doubles.
 * Between two steps a socket has nothing new to send, and sends
 *
 *	repairs		none: each is a step
 *	ACKs of data	one for each segment that comes; those on their way
 *			are a flight at most, sent in its turn or sent again
 *			after a timeout that was in vain: 2 flights, and links
 *			may double each: 4
 *	ACKs of what	2 a second (tcp_invalid_ratelimit) a socket, and there
 *	is foreign	may be the client's, its owner's, and one that an
 *			earlier session or a SYN sent again left behind
 *	RSTs		one for each segment that comes: as ACKs of data
 *
 * so that STORM_LEAST + STORM_FLIGHTS * (both flights, at their largest) +
 * STORM_RATE a second are enough, and two ends that answer each other without a
 * limit pass that in a few dozen round trips.
 *
 * What daemons do about a stray is bounded likewise. Between two packets of a
 * session that stray to a server, its lookups of it are retries, whose waits
 * double from miss_retry to miss_deadline (7 with the defaults), of each
 * record's owner in turn: STORM_ANSWERS answers of the table and of owners.
 */
#ifndef SIM_JUDGE_STORM_H
#define SIM_JUDGE_STORM_H

#include "sim/host/transport.h"
#include "sim/judge/judge.h"

#define STORM_LEAST   64 /* the handshake's, delayed ACKs, window updates */
#define STORM_FLIGHTS 8 /* in segments: 4, for ACKs and for RSTs */
#define STORM_RATE    8 /* a second: 2, of up to four sockets */
#define STORM_ANSWERS 64

struct judge_storm;

struct judge_storm *judge_storm_create(const struct judge_parts *);
void judge_storm_destroy(struct judge_storm *);
/* A socket of the key has sent a segment, has taken one. */
void judge_storm_sent(struct judge_storm *, struct instant now,
		      const struct connection *);
void judge_storm_taken(struct judge_storm *, struct instant now,
		       const struct connection *);
/* A packet of it strays to a server; the server heard an answer about it. */
void judge_storm_strayed(struct judge_storm *, uint32_t server,
			 const struct session_key *);
void judge_storm_answered(struct judge_storm *, struct instant now,
			  uint32_t server, const struct session_key *);

#endif
