/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warnings.c - a row a rule
 *
 * Keys: the first row whose pattern fits and whose condition does not hold
 * speaks; a row of that very key is the last to be asked. Events: those with
 * one target and one time are followed through the script; where sets, loops,
 * paths or churn act on such things, too, nothing is sure, and nothing is said
 * of them.
 */
#include "harness/scenario/warnings.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/sweep.h"
#include "sim/model/fault_kind.h"
#include "sim/model/fault_target.h"

struct finding {
	const struct scenario *scenario;
	const struct settings *settings;
	void (*hear)(void *, const struct warning *);
	void *context;
};

/* ---- keys without effect ---- */

typedef bool condition(const struct settings *);

static bool
has_sessions(const struct settings *s)
{
	return s->clients.sessions > 0;
}

static bool
is_routed(const struct settings *s)
{
	return s->fabric.kind != FABRIC_UNIFORM;
}

static bool
is_uniform(const struct settings *s)
{
	return !is_routed(s);
}

static bool
has_queues(const struct settings *s)
{
	return s->fabric.fidelity == FIDELITY_PACKET;
}

static bool
is_resilient(const struct settings *s)
{
	return s->routing.ecmp == ECMP_RESILIENT;
}

static bool
has_bfd(const struct settings *s)
{
	return s->routing.detection == DETECTION_BFD;
}

static bool
has_hold(const struct settings *s)
{
	return s->routing.detection == DETECTION_HOLD;
}

static bool
is_joined(const struct settings *s)
{
	return s->dht.tables == TABLES_JOINED;
}

static bool
has_load(const struct settings *s)
{
	return s->measure.stores > 0 || s->measure.lookups > 0;
}

static bool
table_matters(const struct settings *s)
{
	return s->service.scheme != SCHEME_NONE || has_load(s);
}

static bool
table_is_asked(const struct settings *s)
{
	return s->service.scheme != SCHEME_OWNER_HASH ||
	       s->measure.lookups == 0;
}

static bool
steers(const struct settings *s)
{
	return s->service.scheme != SCHEME_NONE;
}

static bool
stores(const struct settings *s)
{
	return s->service.scheme == SCHEME_HOMEWARD;
}

/* As core/steer/handshake.h has it. */
static bool
openings_are_bounded(const struct settings *s)
{
	return s->service.steer.store_at == STEER_STORE_AUTO &&
	       s->service.steer.store_after_ns == 0;
}

static bool
is_sampled(const struct settings *s)
{
	return has_sessions(s) || s->measure.samples == 0;
}

static bool
has_rpcs(const struct settings *s)
{
	return s->measure.rpcs > 0;
}

static bool
is_paced(const struct settings *s)
{
	return s->clients.pace_bps > 0;
}

static bool
has_one_size(const struct settings *s)
{
	return s->clients.size_cdf_count == 0;
}

static bool
ports_come_round(const struct settings *s)
{
	return !s->clients.reuse_ports ||
	       s->clients.sessions > s->fabric.clients;
}

static const struct rule {
	const char *pattern; /* of fnmatch(3) */
	condition *holds;
	const char *why;
} rules[] = {
	{ "clients.sessions", NULL, NULL },
	{ "clients.*", has_sessions, "there are no sessions" },
	{ "fabric.clients", has_sessions, "there are no sessions" },
	{ "measure.samples", is_sampled, "there are no sessions" },
	{ "clients.pace_chunk_kb", is_paced,
	  "programs write as fast as TCP takes it (clients.pace_mbps: 0)" },
	{ "clients.size_mb", has_one_size, "clients.size_cdf says the sizes" },
	{ "clients.reuse_ports", ports_come_round,
	  "no client has a second session" },
	{ "fabric.*_link.mtu_bytes", NULL, NULL },
	{ "fabric.uniform_delay_us", is_uniform, "the fabric is not uniform" },
	{ "fabric.kind", NULL, NULL },
	{ "fabric.servers", NULL, NULL },
	{ "fabric.*", is_routed, "a uniform fabric has no links or routers" },
	{ "routing.*", is_routed, "a uniform fabric has no links or routers" },
	{ "fabric.*.queue_kb", has_queues,
	  "packets wait in no queue (fabric.fidelity: path)" },
	{ "routing.resilient_*", is_resilient,
	  "groups have no buckets (routing.ecmp)" },
	{ "routing.bfd_ms", has_bfd,
	  "it is not BFD that detects (routing.detection)" },
	{ "routing.hold_ms", has_hold,
	  "it is not the hold timer that detects (routing.detection)" },
	{ "dht.join_interval_ms", is_joined,
	  "tables are computed (dht.tables: ideal)" },
	{ "dht.*", table_matters,
	  "nobody asks the table (service.scheme: none), and nothing "
	  "measures it" },
	{ "service.openings_*", openings_are_bounded,
	  "only service.store_at: auto is bounded, where "
	  "service.store_after_ms is 0" },
	{ "service.openings_*", stores, "service.scheme stores no sessions" },
	{ "service.store_a*", stores, "service.scheme stores no sessions" },
	{ "service.hold_*", steers, "service.scheme is none" },
	{ "service.miss*", steers, "service.scheme is none" },
	{ "service.first_stray*", steers, "service.scheme is none" },
	{ "service.gone_after_ms", steers, "service.scheme is none" },
	{ "service.silent_after_s", steers, "service.scheme is none" },
	{ "service.owner_idle_s", steers, "service.scheme is none" },
	{ "service.negative_ms", steers, "service.scheme is none" },
	{ "measure.rpc_*", has_rpcs, "there are no calls (measure.rpcs: 0)" },
	{ "measure.interval_ms", has_load,
	  "there are no stores and no lookups" },
	{ "measure.lookups", table_is_asked,
	  "on service.scheme: it measures the hash table, which owner_hash "
	  "does not ask" },
};

static void
key_judge(const struct finding *finding, const struct key *key)
{
	struct warning warning = { .place = { .key = key } };
	bool settled = false;

	for (size_t i = 0; !settled && i < sizeof(rules) / sizeof(rules[0]);
	     i++) {
		if (fnmatch(rules[i].pattern, key->path, 0) != 0)
			continue;
		if (rules[i].holds == NULL)
			return;
		settled = !rules[i].holds(finding->settings);
		if (settled)
			(void)snprintf(warning.sentence,
				       sizeof(warning.sentence),
				       "%s has no effect: %s", key->path,
				       rules[i].why);
		else if (strcmp(rules[i].pattern, key->path) == 0)
			return; /* its own row has the last word */
	}
	if (settled)
		finding->hear(finding->context, &warning);
}

static void
keys_judge(const struct finding *finding)
{
	const struct key_table *table = key_settings();

	for (size_t i = 0; i < table->count; i++) {
		const struct key_place place = { .key = &table->keys[i] };
		struct scenario_origin origin =
			sweep_origin(finding->scenario, &place);

		if (origin.mark.line > 0 || origin.option > 0)
			key_judge(finding, &table->keys[i]);
	}
}

/* ---- events ---- */

__attribute__((format(printf, 4, 5))) static void
event_say(const struct finding *finding, uint32_t event, const char *path,
	  const char *format, ...)
{
	struct warning warning = {
		.place = { .key = key_find(key_faults(), path),
			   .fault = event + 1 },
	};
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(warning.sentence, sizeof(warning.sentence), format,
			arguments);
	va_end(arguments);
	finding->hear(finding->context, &warning);
}

/* The kind that ends what this one begins: both act on one thing. */
static enum fault_kind
end_of(enum fault_kind kind)
{
	return fault_kind_trait(kind)->undo;
}

static bool
is_sure(const struct fault_settings *fault)
{
	return !fault_target_is_set(fault) && !fault_target_is_path(fault) &&
	       fault->period_ns == 0 && fault->each_ns == 0;
}

/* May this event change what that end is about, in ways that are not followed?
 * What a server does touches its daemon and its routes. */
static bool
is_blurred(const struct settings *settings, enum fault_kind end)
{
	bool of_server = fault_kind_trait(end)->target == FAULT_TARGET_SERVER;

	for (uint32_t i = 0; i < settings->fault_count; i++) {
		const struct fault_settings *fault = &settings->faults[i];
		bool server = fault_kind_trait(fault->kind)->target ==
			      FAULT_TARGET_SERVER;

		if (end_of(fault->kind) == end && !is_sure(fault))
			return true;
		if (of_server && end_of(fault->kind) != end &&
		    (server || fault->kind == FAULT_CHURN))
			return true;
		if (end == FAULT_LINK_UP && end_of(fault->kind) == FAULT_MERGE)
			return true;
	}
	return false;
}

/* Of one time the first in the file is first. */
static bool
is_before(int64_t at_ns, uint32_t index, int64_t other_ns, uint32_t other)
{
	return at_ns < other_ns || (at_ns == other_ns && index < other);
}

/* Is its thing broken when this event comes? Broken and mended by the others,
 * in the order of time. */
static bool
is_broken(const struct settings *settings, uint32_t index)
{
	const struct fault_settings *this = &settings->faults[index];
	enum fault_kind end = end_of(this->kind);
	int64_t latest_ns = -1;
	bool broken = false;

	for (uint32_t i = 0; i < settings->fault_count; i++) {
		const struct fault_settings *fault = &settings->faults[i];
		int64_t over_ns = fault_ends_ns(fault);
		bool before = is_before(fault->at_ns, i, this->at_ns, index);

		if (i == index || end_of(fault->kind) != end || !before ||
		    strcmp(fault->target, this->target) != 0)
			continue;
		if (fault->at_ns >= latest_ns) {
			latest_ns = fault->at_ns;
			broken = fault->kind != end && fault_stays(fault);
		}
		if (over_ns > fault->at_ns && over_ns >= latest_ns &&
		    is_before(over_ns, i, this->at_ns, index)) {
			latest_ns = over_ns;
			broken = false;
		}
	}
	return broken;
}

static void
event_judge(const struct finding *finding, uint32_t index)
{
	const struct settings *settings = finding->settings;
	const struct fault_settings *fault = &settings->faults[index];
	enum fault_kind end = end_of(fault->kind);
	bool ends = fault->kind == end, broken;

	if (fault_kind_trait(fault->kind)->target == FAULT_TARGET_NONE ||
	    end == FAULT_LINK_RESTORE || fault->kind == FAULT_LEAVE ||
	    is_blurred(settings, end))
		return;
	broken = is_broken(settings, index);
	if (ends && !broken)
		event_say(finding, index, "kind",
			  "%s of %s: nothing before it made that necessary",
			  fault_name(fault->kind), fault->target);
	else if (!ends && broken && fault_stays(fault))
		event_say(finding, index, "kind",
			  "%s of %s: it is so already, by an event before it",
			  fault_name(fault->kind), fault->target);
}

/* A link or router that comes and goes: how long it is there at a time. */
static void
flap_judge(const struct finding *finding, uint32_t index)
{
	const struct fault_settings *fault = &finding->settings->faults[index];
	const struct routing_settings *routing = &finding->settings->routing;
	const struct fault_kind_trait *trait = fault_kind_trait(fault->kind);
	int64_t back_ns = routing->restore.high_ns + routing->hop.high_ns;
	int64_t up_ns = INT64_MAX;

	if (trait->undo == fault->kind ||
	    (trait->target != FAULT_TARGET_LINK &&
	     trait->target != FAULT_TARGET_ROUTER) ||
	    fault->kind == FAULT_LINK_DEGRADE)
		return;
	if (fault->period_ns > 0)
		up_ns = fault->period_ns / 2;
	else if (fault->each_ns > 0 && fault->for_ns > 0 &&
		 !fault_target_is_set(fault))
		up_ns = fault->each_ns - fault->for_ns;
	if (up_ns >= back_ns)
		return;
	event_say(finding, index, fault->period_ns > 0 ? "period_s" : "each_s",
		  "%s comes back for %g ms at a time, routes need up to %g ms "
		  "(routing.restore_ms, hop_ms)",
		  fault->target, (double)up_ns / 1e6, (double)back_ns / 1e6);
}

/* ---- delays ---- */

/* There and back between servers that are farthest from each other. */
static int64_t
round_trip_ns(const struct fabric_settings *fabric)
{
	int64_t hops = fabric->pods > 1 ? 4 : fabric->leaves > 1 ? 2 : 0;

	if (fabric->kind == FABRIC_UNIFORM)
		return 2 * fabric->uniform_delay_ns;
	return 2 * (2 * fabric->server_link.delay_ns +
		    hops * fabric->fabric_link.delay_ns);
}

static void
delays_judge(const struct finding *finding)
{
	const struct settings *settings = finding->settings;
	const struct node_settings *node = &settings->dht.node;
	int64_t trip_ns = round_trip_ns(&settings->fabric);
	bool uniform = is_uniform(settings);
	const char *path = uniform ? "fabric.uniform_delay_us"
			   : settings->fabric.fabric_link.delay_ns >=
					   settings->fabric.server_link.delay_ns
				   ? "fabric.fabric_link.delay_us"
				   : "fabric.server_link.delay_us";
	struct warning warning = {
		.place = { .key = key_find(key_settings(), path) },
	};
	const char *limit =
		trip_ns >= node->timeout_initial_ns ? "dht.timeout_initial_ms"
		: trip_ns >= node->timeout_cap_ns   ? "dht.timeout_cap_ms"
		: 2 * trip_ns >= node->lookup_deadline_ns
			? "dht.lookup_deadline_ms"
			: NULL;

	if (limit == NULL || settings->fabric.servers < 2)
		return;
	(void)snprintf(warning.sentence, sizeof(warning.sentence),
		       "servers are up to %g ms from each other, there and "
		       "back: %s does not wait for that",
		       (double)trip_ns / 1e6, limit);
	finding->hear(finding->context, &warning);
}

/* ---- what would be after the end ---- */

static void
late_say(const struct finding *finding, const char *key, const char *what,
	 uint64_t count, int64_t interval_ns, int64_t room_ns)
{
	struct warning warning = {
		.place = { .key = key_find(key_settings(), key) },
	};
	uint64_t fits = room_ns <= 0 || interval_ns <= 0
				? 0
				: (uint64_t)(room_ns / interval_ns) + 1;

	if (interval_ns <= 0 || fits >= count)
		return;
	(void)snprintf(warning.sentence, sizeof(warning.sentence),
		       "of %llu %s about %llu begin before the end of the run "
		       "(measure.duration_s)",
		       (unsigned long long)count, what,
		       (unsigned long long)fits);
	finding->hear(finding->context, &warning);
}

static void
late_judge(const struct finding *finding)
{
	const struct client_settings *clients = &finding->settings->clients;
	const struct measure_settings *measure = &finding->settings->measure;
	uint64_t operations = measure->stores;

	late_say(finding, "clients.interval_ms", "sessions", clients->sessions,
		 clients->interval_ns,
		 measure->duration_ns - clients->start_ns);
	if (measure->mix == LOAD_PHASES)
		operations += measure->removals + measure->lookups;
	late_say(finding, "measure.interval_ms", "operations", operations,
		 measure->interval_ns, measure->duration_ns);
}

void
warnings_find(const struct scenario *scenario, const struct settings *settings,
	      void (*hear)(void *, const struct warning *), void *context)
{
	const struct finding finding = { .scenario = scenario,
					 .settings = settings,
					 .hear = hear,
					 .context = context };

	keys_judge(&finding);
	delays_judge(&finding);
	late_judge(&finding);
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		event_judge(&finding, i);
		flap_judge(&finding, i);
	}
}

/* ---- all points ---- */

struct heard {
	struct warning warning; /* as it was said first */
	uint32_t points, last; /* where it is deserved; the last of them */
};

struct hearing {
	struct heard *heard;
	uint32_t count, capacity;
	uint32_t point; /* from 1 */
};

/* The same rule of the same place: numbers in a sentence may differ between
 * points. */
static void
remember(void *context, const struct warning *warning)
{
	struct hearing *hearing = context;
	struct heard *heard;

	for (uint32_t i = 0; i < hearing->count; i++) {
		heard = &hearing->heard[i];
		if (heard->warning.place.key != warning->place.key ||
		    heard->warning.place.fault != warning->place.fault)
			continue;
		heard->points += heard->last != hearing->point;
		heard->last = hearing->point;
		return;
	}
	if (hearing->count == hearing->capacity) {
		hearing->capacity = 2 * hearing->capacity + 16;
		hearing->heard =
			realloc(hearing->heard,
				hearing->capacity * sizeof(struct heard));
		if (hearing->heard == NULL)
			abort();
	}
	hearing->heard[hearing->count++] = (struct heard){
		.warning = *warning, .points = 1, .last = hearing->point
	};
}

static void
say(const struct scenario *scenario, const struct heard *heard, uint32_t points,
    const char *const *sets, FILE *talk)
{
	struct scenario_origin origin =
		sweep_origin(scenario, &heard->warning.place);
	char some[64] = "";

	if (heard->points < points)
		(void)snprintf(some, sizeof(some), " (at %u of %u points)",
			       heard->points, points);
	if (origin.option > 0)
		fprintf(talk, "--set %.200s: ", sets[origin.option - 1]);
	else if (origin.mark.line > 0)
		fprintf(talk, "%s:%u:%u: ", scenario->path, origin.mark.line,
			origin.mark.column);
	else
		fprintf(talk, "%s: ", scenario->path);
	fprintf(talk, "warning: %s%s\n", heard->warning.sentence, some);
}

uint32_t
warnings_say(const struct scenario *scenario, const char *const *sets,
	     FILE *talk)
{
	struct sweep_point point = { .faults = NULL };
	struct hearing hearing = { .heard = NULL };

	for (uint32_t i = 0; i < sweep_point_count(scenario);
	     i += scenario->repeat) {
		sweep_point_make(scenario, i, &point);
		hearing.point++;
		warnings_find(scenario, &point.settings, remember, &hearing);
	}
	for (uint32_t i = 0; i < hearing.count; i++)
		say(scenario, &hearing.heard[i], hearing.point, sets, talk);
	sweep_point_release(&point);
	free(hearing.heard);
	return hearing.count;
}
