/* SPDX-License-Identifier: GPL-3.0-or-later */
/* broken_test.c - bounds beside R's, sentences, and who counts as what */
#include "harness/db/broken.h"

#include <math.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/db/db.h"

/* binom.test(k, n)$conf.int[2]; of none it is 1 - 0.025^(1/n). */
static const struct {
	const char *sentence;
	int64_t k, n;
	double most;
} bounds[] = {
	{ "none of fifteen", 0, 15, 0.2180194 },
	{ "none of a thousand: 3.7 / n", 0, 1000, 0.003682084 },
	{ "none of a million", 0, 1000000, 3.688873e-6 },
	{ "five of a hundred", 5, 100, 0.1128349 },
	{ "one of two", 1, 2, 0.9874209 },
	{ "all of them", 7, 7, 1 },
};

#define MS 1e6

static const struct {
	const char *sentence, *said;
	struct broken broken;
} lines[] = {
	{ "nobody strayed: nothing is said", "", { .sessions = 10 } },
	{ "no session at all", "", { .sessions = 0 } },
	{ "a bound in per cent is rounded up",
	  "0 broken of 15 sessions that strayed (at most 21.9 %, 95 %), "
	  "stall p99 12.3 ms, longest gap 1.50 s",
	  { 20, 15, 0, 0, 12.3 * MS, 1500 * MS } },
	{ "a small one per million; excused ones apart",
	  "0 broken of 10000 sessions that strayed (at most 369 per million, "
	  "95 %), 2 of all excused, stall p99 1.00 ms, longest gap 1.00 "
	  "ms",
	  { 10000, 10000, 0, 2, MS, MS } },
	{ "no stall: none is said; few strayed",
	  "1 broken of 2 sessions that strayed (at most 98.8 %, 95 %); says "
	  "little: 2 % of the sessions strayed, fewer than 30 %",
	  { 100, 2, 1, 0, NAN, NAN } },
	{ "more are excused than strayed: whose owner died",
	  "0 broken of 3 sessions that strayed (at most 70.8 %, 95 %), 8 of "
	  "all excused; says little: 6 % of the sessions strayed, fewer than "
	  "30 %",
	  { 50, 3, 0, 8, NAN, NAN } },
	{ "a thousand per million are a tenth of a per cent",
	  "0 broken of 3690 sessions that strayed (at most 0.1 %, 95 %)",
	  { 3690, 3690, 0, 0, NAN, NAN } },
	{ "fewer than thirty are not said to be thirty",
	  "0 broken of 299 sessions that strayed (at most 1.23 %, 95 %); says "
	  "little: 29 % of the sessions strayed, fewer than 30 %",
	  { 1000, 299, 0, 0, NAN, NAN } },
	{ "thirty of a hundred are not few",
	  "0 broken of 30 sessions that strayed (at most 11.6 %, 95 %)",
	  { 100, 30, 0, 0, NAN, NAN } },
};

/* A session each: what it was, and what becomes of it. */
static const struct {
	const char *sentence, *values; /* outcome, cause, strays */
	int excused, broken, strayed;
} sessions[] = {
	{ "closed", "'closed', NULL, 0", 0, 0, 0 },
	{ "kept", "'kept', NULL, 9", 0, 0, 1 },
	{ "its owner died, and it had strayed", "'reset', 'owner_dead', 3", 1,
	  0, 1 },
	{ "its owner died before", "'timeout', 'owner_dead', 0", 1, 0, 0 },
	{ "broken", "'reset', 'record_gone', 3", 0, 1, 1 },
	{ "lost in its handshake: it has no owner to stray from",
	  "'reset', 'handshake', 0", 0, 1, 1 },
	{ "a lab does not know why", "'reset', NULL, 1", 0, 1, 1 },
	{ "wrong bytes have no excuse", "'corrupt', NULL, 1", 0, 1, 1 },
	{ "not over when the run was", "'timeout', 'unfinished', 2", 1, 0, 1 },
	{ "a capture's, that nobody owns", "'unowned', NULL, 2", 0, 0, 1 },
};

static int64_t
number(sqlite3 *db, const char *sql)
{
	int64_t value = -1;

	CHECK(db_number(db, sql, 0, &value) == 0);
	return value;
}

static void
sessions_check(sqlite3 *db)
{
	char sql[256];

	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
		snprintf(sql, sizeof(sql),
			 "DELETE FROM session; INSERT INTO session VALUES (1, "
			 "0, %s, 5)",
			 sessions[i].values);
		CHECK(db_exec(db, sql) == 0);
		CHECK_ROW(number(db, "SELECT excused FROM temp.judged") ==
				  sessions[i].excused,
			  sessions[i].sentence);
		CHECK_ROW(number(db, "SELECT broken FROM temp.judged") ==
				  sessions[i].broken,
			  sessions[i].sentence);
		CHECK_ROW(number(db, "SELECT strayed FROM temp.judged") ==
				  sessions[i].strayed,
			  sessions[i].sentence);
	}
}

int
main(void)
{
	char text[BROKEN_TEXT];
	sqlite3 *db;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		CHECK_ROW(fabs(broken_most(bounds[i].k, bounds[i].n) /
				       bounds[i].most -
			       1) < 1e-6,
			  bounds[i].sentence);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CHECK_ROW(strcmp(broken_sentence(text, &lines[i].broken),
				 lines[i].said) == 0,
			  lines[i].sentence);
	CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	CHECK(db_exec(db, "CREATE TABLE session(run_id, flow, outcome, cause, "
			  "strays, stall_ns)") == 0);
	CHECK(broken_register(db) == 0);
	sessions_check(db);
	CHECK(number(db, "SELECT proportion_most(0, 0) IS NULL") == 1);
	CHECK(number(db, "SELECT broken_text(1, 0, 0, 0, NULL, NULL) IS "
			 "NULL") == 1);
	CHECK(number(db, "SELECT broken_text(1, 1, 0, 0, 1e6, 2e6) LIKE "
			 "'0 broken of 1 %longest gap 2.00 ms'") == 1);
	sqlite3_close(db);
	return check_done();
}
