/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_page.c - the page of metrics.h
 *
 * Each counter of the daemon's lists has a sentence below (metrics_test.c names
 * one that has none).
 */
#include "live/control/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "core/dht/traffic.h"
#include "live/control/parts.h"
#include "live/control/status.h"
#include "live/kernel/latency_histogram.h"

#ifndef HOMEWARD_VERSION
#define HOMEWARD_VERSION "unknown"
#endif

static const struct {
	const char *name, *help;
} helps[] = {
	{ "node_sent", "Datagrams sent to other servers" },
	{ "node_sent_bytes", "Bytes of datagrams sent, before sealing" },
	{ "node_received", "Datagrams received from other servers" },
	{ "node_received_bytes", "Bytes of datagrams received, opened" },
	{ "node_queries", "Requests sent by lookups" },
	{ "node_timeouts", "Requests that were not answered in time" },
	{ "node_lookups", "Lookups begun, stores' included" },
	{ "node_lookup_failures", "Lookups that found no record" },
	{ "node_stores", "Sessions published" },
	{ "node_republished", "Records sent again to keep them alive" },
	{ "node_repaired", "Records stored where others lost them" },
	{ "node_evictions", "Contacts that failed and were replaced" },
	{ "node_confirmed", "Stores of sessions that got established" },
	{ "steer_local", "Packets left to the local stack" },
	{ "steer_strays", "Packets of sessions that are not here" },
	{ "steer_forwards", "Packets forwarded to their owner" },
	{ "steer_forward_bytes", "Bytes of packets forwarded, inner size" },
	{ "steer_held", "Packets held during a lookup" },
	{ "steer_released", "Held packets that went on" },
	{ "steer_resets", "RST segments sent to clients" },
	{ "steer_lookups", "Lookups begun for strays" },
	{ "steer_glances", "Lookups that cost little, under pressure" },
	{ "steer_misses", "Lookups for strays that found no owner" },
	{ "steer_decapsulated", "Packets that came home by other servers" },
	{ "steer_not_mine_sent", "Forwarded packets answered not-mine" },
	{ "steer_not_mine_received", "Owners that answered not-mine" },
	{ "steer_outer_fragmented", "Encapsulations sent in fragments" },
	{ "steer_too_big_sent", "ICMP too-big answers sent" },
	{ "steer_doubts", "Packets of a socket here, but for their numbers" },
	{ "steer_openings", "Sessions published at their SYN" },
	{ "steer_openings_skipped", "Those that were too many to be" },
	{ "steer_asked", "Questions whether an owner lives" },
	{ "steer_dead_owners", "Owners that were found to be dead" },
	{ "steer_errors_unproven", "ICMP errors that quote nothing sent" },
	{ "engine_sealed_dropped", "Datagrams that did not open" },
	{ "engine_forwarded", "Strays sent on at once, not held" },
	{ "engine_edge_errors", "Packets and datagrams not sent" },
	{ "engine_no_route", "Of those, for want of a route" },
	{ "engine_opened", "Sessions opened here" },
	{ "engine_closed", "Sessions closed here" },
	{ "engine_unpublished", "Sessions that found a table full" },
	{ "engine_refusals", "Refusals sent to peers with an earlier boot id" },
	{ "engine_reboots", "Boot ids taken because a peer knew a later one" },
	{ "engine_peer_boots", "Times that a peer began anew" },
	{ "engine_reclaimed", "Endpoints of peers gone, given back" },
	{ "engine_leaps", "Leaps of the clock; all was published again" },
	{ "engine_raised", "Sessions placed above a newer record of others" },
	{ "datapath_packets", "Packets to a service seen at an uplink" },
	{ "datapath_redirected", "Packets taken out of the kernel" },
	{ "datapath_kernel_resets", "RST segments by the kernel; expect 0" },
	{ "datapath_refused", "Packets whose socket had just gone" },
	{ "datapath_malformed", "Packets to a service not parsed" },
	{ "datapath_events_lost", "Socket events that found the ring full" },
	{ "datapath_untold", "Packets judged by their key alone" },
	{ "datapath_doubts", "Clones of packets that may be another's" },
	{ "datapath_doubts_skipped", "Clones beyond what may be told" },
	{ "datapath_openings", "SYN-ACKs told to the daemon" },
	{ "datapath_openings_lost", "SYN-ACKs that found the ring full" },
	{ "datapath_openings_skipped", "SYN-ACKs beyond what may be told" },
	{ "datapath_tun_dropped", "Strays lost because the TUN was full" },
	{ "outlet_datagrams", "Datagrams to other servers given to be sent" },
	{ "outlet_forwards", "Encapsulated packets given to be sent" },
	{ "outlet_messages", "Messages of those; a run joined counts once" },
	{ "outlet_other_uplink", "Messages that avoided an uplink" },
	{ "outlet_fell_back", "Messages that should have and could not" },
	{ "outlet_unjoined", "Runs that the kernel would not segment" },
};

static void
head(FILE *out, const char *name, const char *help, const char *type)
{
	fprintf(out, "# HELP homeward_%s %s.\n# TYPE homeward_%s %s\n", name,
		help, name, type);
}

static void
counter(FILE *out, const char *name, uint64_t value)
{
	const char *help = "See homewardd(8)";
	char full[64];

	for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
		if (strcmp(name, helps[i].name) == 0)
			help = helps[i].help;
	}
	(void)snprintf(full, sizeof(full), "%s_total", name);
	head(out, full, help, "counter");
	fprintf(out, "homeward_%s %" PRIu64 "\n", full, value);
}

static void
gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, help, "gauge");
	fprintf(out, "homeward_%s %" PRIu64 "\n", name, value);
}

static void
drops_print(const char *name, const char *help, const uint64_t *drops,
	    FILE *out)
{
	head(out, name, help, "counter");
	for (int i = 1; i < DROP_COUNT; i++)
		fprintf(out, "homeward_%s{reason=\"%s\"} %" PRIu64 "\n", name,
			drop_name((enum drop)i), drops[i]);
}

static void
traffic_print(const struct traffic *traffic, FILE *out)
{
	head(out, "dht_datagrams_total",
	     "Datagrams sent to other servers, by what they were for",
	     "counter");
	for (unsigned i = 0; i < TRAFFIC_PURPOSES; i++)
		fprintf(out,
			"homeward_dht_datagrams_total{purpose=\"%s\"} %" PRIu64
			"\n",
			traffic_name((enum traffic_purpose)i),
			traffic->sent[i].datagrams);
	head(out, "dht_bytes_total",
	     "Their UDP payload as sealed, by what they were for", "counter");
	for (unsigned i = 0; i < TRAFFIC_PURPOSES; i++)
		fprintf(out,
			"homeward_dht_bytes_total{purpose=\"%s\"} %" PRIu64
			"\n",
			traffic_name((enum traffic_purpose)i),
			traffic->sent[i].bytes);
}

static void
cost_print(const struct latency_histogram *cost, FILE *out)
{
	static const struct {
		const char *quantile;
		uint32_t ppm;
	} rows[] = { { "0.5", 500000 },
		     { "0.9", 900000 },
		     { "0.99", 990000 },
		     { "0.999", 999000 } };

	head(out, "stray_cost_seconds",
	     "Time from a stray's arrival in this process to its forwarding",
	     "summary");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(out,
			"homeward_stray_cost_seconds{quantile=\"%s\"} %.9f\n",
			rows[i].quantile,
			(double)latency_histogram_quantile_ns(cost,
							      rows[i].ppm) /
				1e9);
	fprintf(out,
		"homeward_stray_cost_seconds_sum %.9f\n"
		"homeward_stray_cost_seconds_count %" PRIu64 "\n",
		(double)cost->sum_ns / 1e9, cost->count);
}

static void
counters_print(const struct engine_status *engine,
	       const struct datapath_counters *datapath,
	       const struct udp_out_counters *udp_out, FILE *out)
{
#define NODE_COUNTER(name)  counter(out, "node_" #name, engine->node->name);
#define STEER_COUNTER(name) counter(out, "steer_" #name, engine->steer->name);
#define ENGINE_COUNTER(name)                                                   \
	counter(out, "engine_" #name, engine->engine->name);
#define DATAPATH_COUNTER(name) counter(out, "datapath_" #name, datapath->name);
#define UDP_OUT_COUNTER(name)  counter(out, "outlet_" #name, udp_out->name);
	NODE_COUNTER_LIST(NODE_COUNTER)
	STEER_COUNTER_LIST(STEER_COUNTER)
	ENGINE_COUNTER_LIST(ENGINE_COUNTER)
	DATAPATH_COUNTER_LIST(DATAPATH_COUNTER)
	UDP_OUT_COUNTER_LIST(UDP_OUT_COUNTER)
#undef NODE_COUNTER
#undef STEER_COUNTER
#undef ENGINE_COUNTER
#undef DATAPATH_COUNTER
#undef UDP_OUT_COUNTER
	traffic_print(engine->traffic, out);
	drops_print("drops_total", "Packets dropped, by reason",
		    engine->steer->drops, out);
	drops_print("seal_drops_total",
		    "Datagrams of other servers dropped, by reason",
		    engine->engine->seal_drops, out);
}

static void
drain_print(enum drain_state now, FILE *out)
{
	head(out, "drain_state", "1 for the state that the server is in",
	     "gauge");
	for (int i = 0; i < DRAIN_STATES; i++)
		fprintf(out, "homeward_drain_state{state=\"%s\"} %d\n",
			drain_state_name((enum drain_state)i),
			i == (int)now ? 1 : 0);
}

void
metrics_print(const struct control_parts *parts, FILE *out)
{
	struct engine_status engine;
	struct datapath_counters datapath;

	engine_status(parts->engine, &engine);
	datapath_counters(parts->datapath, &datapath);
	head(out, "info", "The version of homewardd", "gauge");
	fprintf(out, "homeward_info{version=\"%s\"} 1\n", HOMEWARD_VERSION);
	gauge(out, "joined", "1 when the server has joined the others",
	      engine.joined);
	gauge(out, "sessions", "Sessions open here", engine.sessions);
	gauge(out, "contacts", "Servers in the routing table", engine.contacts);
	gauge(out, "flows", "Flows that stray here", engine.flows);
	gauge(out, "records", "Records held here", engine.records);
	gauge(out, "tables_bytes", "Memory of the core's tables",
	      engine.memory_bytes);
	gauge(out, "resident_bytes", "Resident memory of the process",
	      status_rss_bytes());
	head(out, "cpu_seconds_total", "Processor time of the process",
	     "counter");
	fprintf(out, "homeward_cpu_seconds_total %.6f\n",
		(double)status_cpu_ns() / 1e9);
	drain_print(drain_state(parts->drain), out);
	counters_print(&engine, &datapath, udp_out_counters(parts->udp_out),
		       out);
	if (parts->cost != NULL)
		cost_print(parts->cost, out);
}
