/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraints.c - the rules between settings
 *
 * Device names are those of sim/net/network.h: numbered from 1, spines and
 * leaves through all pods. Whether two devices are joined by a link only the
 * network knows; world_create() says so.
 */
#include "harness/scenario/constraints.h"

#include <stdio.h>
#include <string.h>

#include "live/conf/units.h"
#include "sim/host/rpc.h"
#include "sim/model/fault_kind.h"

struct rule {
	bool broken;
	const char *path, *other; /* to blame, see struct constraint */
	const char *sentence;
};

static struct key_place
place_of(const char *path)
{
	return (struct key_place){
		.key = path != NULL ? key_find(key_settings(), path) : NULL
	};
}

static bool
fault_blame(struct constraint *conflict, const char *path, uint32_t fault)
{
	conflict->places[0] =
		(struct key_place){ .key = key_find(key_faults(), path),
				    .fault = fault };
	conflict->places[1].key = NULL;
	return true;
}

static bool
rule_broken(const struct settings *s, struct constraint *conflict)
{
	const struct fabric_settings *fabric = &s->fabric;
	const struct node_settings *node = &s->dht.node;
	const struct client_settings *clients = &s->clients;
	const struct measure_settings *measure = &s->measure;
	bool uniform = fabric->kind == FABRIC_UNIFORM;
	const struct rule rules[] = {
		{ !uniform && fabric->uplinks > fabric->leaves,
		  "fabric.uplinks", "fabric.leaves",
		  "more uplinks a server than leaves a pod" },
		{ !uniform && fabric->pods > fabric->servers, "fabric.pods",
		  "fabric.servers", "more pods than servers" },
		{ uniform && clients->sessions > 0, "clients.sessions",
		  "fabric.kind",
		  "a uniform fabric has servers only, no clients to open "
		  "sessions" },
		{ node->alpha > node->k, "dht.alpha", "dht.k",
		  "alpha must not exceed k" },
		{ node->replicas > node->k, "dht.replicas", "dht.k",
		  "replicas must not exceed k" },
		{ node->timeout_floor_ns > node->timeout_cap_ns,
		  "dht.timeout_floor_ms", "dht.timeout_cap_ms",
		  "the smallest timeout exceeds the largest" },
		{ clients->sessions > 0 &&
			  clients->start_ns >= measure->duration_ns,
		  "clients.start_s", "measure.duration_s",
		  "the first session would open after the end" },
		{ measure->lookups > 0 && measure->settings == 0 &&
			  clients->sessions == 0,
		  "measure.lookups", "measure.settings",
		  "lookups need settings or sessions to look up" },
		{ measure->lookups > 0 && measure->settings == 0 &&
			  measure->interval_ns == 0,
		  "measure.interval_ms", "measure.lookups",
		  "lookups of sessions need an interval" },
		{ measure->rpcs > 0 && fabric->servers < 2, "measure.rpcs",
		  "fabric.servers", "calls need two servers" },
		{ measure->rpcs > 0 && !rpcs_fit(s), "measure.rpc_answer_bytes",
		  "measure.rpc_request_bytes",
		  "a call's message must fit a packet of the fabric" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!rules[i].broken)
			continue;
		snprintf(conflict->sentence, sizeof(conflict->sentence), "%s",
			 rules[i].sentence);
		conflict->places[0] = place_of(rules[i].path);
		conflict->places[1] = place_of(rules[i].other);
		return true;
	}
	return false;
}

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
	char text[48], kind[16], digits[10];
	uint64_t number = 0;
	int end = 0;

	if (size >= sizeof(text))
		return false;
	memcpy(text, name, size);
	text[size] = '\0';
	if (sscanf(text, "%15[a-z]%9[0-9]%n", kind, digits, &end) != 2 ||
	    text[end] != '\0' ||
	    units_decimal(digits, 1, &number) != UNITS_OK || number == 0)
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

static bool
target_broken(const struct settings *settings,
	      const struct fault_settings *fault, uint32_t joins,
	      char *sentence)
{
	const struct fabric_settings *fabric = &settings->fabric;
	const char *target = fault->target, *dash = strchr(target, '-');
	enum fault_target wanted = fault_trait(fault->kind)->target;
	bool is_link = dash != NULL || target_is_tier(target);
	bool there = false;

	if (fabric->kind == FABRIC_UNIFORM &&
	    (wanted == FAULT_TARGET_LINK || wanted == FAULT_TARGET_ROUTER ||
	     fault->kind == FAULT_PARTITION)) {
		snprintf(sentence, KEY_ERROR,
			 "%s needs links and routers; a uniform fabric has "
			 "none",
			 fault_name(fault->kind));
		return true;
	}
	if (wanted == FAULT_TARGET_NONE && target[0] != '\0') {
		snprintf(sentence, KEY_ERROR, "%s takes no target",
			 fault_name(fault->kind));
		return true;
	}
	if (target[0] == '\0') {
		if (wanted == FAULT_TARGET_NONE)
			return false;
		snprintf(sentence, KEY_ERROR, "%s needs a target",
			 fault_name(fault->kind));
		return true;
	}
	if ((wanted == FAULT_TARGET_LINK && !is_link) ||
	    ((wanted == FAULT_TARGET_ROUTER || wanted == FAULT_TARGET_SERVER) &&
	     is_link) ||
	    (wanted == FAULT_TARGET_SERVER &&
	     strncmp(target, "server", 6) != 0) ||
	    (wanted == FAULT_TARGET_ROUTER &&
	     strncmp(target, "server", 6) == 0)) {
		snprintf(sentence, KEY_ERROR,
			 "%s acts on a %s, which '%s' "
			 "is not",
			 fault_name(fault->kind),
			 wanted == FAULT_TARGET_LINK	 ? "link"
			 : wanted == FAULT_TARGET_ROUTER ? "router"
							 : "server",
			 target);
		return true;
	}
	if (target_is_tier(target))
		there = true;
	else if (dash != NULL)
		there = device_exists(fabric, target, (size_t)(dash - target),
				      joins) &&
			device_exists(fabric, dash + 1, strlen(dash + 1),
				      joins);
	else
		there = device_exists(fabric, target, strlen(target), joins);
	if (!there)
		snprintf(sentence, KEY_ERROR, "this fabric has no '%s'",
			 target);
	return !there;
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
fault_broken(const struct settings *settings, uint32_t index, uint32_t joins,
	     struct constraint *conflict)
{
	char *sentence = conflict->sentence;
	const struct fault_settings *fault = &settings->faults[index];

	if (target_broken(settings, fault, joins, sentence))
		return fault_blame(conflict, "target", index + 1);
	if (fault->kind == FAULT_MERGE && merge_is_idle(settings, index)) {
		snprintf(sentence, KEY_ERROR,
			 "merge without a partition before it");
		return fault_blame(conflict, "kind", index + 1);
	}
	if (fault->kind == FAULT_CHURN &&
	    fault->count > settings->fabric.servers + joins) {
		snprintf(sentence, KEY_ERROR,
			 "churn of %u servers, of which there are only %u",
			 fault->count, settings->fabric.servers + joins);
		return fault_blame(conflict, "count", index + 1);
	}
	if (fault->at_ns >= settings->measure.duration_ns) {
		snprintf(sentence, KEY_ERROR,
			 "the event would be after the end of the run");
		return fault_blame(conflict, "at_s", index + 1);
	}
	if (fault->until_ns != 0 && fault->until_ns <= fault->at_ns) {
		snprintf(sentence, KEY_ERROR, "until_s must be after at_s");
		return fault_blame(conflict, "until_s", index + 1);
	}
	if (fault->period_ns != 0 && fault->until_ns == 0) {
		snprintf(sentence, KEY_ERROR, "a period_s needs an until_s");
		return fault_blame(conflict, "period_s", index + 1);
	}
	return false;
}

bool
constraint_find(const struct settings *settings, struct constraint *conflict)
{
	uint32_t joins = 0;

	if (rule_broken(settings, conflict))
		return true;
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (settings->faults[i].kind == FAULT_JOIN)
			joins += settings->faults[i].count > 0
					 ? settings->faults[i].count
					 : 1;
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (fault_broken(settings, i, joins, conflict))
			return true;
	return false;
}
