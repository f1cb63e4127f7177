/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.c - many pcap files, few of them open
 *
 * Ports are found by a hash table with linear probing over their number in
 * the order of first packets; it doubles when half full. Nothing that is
 * written depends on the table's layout.
 *
 * Files are written by us, not by libpcap: a packet is copied once, to where
 * the kernel takes it from. The format is two small headers (libpcap reads
 * them in the test).
 */
#include "harness/db/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/exit.h"

#define DEVICE_NAME   32
#define OPEN_LEAST    16
#define OPEN_OTHERS   64 /* files that are not ours */
#define LINK_TYPE_PPP 9

/* libpcap's file format, in our own byte order: draft-ietf-opsawg-pcap. */
static const struct {
	uint32_t magic; /* microseconds */
	uint16_t major, minor;
	uint32_t reserved[2];
	uint32_t snapshot, link_type;
} file_header = {
	.magic = 0xa1b2c3d4,
	.major = 2,
	.minor = 4,
	.snapshot = TRACE_SNAPSHOT,
	.link_type = LINK_TYPE_PPP,
};
_Static_assert(sizeof(file_header) == 24, "six words");

/* Before each packet, and the PPP header that begins it. */
struct record {
	uint32_t seconds, microseconds;
	uint32_t included, original; /* bytes, PPP with them */
	uint8_t ppp[2];
};
#define RECORD_BYTES 18 /* without padding */
_Static_assert(offsetof(struct record, ppp) == 16, "four words");

struct port {
	char device[DEVICE_NAME];
	uint32_t number;
	uint64_t packets, hash;
	int file; /* -1: not open now */
	uint32_t waiting; /* bytes in the buffer */
	uint8_t *buffer; /* while open: TRACE_BUFFER bytes not yet written */
	uint64_t used; /* when last, in packets of the trace */
};

struct trace {
	char *folder, *prefix;
	struct port *ports;
	uint32_t port_count, port_capacity;
	uint32_t *slots; /* port + 1; 0: free */
	uint32_t slot_count; /* a power of two */
	uint32_t open_count, open_most;
	uint64_t packets;
	bool failed;
};

/* Raise the limit on open files as far as we may, and leave some to others. */
static uint32_t
open_most(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return OPEN_LEAST;
	if (limit.rlim_cur < TRACE_OPEN + OPEN_OTHERS) {
		limit.rlim_cur = TRACE_OPEN + OPEN_OTHERS;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < OPEN_LEAST + OPEN_OTHERS)
		return OPEN_LEAST;
	return limit.rlim_cur - OPEN_OTHERS < TRACE_OPEN
		       ? (uint32_t)(limit.rlim_cur - OPEN_OTHERS)
		       : TRACE_OPEN;
}

struct trace *
trace_create(const char *folder, const char *prefix)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (folder != NULL && mkdir(folder, 0777) != 0 && errno != EEXIST) {
		fprintf(stderr, "homeward: %s: %s\n", folder, strerror(errno));
		free(trace);
		return NULL;
	}
	if (trace != NULL) {
		trace->open_most = folder != NULL ? open_most() : 0;
		trace->slot_count = 64;
		trace->slots = calloc(trace->slot_count, sizeof(*trace->slots));
		trace->folder = folder != NULL ? strdup(folder) : NULL;
		trace->prefix = strdup(prefix);
	}
	if (trace == NULL || trace->slots == NULL || trace->prefix == NULL ||
	    (folder != NULL && trace->folder == NULL)) {
		fprintf(stderr, "homeward: trace: out of memory\n");
		if (trace != NULL)
			(void)trace_close(trace, NULL, NULL);
		return NULL;
	}
	return trace;
}

static uint32_t
slot_of(const struct trace *trace, const char *device, uint32_t number)
{
	uint32_t hash = 2166136261u ^ number; /* FNV-1a */

	for (const char *c = device; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	hash ^= hash >> 15;
	return hash & (trace->slot_count - 1);
}

/* The slot of a port, or the free one where it would be. */
static uint32_t
slot_find(const struct trace *trace, const char *device, uint32_t number)
{
	uint32_t slot = slot_of(trace, device, number);

	while (trace->slots[slot] != 0) {
		const struct port *port = &trace->ports[trace->slots[slot] - 1];

		if (port->number == number && strcmp(port->device, device) == 0)
			break;
		slot = (slot + 1) & (trace->slot_count - 1);
	}
	return slot;
}

static bool
slots_grow(struct trace *trace)
{
	uint32_t *old = trace->slots;
	uint32_t *slots = calloc(2 * (size_t)trace->slot_count, sizeof(*slots));

	if (slots == NULL)
		return false;
	trace->slots = slots;
	trace->slot_count *= 2;
	for (uint32_t i = 0; i < trace->port_count; i++)
		slots[slot_find(trace, trace->ports[i].device,
				trace->ports[i].number)] = i + 1;
	free(old);
	return true;
}

/* NULL: out of memory. */
static struct port *
port_add(struct trace *trace, const char *device, uint32_t number)
{
	struct port *port;

	if (trace->port_count == trace->port_capacity) {
		uint32_t capacity = trace->port_capacity * 2 + 16;
		struct port *ports =
			realloc(trace->ports, capacity * sizeof(*ports));

		if (ports == NULL)
			return NULL;
		trace->ports = ports;
		trace->port_capacity = capacity;
	}
	if (2 * (trace->port_count + 1) > trace->slot_count &&
	    !slots_grow(trace))
		return NULL;
	port = &trace->ports[trace->port_count];
	*port = (struct port){ .number = number, .file = -1 };
	snprintf(port->device, sizeof(port->device), "%s", device);
	trace->slots[slot_find(trace, port->device, number)] =
		++trace->port_count;
	return port;
}

static void
trace_fail(struct trace *trace, const char *path, const char *reason)
{
	if (!trace->failed)
		fprintf(stderr, "homeward: %s: %s\n", path, reason);
	trace->failed = true;
}

static void
port_flush(struct trace *trace, struct port *port)
{
	const uint8_t *at = port->buffer;

	while (port->waiting > 0 && !trace->failed) {
		ssize_t written = write(port->file, at, port->waiting);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			trace_fail(trace, trace->folder, strerror(errno));
			break;
		}
		at += written;
		port->waiting -= (uint32_t)written;
	}
	port->waiting = 0;
}

static void
port_write(struct trace *trace, struct port *port, const void *bytes,
	   uint32_t size)
{
	const uint8_t *from = bytes;

	while (size > 0) {
		uint32_t room = TRACE_BUFFER - port->waiting;
		uint32_t part = size < room ? size : room;

		memcpy(port->buffer + port->waiting, from, part);
		port->waiting += part;
		from += part;
		size -= part;
		if (port->waiting == TRACE_BUFFER)
			port_flush(trace, port);
	}
}

/* Close one file; what it could not write shows here at the latest. */
static void
port_close(struct trace *trace, struct port *port)
{
	port_flush(trace, port);
	if (close(port->file) != 0)
		trace_fail(trace, trace->folder, strerror(errno));
	free(port->buffer);
	port->buffer = NULL;
	port->file = -1;
	trace->open_count--;
}

static void
oldest_close(struct trace *trace)
{
	struct port *oldest = NULL;

	for (uint32_t i = 0; i < trace->port_count; i++) {
		struct port *port = &trace->ports[i];

		if (port->file >= 0 &&
		    (oldest == NULL || port->used < oldest->used))
			oldest = port;
	}
	if (oldest != NULL)
		port_close(trace, oldest);
}

static bool
port_open(struct trace *trace, struct port *port)
{
	char path[4096];
	int size =
		snprintf(path, sizeof(path), "%s/%s-%s-%u.pcap", trace->folder,
			 trace->prefix, port->device, port->number);

	if (size < 0 || (size_t)size >= sizeof(path)) {
		trace_fail(trace, trace->folder, strerror(ENAMETOOLONG));
		return false;
	}
	if (trace->open_count >= trace->open_most)
		oldest_close(trace);
	port->buffer = malloc(TRACE_BUFFER);
	if (port->buffer == NULL) {
		trace_fail(trace, path, strerror(ENOMEM));
		return false;
	}
	port->file = open(
		path,
		O_WRONLY | O_CLOEXEC |
			(port->packets == 0 ? O_CREAT | O_TRUNC : O_APPEND),
		0666);
	if (port->file < 0) {
		trace_fail(trace, path, strerror(errno));
		free(port->buffer);
		port->buffer = NULL;
		return false;
	}
	trace->open_count++;
	if (port->packets == 0)
		port_write(trace, port, &file_header, sizeof(file_header));
	return true;
}

/* ISO C has no name for it; every compiler that we support does. */
__extension__ typedef unsigned __int128 uint128;

/* Both halves of the product of two words, folded. */
static uint64_t
fold(uint64_t a, uint64_t b)
{
	uint128 product = (uint128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) *
			  (b ^ UINT64_C(0xe7037ed1a0b428db));

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* Chain one packet and its time into the port's hash: to tell runs apart, not
 * forgers, so 16 bytes a multiplication will do. Four chains, because each
 * waits for its last multiplication. */
static void
port_hash(struct port *port, struct instant at, const uint8_t *bytes,
	  uint32_t size)
{
	uint64_t chains[4] = { port->hash, size, (uint64_t)at.ns, 0 };
	uint64_t words[8];

	for (; size > 0; bytes += 64) {
		uint32_t part = size < 64 ? size : 64;
		if (part < 64)
			memset(words, 0, sizeof(words));
		memcpy(words, bytes, part);
		for (unsigned i = 0; i < 4; i++)
			chains[i] = fold(chains[i] ^ words[2 * i],
					 chains[i] + words[2 * i + 1]);
		size -= part;
	}
	port->hash =
		fold(fold(chains[0], chains[1]), fold(chains[2], ~chains[3]));
}

void
trace_packet(void *context, const char *device, uint32_t number,
	     struct instant at, const uint8_t *bytes, uint32_t size)
{
	struct trace *trace = context;
	struct port *port;
	uint32_t slot;

	if (trace->failed || size == 0)
		return;
	slot = trace->slots[slot_find(trace, device, number)];
	port = slot != 0 ? &trace->ports[slot - 1]
			 : port_add(trace, device, number);
	if (port == NULL) {
		trace_fail(trace, "trace", "out of memory");
		return;
	}
	if (size > TRACE_SNAPSHOT)
		size = TRACE_SNAPSHOT;
	port_hash(port, at, bytes, size);
	if (trace->folder != NULL && port->file < 0 && !port_open(trace, port))
		return;
	port->packets++;
	port->used = ++trace->packets;
	if (trace->folder == NULL)
		return;
	struct record record = {
		.seconds = (uint32_t)(at.ns / NS_PER_S),
		.microseconds = (uint32_t)(at.ns % NS_PER_S / NS_PER_US),
		.included = size + 2,
		.original = size + 2,
		.ppp = { 0, bytes[0] >> 4 == 6 ? 0x57 : 0x21 },
	};
	if (record.included > TRACE_SNAPSHOT)
		record.included = TRACE_SNAPSHOT;
	port_write(trace, port, &record, RECORD_BYTES);
	port_write(trace, port, bytes, record.included - 2);
}

int
trace_close(struct trace *trace, trace_each *each, void *context)
{
	bool failed;

	for (uint32_t i = 0; i < trace->port_count; i++) {
		struct port *port = &trace->ports[i];
		char name[DEVICE_NAME + 16];

		if (port->file >= 0)
			port_close(trace, port);
		snprintf(name, sizeof(name), "%s-%u", port->device,
			 port->number);
		if (each != NULL)
			each(context, name, port->packets, port->hash);
	}
	failed = trace->failed;
	free(trace->ports);
	free(trace->slots);
	free(trace->folder);
	free(trace->prefix);
	free(trace);
	return failed ? EXIT_RUNTIME : 0;
}
