/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockets_test.c - real TCP ends, and segments that go where they should not
 *
 * Sockets are letters: c a client's, and s its server's; t another server's,
 * with the very numbers of s, as only a bug could give them. A row is a script
 * of moves, two letters each:
 *
 *	cs	all that c has to send now goes to s, and so for any two
 *	cx	what c has to send is lost
 *	c!	c writes a request, s! s writes an answer of two segments
 *	kc	a segment that no socket sent goes to c; ks: to s
 *	bc	the last byte of what s has to send is another, and it goes to c
 *	rc	a RST that no socket sent goes to c
 */
#include "sim/judge/sockets.h"

#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "sim/test/verdict_bed.h"

#define HANDSHAKE                                                              \
	"cs" /* SYN */                                                         \
	"sc" /* SYN-ACK */                                                     \
	"cs" /* ACK */

static const struct {
	const char *sentence;
	const char *script;
	uint32_t foreign, corrupt;
} rows[] = {
	{ "a session",
	  HANDSHAKE "c!cssc"
		    "s!sccs",
	  0, 0 },
	{ "a flight is lost, and comes again", HANDSHAKE "s!sxsccs", 0, 0 },
	{ "two servers answer, and the first has the client", "ctcstcct", 0,
	  0 },
	{ "two servers answer, and the other takes the client's ACK",
	  "ctcsscct", 1, 0 },
	{ "and then its bytes are taken by the client", "ctcsscctt!tc", 2, 0 },
	{ "bytes that nobody sent, to a client", HANDSHAKE "kc", 1, 0 },
	{ "bytes that nobody sent, to a server", HANDSHAKE "ks", 1, 0 },
	{ "a RST that nobody sent", HANDSHAKE "rc", 0, 0 },
	{ "a byte is another", HANDSHAKE "s!bc", 0, 1 },
};

struct stage {
	struct verdict_bed bed;
	struct judge_sockets *sockets;
	struct tcp_settings settings;
	struct connection client, servers[2]; /* s, t */
	struct instant now;
};

static struct connection *
socket_by(struct stage *stage, char letter)
{
	return letter == 'c'   ? &stage->client
	       : letter == 's' ? &stage->servers[0]
			       : &stage->servers[1];
}

static void
take(struct stage *stage, struct connection *to, const uint8_t *bytes,
     size_t size)
{
	struct tcp before = to->tcp;
	struct packet packet;

	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	if (!to->used) {
		to->used = true;
		tcp_accept(&to->tcp, &stage->settings, 5000, bytes, &packet);
		tcp_expect_seed(&to->tcp, 1);
		to->tcp.send.seed = 2;
		judge_sockets_accepted(stage->sockets, to, bytes, &packet);
		return;
	}
	tcp_receive(&to->tcp, stage->now, bytes, &packet);
	judge_sockets_taken(stage->sockets, stage->now, to, &before, bytes,
			    &packet);
}

/* NULL: it is lost. */
static void
go(struct stage *stage, struct connection *from, struct connection *to,
   bool spoiled)
{
	uint8_t bytes[1500];
	size_t size;

	stage->now = instant_after(stage->now, NS_PER_S);
	tcp_expire(&from->tcp, stage->now);
	while ((size = tcp_output(&from->tcp, stage->now, bytes,
				  sizeof(bytes))) > 0) {
		struct packet packet;
		CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
		judge_sockets_sent(stage->sockets, from, bytes, &packet);
		if (spoiled && packet.payload_bytes > 0)
			bytes[size - 1] ^= 1;
		if (to != NULL)
			take(stage, to, bytes, size);
		if (spoiled)
			return;
	}
}

/* The next bytes that it waits for, of a forger. */
static void
forge(struct stage *stage, struct connection *to, bool reset)
{
	const struct tcp *tcp = &to->tcp;
	const uint8_t data[10] = { 1 };
	struct packet_tcp forged = {
		.ip = { .src = tcp->names.remote,
			.dst = tcp->names.local,
			.ttl = 64, },
		.src_port = tcp->names.remote_port,
		.dst_port = tcp->names.local_port,
		.seq = tcp->irs + (uint32_t)tcp->rcv_nxt,
		.ack = tcp->iss + (uint32_t)tcp->una,
		.flags = reset ? TCP_RST : TCP_ACK,
		.payload = reset ? NULL : data,
		.payload_bytes = reset ? 0 : sizeof(data),
	};
	uint8_t bytes[100];
	size_t size = packet_build_tcp(&forged, bytes, sizeof(bytes));

	take(stage, to, bytes, size);
}

static void
move(struct stage *stage, char from, char to)
{
	if (to == '!')
		tcp_write(&socket_by(stage, from)->tcp,
			  from == 'c' ? 100 : 2000);
	else if (from == 'k' || from == 'r')
		forge(stage, socket_by(stage, to), from == 'r');
	else if (from == 'b')
		go(stage, &stage->servers[0], socket_by(stage, to), true);
	else
		go(stage, socket_by(stage, from),
		   to == 'x' ? NULL : socket_by(stage, to), false);
}

static void
begin(struct stage *stage)
{
	struct tcp_names names = {
		.local = address_ip4((const uint8_t[]){ 20, 1, 0, 1 }),
		.remote = address_ip4((const uint8_t[]){ 192, 168, 0, 1 }),
		.local_port = 40000,
		.remote_port = 80,
	};
	struct connection any = {
		.key = verdict_bed_key(40000),
		.flow = WATCH_NONE,
		.generation = 1,
	};

	verdict_bed_create(&stage->bed, 2);
	stage->sockets = judge_sockets_create(&stage->bed.parts);
	tcp_settings_default(&stage->settings);
	stage->now = (struct instant){ 0 };
	for (uint32_t i = 0; i < 2; i++) {
		stage->servers[i] = any;
		stage->servers[i].index = stage->servers[i].device = i;
	}
	stage->client = any;
	stage->client.used = true;
	stage->client.index = 2;
	stage->client.device = 2;
	tcp_connect(&stage->client.tcp, &stage->settings, &names, 1000);
	stage->client.tcp.send.seed = 1;
	tcp_expect_seed(&stage->client.tcp, 2);
}

int
main(void)
{
	static struct stage stage;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t *counts = stage.bed.verdicts.counts;

		begin(&stage);
		for (const char *at = rows[i].script; *at != '\0'; at += 2)
			move(&stage, at[0], at[1]);
		CHECK_ROW(counts[VIOLATION_FOREIGN_BYTES] == rows[i].foreign,
			  rows[i].sentence);
		CHECK_ROW(counts[VIOLATION_CORRUPT] == rows[i].corrupt,
			  rows[i].sentence);
		judge_sockets_destroy(stage.sockets);
		verdict_bed_destroy(&stage.bed);
	}
	return check_done();
}
