/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * variant_test.c - a copy of one's own, cut and whole again
 *
 * And random worlds: a copy of each prints, reads back to the same settings,
 * and a few of them run to the same end.
 */
#include "harness/explore/variant.h"

#include <stdlib.h>
#include <string.h>

#include "core/instant.h"
#include "core/test/check.h"
#include "harness/explore/generator.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/scenario_print.h"
#include "harness/scenario/sweep.h"
#include "sim/model/constraints.h"
#include "sim/model/fault_kind.h"
#include "sim/test/world_play.h"

#define SEEDS	  2000
#define SEEDS_RUN 6

static const char world[] =
	"title: t\n"
	"fabric: { exits: 2, spines: 4, leaves: 8, servers: 32, uplinks: 3 }\n"
	"dht: { k: 8, alpha: 5, replicas: 6 }\n"
	"clients: { size_cdf: [[100, 50], [900, 100]] }\n"
	"events:\n"
	"  - { at_s: 1, kind: drain, target: server31 }\n"
	"  - { at_s: 2, kind: drain, target: [server3, server*, server30] }\n"
	"  - { at_s: 3, kind: link_down, target: spine4-leaf8 }\n"
	"  - { at_s: 4, kind: link_down, target: leaf8-server32, until_s: 5 }\n"
	"  - { at_s: 5, kind: link_down, target: spine-leaf }\n"
	"  - { at_s: 6, kind: router_down, target: [leaf7, exit2], count: 2 "
	"}\n";

static void
text_read(struct scenario *scenario, struct sweep_point *point,
	  const char *text)
{
	CHECK_ROW(scenario_parse(scenario, "w.yaml", text, strlen(text), NULL,
				 0, stderr) == 0,
		  text);
	sweep_point_make(scenario, 0, point);
}

struct bed {
	struct scenario *scenario;
	struct sweep_point point;
	struct variant variant;
};

static void
bed_make(struct bed *bed, const char *text)
{
	*bed = (struct bed){ .scenario = calloc(1, sizeof(*bed->scenario)) };
	text_read(bed->scenario, &bed->point, text);
	variant_copy(&bed->variant, &bed->point.settings);
}

static void
bed_release(struct bed *bed)
{
	variant_release(&bed->variant);
	sweep_point_release(&bed->point);
	scenario_release(bed->scenario);
	free(bed->scenario);
}

static const char *
listed(const struct variant *variant, uint32_t event, uint32_t index)
{
	return variant->targets[variant->faults[event].list_first + index];
}

static void
copy_test(void)
{
	struct bed bed;
	const struct settings *settings;

	bed_make(&bed, world);
	settings = &bed.variant.settings;
	CHECK(variant_same(settings, &bed.point.settings));
	/* Of itself. */
	variant_copy(&bed.variant, settings);
	CHECK(variant_same(settings, &bed.point.settings));
	CHECK(settings->faults == bed.variant.faults);
	CHECK(settings->faults != bed.point.settings.faults);
	bed.variant.sizes[0].bytes++;
	CHECK(!variant_same(settings, &bed.point.settings));
	bed.variant.sizes[0].bytes--;
	bed.variant.targets[1][0] = 'x';
	CHECK(!variant_same(settings, &bed.point.settings));
	bed_release(&bed);
}

static void
drop_test(void)
{
	const struct key *until = key_find(key_faults(), "until_s");
	struct bed bed;
	struct variant *variant = &bed.variant;

	bed_make(&bed, world);
	variant_drop_target(variant, 1, 0);
	CHECK(variant->faults[1].list_count == 2);
	CHECK(strcmp(listed(variant, 1, 0), "server*") == 0);
	variant_drop_target(variant, 1, 0);
	CHECK(variant->faults[1].list_count == 0);
	CHECK(strcmp(variant->faults[1].target, "server30") == 0);
	/* A set of one has no count. */
	variant_drop_target(variant, 5, 0);
	CHECK(strcmp(variant->faults[5].target, "exit2") == 0);
	CHECK(variant->faults[5].count == 0);
	CHECK((fault_keys(&variant->faults[5]) & FAULT_KEY_COUNT) == 0);
	variant_default_event(variant, 3, until);
	CHECK(variant->faults[3].until_ns == 0);
	CHECK((fault_keys(&variant->faults[3]) & FAULT_KEY_UNTIL) == 0);
	variant_drop_events(variant, 1, 4);
	CHECK(variant->settings.fault_count == 2);
	CHECK(variant->faults[1].kind == FAULT_ROUTER_DOWN);
	variant_drop_events(variant, 0, 2);
	CHECK(variant->settings.fault_count == 0);
	variant_default(variant, key_find(key_settings(), "dht.k"));
	CHECK(variant->settings.dht.node.k == 20);
	variant_default(variant, key_find(key_settings(), "clients.size_cdf"));
	CHECK(variant->settings.clients.size_cdf_count == 0);
	bed_release(&bed);
}

/* Fewer of all: what is named and gone is another of its kind. */
static void
settle_test(void)
{
	struct bed bed;
	struct variant *variant = &bed.variant;
	struct fabric_settings *fabric = &variant->settings.fabric;
	struct constraint found = { .event = 0 };

	bed_make(&bed, world);
	fabric->servers = 4;
	fabric->leaves = 2;
	fabric->spines = 2;
	fabric->exits = 1;
	variant->settings.dht.node.k = 3;
	variant_settle(variant);
	CHECK(fabric->uplinks == 2);
	CHECK(variant->settings.dht.node.alpha == 3);
	CHECK(variant->settings.dht.node.replicas == 3);
	CHECK(strcmp(variant->faults[0].target, "server3") == 0);
	CHECK(strcmp(listed(variant, 1, 0), "server3") == 0);
	CHECK(strcmp(listed(variant, 1, 1), "server*") == 0);
	CHECK(strcmp(listed(variant, 1, 2), "server2") == 0);
	CHECK(strcmp(variant->faults[2].target, "spine2-leaf2") == 0);
	CHECK(strcmp(variant->faults[3].target, "leaf2-server4") == 0);
	CHECK(strcmp(variant->faults[4].target, "spine-leaf") == 0);
	CHECK(strcmp(listed(variant, 5, 0), "leaf1") == 0);
	CHECK(strcmp(listed(variant, 5, 1), "exit1") == 0);
	CHECK_ROW(!constraints_broken(&variant->settings, &found),
		  found.sentence);
	/* No link between these two: another of that server. */
	fabric->leaves = 3;
	fabric->uplinks = 1;
	(void)snprintf(variant->faults[3].target, FAULT_TARGET_BYTES, "%s",
		       "leaf1-server4");
	variant_settle(variant);
	CHECK_ROW(strcmp(variant->faults[3].target, "leaf3-server4") == 0,
		  variant->faults[3].target);
	/* An earlier end. */
	variant->settings.measure.duration_ns = 4 * NS_PER_S;
	variant_settle(variant);
	CHECK(variant->settings.fault_count == 3);
	CHECK(variant->faults[2].kind == FAULT_LINK_DOWN);
	bed_release(&bed);
}

static void
same_end(const struct settings *one, const struct settings *other)
{
	static const struct watch deaf = { .context = NULL };
	struct world_result first = world_play(one, &deaf, "written");
	struct world_result again = world_play(other, &deaf, "printed");

	CHECK(first.events > 0 && first.events == again.events);
	CHECK(first.state_hash == again.state_hash);
}

static void
worlds_test(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	struct sweep_point point = { .faults = NULL };

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		char *file = generator_scenario(seed), *text;
		struct bed bed;

		bed_make(&bed, file);
		text = scenario_print_text(NULL, "t", &bed.variant.settings);
		text_read(scenario, &point, text);
		CHECK_ROW(variant_same(&bed.point.settings, &point.settings),
			  file);
		CHECK_ROW(variant_same(&bed.variant.settings, &point.settings),
			  file);
		if (seed <= SEEDS_RUN)
			same_end(&bed.point.settings, &point.settings);
		free(text);
		free(file);
		bed_release(&bed);
	}
	sweep_point_release(&point);
	scenario_release(scenario);
	free(scenario);
}

int
main(void)
{
	copy_test();
	drop_test();
	settle_test();
	worlds_test();
	return check_done();
}
