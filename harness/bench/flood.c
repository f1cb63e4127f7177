/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flood.c - `homeward bench flood`: who is let in while bogus packets come
 *
 * A row a rate: of the real sessions that stray to a server under flood, how
 * many were forwarded before they had to send again, within 1, 3 and 15 s, or
 * not; and what the flood cost. It is the time of the simulation, not that of
 * this machine: the same everywhere.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/bench/bench.h"
#include "harness/bench/flood_world.h"

#define RATES 16

struct wish {
	struct bench_options common; /* runs: of no use, all are the same */
	const char *rates, *sources, *repeat, *servers, *strays, *stale;
	const char *seconds, *seed;
};

static const struct verb_option options[] = {
	{ "rate", "N,N...", "bogus packets a second (0,1000,50000)",
	  options_text, .at = offsetof(struct wish, rates) },
	{ "sources", "random|prefix",
	  "they and the clients are from anywhere, or all of one /24 (random)",
	  options_choice_text, .at = offsetof(struct wish, sources) },
	{ "repeat", "N", "each bogus packet is sent so often (1)", options_text,
	  .at = offsetof(struct wish, repeat) },
	{ "servers", "N", "in the table (64)", options_text,
	  .at = offsetof(struct wish, servers) },
	{ "strays", "N", "real sessions that begin to stray, a second (50)",
	  options_text, .at = offsetof(struct wish, strays) },
	{ "stale", "N", "clients of sessions that are gone (0)", options_text,
	  .at = offsetof(struct wish, stale) },
	{ "seconds", "N", "of strays that begin; 16 more follow (10)",
	  options_text, .at = offsetof(struct wish, seconds) },
	{ "seed", "N", "of all that is random (1)", options_text,
	  .at = offsetof(struct wish, seed) },
	BENCH_OPTION_JSON,
	{ 0 },
};

static double
percent(const uint64_t *waits, uint32_t wait)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < FLOOD_WAITS; i++)
		all += waits[i];
	return all > 0 ? 100.0 * (double)waits[wait] / (double)all : 0;
}

/* ---- as a table ---- */

static void
head_print(const struct flood_plan *plan, const struct flood_result *cost)
{
	printf("%u servers, %s, each bogus packet %u time%s; %u strays a "
	       "second "
	       "for %u s\na miss without a flood: %.1f datagrams, a glance's "
	       "%.1f\n\n",
	       plan->servers,
	       plan->one_prefix ? "one /24" : "sources from anywhere",
	       plan->repeat, plan->repeat == 1 ? "" : "s", plan->strays,
	       plan->seconds, cost->lookup_datagrams, cost->glance_datagrams);
	printf("%8s | %7s %6s %6s %6s %6s | %8s %8s %10s %7s\n", "rate/s",
	       "at once", "1 s", "3 s", "15 s", "not", "lookup/s", "glance/s",
	       "datagram/s", "RST/s");
}

static void
waits_print(const uint64_t *waits)
{
	printf(" %6.1f%%", percent(waits, FLOOD_AT_ONCE));
	for (uint32_t i = FLOOD_1S; i < FLOOD_WAITS; i++)
		printf(" %5.1f%%", percent(waits, i));
}

static void
point_print(const struct flood_plan *plan, const struct flood_result *result)
{
	printf("%8u |", plan->rate);
	waits_print(result->admitted);
	printf(" | %8.0f %8.0f %10.0f %7.0f\n",
	       (double)result->lookups / result->seconds,
	       (double)result->glances / result->seconds,
	       (double)result->datagrams / result->seconds,
	       (double)result->resets / result->seconds);
	if (plan->stale > 0) {
		printf("%8s |", "stale");
		waits_print(result->reset);
		printf(" | %u clients of sessions that are gone\n",
		       plan->stale);
	}
	if (result->killed > 0)
		printf("%8s | %" PRIu64 " real sessions were reset\n", "",
		       result->killed);
	(void)fflush(stdout);
}

/* ---- as JSON ---- */

static struct json
head_json(const struct flood_plan *plan, const char *sources,
	  const struct flood_result *cost)
{
	struct json json = bench_json_begin("flood");

	json_uint(&json, "servers", plan->servers);
	json_text(&json, "sources", sources);
	json_uint(&json, "repeat", plan->repeat);
	json_uint(&json, "strays_per_s", plan->strays);
	json_uint(&json, "stale", plan->stale);
	json_uint(&json, "seconds", plan->seconds);
	json_uint(&json, "seed", plan->seed);
	json_fixed(&json, "lookup_datagrams", cost->lookup_datagrams, 2);
	json_fixed(&json, "glance_datagrams", cost->glance_datagrams, 2);
	json_array(&json, "points");
	return json;
}

static void
waits_json(struct json *json, const char *name, const uint64_t *waits)
{
	static const char *const names[FLOOD_WAITS] = {
		[FLOOD_AT_ONCE] = "at_once", [FLOOD_1S] = "within_1s",
		[FLOOD_3S] = "within_3s",    [FLOOD_15S] = "within_15s",
		[FLOOD_NEVER] = "never",
	};

	json_object(json, name);
	for (uint32_t i = 0; i < FLOOD_WAITS; i++)
		json_uint(json, names[i], waits[i]);
	json_end(json);
}

static void
point_json(const struct flood_plan *plan, const struct flood_result *result,
	   struct json *json)
{
	json_line(json, 0);
	json_object(json, NULL);
	json_uint(json, "rate", plan->rate);
	waits_json(json, "admitted", result->admitted);
	waits_json(json, "reset", result->reset);
	json_uint(json, "killed", result->killed);
	json_uint(json, "bogus_packets", result->bogus);
	json_uint(json, "stray_packets", result->strays);
	json_uint(json, "lookups", result->lookups);
	json_uint(json, "glances", result->glances);
	json_uint(json, "datagrams", result->datagrams);
	json_uint(json, "resets", result->resets);
	json_fixed(json, "simulated_s", result->seconds, 1);
	json_end(json);
	(void)fflush(stdout);
}

/* ---- the verb ---- */

static bool
number(const char *option, const char *text, uint64_t least, uint64_t most,
       uint32_t *to)
{
	uint64_t value;

	if (bench_numbers(&bench_flood, option, text, least, most, &value, 1) ==
	    0)
		return false;
	*to = (uint32_t)value;
	return true;
}

/* How many rates; 0: not understood, said. */
static size_t
plan_read(const struct wish *wish, struct flood_plan *plan, uint64_t *rates)
{
	uint32_t seed;

	*plan = (struct flood_plan){
		.one_prefix = strcmp(wish->sources, "prefix") == 0,
	};
	if (!number("repeat", wish->repeat, 1, FLOOD_REPEAT_MAX,
		    &plan->repeat) ||
	    !number("servers", wish->servers, 2, FLOOD_SERVERS_MAX,
		    &plan->servers) ||
	    !number("strays", wish->strays, 1, 10000, &plan->strays) ||
	    !number("stale", wish->stale, 0, 1000000, &plan->stale) ||
	    !number("seconds", wish->seconds, 1, 100, &plan->seconds) ||
	    !number("seed", wish->seed, 0, UINT32_MAX, &seed))
		return 0;
	plan->seed = seed;
	return bench_numbers(&bench_flood, "rate", wish->rates, 0,
			     FLOOD_RATE_MAX, rates, RATES);
}

static int
flood_run(int argc, char **argv)
{
	struct wish wish = {
		.rates = "0,1000,50000",
		.sources = "random",
		.repeat = "1",
		.servers = "64",
		.strays = "50",
		.stale = "0",
		.seconds = "10",
		.seed = "1",
	};
	int operands = options_read(&bench_flood, argc, argv, &wish);
	struct flood_plan plan;
	uint64_t rates[RATES];
	struct json json;

	if (operands < 0)
		return -operands;
	size_t count = plan_read(&wish, &plan, rates);
	if (count == 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < count; i++) {
		struct flood_result result;

		plan.rate = (uint32_t)rates[i];
		flood_world_run(&plan, &result);
		if (i == 0 && wish.common.json)
			json = head_json(&plan, wish.sources, &result);
		else if (i == 0)
			head_print(&plan, &result);
		if (wish.common.json)
			point_json(&plan, &result, &json);
		else
			point_print(&plan, &result);
	}
	if (wish.common.json)
		bench_json_end(&json);
	return EXIT_OK;
}

const struct verb bench_flood = {
	.name = "flood",
	.parent = "bench",
	.summary = "who is let in while bogus packets come",
	.run = flood_run,
	.options = options,
	.notes = "Columns 1 s to 15 s: those that were let in within it, and "
		 "not before. Simulated\ntime, so the same on every machine.\n",
};
