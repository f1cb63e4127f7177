/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp_send.c - the sending half: acknowledgements, congestion, timers
 *
 * One rule decides whether a segment may go: it must fit between `pipe`, the
 * bytes believed to be in the network, and cwnd. What differs is how pipe is
 * known:
 *
 *	in order	nxt - una, less what SACK says has arrived
 *	SACK recovery	also less what SACK says is lost and was not yet sent
 *			again (RFC 6675, section 4)
 *	NewReno		nxt - una; cwnd is inflated by each duplicate instead
 *			(RFC 6582)
 *
 * Lost is what has three SACKed islands or more than two segments of SACKed
 * bytes above it (RFC 6675, IsLost); everything below something lost is lost.
 *
 * After a timeout nxt goes back to una and the stream is sent again from
 * there in slow start, but over what SACK has reported, as Linux does.
 */
#include <string.h>

#include "core/wire/tcp.h"
#include "sim/host/tcp.h"

#define DUPLICATES_LOST	 3
#define INITIAL_BYTES	 14600 /* RFC 6928 */
#define CLOCK_GRANULE_NS 1

uint64_t
tcp_send_end(const struct tcp *tcp)
{
	return 1 + tcp->send.bytes + (tcp->send.finished ? 1 : 0);
}

static uint64_t
initial_window(const struct tcp *tcp)
{
	uint64_t segments = (uint64_t)tcp->settings->initial_segments;
	uint64_t cap = 2ull * tcp->mss > INITIAL_BYTES ? 2ull * tcp->mss
						       : INITIAL_BYTES;

	return segments * tcp->mss < cap ? segments * tcp->mss : cap;
}

void
tcp_sender_start(struct tcp *tcp)
{
	tcp->cwnd = initial_window(tcp);
	tcp->ssthresh = UINT64_MAX;
}

/* Everything below this offset that is not SACKed is lost. */
static uint64_t
loss_edge(const struct tcp *tcp)
{
	uint64_t bytes = 0;
	uint32_t islands = 0;

	for (uint32_t i = tcp->sacked.count; i-- > 0;) {
		const struct range *item = &tcp->sacked.items[i];
		bytes += item->end - item->start;
		islands++;
		if (islands >= DUPLICATES_LOST ||
		    bytes > (DUPLICATES_LOST - 1ull) * tcp->mss)
			return item->start;
	}
	return 0;
}

/* Bytes believed to be in the network. */
static uint64_t
pipe_bytes(const struct tcp *tcp)
{
	uint64_t pipe = tcp->nxt - tcp->una;

	if (tcp->sacked.count == 0)
		return pipe;
	pipe -= ranges_covered(&tcp->sacked, tcp->una, tcp->nxt);
	if (!tcp->recovery)
		return pipe;
	uint64_t from = tcp->sent_again > tcp->una ? tcp->sent_again : tcp->una;
	uint64_t edge = loss_edge(tcp);
	if (edge > from)
		pipe -= edge - from - ranges_covered(&tcp->sacked, from, edge);
	return pipe;
}

/* RFC 6298 with Linux's floor under the variance term. */
static void
rto_from_sample(struct tcp *tcp)
{
	int64_t variance = 4 * tcp->rttvar_ns;

	if (tcp->srtt_ns == 0)
		return;
	if (variance < tcp->settings->rto_min_ns)
		variance = tcp->settings->rto_min_ns;
	tcp->rto_ns = tcp->srtt_ns + variance;
	if (tcp->rto_ns > tcp->settings->rto_max_ns)
		tcp->rto_ns = tcp->settings->rto_max_ns;
}

static void
take_sample(struct tcp *tcp, int64_t rtt_ns)
{
	if (rtt_ns < CLOCK_GRANULE_NS)
		rtt_ns = CLOCK_GRANULE_NS;
	if (tcp->srtt_ns == 0) {
		tcp->srtt_ns = rtt_ns;
		tcp->rttvar_ns = rtt_ns / 2;
		return;
	}
	int64_t error = tcp->srtt_ns - rtt_ns;
	if (error < 0)
		error = -error;
	tcp->rttvar_ns += (error - tcp->rttvar_ns) / 4;
	tcp->srtt_ns += (rtt_ns - tcp->srtt_ns) / 8;
}

static void
back_off(struct tcp *tcp)
{
	tcp->rto_ns *= 2;
	if (tcp->rto_ns > tcp->settings->rto_max_ns)
		tcp->rto_ns = tcp->settings->rto_max_ns;
}

/* SACK blocks (RFC 2018) into the scoreboard; bytes that are news. */
static uint64_t
take_sack(struct tcp *tcp, const uint8_t *bytes, const struct packet *packet)
{
	const uint8_t *at = bytes + packet->l4_offset + TCP_HEADER_MIN;
	const uint8_t *end =
		bytes + packet->l4_offset + packet->tcp_header_bytes;
	uint64_t news = 0;

	while (at < end && *at != TCP_OPTION_END) {
		if (*at == TCP_OPTION_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || end - at < at[1])
			break;
		for (unsigned i = 2; at[0] == TCP_OPTION_SACK && i + 8 <= at[1];
		     i += 8) {
			uint32_t base = tcp->iss + (uint32_t)tcp->una;
			uint64_t low = tcp->una + (wire_get32(at + i) - base);
			uint64_t high =
				tcp->una + (wire_get32(at + i + 4) - base);
			/* Older than una wraps far beyond max: refused. */
			if (low >= high || high > tcp->max)
				continue;
			uint64_t had = ranges_covered(&tcp->sacked, low, high);
			if (ranges_add(&tcp->sacked, low, high))
				news += high - low - had;
		}
		at += at[1];
	}
	return news;
}

static void
enter_recovery(struct tcp *tcp)
{
	uint64_t flight = tcp->max - tcp->una;

	tcp->ssthresh =
		flight / 2 > 2ull * tcp->mss ? flight / 2 : 2ull * tcp->mss;
	tcp->cwnd = tcp->ssthresh;
	if (!tcp->sack)
		tcp->cwnd += (uint64_t)DUPLICATES_LOST * tcp->mss;
	tcp->recovery = true;
	tcp->recover = tcp->max;
	tcp->sent_again = tcp->una;
	tcp->nxt = tcp->max;
	tcp->force = true;
	tcp->timed = false;
	tcp->counters.recoveries++;
}

/* RFC 5681, 3.2; RFC 6675, 5; RFC 6582, 3.2 step 1. */
static void
duplicate(struct tcp *tcp)
{
	tcp->duplicates++;
	if (tcp->recovery) {
		if (!tcp->sack)
			tcp->cwnd += tcp->mss;
		return;
	}
	if (tcp->sack) {
		bool lost = tcp->duplicates >= DUPLICATES_LOST ||
			    loss_edge(tcp) > tcp->una;
		if (lost && tcp->una >= tcp->recover)
			enter_recovery(tcp);
	} else if (tcp->duplicates == DUPLICATES_LOST &&
		   tcp->una > tcp->recover) {
		enter_recovery(tcp);
	}
}

/* Slow start and avoidance by bytes (RFC 3465, L = 2), only while cwnd and
 * not the application is what holds us back (RFC 7661, as Linux does). */
static void
grow(struct tcp *tcp, uint64_t acked)
{
	if (!tcp->cwnd_limited)
		return;
	if (tcp->cwnd < tcp->ssthresh) {
		uint64_t most = 2ull * tcp->mss;
		tcp->cwnd += acked < most ? acked : most;
		return;
	}
	tcp->cwnd_acked += acked;
	if (tcp->cwnd_acked >= tcp->cwnd) {
		tcp->cwnd_acked -= tcp->cwnd;
		tcp->cwnd += tcp->mss;
	}
}

static void
progress_in_recovery(struct tcp *tcp, uint64_t acked)
{
	if (tcp->una >= tcp->recover) {
		uint64_t flight = tcp->max - tcp->una;
		uint64_t floor =
			(flight > tcp->mss ? flight : tcp->mss) + tcp->mss;
		tcp->recovery = false;
		tcp->duplicates = 0;
		tcp->cwnd = tcp->ssthresh;
		if (!tcp->sack && floor < tcp->cwnd)
			tcp->cwnd = floor;
		return;
	}
	/* Partial: what follows it is lost as well, unless on its way again. */
	if (!tcp->sack) {
		tcp->cwnd -= acked < tcp->cwnd ? acked : tcp->cwnd;
		tcp->cwnd += tcp->mss;
		tcp->force = true;
	} else if (tcp->una >= tcp->sent_again) {
		tcp->force = true;
	}
}

static void
acknowledge_new(struct tcp *tcp, struct instant now, uint64_t ack)
{
	uint64_t acked = ack - tcp->una;

	tcp->una = ack;
	if (tcp->nxt < ack)
		tcp->nxt = ack;
	ranges_drop_below(&tcp->sacked, ack);
	if (tcp->timed && ack >= tcp->timed_end) {
		take_sample(tcp, instant_distance_ns(tcp->timed_at, now));
		tcp->timed = false;
	}
	tcp->attempts = 0;
	rto_from_sample(tcp);
	if (tcp->recovery) {
		progress_in_recovery(tcp, acked);
	} else {
		tcp->duplicates = 0;
		grow(tcp, acked);
	}
	tcp->retransmit_at = ack == tcp->max ? INSTANT_NEVER
					     : instant_after(now, tcp->rto_ns);
}

/* RFC 9293, 3.10.7.4: only a newer segment may change the window. */
static bool
take_window(struct tcp *tcp, const struct packet *packet, uint64_t ack,
	    uint64_t seq)
{
	uint64_t window = (uint64_t)packet->tcp_window << tcp->peer_scale;
	bool newer = tcp->window_seq < seq ||
		     (tcp->window_seq == seq && tcp->window_ack <= ack);

	if (!newer || ack < tcp->una)
		return false;
	bool changed = tcp->window_edge != ack + window;
	if (ack == tcp->una && tcp->una == tcp->max && changed) {
		/* It may have been closed: end the probing. */
		tcp->retransmit_at = INSTANT_NEVER;
		rto_from_sample(tcp);
	}
	tcp->window_edge = ack + window;
	tcp->window_seq = seq;
	tcp->window_ack = ack;
	if (window > tcp->window_max)
		tcp->window_max = window;
	return changed;
}

void
tcp_acknowledge(struct tcp *tcp, struct instant now, const uint8_t *bytes,
		const struct packet *packet, uint64_t ack, uint64_t seq)
{
	bool changed = take_window(tcp, packet, ack, seq);
	uint64_t news = tcp->sack ? take_sack(tcp, bytes, packet) : 0;

	if (ack > tcp->una) {
		acknowledge_new(tcp, now, ack);
		return;
	}
	if (ack < tcp->una)
		return;
	if (tcp->una == tcp->max) {
		tcp->attempts = 0; /* the answer to a probe */
		return;
	}
	bool pure = packet->payload_bytes == 0 && !changed &&
		    !(packet->tcp_flags & TCP_FIN);
	if (tcp->sack ? news > 0 : pure)
		duplicate(tcp);
}

/* Length of a segment at the offset: to the next part that has arrived. */
static uint32_t
segment_length(const struct tcp *tcp, uint64_t offset, uint64_t limit)
{
	uint64_t next = ranges_next(&tcp->sacked, offset);
	uint64_t data_end = 1 + tcp->send.bytes;
	uint64_t end = next < data_end ? next : data_end;

	if (end > limit)
		end = limit;
	if (end <= offset)
		return 0;
	return end - offset < tcp->mss ? (uint32_t)(end - offset) : tcp->mss;
}

static struct tcp_choice
choice_at(const struct tcp *tcp, uint64_t offset, uint32_t length)
{
	return (struct tcp_choice){
		.some = true,
		.offset = offset,
		.length = length,
		.fin = tcp->send.finished &&
		       offset + length == 1 + tcp->send.bytes,
	};
}

/* Whatever the windows say: the first hole, or what a small window takes. */
static struct tcp_choice
choose_forced(const struct tcp *tcp)
{
	uint64_t limit = tcp->una < tcp->max ? tcp->max : tcp->window_edge;
	uint32_t length = segment_length(tcp, tcp->una, limit);
	struct tcp_choice choice = choice_at(tcp, tcp->una, length);

	choice.some = length > 0 || choice.fin;
	return choice;
}

/* From nxt on: sent again after a timeout, or new. */
static struct tcp_choice
choose_next(struct tcp *tcp)
{
	struct tcp_choice none = { .some = false };
	uint64_t data_end = 1 + tcp->send.bytes;

	if (tcp->nxt < tcp->max)
		tcp->nxt = ranges_skip(&tcp->sacked, tcp->nxt);
	if (tcp->nxt >= tcp_send_end(tcp))
		return none;

	uint32_t length = segment_length(tcp, tcp->nxt, tcp->window_edge);
	bool last = tcp->nxt + length == data_end;
	bool fin = last && tcp->send.finished;
	if (length == 0 && !fin)
		return none;
	/* Silly window avoidance, RFC 9293 section 3.8.6.2.1. */
	if (length < tcp->mss && !last && tcp->nxt >= tcp->max &&
	    length < tcp->window_max / 2)
		return none;
	uint64_t pipe = pipe_bytes(tcp);
	if (pipe > 0 && pipe + length > tcp->cwnd) {
		tcp->cwnd_limited = true;
		return none;
	}
	return choice_at(tcp, tcp->nxt, length);
}

/* SACK recovery: the first hole that is lost and not yet sent again. */
static struct tcp_choice
choose_hole(const struct tcp *tcp)
{
	struct tcp_choice none = { .some = false };
	uint64_t from = tcp->sent_again > tcp->una ? tcp->sent_again : tcp->una;
	uint64_t hole = ranges_skip(&tcp->sacked, from);

	if (hole >= loss_edge(tcp))
		return none;
	uint32_t length = segment_length(tcp, hole, tcp->max);
	if (pipe_bytes(tcp) + length > tcp->cwnd)
		return none;
	return choice_at(tcp, hole, length);
}

struct tcp_choice
tcp_choose(struct tcp *tcp)
{
	struct tcp_choice choice = { .some = false };

	switch (tcp->state) {
	case TCP_STATE_SYN_SENT:
	case TCP_STATE_SYN_RECEIVED:
		choice.some = choice.syn = tcp->nxt == 0;
		return choice;
	case TCP_STATE_CLOSED:
	case TCP_STATE_FIN_WAIT_2:
	case TCP_STATE_TIME_WAIT:
		return choice;
	default:
		break;
	}
	if (tcp->force && tcp->una < tcp_send_end(tcp))
		return choose_forced(tcp);
	tcp->force = false;
	tcp->cwnd_limited = false;
	if (tcp->recovery && tcp->sack)
		choice = choose_hole(tcp);
	return choice.some ? choice : choose_next(tcp);
}

void
tcp_sent(struct tcp *tcp, struct instant now, const struct tcp_choice *choice)
{
	uint64_t end = choice->offset + choice->length +
		       (choice->syn || choice->fin ? 1 : 0);
	bool again = choice->offset < tcp->max;

	tcp->force = false;
	if (again) {
		if (tcp->timed && choice->offset < tcp->timed_end)
			tcp->timed = false; /* Karn */
		tcp->counters.bytes_sent_again += choice->length;
		if (tcp->recovery && end > tcp->sent_again)
			tcp->sent_again = end;
	} else if (!tcp->timed) {
		tcp->timed = true;
		tcp->timed_end = end;
		tcp->timed_at = now;
	}
	if (choice->offset <= tcp->nxt && end > tcp->nxt)
		tcp->nxt = end;
	if (end > tcp->max)
		tcp->max = end;
	tcp->sent_at = now;
	tcp->counters.segments++;
	if (tcp->retransmit_at.ns == INT64_MAX)
		tcp->retransmit_at = instant_after(now, tcp->rto_ns);
}

static void
timeout_of_data(struct tcp *tcp)
{
	uint64_t flight = tcp->max - tcp->una;

	/* Once for a loss, however often it is sent (RFC 5681, 3.1). */
	if (tcp->attempts == 1)
		tcp->ssthresh = flight / 2 > 2ull * tcp->mss ? flight / 2
							     : 2ull * tcp->mss;
	tcp->cwnd = tcp->mss;
	tcp->cwnd_acked = 0;
	tcp->recovery = false;
	tcp->duplicates = 0;
	tcp->recover = tcp->max;
	tcp->nxt = tcp->una;
	tcp->force = true;
	tcp->timed = false;
	tcp->counters.timeouts++;
}

void
tcp_retransmit_expire(struct tcp *tcp, struct instant now)
{
	bool handshake = tcp->state == TCP_STATE_SYN_SENT ||
			 tcp->state == TCP_STATE_SYN_RECEIVED;
	uint32_t most =
		handshake ? tcp->settings->syn_retries : tcp->settings->retries;

	if (!handshake && tcp->una == tcp_send_end(tcp))
		return;
	if (tcp->attempts >= most) {
		tcp->error = TCP_ERROR_TIMEOUT;
		return;
	}
	tcp->attempts++;
	back_off(tcp);
	if (handshake) {
		tcp->nxt = 0;
		tcp->timed = false;
	} else if (tcp->una < tcp->max) {
		timeout_of_data(tcp);
	} else if (tcp->window_edge > tcp->una) {
		tcp->force = true; /* waited long enough for a better window */
	} else {
		tcp->probe_due = true;
		tcp->counters.probes++;
	}
	tcp->retransmit_at = instant_after(now, tcp->rto_ns);
}

void
tcp_too_big(struct tcp *tcp, uint32_t seq, uint32_t mtu_bytes)
{
	bool ip4 = tcp->names.local.family == 4;
	uint32_t headers = ip4 ? 40 : 60;
	uint32_t in_flight = seq - (tcp->iss + (uint32_t)tcp->una);

	/* Only about something that we really have out (RFC 5927), and not
	 * below Linux's floor or IPv6's minimum. */
	if (in_flight >= tcp->max - tcp->una)
		return;
	if (mtu_bytes < (ip4 ? 552u : 1280u))
		mtu_bytes = ip4 ? 552 : 1280;
	if (mtu_bytes - headers >= tcp->mss)
		return;
	tcp->mss = mtu_bytes - headers;
	tcp->nxt = tcp->una;
	tcp->recover = tcp->max;
	tcp->recovery = false;
	tcp->timed = false;
}
