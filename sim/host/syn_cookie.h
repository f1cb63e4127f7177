/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * syn_cookie.h - answering a SYN without remembering it
 *
 *	cookie = h(key) + irs + (minute << 24) + data
 *	data = (h'(key, minute) + i) mod 2^24		i: which MSS
 *
 * A server whose requests (half-open connections) are as many as its listener's
 * backlog answers a further SYN with a number that says what it would have
 * remembered: irs, when, and the largest of four MSS that is not above the
 * peer's. Who acknowledges that number in this minute or the next has a
 * connection, made of what the ACK says; nothing else of the SYN is known. So
 * it has no window scale and no SACK, its peer's first window is the ACK's, and
 * the SYN-ACK, if lost, is not sent again. After a Linux 6.1
 * (net/ipv4/syncookies.c), which asks only for two minutes after the last time
 * that it was full:
 *
 *	tcp_conn_request	inet_csk_reqsk_queue_is_full: cookies (their
 *				default is "when full", tcp_syncookies = 1);
 *				not for a SYN that reopens a TIME_WAIT
 *	tcp_v4_cookie_check	an ACK, no SYN, no RST, to the listener alone;
 *				seq - 1 and ack - 1 are the two numbers
 *
 * Here as there the hashes are keyed with a secret of the host. Not here: the
 * MSS of cookies differ a little between families; a request gives up its later
 * SYN-ACKs when half of the backlog is old; a peer whose SYN has timestamps
 * keeps scale and SACK; the program takes connections at once, so that no
 * accept queue is ever full. One of 2^29 random ACKs is taken for a cookie, and
 * so may be, as there, an ACK whose numbers are up to three off: it says
 * another MSS.
 */
#ifndef SIM_HOST_SYN_COOKIE_H
#define SIM_HOST_SYN_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/session.h"
#include "core/wire/packet.h"
#include "sim/host/tcp.h"

/* min(listen()'s backlog, net.core.somaxconn): as in a lab (lab/web.c), and
 * Linux's default since 5.4. */
#define SYN_COOKIE_BACKLOG 4096
/* TCP_SYNCOOKIE_VALID: so long after the last overflow. */
#define SYN_COOKIE_VALID_NS (120 * NS_PER_S)
/* TCP_SYNCOOKIE_PERIOD, MAX_SYNCOOKIE_AGE: periods in which one is right. */
#define SYN_COOKIE_PERIOD_NS (60 * NS_PER_S)
#define SYN_COOKIE_AGE	     2

/* The SYN-ACK for a SYN of that session, which comes to that device; its size.
 * bytes: the whole SYN; capacity: a packet of the settings' MTU. */
size_t syn_cookie_answer(struct instant now, uint32_t device,
			 const struct session_key *,
			 const struct tcp_settings *, const uint8_t *bytes,
			 const struct packet *, uint8_t *out, size_t capacity);
/* Does this segment acknowledge such a SYN-ACK? */
bool syn_cookie_is_right(struct instant now, uint32_t device,
			 const struct session_key *, const struct packet *);
/* Then the connection as it was when that was sent; the segment is for it to
 * receive next. Else false. The settings outlive it. */
bool syn_cookie_accept(struct tcp *, struct instant now, uint32_t device,
		       const struct session_key *, const struct tcp_settings *,
		       const struct packet *);

#endif
