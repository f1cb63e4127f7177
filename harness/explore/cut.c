/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cut.c - the rows
 *
 * Numbers are cut in a key's own base units, and set as text: whatever its
 * range does not allow is no cut.
 */
#include "harness/explore/cut.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/instant.h"
#include "live/conf/units.h"
#include "sim/engine/memory.h"
#include "sim/model/constraints.h"
#include "sim/model/fabric.h"
#include "sim/model/fault.h"
#include "sim/model/fault_target.h"

#define TURNS_MOST   8 /* of a loop, that are tried as the only one */
#define MEMBERS_MOST 6 /* of a pattern, that are tried as the only one */
#define DIGITS_MOST  3 /* that a simpler number may have */
#define SHORT_NS     (NS_PER_S / 10) /* times are not halved below this */
#define ONE_BY_ONE   32 /* larger numbers are not cut by one */

/* ---- numbers ---- */

/* False: the key's value is no number. */
static bool
number_get(const struct key *key, const void *structure, uint64_t *value)
{
	char text[KEY_TEXT];

	if (key->type != KEY_COUNT && key->type != KEY_AMOUNT)
		return false;
	key_format(key, structure, text);
	return units_decimal(text, key->scale, value) == UNITS_OK;
}

static void
number_set(const struct key *key, void *structure, uint64_t value)
{
	char text[UNITS_TEXT], error[KEY_ERROR];

	units_format_decimal(value, key->scale, text, sizeof(text));
	(void)key_set(key, structure, text, error);
}

static unsigned
digits_of(uint64_t value)
{
	unsigned digits = 0;

	while (value > 0 && value % 10 == 0)
		value /= 10;
	for (; value > 0; value /= 10)
		digits++;
	return digits;
}

/* The nearest that has so many digits before its zeros; down: not above. */
static uint64_t
rounded(uint64_t value, unsigned digits, bool down)
{
	uint64_t unit = 1, most = 1;

	while (digits-- > 0)
		most *= 10;
	while (value / unit >= most)
		unit *= 10;
	if (down || value > UINT64_MAX - unit)
		return value / unit * unit;
	return (value + unit / 2) / unit * unit;
}

/* A half that is no longer to read. */
static uint64_t
half(uint64_t value)
{
	uint64_t near = rounded(value / 2, 2, false);

	return near < value ? near : value / 2;
}

static int64_t
half_time(int64_t time_ns)
{
	return time_ns < 2 * SHORT_NS ? time_ns
				      : (int64_t)half((uint64_t)time_ns);
}

/* ---- what makes a world large ---- */

static const struct extent {
	const char *path;
	uint64_t least; /* base units */
} extents[] = {
	{ "clients.sessions", 0 }, { "measure.duration_s", NS_PER_S },
	{ "fabric.servers", 1 },   { "measure.stores", 0 },
	{ "measure.lookups", 0 },  { "measure.removals", 0 },
	{ "measure.rpcs", 0 },	   { "clients.size_mb", 1000 },
	{ "fabric.clients", 1 },   { "fabric.leaves", 1 },
	{ "fabric.spines", 1 },	   { "fabric.exits", 1 },
	{ "fabric.pods", 1 },	   { "fabric.uplinks", 1 },
};
#define EXTENTS (sizeof(extents) / sizeof(extents[0]))

static bool
is_extent(const struct key *key)
{
	for (size_t i = 0; i < EXTENTS; i++)
		if (strcmp(extents[i].path, key->path) == 0)
			return true;
	return false;
}

/* size 0: to the least; 1: by one; 2: to a half; 4: by a quarter. */
static bool
extent_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	const struct key *key;
	uint64_t value, least, less;

	if (step >= EXTENTS)
		return false;
	key = key_find(key_settings(), extents[step].path);
	least = extents[step].least;
	assert(key != NULL);
	if (!number_get(key, &out->settings, &value) || value <= least)
		return true;
	less = cut->size == 0	? least
	       : cut->size == 2 ? half(value)
	       : cut->size == 4 ? rounded(value - value / 4, 2, false)
				: value - key->scale;
	if (cut->size == 1 && (key->type != KEY_COUNT || value > ONE_BY_ONE))
		return true;
	if (less < value)
		number_set(key, &out->settings, less < least ? least : less);
	return true;
}

/* Few enough to look at them one by one. */
static bool
few_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	static const uint32_t few[] = { 1, 2, 3, 5, 8 };
	const uint32_t count = sizeof(few) / sizeof(few[0]);
	struct settings *settings = &out->settings;
	uint32_t *const values[] = { &settings->clients.sessions,
				     &settings->fabric.servers };

	(void)cut;
	if (step >= 2 * count)
		return false;
	if (*values[step / count] > few[step % count])
		*values[step / count] = few[step % count];
	return true;
}

/* ---- keys to their defaults ---- */

/* What makes a world large does not become larger again. */
static void
key_default(struct variant *out, const struct key *key)
{
	struct settings defaults;
	uint64_t usual, value;

	settings_default(&defaults);
	if (is_extent(key) && number_get(key, &defaults, &usual) &&
	    number_get(key, &out->settings, &value) && usual > value)
		return;
	if (strcmp(key->path, "seed") != 0)
		variant_default(out, key);
}

/* size: keys of the table at a time. */
static bool
keys_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	const struct key_table *table = key_settings();
	size_t first = (size_t)step * cut->size;

	if (first >= table->count)
		return false;
	for (size_t i = first; i < table->count && i < first + cut->size; i++)
		key_default(out, &table->keys[i]);
	return true;
}

/* One size of a distribution less, the last is of all that is left; of one, no
 * distribution. */
static bool
sizes_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	struct client_settings *clients = &out->settings.clients;

	(void)cut;
	if (step >= clients->size_cdf_count)
		return false;
	if (clients->size_cdf_count == 1) {
		clients->size_bytes = out->sizes[0].bytes;
		clients->size_cdf_count = 0;
		clients->size_cdf = NULL;
		return true;
	}
	clients->size_cdf_count--;
	memmove(&out->sizes[step], &out->sizes[step + 1],
		(clients->size_cdf_count - step) * sizeof(out->sizes[0]));
	out->sizes[clients->size_cdf_count - 1].ppm = 1000000;
	return true;
}

/* ---- events ---- */

/* size: this part of them; 0: one. */
static bool
events_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	uint32_t count = out->settings.fault_count, chunk = 1;

	if (cut->size > 0)
		chunk = (count + cut->size - 1) / cut->size;
	if (count == 0 || step >= (count + chunk - 1) / chunk)
		return false;
	if (cut->size > 1 && chunk == 1)
		return false; /* one by one is another row */
	step *= chunk;
	variant_drop_events(out, step,
			    chunk < count - step ? chunk : count - step);
	return true;
}

/* One key of one event is not said. */
static bool
said_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	const struct key_table *table = key_faults();
	uint32_t event = step / (uint32_t)table->count;
	const struct key *key = &table->keys[step % table->count];

	(void)cut;
	if (event >= out->settings.fault_count)
		return false;
	if (key->given != 0 && key->type != KEY_TARGET)
		variant_default_event(out, event, key);
	return true;
}

/* Without its loop; at the turn of that number. */
static void
loop_end(struct fault_settings *fault, uint32_t turn)
{
	static const uint32_t keys =
		FAULT_KEY_EACH | FAULT_KEY_UNTIL | FAULT_KEY_PERIOD;
	int64_t at_ns = fault->at_ns + (int64_t)turn * fault->each_ns;

	if (turn > 0 && fault->until_ns > 0 && at_ns > fault->until_ns)
		return;
	fault->at_ns = at_ns;
	fault->each_ns = fault->until_ns = fault->period_ns = 0;
	fault->given &= ~keys;
}

/* A loop or a flap happens once: at a turn, undone after for_s or never; or at
 * the first, until the loop's end. */
static bool
loop_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	uint32_t event = step / (TURNS_MOST + 1),
		 turn = step % (TURNS_MOST + 1);
	struct fault_settings *fault;

	(void)cut;
	if (event >= out->settings.fault_count)
		return false;
	fault = &out->faults[event];
	if (fault->each_ns == 0 && fault->period_ns == 0)
		return true;
	if (turn < TURNS_MOST) {
		loop_end(fault, turn);
		return true;
	}
	fault->each_ns = fault->period_ns = 0;
	fault->given &= ~(uint32_t)(FAULT_KEY_EACH | FAULT_KEY_PERIOD);
	return true;
}

/* Members of a set, of a fabric with all servers that join. The caller frees
 * what both hold. False: there are none. */
static bool
members_find(const struct variant *variant, uint32_t event,
	     struct fabric **fabric, struct fault_set *set)
{
	const struct fabric_settings whole = faults_fabric(&variant->settings);
	const char *wrong;
	char error[CONSTRAINT_TEXT];

	*set = (struct fault_set){ .count = 0 };
	if (fabric_create(fabric, &whole, error, sizeof(error)) != 0)
		return false;
	if (fault_target_find(*fabric, &variant->settings, event, set,
			      &wrong) == FAULT_TARGET_GOOD &&
	    set->count > 0)
		return true;
	free(set->members);
	fabric_destroy(*fabric);
	return false;
}

static void
member_name(const struct fabric *fabric, enum fault_kind kind, uint32_t member,
	    char name[FAULT_NAME_BYTES])
{
	if (fault_kind_trait(kind)->target == FAULT_TARGET_LINK)
		fault_target_name(fabric, FAULT_TARGET_LINK, member, name);
	else
		(void)snprintf(name, FAULT_NAME_BYTES, "%s",
			       fabric->names[member]);
}

/* A set is one of its members. */
static bool
member_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	uint32_t event = step / MEMBERS_MOST, member = step % MEMBERS_MOST;
	const struct fault_settings *fault;
	struct fabric *fabric;
	struct fault_set set;
	char name[FAULT_NAME_BYTES];

	(void)cut;
	if (event >= out->settings.fault_count)
		return false;
	fault = &out->faults[event];
	if (!fault_target_is_set(fault) ||
	    !members_find(out, event, &fabric, &set))
		return true;
	if (member < set.count) {
		member_name(fabric, fault->kind, set.members[member], name);
		variant_aim(out, event, name);
	}
	free(set.members);
	fabric_destroy(fabric);
	return true;
}

/* One name or pattern of a list less. */
static bool
list_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	const struct settings *settings = &out->settings;

	(void)cut;
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		uint32_t count = settings->faults[i].list_count;

		if (count < 2)
			continue;
		if (step < count) {
			variant_drop_target(out, i, step);
			return true;
		}
		step -= count;
	}
	return false;
}

/* ---- time ---- */

/* By as much as half of what passes before the first event; size 1: the run
 * ends earlier, too. */
static bool
sooner_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	struct settings *settings = &out->settings;
	int64_t first_ns = INT64_MAX, by_ns;

	if (step > 0 || settings->fault_count == 0)
		return false;
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (out->faults[i].at_ns < first_ns)
			first_ns = out->faults[i].at_ns;
	by_ns = first_ns - half_time(first_ns);
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		out->faults[i].at_ns -= by_ns;
		if (out->faults[i].until_ns > by_ns)
			out->faults[i].until_ns -= by_ns;
	}
	if (cut->size == 1 && settings->measure.duration_ns > by_ns)
		settings->measure.duration_ns -= by_ns;
	return true;
}

/* One event alone, by half of what passes since the one before. */
static bool
alone_sooner_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	struct fault_settings *fault = &out->faults[step];
	int64_t before_ns = 0, by_ns;

	(void)cut;
	if (step >= out->settings.fault_count)
		return false;
	for (uint32_t i = 0; i < out->settings.fault_count; i++)
		if (out->faults[i].at_ns < fault->at_ns &&
		    out->faults[i].at_ns > before_ns)
			before_ns = out->faults[i].at_ns;
	by_ns = fault->at_ns - before_ns;
	by_ns -= half_time(by_ns);
	fault->at_ns -= by_ns;
	if (fault->until_ns > by_ns)
		fault->until_ns -= by_ns;
	return true;
}

/* Of an event, one time or count is halved; its end comes nearer. */
static bool
shorter_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	const struct key_table *table = key_faults();
	uint32_t event = step / (uint32_t)table->count;
	const struct key *key = &table->keys[step % table->count];
	static const uint32_t loops = FAULT_KEY_EACH | FAULT_KEY_PERIOD;
	struct fault_settings *fault;
	uint64_t value;

	(void)cut;
	if (event >= out->settings.fault_count)
		return false;
	fault = &out->faults[event];
	if (key->given == FAULT_KEY_UNTIL) {
		if (fault->until_ns > fault->at_ns)
			fault->until_ns =
				fault->at_ns +
				half_time(fault->until_ns - fault->at_ns);
		return true;
	}
	/* A loop would turn more often. */
	if ((key->given & ~loops) == 0 || !number_get(key, fault, &value))
		return true;
	if (key->type == KEY_COUNT && value > 1)
		number_set(key, fault, half(value));
	else if (key->type == KEY_AMOUNT && value > 0 &&
		 strcmp(key->unit, "seconds") == 0)
		number_set(key, fault, (uint64_t)half_time((int64_t)value));
	return true;
}

/* In the order in which they happen. */
static bool
order_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	struct fault_settings *faults = out->faults;

	(void)cut;
	for (uint32_t i = 1; step == 0 && i < out->settings.fault_count; i++) {
		const struct fault_settings fault = faults[i];
		uint32_t at = i;

		for (; at > 0 && faults[at - 1].at_ns > fault.at_ns; at--)
			faults[at] = faults[at - 1];
		faults[at] = fault;
	}
	return step == 0;
}

/* ---- digits ---- */

static void
simplify(const struct key *key, void *structure, unsigned digits, bool down)
{
	uint64_t value;

	if (number_get(key, structure, &value) && digits_of(value) > digits)
		number_set(key, structure, rounded(value, digits, down));
}

/* Of one key of the settings that is not its default, the seed apart. */
static bool
digits_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	const struct key_table *table = key_settings();
	const struct key *key = &table->keys[step / DIGITS_MOST % table->count];
	struct settings defaults;
	uint64_t usual, before;

	(void)cut;
	if (step / DIGITS_MOST >= table->count)
		return false;
	settings_default(&defaults);
	if (strcmp(key->path, "seed") == 0 ||
	    !number_get(key, &out->settings, &before) ||
	    !number_get(key, &defaults, &usual) || before == usual)
		return true;
	/* Nothing grows: counts and what else makes a world large are cut off.
	 */
	simplify(key, &out->settings, 1 + step % DIGITS_MOST,
		 key->type == KEY_COUNT || is_extent(key));
	return true;
}

/* Of one key of an event. */
static bool
event_digits_make(const struct cut *cut, uint32_t step, struct variant *out)
{
	const struct key_table *table = key_faults();
	uint32_t number = step / DIGITS_MOST;
	uint32_t event = number / (uint32_t)table->count;
	const struct key *key = &table->keys[number % table->count];
	char text[KEY_TEXT], now[KEY_TEXT];
	struct fault_settings simple;

	(void)cut;
	if (event >= out->settings.fault_count)
		return false;
	simple = out->faults[event];
	simplify(key, &simple, 1 + step % DIGITS_MOST, false);
	key_format(key, &simple, text);
	key_format(key, &out->faults[event], now);
	if (strcmp(text, now) != 0)
		out->faults[event] = simple;
	return true;
}

/* ---- the table ---- */

const struct cut *
cut_table(void)
{
	static const struct cut table[] = {
		{ "all events", events_make, 1, 3, 48 },
		{ "half of the events", events_make, 2, 3, 48 },
		{ "a quarter of the events", events_make, 4, 3, 48 },
		{ "an event", events_make, 0, 3, 200 },
		{ "the least", extent_make, 0, 3, 48 },
		{ "a few", few_make, 0, 3, 200 },
		{ "a half", extent_make, 2, 3, 48 },
		{ "all keys", keys_make, UINT16_MAX, 3, 48 },
		{ "keys", keys_make, 32, 3, 16 },
		{ "a few keys", keys_make, 8, 1, 16 },
		{ "a loop", loop_make, 0, 1, 16 },
		{ "a set", member_make, 0, 1, 16 },
		{ "a target", list_make, 0, 1, 16 },
		{ "a quarter less", extent_make, 4, 3, 16 },
		{ "one less", extent_make, 1, 3, 16 },
		{ "a key", keys_make, 1, 1, 16 },
		{ "a size", sizes_make, 0, 1, 16 },
		{ "an event's key", said_make, 0, 1, 16 },
		{ "sooner", sooner_make, 1, 1, 4 },
		{ "sooner, as long", sooner_make, 0, 1, 4 },
		{ "an event sooner", alone_sooner_make, 0, 1, 4 },
		{ "shorter, fewer", shorter_make, 0, 1, 4 },
		{ "in order", order_make, 0, 1, 16 },
		{ "digits", digits_make, 0, 0, 0 },
		{ "an event's digits", event_digits_make, 0, 0, 0 },
		{ NULL, NULL, 0, 0, 0 },
	};

	return table;
}
