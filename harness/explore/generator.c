/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator.c - shape first, then keys, then sections of YAML
 *
 * Two passes of one world take a second or less: that bounds packets (sessions
 * by their bytes), servers and simulated time, not what may happen.
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

/* One of the numbers, as often as it stands there. */
#define ONE_OF(generator, ...)                                                 \
	one_of((generator), (const uint32_t[]){ __VA_ARGS__ },                 \
	       sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static uint32_t
one_of(struct generator *generator, const uint32_t *numbers, size_t count)
{
	return numbers[rng_below(&generator->rng, count)];
}

/* ---- pairs ---- */

__attribute__((format(printf, 3, 4))) static void
put(struct generator *generator, const char *path, const char *format, ...)
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

/* ---- the shape: what decides how large a world is ---- */

static void
shape_fabric(struct generator *generator)
{
	struct fabric_settings *fabric = &generator->shape.fabric;

	fabric->servers = ONE_OF(generator, 4, 4, 5, 6, 8, 12, 16, 24, 32, 64);
	put(generator, "fabric.servers", "%u", fabric->servers);
	if (generator_chance(generator, 12)) {
		fabric->kind = FABRIC_UNIFORM;
		put(generator, "fabric.kind", "uniform");
		return;
	}
	fabric->exits = ONE_OF(generator, 1, 2, 2, 3);
	fabric->spines = ONE_OF(generator, 1, 2, 2, 3, 4);
	fabric->leaves = ONE_OF(generator, 1, 2, 4, 4, 6, 8);
	fabric->pods = ONE_OF(generator, 1, 1, 1, 2, 3);
	fabric->uplinks = (uint32_t)generator_between(
		generator, 1, fabric->leaves < 4 ? fabric->leaves : 4);
	fabric->clients = ONE_OF(generator, 1, 2, 4, 8);
	put(generator, "fabric.exits", "%u", fabric->exits);
	put(generator, "fabric.spines", "%u", fabric->spines);
	put(generator, "fabric.leaves", "%u", fabric->leaves);
	put(generator, "fabric.pods", "%u", fabric->pods);
	put(generator, "fabric.uplinks", "%u", fabric->uplinks);
	put(generator, "fabric.clients", "%u", fabric->clients);
	if (generator_chance(generator, 25))
		put(generator, "fabric.fidelity", "path");
}

/* A load of sessions: ranges. */
struct load {
	const char *name; /* for the title */
	uint32_t sessions[2];
	uint32_t bytes[2]; /* of a session */
	uint32_t interval_ms[2];
	uint32_t pace_kbps[2]; /* 0: as fast as TCP */
	uint32_t duration_s[2];
};

static const struct load loads[] = {
	{ "no sessions", { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 4, 60 } },
	{ "short sessions",
	  { 100, 1000 },
	  { 200, 50000 },
	  { 0, 100 },
	  { 0, 0 },
	  { 5, 40 } },
	{ "long sessions",
	  { 10, 100 },
	  { 200000, 2000000 },
	  { 0, 300 },
	  { 300, 3000 },
	  { 10, 60 } },
	{ "idle sessions",
	  { 4, 60 },
	  { 2000, 40000 },
	  { 0, 200 },
	  { 1, 8 },
	  { 30, 600 } },
	{ "bulk",
	  { 1, 4 },
	  { 2000000, 8000000 },
	  { 0, 500 },
	  { 0, 0 },
	  { 5, 30 } },
	{ "all at once",
	  { 20, 100 },
	  { 10000, 100000 },
	  { 0, 0 },
	  { 500, 2000 },
	  { 5, 30 } },
};
#define LOADS (sizeof(loads) / sizeof(loads[0]))

static uint32_t
from_range(struct generator *generator, const uint32_t range[2])
{
	return (uint32_t)generator_between(generator, range[0], range[1]);
}

static void
shape_sessions(struct generator *generator, const struct load *load)
{
	struct client_settings *clients = &generator->shape.clients;
	uint32_t pace_kbps = from_range(generator, load->pace_kbps);
	uint32_t bytes = from_range(generator, load->bytes);

	clients->sessions = from_range(generator, load->sessions);
	put(generator, "clients.sessions", "%u", clients->sessions);
	if (clients->sessions == 0)
		return;
	put(generator, "clients.size_mb", "%u.%06u", bytes / 1000000,
	    bytes % 1000000);
	put(generator, "clients.interval_ms", "%u",
	    from_range(generator, load->interval_ms));
	put(generator, "clients.start_s", "0.%03u",
	    (unsigned)generator_between(generator, 0, 500));
	if (pace_kbps > 0)
		put(generator, "clients.pace_mbps", "%u.%03u", pace_kbps / 1000,
		    pace_kbps % 1000);
	if (generator_chance(generator, 30))
		put(generator, "clients.jitter_ms", "%u",
		    ONE_OF(generator, 1, 20, 200, 1000));
	if (generator_chance(generator, 10) && bytes < 100000)
		put(generator, "clients.size_cdf",
		    "[[100, 30], [%u, 90], [%u, 100]]", bytes, 2 * bytes);
}

/* Operations on the hash table, and calls. */
static void
shape_measure(struct generator *generator)
{
	const struct settings *shape = &generator->shape;
	uint32_t stores = 0, lookups = 0;

	if (shape->clients.sessions == 0 || generator_chance(generator, 30))
		stores = ONE_OF(generator, 0, 1, 10, 50, 200);
	if (stores > 0 || shape->clients.sessions > 0)
		lookups = ONE_OF(generator, 0, 0, 10, 100, 400);
	put(generator, "measure.stores", "%u", stores);
	put(generator, "measure.lookups", "%u", lookups);
	/* Both need keys. */
	if (stores > 0 && generator_chance(generator, 40))
		put(generator, "measure.mix", "mixed");
	if (stores > 0 && generator_chance(generator, 40))
		put(generator, "measure.removals", "%u",
		    (unsigned)generator_between(generator, 1, stores));
	/* Lookups of sessions need an interval. */
	put(generator, "measure.interval_ms", "%u",
	    ONE_OF(generator, 1, 5, 10, 50));
	if (generator_chance(generator, 15))
		put(generator, "measure.rpcs", "%u",
		    ONE_OF(generator, 1, 100, 2000));
}

static void
shape_draw(struct generator *generator)
{
	const struct load *load;
	uint32_t duration_s;

	settings_default(&generator->shape);
	put(generator, "seed", "%u",
	    (unsigned)generator_between(generator, 1, 1000000));
	shape_fabric(generator);
	load = generator->shape.fabric.kind == FABRIC_UNIFORM
		       ? &loads[0]
		       : &loads[rng_below(&generator->rng, LOADS)];
	duration_s = from_range(generator, load->duration_s);
	generator->shape.measure.duration_ns = duration_s * NS_PER_S;
	put(generator, "measure.duration_s", "%u", duration_s);
	shape_sessions(generator, load);
	shape_measure(generator);
}

/* ---- the other keys ---- */

/* The shape writes these, or means the default. */
static const char *const shape_keys[] = {
	"seed",
	"fabric.kind",
	"fabric.fidelity",
	"fabric.exits",
	"fabric.spines",
	"fabric.leaves",
	"fabric.pods",
	"fabric.servers",
	"fabric.uplinks",
	"fabric.clients",
	"clients.sessions",
	"clients.size_mb",
	"clients.size_cdf",
	"clients.interval_ms",
	"clients.start_s",
	"clients.jitter_ms",
	"clients.pace_mbps",
	"measure.duration_s",
	"measure.stores",
	"measure.lookups",
	"measure.removals",
	"measure.mix",
	"measure.interval_ms",
	"measure.rpcs",
};

static bool
is_shape(const char *path)
{
	for (size_t i = 0; i < sizeof(shape_keys) / sizeof(shape_keys[0]); i++)
		if (strcmp(shape_keys[i], path) == 0)
			return true;
	return false;
}

/* A key's values, written in so many of a hundred worlds. */
static const struct rule {
	const char *pattern; /* of fnmatch(3) */
	uint32_t percent;
	const char *values[10];
} rules[] = {
	/* Links: a fabric's MTU stays above what a client sends, and above what
	 * a call does. */
	{ "fabric.client_link.mtu_bytes", 15, { "1280", "1400", "1500" } },
	{ "fabric.*.mtu_bytes", 12, { "1500", "1600", "9000" } },
	{ "fabric.*.rate_mbps", 10, { "10", "100", "1000", "0" } },
	{ "fabric.client_link.delay_us", 30, { "100", "10000", "50000" } },
	{ "fabric.*.delay_us", 10, { "1", "50", "1000" } },
	{ "fabric.*.queue_kb", 10, { "9.216", "65.536", "1000" } },
	{ "fabric.*.loss_percent", 8, { "0.01", "0.1", "1", "5", "20" } },
	{ "fabric.*.duplicate_percent", 8, { "0.01", "0.1", "1", "5" } },
	{ "fabric.*.reorder_percent", 8, { "0.01", "0.1", "1", "5" } },
	/* Alpha and replicas are at most k: k first, see limited(). */
	{ "dht.k", 70, { "1", "2", "4", "8", "16", "20", "32" } },
	{ "dht.alpha", 50, { "1", "2", "3", "5", "10" } },
	{ "dht.replicas", 50, { "1", "2", "3", "5", "8" } },
	{ "dht.timeout_floor_ms", 10, { "1", "5", "20" } },
	{ "dht.timeout_cap_ms", 10, { "200", "500", "2000" } },
	{ "dht.timeout_initial_ms", 10, { "20", "200", "1000" } },
	{ "dht.lookup_deadline_ms", 10, { "50", "500", "5000" } },
	{ "dht.record_ttl_s", 15, { "5", "30", "300" } },
	{ "dht.republish_s", 15, { "2", "10", "100" } },
	{ "dht.refresh_s", 20, { "0", "5", "60" } },
	{ "dht.tombstone_s", 10, { "1", "30" } },
	{ "dht.tables", 60, { "ideal", "joined" } },
	{ "dht.join_interval_ms", 15, { "0", "1", "100" } },
	{ "service.scheme", 40, { "homeward", "none", "owner_hash" } },
	{ "service.clock_skew_ms", 25, { "1", "50", "1000", "60000" } },
	{ "service.store_after_ms", 25, { "0", "10", "1000" } },
	{ "service.wakeup_ms", 20, { "[0, 0]", "[0.05, 0.1]", "[1, 10]" } },
	{ "service.processing_ms",
	  20,
	  { "[0, 0]", "[0.001, 0.02]", "[1, 2]" } },
	{ "service.hold_packets", 15, { "1", "2", "64" } },
	{ "service.hold_kb", 10, { "65.536", "1000" } },
	{ "service.misses_per_s*", 10, { "1", "10", "1000" } },
	{ "routing.reroute_ms", 10, { "[0, 0]", "[5, 5]", "[100, 300]" } },
	{ "routing.local_ms", 10, { "[0, 0]", "[5, 10]", "[500, 900]" } },
	{ "routing.hop_ms", 10, { "[0, 0]", "[1, 30]", "[200, 400]" } },
	{ "routing.restore_ms", 10, { "[0, 0]", "[10, 20]", "[3000, 5000]" } },
	{ "routing.maximum_paths", 15, { "1", "2", "64" } },
	{ "routing.resilient_idle_s", 15, { "0.01", "1", "10" } },
	{ "routing.resilient_unbalanced_s", 15, { "0", "1", "10" } },
	{ "clients.pace_chunk_kb", 20, { "0.1", "4", "64" } },
	{ "clients.reuse_ports", 35, { "on" } },
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

/* The number that was written, or the default. */
static unsigned long
written_number(const struct generator *generator, const char *path)
{
	char text[KEY_TEXT];

	for (uint32_t i = 0; i < generator->pair_count; i++)
		if (strcmp(generator->pairs[i].path, path) == 0)
			return strtoul(generator->pairs[i].value, NULL, 10);
	key_format(key_find(key_settings(), path), &generator->shape, text);
	return strtoul(text, NULL, 10);
}

/* At most k, whether the file says so or not. */
static void
limit(struct generator *generator, const char *path)
{
	unsigned long k = written_number(generator, "dht.k");

	if (written_number(generator, path) <= k)
		return;
	for (uint32_t i = 0; i < generator->pair_count; i++) {
		struct generator_pair *pair = &generator->pairs[i];

		if (strcmp(pair->path, path) == 0) {
			(void)snprintf(pair->value, sizeof(pair->value), "%lu",
				       k);
			return;
		}
	}
	put(generator, path, "%lu", k);
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
	put(generator, key->path, "%s", text);
}

static void
any_name(struct generator *generator, const struct key *key)
{
	unsigned count = 0;

	while (key->name(count) != NULL)
		count++;
	put(generator, key->path, "%s",
	    key->name((unsigned)rng_below(&generator->rng, count)));
}

/* A key that no rule is about. */
static void
key_draw(struct generator *generator, const struct key *key)
{
	switch (key->type) {
	case KEY_SWITCH:
		put(generator, key->path, "%s",
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
		put(generator, key->path, "\"%016" PRIx64 "%016" PRIx64 "\"",
		    rng_next(&generator->rng), rng_next(&generator->rng));
		break;
	case KEY_SIZES: /* the shape's */
	case KEY_TARGET: /* an event's */
		break;
	}
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

		if (key->world == KEY_LIVE || is_shape(key->path))
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
		put(generator, key->path, "%s",
		    rule->values[rng_below(&generator->rng, values)]);
	}
	limit(generator, "dht.alpha");
	limit(generator, "dht.replicas");
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
	rng_init(&generator->rng, seed, GENERATOR_STREAM);
	shape_draw(generator);
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
