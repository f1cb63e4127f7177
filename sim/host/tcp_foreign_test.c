/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp_foreign_test.c - what does not fit is answered, but not too often
 */
#include <string.h>

#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "sim/host/tcp.h"

#define MS	 NS_PER_MS
#define S	 NS_PER_S
#define CLIENT	 0x80000000u /* first numbers of the session at hand */
#define SERVER	 0xfffffff0u
#define OTHER	 0x20000000u /* of another one; the server's half of it: */
#define OTHERS	 0x60000000u
#define FLIGHT	 64
#define BYTES	 2048
#define SAID	 3000 /* by the server, all acknowledged */
#define ASKED	 100 /* by the client */
#define STEPS	 5
#define ACK	 TCP_ACK
#define RST	 TCP_RST
#define SYN	 TCP_SYN
#define FIN	 TCP_FIN
#define CAPACITY (sizeof(letters[0].bytes))

static struct tcp_settings settings;
static struct instant now;

/* What an end has sent last, for its peer. */
static struct letter {
	uint8_t bytes[BYTES];
	size_t size;
} letters[FLIGHT];

static struct tcp_names
names_of(void)
{
	const uint8_t a[4] = { 20, 1, 0, 1 }, b[4] = { 192, 168, 0, 1 };

	return (struct tcp_names){ address_ip4(a), address_ip4(b), 40000, 80 };
}

static uint32_t
collect(struct tcp *tcp)
{
	uint32_t count = 0;

	while (count < FLIGHT &&
	       (letters[count].size = tcp_output(tcp, now, letters[count].bytes,
						 CAPACITY)) > 0)
		count++;
	return count;
}

static void
give(struct tcp *tcp, const struct letter *letter)
{
	struct packet packet;

	CHECK(packet_parse(letter->bytes, letter->size, &packet) == DROP_NONE);
	tcp_receive(tcp, now, letter->bytes, &packet);
}

/* All that both have to say, at once. */
static void
talk(struct tcp *a, struct tcp *b)
{
	for (unsigned silent = 0; silent < 2;) {
		uint32_t count = collect(a);

		for (uint32_t i = 0; i < count; i++)
			give(b, &letters[i]);
		silent = count == 0 ? silent + 1 : 0;
		struct tcp *turn = a;
		a = b;
		b = turn;
	}
}

/* A server that has answered a SYN. */
static void
request(struct tcp *client, struct tcp *server, uint32_t client_iss,
	uint32_t server_iss)
{
	struct tcp_names names = names_of();
	struct packet packet;

	tcp_connect(client, &settings, &names, client_iss);
	tcp_expect_seed(client, 1);
	CHECK(collect(client) == 1);
	CHECK(packet_parse(letters[0].bytes, letters[0].size, &packet) ==
	      DROP_NONE);
	tcp_accept(server, &settings, server_iss, letters[0].bytes, &packet);
	server->send.seed = 1;
	server->receive.seed = client->send.seed;
	CHECK(collect(server) == 1);
}

/* Established; ASKED and SAID bytes went and were acknowledged. */
static void
open_(struct tcp *client, struct tcp *server, uint32_t client_iss,
      uint32_t server_iss)
{
	request(client, server, client_iss, server_iss);
	give(client, &letters[0]);
	talk(client, server);
	tcp_write(client, ASKED);
	tcp_write(server, SAID);
	talk(client, server);
	now = instant_after(now, S);
	tcp_expire(client, now);
	tcp_expire(server, now);
	talk(client, server);
	CHECK(server->state == TCP_STATE_ESTABLISHED);
	CHECK(server->una == SAID + 1 && server->rcv_nxt == ASKED + 1);
}

/* The server ended first. */
static void
wait_(struct tcp *client, struct tcp *server, uint32_t client_iss,
      uint32_t server_iss)
{
	open_(client, server, client_iss, server_iss);
	tcp_finish(server);
	talk(server, client);
	CHECK(server->state == TCP_STATE_FIN_WAIT_2);
	tcp_finish(client);
	talk(client, server);
	CHECK(server->state == TCP_STATE_TIME_WAIT);
}

enum scene {
	REQUEST,
	OPEN,
	LAST_ACK,
	WAIT
};

enum reply {
	NO, /* nothing */
	AN_ACK,
	A_SYN_ACK,
};

struct step {
	int32_t at_ms;
	int32_t seq, ack; /* from what the server awaits, and has sent */
	uint8_t flags;
	uint32_t payload;
	enum reply want;
};

static const struct {
	const char *sentence;
	enum scene scene;
	struct step steps[STEPS]; /* flags 0: no more */
} rows[] = {
	{ "old ACKs: one answer in 500 ms",
	  OPEN,
	  { { 0, -50, 0, ACK, 0, AN_ACK },
	    { 1, -50, 0, ACK, 0, NO },
	    { 499, -50, 0, ACK, 0, NO },
	    { 500, -50, 0, ACK, 0, AN_ACK },
	    { 999, -50, 0, ACK, 0, NO } } },
	{ "what is not answered does not prolong the time",
	  OPEN,
	  { { 0, -50, 0, ACK, 0, AN_ACK },
	    { 400, -50, 0, ACK, 0, NO },
	    { 501, -50, 0, ACK, 0, AN_ACK } } },
	{ "ACKs beyond the window, too",
	  OPEN,
	  { { 0, 1 << 24, 0, ACK, 0, AN_ACK },
	    { 1, 1 << 24, 0, ACK, 0, NO } } },
	{ "keep-alives and probes as well",
	  OPEN,
	  { { 0, -1, 0, ACK, 0, AN_ACK }, { 200, -1, 0, ACK, 0, NO } } },
	{ "old data are always answered, and count for nothing",
	  OPEN,
	  { { 0, -50, 0, ACK, 50, AN_ACK },
	    { 1, -50, 0, ACK, 50, AN_ACK },
	    { 2, -50, 0, ACK, 0, AN_ACK },
	    { 3, -50, 0, ACK, 50, AN_ACK },
	    { 4, -50, 0, ACK, 0, NO } } },
	{ "so is an old FIN",
	  OPEN,
	  { { 0, -50, 0, ACK | FIN, 0, AN_ACK },
	    { 1, -50, 0, ACK | FIN, 0, AN_ACK } } },
	{ "challenges are limited: RST and SYN, one limit for both",
	  OPEN,
	  { { 0, 10, 0, RST, 0, AN_ACK },
	    { 1, 10, 0, SYN, 0, NO },
	    { 2, 20, 0, RST, 0, NO },
	    { 500, 10, 0, SYN, 0, AN_ACK },
	    { 501, 1 << 24, 0, SYN, 0, NO } } },
	{ "a SYN with data is no data",
	  OPEN,
	  { { 0, -50, 0, SYN, 10, AN_ACK }, { 1, -50, 0, SYN, 10, NO } } },
	{ "a RST out of the window says nothing",
	  OPEN,
	  { { 0, -1, 0, RST, 0, NO }, { 600, 1 << 24, 0, RST, 0, NO } } },
	{ "an ACK of what was never sent: silence, as Linux",
	  OPEN,
	  { { 0, 0, 1, ACK, 0, NO }, { 1, 0, 1 << 30, ACK, 10, NO } } },
	{ "in a closing state it is challenged",
	  LAST_ACK,
	  { { 0, 0, 1, ACK, 0, AN_ACK }, { 1, 0, 1 << 30, ACK, 0, NO } } },
	{ "an ACK older than all that was acknowledged: challenge, RFC 5961",
	  OPEN,
	  { { 0, 0, -SAID - 1, ACK, 0, AN_ACK },
	    { 1, 0, -(1 << 30), ACK, 0, NO },
	    { 500, 0, -(1 << 30), ACK, 10, AN_ACK } } },
	{ "a somewhat older one is usual",
	  OPEN,
	  { { 0, 0, -SAID, ACK, 0, NO }, { 1, 0, -1, ACK, 0, NO } } },

	{ "a SYN that came twice: one SYN-ACK in 500 ms",
	  REQUEST,
	  { { 0, -1, 0, SYN, 0, A_SYN_ACK },
	    { 1, -1, 0, SYN, 0, NO },
	    { 499, -1, 0, SYN, 0, NO },
	    { 500, -1, 0, SYN, 0, A_SYN_ACK } } },
	{ "another SYN: where we are, so that its sender resets us",
	  REQUEST,
	  { { 0, 1 << 24, 0, SYN, 0, AN_ACK },
	    { 1, 1 << 24, 0, SYN, 0, NO },
	    { 2, -1, 0, SYN, 0, NO } } },

	{ "TIME_WAIT: old ACKs, one answer in 500 ms",
	  WAIT,
	  { { 0, -50, 0, ACK, 0, AN_ACK },
	    { 1, -50, 0, ACK, 0, NO },
	    { 500, 1 << 30, 1 << 30, ACK, 0, AN_ACK },
	    { 501, 1 << 30, 1 << 30, ACK, 0, NO } } },
	{ "the last ACK again is no news",
	  WAIT,
	  { { 0, 0, 0, ACK, 0, NO }, { 1, 0, 0, ACK, 0, NO } } },
	{ "the FIN again is answered each time",
	  WAIT,
	  { { 0, -1, 0, ACK | FIN, 0, AN_ACK },
	    { 1, -1, 0, ACK | FIN, 0, AN_ACK } } },
	{ "so are foreign data",
	  WAIT,
	  { { 0, 1 << 30, 0, ACK, 100, AN_ACK },
	    { 1, 1 << 30, 0, ACK, 100, AN_ACK },
	    { 2, 1 << 30, 0, ACK, 0, AN_ACK },
	    { 3, 1 << 30, 0, ACK, 0, NO } } },
	{ "a SYN behind: an ACK",
	  WAIT,
	  { { 0, -50, 0, SYN, 0, AN_ACK }, { 1, -50, 0, SYN, 0, NO } } },
	{ "a RST that is not exact: silence",
	  WAIT,
	  { { 0, -1, 0, RST, 0, NO }, { 1, 1, 0, RST, 0, NO } } },
};

static void
stage(enum scene scene, struct tcp *client, struct tcp *server)
{
	now = (struct instant){ 0 };
	switch (scene) {
	case REQUEST:
		request(client, server, CLIENT, SERVER);
		break;
	case OPEN:
		open_(client, server, CLIENT, SERVER);
		break;
	case LAST_ACK:
		open_(client, server, CLIENT, SERVER);
		tcp_finish(client);
		talk(client, server);
		tcp_finish(server);
		CHECK(collect(server) == 1);
		CHECK(server->state == TCP_STATE_LAST_ACK);
		break;
	case WAIT:
		wait_(client, server, CLIENT, SERVER);
		break;
	}
}

/* What is said to the server, from where it is. */
static void
say(struct tcp *server, const struct step *step)
{
	struct ownership_socket socket = tcp_ownership(server);
	uint8_t payload[BYTES] = { 0 };
	struct packet_tcp build = {
		.ip = { .src = server->names.remote,
			.dst = server->names.local,
			.ttl = 64,
			.df = true },
		.src_port = server->names.remote_port,
		.dst_port = server->names.local_port,
		.seq = socket.rcv_nxt + (uint32_t)step->seq,
		.ack = socket.snd_nxt + (uint32_t)step->ack,
		.flags = step->flags,
		.window = 60000,
		.payload = payload,
		.payload_bytes = step->payload,
	};
	struct letter letter;

	letter.size = packet_build_tcp(&build, letter.bytes, CAPACITY);
	give(server, &letter);
}

static enum reply
reply(struct tcp *server)
{
	struct packet packet;

	if (collect(server) == 0)
		return NO;
	CHECK(packet_parse(letters[0].bytes, letters[0].size, &packet) ==
	      DROP_NONE);
	CHECK(letters[1].size == 0 && packet.payload_bytes == 0);
	return packet.tcp_flags & TCP_SYN ? A_SYN_ACK : AN_ACK;
}

static void
test_times(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tcp client, server;

		stage(rows[i].scene, &client, &server);
		enum tcp_state state = server.state;
		struct instant start = now;
		for (unsigned s = 0; s < STEPS; s++) {
			const struct step *step = &rows[i].steps[s];

			if (step->flags == 0)
				break;
			now = instant_after(start, step->at_ms * MS);
			say(&server, step);
			CHECK_ROW(reply(&server) == step->want,
				  rows[i].sentence);
			CHECK_ROW(server.state == state, rows[i].sentence);
		}
	}
}

/* What ends TIME_WAIT and FIN_WAIT_2, and what does not. */
static void
test_ends(void)
{
	const struct step last = { .flags = ACK }, reset = { .flags = RST };
	struct tcp client, server;

	stage(WAIT, &client, &server);
	CHECK(tcp_deadline(&server).ns == now.ns + 60 * S);
	now = instant_after(now, 30 * S);
	say(&server, &last);
	CHECK(tcp_deadline(&server).ns == now.ns + 60 * S);
	say(&server, &reset);
	CHECK(server.state == TCP_STATE_CLOSED && tcp_completed(&server));

	for (unsigned closes = 0; closes < 2; closes++) {
		stage(OPEN, &client, &server);
		if (closes)
			tcp_closes(&server);
		tcp_finish(&server);
		talk(&server, &client);
		CHECK(server.state == TCP_STATE_FIN_WAIT_2);
		int64_t due = closes ? now.ns + 60 * S : INT64_MAX;
		CHECK(tcp_deadline(&server).ns == due);
		CHECK(tcp_ownership(&server).state ==
		      (closes ? OWNERSHIP_FIN_WAIT : OWNERSHIP_OPEN));
	}
	now = tcp_deadline(&server);
	tcp_expire(&server, now);
	CHECK(server.state == TCP_STATE_CLOSED && !tcp_completed(&server));
	CHECK(server.error == TCP_ERROR_NONE && collect(&server) == 0);
}

/* RFC 6191; and ahead of the numbers that the old one used. */
static void
test_reopens(void)
{
	static const struct {
		const char *sentence;
		enum scene scene;
		uint32_t seq; /* from what is awaited */
		bool want;
	} cases[] = {
		{ "ahead by one", WAIT, 1, true },
		{ "far ahead", WAIT, 0x7fffffff, true },
		{ "the very next: Linux wants it beyond", WAIT, 0, false },
		{ "behind", WAIT, 0xffffffff, false },
		{ "an open one is not TIME_WAIT", OPEN, 1, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp client, server;
		uint32_t iss = 7;

		stage(cases[i].scene, &client, &server);
		struct ownership_socket socket = tcp_ownership(&server);
		const struct packet syn = {
			.tcp_seq = socket.rcv_nxt + cases[i].seq,
			.tcp_flags = TCP_SYN,
		};
		CHECK_ROW(tcp_reopens(&server, &syn, &iss) == cases[i].want,
			  cases[i].sentence);
		CHECK_ROW(iss == (cases[i].want ? socket.snd_nxt + 65537 : 7),
			  cases[i].sentence);
	}
}

static void
test_ownership(void)
{
	struct tcp client, server;

	stage(REQUEST, &client, &server);
	struct ownership_socket socket = tcp_ownership(&server);
	CHECK(socket.state == OWNERSHIP_REQUEST);
	CHECK(socket.snt_isn == SERVER && socket.rcv_isn == CLIENT);
	stage(OPEN, &client, &server);
	socket = tcp_ownership(&server);
	CHECK(socket.state == OWNERSHIP_OPEN);
	CHECK(socket.snd_una == SERVER + SAID + 1);
	CHECK(socket.snd_nxt == SERVER + SAID + 1);
	CHECK(socket.rcv_nxt == CLIENT + ASKED + 1);
	CHECK(socket.rcv_wnd > 60000 && socket.max_window > 60000);
	stage(LAST_ACK, &client, &server);
	socket = tcp_ownership(&server);
	CHECK(socket.state == OWNERSHIP_OPEN);
	CHECK(socket.snd_una == SERVER + SAID + 1);
	CHECK(socket.snd_nxt == SERVER + SAID + 2);
	stage(WAIT, &client, &server);
	socket = tcp_ownership(&server);
	CHECK(socket.state == OWNERSHIP_TIME_WAIT);
	CHECK(socket.snd_nxt == SERVER + SAID + 2);
	CHECK(socket.rcv_nxt == CLIENT + ASKED + 2);
}

/* Two ends a millisecond apart, for so long: segments. */
static uint32_t
fight(struct tcp *ends[2], uint32_t for_ms)
{
	static struct letter flight[2][FLIGHT];
	uint32_t counts[2] = { 0 }, total = 0;

	for (uint32_t ms = 0; ms < for_ms; ms++) {
		uint32_t next[2];

		for (unsigned end = 0; end < 2; end++) {
			for (uint32_t i = 0; i < counts[!end]; i++)
				give(ends[end], &flight[!end][i]);
			tcp_expire(ends[end], now);
		}
		for (unsigned end = 0; end < 2; end++) {
			next[end] = collect(ends[end]);
			memcpy(flight[end], letters, sizeof(letters));
			total += next[end];
		}
		memcpy(counts, next, sizeof(counts));
		now = instant_after(now, MS);
	}
	return total;
}

struct war {
	const char *sentence;
	enum scene scene; /* the server's */
	bool ends; /* the client has ended first: TIME_WAIT is its own */
	uint32_t says; /* bytes, of the client */
	uint32_t most; /* segments in ten seconds */
};

/* The client of one session against the server of another. */
static uint32_t
war(const struct war *war)
{
	const struct step first = { .seq = -50, .flags = ACK };
	struct tcp client, server, other_client, other_server;
	struct tcp *ends[2] = { &client, &server };

	stage(war->scene, &other_client, &server);
	if (war->ends)
		wait_(&other_server, &client, OTHERS, OTHER);
	else
		open_(&client, &other_server, OTHER, OTHERS);
	client.names = names_of();
	if (war->says > 0)
		tcp_write(&client, war->says);
	say(&server, &first);
	return fight(ends, 10000);
}

static void
test_wars(void)
{
	/* Sent again after 0.2, 0.6, 1.4, 3, 6.2 s, data are answered each
	 * time. */
	static const struct war wars[] = {
		{ "open against open", OPEN, false, 0, 41 },
		{ "open against TIME_WAIT", WAIT, false, 0, 41 },
		{ "TIME_WAIT against TIME_WAIT", WAIT, true, 0, 41 },
		{ "TIME_WAIT against open", OPEN, true, 0, 41 },
		{ "data against open", OPEN, false, 500, 41 + 12 },
		{ "data against TIME_WAIT", WAIT, false, 500, 41 + 12 },
	};

	for (size_t i = 0; i < sizeof(wars) / sizeof(wars[0]); i++) {
		uint32_t count = war(&wars[i]);

		CHECK_ROW(count >= 2, wars[i].sentence);
		CHECK_ROW(count <= wars[i].most, wars[i].sentence);
		/* Without the limit they do not end. */
		settings.invalid_ratelimit_ns = 0;
		CHECK_ROW(war(&wars[i]) > 5000, wars[i].sentence);
		tcp_settings_default(&settings);
	}
}

/* A client's port comes round at a server whose socket of the last session is
 * still there: a round trip and a half later it is free. */
static void
test_gone(void)
{
	static const struct {
		const char *sentence;
		enum scene scene;
		int32_t seq; /* the new SYN's, from what is awaited */
		bool challenged; /* 500 ms are not over */
		uint32_t free_ms;
	} cases[] = {
		{ "open, its client is gone", OPEN, 1 << 25, false, 4 },
		{ "the same, the SYN in its window", OPEN, 1000, false, 4 },
		{ "it answered something else just now", OPEN, 1 << 25, true,
		  1004 },
		{ "a request of a SYN that went astray", REQUEST, 1 << 25,
		  false, 4 },
		{ "LAST_ACK", LAST_ACK, 1 << 25, false, 4 },
		{ "TIME_WAIT, the SYN behind it", WAIT, -1000, false, 4 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct step old = { .seq = -50, .flags = ACK };
		struct tcp client, server, other;
		struct tcp *ends[2] = { &client, &server };
		struct tcp_names names = names_of();

		stage(cases[i].scene, &other, &server);
		if (cases[i].challenged) {
			say(&server, &old);
			CHECK_ROW(reply(&server) == AN_ACK, cases[i].sentence);
		}
		tcp_connect(&client, &settings, &names,
			    tcp_ownership(&server).rcv_nxt +
				    (uint32_t)cases[i].seq);
		(void)fight(ends, cases[i].free_ms);
		CHECK_ROW(server.state == TCP_STATE_CLOSED, cases[i].sentence);
		CHECK_ROW(client.state == TCP_STATE_SYN_SENT,
			  cases[i].sentence);
		/* And its SYN comes again, if that was its first. */
		struct instant again = client.retransmit_at;
		CHECK_ROW(cases[i].challenged ||
				  instant_distance_ns(now, again) < 10 * MS,
			  cases[i].sentence);
	}
}

int
main(void)
{
	tcp_settings_default(&settings);
	test_times();
	test_ends();
	test_reopens();
	test_ownership();
	test_wars();
	test_gone();
	return check_done();
}
