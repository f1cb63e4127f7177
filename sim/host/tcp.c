/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp.c - states and the receiving half of a TCP end
 *
 * Order of the checks is that of RFC 9293, section 3.10.7. Where we differ:
 *
 *  - RST and SYN inside the window get a challenge ACK (RFC 5961), of which
 *    there are few (tcp_foreign.c);
 *  - data that precedes the end of the stream's head is taken in order only,
 *    since the head gives the seed by which later bytes are checked;
 *  - data after the peer's FIN is not answered with a RST but trimmed.
 *
 * tcp_foreign.c has what is not acceptable, tcp_send.c acknowledgements,
 * congestion and timers, tcp_output.c the building of segments.
 */
#include "sim/host/tcp.h"

#include <assert.h>
#include <string.h>

#include "core/siphash.h"
#include "core/wire/tcp.h"
#include "sim/model/pattern.h"

/* Linux: TCP_TIMEOUT_MIN, two ticks of 250 Hz. */
#define SYN_AGAIN_NS (8 * NS_PER_MS)

void
tcp_settings_default(struct tcp_settings *settings)
{
	*settings = (struct tcp_settings){
		.mtu_bytes = 1500,
		.receive_bytes = 1 << 20,
		.initial_segments = 10,
		.retries = 15,
		.syn_retries = 6,
		.rto_initial_ns = 1 * NS_PER_S,
		.rto_min_ns = 200 * NS_PER_MS,
		.rto_max_ns = 120 * NS_PER_S,
		.delayed_ack_ns = 40 * NS_PER_MS,
		.time_wait_ns = 60 * NS_PER_S,
		.fin_wait_2_ns = 60 * NS_PER_S,
		.invalid_ratelimit_ns = 500 * NS_PER_MS,
		.sack = true,
	};
}

uint64_t
tcp_head_seed(const uint8_t *head, uint32_t head_bytes)
{
	static const struct siphash_key zero;

	return siphash(&zero, head, head_bytes);
}

static uint32_t
header_bytes(const struct tcp *tcp)
{
	return tcp->names.local.family == 4 ? 40 : 60;
}

/* The smallest scale that lets 16 bits say the whole buffer (RFC 7323). */
static uint8_t
scale_for(uint32_t receive_bytes)
{
	uint8_t scale = 0;

	while (scale < TCP_WINDOW_SCALE_MAX && receive_bytes >> scale > 0xffff)
		scale++;
	return scale;
}

static void
start(struct tcp *tcp, const struct tcp_settings *settings,
      const struct tcp_names *names, uint32_t iss)
{
	memset(tcp, 0, sizeof(*tcp));
	tcp->settings = settings;
	tcp->names = *names;
	tcp->iss = iss;
	assert(settings->mtu_bytes >= 576 &&
	       settings->mtu_bytes <= TCP_MTU_MAX);
	tcp->mss = settings->mtu_bytes - header_bytes(tcp);
	tcp->own_scale = scale_for(settings->receive_bytes);
	tcp->rcv_fin = UINT64_MAX;
	tcp->ack_at = INSTANT_NEVER;
	tcp->wait_at = INSTANT_NEVER;
	tcp->retransmit_at = INSTANT_NEVER;
	tcp->rto_ns = settings->rto_initial_ns;
}

void
tcp_connect(struct tcp *tcp, const struct tcp_settings *settings,
	    const struct tcp_names *names, uint32_t iss)
{
	start(tcp, settings, names, iss);
	tcp->state = TCP_STATE_SYN_SENT;
}

/* What the peer's SYN says. */
static void
take_options(struct tcp *tcp, const uint8_t *bytes, const struct packet *packet)
{
	struct tcp_options options;
	uint32_t fixed = TCP_HEADER_MIN;

	/* A broken list gives what came before it. */
	(void)tcp_options_parse(bytes + packet->l4_offset + fixed,
				packet->tcp_header_bytes - fixed, &options);
	/* Defaults: RFC 9293 section 3.7.1. */
	uint32_t mss = tcp->names.local.family == 4 ? 536 : 1220;
	if (options.has_mss && options.mss >= 64)
		mss = options.mss;
	if (mss < tcp->mss)
		tcp->mss = mss;
	if (options.has_window_scale)
		tcp->peer_scale = options.window_scale;
	else
		tcp->own_scale = 0;
	tcp->sack = tcp->settings->sack && options.sack_permitted;
	tcp->window_edge = 1u + packet->tcp_window; /* a SYN's has no scale */
	tcp->window_max = packet->tcp_window;
}

static void
take_syn(struct tcp *tcp, const uint8_t *bytes, const struct packet *packet)
{
	tcp->irs = packet->tcp_seq;
	tcp->rcv_nxt = 1;
	tcp->rcv_edge = 1;
	take_options(tcp, bytes, packet);
}

void
tcp_accept(struct tcp *tcp, const struct tcp_settings *settings, uint32_t iss,
	   const uint8_t *bytes, const struct packet *packet)
{
	struct tcp_names names = {
		.local = packet->dst,
		.remote = packet->src,
		.local_port = packet->dst_port,
		.remote_port = packet->src_port,
	};

	assert((packet->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN);
	start(tcp, settings, &names, iss);
	take_syn(tcp, bytes, packet);
	tcp->state = TCP_STATE_SYN_RECEIVED;
}

void
tcp_expect_head(struct tcp *tcp, uint32_t head_bytes)
{
	assert(head_bytes <= TCP_HEAD_BYTES && tcp->receive.bytes == 0);
	tcp->receive.head_bytes = head_bytes;
}

void
tcp_expect_seed(struct tcp *tcp, uint64_t seed)
{
	assert(tcp->receive.head_bytes == 0);
	tcp->receive.seed = seed;
}

static void
close_now(struct tcp *tcp, enum tcp_error error)
{
	tcp->state = TCP_STATE_CLOSED;
	tcp->error = error;
	tcp->ack_due = false;
	tcp->force = false;
	tcp->probe_due = false;
	tcp->ack_at = INSTANT_NEVER;
	tcp->wait_at = INSTANT_NEVER;
	tcp->retransmit_at = INSTANT_NEVER;
}

static void
wait_for_stragglers(struct tcp *tcp, struct instant now)
{
	tcp->state = TCP_STATE_TIME_WAIT;
	tcp->retransmit_at = INSTANT_NEVER;
	tcp->wait_at = instant_after(now, tcp->settings->time_wait_ns);
}

static void
established(struct tcp *tcp)
{
	tcp->state = tcp->send.finished ? TCP_STATE_FIN_WAIT_1
					: TCP_STATE_ESTABLISHED;
	tcp->una = 1;
	if (tcp->nxt < 1)
		tcp->nxt = 1;
	if (tcp->max < 1)
		tcp->max = 1;
	tcp_sender_start(tcp);
}

static void
reset_peer(struct tcp *tcp, uint32_t seq, bool ack)
{
	tcp->reset_due = true;
	tcp->reset_seq = seq;
	tcp->reset_ack = ack;
}

/* A handshake's round trip is the first sample, unless it was sent twice
 * (Karn); then data start with 3 s (RFC 6298, 5.7) and one segment. */
static void
handshake_sample(struct tcp *tcp, struct instant now)
{
	if (!tcp->timed) {
		tcp->rto_ns = 3 * NS_PER_S;
		tcp->cwnd = tcp->mss;
	} else {
		tcp->srtt_ns = instant_distance_ns(tcp->timed_at, now);
		if (tcp->srtt_ns < 1)
			tcp->srtt_ns = 1;
		tcp->rttvar_ns = tcp->srtt_ns / 2;
		int64_t variance = 4 * tcp->rttvar_ns;
		if (variance < tcp->settings->rto_min_ns)
			variance = tcp->settings->rto_min_ns;
		tcp->rto_ns = tcp->srtt_ns + variance;
	}
	tcp->timed = false;
	tcp->attempts = 0;
	tcp->retransmit_at = INSTANT_NEVER;
}

static void
receive_syn_sent(struct tcp *tcp, struct instant now, const uint8_t *bytes,
		 const struct packet *packet)
{
	uint8_t flags = packet->tcp_flags;

	if (flags & TCP_ACK && packet->tcp_ack != tcp->iss + 1) {
		if (flags & TCP_RST)
			return;
		reset_peer(tcp, packet->tcp_ack, false);
		/* An old connection answered, which the RST ends: the first
		 * SYN again at once (tcp_rcv_synsent_state_process()). */
		if (tcp->attempts == 0)
			tcp->retransmit_at = instant_after(now, SYN_AGAIN_NS);
		return;
	}
	if (flags & TCP_RST) {
		if (flags & TCP_ACK)
			close_now(tcp, TCP_ERROR_REFUSED);
		return;
	}
	if (!(flags & TCP_SYN))
		return;
	take_syn(tcp, bytes, packet);
	if (flags & TCP_ACK) {
		established(tcp);
		handshake_sample(tcp, now);
		tcp->window_seq = 0;
		tcp->window_ack = 1;
		tcp->ack_due = true;
	} else {
		/* Both sides called at once (RFC 9293, figure 8). */
		tcp->state = TCP_STATE_SYN_RECEIVED;
		tcp->nxt = 0;
	}
}

/* The 64-bit offset nearest to the expected one. */
static uint64_t
unwrap(uint64_t near, uint32_t first, uint32_t seq)
{
	int32_t distance = (int32_t)(seq - (first + (uint32_t)near));

	if (distance < 0 && (uint64_t) - (int64_t)distance > near)
		return near + UINT32_MAX; /* before the stream: never valid */
	return near + (uint64_t)(int64_t)distance;
}

static bool
in_window(const struct tcp *tcp, uint64_t offset)
{
	return offset >= tcp->rcv_nxt && offset < tcp->rcv_edge;
}

/* RFC 9293, section 3.10.7.4: the four cases. */
static bool
acceptable(const struct tcp *tcp, uint64_t seq, uint64_t length)
{
	if (length == 0)
		return seq == tcp->rcv_nxt || in_window(tcp, seq);
	/* A closed window still takes ACKs, RSTs of full segments. */
	if (tcp->rcv_edge <= tcp->rcv_nxt)
		return seq == tcp->rcv_nxt;
	return in_window(tcp, seq) || in_window(tcp, seq + length - 1) ||
	       (seq < tcp->rcv_nxt && seq + length > tcp->rcv_edge);
}

/* Compare with what the sender must have sent; keep the head. */
static void
check_bytes(struct tcp *tcp, uint64_t offset, const uint8_t *bytes, size_t size)
{
	struct tcp_stream *stream = &tcp->receive;

	if (offset < stream->head_bytes) {
		size_t room = (size_t)(stream->head_bytes - offset);
		size_t count = size < room ? size : room;
		memcpy(stream->head + offset, bytes, count);
		if (offset + count == stream->head_bytes)
			stream->seed =
				tcp_head_seed(stream->head, stream->head_bytes);
		bytes += count;
		size -= count;
		offset += count;
	}
	if (size > 0 && !pattern_matches(stream->seed, offset, bytes, size))
		tcp->corrupt = true;
}

static void
in_order(struct tcp *tcp)
{
	tcp->rcv_nxt = ranges_skip(&tcp->early, tcp->rcv_nxt);
	ranges_drop_below(&tcp->early, tcp->rcv_nxt);
	tcp->receive.bytes = tcp->rcv_nxt - 1;
}

/* seq is the payload's offset in the stream, plus 1 for the SYN. */
static void
receive_data(struct tcp *tcp, struct instant now, uint64_t seq,
	     const uint8_t *bytes, uint64_t size)
{
	uint64_t end = seq + size;

	if (end > tcp->rcv_fin)
		end = tcp->rcv_fin;
	if (end > tcp->rcv_edge)
		end = tcp->rcv_edge;
	if (seq < tcp->rcv_nxt) {
		bytes += tcp->rcv_nxt - seq;
		seq = tcp->rcv_nxt;
		tcp->ack_due = true; /* part of it was a duplicate */
	}
	if (end <= seq) {
		tcp->ack_due = true;
		return;
	}

	bool hole = tcp->early.count > 0;
	if (seq > tcp->rcv_nxt) {
		tcp->ack_due = true;
		if (tcp->receive.bytes < tcp->receive.head_bytes)
			return;
		if (!ranges_add(&tcp->early, seq, end))
			return;
		tcp->early_recent = seq;
		check_bytes(tcp, seq - 1, bytes, (size_t)(end - seq));
		return;
	}
	check_bytes(tcp, seq - 1, bytes, (size_t)(end - seq));
	tcp->rcv_nxt = end;
	in_order(tcp);
	/* RFC 5681, 4.2: at once when it fills a hole; else every second. */
	tcp->unacked_segments++;
	if (hole || tcp->unacked_segments >= 2)
		tcp->ack_due = true;
	else if (tcp->ack_at.ns == INT64_MAX)
		tcp->ack_at = instant_after(now, tcp->settings->delayed_ack_ns);
}

/* The FIN has been reached in order. */
static void
receive_fin(struct tcp *tcp, struct instant now)
{
	tcp->rcv_nxt++;
	tcp->receive.finished = true;
	tcp->ack_due = true;
	switch (tcp->state) {
	case TCP_STATE_ESTABLISHED:
		tcp->state = TCP_STATE_CLOSE_WAIT;
		break;
	case TCP_STATE_FIN_WAIT_1:
		tcp->state = TCP_STATE_CLOSING;
		break;
	case TCP_STATE_FIN_WAIT_2:
		wait_for_stragglers(tcp, now);
		break;
	default:
		break;
	}
}

/* Our FIN is acknowledged. */
static void
fin_acknowledged(struct tcp *tcp, struct instant now)
{
	switch (tcp->state) {
	case TCP_STATE_FIN_WAIT_1:
		tcp->state = TCP_STATE_FIN_WAIT_2;
		if (tcp->closes)
			tcp->wait_at = instant_after(
				now, tcp->settings->fin_wait_2_ns);
		break;
	case TCP_STATE_CLOSING:
		wait_for_stragglers(tcp, now);
		break;
	case TCP_STATE_LAST_ACK:
		close_now(tcp, TCP_ERROR_NONE);
		break;
	default:
		break;
	}
}

static bool
takes_data(enum tcp_state state)
{
	return state == TCP_STATE_ESTABLISHED ||
	       state == TCP_STATE_FIN_WAIT_1 || state == TCP_STATE_FIN_WAIT_2;
}

/* The ACK of the handshake; false: not it, and a RST goes back. */
static bool
receive_handshake(struct tcp *tcp, struct instant now,
		  const struct packet *packet)
{
	if (packet->tcp_ack != tcp->iss + 1) {
		reset_peer(tcp, packet->tcp_ack, false);
		return false;
	}
	established(tcp);
	handshake_sample(tcp, now);
	return true;
}

static void
receive_time_wait(struct tcp *tcp, struct instant now,
		  const struct packet *packet)
{
	switch (tcp_waiting(tcp, now, packet)) {
	case TCP_WAITING_ON:
		break;
	case TCP_WAITING_ANEW:
		wait_for_stragglers(tcp, now);
		break;
	case TCP_WAITING_OVER:
		close_now(tcp, TCP_ERROR_NONE);
		break;
	}
}

void
tcp_receive(struct tcp *tcp, struct instant now, const uint8_t *bytes,
	    const struct packet *packet)
{
	uint8_t flags = packet->tcp_flags;

	if (tcp->state == TCP_STATE_CLOSED)
		return;
	if (tcp->state == TCP_STATE_SYN_SENT) {
		receive_syn_sent(tcp, now, bytes, packet);
		return;
	}

	if (tcp->state == TCP_STATE_TIME_WAIT) {
		receive_time_wait(tcp, now, packet);
		return;
	}

	uint64_t seq = unwrap(tcp->rcv_nxt, tcp->irs, packet->tcp_seq);
	uint64_t length = packet->payload_bytes + (flags & TCP_SYN ? 1u : 0u) +
			  (flags & TCP_FIN ? 1u : 0u);
	if (!acceptable(tcp, seq, length)) {
		tcp_unacceptable(tcp, now, packet);
		return;
	}
	if (flags & TCP_RST) {
		if (seq != tcp->rcv_nxt)
			tcp_challenge(tcp, now); /* RFC 5961, 3.2 */
		else
			close_now(tcp, TCP_ERROR_RESET);
		return;
	}
	if (flags & TCP_SYN) {
		tcp_challenge(tcp, now); /* RFC 5961, 4.2 */
		return;
	}
	if (!(flags & TCP_ACK))
		return;
	if (tcp->state == TCP_STATE_SYN_RECEIVED &&
	    !receive_handshake(tcp, now, packet))
		return;

	if (tcp_ack_is_wild(tcp, now, packet))
		return;
	uint64_t ack = unwrap(tcp->una, tcp->iss, packet->tcp_ack);
	tcp_acknowledge(tcp, now, bytes, packet, ack, seq);
	if (tcp->send.finished && tcp->una == tcp_send_end(tcp))
		fin_acknowledged(tcp, now);
	if (!takes_data(tcp->state))
		return;
	if (packet->payload_bytes > 0)
		receive_data(tcp, now, seq, bytes + packet->payload_offset,
			     packet->payload_bytes);
	if (flags & TCP_FIN && tcp->rcv_fin == UINT64_MAX &&
	    seq + packet->payload_bytes <= tcp->rcv_edge)
		tcp->rcv_fin = seq + packet->payload_bytes;
	if (tcp->rcv_nxt == tcp->rcv_fin)
		receive_fin(tcp, now);
}

struct instant
tcp_deadline(const struct tcp *tcp)
{
	return instant_min(tcp->retransmit_at,
			   instant_min(tcp->ack_at, tcp->wait_at));
}

void
tcp_expire(struct tcp *tcp, struct instant now)
{
	if (!instant_before(now, tcp->wait_at)) {
		close_now(tcp, TCP_ERROR_NONE);
		return;
	}
	if (!instant_before(now, tcp->ack_at)) {
		tcp->ack_at = INSTANT_NEVER;
		tcp->ack_due = true;
	}
	if (!instant_before(now, tcp->retransmit_at)) {
		tcp->retransmit_at = INSTANT_NEVER;
		tcp_retransmit_expire(tcp, now);
		if (tcp->error != TCP_ERROR_NONE)
			close_now(tcp, tcp->error);
	}
}

void
tcp_write_head(struct tcp *tcp, const uint8_t *head, uint32_t size)
{
	assert(size <= TCP_HEAD_BYTES && tcp->send.bytes == 0);
	memcpy(tcp->send.head, head, size);
	tcp->send.head_bytes = size;
	tcp->send.seed = tcp_head_seed(head, size);
	tcp->send.bytes = size;
}

void
tcp_write(struct tcp *tcp, uint64_t bytes)
{
	assert(!tcp->send.finished);
	tcp->send.bytes += bytes;
}

void
tcp_finish(struct tcp *tcp)
{
	if (tcp->send.finished)
		return;
	tcp->send.finished = true;
	if (tcp->state == TCP_STATE_ESTABLISHED)
		tcp->state = TCP_STATE_FIN_WAIT_1;
	else if (tcp->state == TCP_STATE_CLOSE_WAIT)
		tcp->state = TCP_STATE_LAST_ACK;
}

void
tcp_read(struct tcp *tcp, uint64_t bytes)
{
	assert(bytes <= tcp_readable(tcp));
	tcp->read += bytes;

	/* Tell a sender that had to stop (RFC 9293, 3.8.6.2.2). */
	uint64_t edge = 1 + tcp->read + tcp->settings->receive_bytes;
	uint64_t step = tcp->settings->receive_bytes / 2;
	if (step > 2ull * tcp->mss)
		step = 2ull * tcp->mss;
	if (takes_data(tcp->state) && tcp->rcv_edge < tcp->rcv_nxt + tcp->mss &&
	    edge >= tcp->rcv_edge + step)
		tcp->ack_due = true;
}

void
tcp_closes(struct tcp *tcp)
{
	tcp->closes = true;
}

uint64_t
tcp_readable(const struct tcp *tcp)
{
	return tcp->receive.bytes - tcp->read;
}

void
tcp_abort(struct tcp *tcp)
{
	bool peer_knows = tcp->state != TCP_STATE_CLOSED &&
			  tcp->state != TCP_STATE_SYN_SENT &&
			  tcp->state != TCP_STATE_TIME_WAIT;

	if (peer_knows)
		reset_peer(tcp, tcp->iss + (uint32_t)tcp->max, true);
	close_now(tcp, TCP_ERROR_ABORTED);
}

bool
tcp_completed(const struct tcp *tcp)
{
	return tcp->error == TCP_ERROR_NONE && tcp->send.finished &&
	       tcp->receive.finished && tcp->una == tcp_send_end(tcp);
}
