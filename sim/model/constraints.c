/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraints.c - the rules
 *
 * Device names are those of sim/net/network.h: numbered from 1, spines and
 * leaves through all pods. Whether two devices are joined by a link only the
 * network knows; world_create() says so.
 */
#include "sim/model/constraints.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/model/fault_kind.h"

#define KIND_BYTES 16 /* any kind of device's name */

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
		{ clients->sessions > 0 && clients->jitter_ns > 0 &&
			  clients->start_ns + clients->jitter_ns >
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

/* How many devices of a kind; 0 also when there is no such kind. */
static uint32_t
device_count(const struct fabric_settings *fabric, const char *kind)
{
	if (strcmp(kind, "server") == 0)
		return fabric->servers;
	if (strcmp(kind, "client") == 0)
		return fabric->clients;
	if (strcmp(kind, "edge") == 0)
		return 1;
	if (strcmp(kind, "exit") == 0)
		return fabric->exits;
	if (strcmp(kind, "spine") == 0)
		return fabric->spines * fabric->pods;
	if (strcmp(kind, "leaf") == 0)
		return fabric->leaves * fabric->pods;
	return 0;
}

/* Is there a device of that name? size bytes of it. extra: servers that join
 * are numbered after those of the start. */
static bool
device_exists(const struct fabric_settings *fabric, const char *name,
	      size_t size, uint32_t extra)
{
	char text[48], kind[KIND_BYTES], digits[10];
	unsigned long number;
	int end = 0;

	if (size >= sizeof(text))
		return false;
	memcpy(text, name, size);
	text[size] = '\0';
	if (sscanf(text, "%15[a-z]%9[0-9]%n", kind, digits, &end) != 2 ||
	    text[end] != '\0')
		return false;
	number = strtoul(digits, NULL, 10);
	if (number == 0)
		return false;
	if (strcmp(kind, "server") == 0)
		return number <= fabric->servers + extra;
	return number <= device_count(fabric, kind);
}

static bool
target_is_tier(const char *target)
{
	static const char *const tiers[] = { "exit-spine", "spine-leaf",
					     "leaf-server", "path" };

	for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++)
		if (strcmp(target, tiers[i]) == 0)
			return true;
	return false;
}

/* Is the target of the kind that the event acts on? */
static bool
target_mismatched(const struct fault_settings *fault, enum fault_target wanted)
{
	const char *target = fault->target;
	bool link = strchr(target, '-') != NULL || target_is_tier(target);
	bool server = strncmp(target, "server", 6) == 0;

	switch (wanted) {
	case FAULT_TARGET_LINK:
		return !link;
	case FAULT_TARGET_ROUTER:
		return link || server;
	case FAULT_TARGET_SERVER:
		return link || !server;
	case FAULT_TARGET_NONE:
		break;
	}
	return false;
}

static const char *
target_word(enum fault_target wanted)
{
	return wanted == FAULT_TARGET_LINK     ? "link"
	       : wanted == FAULT_TARGET_ROUTER ? "router"
					       : "server";
}

static bool
target_exists(const struct fabric_settings *fabric, const char *target,
	      uint32_t joins)
{
	const char *dash = strchr(target, '-');

	if (target_is_tier(target))
		return true;
	if (dash == NULL)
		return device_exists(fabric, target, strlen(target), joins);
	return device_exists(fabric, target, (size_t)(dash - target), joins) &&
	       device_exists(fabric, dash + 1, strlen(dash + 1), joins);
}

static bool
target_broken(const struct settings *settings, uint32_t index, uint32_t joins,
	      struct constraint *found)
{
	const struct fault_settings *fault = &settings->faults[index];
	enum fault_target wanted = fault_kind_trait(fault->kind)->target;
	const char *name = fault_name(fault->kind);

	if (settings->fabric.kind == FABRIC_UNIFORM &&
	    (wanted == FAULT_TARGET_LINK || wanted == FAULT_TARGET_ROUTER ||
	     fault->kind == FAULT_PARTITION))
		return event_blame(found, "target", index + 1,
				   "%s needs links and routers; a uniform "
				   "fabric has none",
				   name);
	if (wanted == FAULT_TARGET_NONE && fault->target[0] == '\0')
		return false;
	if (wanted == FAULT_TARGET_NONE)
		return event_blame(found, "target", index + 1,
				   "%s takes no target", name);
	if (fault->target[0] == '\0')
		return event_blame(found, "target", index + 1,
				   "%s needs a target", name);
	if (target_mismatched(fault, wanted))
		return event_blame(found, "target", index + 1,
				   "%s acts on a %s, which '%s' is not", name,
				   target_word(wanted), fault->target);
	if (!target_exists(&settings->fabric, fault->target, joins))
		return event_blame(found, "target", index + 1,
				   "this fabric has no '%s'", fault->target);
	return false;
}

/* Is anything split when this merge comes? Of two at one time the one that
 * is written first is first. */
static bool
merge_is_idle(const struct settings *settings, uint32_t index)
{
	int64_t at_ns = settings->faults[index].at_ns;

	for (uint32_t i = 0; i < settings->fault_count; i++) {
		const struct fault_settings *other = &settings->faults[i];

		if (other->kind == FAULT_PARTITION &&
		    (other->at_ns < at_ns ||
		     (other->at_ns == at_ns && i < index)))
			return false;
	}
	return true;
}

static bool
event_broken(const struct settings *settings, uint32_t index, uint32_t joins,
	     struct constraint *found)
{
	const struct fault_settings *fault = &settings->faults[index];
	uint32_t event = index + 1;

	if (target_broken(settings, index, joins, found))
		return true;
	if (fault->kind == FAULT_MERGE && merge_is_idle(settings, index))
		return event_blame(found, "kind", event,
				   "merge without a partition before it");
	if (fault->kind == FAULT_CHURN &&
	    fault->count > settings->fabric.servers + joins)
		return event_blame(
			found, "count", event,
			"churn of %u servers, of which there are only %u",
			fault->count, settings->fabric.servers + joins);
	if (fault->at_ns >= settings->measure.duration_ns)
		return event_blame(
			found, "at_s", event,
			"the event would be after the end of the run");
	if (fault->until_ns != 0 && fault->until_ns <= fault->at_ns)
		return event_blame(found, "until_s", event,
				   "until_s must be after at_s");
	if (fault->period_ns != 0 && fault->until_ns == 0)
		return event_blame(found, "period_s", event,
				   "a period_s needs an until_s");
	return false;
}

bool
constraints_broken(const struct settings *settings, struct constraint *found)
{
	uint32_t joins = 0;

	if (fabric_broken(settings, found) || service_broken(settings, found) ||
	    measure_broken(settings, found))
		return true;
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (settings->faults[i].kind == FAULT_JOIN)
			joins += settings->faults[i].count > 0
					 ? settings->faults[i].count
					 : 1;
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (event_broken(settings, i, joins, found))
			return true;
	return false;
}
