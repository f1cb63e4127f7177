/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ownership_table.h - whose packet: one table, for tests only
 *
 * Numbers are relative to our first number and the client's, both 0 here;
 * moved() puts a socket where a test has them. The function is asked by
 * core/wire/ownership_test.c, the simulated TCP by sim/host/tcp_table_test.c,
 * the daemon by live/engine/whose_test.c, and the kernel's programs by
 * live/kernel/whose_test.c, with real sockets.
 */
#ifndef CORE_TEST_OWNERSHIP_TABLE_H
#define CORE_TEST_OWNERSHIP_TABLE_H

#include "core/wire/ownership.h"

#define MIB	(UINT32_C(1) << 20)
#define HALF	(UINT32_C(1) << 31)
#define WINDOW	(16 * MIB) /* W of most sockets below */
#define LARGEST (UINT32_C(65535) << 14) /* a window, RFC 7323 */

static const struct ownership_socket request = {
	.state = OWNERSHIP_REQUEST,
};
/* The SYN had 100 bytes, of which all were taken; 3,000 were answered. */
static const struct ownership_socket fast_open = {
	.state = OWNERSHIP_FAST_OPEN,
	.snd_nxt = 3001,
	.rcv_nxt = 101,
};
/* 500 bytes came, 3,000 were sent, of which 1,000 are acknowledged. */
static const struct ownership_socket open_ = {
	.state = OWNERSHIP_OPEN,
	.snd_una = 1001,
	.snd_nxt = 3001,
	.rcv_nxt = 501,
	.rcv_wnd = 65535,
	.max_window = 65535,
};
static const struct ownership_socket wide = {
	.state = OWNERSHIP_OPEN,
	.snd_una = 1001,
	.snd_nxt = 3001,
	.rcv_nxt = 501,
	.rcv_wnd = 65535,
	.max_window = 12 * MIB,
};
static const struct ownership_socket widest = {
	.state = OWNERSHIP_OPEN,
	.snd_una = 1001,
	.snd_nxt = 3001,
	.rcv_nxt = 501,
	.rcv_wnd = LARGEST,
};
/* No kernel's numbers. */
static const struct ownership_socket absurd = {
	.state = OWNERSHIP_OPEN,
	.snd_una = 3001,
	.snd_nxt = 1001,
	.rcv_nxt = 501,
	.rcv_wnd = UINT32_MAX,
};
/* Both FINs are counted. */
static const struct ownership_socket wait_ = {
	.state = OWNERSHIP_TIME_WAIT,
	.snd_nxt = 3002,
	.rcv_nxt = 502,
};
static const struct ownership_socket fin_wait = {
	.state = OWNERSHIP_FIN_WAIT,
	.snd_nxt = 3002,
	.rcv_nxt = 501,
};

#define MINE  OWNERSHIP_MINE
#define DOUBT OWNERSHIP_DOUBT
#define STRAY OWNERSHIP_STRAY

static const struct ownership_row {
	const char *sentence;
	const struct ownership_socket *socket;
	uint32_t seq, ack, payload;
	uint8_t flags;
	enum ownership want;
} ownership_rows[] = {
	/* SYN without ACK: RFC 9293 3.10.7.4, RFC 6191, RFC 5961 4.2. */
	{ "the SYN once more, its SYN-ACK was lost", &request, 0, 0, 0, TCP_SYN,
	  MINE },
	{ "another SYN, to a request of an earlier one", &request, 9999, 0, 0,
	  TCP_SYN, MINE },
	{ "a SYN with data and a cookie for Fast Open, again", &fast_open, 0, 0,
	  100, TCP_SYN, MINE },
	{ "a SYN in the window of an open session", &open_, 600, 0, 0, TCP_SYN,
	  MINE },
	{ "the port comes round after a crash: a SYN anywhere", &open_, HALF, 0,
	  0, TCP_SYN, MINE },
	{ "a SYN ahead of TIME_WAIT", &wait_, 90000, 0, 0, TCP_SYN, MINE },
	{ "a SYN behind TIME_WAIT", &wait_, 100, 0, 0, TCP_SYN, MINE },
	{ "a SYN far from FIN_WAIT_2", &fin_wait, HALF, 0, 0, TCP_SYN, MINE },

	/* Requests. */
	{ "the third ACK", &request, 1, 1, 0, TCP_ACK, MINE },
	{ "the third ACK was lost, data repeats it", &request, 1, 1, 1460,
	  TCP_ACK | TCP_PSH, MINE },
	{ "later data, the first was lost", &request, 1461, 1, 1460, TCP_ACK,
	  MINE },
	{ "the client's FIN, nothing else came", &request, 1, 1, 0,
	  TCP_ACK | TCP_FIN, MINE },
	{ "a keep-alive of a client whose third ACK was lost", &request, 0, 1,
	  0, TCP_ACK, MINE },
	{ "the client resets with an ACK", &request, 1, 1, 0, TCP_RST | TCP_ACK,
	  MINE },
	{ "the client never asked: RST at what we acknowledge", &request, 1, 0,
	  0, TCP_RST, MINE },
	{ "a RST one byte off", &request, 2, 0, 0, TCP_RST, STRAY },
	{ "a RST at the SYN's own number", &request, 0, 0, 0, TCP_RST, STRAY },
	{ "a RST that acknowledges something else", &request, 700, 2, 0,
	  TCP_RST | TCP_ACK, STRAY },
	{ "what a session elsewhere acknowledges", &request, 1, 5001, 0,
	  TCP_ACK, STRAY },
	{ "an ACK of our first number, not behind it", &request, 1, 0, 0,
	  TCP_ACK, STRAY },
	{ "an ACK one too far: a request has sent no data", &request, 1, 2, 0,
	  TCP_ACK, STRAY },
	{ "data of another session", &request, 77777, HALF, 1460, TCP_ACK,
	  STRAY },
	{ "a SYN-ACK, which no client of ours sends", &request, 1, HALF, 0,
	  TCP_SYN | TCP_ACK, STRAY },
	{ "neither ACK nor RST", &request, 1, 1, 10, TCP_PSH, STRAY },

	/* Fast Open children, RFC 7413. */
	{ "it acknowledges the SYN-ACK alone", &fast_open, 101, 1, 0, TCP_ACK,
	  MINE },
	{ "it acknowledges a part of our data", &fast_open, 101, 1449, 0,
	  TCP_ACK, MINE },
	{ "it acknowledges all of our data", &fast_open, 101, 3001, 0, TCP_ACK,
	  MINE },
	{ "it acknowledges what was never sent", &fast_open, 101, 3002, 0,
	  TCP_ACK, STRAY },
	{ "it acknowledges our first number", &fast_open, 101, 0, 0, TCP_ACK,
	  STRAY },
	{ "RST behind the SYN's data", &fast_open, 101, 0, 0, TCP_RST, MINE },
	{ "RST behind the SYN, had its data been refused", &fast_open, 1, 0, 0,
	  TCP_RST, MINE },
	{ "RST beyond the SYN's data", &fast_open, 102, 0, 0, TCP_RST, STRAY },

	/* Open sessions. */
	{ "the next data", &open_, 501, 3001, 1460, TCP_ACK, MINE },
	{ "a bare ACK", &open_, 501, 2001, 0, TCP_ACK, MINE },
	{ "a keep-alive", &open_, 500, 3001, 0, TCP_ACK, MINE },
	{ "a keep-alive with a byte of garbage", &open_, 500, 3001, 1, TCP_ACK,
	  MINE },
	{ "a window probe", &open_, 500, 1001, 0, TCP_ACK, MINE },
	{ "the third ACK once more, for a SYN-ACK sent again", &open_, 1, 1, 0,
	  TCP_ACK, MINE },
	{ "data that came before", &open_, 1, 1, 500, TCP_ACK, MINE },
	{ "data beyond the window", &open_, 501 + 70000, 3001, 1460, TCP_ACK,
	  MINE },
	{ "the FIN", &open_, 501, 3001, 0, TCP_ACK | TCP_FIN, MINE },
	{ "an exact RST", &open_, 501, 0, 0, TCP_RST, MINE },
	{ "a RST in the window: the socket's challenge", &open_, 900, 0, 0,
	  TCP_RST, MINE },
	{ "a RST of another session", &open_, 501 + HALF, 0, 0, TCP_RST,
	  DOUBT },
	{ "a RST elsewhere with an ACK of ours", &open_, 501 + HALF, 3001, 0,
	  TCP_RST | TCP_ACK, DOUBT },
	{ "a RST with numbers of another session", &open_, 501 + HALF,
	  1001 + HALF, 0, TCP_RST | TCP_ACK, DOUBT },
	{ "the last number behind", &open_, 501 - WINDOW, 3001, 0, TCP_ACK,
	  MINE },
	{ "one further behind", &open_, 500 - WINDOW, 3001, 0, TCP_ACK, DOUBT },
	{ "a segment counts by its end", &open_, 401 - WINDOW, 3001, 100,
	  TCP_ACK, MINE },
	{ "its FIN is part of it", &open_, 400 - WINDOW, 3001, 100,
	  TCP_ACK | TCP_FIN, MINE },
	{ "the last number ahead", &open_, 501 + WINDOW, 3001, 0, TCP_ACK,
	  MINE },
	{ "one further ahead", &open_, 502 + WINDOW, 3001, 0, TCP_ACK, DOUBT },
	{ "another's seq, though it acknowledges all of ours", &open_, HALF,
	  3001, 1460, TCP_ACK, DOUBT },
	{ "the port came round at once: our seq, another's ack", &open_, 501,
	  HALF, 1460, TCP_ACK, DOUBT },
	{ "our seq, and the oldest ack", &open_, 501, 1001 - WINDOW, 0, TCP_ACK,
	  MINE },
	{ "and one older", &open_, 501, 1000 - WINDOW, 0, TCP_ACK, DOUBT },
	{ "an ACK that is faster than the kernel counts", &open_, 501, 4449, 0,
	  TCP_ACK, MINE },
	{ "as far ahead as can be", &open_, 501, 3001 + WINDOW, 0, TCP_ACK,
	  MINE },
	{ "and one further", &open_, 501, 3002 + WINDOW, 0, TCP_ACK, DOUBT },
	{ "neither is ours", &open_, HALF, HALF, 1460, TCP_ACK, DOUBT },
	{ "without ACK the ack is no number", &open_, 501, HALF, 10, TCP_PSH,
	  MINE },
	{ "a SYN-ACK of a host that we never called", &open_, HALF, HALF, 0,
	  TCP_SYN | TCP_ACK, DOUBT },

	/* W. */
	{ "a large window of the peer's doubles W", &wide, 501 + 24 * MIB, 3001,
	  0, TCP_ACK, MINE },
	{ "one beyond it", &wide, 502 + 24 * MIB, 3001, 0, TCP_ACK, DOUBT },
	{ "and back", &wide, 501 - 24 * MIB, 1001 - 24 * MIB, 0, TCP_ACK,
	  MINE },
	{ "2 W almost the circle: nearly all is inside", &widest,
	  501 + HALF - MIB, HALF - MIB, 0, TCP_ACK, MINE },
	{ "but what its ack is opposite to", &widest, 501, 1001 + HALF, 0,
	  TCP_ACK, DOUBT },
	{ "what is opposite is not", &widest, 501 + HALF, 3001, 0, TCP_ACK,
	  DOUBT },
	{ "2 W is never more than the circle", &absurd, 501 + HALF - 1, HALF, 0,
	  TCP_RST, MINE },
	{ "so one number stays outside", &absurd, 501 + HALF, 0, 0, TCP_RST,
	  DOUBT },
	{ "an interval longer than the circle is all of it", &absurd, 501, 5, 0,
	  TCP_ACK, MINE },

	/* TIME_WAIT. */
	{ "the FIN once more, its ACK was lost", &wait_, 501, 3002, 0,
	  TCP_ACK | TCP_FIN, MINE },
	{ "data and FIN once more", &wait_, 1, 3002, 500, TCP_ACK | TCP_FIN,
	  MINE },
	{ "the last ACK once more", &wait_, 502, 3002, 0, TCP_ACK, MINE },
	{ "an old ACK, doubled on its way", &wait_, 501, 1001, 0, TCP_ACK,
	  MINE },
	{ "a RST at the end: it ends TIME_WAIT", &wait_, 502, 0, 0, TCP_RST,
	  MINE },
	{ "an old RST", &wait_, 400, 0, 0, TCP_RST, MINE },
	{ "data of the port's next session", &wait_, 502, 3002, 100, TCP_ACK,
	  STRAY },
	{ "its RST", &wait_, 503, 0, 0, TCP_RST, STRAY },
	{ "its numbers behind, its ack another server's", &wait_, 400, HALF, 10,
	  TCP_ACK, STRAY },
	{ "its ack by one", &wait_, 400, 3003, 10, TCP_ACK, STRAY },
	{ "as old as can be", &wait_, 502 - WINDOW, 3002 - WINDOW, 0, TCP_ACK,
	  MINE },
	{ "older", &wait_, 501 - WINDOW, 3002, 0, TCP_ACK, STRAY },
	{ "acknowledges older", &wait_, 502, 3001 - WINDOW, 0, TCP_ACK, STRAY },

	/* FIN_WAIT_2: the client has not ended. */
	{ "its FIN", &fin_wait, 501, 3002, 0, TCP_ACK | TCP_FIN, MINE },
	{ "more of its data", &fin_wait, 501, 3002, 1460, TCP_ACK, MINE },
	{ "much later data", &fin_wait, 501 + WINDOW - 10, 3002, 10, TCP_ACK,
	  MINE },
	{ "too far ahead", &fin_wait, 501 + WINDOW - 10, 3002, 11, TCP_ACK,
	  STRAY },
	{ "another session's ack", &fin_wait, 501, 3003, 10, TCP_ACK, STRAY },
	{ "a RST", &fin_wait, 501, 0, 0, TCP_RST, MINE },
};

static const struct ownership_quote {
	const char *sentence;
	const struct ownership_socket *socket;
	uint32_t seq;
	enum ownership want;
} ownership_quotes[] = {
	{ "an error about a SYN-ACK", &request, 0, MINE },
	{ "about the ACK of a request", &request, 1, MINE },
	{ "about data that a request has not sent", &request, 2, STRAY },
	{ "about a Fast Open child's data", &fast_open, 3001, MINE },
	{ "about data that it has not sent", &fast_open, 3002, STRAY },
	{ "about data in flight", &open_, 1001, MINE },
	{ "about data that came after all", &open_, 1, MINE },
	{ "about data never sent", &open_, 3002, DOUBT },
	{ "about another's data", &open_, HALF, DOUBT },
	{ "about what TIME_WAIT sent", &wait_, 3001, STRAY },
	{ "about what FIN_WAIT_2 sent", &fin_wait, 3001, STRAY },
};

/* base: the client's first number, and ours. */
static inline struct ownership_socket
moved(const struct ownership_socket *socket, const uint32_t base[2])
{
	struct ownership_socket result = *socket;

	result.rcv_isn += base[0];
	result.rcv_nxt += base[0];
	result.snt_isn += base[1];
	result.snd_una += base[1];
	result.snd_nxt += base[1];
	return result;
}

#endif
