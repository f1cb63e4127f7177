/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp_foreign.c - what does not fit: segments of the past, of a forger, of the
 * session that had, or has, the same ports
 *
 * Most of it is answered by an ACK, which tells a peer that is right where we
 * are. Two ends that both are wrong would so answer each other for ever, and
 * one that is asked by many serves a forger. Hence Linux's limit of one in
 * tcp_invalid_ratelimit (500 ms) for each connection, TIME_WAIT and requests
 * included. A segment with data is answered nonetheless, unless it is a SYN or
 * RFC 5961 calls for the ACK: data are sent by a timer, not in answer to ACKs,
 * and their sender needs the answer (tcp_oow_rate_limited()).
 *
 * References are functions of Linux 6.1, net/ipv4: tcp_validate_incoming(),
 * tcp_ack(), tcp_rcv_state_process(), tcp_check_req(),
 * tcp_timewait_state_process(), tcp_time_wait().
 */
#include "core/wire/tcp.h"
#include "sim/host/tcp.h"

static bool
is_allowed(struct tcp *tcp, struct instant now)
{
	if (instant_before(now, tcp->challenge_at)) {
		tcp->counters.acks_withheld++;
		return false;
	}
	tcp->challenge_at =
		instant_after(now, tcp->settings->invalid_ratelimit_ns);
	return true;
}

void
tcp_challenge(struct tcp *tcp, struct instant now)
{
	if (is_allowed(tcp, now))
		tcp->ack_due = true;
}

static bool
has_data(const struct packet *packet)
{
	return packet->payload_bytes > 0 || packet->tcp_flags & TCP_FIN;
}

/* tcp_oow_rate_limited(). */
static void
answer(struct tcp *tcp, struct instant now, const struct packet *packet)
{
	if (has_data(packet) && !(packet->tcp_flags & TCP_SYN))
		tcp->ack_due = true;
	else
		tcp_challenge(tcp, now);
}

void
tcp_unacceptable(struct tcp *tcp, struct instant now,
		 const struct packet *packet)
{
	if (packet->tcp_flags & TCP_RST)
		return;
	if (tcp->state == TCP_STATE_SYN_RECEIVED &&
	    packet->tcp_flags & TCP_SYN && packet->tcp_seq == tcp->irs) {
		if (is_allowed(tcp, now))
			tcp->nxt = 0; /* its SYN again: our SYN-ACK again */
		return;
	}
	answer(tcp, now, packet);
}

bool
tcp_ack_is_wild(struct tcp *tcp, struct instant now,
		const struct packet *packet)
{
	uint32_t una = tcp->iss + (uint32_t)tcp->una;
	int32_t ahead = (int32_t)(packet->tcp_ack - una);
	uint64_t acked = tcp->una - 1;
	uint64_t most = tcp->window_max < acked ? tcp->window_max : acked;

	/* RFC 5961, 5.2. */
	if (ahead < 0 && (uint64_t) - (int64_t)ahead > most) {
		tcp_challenge(tcp, now);
		return true;
	}
	if (ahead < 0 || (uint64_t)ahead <= tcp->max - tcp->una)
		return false;
	/* RFC 9293 wants an ACK; Linux is silent while it is open. */
	if (tcp->state != TCP_STATE_ESTABLISHED)
		tcp_challenge(tcp, now);
	return true;
}

/* Nothing more can come but what has come before. */
enum tcp_waiting
tcp_waiting(struct tcp *tcp, struct instant now, const struct packet *packet)
{
	uint32_t next = tcp->irs + (uint32_t)tcp->rcv_nxt;
	bool reset = packet->tcp_flags & TCP_RST;
	bool empty = !has_data(packet) && !(packet->tcp_flags & TCP_SYN);

	/* An exact RST: "TIME-WAIT assassination" (RFC 1337). */
	if (reset)
		return packet->tcp_seq == next ? TCP_WAITING_OVER
					       : TCP_WAITING_ON;
	if (packet->tcp_seq == next && empty)
		return TCP_WAITING_ANEW;
	answer(tcp, now, packet);
	return packet->tcp_flags & TCP_ACK ? TCP_WAITING_ANEW : TCP_WAITING_ON;
}

bool
tcp_reopens(const struct tcp *tcp, const struct packet *packet, uint32_t *iss)
{
	uint32_t next = tcp->irs + (uint32_t)tcp->rcv_nxt;

	if (tcp->state != TCP_STATE_TIME_WAIT ||
	    (int32_t)(packet->tcp_seq - next) <= 0)
		return false;
	/* More than a window without scale ahead, as Linux chooses it. */
	*iss = tcp->iss + (uint32_t)tcp->max + 65535 + 2;
	return true;
}

static enum ownership_state
ownership_state(const struct tcp *tcp)
{
	switch (tcp->state) {
	case TCP_STATE_SYN_RECEIVED:
		return OWNERSHIP_REQUEST;
	case TCP_STATE_FIN_WAIT_2:
		return tcp->closes ? OWNERSHIP_FIN_WAIT : OWNERSHIP_OPEN;
	case TCP_STATE_TIME_WAIT:
		return OWNERSHIP_TIME_WAIT;
	default:
		return OWNERSHIP_OPEN;
	}
}

struct ownership_socket
tcp_ownership(const struct tcp *tcp)
{
	uint64_t window =
		tcp->rcv_edge > tcp->rcv_nxt ? tcp->rcv_edge - tcp->rcv_nxt : 0;

	return (struct ownership_socket){
		.state = ownership_state(tcp),
		.snt_isn = tcp->iss,
		.rcv_isn = tcp->irs,
		.snd_una = tcp->iss + (uint32_t)tcp->una,
		.snd_nxt = tcp->iss + (uint32_t)tcp->max,
		.rcv_nxt = tcp->irs + (uint32_t)tcp->rcv_nxt,
		.rcv_wnd = (uint32_t)window,
		.max_window = (uint32_t)tcp->window_max,
	};
}
