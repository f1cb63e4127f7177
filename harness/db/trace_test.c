/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_test.c - captures as libpcap reads them back
 */
#include "harness/db/trace.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/test/check.h"

#define FILES 128 /* that we may open */
#define PORTS (2 * FILES + 3)
#define TURNS 3

static char folder[] = "/tmp/homeward-trace-XXXXXX";

struct seen {
	uint32_t ports;
	uint64_t packets, hash_sum;
};

static void
count(void *context, const char *name, uint64_t packets, uint64_t hash)
{
	struct seen *seen = context;

	(void)name;
	seen->ports++;
	seen->packets += packets;
	seen->hash_sum += hash;
}

/* The same packets into any trace. */
static void
fill(struct trace *trace)
{
	for (uint32_t turn = 0; turn < TURNS; turn++) {
		for (uint32_t port = 0; port < PORTS; port++) {
			uint8_t bytes[60] = { port % 2 == 0 ? 0x45 : 0x60 };

			bytes[10] = (uint8_t)turn;
			trace_packet(trace, "spine1", port,
				     (struct instant){ .ns = turn * NS_PER_S +
							     port * 1001 },
				     bytes, sizeof(bytes));
		}
	}
}

static void
file_test(uint32_t port)
{
	char path[256], error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const u_char *bytes;
	uint32_t turn = 0;
	pcap_t *file;

	snprintf(path, sizeof(path), "%s/t-spine1-%u.pcap", folder, port);
	file = pcap_open_offline(path, error);
	CHECK_ROW(file != NULL, path);
	if (file == NULL)
		return;
	CHECK(pcap_datalink(file) == DLT_PPP);
	CHECK(pcap_snapshot(file) == TRACE_SNAPSHOT);
	while (pcap_next_ex(file, &head, &bytes) == 1) {
		CHECK(head->len == 62 && head->caplen == 62);
		CHECK(head->ts.tv_sec == turn);
		CHECK(head->ts.tv_usec == port * 1001 / 1000);
		CHECK(bytes[0] == 0 && bytes[1] == (port % 2 ? 0x57 : 0x21));
		CHECK(bytes[2] == (port % 2 ? 0x60 : 0x45));
		CHECK(bytes[12] == turn);
		turn++;
	}
	CHECK_ROW(turn == TURNS, path);
	pcap_close(file);
	unlink(path);
}

int
main(void)
{
	struct seen written = { 0 }, hashed = { 0 }, other = { 0 };
	struct trace *trace;
	const struct rlimit limit = { FILES, FILES };
	uint8_t byte = 0x45;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(mkdtemp(folder) != NULL);
	trace = trace_create(folder, "t");
	CHECK(trace != NULL);
	fill(trace);
	CHECK(trace_close(trace, count, &written) == 0);
	CHECK(written.ports == PORTS && written.packets == PORTS * TURNS);
	for (uint32_t port = 0; port < PORTS; port++)
		file_test(port);
	CHECK(rmdir(folder) == 0);

	/* Without a folder: the same hashes. One byte more: others. */
	trace = trace_create(NULL, "t");
	fill(trace);
	CHECK(trace_close(trace, count, &hashed) == 0);
	CHECK(hashed.hash_sum == written.hash_sum);
	trace = trace_create(NULL, "t");
	fill(trace);
	trace_packet(trace, "spine1", 0, (struct instant){ 0 }, &byte, 1);
	CHECK(trace_close(trace, count, &other) == 0);
	CHECK(other.hash_sum != written.hash_sum);

	/* A folder that cannot be. */
	CHECK(trace_create("/dev/null/x", "t") == NULL);
	return check_done();
}
