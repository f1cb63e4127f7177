/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.c - many pcap files, few of them open
 *
 * Ports are found by a hash table with linear probing over their number in
 * the order of first packets; it doubles when half full. Nothing that is
 * written depends on the table's layout.
 */
#include "harness/trace.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "harness/verbs.h"

#define DEVICE_NAME 32
#define OPEN_LEAST  16
#define OPEN_OTHERS 64 /* files that are not ours */
#define FRAME_MAX   (TRACE_SNAPSHOT + 2)

struct port {
	char device[DEVICE_NAME];
	uint32_t number;
	uint64_t packets, hash;
	pcap_dumper_t *file; /* NULL: not open now */
	char *buffer; /* the file's */
	uint64_t used; /* when last, in packets of the trace */
};

struct trace {
	char *folder, *prefix;
	pcap_t *format;
	struct port *ports;
	uint32_t port_count, port_capacity;
	uint32_t *slots; /* port + 1; 0: free */
	uint32_t slot_count; /* a power of two */
	uint32_t open_count, open_most;
	uint64_t packets;
	bool failed;
	uint8_t frame[FRAME_MAX];
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
		trace->format = pcap_open_dead(DLT_PPP, TRACE_SNAPSHOT);
	}
	if (trace == NULL || trace->slots == NULL || trace->prefix == NULL ||
	    trace->format == NULL ||
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
	*port = (struct port){ .number = number };
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

/* Close one file; what it could not write shows here at the latest. */
static void
port_close(struct trace *trace, struct port *port)
{
	FILE *file = pcap_dump_file(port->file);

	if (fflush(file) != 0 || ferror(file))
		trace_fail(trace, trace->folder, strerror(errno));
	pcap_dump_close(port->file);
	free(port->buffer);
	port->buffer = NULL;
	port->file = NULL;
	trace->open_count--;
}

static void
oldest_close(struct trace *trace)
{
	struct port *oldest = NULL;

	for (uint32_t i = 0; i < trace->port_count; i++) {
		struct port *port = &trace->ports[i];

		if (port->file != NULL &&
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
	if (port->packets == 0) {
		FILE *file = fopen(path, "wbe");
		if (file == NULL) {
			trace_fail(trace, path, strerror(errno));
			return false;
		}
		port->buffer = malloc(TRACE_BUFFER);
		if (port->buffer != NULL)
			(void)setvbuf(file, port->buffer, _IOFBF, TRACE_BUFFER);
		port->file = pcap_dump_fopen(trace->format, file);
	} else {
		port->file = pcap_dump_open_append(trace->format, path);
	}
	if (port->file == NULL) {
		trace_fail(trace, trace->folder, pcap_geterr(trace->format));
		return false;
	}
	trace->open_count++;
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

/* Chain one frame and its time into the port's hash: to tell runs apart, not
 * forgers, so 16 bytes a multiplication will do. */
static void
port_hash(struct port *port, struct instant at, const uint8_t *frame,
	  uint32_t size)
{
	uint64_t hash = fold(port->hash ^ size, (uint64_t)at.ns), words[2];

	for (; size > 0; frame += 16) {
		uint32_t part = size < 16 ? size : 16;
		words[0] = words[1] = 0;
		memcpy(words, frame, part);
		hash = fold(hash ^ words[0], hash + words[1]);
		size -= part;
	}
	port->hash = hash;
}

void
trace_packet(void *context, const char *device, uint32_t number,
	     struct instant at, const uint8_t *bytes, uint32_t size)
{
	struct trace *trace = context;
	struct pcap_pkthdr head;
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
	trace->frame[0] = 0;
	trace->frame[1] = bytes[0] >> 4 == 6 ? 0x57 : 0x21;
	memcpy(trace->frame + 2, bytes, size);
	size += 2;
	port_hash(port, at, trace->frame, size);
	if (trace->folder != NULL && port->file == NULL &&
	    !port_open(trace, port))
		return;
	port->packets++;
	port->used = ++trace->packets;
	if (trace->folder == NULL)
		return;
	head = (struct pcap_pkthdr){
		.ts.tv_sec = at.ns / NS_PER_S,
		.ts.tv_usec = at.ns % NS_PER_S / NS_PER_US,
		.caplen = size > TRACE_SNAPSHOT ? TRACE_SNAPSHOT : size,
		.len = size,
	};
	pcap_dump((u_char *)port->file, &head, trace->frame);
	if (ferror(pcap_dump_file(port->file)))
		trace_fail(trace, trace->folder, strerror(errno));
}

int
trace_close(struct trace *trace, trace_each *each, void *context)
{
	bool failed;

	for (uint32_t i = 0; i < trace->port_count; i++) {
		struct port *port = &trace->ports[i];
		char name[DEVICE_NAME + 16];

		if (port->file != NULL)
			port_close(trace, port);
		snprintf(name, sizeof(name), "%s-%u", port->device,
			 port->number);
		if (each != NULL)
			each(context, name, port->packets, port->hash);
	}
	failed = trace->failed;
	if (trace->format != NULL)
		pcap_close(trace->format);
	free(trace->ports);
	free(trace->slots);
	free(trace->folder);
	free(trace->prefix);
	free(trace);
	return failed ? EXIT_RUNTIME : 0;
}
