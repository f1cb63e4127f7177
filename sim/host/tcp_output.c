/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp_output.c - segments as bytes
 *
 * In this order: a RST that is owed, then what tcp_choose() wants sent, then a
 * probe of a closed window, then a bare ACK. Everything but a RST and a first
 * SYN acknowledges, so that an ACK of its own goes only when nothing else did.
 */
#include <assert.h>
#include <string.h>

#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "sim/host/tcp.h"
#include "sim/model/pattern.h"

#define TCP_TTL	    64
#define SACK_BLOCKS 4

/* The window to announce, and the edge that follows from it: never back, and
 * forward only in steps worth a segment (RFC 9293, 3.8.6.2.2). */
static uint16_t
announce_window(struct tcp *tcp, bool syn)
{
	uint64_t room = tcp->settings->receive_bytes;
	uint64_t edge = 1 + tcp->read + room;
	uint64_t step = room / 2 < tcp->mss ? room / 2 : tcp->mss;
	unsigned scale = syn ? 0 : tcp->own_scale;

	if (edge < tcp->rcv_edge + step)
		edge = tcp->rcv_edge;
	uint64_t window = edge > tcp->rcv_nxt ? edge - tcp->rcv_nxt : 0;
	window >>= scale;
	if (window > 0xffff)
		window = 0xffff;
	if (tcp->rcv_nxt + (window << scale) > tcp->rcv_edge)
		tcp->rcv_edge = tcp->rcv_nxt + (window << scale);
	return (uint16_t)window;
}

static size_t
sack_block(uint8_t *out, const struct tcp *tcp, const struct range *range)
{
	wire_put32(out, tcp->irs + (uint32_t)range->start);
	wire_put32(out + 4, tcp->irs + (uint32_t)range->end);
	return 8;
}

/* The block with the newest segment first (RFC 2018, section 4), then those
 * after it in turn, so that in a few ACKs all are told. */
static size_t
sack_option(const struct tcp *tcp, uint8_t *out)
{
	uint32_t count = tcp->early.count;
	uint32_t first = 0;

	if (!tcp->sack || count == 0)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (tcp->early.items[i].start <= tcp->early_recent)
			first = i;
	uint32_t blocks = count < SACK_BLOCKS ? count : SACK_BLOCKS;
	size_t at = 4;
	for (uint32_t i = 0; i < blocks; i++)
		at += sack_block(out + at, tcp,
				 &tcp->early.items[(first + i) % count]);
	out[0] = TCP_OPTION_NOP;
	out[1] = TCP_OPTION_NOP;
	out[2] = TCP_OPTION_SACK;
	out[3] = (uint8_t)(at - 2);
	return at;
}

static size_t
syn_options(const struct tcp *tcp, bool answer, uint8_t *out)
{
	uint32_t headers = tcp->names.local.family == 4 ? 40 : 60;
	/* Only who was offered a scale answers with one (RFC 7323, 1.3); if
	 * both are 0, it makes no difference. */
	bool scales = !answer || tcp->own_scale > 0 || tcp->peer_scale > 0;
	struct tcp_options options = {
		.has_mss = true,
		.mss = (uint16_t)(tcp->settings->mtu_bytes - headers),
		.has_window_scale = scales,
		.window_scale = tcp->own_scale,
		.sack_permitted = answer ? tcp->sack : tcp->settings->sack,
	};

	return tcp_options_build(out, &options);
}

static size_t
build(struct tcp *tcp, struct packet_tcp *segment, uint8_t *out,
      size_t capacity)
{
	segment->ip = (struct packet_ip){
		.src = tcp->names.local,
		.dst = tcp->names.remote,
		.ttl = TCP_TTL,
		.id = tcp->ip_id++,
		.df = true,
	};
	segment->src_port = tcp->names.local_port;
	segment->dst_port = tcp->names.remote_port;
	if (segment->flags & TCP_ACK) {
		segment->ack = tcp->irs + (uint32_t)tcp->rcv_nxt;
		tcp->ack_due = false;
		tcp->ack_at = INSTANT_NEVER;
		tcp->unacked_segments = 0;
	}
	size_t size = packet_build_tcp(segment, out, capacity);
	assert(size > 0);
	return size;
}

static size_t
build_reset(struct tcp *tcp, uint8_t *out, size_t capacity)
{
	struct packet_tcp segment = {
		.seq = tcp->reset_seq,
		.flags = tcp->reset_ack ? TCP_RST | TCP_ACK : TCP_RST,
	};

	tcp->reset_due = false;
	return build(tcp, &segment, out, capacity);
}

static size_t
build_syn(struct tcp *tcp, uint8_t *out, size_t capacity)
{
	bool answer = tcp->state == TCP_STATE_SYN_RECEIVED;
	uint8_t options[TCP_OPTIONS_MAX];
	struct packet_tcp segment = {
		.seq = tcp->iss,
		.flags = answer ? TCP_SYN | TCP_ACK : TCP_SYN,
		.window = announce_window(tcp, true),
		.options = options,
		.options_bytes = syn_options(tcp, answer, options),
	};

	return build(tcp, &segment, out, capacity);
}

/* An ACK with or without SACK blocks, at the sequence number of the offset. */
static size_t
build_ack(struct tcp *tcp, uint64_t offset, uint8_t *out, size_t capacity)
{
	uint8_t options[TCP_OPTIONS_MAX];
	struct packet_tcp segment = {
		.seq = tcp->iss + (uint32_t)offset,
		.flags = TCP_ACK,
		.window = announce_window(tcp, false),
		.options = options,
		.options_bytes = sack_option(tcp, options),
	};

	return build(tcp, &segment, out, capacity);
}

static void
fill_payload(const struct tcp_stream *stream, uint64_t offset, uint8_t *bytes,
	     size_t size)
{
	if (offset < stream->head_bytes) {
		size_t room = (size_t)(stream->head_bytes - offset);
		size_t count = size < room ? size : room;
		memcpy(bytes, stream->head + offset, count);
		bytes += count;
		offset += count;
		size -= count;
	}
	pattern_fill(stream->seed, offset, bytes, size);
}

static size_t
build_data(struct tcp *tcp, const struct tcp_choice *choice, uint8_t *out,
	   size_t capacity)
{
	uint8_t payload[TCP_MTU_MAX];
	uint8_t options[TCP_OPTIONS_MAX];
	bool last = choice->offset + choice->length == 1 + tcp->send.bytes;
	struct packet_tcp segment = {
		.seq = tcp->iss + (uint32_t)choice->offset,
		.flags = (uint8_t)(TCP_ACK | (choice->fin ? TCP_FIN : 0) |
				   (last && choice->length > 0 ? TCP_PSH : 0)),
		.window = announce_window(tcp, false),
		.options = options,
		.payload = payload,
		.payload_bytes = choice->length,
	};

	/* SACK blocks only where they leave the payload its room. */
	if (choice->length + TCP_OPTIONS_MAX <= tcp->mss)
		segment.options_bytes = sack_option(tcp, options);
	fill_payload(&tcp->send, choice->offset - 1, payload, choice->length);
	return build(tcp, &segment, out, capacity);
}

/* RFC 5681, 4.1: after an idle time the old window means nothing. */
static void
restart_after_idle(struct tcp *tcp, struct instant now)
{
	uint64_t most = (uint64_t)tcp->settings->initial_segments * tcp->mss;

	if (tcp->una == tcp->max && tcp->max > 1 && tcp->cwnd > most &&
	    instant_distance_ns(tcp->sent_at, now) > tcp->rto_ns)
		tcp->cwnd = most;
}

static bool
sends(enum tcp_state state)
{
	return state == TCP_STATE_ESTABLISHED || state == TCP_STATE_CLOSE_WAIT;
}

/* Data wait, nothing is out and nothing may go: the window is closed. */
static void
persist(struct tcp *tcp, struct instant now)
{
	if (tcp->una == tcp->max && tcp->nxt < tcp_send_end(tcp) &&
	    tcp->retransmit_at.ns == INT64_MAX &&
	    (sends(tcp->state) || tcp->state == TCP_STATE_FIN_WAIT_1 ||
	     tcp->state == TCP_STATE_LAST_ACK))
		tcp->retransmit_at = instant_after(now, tcp->rto_ns);
}

size_t
tcp_output(struct tcp *tcp, struct instant now, uint8_t *out, size_t capacity)
{
	assert(capacity >= tcp->settings->mtu_bytes);

	if (tcp->reset_due)
		return build_reset(tcp, out, capacity);
	if (tcp->state == TCP_STATE_CLOSED)
		return 0;
	restart_after_idle(tcp, now);
	struct tcp_choice choice = tcp_choose(tcp);
	if (choice.some) {
		tcp_sent(tcp, now, &choice);
		return choice.syn ? build_syn(tcp, out, capacity)
				  : build_data(tcp, &choice, out, capacity);
	}
	if (tcp->probe_due) {
		tcp->probe_due = false;
		return build_ack(tcp, tcp->una - 1, out, capacity);
	}
	if (tcp->ack_due)
		return build_ack(tcp, tcp->max, out, capacity);
	persist(tcp, now);
	return 0;
}
