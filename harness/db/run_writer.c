/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_writer.c - prepared INSERTs
 *
 * Unsigned 64-bit values above 2^63 - 1 do not fit into SQLite's integers;
 * no count reaches that, and should one, it saturates. The state hash uses
 * all its bits and is text.
 */
#include "harness/db/run_writer.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <yaml.h>

#include "harness/base/exit.h"
#include "harness/base/json.h"
#include "harness/base/release.h"
#include "harness/db/db.h"
#include "harness/scenario/key.h"
#include "sql.h"

static const char *const inserts[RUN_WRITER_TABLES] = {
	[RUN_WRITER_MEASUREMENT] = sql_rows_measurement,
	[RUN_WRITER_SESSION] = sql_rows_session,
	[RUN_WRITER_FAULT] = sql_rows_fault,
	[RUN_WRITER_COUNTER] = sql_rows_counter,
	[RUN_WRITER_SAMPLE] = sql_rows_sample,
	[RUN_WRITER_PROBE] = sql_rows_cut,
};

/* {"homeward": "...", "sqlite": "..."}; to be freed, NULL: said. */
static char *
versions_json(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct json json = json_begin(file, JSON_COMPACT);

	if (file == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		return NULL;
	}
	json_object(&json, NULL);
	json_text(&json, "homeward", release_version());
	json_text(&json, "sqlite", sqlite3_libversion());
	json_text(&json, "libyaml", yaml_get_version_string());
	json_text(&json, "libpcap", pcap_lib_version());
	json_text(&json, "compiler", __VERSION__);
	json_end(&json);
	json_finish(&json);
	fclose(file);
	return text;
}

int
run_writer_open(struct run_writer *rows, sqlite3 *db)
{
	*rows = (struct run_writer){ .db = db };
	for (int i = 0; i < RUN_WRITER_TABLES; i++) {
		rows->insert[i] = db_prepare(db, inserts[i]);
		if (rows->insert[i] == NULL)
			return EXIT_RUNTIME;
	}
	rows->setting = db_prepare(db, sql_rows_setting);
	if (rows->setting == NULL)
		return EXIT_RUNTIME;
	rows->versions = versions_json();
	return rows->versions != NULL ? 0 : EXIT_RUNTIME;
}

void
run_writer_close(struct run_writer *rows)
{
	for (int i = 0; i < RUN_WRITER_TABLES; i++)
		sqlite3_finalize(rows->insert[i]);
	sqlite3_finalize(rows->setting);
	free(rows->versions);
}

int
run_writer_begin(struct run_writer *rows)
{
	rows->failed = false;
	return db_exec(rows->db, "BEGIN IMMEDIATE");
}

static int64_t
saturated(uint64_t value)
{
	return value <= INT64_MAX ? (int64_t)value : INT64_MAX;
}

/* NULL stays NULL. */
static void
bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* WATCH_NONE becomes NULL. */
static void
bind_index(sqlite3_stmt *statement, int index, uint32_t value)
{
	if (value == WATCH_NONE)
		sqlite3_bind_null(statement, index);
	else
		sqlite3_bind_int64(statement, index, value);
}

static void
bind_results(sqlite3_stmt *statement, const struct run_writer_run *run)
{
	char hash[24];

	if (!run->ok)
		return;
	snprintf(hash, sizeof(hash), "%016" PRIx64, run->state_hash);
	sqlite3_bind_double(statement, 9, run->wall_s);
	sqlite3_bind_double(statement, 10, run->cpu_s);
	sqlite3_bind_int64(statement, 11, run->peak_rss_bytes);
	sqlite3_bind_int64(statement, 12, saturated(run->events));
	sqlite3_bind_text(statement, 13, hash, -1, SQLITE_TRANSIENT);
}

static void
setting_insert(struct run_writer *rows, const char *path, const char *value)
{
	sqlite3_bind_int64(rows->setting, 1, rows->run_id);
	bind_text(rows->setting, 2, path);
	bind_text(rows->setting, 3, value);
	if (db_step(rows->setting) != 0)
		rows->failed = true;
	sqlite3_reset(rows->setting);
}

/* An older spelling has a row too, where it has a word for the value: queries,
 * and the views of older databases, know its name. */
static void
aliases_insert(struct run_writer *rows, const char *path, const char *value)
{
	for (const struct key_alias *alias = key_aliases(); alias->path != NULL;
	     alias++) {
		const char *before = key_alias_before(alias, value);

		if (before != NULL && strcmp(alias->now, path) == 0)
			setting_insert(rows, alias->path, before);
	}
}

/* Keys whose value is one text: no list of sizes, no [low, high]. */
static void
settings_insert(struct run_writer *rows, const struct settings *settings)
{
	const struct key_table *table = key_settings();

	for (size_t i = 0; !rows->failed && i < table->count; i++) {
		const struct key *key = &table->keys[i];
		char text[KEY_TEXT];

		if (key->type == KEY_SIZES)
			continue;
		key_format(key, settings, text);
		if (text[0] == '[')
			continue;
		setting_insert(rows, key->path, text);
		aliases_insert(rows, key->path, text);
	}
}

void
run_writer_run(struct run_writer *rows, const struct run_writer_run *run)
{
	sqlite3_stmt *statement = db_prepare(rows->db, sql_rows_run);
	struct utsname host;
	char kernel[2 * sizeof(host.sysname) + 2];

	rows->run_id = run->id;
	memset(rows->next, 0, sizeof(rows->next));
	if (statement == NULL) {
		rows->failed = true;
		return;
	}
	memset(&host, 0, sizeof(host));
	(void)uname(&host);
	snprintf(kernel, sizeof(kernel), "%s %s", host.sysname, host.release);
	sqlite3_bind_int64(statement, 1, run->id);
	bind_text(statement, 2, run->scenario);
	bind_text(statement, 3, run->world);
	sqlite3_bind_int64(statement, 4, saturated(run->seed));
	sqlite3_bind_int64(statement, 5, run->servers);
	bind_text(statement, 6, run->point);
	bind_text(statement, 7, run->started_at);
	bind_text(statement, 8, run->ok ? "ok" : "failed");
	bind_results(statement, run);
	bind_text(statement, 14, release_commit());
	bind_text(statement, 15, run->host != NULL ? run->host : host.nodename);
	bind_text(statement, 16, run->kernel != NULL ? run->kernel : kernel);
	bind_text(statement, 17, rows->versions);
	bind_text(statement, 18, run->resolved);
	bind_text(statement, 19, run->reason);
	bind_text(statement, 20, run->warnings);
	if (db_step(statement) != 0)
		rows->failed = true;
	sqlite3_finalize(statement);
	if (run->settings != NULL)
		settings_insert(rows, run->settings);
}

/* The statement to bind from ?3 on, or NULL after an error. */
static sqlite3_stmt *
row_start(struct run_writer *rows, enum run_writer_table table)
{
	sqlite3_stmt *statement = rows->insert[table];

	if (rows->failed)
		return NULL;
	sqlite3_bind_int64(statement, 1,
			   (rows->run_id << 32) + rows->next[table]++);
	sqlite3_bind_int64(statement, 2, rows->run_id);
	return statement;
}

static void
row_end(struct run_writer *rows, sqlite3_stmt *statement)
{
	if (db_step(statement) != 0)
		rows->failed = true;
	sqlite3_reset(statement);
}

static void
bind_switch(sqlite3_stmt *statement, int index, enum watch_switch value)
{
	if (value == WATCH_SWITCH_NONE)
		sqlite3_bind_null(statement, index);
	else
		sqlite3_bind_int64(statement, index, value == WATCH_SWITCH_YES);
}

static void
measurement_insert(void *context, const struct watch_measurement *measurement)
{
	struct run_writer *rows = context;
	sqlite3_stmt *statement = row_start(rows, RUN_WRITER_MEASUREMENT);

	if (statement == NULL)
		return;
	bind_text(statement, 3, metric_name(measurement->metric));
	sqlite3_bind_int64(statement, 4, measurement->at.ns);
	sqlite3_bind_int64(statement, 5, measurement->value_ns);
	bind_index(statement, 6, measurement->node);
	bind_index(statement, 7, measurement->flow);
	bind_index(statement, 8, measurement->hops);
	sqlite3_bind_int64(statement, 9, measurement->local);
	sqlite3_bind_int64(statement, 10, measurement->ok);
	bind_text(statement, 11, watch_asked_name(measurement->asked));
	bind_switch(statement, 12, measurement->conclusive);
	bind_text(statement, 13, watch_found_name(measurement->found));
	bind_switch(statement, 14, measurement->owned);
	if (measurement->owned == WATCH_SWITCH_YES)
		sqlite3_bind_int64(statement, 15, measurement->age_ns);
	else
		sqlite3_bind_null(statement, 15);
	row_end(rows, statement);
}

/* A time that never came becomes NULL. */
static void
bind_instant(sqlite3_stmt *statement, int index, struct instant at)
{
	if (at.ns == INT64_MAX || at.ns < 0)
		sqlite3_bind_null(statement, index);
	else
		sqlite3_bind_int64(statement, index, at.ns);
}

static void
session_insert(void *context, const struct watch_session *session)
{
	struct run_writer *rows = context;
	sqlite3_stmt *statement = row_start(rows, RUN_WRITER_SESSION);

	if (statement == NULL)
		return;
	sqlite3_bind_int64(statement, 3, session->flow);
	bind_index(statement, 4, session->owner);
	bind_instant(statement, 5, session->opened);
	bind_instant(statement, 6, session->closed);
	sqlite3_bind_int64(statement, 7, saturated(session->bytes));
	sqlite3_bind_int64(statement, 8, saturated(session->strays));
	bind_instant(statement, 9, (struct instant){ .ns = session->stall_ns });
	bind_text(statement, 10, outcome_name(session->outcome));
	/* NULL where there is none. */
	bind_text(statement, 11, cause_name(session->cause));
	row_end(rows, statement);
}

static void
fault_insert(void *context, struct instant at, const char *kind,
	     const char *target)
{
	struct run_writer *rows = context;
	sqlite3_stmt *statement = row_start(rows, RUN_WRITER_FAULT);

	if (statement == NULL)
		return;
	sqlite3_bind_int64(statement, 3, at.ns);
	bind_text(statement, 4, kind);
	bind_text(statement, 5, target);
	row_end(rows, statement);
}

static void
counter_insert(void *context, const char *node, const char *name,
	       uint64_t value)
{
	struct run_writer *rows = context;
	sqlite3_stmt *statement = row_start(rows, RUN_WRITER_COUNTER);

	if (statement == NULL)
		return;
	bind_text(statement, 3, node);
	bind_text(statement, 4, name);
	sqlite3_bind_int64(statement, 5, saturated(value));
	row_end(rows, statement);
}

static void
sample_insert(void *context, uint32_t flow, struct instant at, uint64_t bytes)
{
	struct run_writer *rows = context;
	sqlite3_stmt *statement = row_start(rows, RUN_WRITER_SAMPLE);

	if (statement == NULL)
		return;
	sqlite3_bind_int64(statement, 3, flow);
	sqlite3_bind_int64(statement, 4, at.ns);
	sqlite3_bind_int64(statement, 5, saturated(bytes));
	row_end(rows, statement);
}

static void
probe_insert(void *context, const struct watch_probe *probe)
{
	struct run_writer *rows = context;
	sqlite3_stmt *statement = row_start(rows, RUN_WRITER_PROBE);

	if (statement == NULL)
		return;
	sqlite3_bind_int64(statement, 3, probe->flow);
	sqlite3_bind_int64(statement, 4, probe->at.ns);
	sqlite3_bind_int64(statement, 5, probe->lower);
	sqlite3_bind_int64(statement, 6, probe->back);
	bind_index(statement, 7, probe->resent);
	bind_index(statement, 8, probe->repeated);
	row_end(rows, statement);
}

struct watch
run_writer_watch(struct run_writer *rows)
{
	return (struct watch){
		.context = rows,
		.measurement = measurement_insert,
		.session = session_insert,
		.fault = fault_insert,
		.counter = counter_insert,
		.sample = sample_insert,
		.probe = probe_insert,
	};
}

void
run_writer_rollback(struct run_writer *rows)
{
	/* After some errors SQLite has rolled back by itself. */
	if (!sqlite3_get_autocommit(rows->db))
		(void)sqlite3_exec(rows->db, "ROLLBACK", NULL, NULL, NULL);
}

int
run_writer_commit(struct run_writer *rows)
{
	if (!rows->failed && db_exec(rows->db, "COMMIT") == 0)
		return 0;
	run_writer_rollback(rows);
	return EXIT_RUNTIME;
}

void
run_writer_now(char *text)
{
	struct timespec now;
	struct tm broken;
	char date[24];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &broken);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &broken);
	snprintf(text, 32, "%.19s.%03uZ", date,
		 (unsigned)(now.tv_nsec / 1000000) % 1000);
}
