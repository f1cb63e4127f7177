/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator_test.c - the text of a seed, and what the first 3,000 are about
 *
 * Nothing that the simulator can do is left out: each kind of event, each
 * scheme, nearly each key is written by some of the first 420, so that a new
 * one which the generator cannot write shows here. And what a promise needs is
 * there: an end of the faults, and time after it.
 */
#include "harness/explore/generator.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/sweep.h"
#include "sim/model/fault.h"
#include "sim/model/fault_kind.h"
#include "sim/model/healing.h"

#define SEEDS 420
#define VALID 3000 /* seeds whose files are read */
#define S     NS_PER_S
/* Keys that no world has to write: a lab's, and the large ones' own. */
static const char *const left_out[] = { "service.port", "side" };

static char *texts[SEEDS];
static char all[SEEDS * 4096];

static void
texts_make(void)
{
	size_t used = 0;

	for (unsigned i = 0; i < SEEDS; i++) {
		texts[i] = generator_scenario(i + 1);
		CHECK(texts[i] != NULL && strlen(texts[i]) < 8192);
		if (texts[i] != NULL && used + strlen(texts[i]) < sizeof(all))
			used += (size_t)sprintf(all + used, "%s", texts[i]);
	}
}

static void
test_same(void)
{
	for (unsigned i = 0; i < SEEDS; i += 20) {
		char *again = generator_scenario(i + 1);

		CHECK(strcmp(again, texts[i]) == 0);
		CHECK(i == 0 || strcmp(texts[i - 1], texts[i]) != 0);
		free(again);
	}
}

/* Of worlds that are valid: how many are about what. */
struct sums {
	unsigned homeward, heal, many, small, far, near, reuse, skewed;
};

/* After the last fault there is time for TCP to try again and be silent (10 s,
 * cause.h), and for a sweep of the tables. */
static void
check_room(const struct settings *settings, const char *path, struct sums *sums)
{
	struct fabric_settings whole = faults_fabric(settings);
	struct fabric *fabric;
	struct healing healing;
	char error[256];
	int64_t room_ns;

	if (fabric_create(&fabric, &whole, error, sizeof(error)) != 0) {
		CHECK_ROW(false, error);
		return;
	}
	healing = healing_of(settings, fabric);
	fabric_destroy(fabric);
	if (healing_ns(&healing) == HEALING_NEVER)
		return;
	sums->heal++;
	room_ns = settings->measure.duration_ns - healing.over_ns;
	CHECK_ROW(room_ns >= healing.over_ns + 12 * S, path);
	CHECK_ROW(room_ns >= settings->dht.node.refresh_ns + 11 * S, path);
}

static void
check_world(const struct settings *settings, const char *path,
	    struct sums *sums)
{
	const struct node_settings *node = &settings->dht.node;
	int64_t round_ns = 2 * settings->fabric.client_link.delay_ns;

	sums->homeward += settings->service.scheme == SCHEME_HOMEWARD;
	sums->many += settings->fabric.servers > 3 * node->k;
	sums->small += settings->fabric.servers <= node->k;
	sums->far += round_ns >= 100 * NS_PER_MS;
	sums->near += round_ns <= NS_PER_MS;
	sums->reuse += settings->clients.reuse_ports;
	sums->skewed += settings->service.clock_skew_ns > 0;
	CHECK_ROW(settings->fabric.servers >= 4 &&
			  settings->fabric.servers <= 64,
		  path);
	CHECK_ROW(node->refresh_ns >= 10 * S && node->refresh_ns <= 60 * S,
		  path);
	CHECK_ROW(node->republish_ns * 3 <= node->record_ttl_ns, path);
	CHECK_ROW(!settings->clients.reuse_ports ||
			  settings->service.clock_skew_ns <= round_ns,
		  path);
	check_room(settings, path, sums);
}

static void
check_sums(const struct sums *sums)
{
	CHECK(sums->homeward >= VALID * 87 / 100);
	CHECK(sums->homeward <= VALID * 93 / 100);
	CHECK(sums->heal >= VALID / 2 && sums->heal <= VALID * 9 / 10);
	CHECK(sums->many >= VALID * 28 / 100 && sums->many <= VALID / 2);
	CHECK(sums->small >= VALID / 4);
	CHECK(sums->far >= VALID / 10 && sums->near >= VALID / 5);
	CHECK(sums->reuse >= VALID / 4 && sums->skewed >= VALID / 4);
}

static void
test_worlds(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	struct sweep_point point = { .index = 0 };
	struct sums sums = { 0 };

	for (unsigned i = 0; i < VALID; i++) {
		char path[32], *said = NULL, *text = generator_scenario(i + 1);
		size_t size = 0;
		FILE *talk = open_memstream(&said, &size);
		int code;

		snprintf(path, sizeof(path), "%u.yaml", i + 1);
		code = scenario_parse(scenario, path, text, strlen(text), NULL,
				      0, talk);
		fclose(talk);
		CHECK_ROW(code == 0, said);
		if (code == 0) {
			sweep_point_make(scenario, 0, &point);
			check_world(&point.settings, path, &sums);
		}
		free(said);
		free(text);
	}
	check_sums(&sums);
	sweep_point_release(&point);
	scenario_release(scenario);
	free(scenario);
}

static bool
is_left_out(const char *path)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (strcmp(left_out[i], path) == 0)
			return true;
	return false;
}

/* "word:" or "word," somewhere, not as the end of a longer word. */
static bool
is_written(const char *word, const char *after)
{
	size_t size = strlen(word);

	for (const char *at = all; (at = strstr(at, word)) != NULL; at += size)
		if (strchr(after, at[size]) != NULL &&
		    (at == all || strchr(" \n", at[-1]) != NULL))
			return true;
	return false;
}

static void
test_keys(void)
{
	const struct key_table *tables[] = { key_settings(), key_faults() };

	for (unsigned t = 0; t < 2; t++) {
		for (size_t i = 0; i < tables[t]->count; i++) {
			const struct key *key = &tables[t]->keys[i];

			if (key->world == KEY_LIVE || is_left_out(key->path))
				continue;
			CHECK_ROW(is_written(key_leaf(key), ":"), key->path);
		}
	}
}

static void
test_kinds(void)
{
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
		const char *name = fault_name((enum fault_kind)kind);

		if (fault_kind_trait((enum fault_kind)kind)->simulated)
			CHECK_ROW(is_written(name, ", "), name);
	}
	CHECK(is_written("owner_hash", "\n") && is_written("none", "\n"));
	CHECK(is_written("uniform", "\n") && is_written("path", "\n"));
}

/* None, one, and many events. */
static void
test_scripts(void)
{
	unsigned none = 0, one = 0, many = 0;

	for (unsigned i = 0; i < SEEDS; i++) {
		unsigned count = 0;

		for (const char *at = texts[i];
		     (at = strstr(at, "- { at_s")) != NULL; at++)
			count++;
		none += count == 0;
		one += count == 1;
		many += count >= 8;
	}
	CHECK(none >= 5 && one >= 20 && many >= 20);
}

/* A line of `text` that crashes a server, and no until_s brings it back. */
static bool
dies(const char *text)
{
	const char *kind = "kind: server_crash, target: ";

	for (const char *at = text; (at = strstr(at, kind)) != NULL; at++) {
		const char *name = at + strlen(kind);
		size_t size = strcspn(name, " \n");

		if (strncmp(name + size, " }\n", 3) == 0)
			return true;
	}
	return false;
}

/* Somebody dies, and there are clients who have something to say. */
static void
test_mourning(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SEEDS; i++)
		count += dies(texts[i]) &&
			 strstr(texts[i], "direction: upload") != NULL &&
			 strstr(texts[i], "silent_after_s: ") != NULL;
	CHECK(count >= SEEDS / 25);
}

int
main(void)
{
	texts_make();
	test_same();
	test_worlds();
	test_keys();
	test_kinds();
	test_scripts();
	test_mourning();
	for (unsigned i = 0; i < SEEDS; i++)
		free(texts[i]);
	return check_done();
}
