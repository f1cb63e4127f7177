/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge_bed.h - servers on a network, without clients, and who hears verdicts
 *
 * The tables that servers share may be written by the test: what no server
 * would do is done by hand, and the judge must see it.
 */
#ifndef SIM_TEST_JUDGE_BED_H
#define SIM_TEST_JUDGE_BED_H

#include <stdio.h>
#include <string.h>

#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/message.h"
#include "sim/host/server.h"
#include "sim/host/tcp.h"
#include "sim/judge/judge.h"
#include "sim/model/workload.h"
#include "sim/scheme/schemes.h"

struct bed {
	struct settings settings;
	struct watch watch;
	struct queue *queue;
	struct network *network;
	struct workload *workload;
	struct transport *transport;
	struct servers *servers;
	struct verdicts verdicts;
	struct judge_parts parts;
	char said[WATCH_SENTENCE]; /* the last sentence */
};

static inline void
bed_violation(void *context, const struct watch_violation *violation)
{
	struct bed *bed = context;

	(void)snprintf(bed->said, sizeof(bed->said), "%s", violation->sentence);
}

static inline void
bed_deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	    const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;

	if (device < servers_count(bed->servers))
		servers_deliver(bed->servers, now, device, port, bytes, size);
}

/* Servers that all live, with tables yet empty: see servers_ideal(). */
static inline void
bed_make(struct bed *bed, const struct settings *settings)
{
	struct tcp_settings tcp;
	char error[200];

	memset(bed, 0, sizeof(*bed));
	bed->settings = *settings;
	bed->watch = (struct watch){
		.context = bed,
		.violation = bed_violation,
	};
	bed->verdicts.watch = &bed->watch;
	tcp_settings_default(&tcp);
	bed->queue = queue_create();
	CHECK(network_create(&bed->network, &bed->settings, bed->queue,
			     &bed->watch, bed_deliver, bed, error,
			     sizeof(error)) == 0);
	bed->workload =
		workload_create(&bed->settings, bed->queue, &bed->watch);
	bed->transport = transport_create(bed->network, bed->queue, &tcp);
	bed->servers = servers_create(&bed->settings,
				      schemes_get(bed->settings.service.scheme),
				      bed->network, bed->queue, &bed->watch,
				      bed->workload, bed->transport);
	bed->parts = (struct judge_parts){
		.settings = &bed->settings,
		.network = bed->network,
		.servers = bed->servers,
		.workload = bed->workload,
		.verdicts = &bed->verdicts,
	};
}

static inline void
bed_free(struct bed *bed)
{
	servers_destroy(bed->servers);
	transport_destroy(bed->transport);
	workload_destroy(bed->workload);
	network_destroy(bed->network);
	queue_destroy(bed->queue);
}

static inline struct instant
bed_now(const struct bed *bed)
{
	return queue_now(bed->queue);
}

/* Handle what comes within that time. */
static inline void
bed_pass(struct bed *bed, int64_t ns)
{
	struct instant until = instant_after(queue_now(bed->queue), ns);
	struct event event;

	while (queue_next(bed->queue, until, &event)) {
		if (event.kind == EVENT_HOST)
			servers_event(bed->servers, queue_now(bed->queue),
				      &event);
		else
			network_event(bed->network, &event);
	}
}

static inline uint64_t
bed_count(const struct bed *bed, enum violation kind)
{
	return bed->verdicts.counts[kind];
}

/* Of all kinds. */
static inline uint64_t
bed_violations(const struct bed *bed)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < VIOLATIONS; i++)
		sum += bed->verdicts.counts[i];
	return sum;
}

static inline struct session_key
bed_key(uint16_t number)
{
	return (struct session_key){
		.client = { 20, 1, 0, 1 },
		.service = { 192, 168, 0, 1 },
		.client_port = { (uint8_t)(number >> 8), (uint8_t)number },
		.service_port = { 0, 80 },
		.family = 4,
		.protocol = 6,
	};
}

static inline struct endpoint
bed_endpoint(const struct bed *bed, uint32_t server)
{
	return (struct endpoint){
		network_host_address(bed->network, server, 4),
		SERVER_AGENT_PORT,
	};
}

/* The message in an IP packet from server to server; its size. */
static inline size_t
bed_datagram(const struct bed *bed, uint32_t from, uint32_t to,
	     const uint8_t *message, size_t message_bytes, uint8_t *packet,
	     size_t capacity)
{
	uint8_t sealed[MESSAGE_SEALED_MAX] = { 0 };
	const struct packet_udp udp = {
		.ip = {
			.src = network_host_address(bed->network, from, 4),
			.dst = network_host_address(bed->network, to, 4),
			.ttl = 64,
			.df = true,
		},
		.src_port = SERVER_AGENT_PORT,
		.dst_port = SERVER_AGENT_PORT,
		.payload = sealed,
		.payload_bytes = message_bytes + MESSAGE_SEAL_BYTES,
	};

	memcpy(sealed, message, message_bytes);
	return packet_build_udp(&udp, packet, capacity);
}

#endif
