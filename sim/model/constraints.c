/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraints.c - the rules; those of one event are in fault_check.c
 */
#include "sim/model/constraints.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/model/churn.h"
#include "sim/model/fabric.h"
#include "sim/model/fault.h"
#include "sim/model/fault_check.h"
#include "sim/model/fault_kind.h"
#include "sim/model/pace.h"

struct rule {
	bool broken;
	const char *key, *other; /* to blame, see struct constraint */
	const char *sentence;
};

__attribute__((format(printf, 4, 5))) static bool
event_blame(struct constraint *found, const char *key, uint32_t event,
	    const char *format, ...)
{
	va_list arguments;

	*found = (struct constraint){ .keys = { key }, .event = event };
	va_start(arguments, format);
	(void)vsnprintf(found->sentence, sizeof(found->sentence), format,
			arguments);
	va_end(arguments);
	return true;
}

bool
constraints_rpcs_fit(const struct settings *settings)
{
	const struct measure_settings *measure = &settings->measure;
	const uint32_t sizes[2] = { measure->rpc_request_bytes,
				    measure->rpc_answer_bytes };
	uint32_t header = settings->service.family == 4 ? 28 : 48;
	uint32_t mtu = settings->fabric.server_link.mtu_bytes;

	if (mtu > settings->fabric.fabric_link.mtu_bytes)
		mtu = settings->fabric.fabric_link.mtu_bytes;
	for (unsigned i = 0; i < 2; i++) {
		bool fits = sizes[i] >= RPC_HEADER_BYTES &&
			    sizes[i] <= RPC_BYTES_MAX &&
			    sizes[i] + header <= mtu;
		if (measure->rpc_transport == RPC_TCP)
			fits = sizes[i] > 0 && sizes[i] <= RPC_BYTES_MAX;
		if (!fits)
			return false;
	}
	return true;
}

static bool
first_broken(const struct rule *rules, size_t count, struct constraint *found)
{
	for (size_t i = 0; i < count; i++) {
		if (!rules[i].broken)
			continue;
		*found = (struct constraint){
			.keys = { rules[i].key, rules[i].other },
		};
		(void)snprintf(found->sentence, sizeof(found->sentence), "%s",
			       rules[i].sentence);
		return true;
	}
	return false;
}
#define FIRST_BROKEN(rules, found)                                             \
	first_broken(rules, sizeof(rules) / sizeof((rules)[0]), found)

/* A period of which a run sees nothing but that period. */
static bool
is_short(int64_t period_ns)
{
	return period_ns > 0 && period_ns < NODE_PERIOD_LEAST_NS;
}

/* The daemon's: tables, and the one service. */
static bool
service_broken(const struct settings *s, struct constraint *found)
{
	const struct node_settings *node = &s->dht.node;
	const struct service_settings *service = &s->service;
	const struct steer_settings *steer = &service->steer;
	const struct rule rules[] = {
		{ service->family != 4 && service->family != 6,
		  "service.family", NULL, "an address family is 4 or 6" },
		{ service->port == 0, "service.port", NULL, "a port is not 0" },
		{ node->k < 1 || node->k > 32, "dht.k", NULL, "k is 1 to 32" },
		{ node->alpha > node->k, "dht.alpha", "dht.k",
		  "alpha must not exceed k" },
		{ node->alpha < 1, "dht.alpha", NULL, "alpha is at least 1" },
		{ node->replicas > node->k, "dht.replicas", "dht.k",
		  "replicas must not exceed k" },
		{ node->replicas < 1, "dht.replicas", NULL,
		  "a record has at least one replica" },
		{ node->timeout_floor_ns > node->timeout_cap_ns,
		  "dht.timeout_floor_ms", "dht.timeout_cap_ms",
		  "the smallest timeout exceeds the largest" },
		{ is_short(node->refresh_ns), "dht.refresh_s", NULL,
		  "a bucket is refreshed every 0.1 s at most, or never (0)" },
		{ is_short(node->watch_ns), "dht.watch_s", NULL,
		  "a neighbour is pinged every 0.1 s at most, or never (0)" },
		/* No scenario sets these, a program may. */
		{ steer->tag_key_id > 1 ||
			  !steer->tag_key_valid[steer->tag_key_id & 1],
		  NULL, NULL, "the tag key to send with is not there" },
	};

	return FIRST_BROKEN(rules, found);
}

static bool
fabric_broken(const struct settings *s, struct constraint *found)
{
	const struct fabric_settings *fabric = &s->fabric;
	bool uniform = fabric->kind == FABRIC_UNIFORM;
	const struct rule rules[] = {
		{ fabric->servers == 0, "fabric.servers", NULL,
		  "there must be a server" },
		{ fabric->client_link.mtu_bytes < 576,
		  "fabric.client_link.mtu_bytes", NULL,
		  "a client's link carries at least 576 bytes" },
		{ !uniform && fabric->uplinks > fabric->leaves,
		  "fabric.uplinks", "fabric.leaves",
		  "more uplinks a server than leaves a pod" },
		{ !uniform && fabric->pods > fabric->servers, "fabric.pods",
		  "fabric.servers", "more pods than servers" },
		{ uniform && s->clients.sessions > 0, "clients.sessions",
		  "fabric.kind",
		  "a uniform fabric has servers only, no clients to open "
		  "sessions" },
		{ s->clients.sessions > 0 && fabric->clients == 0,
		  "clients.sessions", "fabric.clients",
		  "sessions need a client host" },
	};

	return FIRST_BROKEN(rules, found);
}

static bool
measure_broken(const struct settings *s, struct constraint *found)
{
	const struct measure_settings *measure = &s->measure;
	const struct client_settings *clients = &s->clients;
	const struct rule rules[] = {
		{ measure->duration_ns <= 0, "measure.duration_s", NULL,
		  "a run lasts longer than nothing" },
		{ clients->sessions > 0 &&
			  clients->start_ns >= measure->duration_ns,
		  "clients.start_s", "measure.duration_s",
		  "the first session would open after the end" },
		{ clients->sessions > 0 &&
			  clients->start_ns + pace_jitter_ns(s) >
				  measure->duration_ns,
		  "clients.jitter_ms", "measure.duration_s",
		  "a session may open after the end" },
		{ measure->lookups > 0 && measure->stores == 0 &&
			  clients->sessions == 0,
		  "measure.lookups", "measure.stores",
		  "lookups need stores or sessions to look up" },
		{ measure->lookups > 0 && measure->stores == 0 &&
			  measure->interval_ns == 0,
		  "measure.interval_ms", "measure.lookups",
		  "lookups of sessions need an interval" },
		{ measure->removals > 0 && measure->stores == 0,
		  "measure.removals", "measure.stores",
		  "removals need stores to remove" },
		{ measure->mix == LOAD_PHASES &&
			  measure->removals > measure->stores,
		  "measure.removals", "measure.stores",
		  "in phases no more keys are removed than stored" },
		{ measure->mix == LOAD_MIXED && measure->stores == 0 &&
			  measure->lookups > 0,
		  "measure.mix", "measure.stores",
		  "a mixed load needs keys to keep" },
		{ measure->mix == LOAD_MIXED && measure->interval_ns == 0,
		  "measure.interval_ms", "measure.mix",
		  "a mixed load needs an interval" },
		{ measure->rpcs > 0 && s->fabric.servers < 2, "measure.rpcs",
		  "fabric.servers", "calls need two servers" },
		{ measure->rpcs > 0 && !constraints_rpcs_fit(s),
		  "measure.rpc_answer_bytes", "measure.rpc_request_bytes",
		  "a call's message must fit a packet of the fabric" },
	};

	return FIRST_BROKEN(rules, found);
}

/* ---- events ---- */

/* Has anything begun that this event ends (a partition, an attack)? Of two at
 * one time the one that is written first is first. */
static bool
end_is_idle(const struct settings *settings, uint32_t index)
{
	enum fault_kind end = settings->faults[index].kind;
	int64_t at_ns = settings->faults[index].at_ns;

	for (uint32_t i = 0; i < settings->fault_count; i++) {
		const struct fault_settings *other = &settings->faults[i];

		if (other->kind != end &&
		    fault_kind_trait(other->kind)->undo == end &&
		    (other->at_ns < at_ns ||
		     (other->at_ns == at_ns && i < index)))
			return false;
	}
	return true;
}

/* Churn has two forms, see churn.h and fault.h. */
static bool
churn_broken(const struct fault_settings *fault, uint32_t event,
	     uint32_t servers, struct constraint *found)
{
	static const uint32_t of_rates = FAULT_KEY_LAW | FAULT_KEY_SHAPE |
					 FAULT_KEY_CRASH | FAULT_KEY_NEW;
	bool rate = churn_has_rate(fault);
	bool weibull = fault->law == LIFETIME_WEIBULL;
	uint32_t idle = rate ? 0 : fault_keys(fault) & of_rates;

	if (fault->count > servers)
		return event_blame(
			found, "count", event,
			"churn of %u servers, of which there are only %u",
			fault->count, servers);
	if (rate && fault->count > 0)
		return event_blame(found, "count", event,
				   "churn at a rate is of all servers: "
				   "rate_percent_min and down_s, or else count "
				   "and period_s");
	if (rate && fault->period_ns > 0)
		return event_blame(found, "period_s", event,
				   "churn at a rate has no period: "
				   "rate_percent_min and down_s, or else count "
				   "and period_s");
	if (idle != 0)
		return event_blame(found, fault_key_name(idle & ~(idle - 1)),
				   event,
				   "churn takes %s with rate_percent_min and "
				   "down_s only",
				   fault_key_name(idle & ~(idle - 1)));
	if (fault->rate_ppm_min > 0 && fault->down_ns == 0)
		return event_blame(found, "rate_percent_min", event,
				   "churn at a rate needs a down_s");
	if (weibull && fault->shape_milli < LIFETIME_SHAPE_LEAST)
		return event_blame(found, "law", event,
				   "a weibull law needs a shape of 0.2 or "
				   "more");
	if (!weibull && fault->shape_milli > 0)
		return event_blame(found, "shape", event,
				   "only a weibull law has a shape");
	return false;
}

/* What one event says about others, or about the servers. */
static bool
event_broken(const struct settings *settings, uint32_t index, uint32_t joins,
	     struct constraint *found)
{
	const struct fault_settings *fault = &settings->faults[index];

	if (fault->kind == FAULT_MERGE && end_is_idle(settings, index))
		return event_blame(found, "kind", index + 1,
				   "merge without a partition before it");
	if (fault->kind == FAULT_CALM && end_is_idle(settings, index))
		return event_blame(found, "kind", index + 1,
				   "calm without a flood or forged_syn before "
				   "it");
	if (fault->kind == FAULT_CHURN &&
	    churn_broken(fault, index + 1, settings->fabric.servers + joins,
			 found))
		return true;
	return false;
}

/* The fabric as the events see it: with servers that join. NULL: a fabric that
 * cannot be, or no event needs one. */
static struct fabric *
events_fabric(const struct settings *settings)
{
	const struct fabric_settings whole = faults_fabric(settings);
	struct fabric *fabric = NULL;
	char error[CONSTRAINT_TEXT];

	if (!fault_check_takes_fabric(settings))
		return NULL;
	if (fabric_create(&fabric, &whole, error, sizeof(error)) != 0)
		return NULL;
	return fabric;
}

/* Whatever else the network would refuse, with all that join. No rule names its
 * keys. */
static bool
network_broken(const struct settings *settings, struct constraint *found)
{
	const struct fabric_settings whole = faults_fabric(settings);
	const char *wrong = fabric_wrong(&whole);

	if (wrong == NULL)
		return false;
	*found = (struct constraint){ .keys = { NULL } };
	(void)snprintf(found->sentence, sizeof(found->sentence), "fabric: %s%s",
		       fabric_wrong(&settings->fabric) == NULL
			       ? "with those that join, "
			       : "",
		       wrong);
	return true;
}

static bool
events_broken(const struct settings *settings, struct constraint *found)
{
	struct fault_flaw flaw;
	struct fabric *fabric;
	uint32_t joins = faults_joining(settings);
	uint64_t targets = 0;
	bool broken = false;

	fabric = events_fabric(settings);
	for (uint32_t i = 0; !broken && i < settings->fault_count; i++) {
		broken = fault_check(settings, fabric, i, &targets, &flaw);
		if (!broken) {
			broken = event_broken(settings, i, joins, found);
			continue;
		}
		(void)event_blame(found, flaw.key, i + 1, "%s", flaw.sentence);
		memcpy(found->unknown, flaw.unknown, sizeof(found->unknown));
	}
	fabric_destroy(fabric);
	return broken;
}

bool
constraints_broken(const struct settings *settings, struct constraint *found)
{
	return fabric_broken(settings, found) ||
	       service_broken(settings, found) ||
	       measure_broken(settings, found) ||
	       network_broken(settings, found) ||
	       events_broken(settings, found);
}
