/* SPDX-License-Identifier: GPL-3.0-or-later */
/* census.c - three histograms; see census.h */
#include "sim/census.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire/packet.h"
#include "core/wire/protocol.h"
#include "sim/engine/memory.h"

struct census {
	uint64_t events, packets; /* packets: that reached a host */
	uint64_t kinds[EVENT_KINDS];
	uint32_t device_count, session_count;
	uint64_t *devices, *sessions;
};

struct census *
census_create(uint32_t devices, uint32_t sessions)
{
	struct census *census = memory_zeroed(1, sizeof(*census));

	census->device_count = devices;
	census->session_count = sessions;
	census->devices = memory_zeroed(devices, sizeof(uint64_t));
	census->sessions =
		memory_zeroed((size_t)sessions + 1, sizeof(uint64_t));
	return census;
}

void
census_destroy(struct census *census)
{
	free(census->devices);
	free(census->sessions);
	free(census);
}

void
census_event(struct census *census, const struct event *event)
{
	bool of_device = event->kind != EVENT_WORKLOAD &&
			 event->kind != EVENT_FAULT &&
			 event->kind != EVENT_ATTACK;

	census->events++;
	census->kinds[event->kind]++;
	if (of_device && event->destination < census->device_count)
		census->devices[event->destination]++;
}

static uint32_t
session_of(const struct workload *workload, const struct packet *packet,
	   bool up)
{
	const struct address *client = up ? &packet->src : &packet->dst;
	const struct address *service = up ? &packet->dst : &packet->src;
	uint16_t client_port = up ? packet->src_port : packet->dst_port;
	uint16_t service_port = up ? packet->dst_port : packet->src_port;
	struct session_key key = { .family = packet->family,
				   .protocol = IP_TCP };

	memcpy(key.client, client->bytes, sizeof(key.client));
	memcpy(key.service, service->bytes, sizeof(key.service));
	wire_put16(key.client_port, client_port);
	wire_put16(key.service_port, service_port);
	return workload_find(workload, &key);
}

void
census_packet(struct census *census, const struct workload *workload,
	      const uint8_t *bytes, uint32_t size)
{
	uint32_t session = WATCH_NONE;
	struct packet packet;

	census->packets++;
	if (packet_parse(bytes, size, &packet) != DROP_NONE ||
	    packet.protocol != IP_TCP || !packet.has_ports)
		return;
	for (unsigned up = 0; up < 2 && session == WATCH_NONE; up++)
		session = session_of(workload, &packet, up != 0);
	if (session < census->session_count)
		census->sessions[session]++;
}

static uint32_t
greatest(const uint64_t *counts, uint32_t count)
{
	uint32_t most = 0;

	for (uint32_t i = 1; i < count; i++)
		if (counts[i] > counts[most])
			most = i;
	return most;
}

static unsigned
percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (unsigned)(100 * part / whole) : 0;
}

void
census_say(const struct census *census, const struct progress *progress,
	   const struct network *network, char *sentence)
{
	static const char *const names[EVENT_KINDS] = {
		[EVENT_PACKET] = "packets",	  [EVENT_ROUTE] = "routing",
		[EVENT_HOST] = "servers' timers", [EVENT_TCP] = "TCP's timers",
		[EVENT_WORKLOAD] = "the load",	  [EVENT_FAULT] = "faults",
		[EVENT_ATTACK] = "attacks",
	};
	uint32_t kind = greatest(census->kinds, EVENT_KINDS);
	uint32_t device = greatest(census->devices, census->device_count);
	uint32_t session = greatest(census->sessions, census->session_count);
	int64_t at_ms = progress->at.ns / NS_PER_MS;
	int used = snprintf(
		sentence, WATCH_SENTENCE,
		"no progress since %" PRId64 ".%03d s of simulated time: of "
		"the last %" PRIu64 " events %u %% were %s, %u %% at %s",
		at_ms / 1000, (int)(at_ms % 1000), census->events,
		percent(census->kinds[kind], census->events), names[kind],
		percent(census->devices[device], census->events),
		network_device_name(network, device));

	if (used > 0 && used < WATCH_SENTENCE && census->session_count > 0 &&
	    census->sessions[session] > 0)
		(void)snprintf(
			sentence + used, WATCH_SENTENCE - (size_t)used,
			"; %u %% of packets that arrived were session "
			"%u's",
			percent(census->sessions[session], census->packets),
			session);
}
