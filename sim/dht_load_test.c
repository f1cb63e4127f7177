/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dht_load_test.c - stores, removals and lookups, one after the other and mixed
 */
#include "sim/dht_load.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/test/world_play.h"

#define S NS_PER_S

/* What the rows of a run said, and when. */
struct tale {
	uint32_t settings, lookups, failed, owned, missed;
	uint32_t found[WATCH_FOUND_WRONG + 1];
	int64_t first_lookup, last_setting, oldest;
};

static void
on_measurement(void *context, const struct watch_measurement *row)
{
	struct tale *tale = context;

	if (row->metric == METRIC_SETTING_ALL) {
		tale->settings++;
		tale->last_setting = row->at.ns;
	}
	if (row->metric != METRIC_LOOKUP)
		return;
	if (tale->lookups++ == 0)
		tale->first_lookup = row->at.ns;
	tale->failed += !row->ok;
	tale->found[row->found]++;
	tale->owned += row->owned == WATCH_SWITCH_YES;
	tale->missed += row->owned == WATCH_SWITCH_YES && !row->ok;
	if (row->age_ns > tale->oldest)
		tale->oldest = row->age_ns;
}

static void
load_settings(struct settings *settings, enum load_mix mix)
{
	settings_default(settings);
	settings->fabric.kind = FABRIC_UNIFORM;
	settings->fabric.servers = 100;
	settings->dht.tables = TABLES_IDEAL;
	settings->dht.node.republish_ns = 8 * S;
	settings->dht.node.record_ttl_ns = 24 * S;
	settings->clients.sessions = 0;
	settings->measure.mix = mix;
	settings->measure.stores = 50;
	settings->measure.removals = 20;
	settings->measure.lookups = 2000;
	settings->measure.interval_ns = 10 * NS_PER_MS;
	settings->measure.duration_ns = 60 * S;
}

static struct tale
run(const struct settings *settings)
{
	struct tale tale = { .settings = 0 };
	struct watch watch = {
		.context = &tale,
		.measurement = on_measurement,
	};

	(void)world_play(settings, &watch, "a load");
	return tale;
}

/* 50 stored, 20 of them removed, then 2,000 lookups of any of the 50. */
static void
test_phases(void)
{
	struct settings settings;

	load_settings(&settings, LOAD_PHASES);
	struct tale tale = run(&settings);
	CHECK(tale.settings == 50 && tale.lookups == 2000);
	CHECK(tale.first_lookup > tale.last_setting);
	CHECK(tale.found[WATCH_FOUND_WRONG] == 0);
	CHECK(tale.found[WATCH_FOUND_REMOVED] == 0);
	/* 30 of 50 keys are left: 3 in 5, give or take four deviations. */
	CHECK(tale.owned > 1200 - 88 && tale.owned < 1200 + 88);
	CHECK(tale.missed == 0 && tale.failed == 2000 - tale.owned);
	CHECK(tale.oldest > 6 * S && tale.oldest < 9 * S);
}

/* Each removed key is replaced, and lookups go on all the time. */
static void
test_mixed(void)
{
	struct settings settings;

	load_settings(&settings, LOAD_MIXED);
	struct tale tale = run(&settings);
	CHECK(tale.settings == 50 + 20 && tale.lookups == 2000);
	CHECK(tale.first_lookup < tale.last_setting);
	CHECK(tale.found[WATCH_FOUND_WRONG] == 0);
	CHECK(tale.found[WATCH_FOUND_REMOVED] == 0);
	CHECK(tale.missed == 0);
	/* All but the eighth of keys that were removed. */
	CHECK(tale.owned > 1750 - 100 && tale.owned < 1750 + 100);
}

/* Half of the servers crash: their keys are replaced at others. */
static void
test_owners_gone(void)
{
	static struct fault_settings faults[50];
	struct settings settings;

	load_settings(&settings, LOAD_MIXED);
	settings.measure.removals = 0;
	for (uint32_t i = 0; i < 50; i++) {
		faults[i] = (struct fault_settings){
			.kind = FAULT_SERVER_CRASH,
			.at_ns = 10 * S,
		};
		(void)snprintf(faults[i].target, sizeof(faults[i].target),
			       "server%u", 2 * i + 1);
	}
	settings.faults = faults;
	settings.fault_count = 50;
	struct tale tale = run(&settings);
	CHECK(tale.lookups == 2000);
	CHECK(tale.settings > 50 + 10 && tale.settings < 50 + 40);
	CHECK(tale.found[WATCH_FOUND_WRONG] == 0);
	/* Those that were looked up before the load saw that they are gone. */
	CHECK(tale.owned > 1950 && tale.owned < 2000);
}

int
main(void)
{
	test_phases();
	test_mixed();
	test_owners_gone();
	return check_done();
}
