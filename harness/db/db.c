/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db.c - opening, making and reading the database
 *
 * A new file gets its application id, version, tables and views in one
 * transaction, so a kill in between leaves an empty file, which the next
 * opening takes for a new one.
 *
 * A database in WAL mode wants a writable directory even from its readers
 * (the -shm file). Results on a read-only medium are opened with immutable=1
 * instead, which is sound exactly because nobody can be writing them there.
 *
 * Reference: SQLite documentation, "Database File Format" 1.3.13-16 (user
 * version, application id), "Write-Ahead Logging" 6 (read-only databases).
 */
#include "harness/db/db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/exit.h"

#define DB_BUSY_MS 10000

static const char schema[] =
	"CREATE TABLE run(\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  scenario TEXT NOT NULL,\n"
	"  world TEXT NOT NULL,\n"
	"  seed INTEGER NOT NULL,\n"
	"  servers INTEGER NOT NULL,\n"
	"  point TEXT NOT NULL CHECK (json_valid(point)),\n"
	"  started_at TEXT NOT NULL,\n"
	"  status TEXT NOT NULL CHECK (status IN ('ok', 'failed')),\n"
	"  wall_s REAL,\n"
	"  cpu_s REAL,\n"
	"  peak_rss_bytes INTEGER,\n"
	"  events INTEGER,\n"
	"  state_hash TEXT,\n"
	"  commit_id TEXT,\n"
	"  host TEXT,\n"
	"  kernel TEXT,\n"
	"  versions TEXT CHECK (json_valid(versions)),\n"
	"  resolved TEXT NOT NULL\n"
	") STRICT;\n"
	"CREATE TABLE measurement(\n"
	"  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,\n"
	"  metric TEXT NOT NULL,\n"
	"  at_ns INTEGER NOT NULL,\n"
	"  value_ns INTEGER NOT NULL,\n"
	"  node INTEGER,\n"
	"  flow INTEGER,\n"
	"  hops INTEGER,\n"
	"  local INTEGER NOT NULL CHECK (local IN (0, 1)),\n"
	"  ok INTEGER NOT NULL CHECK (ok IN (0, 1))\n"
	") STRICT;\n"
	"CREATE TABLE session(\n"
	"  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,\n"
	"  flow INTEGER NOT NULL,\n"
	"  owner INTEGER,\n"
	"  opened_ns INTEGER,\n"
	"  closed_ns INTEGER,\n"
	"  bytes INTEGER NOT NULL,\n"
	"  strays INTEGER NOT NULL,\n"
	"  stall_ns INTEGER,\n"
	"  outcome TEXT NOT NULL CHECK (outcome IN\n"
	"    ('kept', 'reset', 'timeout', 'closed', 'corrupt'))\n"
	") STRICT;\n"
	"CREATE TABLE fault(\n"
	"  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,\n"
	"  at_ns INTEGER NOT NULL,\n"
	"  kind TEXT NOT NULL,\n"
	"  target TEXT NOT NULL\n"
	") STRICT;\n"
	"CREATE TABLE counter(\n"
	"  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,\n"
	"  node TEXT NOT NULL,\n"
	"  name TEXT NOT NULL,\n"
	"  value INTEGER NOT NULL\n"
	") STRICT;\n"
	"CREATE TABLE sample(\n"
	"  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,\n"
	"  flow INTEGER NOT NULL,\n"
	"  at_ns INTEGER NOT NULL,\n"
	"  bytes INTEGER NOT NULL\n"
	") STRICT;\n"
	"CREATE TABLE cut(\n"
	"  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,\n"
	"  flow INTEGER NOT NULL,\n"
	"  at_ns INTEGER NOT NULL,\n"
	"  lower INTEGER NOT NULL CHECK (lower IN (0, 1)),\n"
	"  back INTEGER NOT NULL CHECK (back IN (0, 1)),\n"
	"  resent INTEGER,\n"
	"  repeated INTEGER\n"
	") STRICT;\n"
	"CREATE TABLE setting(\n"
	"  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,\n"
	"  key TEXT NOT NULL,\n"
	"  value TEXT NOT NULL,\n"
	"  PRIMARY KEY (run_id, key)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE INDEX measurement_run ON measurement(run_id, metric);\n"
	"CREATE INDEX session_run ON session(run_id, outcome);\n"
	"CREATE INDEX fault_run ON fault(run_id);\n"
	"CREATE INDEX counter_run ON counter(run_id, name);\n"
	"CREATE INDEX sample_run ON sample(run_id, flow);\n"
	"CREATE INDEX cut_run ON cut(run_id, flow);\n";

/* What a key was in the run, swept or not, written or default; NULL where there
 * is no such key (a replay). */
#define SETTING(key)                                                           \
	"(SELECT value FROM setting WHERE run_id = r.id AND key = '" key "')"
#define SETTINGS                                                                                            \
	"  CAST(" SETTING(                                                                                  \
		"dht.k") " AS INTEGER) AS k,\n"                                                             \
			 "  CAST(" SETTING(                                                                 \
				 "dht.alpha") " AS INTEGER) AS alpha,\n"                                    \
					      "  CAST(" SETTING(                                            \
						      "dht.replicas") " AS "                                \
								      "INTEGE"                              \
								      "R) AS "                              \
								      "replic"                              \
								      "as,\n"                               \
								      " "                                   \
								      " " SETTING(                          \
									      "dht.tables") " AS tables,\n" \
											    "  " SETTING(   \
												    "service.homeward") " AS homeward,\n"

static const char views[] =
	"CREATE VIEW metric AS SELECT\n"
	"  r.id AS run_id, r.scenario, r.world, r.seed, r.servers, "
	"r.point,\n" SETTINGS
	"  m.metric, m.at_ns / 1e9 AS at_s, m.value_ns / 1e6 AS value_ms,\n"
	"  m.at_ns, m.value_ns, m.node, m.flow, m.hops, m.local, m.ok\n"
	"  FROM measurement m JOIN run r ON r.id = m.run_id;\n"
	/* Rounds until the value was there, as the reference counts them. */
	"CREATE VIEW hops AS SELECT\n"
	"  r.id AS run_id, r.scenario, r.seed, r.servers, r.point,\n" SETTINGS
	"  m.hops, count(*) AS lookups\n"
	"  FROM measurement m JOIN run r ON r.id = m.run_id\n"
	"  WHERE m.metric = 'lookup' AND m.ok AND m.hops IS NOT NULL\n"
	"  GROUP BY r.id, m.hops;\n"
	"CREATE VIEW outcome AS SELECT\n"
	"  r.id AS run_id, r.scenario, r.seed, r.servers, r.point,\n" SETTINGS
	"  s.outcome, count(*) AS sessions, sum(s.strays) AS strays,\n"
	"  sum(s.bytes) AS bytes, max(s.stall_ns) AS longest_stall_ns\n"
	"  FROM session s JOIN run r ON r.id = s.run_id\n"
	"  GROUP BY r.id, s.outcome;\n"
	"CREATE VIEW lost AS SELECT\n"
	"  run_id, substr(name, 6) AS reason, sum(value) AS packets\n"
	"  FROM counter WHERE name GLOB 'drop_*' GROUP BY run_id, name;\n"
	/* One row a run and metric; percentiles by rank, no interpolation. */
	"CREATE VIEW operation AS WITH ranked AS (SELECT run_id, metric,\n"
	"    value_ns, hops, local,\n"
	"    row_number() OVER (PARTITION BY run_id, metric\n"
	"                       ORDER BY value_ns) AS place,\n"
	"    count(*) OVER (PARTITION BY run_id, metric) AS n\n"
	"    FROM measurement WHERE ok)\n"
	"  SELECT r.id AS run_id, r.scenario, r.seed, r.servers, "
	"r.point,\n" SETTINGS
	"  o.metric, count(*) AS n, avg(o.value_ns) AS mean_ns,\n"
	"  min(o.value_ns) AS min_ns,\n"
	"  min(CASE WHEN o.place * 2 >= o.n THEN o.value_ns END)\n"
	"    AS median_ns,\n"
	"  min(CASE WHEN o.place * 100 >= o.n * 99 THEN o.value_ns END)\n"
	"    AS p99_ns,\n"
	"  max(o.value_ns) AS max_ns, avg(o.hops) AS mean_hops,\n"
	"  sum(o.local) AS local,\n"
	"  (SELECT count(*) FROM measurement f WHERE f.run_id = r.id\n"
	"    AND f.metric = o.metric AND NOT f.ok) AS failed\n"
	"  FROM ranked o JOIN run r ON r.id = o.run_id\n"
	"  GROUP BY r.id, o.metric;\n";

int
db_complain(sqlite3 *db, const char *while_doing)
{
	const char *path = sqlite3_db_filename(db, "main");
	int code = sqlite3_extended_errcode(db);

	if ((code & 0xff) == SQLITE_FULL)
		fprintf(stderr,
			"homeward: %s: %s: the disk is full; what was "
			"finished before is kept\n",
			path != NULL ? path : "database", while_doing);
	else if ((code & 0xff) == SQLITE_IOERR && sqlite3_system_errno(db) != 0)
		fprintf(stderr, "homeward: %s: %s: %s (%s)\n",
			path != NULL ? path : "database", while_doing,
			sqlite3_errmsg(db), strerror(sqlite3_system_errno(db)));
	else
		fprintf(stderr, "homeward: %s: %s: %s\n",
			path != NULL ? path : "database", while_doing,
			sqlite3_errmsg(db));
	return EXIT_RUNTIME;
}

int
db_exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_complain(db, "writing");
	return 0;
}

sqlite3_stmt *
db_prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		db_complain(db, "reading");
		return NULL;
	}
	return statement;
}

int
db_step(sqlite3_stmt *statement)
{
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		db_complain(sqlite3_db_handle(statement),
			    sqlite3_stmt_readonly(statement) ? "reading"
							     : "writing");
		return -1;
	}
}

int
db_number(sqlite3 *db, const char *sql, int64_t none, int64_t *value)
{
	sqlite3_stmt *statement = db_prepare(db, sql);
	int row;

	*value = none;
	if (statement == NULL)
		return EXIT_RUNTIME;
	row = db_step(statement);
	if (row == 1 && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

int
db_print(sqlite3_stmt *statement, FILE *file)
{
	int row;

	while ((row = db_step(statement)) == 1) {
		const unsigned char *text = sqlite3_column_text(statement, 0);

		fprintf(file, "%s\n",
			text != NULL ? (const char *)text : "null");
	}
	sqlite3_finalize(statement);
	if (row < 0)
		return EXIT_RUNTIME;
	if (fflush(file) != 0 || ferror(file)) {
		fprintf(stderr, "homeward: output: %s\n", strerror(errno));
		return EXIT_RUNTIME;
	}
	return 0;
}

static int database_check(sqlite3 *, const char *path, bool *empty);

/* Tables, views, version and application id, or nothing. Another process may
 * have been faster since we looked. */
static int
database_make(sqlite3 *db, const char *path)
{
	bool empty = false;
	char *identity = sqlite3_mprintf("PRAGMA application_id = %d;"
					 "PRAGMA user_version = %d;",
					 DB_APPLICATION_ID, DB_VERSION);
	int code;

	if (identity == NULL)
		return db_complain(db, "making the tables");
	code = db_exec(db, "BEGIN IMMEDIATE");
	if (code == 0)
		code = database_check(db, path, &empty);
	if (code == 0 && empty &&
	    (db_exec(db, identity) != 0 || db_exec(db, schema) != 0 ||
	     db_exec(db, views) != 0))
		code = EXIT_RUNTIME;
	if (code == 0)
		code = db_exec(db, "COMMIT");
	sqlite3_free(identity);
	return code;
}

/* Is it ours, of our version? *empty: no table at all, it may become ours.
 * Within a transaction, lest another process makes it ours in between. */
static int
database_check(sqlite3 *db, const char *path, bool *empty)
{
	int64_t application, version, tables;

	*empty = false;
	if (db_number(db, "PRAGMA application_id", 0, &application) != 0 ||
	    db_number(db, "PRAGMA user_version", 0, &version) != 0 ||
	    db_number(db, "SELECT count(*) FROM sqlite_schema", 0, &tables) !=
		    0)
		return EXIT_RUNTIME;
	if (application == 0 && version == 0 && tables == 0) {
		*empty = true;
		return 0;
	}
	if (application != DB_APPLICATION_ID) {
		fprintf(stderr,
			"homeward: %s: a database, but not one of Homeward's\n",
			path);
		return EXIT_RUNTIME;
	}
	if (version != DB_VERSION) {
		fprintf(stderr,
			"homeward: %s: tables of version %lld; this program "
			"knows version %d\n",
			path, (long long)version, DB_VERSION);
		return EXIT_RUNTIME;
	}
	return 0;
}

/* The folder of a database that is to be made: that one folder, and not
 * silently, for the path may be misspelt. */
static void
folder_make(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;

	if (slash == NULL || slash == path)
		return;
	folder = strndup(path, (size_t)(slash - path));
	if (folder == NULL)
		return;
	/* Should this fail, opening says why. */
	if (mkdir(folder, 0777) == 0)
		fprintf(stderr, "homeward: %s: made this folder\n", folder);
	free(folder);
}

/* SQLite says only "unable to open"; the system knows why. */
static int
open_complain(const char *path, enum db_mode mode)
{
	struct stat status;
	const char *reason;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		reason = strerror(EISDIR);
	else if (access(path, mode == DB_WRITE ? R_OK | W_OK : R_OK) != 0)
		reason = strerror(errno);
	else
		reason = "cannot be opened as a database";
	if (mode == DB_WRITE && access(path, F_OK) != 0)
		fprintf(stderr, "homeward: %s: cannot be made: %s\n", path,
			reason);
	else
		fprintf(stderr, "homeward: %s: %s\n", path, reason);
	return EXIT_RUNTIME;
}

/* "file:...?immutable=1" with what URIs reserve escaped; to be freed. */
static char *
immutable_uri(const char *path)
{
	static const char hex[] = "0123456789abcdef";
	char *uri = malloc(5 + 3 * strlen(path) + sizeof("?immutable=1"));
	char *to = uri;

	if (uri == NULL)
		return NULL;
	memcpy(to, "file:", 5);
	to += 5;
	for (const char *c = path; *c != '\0'; c++) {
		if (strchr("%?#", *c) == NULL) {
			*to++ = *c;
			continue;
		}
		*to++ = '%';
		*to++ = hex[(unsigned char)*c >> 4];
		*to++ = hex[(unsigned char)*c & 15];
	}
	memcpy(to, "?immutable=1", sizeof("?immutable=1"));
	return uri;
}

static int
reader_open(sqlite3 **db, const char *path)
{
	int code = sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL);

	sqlite3_busy_timeout(*db, DB_BUSY_MS);
	/* Opening is lazy: only reading finds out. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(*db, "SELECT 1 FROM sqlite_schema", NULL,
				    NULL, NULL);
	if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) {
		char *uri = immutable_uri(path);

		sqlite3_close(*db);
		*db = NULL;
		if (uri == NULL)
			return SQLITE_NOMEM;
		code = sqlite3_open_v2(
			uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
		free(uri);
		if (code == SQLITE_OK)
			code = sqlite3_exec(*db, "SELECT 1 FROM sqlite_schema",
					    NULL, NULL, NULL);
	}
	return code;
}

static int
writer_open(sqlite3 **db, const char *path)
{
	int code;

	folder_make(path);
	code = sqlite3_open_v2(
		path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	sqlite3_busy_timeout(*db, DB_BUSY_MS);
	if (code == SQLITE_OK)
		code = sqlite3_exec(*db, "SELECT 1 FROM sqlite_schema", NULL,
				    NULL, NULL);
	/* SQLite quietly falls back to reading; we would rather know now. */
	if (code == SQLITE_OK && sqlite3_db_readonly(*db, "main") == 1)
		code = SQLITE_CANTOPEN;
	return code;
}

static int
database_look(sqlite3 *db, const char *path, bool *empty)
{
	int code = db_exec(db, "BEGIN");

	if (code == 0)
		code = database_check(db, path, empty);
	if (!sqlite3_get_autocommit(db) && db_exec(db, "COMMIT") != 0)
		code = EXIT_RUNTIME;
	return code;
}

/* Two processes that turn one new file to WAL would wait for each other;
 * SQLite then refuses one at once, without its busy handler. */
static int
journal_choose(sqlite3 *db)
{
	for (int waited_ms = 0;; waited_ms += 20) {
		int code = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL,
					NULL, NULL);

		if (code == SQLITE_OK)
			return 0;
		if ((code & 0xff) != SQLITE_BUSY || waited_ms >= DB_BUSY_MS)
			return db_complain(db, "opening");
		sqlite3_sleep(20);
	}
}

static int
writer_prepare(sqlite3 *db, const char *path)
{
	bool empty;

	if (database_look(db, path, &empty) != 0 || journal_choose(db) != 0)
		return EXIT_RUNTIME;
	/* FULL: a finished point survives a power cut, not only a kill. */
	if (db_exec(db, "PRAGMA synchronous = FULL;"
			"PRAGMA foreign_keys = ON") != 0)
		return EXIT_RUNTIME;
	return empty ? database_make(db, path) : 0;
}

static bool
file_is_there(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

int
db_open(sqlite3 **db, const char *path, enum db_mode mode)
{
	bool empty = false;
	int code;

	*db = NULL;
	if (mode == DB_READ && !file_is_there(path))
		return open_complain(path, mode);
	code = mode == DB_READ ? reader_open(db, path) : writer_open(db, path);
	if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) {
		open_complain(path, mode);
	} else if (code == SQLITE_NOTADB) {
		fprintf(stderr, "homeward: %s: not a database\n", path);
	} else if (code != SQLITE_OK) {
		db_complain(*db, "opening");
	} else if (mode == DB_WRITE) {
		if (writer_prepare(*db, path) == 0)
			return 0;
	} else if (database_look(*db, path, &empty) == 0) {
		if (!empty)
			return 0;
		fprintf(stderr, "homeward: %s: holds no run yet\n", path);
	}
	sqlite3_close(*db);
	*db = NULL;
	return EXIT_RUNTIME;
}

void
db_close(sqlite3 *db)
{
	sqlite3_close(db);
}
