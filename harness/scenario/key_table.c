/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * key_table.c - the table of all keys
 *
 * Rows follow struct settings; two of its levels are left out in the file
 * (dht.node.k is dht.k, service.steer.hold_bytes is service.hold_kb), because
 * which library holds a setting does not matter to an experiment.
 *
 * Ranges are what the members and the model can carry, not what is wise: a
 * silly experiment is allowed, an impossible one is not.
 */
#include "harness/scenario/key.h"

#include <stdio.h>

#include "sim/model/fault_kind.h"
#include "sim/model/settings.h"
#include "sim/scheme/schemes.h"

#define US  1000u
#define MS  1000000u
#define S   1000000000u
#define DAY (86400ull * S)

#define CHOICES(function, ...)                                                 \
	static const char *function(unsigned value)                            \
	{                                                                      \
		static const char *const names[] = { __VA_ARGS__ };            \
                                                                               \
		return value < sizeof(names) / sizeof(names[0]) ? names[value] \
								: NULL;        \
	}

CHOICES(fabric_kind_name, "spine_leaf", "uniform")
CHOICES(fidelity_name, "packet", "path")
CHOICES(ecmp_name, "hash_threshold", "modulo", "resilient")
CHOICES(detection_name, "carrier", "bfd", "hold")
CHOICES(tables_name, "joined", "ideal")
CHOICES(family_name, "4", "6")
CHOICES(window_name, "off", "other", "both")
CHOICES(store_at_name, "auto", "syn", "established")
CHOICES(arrival_name, "fixed", "poisson")
CHOICES(direction_name, "download", "upload")
CHOICES(load_mix_name, "phases", "mixed")
CHOICES(rpc_transport_name, "udp", "tcp")
CHOICES(side_name, "any", "upper", "lower")
CHOICES(way_name, "both", "up", "down")
CHOICES(law_name, "exponential", "weibull")
CHOICES(packets_name, "ack", "syn", "random")
CHOICES(sources_name, "random", "client")

static const char *
fault_kind_name(unsigned value)
{
	return value < FAULT_KINDS ? fault_name((enum fault_kind)value) : NULL;
}

#define IN(member)                                                             \
	offsetof(struct settings, member),                                     \
		sizeof(((struct settings *)0)->member)
#define OF(member)                                                             \
	offsetof(struct fault_settings, member),                               \
		sizeof(((struct fault_settings *)0)->member)

/* What follows the help is more of struct key: which world takes it, and what
 * alone a lab takes. */
#define SWITCH(text, at, ...)                                                  \
	{                                                                      \
		.path = text, .type = KEY_SWITCH, .scale = 1, .offset = at,    \
		.high = 1, .help = __VA_ARGS__                                 \
	}
#define CHOICE(text, at, names, ...)                                           \
	{                                                                      \
		.path = text, .type = KEY_CHOICE, .scale = 1, .offset = at,    \
		.name = names, .help = __VA_ARGS__                             \
	}
#define COUNT(text, at, least, most, ...)                                      \
	{                                                                      \
		.path = text, .type = KEY_COUNT, .scale = 1, .offset = at,     \
		.low = least, .high = most, .help = __VA_ARGS__                \
	}
#define AMOUNT(text, word, base, at, least, most, ...)                         \
	{                                                                      \
		.path = text, .type = KEY_AMOUNT, .unit = word, .scale = base, \
		.offset = at, .low = least, .high = most, .help = __VA_ARGS__  \
	}
#define BYTES(text, at, least, most, ...)                                      \
	{                                                                      \
		.path = text, .type = KEY_AMOUNT, .unit = "bytes", .scale = 1, \
		.offset = at, .low = least, .high = most, .help = __VA_ARGS__  \
	}
#define SPAN(text, at, ...)                                                    \
	{                                                                      \
		.path = text, .type = KEY_SPAN, .unit = "milliseconds",        \
		.scale = MS, .offset = at, .high = DAY, .help = __VA_ARGS__    \
	}
#define SIMULATED    .world = KEY_SIMULATED
#define LIVE	     .world = KEY_LIVE
#define LAB_TAKES(x) .lab = x
#define GIVES(key)   .given = FAULT_KEY_##key
#define WORD(x)	     .word = x

#define LINK(link, member, where)                                              \
	AMOUNT(link ".rate_gbps", "gigabits a second", 1000000000u,            \
	       IN(member.rate_bps), 0, 1000000000000000ull,                    \
	       "rate of " where "; 0: no serialisation time", SIMULATED),      \
		AMOUNT(link ".delay_us", "microseconds", US,                   \
		       IN(member.delay_ns), 0, 10ull * S,                      \
		       "propagation one way, of " where),                      \
		BYTES(link ".mtu_bytes", IN(member.mtu_bytes), 1280, 65535,    \
		      "largest IP packet on " where),                          \
		AMOUNT(link ".queue_kb", "kilobytes", 1000,                    \
		       IN(member.queue_bytes), 1280, 4000000000u,              \
		       "drop-tail queue a direction, of " where, SIMULATED),   \
		AMOUNT(link ".loss_percent", "percent", 10000,                 \
		       IN(member.loss_ppm), 0, 1000000,                        \
		       "packets lost at random on " where),                    \
		AMOUNT(link ".duplicate_percent", "percent", 10000,            \
		       IN(member.duplicate_ppm), 0, 1000000,                   \
		       "packets doubled at random on " where),                 \
		AMOUNT(link ".reorder_percent", "percent", 10000,              \
		       IN(member.reorder_ppm), 0, 1000000,                     \
		       "packets delayed at random on " where)

static const struct key settings_keys[] = {
	COUNT("seed", IN(seed), 0, INT64_MAX,
	      "of all random streams; repeats add 1, 2, ..."),

	CHOICE("fabric.kind", IN(fabric.kind), fabric_kind_name,
	       "routed fabric, or one equal hop between any two servers",
	       LAB_TAKES("spine_leaf")),
	CHOICE("fabric.fidelity", IN(fabric.fidelity), fidelity_name,
	       "every hop an event, with queues; or one event a packet, "
	       "without",
	       LAB_TAKES("packet")),
	COUNT("fabric.exits", IN(fabric.exits), 1, 64,
	      "routers between the fabric and the edge"),
	COUNT("fabric.spines", IN(fabric.spines), 1, 1024, "spines a pod"),
	COUNT("fabric.leaves", IN(fabric.leaves), 1, 65536, "leaves a pod"),
	COUNT("fabric.pods", IN(fabric.pods), 1, 1024, "pods"),
	COUNT("fabric.servers", IN(fabric.servers), 1, 1048576,
	      "servers in all"),
	COUNT("fabric.uplinks", IN(fabric.uplinks), 1, 4,
	      "leaves that each server is attached to"),
	COUNT("fabric.clients", IN(fabric.clients), 1, 65535, "client hosts"),
	LINK("fabric.client_link", fabric.client_link, "a client's link"),
	LINK("fabric.edge_link", fabric.edge_link, "edge to exit"),
	LINK("fabric.fabric_link", fabric.fabric_link,
	     "exit to spine and spine to leaf"),
	LINK("fabric.server_link", fabric.server_link, "leaf to server"),
	AMOUNT("fabric.uniform_delay_us", "microseconds", US,
	       IN(fabric.uniform_delay_ns), 1, 10ull * S,
	       "one way, between any two servers of a uniform fabric",
	       SIMULATED),

	CHOICE("routing.ecmp", IN(routing.ecmp), ecmp_name,
	       "how a router picks one of several equal routes",
	       LAB_TAKES("hash_threshold")),
	COUNT("routing.resilient_buckets", IN(routing.resilient_buckets), 1,
	      65536, "buckets of a resilient group", SIMULATED),
	AMOUNT("routing.resilient_idle_s", "seconds", S,
	       IN(routing.resilient_idle_ns), 0, DAY,
	       "a bucket of a member that has too many may go to another when "
	       "no packet used it for so long",
	       SIMULATED),
	AMOUNT("routing.resilient_unbalanced_s", "seconds", S,
	       IN(routing.resilient_unbalanced_ns), 0, DAY,
	       "and must when members changed so long ago; 0: never",
	       SIMULATED),
	COUNT("routing.maximum_paths", IN(routing.maximum_paths), 0, 65536,
	      "most equal routes that a router uses; 0: all"),
	CHOICE("routing.detection", IN(routing.detection), detection_name,
	       "what notices a silent failure"),
	SPAN("routing.reroute_ms", IN(routing.reroute),
	     "carrier lost to the kernel's own reroute", SIMULATED),
	SPAN("routing.local_ms", IN(routing.local),
	     "carrier lost to the router's BGP change", SIMULATED),
	SPAN("routing.hop_ms", IN(routing.hop),
	     "each further router: advertise, decide, install", SIMULATED),
	SPAN("routing.bfd_ms", IN(routing.bfd),
	     "silent failure to BGP change, by BFD", SIMULATED),
	SPAN("routing.hold_ms", IN(routing.hold),
	     "silent failure to BGP change, by the hold timer", SIMULATED),
	SPAN("routing.restore_ms", IN(routing.restore),
	     "carrier back to routes back", SIMULATED),

	COUNT("dht.k", IN(dht.node.k), 1, 32, "contacts a bucket and a reply"),
	COUNT("dht.alpha", IN(dht.node.alpha), 1, 32,
	      "queries in parallel; at most k"),
	COUNT("dht.replicas", IN(dht.node.replicas), 1, 32,
	      "closest nodes that hold a record; at most k"),
	AMOUNT("dht.lookup_deadline_ms", "milliseconds", MS,
	       IN(dht.node.lookup_deadline_ns), MS, DAY,
	       "a lookup returns what it has by then"),
	AMOUNT("dht.timeout_initial_ms", "milliseconds", MS,
	       IN(dht.node.timeout_initial_ns), 1, DAY,
	       "query timeout for a peer never heard"),
	AMOUNT("dht.timeout_floor_ms", "milliseconds", MS,
	       IN(dht.node.timeout_floor_ns), 1, DAY, "smallest query timeout"),
	AMOUNT("dht.timeout_cap_ms", "milliseconds", MS,
	       IN(dht.node.timeout_cap_ns), 1, DAY, "largest query timeout"),
	AMOUNT("dht.record_ttl_s", "seconds", S, IN(dht.node.record_ttl_ns), MS,
	       365 * DAY, "a replica forgets a record after this"),
	AMOUNT("dht.republish_s", "seconds", S, IN(dht.node.republish_ns), MS,
	       365 * DAY, "an owner stores its records again"),
	AMOUNT("dht.tombstone_s", "seconds", S, IN(dht.node.tombstone_ns), MS,
	       365 * DAY, "a replica remembers a removal"),
	COUNT("dht.sessions_max", IN(dht.node.sessions_max), 0, 1 << 22,
	      "sessions of a server that are published; 0: all (simulated), "
	      "the daemon's default"),
	COUNT("dht.sessions_per_prefix", IN(dht.node.sessions_per_prefix), 0,
	      1000000000,
	      "sessions of one client /24 or /48 that are published when half "
	      "of sessions_max are; 0: no bound"),
	AMOUNT("dht.refresh_s", "seconds", S, IN(dht.node.refresh_ns), 0,
	       365 * DAY, "a bucket unused for this long; 0: never"),
	AMOUNT("dht.watch_s", "seconds", S, IN(dht.node.watch_ns), 0, 365 * DAY,
	       "a neighbour unheard for this long is pinged; 0: never, "
	       "and no record is repaired"),
	CHOICE("dht.tables", IN(dht.tables), tables_name,
	       "grown by real joins, or computed at once", SIMULATED),
	AMOUNT("dht.join_interval_ms", "milliseconds", MS,
	       IN(dht.join_interval_ns), 0, DAY, "between two servers' joins",
	       SIMULATED),
	{ .path = "dht.placement",
	  .type = KEY_SECRET,
	  .scale = 1,
	  .offset = IN(dht.placement),
	  .help = "key that places servers and sessions in the key space",
	  SIMULATED },

	CHOICE("service.scheme", IN(service.scheme), schemes_name,
	       "who answers whose packet a stray is; none: the plain kernel"),
	{ .path = "service.family",
	  .type = KEY_CHOICE,
	  .scale = 2,
	  .offset = IN(service.family),
	  .low = 4,
	  .high = 6,
	  .name = family_name,
	  .help = "IP version of clients, service and fabric" },
	COUNT("service.port", IN(service.port), 1, 65535,
	      "TCP port of the service"),
	AMOUNT("service.store_after_ms", "milliseconds", MS,
	       IN(service.steer.store_after_ns), 0, DAY,
	       "sessions younger than this are not published"),
	CHOICE("service.store_at", IN(service.steer.store_at), store_at_name,
	       "a session is stored when its SYN is answered (syn), or when it "
	       "is established; auto: at the SYN, unless they are too many or "
	       "wait for store_after"),
	COUNT("service.openings_per_s", IN(service.steer.openings_per_s), 0,
	      1000000000, "auto: SYNs stored a second and server; 0: all"),
	COUNT("service.openings_most", IN(service.steer.openings_most), 0,
	      1000000000,
	      "auto: SYNs stored and not yet established, at most; 0: all"),
	AMOUNT("service.clock_skew_ms", "milliseconds", MS,
	       IN(service.clock_skew_ns), 0, DAY,
	       "servers' clocks differ by up to this", SIMULATED,
	       LAB_TAKES("0")),
	SPAN("service.wakeup_ms", IN(service.wakeup),
	     "until an idle daemon runs; [0, 0]: at once", SIMULATED),
	SPAN("service.processing_ms", IN(service.processing),
	     "a daemon's time for one packet; [0, 0]: none", SIMULATED),
	SWITCH("service.outer_fragment", IN(service.steer.outer_fragment),
	       "encapsulation too big: fragment outside, or answer too-big"),
	AMOUNT("service.miss_deadline_ms", "milliseconds", MS,
	       IN(service.steer.miss_deadline_ns), 1, DAY,
	       "a stray that no server owns is reset after this"),
	AMOUNT("service.miss_retry_ms", "milliseconds", MS,
	       IN(service.steer.miss_retry_ns), 1, DAY,
	       "first retry of a lookup that missed; then doubled"),
	AMOUNT("service.gone_after_ms", "milliseconds", MS,
	       IN(service.steer.gone_after_ns), 1, DAY,
	       "an owner that the fabric calls unreachable is dead after this"),
	AMOUNT("service.silent_after_s", "seconds", S,
	       IN(service.steer.silent_after_ns), MS, DAY,
	       "one that does not answer, while others do, after this"),
	AMOUNT("service.owner_idle_s", "seconds", S,
	       IN(service.steer.owner_idle_ns), MS, DAY,
	       "a cached owner is forgotten after this without use"),
	AMOUNT("service.negative_ms", "milliseconds", MS,
	       IN(service.steer.negative_ns), 0, DAY,
	       "after a reset, strays of that flow are dropped for this"),
	AMOUNT("service.fragment_ms", "milliseconds", MS,
	       IN(service.steer.fragment_ns), 1, DAY,
	       "a later fragment finds its first within this"),
	AMOUNT("service.first_stray_window_ms", "milliseconds", MS,
	       IN(service.steer.first_stray_window_ns), 0, DAY,
	       "how long first strays avoid the uplink they came by"),
	CHOICE("service.first_stray", IN(service.steer.first_stray),
	       window_name, "first strays go by another uplink, or by both"),
	COUNT("service.hold_packets", IN(service.steer.hold_packets_flow), 1,
	      65535, "packets a flow held while a lookup runs"),
	AMOUNT("service.hold_kb", "kilobytes", 1000,
	       IN(service.steer.hold_bytes), 65536, 4000000000u,
	       "bytes a server holds in all"),
	COUNT("service.misses_per_s_prefix",
	      IN(service.steer.misses_per_s_prefix), 1, 1000000000,
	      "lookups that miss, a second and source prefix"),
	COUNT("service.misses_per_s", IN(service.steer.misses_per_s), 1,
	      1000000000, "lookups that miss, a second in all"),

	COUNT("clients.sessions", IN(clients.sessions), 0, 10000000,
	      "sessions in all, spread over the client hosts"),
	CHOICE("clients.arrival", IN(clients.arrival), arrival_name,
	       "sessions open evenly or at random"),
	AMOUNT("clients.interval_ms", "milliseconds", MS,
	       IN(clients.interval_ns), 0, DAY,
	       "mean time between sessions; 0: all at the start"),
	AMOUNT("clients.start_s", "seconds", S, IN(clients.start_ns), 0, DAY,
	       "first session opens, after the tables are settled"),
	AMOUNT("clients.jitter_ms", "milliseconds", MS, IN(clients.jitter_ns),
	       0, DAY,
	       "each session opens up to this later, at random; 0: none; "
	       "auto: of sessions that all open at the start and have a pace, "
	       "the time between two of their packets",
	       WORD("auto")),
	CHOICE("clients.direction", IN(clients.direction), direction_name,
	       "who sends the bytes"),
	AMOUNT("clients.size_mb", "megabytes", 1000000, IN(clients.size_bytes),
	       1, 1000000000000000ull, "bytes of each session"),
	{ .path = "clients.size_cdf",
	  .type = KEY_SIZES,
	  .scale = 1,
	  .help = "sizes instead: bytes against cumulative percent" },
	AMOUNT("clients.pace_mbps", "megabits a second", 1000000,
	       IN(clients.pace_bps), 0, 1000000000000000ull,
	       "rate at which the sender's program writes; 0: no limit"),
	AMOUNT("clients.pace_chunk_kb", "kilobytes", 1000,
	       IN(clients.pace_chunk_bytes), 0, 1000000000000ull,
	       "what a paced program writes at a time; 0: a segment",
	       SIMULATED),
	SWITCH("clients.reuse_ports", IN(clients.reuse_ports),
	       "a host's next session takes its last one's port"),

	AMOUNT("measure.duration_s", "seconds", S, IN(measure.duration_ns), MS,
	       365 * DAY, "of the run, after the tables are settled"),
	COUNT("measure.stores", IN(measure.stores), 0, 10000000,
	      "synthetic store operations from random servers", LAB_TAKES("0")),
	COUNT("measure.lookups", IN(measure.lookups), 0, 10000000,
	      "then lookups of those keys, or else of open sessions, from "
	      "random servers"),
	COUNT("measure.removals", IN(measure.removals), 0, 10000000,
	      "removals of those keys, by their owners", LAB_TAKES("0")),
	CHOICE("measure.mix", IN(measure.mix), load_mix_name,
	       "phases: stores, removals, lookups; mixed: as many keys as "
	       "stores say are kept alive, removed and looked up meanwhile",
	       SIMULATED),
	AMOUNT("measure.interval_ms", "milliseconds", MS,
	       IN(measure.interval_ns), 0, DAY, "mean time between operations"),
	COUNT("measure.samples", IN(measure.samples), 0, 1000000,
	      "sessions whose bytes over time are kept", SIMULATED),
	COUNT("measure.rpcs", IN(measure.rpcs), 0, 1000000000,
	      "calls in all; every server always waits for one answer",
	      LAB_TAKES("0")),
	COUNT("measure.rpc_request_bytes", IN(measure.rpc_request_bytes), 16,
	      9000, "of a call's request, without headers", SIMULATED),
	COUNT("measure.rpc_answer_bytes", IN(measure.rpc_answer_bytes), 16,
	      9000, "of its answer", SIMULATED),
	CHOICE("measure.rpc_transport", IN(measure.rpc_transport),
	       rpc_transport_name,
	       "udp: each call to another server; tcp: a connection a server",
	       SIMULATED),
};

static const struct key event_keys[] = {
	AMOUNT("at_s", "seconds", S, OF(at_ns), 0, 365 * DAY,
	       "when, after the tables are settled"),
	CHOICE("kind", OF(kind), fault_kind_name,
	       "what happens: one of the kinds below"),
	{ .path = "target",
	  .type = KEY_TARGET,
	  .scale = 1,
	  .offset = OF(target),
	  .help = "device (spine1), link (exit1-spine2), all of a pattern "
		  "(server*), a list of these; or a tier on session 0's path "
		  "(exit-spine, spine-leaf, leaf-server), path: any tier",
	  GIVES(TARGET) },
	CHOICE("side", OF(side), side_name,
	       "the end of the link that is taken down, the other loses its "
	       "carrier; simulated both see it at once",
	       LIVE, GIVES(SIDE)),
	CHOICE("way", OF(way), way_name,
	       "which packets: all, those towards the clients (up) or towards "
	       "the servers (down)",
	       GIVES(WAY)),
	AMOUNT("until_s", "seconds", S, OF(until_ns), 0, 365 * DAY,
	       "undone then, and over; 0: never", GIVES(UNTIL)),
	AMOUNT("for_s", "seconds", S, OF(for_ns), 0, 365 * DAY,
	       "undone so much after it was done; 0: see until_s", GIVES(FOR)),
	AMOUNT("each_s", "seconds", S, OF(each_ns), 0, 365 * DAY,
	       "done again after this, until until_s; of several targets to "
	       "the next, without until_s once to each; 0: once",
	       GIVES(EACH)),
	AMOUNT("period_s", "seconds", S, OF(period_ns), 0, DAY,
	       "flaps with this period until then; 0: does not", GIVES(PERIOD)),
	AMOUNT("retry_after_ms", "milliseconds", MS, OF(retry_after_ns), 0, DAY,
	       "a cut that strayed nothing within this is undone and another "
	       "made; 0: once only",
	       GIVES(RETRY)),
	COUNT("count", OF(count), 0, 1048576,
	      "so many of several targets, at random; 0: all; of churn and "
	      "join: servers, of sequence: changes, 0: one",
	      GIVES(COUNT)),
	AMOUNT("loss_percent", "percent", 10000, OF(link.loss_ppm), 0, 1000000,
	       "packets of the link lost at random from then on", GIVES(LOSS)),
	AMOUNT("duplicate_percent", "percent", 10000, OF(link.duplicate_ppm), 0,
	       1000000, "packets of the link doubled at random from then on",
	       GIVES(DUPLICATE)),
	AMOUNT("reorder_percent", "percent", 10000, OF(link.reorder_ppm), 0,
	       1000000, "packets of the link delayed at random from then on",
	       GIVES(REORDER)),
	AMOUNT("delay_us", "microseconds", US, OF(link.delay_ns), 0, 10ull * S,
	       "propagation one way of the link from then on", GIVES(DELAY)),
	AMOUNT("rate_gbps", "gigabits a second", 1000000000u, OF(link.rate_bps),
	       0, 1000000000000000ull,
	       "rate of the link from then on; 0: no serialisation time",
	       GIVES(RATE)),
	AMOUNT("rate_percent_min", "percent a minute", 10000, OF(rate_ppm_min),
	       0, 100000000,
	       "churn: so many of the servers that are up go a minute; their "
	       "mean time up is 100 / rate minutes",
	       SIMULATED, GIVES(TURNOVER)),
	AMOUNT("down_s", "seconds", S, OF(down_ns), 0, 365 * DAY,
	       "churn: mean time until one is back", SIMULATED, GIVES(DOWN)),
	CHOICE("law", OF(law), law_name,
	       "churn: shape of both times; their means are what rate and "
	       "down_s say",
	       SIMULATED, GIVES(LAW)),
	AMOUNT("shape", KEY_NUMBER, 1000, OF(shape_milli), 0, 10000,
	       "churn: of a weibull law, 0.2 to 10; below 1 many are short and "
	       "a few are long",
	       SIMULATED, GIVES(SHAPE)),
	AMOUNT("crash_percent", "percent", 10000, OF(crash_ppm), 0, 1000000,
	       "churn: departures that are crashes; the others leave, when "
	       "their sessions are over",
	       SIMULATED, GIVES(CRASH)),
	AMOUNT("new_percent", "percent", 10000, OF(new_ppm), 0, 1000000,
	       "churn: returns that are of a new server, of another address",
	       SIMULATED, GIVES(NEW)),
	COUNT("rate_pps", OF(rate_pps), 1, 1000000,
	      "flood, forged_syn: packets a second that differ, at random "
	      "times (Poisson)",
	      SIMULATED, GIVES(PPS)),
	CHOICE("packets", OF(packets), packets_name,
	       "flood: segments of no session, some with data (ack); SYNs; or "
	       "any flags (random)",
	       SIMULATED, GIVES(PACKETS)),
	CHOICE("sources", OF(sources), sources_name,
	       "flood: from anywhere, or from the /24 (/64) of the clients",
	       SIMULATED, GIVES(SOURCES)),
	COUNT("repeat", OF(repeat), 1, 10,
	      "flood, forged_syn: each packet is sent so many times", SIMULATED,
	      GIVES(REPEAT)),
};

/* What service.homeward took. */
static const struct key_word homeward_words[] = {
	{ "on", "homeward" }, { "off", "none" },     { "true", "homeward" },
	{ "false", "none" },  { "yes", "homeward" }, { "no", "none" },
	{ NULL, NULL },
};

static const struct key_alias aliases[] = {
	{ "service.homeward", "service.scheme", homeward_words },
	{ "measure.settings", "measure.stores", NULL },
	{ NULL, NULL, NULL },
};

const struct key_alias *
key_aliases(void)
{
	return aliases;
}

const struct key_table *
key_settings(void)
{
	static const struct key_table table = {
		.keys = settings_keys,
		.count = sizeof(settings_keys) / sizeof(settings_keys[0]),
	};

	return &table;
}

const struct key_table *
key_faults(void)
{
	static const struct key_table table = {
		.keys = event_keys,
		.count = sizeof(event_keys) / sizeof(event_keys[0]),
	};

	return &table;
}

const struct fault_help *
key_fault_help(unsigned kind)
{
	static const char link[] = "target: links, a tier or path";
	static const char router[] = "target: routers (edge, exit, spine, "
				     "leaf)";
	static const char server[] = "target: servers";
	static const char none[] = "no target";
	static const struct fault_help helps[] = {
		[FAULT_LINK_DOWN] = { link, "the link is cut and both ends "
					    "see it" },
		[FAULT_LINK_UP] = { link, "the link is mended; a tier or path: "
					  "all that such events cut" },
		[FAULT_LINK_SILENT] = { link, "the link drops everything, its "
					      "carrier stays up" },
		[FAULT_ROUTER_DOWN] = { router, "the router and its links "
						"fail" },
		[FAULT_ROUTER_UP] = { router, "the router comes back" },
		[FAULT_SERVER_CRASH] = { server, "the server dies, and its "
						 "sessions and records with "
						 "it" },
		[FAULT_SERVER_UP] = { server, "the server comes back empty and "
					      "joins" },
		[FAULT_DRAIN] = { server, "the server withdraws the anycast "
					  "route, and keeps its sessions" },
		[FAULT_UNDRAIN] = { server, "the server announces the route "
					    "again" },
		[FAULT_JOIN] = { none, "count servers enter, on top of "
				       "fabric.servers" },
		[FAULT_LEAVE] = { server, "the server drains, then leaves the "
					  "DHT" },
		[FAULT_CHURN] = { none, "servers go and come: "
					"rate_percent_min, down_s; or count "
					"random ones, always the same, each "
					"change after period_s on average "
					"(0: 1 s)" },
		[FAULT_PARTITION] = { none, "all links between the first and "
					    "the second half of the routers "
					    "are cut" },
		[FAULT_MERGE] = { none, "the links that a partition cut are "
					"mended" },
		[FAULT_DAEMON_KILL] = { server, "kill -9 of the server's "
						"daemon; its sockets stay" },
		[FAULT_DAEMON_START] = { server,
					 "the daemon starts again, joins "
					 "and publishes what sessions "
					 "the server has" },
		[FAULT_DAEMON_RESTART] = { server, "the daemon is killed and "
						   "starts again at once, or "
						   "after for_s or at "
						   "until_s" },
		[FAULT_LINK_DEGRADE] = { link, "from then on the link has "
					       "what is given of rate, delay, "
					       "loss, duplicates and "
					       "reordering; routing does not "
					       "see it" },
		[FAULT_LINK_RESTORE] = { link, "the link is again as the "
					       "fabric has it; a tier or "
					       "path: all that such events "
					       "degraded" },
		[FAULT_FLOOD] = { none, "bogus packets come to the service "
					"from outside: rate_pps, packets, "
					"sources, repeat" },
		[FAULT_FORGED_SYN] = { none, "SYNs come from outside with "
					     "addresses and ports of sessions "
					     "that are open, and numbers of "
					     "their own: rate_pps, repeat" },
		[FAULT_CALM] = { none, "floods and forged SYNs end" },
		[FAULT_SEQUENCE] = { none,
				     "count changes in a row, each_s apart, "
				     "each mended for_s later (0: half of "
				     "each_s) and drawn by the seed: a link or "
				     "leaf or spine fails, a link flaps, a "
				     "server drains, its daemon restarts, one "
				     "joins" },
	};
	_Static_assert(sizeof(helps) / sizeof(helps[0]) == FAULT_KINDS,
		       "every kind of fault is explained");

	return kind < FAULT_KINDS ? &helps[kind] : NULL;
}

void
key_fault_keys(unsigned kind, char *text)
{
	uint32_t keys = fault_kind_trait((enum fault_kind)kind)->keys;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(event_keys) / sizeof(event_keys[0]);
	     i++) {
		uint32_t given = event_keys[i].given;

		if (given == FAULT_KEY_TARGET || (keys & given) == 0)
			continue;
		used += (size_t)snprintf(text + used, KEY_ERROR - used, "%s%s",
					 used > 0 ? ", " : "",
					 event_keys[i].path);
	}
}
