/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expectation_test.c - limits beside rows that are known, in a database that
 * holds one run of them
 */
#include "harness/run/expectation.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/db/db.h"
#include "harness/db/run_writer.h"

/* Lookups of the run. */
static const struct watch_measurement lookups[] = {
	{ .ok = true,
	  .found = WATCH_FOUND_RIGHT,
	  .owned = WATCH_SWITCH_YES,
	  .age_ns = 5 },
	{ .ok = true, .found = WATCH_FOUND_RIGHT, .owned = WATCH_SWITCH_NO },
	{ .ok = false, .owned = WATCH_SWITCH_YES, .age_ns = 7 },
	{ .ok = false, .owned = WATCH_SWITCH_YES, .age_ns = 8 },
	{ .ok = false, .owned = WATCH_SWITCH_NO },
	{ .ok = false,
	  .found = WATCH_FOUND_WRONG,
	  .owned = WATCH_SWITCH_YES,
	  .age_ns = 9 },
	{ .ok = false, .found = WATCH_FOUND_REMOVED, .owned = WATCH_SWITCH_NO },
	{ .ok = true },
};
#define LOOKUPS (sizeof(lookups) / sizeof(lookups[0]))

static const struct {
	const char *quantity;
	bool least;
	uint64_t bound;
	int failures;
} rows[] = {
	{ "lookups", true, 3, 0 },	   { "lookups", true, 4, 1 },
	{ "lookup_failed", false, 5, 0 },  { "lookup_failed", false, 4, 1 },
	{ "lookup_wrong", false, 1, 0 },   { "lookup_wrong", false, 0, 1 },
	{ "lookup_wrong", true, 1, 0 },	   { "lookup_wrong", true, 2, 1 },
	{ "lookup_removed", false, 1, 0 }, { "lookup_removed", false, 0, 1 },
	{ "lookup_missed", false, 2, 0 },  { "lookup_missed", false, 1, 1 },
	{ "detection_mean", false, 1, 1 }, /* nothing was measured */
};

static void
run_write(sqlite3 *db)
{
	struct run_writer writer;
	const struct run_writer_run run = {
		.id = 1,
		.scenario = "some",
		.world = "sim",
		.point = "{}",
		.started_at = "2026-01-01",
		.ok = true,
		.resolved = "",
	};

	CHECK(run_writer_open(&writer, db) == 0);
	CHECK(run_writer_begin(&writer) == 0);
	run_writer_run(&writer, &run);
	struct watch watch = run_writer_watch(&writer);
	for (size_t i = 0; i < LOOKUPS; i++) {
		struct watch_measurement row = lookups[i];

		row.metric = METRIC_LOOKUP;
		row.node = (uint32_t)i;
		row.flow = row.hops = WATCH_NONE;
		watch.measurement(watch.context, &row);
	}
	CHECK(run_writer_commit(&writer) == 0);
	run_writer_close(&writer);
}

static const struct expect_quantity *
quantity_find(const char *name)
{
	const struct expect_quantity *quantity = expect_quantities();

	while (quantity->name != NULL && strcmp(quantity->name, name) != 0)
		quantity++;
	CHECK_ROW(quantity->name != NULL, name);
	return quantity;
}

int
main(void)
{
	char folder[] = "/tmp/homeward-XXXXXX", path[64];
	static struct settings settings;
	sqlite3 *db = NULL;

	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/test.db", folder);
	CHECK(db_open(&db, path, DB_WRITE) == 0);
	settings_default(&settings);
	run_write(db);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct expect expect;

		memset(&expect, 0, sizeof(expect));
		expect.block_count = expect.limit_count = 1;
		expect.limits[0] = (struct expect_limit){
			.quantity = quantity_find(rows[i].quantity),
			.least = rows[i].least,
			.bound = rows[i].bound,
		};
		CHECK_ROW(expectation_check(&expect, db, 1, &settings, "",
					    NULL) == rows[i].failures,
			  rows[i].quantity);
	}
	db_close(db);
	(void)unlink(path);
	(void)rmdir(folder);
	return check_done();
}
