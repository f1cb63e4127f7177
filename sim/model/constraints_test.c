/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraints_test.c - each rule broken alone, and named by its keys
 */
#include "sim/model/constraints.h"

#include <string.h>

#include "core/test/check.h"

#define S NS_PER_S

struct row {
	const char *sentence; /* of the rule, its beginning */
	const char *keys[2];
	uint32_t event;
	void (*break_it)(struct settings *);
};

static void
event_set(struct settings *s, enum fault_kind kind, const char *target)
{
	s->fault_count = 1;
	s->faults[0] = (struct fault_settings){ .kind = kind, .at_ns = S };
	(void)strncpy(s->faults[0].target, target,
		      sizeof(s->faults[0].target) - 1);
}

/* clang-format off */
#define BREAK(name, ...) \
	static void name(struct settings *s) { __VA_ARGS__; }

BREAK(servers, s->fabric.servers = 0)
BREAK(small_mtu, s->fabric.client_link.mtu_bytes = 500)
BREAK(uplinks, s->fabric.uplinks = s->fabric.leaves + 1)
BREAK(pods, s->fabric.pods = s->fabric.servers + 1)
BREAK(uniform, s->fabric.kind = FABRIC_UNIFORM)
BREAK(hosts, s->fabric.clients = 0)
BREAK(family, s->service.family = 5)
BREAK(port, s->service.port = 0)
BREAK(k, s->dht.node.k = 33)
BREAK(alpha, s->dht.node.alpha = s->dht.node.k + 1)
BREAK(no_alpha, s->dht.node.alpha = 0)
BREAK(replicas, s->dht.node.replicas = s->dht.node.k + 1)
BREAK(no_replica, s->dht.node.replicas = 0)
BREAK(timeouts, s->dht.node.timeout_floor_ns = s->dht.node.timeout_cap_ns + 1)
BREAK(tag, s->service.steer.tag_key_id = 1)
BREAK(duration, s->measure.duration_ns = 0)
BREAK(start, s->clients.start_ns = s->measure.duration_ns)
BREAK(lookups, s->clients.sessions = 0; s->measure.lookups = 1)
BREAK(interval, s->measure.lookups = 1; s->measure.interval_ns = 0)
BREAK(removals, s->measure.removals = 1)
BREAK(more_removals, s->measure.stores = 2; s->measure.removals = 3)
BREAK(mixed, s->measure.lookups = 1; s->measure.mix = LOAD_MIXED)
BREAK(at_once, s->measure.stores = 1; s->measure.mix = LOAD_MIXED;
      s->measure.interval_ns = 0)
BREAK(one_server, s->measure.rpcs = 1; s->fabric.servers = 1)
BREAK(rpc_bytes, s->measure.rpcs = 1; s->measure.rpc_answer_bytes = 5000)
BREAK(no_target, event_set(s, FAULT_DRAIN, ""))
BREAK(any_target, event_set(s, FAULT_PARTITION, "spine1"))
BREAK(wrong_kind, event_set(s, FAULT_DRAIN, "spine1"))
BREAK(a_link, event_set(s, FAULT_ROUTER_DOWN, "exit1-spine1"))
BREAK(no_link, event_set(s, FAULT_LINK_DOWN, "exit1"))
BREAK(absent, event_set(s, FAULT_ROUTER_DOWN, "spine9"))
BREAK(zero, event_set(s, FAULT_ROUTER_DOWN, "spine0"))
BREAK(half, event_set(s, FAULT_LINK_DOWN, "exit1-spine9"))
BREAK(merge, event_set(s, FAULT_MERGE, ""))
BREAK(calm, event_set(s, FAULT_CALM, ""))
BREAK(flood_nothing, event_set(s, FAULT_FLOOD, ""); s->faults[0].rate_pps = 0;
      s->faults[0].repeat = 1)
BREAK(flood_never, event_set(s, FAULT_FLOOD, ""); s->faults[0].rate_pps = 1)
BREAK(flood_nowhere, s->clients.sessions = 0;
      s->fabric.kind = FABRIC_UNIFORM;
      event_set(s, FAULT_FLOOD, ""); s->faults[0].rate_pps = 1;
      s->faults[0].repeat = 1)
BREAK(forged_packets, event_set(s, FAULT_FORGED_SYN, "");
      s->faults[0].rate_pps = 1; s->faults[0].repeat = 1;
      s->faults[0].packets = FAULT_PACKETS_SYN)
BREAK(churn, event_set(s, FAULT_CHURN, ""); s->faults[0].count = 99)
BREAK(crowd, event_set(s, FAULT_JOIN, ""); s->faults[0].count = 1048569)
BREAK(churn_both, event_set(s, FAULT_CHURN, "");
      s->faults[0].rate_ppm_min = 1; s->faults[0].down_ns = S;
      s->faults[0].count = 1)
BREAK(churn_period, event_set(s, FAULT_CHURN, ""); s->faults[0].down_ns = S;
      s->faults[0].period_ns = S; s->faults[0].until_ns = 9 * S)
BREAK(churn_down, event_set(s, FAULT_CHURN, ""); s->faults[0].rate_ppm_min = 1)
BREAK(churn_new, event_set(s, FAULT_CHURN, ""); s->faults[0].new_ppm = 1)
BREAK(churn_law, event_set(s, FAULT_CHURN, ""); s->faults[0].down_ns = S;
      s->faults[0].law = LIFETIME_WEIBULL; s->faults[0].shape_milli = 199)
BREAK(churn_shape, event_set(s, FAULT_CHURN, ""); s->faults[0].down_ns = S;
      s->faults[0].shape_milli = 200)
BREAK(late, event_set(s, FAULT_LINK_DOWN, "path");
      s->faults[0].at_ns = s->measure.duration_ns)
BREAK(until, event_set(s, FAULT_LINK_DOWN, "path");
      s->faults[0].until_ns = s->faults[0].at_ns)
BREAK(period, event_set(s, FAULT_LINK_DOWN, "path"); s->faults[0].period_ns = S)
BREAK(refresh, s->dht.node.refresh_ns = 99 * NS_PER_MS)
BREAK(watch, s->dht.node.watch_ns = 1)
BREAK(sequence_each, event_set(s, FAULT_SEQUENCE, ""); s->faults[0].each_ns = 1)
BREAK(sequence_half, event_set(s, FAULT_SEQUENCE, "");
      s->faults[0].each_ns = 2 * NS_PER_MS - 1)
BREAK(sequence_for, event_set(s, FAULT_SEQUENCE, ""); s->faults[0].each_ns = S;
      s->faults[0].for_ns = NS_PER_MS - 1)
BREAK(linkless, s->fabric.kind = FABRIC_UNIFORM; s->clients.sessions = 0;
      event_set(s, FAULT_LINK_DOWN, "path"))

static const struct row rows[] = {
	{ "there must be a server", { "fabric.servers" }, 0, servers },
	{ "a client's link", { "fabric.client_link.mtu_bytes" }, 0, small_mtu },
	{ "more uplinks", { "fabric.uplinks", "fabric.leaves" }, 0, uplinks },
	{ "more pods", { "fabric.pods", "fabric.servers" }, 0, pods },
	{ "a uniform", { "clients.sessions", "fabric.kind" }, 0, uniform },
	{ "sessions need", { "clients.sessions", "fabric.clients" }, 0, hosts },
	{ "an address family", { "service.family" }, 0, family },
	{ "a port", { "service.port" }, 0, port },
	{ "k is 1 to 32", { "dht.k" }, 0, k },
	{ "alpha must not", { "dht.alpha", "dht.k" }, 0, alpha },
	{ "alpha is at least", { "dht.alpha" }, 0, no_alpha },
	{ "replicas must not", { "dht.replicas", "dht.k" }, 0, replicas },
	{ "a record has", { "dht.replicas" }, 0, no_replica },
	{ "the smallest timeout",
	  { "dht.timeout_floor_ms", "dht.timeout_cap_ms" }, 0, timeouts },
	{ "a bucket is refreshed", { "dht.refresh_s" }, 0, refresh },
	{ "a neighbour is pinged", { "dht.watch_s" }, 0, watch },
	{ "the tag key", { NULL }, 0, tag },
	{ "a run lasts", { "measure.duration_s" }, 0, duration },
	{ "the first session", { "clients.start_s", "measure.duration_s" }, 0,
	  start },
	{ "lookups need", { "measure.lookups", "measure.stores" }, 0, lookups },
	{ "lookups of", { "measure.interval_ms", "measure.lookups" }, 0,
	  interval },
	{ "removals need", { "measure.removals", "measure.stores" }, 0,
	  removals },
	{ "in phases no", { "measure.removals", "measure.stores" }, 0,
	  more_removals },
	{ "a mixed load needs keys", { "measure.mix", "measure.stores" }, 0,
	  mixed },
	{ "a mixed load needs an", { "measure.interval_ms", "measure.mix" }, 0,
	  at_once },
	{ "calls need", { "measure.rpcs", "fabric.servers" }, 0, one_server },
	{ "a call's", { "measure.rpc_answer_bytes",
	  "measure.rpc_request_bytes" }, 0, rpc_bytes },
	{ "drain needs a target", { "target" }, 1, no_target },
	{ "partition takes no target", { "target" }, 1, any_target },
	{ "drain acts on a server", { "target" }, 1, wrong_kind },
	{ "router_down acts on a router", { "target" }, 1, a_link },
	{ "link_down acts on a link", { "target" }, 1, no_link },
	{ "this fabric has no 'spine9'", { "target" }, 1, absent },
	{ "this fabric has no 'spine0'", { "target" }, 1, zero },
	{ "this fabric has no 'exit1-spine9'", { "target" }, 1, half },
	{ "merge without", { "kind" }, 1, merge },
	{ "calm without", { "kind" }, 1, calm },
	{ "flood at 0", { "rate_pps" }, 1, flood_nothing },
	{ "flood of packets sent 0", { "repeat" }, 1, flood_never },
	{ "flood comes from where clients", { "kind" }, 1, flood_nowhere },
	{ "forged_syn takes no packets", { "packets" }, 1, forged_packets },
	{ "churn of 99", { "count" }, 1, churn },
	{ "fabric: with those that join, servers must be", { NULL }, 0, crowd },
	{ "churn at a rate is of all", { "count" }, 1, churn_both },
	{ "churn at a rate has no period", { "period_s" }, 1, churn_period },
	{ "churn at a rate needs", { "rate_percent_min" }, 1, churn_down },
	{ "churn takes new_percent with", { "new_percent" }, 1, churn_new },
	{ "a weibull law needs", { "law" }, 1, churn_law },
	{ "only a weibull law", { "shape" }, 1, churn_shape },
	{ "the event would be", { "at_s" }, 1, late },
	{ "until_s must", { "until_s" }, 1, until },
	{ "a period_s needs", { "period_s" }, 1, period },
	{ "a change of a sequence", { "each_s" }, 1, sequence_each },
	{ "a change of a sequence", { "each_s" }, 1, sequence_half },
	{ "a change of a sequence", { "for_s" }, 1, sequence_for },
	{ "link_down needs links", { "target" }, 1, linkless },
};
/* clang-format on */

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int
main(void)
{
	struct fault_settings faults[2];
	struct constraint found;
	struct settings settings;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		settings_default(&settings);
		settings.fabric.servers = 8;
		settings.faults = faults;
		if (row->break_it == pods)
			settings.fabric.servers = 2;
		CHECK(!constraints_broken(&settings, &found));
		row->break_it(&settings);
		CHECK_ROW(constraints_broken(&settings, &found), row->sentence);
		CHECK_ROW(strncmp(found.sentence, row->sentence,
				  strlen(row->sentence)) == 0,
			  found.sentence);
		CHECK_ROW(same(found.keys[0], row->keys[0]) &&
				  same(found.keys[1], row->keys[1]) &&
				  found.event == row->event,
			  row->sentence);
	}
	/* A partition before it makes a merge one; join makes servers. */
	settings_default(&settings);
	settings.faults = faults;
	event_set(&settings, FAULT_PARTITION, "");
	faults[1] =
		(struct fault_settings){ .kind = FAULT_MERGE, .at_ns = 2 * S };
	settings.fault_count = 2;
	CHECK(!constraints_broken(&settings, &found));
	event_set(&settings, FAULT_FORGED_SYN, "");
	faults[0].rate_pps = faults[0].repeat = 1;
	faults[1] =
		(struct fault_settings){ .kind = FAULT_CALM, .at_ns = 2 * S };
	settings.fault_count = 2;
	CHECK(!constraints_broken(&settings, &found));
	event_set(&settings, FAULT_DRAIN, "server6");
	CHECK(constraints_broken(&settings, &found));
	faults[1] = (struct fault_settings){ .kind = FAULT_JOIN,
					     .at_ns = 2 * S,
					     .count = 2 };
	settings.fault_count = 2;
	CHECK(!constraints_broken(&settings, &found));
	return check_done();
}
