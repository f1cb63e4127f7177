/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator_test.c - the text of a seed, and what the first 420 are about
 *
 * Nothing that the simulator can do is left out: each kind of event, each
 * scheme, nearly each key is written by some of them, so that a new one which
 * the generator cannot write shows here.
 */
#include "harness/explore/generator.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/scenario/scenario.h"
#include "sim/model/fault_kind.h"

#define SEEDS 420
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

static void
test_valid(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));

	for (unsigned i = 0; i < SEEDS; i++) {
		char path[32], *said = NULL;
		size_t size = 0;
		FILE *talk = open_memstream(&said, &size);
		int code;

		snprintf(path, sizeof(path), "%u.yaml", i + 1);
		code = scenario_parse(scenario, path, texts[i],
				      strlen(texts[i]), NULL, 0, talk);
		fclose(talk);
		CHECK_ROW(code == 0, said);
		free(said);
	}
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

int
main(void)
{
	texts_make();
	test_same();
	test_valid();
	test_keys();
	test_kinds();
	test_scripts();
	for (unsigned i = 0; i < SEEDS; i++)
		free(texts[i]);
	return check_done();
}
