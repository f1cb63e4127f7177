/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator_events.c - what goes wrong in a random world
 *
 *	none | one | a sequence, each over before the next | overlapping
 *
 * One to ten events. What a kind undoes is undone by until_s, by an event of
 * its own, or never.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "harness/explore/generator_state.h"
#include "sim/model/fabric.h"
#include "sim/model/fault_kind.h"

#define EVENTS_MOST 10
#define TARGET_TEXT (2 * FABRIC_NAME_BYTES)

/* When an event is, and when it is to be over; 0: never. */
struct slot {
	uint64_t at_ms, until_ms;
};

struct happening {
	enum fault_kind kind;
	struct slot slot;
	uint32_t count; /* servers, of kinds that count them; 0: the others */
	bool apart; /* undone by an event of its own */
};

struct script {
	struct generator *generator;
	const struct fabric *fabric; /* with those that join */
	FILE *file;
	uint64_t end_ms; /* of the run */
	uint64_t split_ms; /* the earliest partition */
	uint32_t count, joins;
	struct happening happenings[EVENTS_MOST];
};

/* ---- targets ---- */

static const char *
name_of(const struct script *script, uint32_t device)
{
	return script->fabric->names[device];
}

static void
target_link(struct script *script, char *text)
{
	static const char *const tiers[] = { "path", "path", "exit-spine",
					     "spine-leaf", "leaf-server" };
	const struct fabric *fabric = script->fabric;
	struct generator *generator = script->generator;
	const uint32_t *ports;

	if (generator_chance(generator, 40)) {
		(void)snprintf(text, TARGET_TEXT, "%s",
			       tiers[rng_below(&generator->rng, 5)]);
		return;
	}
	ports = fabric->links[rng_below(&generator->rng, fabric->link_count)]
			.ports;
	(void)snprintf(text, TARGET_TEXT, "%s-%s",
		       name_of(script, fabric->ports[ports[0]].device),
		       name_of(script, fabric->ports[ports[1]].device));
}

/* "": the kind takes none. */
static void
target_draw(struct script *script, enum fault_target wanted, char *text)
{
	const struct fabric *fabric = script->fabric;
	struct generator *generator = script->generator;
	uint32_t device;

	text[0] = '\0';
	switch (wanted) {
	case FAULT_TARGET_NONE:
		break;
	case FAULT_TARGET_LINK:
		target_link(script, text);
		break;
	case FAULT_TARGET_ROUTER:
		do
			device = (uint32_t)rng_below(&generator->rng,
						     fabric->device_count);
		while (!fabric_is_router(fabric, device));
		(void)snprintf(text, TARGET_TEXT, "%s",
			       name_of(script, device));
		break;
	case FAULT_TARGET_SERVER:
		device = fabric_device(
			fabric, DEVICE_SERVER,
			(uint32_t)rng_below(&generator->rng,
					    fabric->settings.servers));
		(void)snprintf(text, TARGET_TEXT, "%s",
			       name_of(script, device));
		break;
	}
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

	if (!trait->simulated || (uniform && links))
		return false;
	return kind != FAULT_MERGE || script->split_ms < slot->at_ms;
}

static void
happening_draw(struct script *script, const struct slot *slot)
{
	struct generator *generator = script->generator;
	struct happening *happening = &script->happenings[script->count++];
	const struct fault_kind_trait *trait;
	enum fault_kind kind;

	do
		kind = (enum fault_kind)rng_below(&generator->rng, FAULT_KINDS);
	while (!kind_fits(script, kind, slot));
	trait = fault_kind_trait(kind);
	*happening = (struct happening){ .kind = kind, .slot = *slot };
	if (kind == FAULT_CHURN || kind == FAULT_JOIN)
		happening->count = (uint32_t)generator_between(generator, 1, 3);
	if (kind == FAULT_JOIN)
		script->joins += happening->count;
	if (kind == FAULT_PARTITION && slot->at_ms < script->split_ms)
		script->split_ms = slot->at_ms;
	if (trait->undo == kind && kind != FAULT_CHURN)
		happening->slot.until_ms = 0;
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
until_print(const struct script *script, uint64_t until_ms)
{
	char time[GENERATOR_TIME];

	fprintf(script->file, ", until_s: %s",
		generator_seconds(until_ms, time));
}

static bool
target_is_named(const char *target)
{
	const char *dash = strchr(target, '-');

	return dash != NULL && dash > target && dash[-1] >= '0' &&
	       dash[-1] <= '9';
}

/* How often, how many: what only some kinds read. */
static void
kind_print(const struct script *script, const struct happening *happening,
	   const char *target)
{
	struct generator *generator = script->generator;
	enum fault_kind kind = happening->kind;
	const struct fault_kind_trait *trait = fault_kind_trait(kind);
	bool ends = happening->slot.until_ms > 0 && !happening->apart;
	bool flaps = trait->target == FAULT_TARGET_LINK &&
		     trait->undo != kind && target_is_named(target) &&
		     generator_chance(generator, 30);
	bool proves = trait->target == FAULT_TARGET_LINK &&
		      trait->undo != kind && !target_is_named(target) &&
		      generator_chance(generator, 40);
	char time[GENERATOR_TIME];

	if (ends && (kind == FAULT_CHURN || flaps))
		fprintf(script->file, ", period_s: %s",
			generator_seconds(
				generator_between(generator, 100, 5000), time));
	if (happening->count > 0)
		fprintf(script->file, ", count: %u", happening->count);
	if (proves)
		fprintf(script->file, ", retry_after_ms: %u",
			(unsigned)generator_between(generator, 50, 2000));
}

static void
happening_print(struct script *script, const struct happening *happening)
{
	const struct fault_kind_trait *trait =
		fault_kind_trait(happening->kind);
	const struct slot *slot = &happening->slot;
	char target[TARGET_TEXT];

	target_draw(script, trait->target, target);
	line_begin(script, happening->kind, target, slot->at_ms);
	if (slot->until_ms > 0 && !happening->apart)
		until_print(script, slot->until_ms);
	kind_print(script, happening, target);
	fprintf(script->file, " }\n");
	if (!happening->apart)
		return;
	line_begin(script, trait->undo, target, slot->until_ms);
	fprintf(script->file, " }\n");
}

/* ---- the script ---- */

/* The i-th of count: in turn or overlapping. */
static struct slot
slot_draw(struct script *script, bool in_turn, uint32_t i, uint32_t count)
{
	struct generator *generator = script->generator;
	/* From a third of a second after zero to the last tenth. */
	uint64_t from = 300, to = script->end_ms * 9 / 10, at, until;

	if (in_turn) {
		uint64_t width = (to - from) / count;

		from += width * i;
		to = from + width;
	}
	at = generator_between(generator, from, to - 2);
	until = generator_between(generator, at + 1, to);
	return (struct slot){
		.at_ms = at,
		.until_ms = generator_chance(generator, 75) ? until : 0,
	};
}

void
generator_events(struct generator *generator, FILE *file)
{
	struct script script = {
		.generator = generator,
		.file = file,
		.end_ms = (uint64_t)generator->shape.measure.duration_ns /
			  NS_PER_MS,
		.split_ms = UINT64_MAX,
	};
	uint32_t count = generator_chance(generator, 15) ? 0
			 : generator_chance(generator, 30)
				 ? 1
				 : (uint32_t)generator_between(generator, 2,
							       EVENTS_MOST);
	bool in_turn = generator_chance(generator, 50);
	struct fabric_settings settings = generator->shape.fabric;
	struct fabric *fabric;
	char error[256];

	if (count == 0)
		return;
	for (uint32_t i = 0; i < count; i++) {
		struct slot slot = slot_draw(&script, in_turn, i, count);

		happening_draw(&script, &slot);
	}
	/* Servers that join stand between the others. */
	settings.servers += script.joins;
	if (fabric_create(&fabric, &settings, error, sizeof(error)) != 0)
		return; /* and the file is refused for its fabric */
	script.fabric = fabric;
	fprintf(file, "events:\n");
	for (uint32_t i = 0; i < count; i++)
		happening_print(&script, &script.happenings[i]);
	fabric_destroy(fabric);
}
