/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_test.c - small captures of every kind, written byte by byte
 *
 * Files are made here from their specifications (pcap and pcapng, IETF
 * opsawg drafts), not with libpcap's own writer, and read back.
 */
#include "harness/replay/capture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/instant.h"
#include "core/test/check.h"

#define FILE_MAX 4096

static char path[64];

struct file {
	uint8_t bytes[FILE_MAX];
	size_t size;
};

static void
put(struct file *file, const void *bytes, size_t size)
{
	memcpy(file->bytes + file->size, bytes, size);
	file->size += size;
}

static bool swapped; /* write as the other kind of machine would */

static void
put16(struct file *file, uint16_t value)
{
	if (swapped)
		value = __builtin_bswap16(value);
	put(file, &value, sizeof(value));
}

static void
put32(struct file *file, uint32_t value)
{
	if (swapped)
		value = __builtin_bswap32(value);
	put(file, &value, sizeof(value));
}

static void
file_write(const struct file *file, size_t size)
{
	FILE *out = fopen(path, "wb");

	if (out == NULL || fwrite(file->bytes, 1, size, out) != size ||
	    fclose(out) != 0)
		abort();
}

static void
pcap_header(struct file *file, uint32_t magic, uint32_t link_type)
{
	file->size = 0;
	put32(file, magic);
	put16(file, 2);
	put16(file, 4);
	put32(file, 0);
	put32(file, 0);
	put32(file, 65535);
	put32(file, link_type);
}

static void
pcap_record(struct file *file, uint32_t seconds, uint32_t fraction,
	    const void *bytes, uint32_t size, uint32_t length)
{
	put32(file, seconds);
	put32(file, fraction);
	put32(file, size);
	put32(file, length);
	put(file, bytes, size);
}

#define IP4 "\x45\0\0\x14\0\0\0\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2"
#define IP6                                                                    \
	"\x60\0\0\0\0\0\x3b\x40"                                               \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"                             \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
#define MACS	 "\1\2\3\4\5\6\1\2\3\4\5\7"
#define SLL	 "\0\0\0\1\0\6\1\2\3\4\5\6\0\0"
#define SLL2	 "\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0"
#define ROW(...) __VA_ARGS__, sizeof(__VA_ARGS__) - 1

struct row {
	const char *says;
	uint32_t link_type; /* LINKTYPE_ of the registry */
	const char *bytes;
	size_t size;
	enum drop drop;
	uint32_t ip_size;
};

static const struct row rows[] = {
	{ "Ethernet, IPv4", 1, ROW(MACS "\x08\0" IP4), DROP_NONE, 20 },
	{ "Ethernet, IPv6", 1, ROW(MACS "\x86\xdd" IP6), DROP_NONE, 40 },
	{ "one VLAN tag", 1, ROW(MACS "\x81\0\0\5\x08\0" IP4), DROP_NONE, 20 },
	{ "two tags (QinQ)", 1, ROW(MACS "\x88\xa8\0\5\x81\0\0\6\x86\xdd" IP6),
	  DROP_NONE, 40 },
	{ "Ethernet padding is kept", 1, ROW(MACS "\x08\0" IP4 "\0\0\0\0\0\0"),
	  DROP_NONE, 26 },
	{ "ARP is not IP", 1, ROW(MACS "\x08\x06" IP4), DROP_PROTOCOL, 0 },
	{ "802.3 length is not IP", 1, ROW(MACS "\0\x14" IP4), DROP_PROTOCOL,
	  0 },
	{ "ends in the Ethernet header", 1, ROW("\1\2\3\4\5\6\1"), DROP_SHORT,
	  0 },
	{ "ends in the tag", 1, ROW(MACS "\x81\0\0"), DROP_SHORT, 0 },
	{ "ends behind the Ethernet header", 1, ROW(MACS "\x08\0"), DROP_SHORT,
	  0 },
	{ "no bytes at all", 1, ROW(""), DROP_SHORT, 0 },
	{ "raw IP", 101, ROW(IP4), DROP_NONE, 20 },
	{ "raw IPv4", 228, ROW(IP4), DROP_NONE, 20 },
	{ "raw IPv6", 229, ROW(IP6), DROP_NONE, 40 },
	{ "PPP, two bytes, as ns-3 frames it", 9, ROW("\0\x21" IP4), DROP_NONE,
	  20 },
	{ "PPP with address and control", 9, ROW("\xff\x03\0\x57" IP6),
	  DROP_NONE, 40 },
	{ "PPP with a compressed protocol", 9, ROW("\x21" IP4), DROP_NONE, 20 },
	{ "PPP of another protocol", 9, ROW("\xc0\x21" IP4), DROP_PROTOCOL, 0 },
	{ "PPP in HDLC framing", 50, ROW("\xff\x03\0\x21" IP4), DROP_NONE, 20 },
	{ "PPP ends in the protocol", 9, ROW("\0"), DROP_SHORT, 0 },
	{ "Linux cooked", 113, ROW(SLL "\x08\0" IP4), DROP_NONE, 20 },
	{ "Linux cooked, not IP", 113, ROW(SLL "\x08\x06" IP4), DROP_PROTOCOL,
	  0 },
	{ "Linux cooked, cut", 113, ROW(SLL), DROP_SHORT, 0 },
	{ "Linux cooked 2", 276, ROW("\x86\xdd" SLL2 IP6), DROP_NONE, 40 },
	{ "BSD loopback", 0, ROW("\2\0\0\0" IP4), DROP_NONE, 20 },
	{ "OpenBSD loopback", 108, ROW("\0\0\0\x18" IP6), DROP_NONE, 40 },
	{ "BSD loopback, cut", 0, ROW("\2\0"), DROP_SHORT, 0 },
};

static void
test_links(void)
{
	struct file file;
	struct capture *capture;
	struct capture_packet packet;
	char error[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		uint32_t size = (uint32_t)row->size;

		pcap_header(&file, 0xa1b2c3d4, row->link_type);
		pcap_record(&file, 7, 8, row->bytes, size, size);
		file_write(&file, file.size);
		bool open =
			capture_open(&capture, path, error, sizeof(error)) == 0;
		CHECK_ROW(open, row->says);
		if (!open)
			continue;
		CHECK_ROW(capture_next(capture, &packet, error,
				       sizeof(error)) == 1,
			  row->says);
		CHECK_ROW(packet.drop == row->drop, row->says);
		CHECK_ROW(row->drop != DROP_NONE || packet.size == row->ip_size,
			  row->says);
		CHECK_ROW(packet.number == 1 && packet.missing == 0, row->says);
		CHECK_ROW(packet.at_ns == 7 * NS_PER_S + 8 * NS_PER_US,
			  row->says);
		CHECK_ROW(capture_next(capture, &packet, error,
				       sizeof(error)) == 0,
			  row->says);
		capture_close(capture);
	}
}

/* ---- pcapng ---- */

static void
block(struct file *file, uint32_t type, const struct file *body)
{
	uint32_t size = (uint32_t)(12 + body->size);

	put32(file, type);
	put32(file, size);
	put(file, body->bytes, body->size);
	put32(file, size);
}

static void
pcapng_header(struct file *file, uint16_t link_type, uint8_t resolution)
{
	struct file body = { .size = 0 };

	file->size = 0;
	put32(&body, 0x1a2b3c4d);
	put16(&body, 1);
	put16(&body, 0);
	put32(&body, UINT32_MAX);
	put32(&body, UINT32_MAX);
	block(file, 0x0a0d0d0a, &body);

	body.size = 0;
	put16(&body, link_type);
	put16(&body, 0);
	put32(&body, 65535);
	put16(&body, 9); /* if_tsresol */
	put16(&body, 1);
	put(&body, &resolution, 1);
	put(&body, "\0\0\0", 3);
	put32(&body, 0); /* end of options */
	block(file, 1, &body);
}

static void
pcapng_record(struct file *file, uint64_t at, const void *bytes, uint32_t size)
{
	struct file body = { .size = 0 };

	put32(&body, 0);
	put32(&body, (uint32_t)(at >> 32));
	put32(&body, (uint32_t)at);
	put32(&body, size);
	put32(&body, size);
	put(&body, bytes, size);
	put(&body, "\0\0\0", (4 - size % 4) % 4);
	block(file, 6, &body);
}

/* The time of the first record, or -1. */
static int64_t
time_of(const struct file *file)
{
	struct capture *capture;
	struct capture_packet packet = { .at_ns = -1 };
	char error[256];

	file_write(file, file->size);
	if (capture_open(&capture, path, error, sizeof(error)) != 0)
		return -1;
	(void)capture_next(capture, &packet, error, sizeof(error));
	capture_close(capture);
	return packet.at_ns;
}

static void
test_times(void)
{
	struct file file;

	pcap_header(&file, 0xa1b23c4d, 101);
	pcap_record(&file, 3, 999999999, IP4, 20, 20);
	CHECK_ROW(time_of(&file) == 3 * NS_PER_S + 999999999,
		  "pcap in nanoseconds");
	pcap_header(&file, 0xa1b2c3d4, 101);
	pcap_record(&file, 3, 999999, IP4, 20, 20);
	CHECK_ROW(time_of(&file) == 3 * NS_PER_S + 999999000,
		  "pcap in microseconds");
	swapped = true;
	pcap_header(&file, 0xa1b2c3d4, 101);
	pcap_record(&file, 3, 5, IP4, 20, 20);
	swapped = false;
	CHECK_ROW(time_of(&file) == 3 * NS_PER_S + 5000,
		  "pcap of a machine with the other byte order");
	pcap_header(&file, 0xa1b23c4d, 101);
	pcap_record(&file, UINT32_MAX, UINT32_MAX, IP4, 20, 20);
	CHECK_ROW(time_of(&file) == -NS_PER_S - 1,
		  "libpcap takes times of 2038 and later for negative");
	pcapng_header(&file, 101, 9);
	pcapng_record(&file, 3000000007, IP4, 20);
	CHECK_ROW(time_of(&file) == 3 * NS_PER_S + 7, "pcapng in nanoseconds");
	pcapng_header(&file, 101, 6);
	pcapng_record(&file, 3000007, IP4, 20);
	CHECK_ROW(time_of(&file) == 3 * NS_PER_S + 7000,
		  "pcapng in microseconds");
	pcapng_header(&file, 101, 0x80 | 10);
	pcapng_record(&file, 3 * 1024 + 512, IP4, 20);
	CHECK_ROW(time_of(&file) == 3 * NS_PER_S + NS_PER_S / 2,
		  "pcapng in 1,024ths");
	pcapng_header(&file, 101, 0);
	pcapng_record(&file, UINT64_MAX / 2, IP4, 20);
	CHECK_ROW(time_of(&file) > INT64_MAX / 4, "the far future saturates");
	CHECK_ROW(time_of(&file) <= INT64_MAX / 2,
		  "so that distances do not overflow");
}

/* ---- what is broken ---- */

static void
test_cuts(void)
{
	struct file file;
	uint32_t whole[4];

	pcap_header(&file, 0xa1b2c3d4, 1);
	for (int i = 0; i < 3; i++) {
		whole[i] = (uint32_t)file.size;
		pcap_record(&file, 1, 0, MACS "\x08\0" IP4, 34, 34);
	}
	whole[3] = (uint32_t)file.size;
	for (uint32_t cut = 0; cut <= file.size; cut++) {
		struct capture *capture;
		struct capture_packet packet;
		char error[256] = "";
		uint32_t wanted = 0, got = 0;
		int more;

		file_write(&file, cut);
		if (capture_open(&capture, path, error, sizeof(error)) != 0) {
			CHECK(cut < 24 && capture == NULL);
			CHECK(strstr(error, path) != NULL);
			continue;
		}
		CHECK(cut >= 24);
		while (wanted < 3 && whole[wanted + 1] <= cut)
			wanted++;
		while ((more = capture_next(capture, &packet, error,
					    sizeof(error))) == 1)
			got++;
		CHECK(got == wanted);
		CHECK(more == (cut == whole[wanted] ? 0 : -1));
		CHECK(more == 0 || error[0] != '\0');
		capture_close(capture);
	}
}

static void
test_refused(void)
{
	static const struct {
		const char *says;
		uint32_t magic, link_type;
		const char *why;
	} files[] = {
		{ "a link type that carries no IP", 0xa1b2c3d4, 105, "802.11" },
		{ "a link type that libpcap does not know", 0xa1b2c3d4, 65000,
		  "65000" },
		{ "no capture at all", 0x464c457f, 1, "unknown file format" },
	};
	struct capture *capture;
	struct file file;
	char error[256];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		pcap_header(&file, files[i].magic, files[i].link_type);
		file_write(&file, file.size);
		CHECK_ROW(capture_open(&capture, path, error, sizeof(error)) ==
				  -1,
			  files[i].says);
		CHECK_ROW(strstr(error, files[i].why) != NULL, files[i].says);
	}
	CHECK(capture_open(&capture, "/nonexistent/x.pcap", error,
			   sizeof(error)) == -1);
	CHECK(strstr(error, "No such file") != NULL);

	pcap_header(&file, 0xa1b2c3d4, 101);
	pcap_record(&file, 0, 0, IP4, 20, 1500);
	file_write(&file, file.size);
	struct capture_packet packet = { .missing = 0 };
	if (capture_open(&capture, path, error, sizeof(error)) == 0) {
		CHECK(capture_next(capture, &packet, error, sizeof(error)) ==
		      1);
		capture_close(capture);
	}
	CHECK_ROW(packet.missing == 1480, "the snapshot length cut it");
	capture_close(NULL);
}

int
main(void)
{
	snprintf(path, sizeof(path), "/tmp/capture_test.XXXXXX");
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	test_links();
	test_times();
	test_cuts();
	test_refused();
	unlink(path);
	return check_done();
}
