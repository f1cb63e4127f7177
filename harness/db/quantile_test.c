/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quantile_test.c - the aggregates against numbers one can do in one's head */
#include "harness/db/quantile.h"

#include <math.h>
#include <string.h>

#include "core/test/check.h"

static void
row_check(sqlite3 *db, const char *sentence, const char *expression,
	  const char *values, double expected)
{
	char sql[512];
	sqlite3_stmt *statement;

	snprintf(sql, sizeof(sql), "SELECT %s FROM (%s)", expression, values);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		CHECK_ROW(statement != NULL, sentence);
		return;
	}
	CHECK_ROW(sqlite3_step(statement) == SQLITE_ROW, sentence);
	if (isnan(expected))
		CHECK_ROW(sqlite3_column_type(statement, 0) == SQLITE_NULL,
			  sentence);
	else
		CHECK_ROW(fabs(sqlite3_column_double(statement, 0) - expected) <
				  1e-12,
			  sentence);
	sqlite3_finalize(statement);
}

int
main(void)
{
	static const char four[] = "SELECT column1 AS x FROM "
				   "(VALUES (30), (10), (20), (40))";
	static const char one[] = "SELECT 7 AS x";
	static const char holes[] = "SELECT column1 AS x FROM "
				    "(VALUES (NULL), (1), (NULL), (3))";
	static const char none[] = "SELECT 1 AS x WHERE 0";
	sqlite3 *db;
	sqlite3_stmt *statement;

	CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	CHECK(quantile_register(db) == 0);
	row_check(db, "the median of an even count is between the middle two",
		  "quantile(x, 0.5)", four, 25);
	row_check(db, "p = 0 is the least", "quantile(x, 0)", four, 10);
	row_check(db, "p = 1 is the largest", "quantile(x, 1)", four, 40);
	row_check(db, "type 7 interpolates at p (n - 1)", "quantile(x, 0.9)",
		  four, 37);
	row_check(db, "one value is every quantile", "quantile(x, 0.99)", one,
		  7);
	row_check(db, "NULL does not count", "quantile(x, 0.5)", holes, 2);
	row_check(db, "of nothing: NULL", "quantile(x, 0.5)", none, NAN);
	row_check(db, "the deviation is unbiased", "deviation(x)", four,
		  sqrt(500.0 / 3));
	row_check(db, "one value has no deviation", "deviation(x)", one, NAN);
	row_check(db, "nothing has no deviation", "deviation(x)", none, NAN);
	row_check(db, "ten thousand values in descending order",
		  "quantile(x, 0.99)",
		  "WITH RECURSIVE c(x) AS (SELECT 10000 UNION ALL "
		  "SELECT x - 1 FROM c WHERE x > 0) SELECT x FROM c",
		  9900);
	CHECK(sqlite3_prepare_v2(db, "SELECT quantile(1, 2)", -1, &statement,
				 NULL) == SQLITE_OK);
	CHECK(sqlite3_step(statement) == SQLITE_ERROR);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return check_done();
}
