/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator_events.c - what goes wrong in a random world
 *
 *	none | one | a sequence, each over before the next | overlapping
 *
 * One to ten events. What a kind undoes is undone by until_s, by an event of
 * its own, or never; in most worlds nothing stays, for only then there is
 * something to ask of the time that follows. In a world that mourns a server
 * crashes beside all that, or up to four do, and nothing brings them back.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "harness/explore/generator_state.h"
#include "sim/model/churn.h"
#include "sim/model/fabric.h"
#include "sim/model/fault_kind.h"
#include "sim/model/fault_target.h"

#define EVENTS_MOST    10
#define ATTACK_MOST_MS 4000
#define PERCENT	       10000 /* in millionths */
#define TARGET_TEXT    (2 * FAULT_NAME_BYTES + 8)

/* When an event is, and when it is to be over; 0: never. */
struct slot {
	uint64_t at_ms, until_ms;
};

struct happening {
	enum fault_kind kind;
	struct slot slot;
	uint32_t count; /* servers, of kinds that count them; 0: the others */
	struct fault_settings churn; /* of churn at a rate, or no rate */
	bool apart; /* undone by an event of its own */
};

struct script {
	struct generator *generator;
	const struct fabric *fabric; /* with those that join */
	FILE *file;
	uint64_t split_ms; /* the earliest partition */
	uint64_t attack_ms; /* and attack */
	bool heals; /* nothing stays as it should not be */
	uint32_t count, joins;
	struct happening happenings[EVENTS_MOST];
};

/* What an event is aimed at, as text. */
struct target {
	char text[TARGET_TEXT]; /* "": the kind takes none */
	bool path; /* a tier of a session's path, or any */
	uint32_t several; /* of a list or pattern, at least; 0: it is one */
};

/* ---- targets ---- */

/* Of links more often one that has another beside it: there the fabric finds
 * another way. */
static void
one_name(struct script *script, enum fault_target wanted, char *name)
{
	uint32_t count = fault_target_count(script->fabric, wanted);

	for (unsigned tries = 0; tries < 4; tries++) {
		fault_target_name(
			script->fabric, wanted,
			(uint32_t)rng_below(&script->generator->rng, count),
			name);
		if (wanted != FAULT_TARGET_LINK ||
		    (strstr(name, "client") == NULL &&
		     strstr(name, "server") == NULL))
			return;
	}
}

static void
target_path(struct script *script, struct target *target)
{
	static const char *const tiers[] = { "path", "path", "exit-spine",
					     "spine-leaf", "leaf-server" };

	target->path = true;
	(void)snprintf(target->text, sizeof(target->text), "%s",
		       tiers[rng_below(&script->generator->rng, 5)]);
}

/* All of a name's kind, or two names. */
static void
target_several(struct script *script, enum fault_target wanted,
	       struct target *target)
{
	char name[FAULT_NAME_BYTES], other[FAULT_NAME_BYTES];

	one_name(script, wanted, name);
	one_name(script, wanted, other);
	if (generator_chance(script->generator, 50) ||
	    strcmp(name, other) == 0) {
		(void)snprintf(target->text, sizeof(target->text), "%.*s*",
			       (int)strcspn(name, "0123456789"), name);
		target->several = 1;
	} else {
		(void)snprintf(target->text, sizeof(target->text), "[%s, %s]",
			       name, other);
		target->several = 2;
	}
}

static void
target_draw(struct script *script, enum fault_target wanted, uint32_t keys,
	    struct target *target)
{
	struct generator *generator = script->generator;

	*target = (struct target){ .path = false };
	if (wanted == FAULT_TARGET_NONE)
		return;
	if (wanted == FAULT_TARGET_LINK && generator_chance(generator, 35))
		target_path(script, target);
	else if ((keys & FAULT_KEY_COUNT) != 0 &&
		 generator_chance(generator, 20))
		target_several(script, wanted, target);
	else
		one_name(script, wanted, target->text);
}

/* ---- kinds ---- */

static bool
kind_fits(const struct script *script, enum fault_kind kind,
	  const struct slot *slot)
{
	const struct fault_kind_trait *trait = fault_kind_trait(kind);
	bool uniform = script->generator->shape.fabric.kind == FABRIC_UNIFORM;
	bool links = trait->target == FAULT_TARGET_LINK ||
		     trait->target == FAULT_TARGET_ROUTER ||
		     kind == FAULT_PARTITION || kind == FAULT_MERGE;

	if (!trait->simulated || (uniform && (links || fault_is_attack(kind) ||
					      kind == FAULT_SEQUENCE)))
		return false;
	if (kind == FAULT_CALM)
		return script->attack_ms < slot->at_ms;
	return kind != FAULT_MERGE || script->split_ms < slot->at_ms;
}

/* Does it lead sessions astray, of a fabric that has them? */
static bool
kind_strays(enum fault_kind kind)
{
	return fault_kind_trait(kind)->detects || kind == FAULT_DRAIN ||
	       kind == FAULT_LEAVE || kind == FAULT_PARTITION;
}

/* What leads astray comes more often than what harms otherwise, and that more
 * often than what mends what may be whole. */
static uint32_t
kind_percent(enum fault_kind kind)
{
	const struct fault_kind_trait *trait = fault_kind_trait(kind);

	if (kind_strays(kind))
		return 100;
	if (trait->harms)
		return 60;
	return trait->target == FAULT_TARGET_NONE ? 40 : 20;
}

/* Packets are what a world costs. */
static void
attack_bound(const struct script *script, struct slot *slot)
{
	uint64_t most_ms = slot->at_ms + ATTACK_MOST_MS;
	uint64_t last_ms = script->generator->faults_ms;

	if (most_ms > last_ms)
		most_ms = last_ms;
	if (slot->until_ms == 0 || slot->until_ms > most_ms)
		slot->until_ms = most_ms;
}

/* At a rate, of those who come some are new; or some servers. */
static void
churn_draw(struct script *script, struct happening *happening)
{
	struct generator *generator = script->generator;
	const struct settings *shape = &generator->shape;
	struct fault_settings *churn = &happening->churn;

	if (generator_chance(generator, 40)) {
		happening->count = (uint32_t)generator_between(generator, 1, 3);
		return;
	}
	fault_settings_default(churn);
	churn->kind = FAULT_CHURN;
	churn->at_ns = (int64_t)happening->slot.at_ms * NS_PER_MS;
	churn->until_ns = (int64_t)happening->slot.until_ms * NS_PER_MS;
	churn->rate_ppm_min =
		(uint32_t)generator_between(generator, 0, 200) * PERCENT;
	churn->down_ns =
		(int64_t)generator_between(generator, 200, 20000) * NS_PER_MS;
	if (generator_chance(generator, 50)) {
		churn->law = LIFETIME_WEIBULL;
		churn->shape_milli =
			100 * (uint32_t)generator_between(generator, 3, 9);
	}
	if (generator_chance(generator, 50))
		churn->crash_ppm =
			(uint32_t)generator_between(generator, 0, 100) *
			PERCENT;
	if (generator_chance(generator, 50))
		churn->new_ppm =
			(uint32_t)generator_between(generator, 0, 100) *
			PERCENT;
	script->joins += churn_spares(shape, churn, shape->fabric.servers);
}

/* Two changes or more, all of them over with the slot. */
static void
sequence_bound(struct script *script, struct happening *happening)
{
	struct slot *slot = &happening->slot;

	if (slot->until_ms == 0)
		slot->until_ms = script->generator->faults_ms;
	happening->count = (uint32_t)generator_between(script->generator, 2, 5);
	if (slot->until_ms < slot->at_ms + 2 * happening->count)
		slot->until_ms = slot->at_ms + 2 * happening->count;
	script->joins += happening->count;
}

/* strays: a kind that does that. */
static void
happening_draw(struct script *script, const struct slot *slot, bool strays)
{
	struct generator *generator = script->generator;
	struct happening *happening = &script->happenings[script->count++];
	const struct fault_kind_trait *trait;
	enum fault_kind kind;

	do
		kind = (enum fault_kind)rng_below(&generator->rng, FAULT_KINDS);
	while (!kind_fits(script, kind, slot) ||
	       (strays && !kind_strays(kind)) ||
	       !generator_chance(generator, kind_percent(kind)));
	trait = fault_kind_trait(kind);
	*happening = (struct happening){ .kind = kind, .slot = *slot };
	if (kind == FAULT_CHURN)
		churn_draw(script, happening);
	if (kind == FAULT_JOIN) {
		happening->count = (uint32_t)generator_between(generator, 1, 3);
		script->joins += happening->count;
	}
	/* Half of them at once. */
	if (kind == FAULT_DAEMON_RESTART && generator_chance(generator, 50))
		happening->slot.until_ms = 0;
	if (kind == FAULT_PARTITION && slot->at_ms < script->split_ms)
		script->split_ms = slot->at_ms;
	if (fault_is_attack(kind) && slot->at_ms < script->attack_ms)
		script->attack_ms = slot->at_ms;
	if (fault_is_attack(kind))
		attack_bound(script, &happening->slot);
	if (kind == FAULT_SEQUENCE)
		sequence_bound(script, happening);
	happening->apart =
		happening->slot.until_ms > 0 && trait->undo != kind &&
		kind != FAULT_DAEMON_RESTART && generator_chance(generator, 25);
}

/* ---- one event ---- */

static void
line_begin(const struct script *script, enum fault_kind kind,
	   const char *target, uint64_t at_ms)
{
	char time[GENERATOR_TIME];

	fprintf(script->file, "  - { at_s: %s, kind: %s",
		generator_seconds(at_ms, time), fault_name(kind));
	if (target[0] != '\0')
		fprintf(script->file, ", target: %s", target);
}

static void
time_print(const struct script *script, const char *key, uint64_t ms)
{
	char time[GENERATOR_TIME];

	fprintf(script->file, ", %s: %s", key, generator_seconds(ms, time));
}

/* Of the keys that follow those that a kind takes. */
static void
number_print(const struct script *script, const char *key, uint32_t most)
{
	fprintf(script->file, ", %s: %u", key,
		(unsigned)generator_between(script->generator, 0, most));
}

/* How bad a link gets: one thing at least. */
static void
degree_print(const struct script *script, uint32_t keys)
{
	static const struct {
		uint32_t key, most;
	} degrees[] = {
		{ FAULT_KEY_LOSS, 50 },	   { FAULT_KEY_DUPLICATE, 10 },
		{ FAULT_KEY_REORDER, 20 }, { FAULT_KEY_DELAY, 20000 },
		{ FAULT_KEY_RATE, 10 },
	};
	size_t count = sizeof(degrees) / sizeof(degrees[0]);
	size_t sure = rng_below(&script->generator->rng, count);

	for (size_t i = 0; i < count; i++)
		if ((keys & degrees[i].key) != 0 &&
		    (i == sure || generator_chance(script->generator, 25)))
			number_print(script, fault_key_name(degrees[i].key),
				     degrees[i].most);
}

/* Churn at a rate. */
static void
rate_print(const struct script *script, const struct fault_settings *churn)
{
	fprintf(script->file, ", rate_percent_min: %u",
		churn->rate_ppm_min / PERCENT);
	time_print(script, "down_s", (uint64_t)(churn->down_ns / NS_PER_MS));
	if (churn->law == LIFETIME_WEIBULL)
		fprintf(script->file, ", law: weibull, shape: 0.%u",
			churn->shape_milli / 100);
	fprintf(script->file, ", crash_percent: %u, new_percent: %u",
		churn->crash_ppm / PERCENT, churn->new_ppm / PERCENT);
}

static void
churn_print(const struct script *script, const struct happening *happening)
{
	struct generator *generator = script->generator;

	if (happening->slot.until_ms > 0)
		time_print(script, "until_s", happening->slot.until_ms);
	if (churn_has_rate(&happening->churn)) {
		rate_print(script, &happening->churn);
		return;
	}
	if (happening->slot.until_ms > 0)
		time_print(script, "period_s",
			   generator_between(generator, 100, 5000));
	fprintf(script->file, ", count: %u", happening->count);
}

/* The last change is over when the slot is. */
static void
sequence_print(const struct script *script, const struct happening *happening)
{
	uint64_t each_ms = (happening->slot.until_ms - happening->slot.at_ms) /
			   happening->count;

	fprintf(script->file, ", count: %u", happening->count);
	time_print(script, "each_s", each_ms);
	if (generator_chance(script->generator, 50))
		time_print(
			script, "for_s",
			generator_between(script->generator, 1, each_ms - 1));
}

/* Again and again, until the slot's end. */
static void
loop_print(const struct script *script, const struct happening *happening)
{
	struct generator *generator = script->generator;
	uint32_t keys = fault_kind_trait(happening->kind)->keys;
	uint64_t each_ms = generator_between(generator, 300, 8000);

	time_print(script, "each_s", each_ms);
	time_print(script, "until_s", happening->slot.until_ms);
	if ((keys & FAULT_KEY_FOR) != 0 && generator_chance(generator, 70))
		time_print(script, "for_s",
			   generator_between(generator, 50, each_ms - 1));
}

/* Until when, how often, how long. */
static void
times_print(const struct script *script, const struct happening *happening,
	    const struct target *target)
{
	struct generator *generator = script->generator;
	uint32_t keys = fault_kind_trait(happening->kind)->keys;
	uint64_t until_ms = happening->slot.until_ms;

	if (until_ms == 0)
		return;
	if ((keys & FAULT_KEY_EACH) != 0 && !target->path &&
	    generator_chance(generator, 20)) {
		loop_print(script, happening);
		return;
	}
	if ((keys & FAULT_KEY_UNTIL) == 0)
		return;
	if ((keys & FAULT_KEY_FOR) != 0 && generator_chance(generator, 20)) {
		time_print(script, "for_s", until_ms - happening->slot.at_ms);
		return;
	}
	time_print(script, "until_s", until_ms);
	if ((keys & FAULT_KEY_PERIOD) != 0 && !target->path &&
	    generator_chance(generator, 15))
		time_print(script, "period_s",
			   generator_between(generator, 100, 5000));
}

/* How much of an attack, and of what. */
static void
attack_print(const struct script *script, uint32_t keys)
{
	static const char *const packets[] = { "ack", "syn", "random" };
	struct generator *generator = script->generator;

	fprintf(script->file, ", rate_pps: %u",
		(unsigned)generator_between(generator, 1, 2000));
	if (generator_chance(generator, 25))
		fprintf(script->file, ", repeat: %u",
			(unsigned)generator_between(generator, 2, 3));
	if ((keys & FAULT_KEY_PACKETS) != 0)
		fprintf(script->file, ", packets: %s",
			packets[rng_below(&generator->rng, 3)]);
	if ((keys & FAULT_KEY_SOURCES) != 0 && generator_chance(generator, 50))
		fprintf(script->file, ", sources: client");
}

/* The keys that the kind takes, some of them. */
static void
keys_print(const struct script *script, const struct happening *happening,
	   const struct target *target)
{
	struct generator *generator = script->generator;
	uint32_t keys = fault_kind_trait(happening->kind)->keys;

	if (happening->kind == FAULT_CHURN) {
		churn_print(script, happening);
		return;
	}
	if (happening->kind == FAULT_SEQUENCE) {
		sequence_print(script, happening);
		return;
	}
	times_print(script, happening, target);
	if (happening->count > 0)
		fprintf(script->file, ", count: %u", happening->count);
	else if (target->several > 0 && generator_chance(generator, 50))
		fprintf(script->file, ", count: %u", target->several);
	if ((keys & FAULT_KEY_WAY) != 0 && generator_chance(generator, 40))
		fprintf(script->file, ", way: %s",
			generator_chance(generator, 50) ? "up" : "down");
	if ((keys & FAULT_KEY_RETRY) != 0 && target->path &&
	    generator_chance(generator, 40))
		fprintf(script->file, ", retry_after_ms: %u",
			(unsigned)generator_between(generator, 50, 2000));
	degree_print(script, keys);
	if (fault_is_attack(happening->kind))
		attack_print(script, keys);
}

static void
happening_print(struct script *script, const struct happening *happening)
{
	const struct fault_kind_trait *trait =
		fault_kind_trait(happening->kind);
	struct happening seen = *happening;
	struct target target;

	target_draw(script, trait->target, trait->keys, &target);
	line_begin(script, happening->kind, target.text, happening->slot.at_ms);
	if (happening->apart)
		seen.slot.until_ms = 0;
	keys_print(script, &seen, &target);
	fprintf(script->file, " }\n");
	if (!happening->apart)
		return;
	line_begin(script, trait->undo, target.text, happening->slot.until_ms);
	fprintf(script->file, " }\n");
}

/* ---- the script ---- */

/* The i-th of count: in turn or overlapping. */
static struct slot
slot_draw(struct script *script, bool in_turn, uint32_t i, uint32_t count)
{
	struct generator *generator = script->generator;
	/* From a third of a second after zero. */
	uint64_t from = 300, to = generator->faults_ms, at, until;

	if (in_turn) {
		uint64_t width = (to - from) / count;

		from += width * i;
		to = from + width;
	}
	at = generator_between(generator, from, to - 2);
	if (i == 0 && generator->burst_ms > 0)
		at = generator->burst_ms;
	if (to < at + 2)
		to = generator->faults_ms;
	until = generator_between(generator, at + 1, to);
	return (struct slot){
		.at_ms = at,
		.until_ms = script->heals || generator_chance(generator, 60)
				    ? until
				    : 0,
	};
}

/* None, one, or a few to many. */
static uint32_t
count_draw(struct generator *generator)
{
	if (generator_chance(generator, 3))
		return 0;
	if (generator_chance(generator, 12))
		return 1;
	return (uint32_t)generator_between(generator, 2, EVENTS_MOST);
}

/* Early, or the end comes before anybody is told. */
static void
deaths_print(struct script *script)
{
	struct generator *generator = script->generator;
	uint32_t deaths = ONE_OF(generator, 1, 2, 3, 4);
	char name[FAULT_NAME_BYTES];

	for (uint32_t i = 0; i < deaths; i++) {
		one_name(script, FAULT_TARGET_SERVER, name);
		line_begin(script, FAULT_SERVER_CRASH, name,
			   generator_between(generator, 300,
					     generator->faults_ms / 2));
		fprintf(script->file, " }\n");
	}
}

void
generator_events(struct generator *generator, FILE *file)
{
	struct script script = {
		.generator = generator,
		.file = file,
		.split_ms = UINT64_MAX,
		.attack_ms = UINT64_MAX,
	};
	uint32_t count = count_draw(generator);
	bool in_turn = generator_chance(generator, 35);
	uint32_t sure; /* the event that has strays */
	struct fabric_settings settings = generator->shape.fabric;
	struct fabric *fabric;
	char error[256];

	if (count == 0 && !generator->mourns)
		return;
	script.heals = generator_chance(generator, 70);
	sure = count > 0 && generator_chance(generator, 92)
		       ? (uint32_t)rng_below(&generator->rng, count)
		       : count;
	for (uint32_t i = 0; i < count; i++) {
		struct slot slot = slot_draw(&script, in_turn, i, count);

		happening_draw(&script, &slot, i == sure);
	}
	settings.later = script.joins;
	settings.servers += script.joins;
	if (fabric_create(&fabric, &settings, error, sizeof(error)) != 0)
		return; /* and the file is refused for its fabric */
	script.fabric = fabric;
	fprintf(file, "events:\n");
	for (uint32_t i = 0; i < count; i++)
		happening_print(&script, &script.happenings[i]);
	if (generator->mourns)
		deaths_print(&script);
	fabric_destroy(fabric);
}
