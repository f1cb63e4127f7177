/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ownership.h - a socket of the packet's addresses and ports is here: is the
 * packet of that socket's session?
 *
 * A client's port comes round. Then a server may have a socket of the same key
 * that is of another session than the packet: one in TIME_WAIT, one whose
 * client is gone, a request that a SYN made which went astray or was forged.
 * The key cannot tell, numbers can.
 *
 *	MINE	to the socket
 *	DOUBT	to the socket, too: it knows best. The session may all the same
 *		be another server's
 *	STRAY	of another session, as if no socket were here
 *
 * A SYN without ACK is always the stack's: RFC 9293 (3.10.7.4), RFC 6191 and
 * RFC 5961 say what each state does with it, and it is never forwarded. A
 * listener is not asked about; whether its SYN cookie is right, it says itself.
 * Any other segment, by the socket's state:
 *
 *	REQUEST		the client has nothing of us but the SYN-ACK, so it
 *			acknowledges snt_isn + 1, whatever it sends with that;
 *			or a RST, where it did not want the SYN-ACK: at
 *			rcv_isn + 1. Else a stray
 *	FAST_OPEN	the same, but we may have sent data (RFC 7413), of
 *			which it acknowledges a part; its RST is behind what we
 *			took of the SYN's data
 *	OPEN		mine, when the segment's end lies in rcv_nxt +- W and
 *			its ack, if it has one, in [snd_una - W, snd_nxt + W];
 *			else a doubt. So keep-alives and window probes (seq =
 *			rcv_nxt - 1, RFC 9293 3.8.4 and 3.8.6.1), old duplicates
 *			and data beyond the window are mine, and so is a RST
 *			that is not exact: RFC 5961's challenge is for the
 *			socket to send. An ack ahead is no client's fault: Linux
 *			counts snd_nxt when the segment is on its way, and its
 *			ACK may be faster
 *	TIME_WAIT	nothing new comes: mine is what ends at rcv_nxt or up
 *			to OWNERSHIP_WAIT_BYTES before, and acknowledges snd_nxt
 *			or as far before. Else a stray: the new session's first
 *			number is ahead (RFC 6528, 3), except after uploads
 *			faster than that clock; and its ack is another server's
 *			count
 *	FIN_WAIT	Linux keeps a FIN_WAIT_2 without a program as a
 *			TIME_WAIT socket: as that, but the client has not ended
 *			and may send more, up to as far ahead
 *
 * W = max(16 MiB, 2 rcv_wnd, 2 max_window): more than what can be on its way.
 * Intervals are of the 2^32 numbers, which wrap: lower <= x <= upper is
 * x - lower <= upper - lower in 32 bits, as long as the interval holds at most
 * 2^32 numbers. So W is at most 2^31 - 1, and an interval that would be longer
 * holds them all. With windows near a gigabyte, their limit (RFC 7323, 2.3),
 * that is almost the case, and no number is a reason for doubt.
 *
 * A packet of another session passes for the open socket's by chance with
 * (2 W / 2^32)^2, one of 16,000 at the least W; or with 2 W / 2^32, 0.8 %,
 * where its first number is near: clients count 16 MiB in a second (RFC 6528;
 * Linux: in 1.07 s), and a port may come round in less. It reaches a socket
 * that does not take it, as a doubt does.
 *
 * For BPF as well: no library, no loops, integers only; the caller fills the
 * numbers of the state that it found and leaves the rest zero.
 *
 *			kernel			simulated TCP
 *	REQUEST		tcp_request_sock	SYN_RECEIVED
 *	FAST_OPEN	SYN_RECV of a tcp_sock	none
 *	OPEN		any other tcp_sock	the same
 *	FIN_WAIT	tw_substate FIN_WAIT2	FIN_WAIT_2 without a program
 *	TIME_WAIT	tcp_timewait_sock	the same
 */
#ifndef CORE_WIRE_OWNERSHIP_H
#define CORE_WIRE_OWNERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/wire/packet.h"
#include "core/wire/tcp.h"

/* More than a window; how far behind what is old can be. */
#define OWNERSHIP_WAIT_BYTES (UINT32_C(1) << 24)
/* The least W. */
#define OWNERSHIP_WINDOW_MIN (UINT32_C(1) << 24)
#define OWNERSHIP_WINDOW_MAX UINT32_C(0x7fffffff)

enum ownership {
	OWNERSHIP_STRAY,
	OWNERSHIP_DOUBT,
	OWNERSHIP_MINE,
};

enum ownership_state {
	OWNERSHIP_REQUEST,
	OWNERSHIP_FAST_OPEN,
	OWNERSHIP_OPEN, /* ESTABLISHED, and closing */
	OWNERSHIP_FIN_WAIT,
	OWNERSHIP_TIME_WAIT,
};

struct ownership_socket {
	enum ownership_state state;
	uint32_t snt_isn, rcv_isn; /* REQUEST, FAST_OPEN */
	uint32_t snd_una; /* OPEN */
	uint32_t snd_nxt; /* all but REQUEST */
	uint32_t rcv_nxt; /* all but REQUEST */
	uint32_t rcv_wnd; /* OPEN: ours, in bytes */
	uint32_t max_window; /* OPEN: the largest of the peer's, in bytes */
};

struct ownership_segment {
	uint32_t seq, ack; /* ack: if flags have TCP_ACK */
	uint32_t length; /* of the sequence: payload, SYN and FIN */
	uint8_t flags;
};

/* Of a TCP packet that is not a later fragment. The first of several ends
 * before its segment does. */
WIRE_INLINE struct ownership_segment
ownership_segment_of(const struct packet *packet)
{
	struct ownership_segment segment = {
		.seq = packet->tcp_seq,
		.ack = packet->tcp_ack,
		.length = packet->payload_bytes,
		.flags = packet->tcp_flags,
	};

	segment.length += (packet->tcp_flags & TCP_SYN) != 0;
	segment.length += (packet->tcp_flags & TCP_FIN) != 0;
	return segment;
}

/* lower <= x <= upper; upper is `bytes` after lower. */
WIRE_INLINE bool
ownership_within(uint32_t x, uint32_t lower, uint64_t bytes)
{
	return (uint64_t)(uint32_t)(x - lower) <= bytes;
}

/* W. */
WIRE_INLINE uint32_t
ownership_window(const struct ownership_socket *socket)
{
	uint32_t most = socket->rcv_wnd;

	if (most < socket->max_window)
		most = socket->max_window;
	if (most <= OWNERSHIP_WINDOW_MIN / 2)
		return OWNERSHIP_WINDOW_MIN;
	if (most > OWNERSHIP_WINDOW_MAX / 2)
		return OWNERSHIP_WINDOW_MAX;
	return 2 * most;
}

/* Something that we sent lately, or may be asked to send again? Or so far ahead
 * of it. */
WIRE_INLINE bool
ownership_acks(const struct ownership_socket *socket, uint32_t ack,
	       uint32_t window, uint32_t ahead)
{
	return ownership_within(ack, socket->snd_una - window,
				(uint64_t)window + ahead +
					(socket->snd_nxt - socket->snd_una));
}

WIRE_INLINE enum ownership
ownership_of_request(const struct ownership_socket *socket,
		     const struct ownership_segment *segment)
{
	bool child = socket->state == OWNERSHIP_FAST_OPEN;
	uint32_t sent = child ? socket->snd_nxt - (socket->snt_isn + 1) : 0;
	uint32_t taken = child ? socket->rcv_nxt - (socket->rcv_isn + 1) : 0;

	if ((segment->flags & TCP_ACK) != 0 &&
	    ownership_within(segment->ack, socket->snt_isn + 1, sent))
		return OWNERSHIP_MINE;
	if ((segment->flags & TCP_RST) != 0 &&
	    ownership_within(segment->seq, socket->rcv_isn + 1, taken))
		return OWNERSHIP_MINE;
	return OWNERSHIP_STRAY;
}

WIRE_INLINE enum ownership
ownership_of_open(const struct ownership_socket *socket,
		  const struct ownership_segment *segment)
{
	uint32_t window = ownership_window(socket);
	uint32_t end = segment->seq + segment->length;

	if (!ownership_within(end, socket->rcv_nxt - window,
			      2 * (uint64_t)window))
		return OWNERSHIP_DOUBT;
	if ((segment->flags & TCP_ACK) != 0 &&
	    !ownership_acks(socket, segment->ack, window, window))
		return OWNERSHIP_DOUBT;
	return OWNERSHIP_MINE;
}

WIRE_INLINE enum ownership
ownership_of_wait(const struct ownership_socket *socket,
		  const struct ownership_segment *segment)
{
	uint32_t end = segment->seq + segment->length;
	uint32_t span = OWNERSHIP_WAIT_BYTES;

	if (socket->state == OWNERSHIP_FIN_WAIT)
		span += OWNERSHIP_WAIT_BYTES;
	if (!ownership_within(end, socket->rcv_nxt - OWNERSHIP_WAIT_BYTES,
			      span))
		return OWNERSHIP_STRAY;
	if ((segment->flags & TCP_ACK) != 0 &&
	    !ownership_within(segment->ack,
			      socket->snd_nxt - OWNERSHIP_WAIT_BYTES,
			      OWNERSHIP_WAIT_BYTES))
		return OWNERSHIP_STRAY;
	return OWNERSHIP_MINE;
}

/* Whose is a segment from the client? */
WIRE_INLINE enum ownership
ownership_of(const struct ownership_socket *socket,
	     const struct ownership_segment *segment)
{
	if ((segment->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return OWNERSHIP_MINE;
	switch (socket->state) {
	case OWNERSHIP_REQUEST:
	case OWNERSHIP_FAST_OPEN:
		return ownership_of_request(socket, segment);
	case OWNERSHIP_OPEN:
		return ownership_of_open(socket, segment);
	case OWNERSHIP_FIN_WAIT:
	case OWNERSHIP_TIME_WAIT:
		break;
	}
	return ownership_of_wait(socket, segment);
}

/* Whose is an ICMP error that quotes a segment which ran to the client, with
 * this sequence number? A request has sent its SYN-ACK, and ACKs behind that;
 * TIME_WAIT takes no errors. */
WIRE_INLINE enum ownership
ownership_of_quote(const struct ownership_socket *socket, uint32_t seq)
{
	switch (socket->state) {
	case OWNERSHIP_REQUEST:
		return ownership_within(seq, socket->snt_isn, 1)
			       ? OWNERSHIP_MINE
			       : OWNERSHIP_STRAY;
	case OWNERSHIP_FAST_OPEN:
		return ownership_within(seq, socket->snt_isn,
					socket->snd_nxt - socket->snt_isn)
			       ? OWNERSHIP_MINE
			       : OWNERSHIP_STRAY;
	case OWNERSHIP_OPEN:
		return ownership_acks(socket, seq, ownership_window(socket), 0)
			       ? OWNERSHIP_MINE
			       : OWNERSHIP_DOUBT;
	case OWNERSHIP_FIN_WAIT:
	case OWNERSHIP_TIME_WAIT:
		break;
	}
	return OWNERSHIP_STRAY;
}

#endif
