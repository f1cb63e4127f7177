/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network_bed.h - the paper's fabric with nobody at its hosts, for tests
 *
 * What arrives anywhere is written down. Each packet that was sent has to be in
 * the report's sums in the end, as received or as dropped.
 */
#ifndef SIM_TEST_NETWORK_BED_H
#define SIM_TEST_NETWORK_BED_H

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "core/wire/build.h"
#include "sim/net/network.h"
#include "sim/test/measured_routing.h"
#include "sim/test/packet_sums.h"

#define MS	  NS_PER_MS
#define CATCH_MAX 4096

static const struct settings paper = {
	.seed = 1,
	.fabric = {
		.exits = 2,
		.spines = 2,
		.leaves = 4,
		.pods = 1,
		.servers = 4,
		.uplinks = 2,
		.clients = 2,
		.client_link = { 10000000000, 1000000, 1600, 1 << 20, 0, 0, 0 },
		.edge_link = { 40000000000, 1000, 1600, 1 << 20, 0, 0, 0 },
		.fabric_link = { 40000000000, 1000, 1600, 1 << 20, 0, 0, 0 },
		.server_link = { 10000000000, 1000, 1600, 1 << 20, 0, 0, 0 },
		.uniform_delay_ns = 50000,
	},
	.routing = MEASURED_ROUTING,
};

struct bed {
	struct network *network;
	struct queue *queue;
	struct watch watch;
	struct settings settings;
	/* What arrived. */
	uint32_t count;
	uint32_t device[CATCH_MAX];
	uint8_t port[CATCH_MAX];
	int64_t at_ns[CATCH_MAX];
	uint32_t size[CATCH_MAX];
	uint8_t last[65536]; /* bytes of the last one */
	uint64_t taps, bad_checksums;
	struct packet_sums sums;
};

static inline void
bed_deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	    const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;

	if (bed->count == CATCH_MAX)
		bed->count = 0;
	bed->device[bed->count] = device;
	bed->port[bed->count] = port;
	bed->at_ns[bed->count] = now.ns;
	bed->size[bed->count] = size;
	memcpy(bed->last, bytes, size);
	bed->count++;
}

static inline void
bed_tap(void *context, const char *device, uint32_t port, struct instant at,
	const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;
	struct packet packet;

	(void)device;
	(void)port;
	(void)at;
	bed->taps++;
	if (packet_parse(bytes, size, &packet) != DROP_NONE ||
	    !packet_checksum_ok(bytes, &packet))
		bed->bad_checksums++;
}

static inline void
bed_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct bed *bed = context;

	packet_sums_count(&bed->sums, node, name, value);
}

static inline struct bed *
bed_create(const struct settings *settings)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	char error[128];

	if (bed == NULL)
		abort();
	bed->settings = *settings;
	bed->watch.context = bed;
	bed->watch.packet = bed_tap;
	bed->watch.counter = bed_counter;
	bed->queue = queue_create();
	CHECK(network_create(&bed->network, settings, bed->queue, &bed->watch,
			     bed_deliver, bed, error, sizeof(error)) == 0);
	return bed;
}

static inline void
bed_run(struct bed *bed, int64_t duration_ns)
{
	struct instant until =
		instant_after(queue_now(bed->queue), duration_ns);
	struct event event;

	while (queue_next(bed->queue, until, &event))
		network_event(bed->network, &event);
}

/* Whatever happened, no packet may be lost from the books. */
static inline void
bed_destroy(struct bed *bed)
{
	bed_run(bed, 100 * NS_PER_S);
	network_report(bed->network);
	CHECK(packet_sums_agree(&bed->sums));
	CHECK(bed->bad_checksums == 0);
	network_destroy(bed->network);
	queue_destroy(bed->queue);
	free(bed);
}

static inline uint32_t
find(const struct bed *bed, const char *name)
{
	return network_device_find(bed->network, name);
}

static inline void
cut(struct bed *bed, const char *name, enum link_state state)
{
	uint32_t link = network_link_find(bed->network, name);

	CHECK(link != UINT32_MAX);
	network_link_set(bed->network, link, state);
}

struct wanted {
	struct address src, dst;
	uint16_t src_port, dst_port;
	uint8_t ttl;
	bool df;
	size_t payload_bytes;
};

static inline uint32_t
packet_make(const struct wanted *wanted, uint8_t out[65536])
{
	static uint8_t payload[65000];
	const struct packet_udp udp = {
		.ip = { .src = wanted->src,
			.dst = wanted->dst,
			.ttl = wanted->ttl,
			.id = 77,
			.df = wanted->df },
		.src_port = wanted->src_port,
		.dst_port = wanted->dst_port,
		.payload = payload,
		.payload_bytes = wanted->payload_bytes,
	};
	size_t size = packet_build_udp(&udp, out, 65536);

	CHECK(size > 0);
	return (uint32_t)size;
}

static inline void
host_send(struct bed *bed, uint32_t device, uint8_t avoid,
	  const struct wanted *wanted)
{
	static uint8_t bytes[65536];
	uint32_t size = packet_make(wanted, bytes);

	network_send(bed->network, device, avoid, bytes, size);
}

static inline struct address
own(const struct bed *bed, uint32_t device, uint8_t family)
{
	return network_host_address(bed->network, device, family);
}

#endif
