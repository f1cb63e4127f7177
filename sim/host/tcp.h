/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp.h - one end of a TCP connection, without sockets and without a clock
 *
 *	receive()  a segment came		-> acknowledge, deliver, answer
 *	expire()   the deadline has come	-> send again, give up
 *	output()   the next packet to send, until there is none
 *	deadline() when to call expire()
 *
 * Call output() until it answers 0 after every other verb. What a kernel would
 * show when packets are lost, late, doubled or strayed is what this end does:
 *
 *  - handshake, half-close in both directions, TIME_WAIT, RST: RFC 9293;
 *    RFC 5961's challenge ACKs, so that only an exact RST ends a connection;
 *  - ACKs of what is not acceptable: at most one in 500 ms, unless that had
 *    data (tcp_foreign.c). So two ends with foreign numbers cannot talk each
 *    other to death;
 *  - TIME_WAIT as Linux's tcp_timewait_state_process(): every ACK begins it
 *    anew, an exact RST ends it (RFC 1337's advice is off, as it is there), a
 *    SYN ahead of it opens the next connection (RFC 6191);
 *  - a SYN that an old connection answers ends that by a RST, and comes again
 *    8 ms later;
 *  - FIN_WAIT_2 lasts 60 s at most when the program is gone, tcp_closes();
 *  - timer: RFC 6298 with Linux's bounds: the variance term is at least
 *    200 ms, the first timeout 1 s, doubled each time up to 120 s, and an
 *    acknowledgement of new data ends the backoff (Linux has timestamps and
 *    so a sample with each; we time one segment a round trip, Karn's rule);
 *  - congestion: RFC 5681, ten segments at first (RFC 6928), byte counting,
 *    SACK recovery (RFC 6675) or NewReno (RFC 6582) when the peer has no SACK;
 *  - delayed ACK: every second segment or 40 ms; at once when out of order;
 *  - zero window: probed with an old sequence number, as Linux does;
 *  - ICMP "too big": smaller segments at once (RFC 1191, RFC 8201).
 *
 * Not here: timestamps (so a SYN behind TIME_WAIT's numbers never ends it at
 * once: it is answered by an ACK, its sender by a RST, and comes again), tail
 * loss probes (RFC 8985; so a lost tail costs a whole timeout), ECN, urgent
 * data, keep-alives (so an end whose peer is gone, and which has nothing to
 * say, stays), Linux's RST for data that comes when the program is gone, Fast
 * Open, a limit of challenge ACKs for the whole host (Linux has none since
 * 5.19), simultaneous close of the same port pair by hosts that also reuse it
 * within one round trip.
 *
 * Payload is not stored. A stream is `head` (at most TCP_HEAD_BYTES, real
 * bytes: a request), then pattern_fill(seed) to its end. A receiver keeps the
 * head, derives the seed from it (or was told the seed when there is no head)
 * and checks every byte; one that differs sets `corrupt`.
 *
 * Inside, sequence numbers are 64-bit offsets that never wrap: the SYN is 0,
 * byte i of the stream is i + 1, the FIN comes after the last byte.
 *
 *	     una            nxt       max
 *	------|--------------|---------|--------- written
 *	acked | sent again   | sent    | not yet sent
 *	      |  after a timeout       |
 */
#ifndef SIM_HOST_TCP_H
#define SIM_HOST_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/endpoint.h"
#include "core/instant.h"
#include "core/wire/ownership.h"
#include "core/wire/packet.h"
#include "sim/host/range.h"

#define TCP_HEAD_BYTES 32
#define TCP_MTU_MAX    9216

struct tcp_settings {
	uint32_t mtu_bytes; /* of the own link, 576 to TCP_MTU_MAX: gives the
			       MSS */
	uint32_t receive_bytes; /* buffer; the largest window */
	uint32_t initial_segments; /* 10 */
	uint32_t retries; /* of data, then it gives up: 15 */
	uint32_t syn_retries; /* of SYN and SYN-ACK: 6 */
	int64_t rto_initial_ns; /* 1 s */
	int64_t rto_min_ns; /* of the variance term: 200 ms */
	int64_t rto_max_ns; /* 120 s */
	int64_t delayed_ack_ns; /* 40 ms */
	int64_t time_wait_ns; /* 60 s */
	int64_t fin_wait_2_ns; /* without a program: 60 s */
	int64_t invalid_ratelimit_ns; /* between two ACKs of what is not
					 acceptable: 500 ms */
	bool sack;
};

enum tcp_state {
	TCP_STATE_CLOSED,
	TCP_STATE_SYN_SENT,
	TCP_STATE_SYN_RECEIVED,
	TCP_STATE_ESTABLISHED,
	TCP_STATE_FIN_WAIT_1,
	TCP_STATE_FIN_WAIT_2,
	TCP_STATE_CLOSE_WAIT,
	TCP_STATE_CLOSING,
	TCP_STATE_LAST_ACK,
	TCP_STATE_TIME_WAIT
};

enum tcp_error {
	TCP_ERROR_NONE,
	TCP_ERROR_RESET, /* a RST that was accepted */
	TCP_ERROR_REFUSED, /* a RST in answer to the SYN */
	TCP_ERROR_TIMEOUT, /* retries used up */
	TCP_ERROR_ABORTED /* by ourselves */
};

/* One direction's bytes, on either side. */
struct tcp_stream {
	uint8_t head[TCP_HEAD_BYTES];
	uint32_t head_bytes;
	uint64_t seed; /* of what follows the head */
	uint64_t bytes; /* written so far, or received in order and right */
	bool finished; /* FIN after these, or received */
};

/* Who and where; local is this end. */
struct tcp_names {
	struct address local, remote;
	uint16_t local_port, remote_port;
};

struct tcp_counters {
	uint64_t segments, bytes_sent_again;
	uint32_t timeouts, recoveries, probes;
	uint32_t acks_withheld; /* by the limit of 500 ms */
};

struct tcp {
	const struct tcp_settings *settings; /* borrowed */
	struct tcp_names names;
	struct tcp_stream send, receive;
	enum tcp_state state;
	enum tcp_error error;
	bool corrupt; /* a received byte was not the one sent */
	struct tcp_counters counters;

	/* Sender. */
	uint32_t iss;
	uint64_t una, nxt, max;
	uint64_t window_edge; /* the first offset that the peer has no room for
			       */
	uint64_t window_max; /* the largest it ever had */
	uint64_t window_seq, window_ack; /* of the segment that set it */
	uint8_t peer_scale, own_scale;
	bool sack; /* both ends may */
	uint32_t mss; /* payload of our segments */
	uint64_t cwnd, ssthresh, cwnd_acked;
	bool cwnd_limited; /* output stopped because of cwnd */
	uint32_t duplicates;
	bool recovery;
	uint64_t recover; /* recovery ends when this is acknowledged */
	uint64_t sent_again; /* SACK: holes below are sent again already */
	bool force; /* send one segment at una whatever the windows say */
	struct ranges sacked;
	int64_t srtt_ns, rttvar_ns, rto_ns; /* srtt 0: no sample yet */
	uint32_t attempts; /* timeouts in a row */
	bool timed;
	uint64_t timed_end; /* a segment's end; its ACK gives a sample */
	struct instant timed_at, sent_at;
	struct instant retransmit_at; /* also persist and handshake */
	bool probe_due;

	/* Receiver. */
	uint32_t irs;
	uint64_t rcv_nxt, rcv_edge; /* edge: of the window as announced */
	uint64_t rcv_fin; /* where the FIN is; UINT64_MAX: not known */
	uint64_t read; /* bytes that the application took */
	struct ranges early; /* out of order */
	uint64_t early_recent; /* start of the last such segment */
	uint32_t unacked_segments;
	bool ack_due;
	struct instant ack_at, wait_at;
	struct instant challenge_at; /* not before: ACKs of the unacceptable */
	bool closes; /* tcp_finish() is close(), not shutdown() */

	bool reset_due;
	uint32_t reset_seq;
	bool reset_ack; /* the RST carries ACK of rcv_nxt */
	uint16_t ip_id;
};

void tcp_settings_default(struct tcp_settings *);

/* Seed of what follows a head. */
uint64_t tcp_head_seed(const uint8_t *head, uint32_t head_bytes);

/* Active open: output() has the SYN. The settings outlive the connection. */
void tcp_connect(struct tcp *, const struct tcp_settings *,
		 const struct tcp_names *, uint32_t iss);
/* Passive open for a SYN (from packet_parse, SYN and neither ACK nor RST);
 * bytes are the whole packet, for its options. */
void tcp_accept(struct tcp *, const struct tcp_settings *, uint32_t iss,
		const uint8_t *bytes, const struct packet *);
/* What the peer's stream is expected to be, before the first byte. */
void tcp_expect_head(struct tcp *, uint32_t head_bytes);
void tcp_expect_seed(struct tcp *, uint64_t seed);

/* A segment of this connection; its checksum has been verified. */
void tcp_receive(struct tcp *, struct instant now, const uint8_t *bytes,
		 const struct packet *);
/* The next packet to send and its size; 0 when there is nothing. */
size_t tcp_output(struct tcp *, struct instant now, uint8_t *out,
		  size_t capacity);
/* NEVER: nothing is due. */
struct instant tcp_deadline(const struct tcp *);
/* Harmless when early. */
void tcp_expire(struct tcp *, struct instant now);

/* The application: a request first, then more bytes, then the end. */
void tcp_write_head(struct tcp *, const uint8_t *head, uint32_t head_bytes);
void tcp_write(struct tcp *, uint64_t bytes);
void tcp_finish(struct tcp *);
/* Its program will close() rather than shutdown(): who then has no more to say
 * has no more to hear. */
void tcp_closes(struct tcp *);
/* Took this many received bytes; opens the window. */
void tcp_read(struct tcp *, uint64_t bytes);
uint64_t tcp_readable(const struct tcp *);
/* Give up at once; output() has a RST if the peer needs one. */
void tcp_abort(struct tcp *);

/* ICMP: a packet with this sequence number was too big for `mtu_bytes`. */
void tcp_too_big(struct tcp *, uint32_t seq, uint32_t mtu_bytes);

/* Both directions came to their end and were acknowledged. */
bool tcp_completed(const struct tcp *);
/* The numbers that tell whose a segment is; not of CLOSED or SYN_SENT. */
struct ownership_socket tcp_ownership(const struct tcp *);
/* May this SYN, to a connection in TIME_WAIT, open the next one? Its initial
 * sequence number is then *iss, ahead of all that the old one sent. */
bool tcp_reopens(const struct tcp *, const struct packet *, uint32_t *iss);

/* Between tcp.c (states, receiver) and tcp_foreign.c (what is not acceptable):
 * an ACK, unless one was sent so lately; */
void tcp_challenge(struct tcp *, struct instant now);
/* what goes back for a segment outside the window, not a RST; */
void tcp_unacceptable(struct tcp *, struct instant now, const struct packet *);
/* an ACK of what we never sent, or long ago; true: it was, and is answered; */
bool tcp_ack_is_wild(struct tcp *, struct instant now, const struct packet *);
/* what comes in TIME_WAIT, and what becomes of that. */
enum tcp_waiting {
	TCP_WAITING_ON,
	TCP_WAITING_ANEW,
	TCP_WAITING_OVER
};
enum tcp_waiting tcp_waiting(struct tcp *, struct instant now,
			     const struct packet *);

/* Between tcp.c and tcp_send.c (sender). */
void tcp_sender_start(struct tcp *);
void tcp_acknowledge(struct tcp *, struct instant now, const uint8_t *bytes,
		     const struct packet *, uint64_t ack, uint64_t seq);
void tcp_retransmit_expire(struct tcp *, struct instant now);
uint64_t tcp_send_end(const struct tcp *); /* offset after all to send */
/* What to send next: offset and payload length; fin with it. */
struct tcp_choice {
	bool some, syn, fin;
	uint64_t offset;
	uint32_t length;
};
struct tcp_choice tcp_choose(struct tcp *);
void tcp_sent(struct tcp *, struct instant now, const struct tcp_choice *);

#endif
