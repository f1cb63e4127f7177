/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp_test.c - exact times and answers of one TCP end, the other played by
 * hand; tcp_link_test.c lets two ends talk
 */
#include <string.h>

#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "sim/host/tcp.h"
#include "sim/model/pattern.h"

#define PEER_ISS 5000u
#define OUR_ISS	 0xfffffffeu /* wraps in the handshake */
#define SEED	 77u

static struct tcp_settings settings;
static struct instant now;

static struct packet last; /* what output() made last */

static size_t
output(struct tcp *tcp)
{
	static uint8_t out[2048];
	size_t size = tcp_output(tcp, now, out, sizeof(out));

	if (size > 0)
		CHECK(packet_parse(out, size, &last) == DROP_NONE);
	return size;
}

static uint32_t
output_all(struct tcp *tcp)
{
	uint32_t count = 0;

	while (output(tcp) > 0)
		count++;
	return count;
}

struct segment {
	uint32_t seq, ack; /* relative: peer's and our offsets */
	uint8_t flags;
	uint16_t window;
	uint32_t payload;
	uint32_t sack_low, sack_high;
};

static void
hear(struct tcp *tcp, const struct segment *segment)
{
	uint8_t payload[1460], out[2048], options[TCP_OPTIONS_MAX];
	struct packet_tcp build = {
		.ip = { .src = tcp->names.remote,
			.dst = tcp->names.local,
			.ttl = 64,
			.df = true },
		.src_port = tcp->names.remote_port,
		.dst_port = tcp->names.local_port,
		.seq = PEER_ISS + segment->seq,
		.ack = OUR_ISS + segment->ack,
		.flags = segment->flags,
		.window = segment->window,
		.options = options,
		.payload = payload,
		.payload_bytes = segment->payload,
	};
	struct packet packet;

	if (segment->flags & TCP_SYN) {
		struct tcp_options syn = { .has_mss = true,
					   .mss = 1000,
					   .sack_permitted = true };
		build.options_bytes = tcp_options_build(options, &syn);
	}
	if (segment->sack_high > 0) {
		options[0] = options[1] = TCP_OPTION_NOP;
		options[2] = TCP_OPTION_SACK;
		options[3] = 10;
		wire_put32(options + 4, OUR_ISS + segment->sack_low);
		wire_put32(options + 8, OUR_ISS + segment->sack_high);
		build.options_bytes = 12;
	}
	if (segment->seq > 0)
		pattern_fill(SEED, segment->seq - 1, payload, segment->payload);
	size_t size = packet_build_tcp(&build, out, sizeof(out));
	CHECK(packet_parse(out, size, &packet) == DROP_NONE);
	tcp_receive(tcp, now, out, &packet);
}

static void
begin(struct tcp *tcp)
{
	uint8_t a[4] = { 20, 1, 0, 1 }, b[4] = { 192, 168, 0, 1 };
	struct tcp_names names = { address_ip4(a), address_ip4(b), 40000, 80 };

	now = (struct instant){ 0 };
	tcp_connect(tcp, &settings, &names, OUR_ISS);
	tcp_expect_seed(tcp, SEED);
	CHECK(output(tcp) > 0 && last.tcp_flags == TCP_SYN);
}

/* An established connection with this round trip; MSS 1000. */
static void
establish(struct tcp *tcp, int64_t rtt_ns, uint16_t window)
{
	struct segment answer = { .ack = 1,
				  .flags = TCP_SYN | TCP_ACK,
				  .window = window };

	begin(tcp);
	now = instant_after(now, rtt_ns);
	hear(tcp, &answer);
	CHECK(tcp->state == TCP_STATE_ESTABLISHED);
	CHECK(output(tcp) > 0 && last.tcp_flags == TCP_ACK);
	CHECK(output(tcp) == 0);
}

static void
test_syn_times(void)
{
	static const int64_t sent_s[] = { 1, 3, 7, 15, 31, 63 };
	struct tcp tcp;

	begin(&tcp);
	for (unsigned i = 0; i < 6; i++) {
		CHECK(output(&tcp) == 0);
		now = tcp_deadline(&tcp);
		CHECK(now.ns == sent_s[i] * NS_PER_S);
		tcp_expire(&tcp, now);
		CHECK(output(&tcp) > 0 && last.tcp_flags == TCP_SYN);
	}
	now = tcp_deadline(&tcp);
	CHECK(now.ns == 127 * NS_PER_S);
	tcp_expire(&tcp, now);
	CHECK(tcp.error == TCP_ERROR_TIMEOUT);
	CHECK(tcp.state == TCP_STATE_CLOSED && output(&tcp) == 0);
}

/* Round trip 10 ms: 10 + max(200, 4 * 5) = 210 ms, doubled to 120 s. */
static void
test_data_times(void)
{
	struct tcp tcp;
	int64_t rto_ms = 210, at_ms = 10;

	establish(&tcp, 10 * NS_PER_MS, 60000);
	tcp_write(&tcp, 500);
	CHECK(output_all(&tcp) == 1);
	for (unsigned i = 0; i < 15; i++) {
		at_ms += rto_ms;
		rto_ms = rto_ms * 2 < 120000 ? rto_ms * 2 : 120000;
		now = tcp_deadline(&tcp);
		CHECK(now.ns == at_ms * NS_PER_MS);
		tcp_expire(&tcp, now);
		CHECK(output(&tcp) > 0);
		CHECK(last.tcp_seq == OUR_ISS + 1 && last.payload_bytes == 500);
		CHECK(output(&tcp) == 0);
	}
	now = tcp_deadline(&tcp);
	CHECK(now.ns == (at_ms + rto_ms) * NS_PER_MS);
	tcp_expire(&tcp, now);
	CHECK(tcp.error == TCP_ERROR_TIMEOUT);
}

static void
test_late_handshake(void)
{
	struct segment answer = { .ack = 1,
				  .flags = TCP_SYN | TCP_ACK,
				  .window = 60000 };
	struct tcp tcp;

	begin(&tcp);
	now = tcp_deadline(&tcp);
	tcp_expire(&tcp, now);
	CHECK(output_all(&tcp) == 1);
	now = instant_after(now, 10 * NS_PER_MS);
	hear(&tcp, &answer);
	tcp_write(&tcp, 5000);
	/* RFC 6298, 5.7 and RFC 5681, 3.1: 3 s, one segment. */
	CHECK(tcp.rto_ns == 3 * NS_PER_S);
	CHECK(output_all(&tcp) == 1);
}

static void
test_rto(void)
{
	static const struct {
		const char *sentence;
		int64_t samples_ms[4]; /* first: the handshake's */
		int64_t rto_us;
	} rows[] = {
		{ "the variance term has a floor", { 10 }, 210000 },
		{ "a long first sample: 3 R", { 400 }, 1200000 },
		{ "an equal sample shrinks the variance",
		  { 400, 400 },
		  400000 + 600000 },
		{ "srtt moves by an eighth", { 100, 180 }, 110000 + 230000 },
		{ "two more", { 100, 100, 100, 20 }, 90000 + 200000 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tcp tcp;
		uint32_t acked = 1;

		establish(&tcp, rows[i].samples_ms[0] * NS_PER_MS, 60000);
		for (unsigned s = 1; s < 4 && rows[i].samples_ms[s] > 0; s++) {
			tcp_write(&tcp, 100);
			CHECK(output_all(&tcp) == 1);
			acked += 100;
			now = instant_after(now,
					    rows[i].samples_ms[s] * NS_PER_MS);
			hear(&tcp, &(struct segment){ .seq = 1,
						      .ack = acked,
						      .flags = TCP_ACK,
						      .window = 60000 });
		}
		CHECK_ROW(tcp.rto_ns == rows[i].rto_us * NS_PER_US,
			  rows[i].sentence);
	}
}

static void
test_reset(void)
{
	enum {
		CLOSES,
		CHALLENGED,
		IGNORED
	};
	static const struct {
		const char *sentence;
		uint32_t seq; /* the next expected is 1 */
		uint8_t flags;
		int what;
	} rows[] = {
		{ "an exact RST closes", 1, TCP_RST, CLOSES },
		{ "with ACK too", 1, TCP_RST | TCP_ACK, CLOSES },
		{ "in the window but not exact: challenge", 2, TCP_RST,
		  CHALLENGED },
		{ "at the window's end: challenge", 60000, TCP_RST,
		  CHALLENGED },
		{ "beyond the window: nothing", 3000000, TCP_RST, IGNORED },
		{ "old: nothing", 0, TCP_RST, IGNORED },
		{ "a SYN in the window: challenge", 100, TCP_SYN, CHALLENGED },
		{ "the old SYN: an ACK", 0, TCP_SYN, CHALLENGED },
		{ "no ACK flag: nothing", 1, TCP_PSH, IGNORED },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tcp tcp;
		struct segment segment = { .seq = rows[i].seq,
					   .ack = 1,
					   .flags = rows[i].flags,
					   .window = 60000 };

		establish(&tcp, 10 * NS_PER_MS, 60000);
		hear(&tcp, &segment);
		if (rows[i].what == CLOSES) {
			CHECK_ROW(tcp.state == TCP_STATE_CLOSED &&
					  tcp.error == TCP_ERROR_RESET,
				  rows[i].sentence);
			CHECK_ROW(output(&tcp) == 0, rows[i].sentence);
			continue;
		}
		CHECK_ROW(tcp.state == TCP_STATE_ESTABLISHED, rows[i].sentence);
		size_t size = output(&tcp);
		CHECK_ROW((size > 0) == (rows[i].what == CHALLENGED),
			  rows[i].sentence);
		if (size > 0)
			CHECK_ROW(last.tcp_flags == TCP_ACK &&
					  last.tcp_ack == PEER_ISS + 1,
				  rows[i].sentence);
	}
}

static void
test_syn_sent(void)
{
	struct tcp tcp;

	begin(&tcp);
	hear(&tcp, &(struct segment){ .ack = 9, .flags = TCP_ACK });
	CHECK(output(&tcp) > 0 && last.tcp_flags == TCP_RST);
	CHECK(last.tcp_seq == OUR_ISS + 9);
	hear(&tcp, &(struct segment){ .ack = 9, .flags = TCP_ACK | TCP_RST });
	hear(&tcp, &(struct segment){ .flags = TCP_RST });
	CHECK(tcp.state == TCP_STATE_SYN_SENT && output(&tcp) == 0);
	hear(&tcp, &(struct segment){ .ack = 1, .flags = TCP_ACK | TCP_RST });
	CHECK(tcp.state == TCP_STATE_CLOSED);
	CHECK(tcp.error == TCP_ERROR_REFUSED);
}

/* Ten segments out, the first is lost, the others are acknowledged. */
static void
test_fast_retransmit(bool sack)
{
	struct tcp tcp;

	settings.sack = sack;
	establish(&tcp, 10 * NS_PER_MS, 60000);
	tcp_write(&tcp, 100000);
	CHECK(output_all(&tcp) == 10);
	now = instant_after(now, 10 * NS_PER_MS);
	for (uint32_t i = 1; i <= 3; i++) {
		struct segment dup = {
			.seq = 1, .ack = 1, .flags = TCP_ACK, .window = 60000
		};
		if (sack) {
			dup.sack_low = 1001;
			dup.sack_high = 1001 + i * 1000;
		}
		hear(&tcp, &dup);
		CHECK(tcp.recovery == (i == 3));
		if (i < 3) /* limited transmit comes free with SACK's pipe */
			CHECK(output_all(&tcp) == (sack ? 1 : 0));
	}
	CHECK(output(&tcp) > 0);
	CHECK(last.tcp_seq == OUR_ISS + 1 && last.payload_bytes == 1000);
	CHECK(tcp.ssthresh == (sack ? 6000 : 5000));
	CHECK(tcp.cwnd == tcp.ssthresh + (sack ? 0 : 3000));
	CHECK(tcp.counters.timeouts == 0 && tcp.counters.recoveries == 1);
	/* All arrived: recovery ends, cwnd is half of what it was. */
	hear(&tcp, &(struct segment){ .seq = 1,
				      .ack = (uint32_t)tcp.max,
				      .flags = TCP_ACK,
				      .window = 60000 });
	CHECK(!tcp.recovery);
	CHECK(tcp.cwnd == (sack ? 6000 : 2000));
	settings.sack = true;
}

static void
test_delayed_ack(void)
{
	struct tcp tcp;
	struct segment data = { .seq = 1,
				.ack = 1,
				.flags = TCP_ACK,
				.window = 60000,
				.payload = 1000 };

	establish(&tcp, 10 * NS_PER_MS, 60000);
	hear(&tcp, &data);
	CHECK(output(&tcp) == 0);
	CHECK(tcp_deadline(&tcp).ns == now.ns + 40 * NS_PER_MS);
	now = tcp_deadline(&tcp);
	tcp_expire(&tcp, now);
	CHECK(output(&tcp) > 0 && last.tcp_ack == PEER_ISS + 1001);
	data.seq = 1001;
	hear(&tcp, &data);
	CHECK(output(&tcp) == 0);
	data.seq = 2001;
	hear(&tcp, &data);
	CHECK(output(&tcp) > 0 && last.tcp_ack == PEER_ISS + 3001);
	/* A hole: at once, with a SACK block; and when it is filled. */
	data.seq = 4001;
	hear(&tcp, &data);
	CHECK(output(&tcp) > 0 && last.tcp_ack == PEER_ISS + 3001);
	CHECK(last.tcp_header_bytes == 32);
	data.seq = 3001;
	hear(&tcp, &data);
	CHECK(output(&tcp) > 0 && last.tcp_ack == PEER_ISS + 5001);
	CHECK(!tcp.corrupt && tcp.receive.bytes == 5000);
}

static void
test_zero_window(void)
{
	struct tcp tcp;

	establish(&tcp, 10 * NS_PER_MS, 1000);
	tcp_write(&tcp, 5000);
	CHECK(output_all(&tcp) == 1);
	hear(&tcp,
	     &(struct segment){
		     .seq = 1, .ack = 1001, .flags = TCP_ACK, .window = 0 });
	int64_t rto = tcp.rto_ns;
	for (unsigned i = 0; i < 20; i++) {
		CHECK(output(&tcp) == 0);
		CHECK(tcp_deadline(&tcp).ns == now.ns + rto);
		now = tcp_deadline(&tcp);
		tcp_expire(&tcp, now);
		CHECK(output(&tcp) > 0 && last.tcp_seq == OUR_ISS + 1000);
		CHECK(last.payload_bytes == 0);
		rto = rto * 2 < 120 * NS_PER_S ? rto * 2 : 120 * NS_PER_S;
		hear(&tcp, &(struct segment){ .seq = 1,
					      .ack = 1001,
					      .flags = TCP_ACK,
					      .window = 0 });
	}
	hear(&tcp,
	     &(struct segment){
		     .seq = 1, .ack = 1001, .flags = TCP_ACK, .window = 2000 });
	CHECK(output_all(&tcp) == 2);
	CHECK(tcp_deadline(&tcp).ns == now.ns + tcp.rto_ns);
	CHECK(tcp.rto_ns < NS_PER_S);
}

static void
test_too_big(void)
{
	struct tcp tcp;

	establish(&tcp, 10 * NS_PER_MS, 60000);
	tcp_write(&tcp, 3000);
	CHECK(output_all(&tcp) == 3);
	tcp_too_big(&tcp, OUR_ISS + 9000, 800); /* never sent */
	CHECK(output(&tcp) == 0 && tcp.mss == 1000);
	tcp_too_big(&tcp, OUR_ISS + 1001, 800);
	CHECK(output(&tcp) > 0);
	CHECK(last.tcp_seq == OUR_ISS + 1 && last.payload_bytes == 760);
	tcp_too_big(&tcp, OUR_ISS + 1, 68); /* a lie: not below the floor */
	CHECK(tcp.mss == 512);
}

static void
test_close(void)
{
	struct tcp tcp;

	/* We close first: FIN, its ACK, their FIN, TIME_WAIT 60 s. */
	establish(&tcp, 10 * NS_PER_MS, 60000);
	tcp_finish(&tcp);
	CHECK(output(&tcp) > 0 && last.tcp_flags == (TCP_FIN | TCP_ACK));
	hear(&tcp,
	     &(struct segment){
		     .seq = 1, .ack = 2, .flags = TCP_ACK, .window = 60000 });
	CHECK(tcp.state == TCP_STATE_FIN_WAIT_2);
	hear(&tcp, &(struct segment){ .seq = 1,
				      .ack = 2,
				      .flags = TCP_ACK | TCP_FIN,
				      .window = 60000 });
	CHECK(tcp.state == TCP_STATE_TIME_WAIT && tcp_completed(&tcp));
	CHECK(output(&tcp) > 0 && last.tcp_ack == PEER_ISS + 2);
	now = instant_after(now, 30 * NS_PER_S);
	hear(&tcp, &(struct segment){ .seq = 1,
				      .ack = 2,
				      .flags = TCP_ACK | TCP_FIN,
				      .window = 60000 });
	CHECK(output(&tcp) > 0 && last.tcp_ack == PEER_ISS + 2);
	CHECK(tcp_deadline(&tcp).ns == now.ns + 60 * NS_PER_S);
	now = tcp_deadline(&tcp);
	tcp_expire(&tcp, now);
	CHECK(tcp.state == TCP_STATE_CLOSED && tcp.error == TCP_ERROR_NONE);

	/* They close first: CLOSE_WAIT, LAST_ACK, closed. */
	establish(&tcp, 10 * NS_PER_MS, 60000);
	hear(&tcp, &(struct segment){ .seq = 1,
				      .ack = 1,
				      .flags = TCP_ACK | TCP_FIN,
				      .window = 60000 });
	CHECK(tcp.state == TCP_STATE_CLOSE_WAIT);
	tcp_finish(&tcp);
	CHECK(output(&tcp) > 0 && last.tcp_flags == (TCP_FIN | TCP_ACK));
	hear(&tcp,
	     &(struct segment){
		     .seq = 2, .ack = 2, .flags = TCP_ACK, .window = 60000 });
	CHECK(tcp.state == TCP_STATE_CLOSED && tcp_completed(&tcp));

	/* We give up: a RST at what would be sent next. */
	establish(&tcp, 10 * NS_PER_MS, 60000);
	tcp_abort(&tcp);
	CHECK(output(&tcp) > 0 && last.tcp_flags == (TCP_RST | TCP_ACK));
	CHECK(last.tcp_seq == OUR_ISS + 1 && output(&tcp) == 0);
}

static void
test_corruption(void)
{
	struct tcp tcp;

	establish(&tcp, 10 * NS_PER_MS, 60000);
	tcp.receive.seed++;
	hear(&tcp, &(struct segment){ .seq = 1,
				      .ack = 1,
				      .flags = TCP_ACK,
				      .window = 60000,
				      .payload = 10 });
	CHECK(tcp.corrupt);
}

int
main(void)
{
	tcp_settings_default(&settings);
	test_syn_times();
	test_data_times();
	test_late_handshake();
	test_rto();
	test_reset();
	test_syn_sent();
	test_fast_retransmit(true);
	test_fast_retransmit(false);
	test_delayed_ack();
	test_zero_window();
	test_too_big();
	test_close();
	test_corruption();
	return check_done();
}
