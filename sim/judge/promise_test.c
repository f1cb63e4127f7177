/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise_test.c - whole worlds, and what each of them breaks
 *
 * Each kind beside a neighbour that does not have it.
 */
#include "sim/judge/promise.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/test/world_play.h"

#define MS	    NS_PER_MS
#define S	    NS_PER_S
#define FAULTS_MOST 32
#define RESTARTS    24

struct tale {
	uint64_t counts[VIOLATIONS];
};

static void
on_violation(void *context, const struct watch_violation *violation)
{
	struct tale *tale = context;

	tale->counts[violation->kind]++;
	CHECK(violation->flow != WATCH_NONE);
	CHECK(violation->sentence[0] != '\0');
}

struct script {
	struct settings *settings;
	struct fault_settings *faults;
};

static struct fault_settings *
fault(const struct script *script, enum fault_kind kind, int64_t at_ns,
      const char *target)
{
	struct fault_settings *fault =
		&script->faults[script->settings->fault_count++];

	CHECK(script->settings->fault_count <= FAULTS_MOST);
	*fault = (struct fault_settings){ .kind = kind, .at_ns = at_ns };
	(void)snprintf(fault->target, sizeof(fault->target), "%s", target);
	return fault;
}

/* Two hundred sessions of thirty-two servers, a hundred seconds each. */
static void
many(const struct script *script)
{
	struct settings *settings = script->settings;

	settings->fabric.servers = 32;
	settings->fabric.leaves = 8;
	settings->fabric.fidelity = FIDELITY_PATH;
	settings->clients.sessions = 200;
	settings->clients.interval_ns = 4 * MS;
	settings->clients.size_bytes = 500000;
	settings->clients.pace_bps = 40000;
	settings->measure.duration_ns = 115 * S;
}

static void
spine_dies(const struct script *script)
{
	many(script);
	fault(script, FAULT_ROUTER_DOWN, 80 * S, "spine1");
}

/* Each is off for 400 ms, one after the other; no record is stored again, for
 * nobody looks who lost its own. */
static void
restarts(const struct script *script)
{
	char name[FAULT_TARGET_BYTES];

	spine_dies(script);
	script->settings->dht.node.watch_ns = 0;
	for (unsigned i = 0; i < RESTARTS; i++) {
		int64_t at_ns = 2 * S + i * 500 * MS;

		(void)snprintf(name, sizeof(name), "server%u", i + 1);
		fault(script, FAULT_SERVER_CRASH, at_ns, name)->until_ns =
			at_ns + 400 * MS;
	}
}

/* Short sessions, two a millisecond, ten milliseconds away. */
static void
web(const struct script *script)
{
	struct settings *settings = script->settings;

	settings->fabric.servers = 16;
	settings->fabric.clients = 4;
	settings->fabric.client_link.delay_ns = 20 * MS;
	settings->clients.sessions = 1000;
	settings->clients.interval_ns = MS;
	settings->clients.size_bytes = 10000;
	settings->measure.duration_ns = 6 * S;
}

static void
web_spine(const struct script *script)
{
	web(script);
	fault(script, FAULT_ROUTER_DOWN, 500 * MS, "spine1");
}

static void
unprotected(const struct script *script)
{
	spine_dies(script);
	script->settings->service.scheme = SCHEME_NONE;
}

static const struct row {
	const char *sentence;
	void (*make)(const struct script *);
	enum violation kind; /* the only one; VIOLATIONS: none */
	enum cause cause; /* and how it is counted */
} rows[] = {
	{ "nothing happens", many, VIOLATIONS, CAUSE_NONE },
	{ "a spine dies", spine_dies, VIOLATIONS, CAUSE_NONE },
	{ "and all records had gone", restarts, VIOLATION_BROKEN_RECORD_GONE,
	  CAUSE_RECORD_GONE },
	{ "and nothing was promised", unprotected, VIOLATIONS,
	  CAUSE_NO_SOCKET },
	{ "handshakes", web, VIOLATIONS, CAUSE_NONE },
	{ "handshakes when a spine dies", web_spine, VIOLATIONS, CAUSE_NONE },
};

static void
play(const struct row *row)
{
	struct fault_settings faults[FAULTS_MOST];
	struct tale tale = { .counts = { 0 } };
	const struct watch watch = { .context = &tale,
				     .violation = on_violation };
	struct settings settings;
	struct world_result result;

	settings_default(&settings);
	settings.faults = faults;
	row->make(&(struct script){ &settings, faults });
	result = world_play(&settings, &watch, row->sentence);
	CHECK_ROW(result.judged, row->sentence);
	for (unsigned i = 0; i < VIOLATIONS; i++)
		CHECK_ROW((tale.counts[i] > 0) == (i == row->kind),
			  row->sentence);
	CHECK_ROW(row->cause == CAUSE_NONE ||
			  result.facts.causes[row->cause] > 0,
		  row->sentence);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
	return check_done();
}
