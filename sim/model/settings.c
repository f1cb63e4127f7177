/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.c - the paper's fabric with one client, one download, no fault
 *
 * Links: 10 Gbit/s and 5 us a hop inside, as a row of racks has them; a client
 * 1 ms away on 1 Gbit/s. The fabric's MTU leaves room for the encapsulation
 * (48 bytes, 68 with IPv6), the client's is the internet's. Routing times are
 * those of the lab that calibrates bgp.h: its measured spans, in which `hop` is
 * a spine's withdrawal less the leaf's.
 */
#include "sim/model/settings.h"

#define GBPS UINT64_C(1000000000)

static const struct siphash_key placement = { { 'h', 'o', 'm', 'e', 'w', 'a',
						'r', 'd', ' ', 'p', 'l', 'a',
						'c', 'e', 's', '.' } };

static const struct siphash_key tag = { { 'h', 'o', 'm', 'e', 'w', 'a', 'r',
					  'd', ' ', 't', 'a', 'g', 's', ' ',
					  'i', 't' } };

static struct fabric_settings
fabric_default(void)
{
	struct link_settings inside = {
		.rate_bps = 10 * GBPS,
		.delay_ns = 5 * NS_PER_US,
		.mtu_bytes = 1600,
		.queue_bytes = 1 << 20,
	};
	struct fabric_settings fabric = {
		.kind = FABRIC_SPINE_LEAF,
		.fidelity = FIDELITY_PACKET,
		.exits = 2,
		.spines = 2,
		.leaves = 4,
		.pods = 1,
		.servers = 4,
		.uplinks = 2,
		.clients = 1,
		.client_link = inside,
		.edge_link = inside,
		.fabric_link = inside,
		.server_link = inside,
		.uniform_delay_ns = 25 * NS_PER_US,
	};

	fabric.client_link.rate_bps = GBPS;
	fabric.client_link.delay_ns = NS_PER_MS;
	fabric.client_link.mtu_bytes = 1500;
	return fabric;
}

static struct routing_settings
routing_default(void)
{
	return (struct routing_settings){
		.ecmp = ECMP_HASH_THRESHOLD,
		.resilient_buckets = 128,
		.resilient_idle_ns = 120 * NS_PER_S,
		.detection = DETECTION_BFD,
		.reroute = { 800 * NS_PER_US, 2100 * NS_PER_US },
		.local = { 77 * NS_PER_MS, 82 * NS_PER_MS },
		.hop = { 49 * NS_PER_MS, 52 * NS_PER_MS },
		.bfd = { 167 * NS_PER_MS, 212 * NS_PER_MS },
		.hold = { 2650 * NS_PER_MS, 2670 * NS_PER_MS },
		.restore = { 900 * NS_PER_MS, 1100 * NS_PER_MS },
	};
}

void
fault_settings_default(struct fault_settings *fault)
{
	*fault = (struct fault_settings){
		.crash_ppm = 1000000,
		.rate_pps = 1000,
		.repeat = 1,
	};
}

void
settings_default(struct settings *settings)
{
	*settings = (struct settings){
		.seed = 1,
		.fabric = fabric_default(),
		.routing = routing_default(),
		.dht = {
			.tables = TABLES_JOINED,
			.join_interval_ns = 20 * NS_PER_MS,
			.placement = placement,
		},
		.service = {
			.scheme = SCHEME_HOMEWARD,
			.family = 4,
			.port = 80,
		},
		.clients = {
			.sessions = 1,
			.arrival = ARRIVAL_FIXED,
			.jitter_ns = CLIENTS_JITTER_AUTO,
			.direction = DIRECTION_DOWNLOAD,
			.size_bytes = 10000000,
		},
		.measure = {
			.duration_ns = 10 * NS_PER_S,
			.interval_ns = 10 * NS_PER_MS,
			.samples = 1,
			.rpc_request_bytes = 100,
			.rpc_answer_bytes = 500,
		},
	};
	node_settings_default(&settings->dht.node);
	steer_settings_default(&settings->service.steer);
	settings->service.steer.mtu_bytes =
		settings->fabric.server_link.mtu_bytes;
	settings->service.steer.tag_keys[0] = tag;
	settings->service.steer.tag_key_valid[0] = true;
}
