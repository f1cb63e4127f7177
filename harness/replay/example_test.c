/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * example_test.c - how scenarios/example.pcap is made, and that it is that
 *
 *	example_test		compare the file with what is made here
 *	example_test --write	write it
 *
 * Two seconds of made-up conversations, so that a reader can try `homeward
 * replay` without a capture of his own. All addresses are documentation's
 * (RFC 5737, RFC 3849), the frames are Ethernet, and IPv6 has a VLAN tag:
 *
 *	1  short	a page, over before the middle
 *	2  download	all the time
 *	3  upload	all the time, IPv6
 *	4  stranger	its SYN was before the capture began
 *	5  idle		quiet between, ended by the client's RST
 *	6  late		opened in the second half
 *	7  lossy	IPv6; sends some segments twice
 *
 * and a DNS question and an ARP request, which are no TCP.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/instant.h"
#include "core/test/check.h"
#include "core/wire/build.h"

#define PATH	    "scenarios/example.pcap"
#define FRAMES_MAX  400
#define FRAME_BYTES 1600
#define FILE_BYTES  60000 /* at most */

struct frame {
	int64_t at_ns;
	uint32_t size;
	uint8_t bytes[FRAME_BYTES];
};

static struct frame frames[FRAMES_MAX];
static uint32_t frame_count;

struct talk {
	uint8_t family;
	uint16_t client_port, port;
	uint8_t client_last, server_last; /* of the addresses */
	uint32_t client_seq, server_seq;
	int64_t at_ns, gap_ns; /* now, and from packet to packet */
	uint16_t id;
};

static struct address
address_of(const struct talk *talk, bool client)
{
	const uint8_t v4[2][4] = { { 198, 51, 100, talk->server_last },
				   { 203, 0, 113, talk->client_last } };
	const uint8_t v6[2][16] = {
		{ 0x20, 1, 0xd, 0xb8, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		  talk->server_last },
		{ 0x20, 1, 0xd, 0xb8, 0, 0x51, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		  talk->client_last },
	};

	return talk->family == 4 ? address_ip4(v4[client])
				 : address_ip6(v6[client]);
}

static uint8_t *
frame_begin(int64_t at_ns, uint16_t type, bool tagged)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	struct frame *frame = &frames[frame_count++];

	if (frame_count == FRAMES_MAX)
		abort();
	frame->at_ns = at_ns;
	memcpy(frame->bytes, macs, sizeof(macs));
	frame->size = 12;
	if (tagged) {
		wire_put16(frame->bytes + 12, 0x8100);
		wire_put16(frame->bytes + 14, 42);
		frame->size += 4;
	}
	wire_put16(frame->bytes + frame->size, type);
	frame->size += 2;
	return frame->bytes + frame->size;
}

/* One segment with so many bytes of payload, and time goes on. */
static void
say(struct talk *talk, bool client, uint8_t flags, uint32_t payload_bytes)
{
	uint8_t payload[1400];
	uint32_t *seq = client ? &talk->client_seq : &talk->server_seq;
	uint32_t ack = client ? talk->server_seq : talk->client_seq;

	for (uint32_t i = 0; i < payload_bytes; i++)
		payload[i] = (uint8_t)("Homeward, homeward! "[(*seq + i) % 20]);
	const struct packet_tcp tcp = {
		.ip = {
			.src = address_of(talk, client),
			.dst = address_of(talk, !client),
			.ttl = client ? 52 : 64,
			.id = talk->id++,
			.df = true,
		},
		.src_port = client ? talk->client_port : talk->port,
		.dst_port = client ? talk->port : talk->client_port,
		.seq = *seq,
		.ack = flags & TCP_ACK ? ack : 0,
		.flags = flags,
		.window = 64240,
		.payload = payload,
		.payload_bytes = payload_bytes,
	};
	uint16_t type = talk->family == 4 ? 0x0800 : 0x86dd;
	uint8_t *bytes = frame_begin(talk->at_ns, type, talk->family == 6);
	size_t size = packet_build_tcp(&tcp, bytes, 1500);

	if (size == 0)
		abort();
	frames[frame_count - 1].size += (uint32_t)size;
	*seq += payload_bytes + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	talk->at_ns += talk->gap_ns;
}

static void
shake(struct talk *talk)
{
	say(talk, true, TCP_SYN, 0);
	say(talk, false, TCP_SYN | TCP_ACK, 0);
	say(talk, true, TCP_ACK, 0);
}

static void
part(struct talk *talk)
{
	say(talk, false, TCP_FIN | TCP_ACK, 0);
	say(talk, true, TCP_FIN | TCP_ACK, 0);
	say(talk, false, TCP_ACK, 0);
}

/* So many segments one way, an acknowledgement for every second. */
static void
send(struct talk *talk, bool client, int segments, uint32_t payload_bytes)
{
	for (int i = 1; i <= segments; i++) {
		say(talk, client, TCP_ACK | TCP_PSH, payload_bytes);
		if (i % 2 == 0)
			say(talk, !client, TCP_ACK, 0);
	}
}

static void
talk_short(void)
{
	struct talk talk = {
		4, 40001, 80, 5, 80, 1000, 9000, 100 * NS_PER_MS, 8 * NS_PER_MS,
		1
	};

	shake(&talk);
	send(&talk, true, 1, 120);
	send(&talk, false, 6, 500);
	part(&talk);
}

static void
talk_download(void)
{
	struct talk talk = { 4,
			     40002,
			     80,
			     5,
			     80,
			     0xfffffff0,
			     77777,
			     20 * NS_PER_MS,
			     30 * NS_PER_MS,
			     500 };

	shake(&talk);
	send(&talk, true, 1, 140);
	send(&talk, false, 34, 450);
	part(&talk);
}

static void
talk_upload(void)
{
	struct talk talk = { 6,
			     50003,
			     443,
			     7,
			     1,
			     5,
			     123456789,
			     40 * NS_PER_MS,
			     40 * NS_PER_MS,
			     0 };

	shake(&talk);
	send(&talk, true, 26, 400);
	send(&talk, false, 1, 60);
	part(&talk);
}

static void
talk_stranger(void)
{
	struct talk talk = { 4,
			     40004,
			     80,
			     6,
			     80,
			     31337,
			     4242,
			     15 * NS_PER_MS,
			     150 * NS_PER_MS,
			     900 };

	send(&talk, true, 4, 100);
	send(&talk, false, 4, 100);
}

static void
talk_idle(void)
{
	struct talk talk = {
		4, 40005, 22, 5, 81, 1, 1, 60 * NS_PER_MS, 10 * NS_PER_MS, 1200
	};

	shake(&talk);
	send(&talk, false, 2, 40);
	talk.at_ns = 1700 * NS_PER_MS;
	send(&talk, true, 2, 36);
	say(&talk, true, TCP_RST | TCP_ACK, 0);
}

static void
talk_late(void)
{
	struct talk talk = { 4,
			     40006,
			     80,
			     8,
			     80,
			     600,
			     700,
			     1300 * NS_PER_MS,
			     12 * NS_PER_MS,
			     1300 };

	shake(&talk);
	send(&talk, true, 1, 120);
	send(&talk, false, 8, 400);
	part(&talk);
}

static void
talk_lossy(void)
{
	struct talk talk = {
		6, 50007, 443, 9, 1, 88, 99, 80 * NS_PER_MS, 45 * NS_PER_MS, 0
	};

	shake(&talk);
	for (int i = 0; i < 5; i++) {
		send(&talk, true, 3, 200);
		talk.client_seq -= 200;
		send(&talk, true, 1, 200); /* byte for byte, in IPv6 */
		say(&talk, false, TCP_ACK, 0);
	}
	part(&talk);
}

static void
others(void)
{
	static const uint8_t arp[28] = { 0, 1, 8, 0, 6, 4,   0, 1,   2,
					 0, 0, 0, 0, 2, 203, 0, 113, 5 };
	static const uint8_t question[] =
		"\0\1\1\0\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1";
	const struct talk talk = { .family = 4,
				   .client_last = 5,
				   .server_last = 53 };
	const struct packet_udp udp = {
		.ip = {
			.src = address_of(&talk, true),
			.dst = address_of(&talk, false),
			.ttl = 64,
		},
		.src_port = 5353,
		.dst_port = 53,
		.payload = question,
		.payload_bytes = sizeof(question) - 1,
	};

	memcpy(frame_begin(5 * NS_PER_MS, 0x0806, false), arp, sizeof(arp));
	frames[frame_count - 1].size += sizeof(arp);
	uint8_t *bytes = frame_begin(10 * NS_PER_MS, 0x0800, false);
	frames[frame_count - 1].size +=
		(uint32_t)packet_build_udp(&udp, bytes, 1500);
}

/* ---- the file ---- */

static void
put32(uint8_t *bytes, uint32_t value) /* little-endian, on any machine */
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

/* Frames by time; those of one instant as they were made. */
static void
frames_sort(uint32_t *order)
{
	for (uint32_t i = 0; i < frame_count; i++) {
		uint32_t at = i;

		for (; at > 0 && frames[order[at - 1]].at_ns > frames[i].at_ns;
		     at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

static size_t
file_make(uint8_t *file)
{
	static const uint8_t header[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4,
					    0,	  0,	0,    0,    0, 0, 0,
					    0,	  0,	0xff, 0xff, 0, 0, 1 };
	uint32_t order[FRAMES_MAX];
	size_t size = sizeof(header);

	memcpy(file, header, sizeof(header));
	frames_sort(order);
	for (uint32_t i = 0; i < frame_count; i++) {
		const struct frame *frame = &frames[order[i]];

		if (size + 16 + frame->size > FILE_BYTES)
			abort();
		/* 1 July 2025 */
		put32(file + size,
		      (uint32_t)(1751328000 + frame->at_ns / NS_PER_S));
		put32(file + size + 4,
		      (uint32_t)(frame->at_ns % NS_PER_S / NS_PER_US));
		put32(file + size + 8, frame->size);
		put32(file + size + 12, frame->size);
		memcpy(file + size + 16, frame->bytes, frame->size);
		size += 16 + frame->size;
	}
	return size;
}

int
main(int argc, char **argv)
{
	static uint8_t made[FILE_BYTES], read[FILE_BYTES + 1];
	bool write = argc == 2 && strcmp(argv[1], "--write") == 0;

	talk_short();
	talk_download();
	talk_upload();
	talk_stranger();
	talk_idle();
	talk_late();
	talk_lossy();
	others();
	size_t size = file_make(made);
	FILE *file = fopen(PATH, write ? "wb" : "rb");
	if (file == NULL) {
		perror(PATH);
		return 1;
	}
	if (write) {
		CHECK(fwrite(made, 1, size, file) == size);
	} else {
		CHECK(fread(read, 1, sizeof(read), file) == size);
		CHECK(memcmp(read, made, size) == 0);
	}
	CHECK(fclose(file) == 0);
	return check_done();
}
