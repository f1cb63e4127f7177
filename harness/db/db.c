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
 * instead, which is sound because nothing can be writing them there.
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
#include "harness/db/upgrade.h"
#include "sql.h"

#define DB_BUSY_MS 10000

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
db_functions(sqlite3 *db, const struct db_function *functions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (sqlite3_create_function_v2(
			    db, functions[i].name, functions[i].arguments,
			    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
			    functions[i].function, NULL, NULL,
			    NULL) != SQLITE_OK)
			return db_complain(db, "adding functions");
	return 0;
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

static int database_check(sqlite3 *, const char *path, int64_t *version);

/* Tables, views, version and application id, or nothing; of an older version
 * those that it lacks. Another process may have been faster since we looked. */
static int
database_make(sqlite3 *db, const char *path)
{
	int64_t version = DB_VERSION;
	char *identity = sqlite3_mprintf("PRAGMA application_id = %d;"
					 "PRAGMA user_version = %d;",
					 DB_APPLICATION_ID, DB_VERSION);
	int code;

	if (identity == NULL)
		return db_complain(db, "making the tables");
	code = db_exec(db, "BEGIN IMMEDIATE");
	if (code == 0)
		code = database_check(db, path, &version);
	if (code == 0 && version > 0)
		code = upgrade_tables(db, version);
	else if (code == 0 && (db_exec(db, identity) != 0 ||
			       db_exec(db, sql_schema_tables) != 0 ||
			       db_exec(db, sql_schema_views) != 0))
		code = EXIT_RUNTIME;
	if (code == 0)
		code = db_exec(db, "COMMIT");
	sqlite3_free(identity);
	return code;
}

/* Is it ours, of a version that we know? *version 0: no table at all, it may
 * become ours. Within a transaction, lest another process makes it ours in
 * between. */
static int
database_check(sqlite3 *db, const char *path, int64_t *version)
{
	int64_t application, tables;

	if (db_number(db, "PRAGMA application_id", 0, &application) != 0 ||
	    db_number(db, "PRAGMA user_version", 0, version) != 0 ||
	    db_number(db, "SELECT count(*) FROM sqlite_schema", 0, &tables) !=
		    0)
		return EXIT_RUNTIME;
	if (application == 0 && *version == 0 && tables == 0)
		return 0;
	if (application != DB_APPLICATION_ID) {
		fprintf(stderr,
			"homeward: %s: a database, but not one of Homeward's\n",
			path);
		return EXIT_RUNTIME;
	}
	if (*version < UPGRADE_OLDEST || *version > DB_VERSION) {
		fprintf(stderr,
			"homeward: %s: tables of version %lld; this program "
			"knows version %d to %d\n",
			path, (long long)*version, UPGRADE_OLDEST, DB_VERSION);
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
		fprintf(stderr, "homeward: %s: %s%s\n", path, reason,
			access(path, F_OK) != 0 && errno == ENOENT
				? " (homeward run makes it)"
				: "");
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
database_look(sqlite3 *db, const char *path, int64_t *version)
{
	int code = db_exec(db, "BEGIN");

	if (code == 0)
		code = database_check(db, path, version);
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
	int64_t version;

	if (database_look(db, path, &version) != 0 || journal_choose(db) != 0)
		return EXIT_RUNTIME;
	/* FULL: a finished point survives a power cut, not only a kill. */
	if (db_exec(db, "PRAGMA synchronous = FULL;"
			"PRAGMA foreign_keys = ON") != 0)
		return EXIT_RUNTIME;
	return version < DB_VERSION ? database_make(db, path) : 0;
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
	int64_t version = 0;
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
	} else if (database_look(*db, path, &version) == 0) {
		if (version > 0 && upgrade_reading(*db, version) == 0)
			return 0;
		if (version == 0)
			fprintf(stderr, "homeward: %s: holds no run yet\n",
				path);
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
