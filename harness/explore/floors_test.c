/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * floors_test.c - each floor reached and missed, alone
 */
#include "harness/explore/floors.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"

static const struct row {
	const char *sentence;
	struct judge_facts facts; /* what a world adds that has it */
	unsigned with, worlds; /* the others have all but this */
	bool missed;
} rows[] = {
	{ "just enough strays", { .strayed = 1 }, 180, 300, false },
	{ "one stray too few", { .strayed = 1 }, 179, 300, true },
	{ "too few worlds to tell", { .strayed = 1 }, 0, 299, false },
	{ "just enough overlapping", { .overlapping = 2 }, 90, 300, false },
	{ "one overlapping too few", { .overlapping = 2 }, 89, 300, true },
	{ "just enough handshakes", { .handshakes = 3 }, 120, 300, false },
	{ "one handshake too few", { .handshakes = 3 }, 119, 300, true },
	{ "just enough large", { .servers = 25 }, 60, 300, false },
	{ "one large too few", { .servers = 25 }, 59, 300, true },
	{ "just enough orphans", { .orphans = 1 }, 9, 300, false },
	{ "one orphan too few", { .orphans = 1 }, 8, 300, true },
};

static const struct judge_facts all = { .servers = 25,
					.strayed = 1,
					.overlapping = 1,
					.handshakes = 1,
					.orphans = 1 };

/* All but what the row is about. */
static struct judge_facts
without(const struct row *row)
{
	struct judge_facts facts = all;

	if (row->facts.strayed > 0)
		facts.strayed = 0;
	if (row->facts.overlapping > 0)
		facts.overlapping = 0;
	if (row->facts.handshakes > 0)
		facts.handshakes = 0;
	if (row->facts.orphans > 0)
		facts.orphans = 0;
	if (row->facts.servers > 0)
		facts.servers = 24;
	return facts;
}

static void
check_row(const struct row *row)
{
	struct floors floors = { 0 }, half[2] = { { 0 } };
	const struct judge_facts others = without(row);
	struct settings settings;

	settings_default(&settings);
	settings.dht.node.k = 8;
	for (unsigned i = 0; i < row->worlds; i++) {
		const struct judge_facts *facts =
			i < row->with ? &all : &others;

		floors_add(&floors, &settings, facts);
		floors_add(&half[i % 2], &settings, facts);
	}
	CHECK_ROW(floors_missed(&floors) == row->missed, row->sentence);
	floors_merge(&half[0], &half[1]);
	CHECK_ROW(memcmp(&half[0], &floors, sizeof(floors)) == 0,
		  row->sentence);
}

/* To a string, by one of the two ways of telling. */
static char *
told(const struct floors *floors, bool as_json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (as_json) {
		struct json json = json_begin(file, JSON_COMPACT);

		json_object(&json, NULL);
		floors_json(floors, &json);
		json_end(&json);
		json_finish(&json);
	} else {
		floors_print(floors, file);
	}
	fclose(file);
	return text;
}

static void
check_told(const struct floors *floors, bool as_json, const char *wanted)
{
	char *text = told(floors, as_json);

	CHECK_ROW(strstr(text, wanted) != NULL, text);
	free(text);
}

static void
test_told(void)
{
	struct judge_facts facts = { .sessions = 12, .strayed = 5 };
	struct floors floors = { 0 };
	struct settings settings;
	char *nothing = told(&floors, false);

	CHECK(nothing[0] == '\0');
	free(nothing);
	check_told(&floors, true, "\"stray\":{\"percent\":null,\"least\":60}");
	settings_default(&settings);
	facts.causes[CAUSE_OWNER_DEAD] = 2;
	floors_add(&floors, &settings, &facts);
	facts.strayed = 0;
	floors_add(&floors, &settings, &facts);
	check_told(&floors, false,
		   " 50.0 % of worlds have a stray (at least 60 %): missed\n");
	check_told(&floors, false, "24 sessions, of which 5 strayed");
	check_told(&floors, false, "bad ends: owner_dead 4\n");
	check_told(&floors, true, "\"stray\":{\"percent\":50.0,\"least\":60}");
	check_told(&floors, true, "\"worlds\":2,\"sessions\":24,\"strayed\":5");
	check_told(&floors, true, "\"owner_dead\":4");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
	test_told();
	return check_done();
}
