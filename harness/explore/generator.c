/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator.c - shape first, then keys, then sections of YAML
 */
#include "harness/explore/generator.h"

#include <assert.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/explore/generator_state.h"

/* Stream of the generator's numbers; a run's are numbered by their kinds. */
#define GENERATOR_STREAM 1
/* Whether it mourns: all other worlds are what they were without that. */
#define MOURNING_STREAM	 2
#define MOURNING_PERCENT 8

/* A key without a rule is written in so many of a hundred worlds. */
#define KEY_PERCENT 8

/* ---- drawing ---- */

uint64_t
generator_between(struct generator *generator, uint64_t low, uint64_t high)
{
	return low + rng_below(&generator->rng, high - low + 1);
}

bool
generator_chance(struct generator *generator, uint32_t percent)
{
	return rng_below(&generator->rng, 100) < percent;
}

const char *
generator_seconds(uint64_t ms, char *text)
{
	(void)snprintf(text, GENERATOR_TIME, "%" PRIu64 ".%03u", ms / 1000,
		       (unsigned)(ms % 1000));
	return text;
}

uint32_t
generator_one_of(struct generator *generator, const uint32_t *numbers,
		 size_t count)
{
	return numbers[rng_below(&generator->rng, count)];
}

/* ---- pairs ---- */

void
generator_put(struct generator *generator, const char *path, const char *format,
	      ...)
{
	struct generator_pair *pair = &generator->pairs[generator->pair_count];
	va_list arguments;

	assert(generator->pair_count < GENERATOR_PAIRS);
	generator->pair_count++;
	(void)snprintf(pair->path, sizeof(pair->path), "%s", path);
	va_start(arguments, format);
	(void)vsnprintf(pair->value, sizeof(pair->value), format, arguments);
	va_end(arguments);
}

/* ---- the other keys ---- */

/* A key's values, written in so many of a hundred worlds. */
static const struct rule {
	const char *pattern; /* of fnmatch(3) */
	uint32_t percent;
	const char *values[10];
} rules[] = {
	/* Links: a fabric's MTU stays above what a client sends, and above what
	 * a call does. Where each hop loses more than a few per cent, there is
	 * no path that a promise could be about. */
	{ "fabric.client_link.mtu_bytes", 15, { "1280", "1400", "1500" } },
	{ "fabric.*.mtu_bytes", 12, { "1500", "1600", "9000" } },
	{ "fabric.*.rate_gbps", 10, { "0.01", "0.1", "1", "0" } },
	{ "fabric.*.delay_us", 10, { "1", "50", "1000" } },
	{ "fabric.*.queue_kb", 10, { "9.216", "65.536", "1000" } },
	{ "fabric.client_link.loss_percent", 15, { "0.1", "1", "5" } },
	{ "fabric.*.loss_percent", 8, { "0.01", "0.1", "1" } },
	{ "fabric.*.duplicate_percent", 8, { "0.01", "0.1", "1", "5" } },
	{ "fabric.*.reorder_percent", 8, { "0.01", "0.1", "1", "5" } },
	/* Slower than a daemon or a fabric answers, or no timeout is right. */
	{ "dht.timeout_floor_ms", 10, { "2", "5", "20" } },
	{ "dht.timeout_cap_ms", 10, { "100", "200", "500" } },
	{ "dht.timeout_initial_ms", 10, { "50", "100", "200" } },
	{ "dht.lookup_deadline_ms", 10, { "250", "500", "2000" } },
	{ "dht.tombstone_s", 10, { "60", "240" } },
	{ "dht.tables", 60, { "ideal", "joined" } },
	{ "dht.join_interval_ms", 15, { "0", "1", "100" } },
	{ "service.scheme", 10, { "none", "owner_hash" } },
	{ "service.family", 40, { "6" } },
	{ "service.store_at", 35, { "auto", "auto", "syn", "established" } },
	{ "service.store_after_ms", 10, { "0", "10", "100", "1000" } },
	/* So few that some sessions wait for their handshake. */
	{ "service.openings_per_s", 10, { "0", "1", "20", "200" } },
	{ "service.openings_most", 10, { "0", "1", "16", "256" } },
	/* Longer than routes need for a change. */
	{ "service.silent_after*", 20, { "3", "5", "10" } },
	{ "service.wakeup_ms", 20, { "[0, 0]", "[0.05, 0.1]", "[0.5, 2]" } },
	{ "service.processing_ms",
	  20,
	  { "[0, 0]", "[0.001, 0.02]", "[0.05, 0.1]" } },
	{ "service.hold_packets", 15, { "1", "2", "64" } },
	{ "service.hold_kb", 10, { "65.536", "1000" } },
	{ "service.misses_per_s*", 10, { "100", "1000" } },
	/* Shorter than a session is silent, or a cache never has to forget. */
	{ "service.owner_idle_s", 25, { "0.1", "0.5", "2" } },
	{ "routing.reroute_ms", 10, { "[0, 0]", "[5, 5]", "[100, 300]" } },
	{ "routing.local_ms", 10, { "[0, 0]", "[5, 10]", "[500, 900]" } },
	{ "routing.hop_ms", 10, { "[0, 0]", "[1, 30]", "[200, 400]" } },
	{ "routing.restore_ms", 10, { "[0, 0]", "[10, 20]", "[3000, 5000]" } },
	{ "routing.maximum_paths", 12, { "1", "2", "2", "3", "64" } },
	{ "routing.resilient_idle_s", 15, { "0.01", "1", "10" } },
	{ "routing.resilient_unbalanced_s", 15, { "0", "1", "10" } },
	{ "clients.pace_chunk_kb", 20, { "0.2", "2", "4" } },
	{ "clients.arrival", 50, { "fixed", "poisson" } },
	{ "clients.direction", 40, { "upload" } },
	{ "measure.rpc_*_bytes", 20, { "16", "100", "1000", "1400" } },
	{ "measure.samples", 15, { "0", "1", "10" } },
};

static const struct rule *
rule_find(const char *path)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (fnmatch(rules[i].pattern, path, 0) == 0)
			return &rules[i];
	return NULL;
}

static uint64_t
scaled(uint64_t value, const struct key *key, uint64_t halves)
{
	uint64_t base = value > 0 ? value : key->scale;

	base = base > UINT64_MAX / 4 ? base : base * halves / 2;
	return base < key->low ? key->low : base > key->high ? key->high : base;
}

/* Near the default: half of it, itself or twice as much. */
static void
near_default(struct generator *generator, const struct key *key)
{
	uint64_t halves = ONE_OF(generator, 1, 2, 4);
	struct settings scratch;
	char *member = (char *)&scratch + key->offset;
	char text[KEY_TEXT];
	uint64_t value = 0;

	settings_default(&scratch);
	if (key->type == KEY_SPAN) {
		struct span span;

		memcpy(&span, member, sizeof(span));
		span.low_ns =
			(int64_t)(uint64_t)span.low_ns * (int64_t)halves / 2;
		span.high_ns =
			(int64_t)scaled((uint64_t)span.high_ns, key, halves);
		memcpy(member, &span, sizeof(span));
	} else {
		memcpy(&value, member, key->width);
		value = scaled(value, key, halves);
		memcpy(member, &value, key->width);
	}
	key_format(key, &scratch, text);
	generator_put(generator, key->path, "%s", text);
}

static void
any_name(struct generator *generator, const struct key *key)
{
	unsigned count = 0;

	while (key->name(count) != NULL)
		count++;
	generator_put(generator, key->path, "%s",
		      key->name((unsigned)rng_below(&generator->rng, count)));
}

/* Arguments are evaluated in any order; the text has one. */
static void
secret_draw(struct generator *generator, const struct key *key)
{
	uint64_t low = rng_next(&generator->rng);
	uint64_t high = rng_next(&generator->rng);

	generator_put(generator, key->path, "\"%016" PRIx64 "%016" PRIx64 "\"",
		      high, low);
}

/* A key that no rule is about. */
static void
key_draw(struct generator *generator, const struct key *key)
{
	switch (key->type) {
	case KEY_SWITCH:
		generator_put(generator, key->path, "%s",
			      generator_chance(generator, 50) ? "on" : "off");
		break;
	case KEY_CHOICE:
		any_name(generator, key);
		break;
	case KEY_COUNT:
	case KEY_AMOUNT:
	case KEY_SPAN:
		near_default(generator, key);
		break;
	case KEY_SECRET:
		secret_draw(generator, key);
		break;
	case KEY_SIZES: /* the shape's */
	case KEY_TARGET: /* an event's */
		break;
	}
}

static bool
is_put(const struct generator *generator, const char *path)
{
	for (uint32_t i = 0; i < generator->pair_count; i++)
		if (strcmp(generator->pairs[i].path, path) == 0)
			return true;
	return false;
}

static void
keys_draw(struct generator *generator)
{
	const struct key_table *table = key_settings();

	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		const struct rule *rule = rule_find(key->path);
		bool choice =
			key->type == KEY_CHOICE || key->type == KEY_SWITCH;
		uint32_t values = 0;

		if (key->world == KEY_LIVE || generator_is_shape(key->path) ||
		    is_put(generator, key->path))
			continue;
		if (!generator_chance(generator, rule != NULL ? rule->percent
						 : choice     ? 30
							      : KEY_PERCENT))
			continue;
		if (rule == NULL) {
			key_draw(generator, key);
			continue;
		}
		while (values < 10 && rule->values[values] != NULL)
			values++;
		generator_put(generator, key->path, "%s",
			      rule->values[rng_below(&generator->rng, values)]);
	}
}

/* ---- YAML ---- */

/* Pairs below a section ("" or "fabric."), in the order of the first of each
 * name. */
static void
section_print(const struct generator *generator, const char *prefix,
	      unsigned depth, FILE *file)
{
	size_t size = strlen(prefix);

	for (uint32_t i = 0; i < generator->pair_count; i++) {
		const struct generator_pair *pair = &generator->pairs[i];
		const char *rest = pair->path + size, *dot;
		char section[KEY_TEXT];
		bool first = true;

		if (strncmp(pair->path, prefix, size) != 0)
			continue;
		dot = strchr(rest, '.');
		if (dot == NULL) {
			fprintf(file, "%*s%s: %s\n", (int)(2 * depth), "", rest,
				pair->value);
			continue;
		}
		(void)snprintf(section, sizeof(section), "%.*s",
			       (int)(dot + 1 - pair->path), pair->path);
		for (uint32_t j = 0; j < i; j++)
			first &= strncmp(generator->pairs[j].path, section,
					 strlen(section)) != 0;
		if (!first)
			continue;
		fprintf(file, "%*s%.*s:\n", (int)(2 * depth), "",
			(int)(dot - rest), rest);
		section_print(generator, section, depth + 1, file);
	}
}

char *
generator_scenario(uint64_t seed)
{
	struct generator *generator = calloc(1, sizeof(*generator));
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (generator == NULL || file == NULL) {
		free(generator);
		if (file != NULL)
			(void)fclose(file);
		free(text);
		return NULL;
	}
	rng_init(&generator->rng, seed, MOURNING_STREAM);
	generator->mourns = generator_chance(generator, MOURNING_PERCENT);
	rng_init(&generator->rng, seed, GENERATOR_STREAM);
	generator_shape(generator);
	if (generator->mourns)
		generator_mourning(generator);
	keys_draw(generator);
	fprintf(file, "title: Random world %" PRIu64 "\n", seed);
	section_print(generator, "", 0, file);
	generator_events(generator, file);
	free(generator);
	if (fclose(file) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
