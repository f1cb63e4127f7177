/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockets.h - whose bytes a socket takes
 *
 *	client's socket 5 <------ one session ------> server's socket 8
 *		|  sends a segment: 5, and knows that its peer is 8
 *		v
 *	a socket takes it: is it 8, and is 5 its peer?
 *
 * Each socket that ever was has a number, and each segment that a socket sent
 * is remembered with that number and its peer's, by its bytes. A server's
 * socket has the client's that sent its SYN for a peer; a client's has the one
 * whose SYN-ACK it took. So two sessions of the same ports are told apart, and
 * so are the two sockets of one session whose SYN was answered twice.
 *
 * A SYN-ACK that is a cookie (syn_cookie.h) has no socket; it is given the
 * number of the one that will be when it is acknowledged.
 *
 * Taken is a segment after which the socket has more bytes, in order or not,
 * knows that more of its own have arrived, or is in another state. Broken is
 * the rule (FOREIGN_BYTES) when that came from a socket that is not its peer,
 * or was meant for another; and when a segment that no socket sent brings
 * bytes. A RST is not looked at: who opens a session ends what an earlier one
 * left by a RST, as TCP wants it. Nor is a SYN that opens a socket: anybody may
 * send one.
 *
 * CORRUPT: bytes from the right peer that are not what its stream has there
 * (sim/host/tcp.h), or a session that ended with other bytes than it asked for.
 */
#ifndef SIM_JUDGE_SOCKETS_H
#define SIM_JUDGE_SOCKETS_H

#include "sim/host/transport.h"
#include "sim/judge/judge.h"

struct judge_sockets;

struct judge_sockets *judge_sockets_create(const struct judge_parts *);
void judge_sockets_destroy(struct judge_sockets *);
/* As transport.h's listener hears them. */
void judge_sockets_accepted(struct judge_sockets *, const struct connection *,
			    const uint8_t *bytes, const struct packet *);
void judge_sockets_answered(struct judge_sockets *, uint32_t device,
			    const uint8_t *bytes, const struct packet *,
			    const uint8_t *answer, const struct packet *sent);
void judge_sockets_restored(struct judge_sockets *, const struct connection *);
void judge_sockets_sent(struct judge_sockets *, const struct connection *,
			const uint8_t *bytes, const struct packet *);
void judge_sockets_taken(struct judge_sockets *, struct instant now,
			 const struct connection *, const struct tcp *before,
			 const uint8_t *bytes, const struct packet *);
/* The run is over. */
void judge_sockets_finish(struct judge_sockets *, struct instant now);

#endif
