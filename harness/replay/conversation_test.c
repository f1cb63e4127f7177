/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conversation_test.c - short conversations, and which side is said to serve
 *
 * A packet is written as its direction, its flags and its sequence number:
 * "a>b S 7" is a SYN from end a with number 7. Ends are a to d, with address
 * 10.0.0.1 to 4; their ports are in the row.
 */
#include "harness/replay/conversation.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "core/wire/build.h"

struct row {
	const char *says;
	uint16_t ports[4];
	const char *packets; /* separated by commas */
	const char *wanted; /* sessions: client>service syn to_server/packets */
};

static const struct row rows[] = {
	{ "a SYN's sender is the client",
	  { 5000, 80 },
	  "a>b S 7,b>a SA 3,a>b A 8",
	  "a>b syn 2/3" },
	{ "whatever the ports say",
	  { 80, 5000 },
	  "a>b S 7,b>a SA 3",
	  "a>b syn 1/2" },
	{ "a SYN and ACK's sender is the server",
	  { 5000, 80 },
	  "a>b SA 3,b>a A 4",
	  "b>a 1/2" },
	{ "without either, the lower port serves",
	  { 80, 5000 },
	  "a>b A 7,b>a A 3,a>b F 8",
	  "b>a 1/3" },
	{ "equal ports: the side that speaks first is the client",
	  { 179, 179 },
	  "b>a A 7,a>b A 3",
	  "b>a 1/2" },
	{ "the SYN once more is no new session",
	  { 5000, 80 },
	  "a>b S 7,a>b S 7,b>a SA 3,b>a SA 3",
	  "a>b syn 2/4" },
	{ "the SYN behind its answer, as two queues may record them",
	  { 5000, 80 },
	  "b>a SA 3 8,a>b S 7,a>b A 8",
	  "a>b syn 2/3" },
	{ "another SYN is another session",
	  { 5000, 80 },
	  "a>b S 7,a>b A 8,a>b S 9,a>b A 10",
	  "a>b syn 2/2 a>b syn 2/2" },
	{ "ports are reused after both FINs",
	  { 5000, 80 },
	  "a>b S 7,a>b FA 8,b>a FA 3,a>b A 9,a>b S 7",
	  "a>b syn 3/4 a>b syn 1/1" },
	{ "one FIN ends nothing",
	  { 5000, 80 },
	  "a>b S 7,a>b FA 8,a>b S 7",
	  "a>b syn 3/3" },
	{ "a RST ends it",
	  { 5000, 80 },
	  "a>b S 7,b>a RA 0,a>b S 7",
	  "a>b syn 1/2 a>b syn 1/1" },
	{ "a SYN after a beginning in the middle",
	  { 5000, 80 },
	  "a>b A 5,b>a A 3,a>b S 7",
	  "a>b 1/2 a>b syn 1/1" },
	{ "a SYN from the side that was taken for the server",
	  { 80, 5000 },
	  "a>b A 5,a>b S 7",
	  "b>a 0/1 a>b syn 1/1" },
	{ "many at a time",
	  { 5000, 80, 5001, 81 },
	  "a>b S 1,c>d S 2,c>b S 3,b>c SA 4,d>c SA 5,b>a SA 6",
	  "a>b syn 1/2 c>d syn 1/2 c>b syn 1/2" },
	{ "a RST alone", { 5000, 80 }, "a>b R 1", "a>b 1/1" },
};

static struct address
end_address(char end)
{
	const uint8_t bytes[4] = { 10, 0, 0, (uint8_t)(end - 'a' + 1) };

	return address_ip4(bytes);
}

static uint8_t
flags_of(const char *marks)
{
	static const struct {
		char mark;
		uint8_t flag;
	} flags[] = {
		{ 'S', TCP_SYN }, { 'A', TCP_ACK }, { 'F', TCP_FIN },
		{ 'R', TCP_RST }, { 'P', TCP_PSH },
	};
	uint8_t value = 0;

	for (; *marks != '\0'; marks++)
		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (flags[i].mark == *marks)
				value |= flags[i].flag;
	return value;
}

/* "a>b SA 3 8": build and file it. */
static enum drop
file_packet(struct conversations *conversations, const uint16_t *ports,
	    const char *text, int64_t at_ns)
{
	struct conversation_part part;
	struct packet packet;
	uint8_t bytes[128];
	char from, to, marks[8];
	unsigned seq, ack = 0;

	if (sscanf(text, "%c>%c %7s %u %u", &from, &to, marks, &seq, &ack) < 4)
		abort();
	struct packet_tcp tcp = {
		.ip = {
			.src = end_address(from),
			.dst = end_address(to),
			.ttl = 64,
		},
		.src_port = ports[from - 'a'],
		.dst_port = ports[to - 'a'],
		.seq = seq,
		.ack = ack,
		.flags = flags_of(marks),
	};
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));

	if (packet_parse(bytes, size, &packet) != DROP_NONE)
		abort();
	return conversations_file(conversations, bytes, &packet, at_ns, &part);
}

static void
tell(struct conversations *conversations, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < conversations_count(conversations); i++) {
		const struct conversation *d =
			conversations_get(conversations, i);

		at += (size_t)snprintf(
			text + at, size - at, "%s%c>%c%s %u/%u",
			i > 0 ? " " : "", 'a' + d->key.client[3] - 1,
			'a' + d->key.service[3] - 1, d->syn ? " syn" : "",
			d->to_server, d->packets);
	}
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conversations *conversations = conversations_create();
		char packets[256], told[256], *rest = packets, *one;
		int64_t at_ns = 0;

		snprintf(packets, sizeof(packets), "%s", rows[i].packets);
		while ((one = strsep(&rest, ",")) != NULL)
			CHECK_ROW(file_packet(conversations, rows[i].ports, one,
					      at_ns++) == DROP_NONE,
				  rows[i].says);
		tell(conversations, told, sizeof(told));
		CHECK_ROW(strcmp(told, rows[i].wanted) == 0, rows[i].says);
		if (strcmp(told, rows[i].wanted) != 0)
			fprintf(stderr, "\t%s, not %s\n", told, rows[i].wanted);
		conversations_destroy(conversations);
	}
}

/* ---- what has no ports ---- */

static const uint16_t web[4] = { 5000, 80, 5001, 81 };

/* A segment from one end to another, ports as in web[], as built. */
static struct packet
segment(char from, char to, uint32_t payload_bytes, uint8_t *bytes,
	size_t capacity)
{
	static const uint8_t payload[1000] = { 1 };
	const struct packet_tcp tcp = {
		.ip = {
			.src = end_address(from),
			.dst = end_address(to),
			.ttl = 64,
			.id = 7,
		},
		.src_port = web[from - 'a'],
		.dst_port = web[to - 'a'],
		.flags = TCP_ACK,
		.payload = payload,
		.payload_bytes = payload_bytes,
	};
	size_t size = packet_build_tcp(&tcp, bytes, capacity);
	struct packet packet;

	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	return packet;
}

static void
test_fragments(void)
{
	struct conversations *conversations = conversations_create();
	struct conversation_part part;
	uint8_t bytes[2048], out[2048];
	struct packet packet, piece;
	size_t at = 0, size;

	CHECK(file_packet(conversations, web, "a>b S 1", 0) == DROP_NONE);
	packet = segment('a', 'b', 1000, bytes, sizeof(bytes));
	for (int i = 0; (size = packet_fragment_ip4(bytes, &packet, 500, &at,
						    out, sizeof(out))) > 0;
	     i++) {
		CHECK(packet_parse(out, size, &piece) == DROP_NONE);
		CHECK_ROW(conversations_file(conversations, out, &piece, i,
					     &part) == DROP_NONE &&
				  part.conversation == 0 && part.to_server,
			  "fragments follow their first");
	}
	piece.fragment_id = 8;
	CHECK_ROW(conversations_file(conversations, out, &piece, 0, &part) ==
			  DROP_FRAGMENT,
		  "a later fragment without its first");
	CHECK(conversations_get(conversations, 0)->packets == 4);
	conversations_destroy(conversations);
}

static void
test_errors(void)
{
	static const struct {
		const char *says;
		char from, to; /* of what the error quotes */
		enum drop drop;
	} errors[] = {
		{ "an ICMP error to the service", 'b', 'a', DROP_NONE },
		{ "an ICMP error to the client", 'a', 'b', DROP_NOT_SERVICE },
		{ "an ICMP error about no session", 'a', 'c', DROP_ICMP_QUOTE },
	};
	struct conversations *conversations = conversations_create();
	const struct address router = end_address('d');

	CHECK(file_packet(conversations, web, "a>b S 1", 0) == DROP_NONE);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct conversation_part part = { .conversation =
							  CONVERSATION_NONE };
		uint8_t bytes[128], out[PACKET_ERROR4_MAX];
		struct packet error,
			quoted = segment(errors[i].from, errors[i].to, 0, bytes,
					 sizeof(bytes));
		size_t size = packet_build_icmp_too_big(
			&router, 1400, bytes, &quoted, out, sizeof(out));

		CHECK(packet_parse(out, size, &error) == DROP_NONE);
		CHECK_ROW(conversations_file(conversations, out, &error, 0,
					     &part) == errors[i].drop,
			  errors[i].says);
		CHECK_ROW(errors[i].drop != DROP_NONE ||
				  (part.conversation == 0 && part.to_server),
			  errors[i].says);
	}
	CHECK(conversations_count(conversations) == 1);
	conversations_destroy(conversations);
}

/* ---- services ---- */

static void
test_services(void)
{
	/* As FTP in active mode: b serves a on 21, a serves b on 5001. */
	static const uint16_t ports[4] = { 5000, 21, 5002, 443 };
	static const uint16_t active[4] = { 5001, 20, 0, 0 };
	static const uint16_t odd[4] = { 5001, 20, 0, 20 };
	struct conversations *conversations = conversations_create();
	uint32_t count;

	CHECK(file_packet(conversations, ports, "a>b S 1", 0) == DROP_NONE);
	CHECK(file_packet(conversations, active, "b>a S 1", 0) == DROP_NONE);
	CHECK(file_packet(conversations, ports, "c>d S 1", 0) == DROP_NONE);
	struct steer_service *services =
		conversations_services(conversations, &count);
	CHECK(count == 3);
	CHECK(services[0].port == 5001 && services[1].port == 21);
	CHECK_ROW(services[2].port == 0,
		  "every port of a host that only serves");
	for (uint32_t i = 0; i < 3; i++)
		CHECK(!conversations_get(conversations, i)->ambiguous);
	free(services);

	/* The very end that serves is a client, too. */
	CHECK(file_packet(conversations, odd, "a>d S 9", 0) == DROP_NONE);
	services = conversations_services(conversations, &count);
	CHECK_ROW(conversations_get(conversations, 3)->ambiguous,
		  "a client's end that is a service");
	CHECK(!conversations_get(conversations, 1)->ambiguous);
	free(services);
	conversations_destroy(conversations);

	conversations = conversations_create();
	services = conversations_services(conversations, &count);
	CHECK_ROW(count == 0, "no session, no service");
	free(services);
	conversations_destroy(conversations);
}

/* Many sessions, so that the tables grow, against what was put in. */
static void
test_many(void)
{
	struct conversations *conversations = conversations_create();
	uint16_t ports[4] = { 0, 80, 0, 0 };

	for (int round = 0; round < 2; round++)
		for (uint16_t i = 1; i <= 5000; i++) {
			ports[0] = i;
			CHECK(file_packet(conversations, ports, "a>b S 7", i) ==
			      DROP_NONE);
		}
	CHECK(conversations_count(conversations) == 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		struct conversation *d = conversations_get(conversations, i);

		CHECK(d->packets == 2 &&
		      wire_get16(d->key.client_port) == i + 1);
		CHECK(conversations_begun(conversations, &d->key) ==
		      CONVERSATION_NONE);
		CHECK(conversations_socket(conversations, 2, &d->key) ==
		      CONVERSATION_NONE);
		d->begun = true;
		d->socket = true;
		d->owner = 2;
		CHECK(conversations_begun(conversations, &d->key) == i);
		CHECK(conversations_socket(conversations, 2, &d->key) == i);
		CHECK(conversations_socket(conversations, 1, &d->key) ==
		      CONVERSATION_NONE);
	}
	conversations_destroy(conversations);
}

int
main(void)
{
	test_rows();
	test_fragments();
	test_errors();
	test_services();
	test_many();
	return check_done();
}
