/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_sequence_test.c - what a sequence stands for, by many seeds
 */
#include "sim/model/fault_sequence.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "sim/model/fault.h"
#include "sim/model/fault_check.h"
#include "sim/model/fault_kind.h"

#define S     NS_PER_S
#define MOST  10
#define SEEDS 300

static struct fabric *
fabric_make(const struct settings *settings)
{
	const struct fabric_settings whole = faults_fabric(settings);
	struct fabric *fabric = NULL;
	char error[256];

	CHECK(fabric_create(&fabric, &whole, error, sizeof(error)) == 0);
	return fabric;
}

static void
settings_make(struct settings *settings, struct fault_settings *event,
	      uint64_t seed, uint32_t count)
{
	fault_settings_default(event);
	event->kind = FAULT_SEQUENCE;
	event->at_ns = 5 * S;
	event->each_ns = 6 * S;
	event->for_ns = 2 * S;
	event->count = count;
	settings_default(settings);
	settings->seed = seed;
	settings->measure.duration_ns = 100 * S;
	settings->fabric.servers = 8;
	settings->faults = event;
	settings->fault_count = 1;
}

/* ---- one change ---- */

/* By kind and target: what was drawn how often. */
struct tally {
	unsigned links, flaps, leaves, spines, drains, restarts, joins;
	unsigned inner, ofserver;
};

static void
change_check(const struct settings *settings, const struct fabric *fabric,
	     uint32_t index, int64_t at_ns, struct tally *tally)
{
	const struct fault_settings *change = &settings->faults[index];
	struct fault_flaw flaw = { .sentence = "" };
	uint64_t targets = 0;

	CHECK_ROW(!fault_check(settings, fabric, index, &targets, &flaw),
		  flaw.sentence);
	CHECK(change->at_ns == at_ns);
	CHECK(change->kind == FAULT_JOIN ||
	      (change->until_ns > at_ns && change->until_ns <= at_ns + 2 * S));
	tally->links +=
		change->kind == FAULT_LINK_DOWN && change->period_ns == 0;
	tally->flaps +=
		change->kind == FAULT_LINK_DOWN && change->period_ns == S;
	tally->leaves += change->kind == FAULT_ROUTER_DOWN &&
			 strncmp(change->target, "leaf", 4) == 0;
	tally->spines += change->kind == FAULT_ROUTER_DOWN &&
			 strncmp(change->target, "spine", 5) == 0;
	tally->drains += change->kind == FAULT_DRAIN;
	tally->restarts += change->kind == FAULT_DAEMON_RESTART;
	tally->joins += change->kind == FAULT_JOIN;
	if (change->kind == FAULT_LINK_DOWN) {
		CHECK(strstr(change->target, "client") == NULL);
		CHECK(strstr(change->target, "edge") == NULL);
		tally->ofserver += strstr(change->target, "server") != NULL;
		tally->inner += strstr(change->target, "server") == NULL;
	}
	/* Servers 9 to 18 are not there yet. */
	CHECK(strncmp(change->target, "server", 6) != 0 ||
	      (change->target[7] == '\0' && change->target[6] < '9'));
}

/* ---- all of it ---- */

static void
test_changes(void)
{
	struct tally tally = { 0 };

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fault_settings event, *all;
		struct settings settings;
		struct fabric *fabric;

		settings_make(&settings, &event, seed, MOST);
		fabric = fabric_make(&settings);
		CHECK(faults_joining(&settings) == MOST);
		all = fault_sequence_unroll(&settings, fabric);
		CHECK(all != NULL && settings.fault_count == MOST);
		for (uint32_t i = 0; i < MOST; i++)
			change_check(&settings, fabric, i, (5 + 6 * i) * S,
				     &tally);
		free(all);
		fabric_destroy(fabric);
	}
	/* A seventh of 3,000 each: 428, and a deviation of 19. */
	const unsigned counts[] = { tally.links,  tally.flaps,	tally.leaves,
				    tally.spines, tally.drains, tally.restarts,
				    tally.joins };
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		CHECK(counts[i] > 330 && counts[i] < 530);
	CHECK(tally.inner > 0 && tally.ofserver > 0);
}

/* Fewer changes are the first of more. */
static void
test_prefix(void)
{
	struct fault_settings event, *longer, *shorter;
	struct settings settings;
	struct fabric *fabric;

	settings_make(&settings, &event, 7, MOST);
	fabric = fabric_make(&settings);
	longer = fault_sequence_unroll(&settings, fabric);
	fabric_destroy(fabric);
	settings_make(&settings, &event, 7, 4);
	fabric = fabric_make(&settings);
	shorter = fault_sequence_unroll(&settings, fabric);
	fabric_destroy(fabric);
	CHECK(settings.fault_count == 4);
	for (uint32_t i = 0; i < 4; i++) {
		CHECK(shorter[i].kind == longer[i].kind);
		CHECK(shorter[i].at_ns == longer[i].at_ns);
		CHECK(strcmp(shorter[i].target, longer[i].target) == 0);
	}
	free(longer);
	free(shorter);
}

/* Others stay where they were; without one nothing is touched. */
static void
test_others(void)
{
	struct fault_settings events[3], *all;
	struct settings settings;
	struct fabric *fabric;

	settings_make(&settings, &events[1], 1, 3);
	fault_settings_default(&events[0]);
	fault_settings_default(&events[2]);
	events[0].kind = FAULT_DRAIN;
	events[2].kind = FAULT_UNDRAIN;
	(void)strcpy(events[0].target, "server1");
	(void)strcpy(events[2].target, "server1");
	settings.faults = events;
	settings.fault_count = 3;
	fabric = fabric_make(&settings);
	all = fault_sequence_unroll(&settings, fabric);
	CHECK(settings.fault_count == 5 && settings.faults == all);
	CHECK(all[0].kind == FAULT_DRAIN && all[2].kind == FAULT_UNDRAIN);
	CHECK(all[1].at_ns == 5 * S && all[3].at_ns == 11 * S &&
	      all[4].at_ns == 17 * S);
	for (uint32_t i = 0; i < 5; i++)
		CHECK(all[i].kind != FAULT_SEQUENCE);
	CHECK(fault_sequence_unroll(&settings, fabric) == NULL);
	CHECK(settings.fault_count == 5 && settings.faults == all);
	free(all);
	fabric_destroy(fabric);
}

/* ---- what is refused ---- */

static const struct {
	const char *sentence, *key;
	int64_t each_ns, for_ns, duration_ns;
	uint32_t count;
} flaws[] = {
	{ "ten in 100 s", NULL, 6 * S, 2 * S, 100 * S, 10 },
	{ "one alone", NULL, 6 * S, 0, 100 * S, 0 },
	{ "the last just before the end", NULL, 5 * S, S, 20 * S + 1, 4 },
	{ "the last at the end", "count", 5 * S, S, 20 * S, 4 },
	{ "the last behind it", "count", 5 * S, S, 20 * S, 5 },
	{ "no time between them", "each_s", 0, S, 100 * S, 3 },
	{ "not over before the next", "for_s", 6 * S, 6 * S, 100 * S, 3 },
	{ "more than a script has", "count", 2 * NS_PER_MS, 0, 1000 * S,
	  100000 },
	{ "too short for a router to see", "each_s", 1, 0, 100 * S, 3 },
	{ "half of it is too short", "each_s", 2 * NS_PER_MS - 1, 0, 100 * S,
	  3 },
	{ "mended at once", "for_s", S, NS_PER_MS - 1, 100 * S, 3 },
	{ "a millisecond", NULL, S, NS_PER_MS, 100 * S, 3 },
};

static void
test_flaws(void)
{
	for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
		struct fault_flaw flaw = { .key = NULL };
		struct fault_settings event;
		struct settings settings;
		uint64_t targets = 0;

		settings_make(&settings, &event, 1, flaws[i].count);
		settings.measure.duration_ns = flaws[i].duration_ns;
		event.each_ns = flaws[i].each_ns;
		event.for_ns = flaws[i].for_ns;
		CHECK_ROW(fault_check(&settings, NULL, 0, &targets, &flaw) ==
				  (flaws[i].key != NULL),
			  flaws[i].sentence);
		CHECK_ROW(flaws[i].key == NULL ||
				  strcmp(flaws[i].key, flaw.key) == 0,
			  flaws[i].sentence);
		settings.fabric.kind = FABRIC_UNIFORM;
		CHECK_ROW(fault_check(&settings, NULL, 0, &targets, &flaw),
			  flaws[i].sentence);
	}
}

int
main(void)
{
	test_changes();
	test_prefix();
	test_others();
	test_flaws();
	return check_done();
}
