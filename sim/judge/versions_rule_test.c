/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * versions_rule_test.c - may a holder give a record up? Row by row
 */
#include "sim/judge/versions.h"

#include "core/test/check.h"
#include "sim/test/statement.h"

#define NOBODY ENDPOINT_NONE

static const struct {
	const char *sentence;
	struct statement before, after[RECORDS_PER_KEY];
	uint32_t after_count, remover;
	enum violation kind;
} given_up_rows[] = {
	{ "it stays",
	  { 1, 5, 0, OPEN },
	  { { 1, 5, 0, OPEN } },
	  1,
	  NOBODY,
	  VIOLATIONS },
	{ "for a later one of its owner",
	  { 1, 5, 0, OPEN },
	  { { 1, 6, 0, OPEN } },
	  1,
	  NOBODY,
	  VIOLATIONS },
	{ "for an earlier one of its owner",
	  { 1, 5, 0, OPEN },
	  { { 1, 4, 0, OPEN } },
	  1,
	  NOBODY,
	  VIOLATION_OLDER_VERSION },
	{ "for a higher sequence",
	  { 1, 5, 1, OPEN },
	  { { 1, 5, 2, OPEN } },
	  1,
	  NOBODY,
	  VIOLATIONS },
	{ "for a lower sequence",
	  { 1, 5, 2, OPEN },
	  { { 1, 5, 1, OPEN } },
	  1,
	  NOBODY,
	  VIOLATION_OLDER_VERSION },
	{ "a later time beats a higher sequence",
	  { 1, 5, 9, OPEN },
	  { { 1, 6, 1, OPEN } },
	  1,
	  NOBODY,
	  VIOLATIONS },
	{ "removed by its owner",
	  { 1, 5, 0, OPEN },
	  { { 1, 5, 0, ENDED } },
	  1,
	  1,
	  VIOLATIONS },
	{ "removed by another",
	  { 1, 5, 0, OPEN },
	  { { 1, 5, 0, ENDED } },
	  1,
	  2,
	  VIOLATION_FOREIGN_TOMBSTONE },
	{ "removed, nobody knows by whom",
	  { 1, 5, 0, OPEN },
	  { { 1, 5, 0, ENDED } },
	  1,
	  NOBODY,
	  VIOLATIONS },
	{ "another's tombstone took its place",
	  { 1, 5, 0, OPEN },
	  { { 2, 6, 0, ENDED } },
	  1,
	  2,
	  VIOLATION_FOREIGN_TOMBSTONE },
	{ "two newer ones came with another's tombstone, which is old",
	  { 1, 5, 0, OPEN },
	  { { 2, 6, 0, OPEN }, { 3, 7, 0, OPEN } },
	  2,
	  2,
	  VIOLATIONS },
	{ "another's tombstone lies beside it",
	  { 1, 5, 0, OPEN },
	  { { 1, 5, 0, OPEN }, { 2, 6, 0, ENDED } },
	  2,
	  2,
	  VIOLATIONS },
	{ "a tombstone stays when another removes his own",
	  { 1, 5, 0, ENDED },
	  { { 1, 5, 0, ENDED }, { 2, 6, 0, ENDED } },
	  2,
	  2,
	  VIOLATIONS },
	{ "a tombstone was made later by another",
	  { 1, 5, 0, ENDED },
	  { { 1, 6, 0, ENDED } },
	  1,
	  2,
	  VIOLATION_FOREIGN_TOMBSTONE },
	{ "an older tombstone of its owner",
	  { 1, 5, 0, OPEN },
	  { { 1, 4, 0, ENDED } },
	  1,
	  1,
	  VIOLATION_OLDER_VERSION },
	{ "the dead are resurrected",
	  { 1, 5, 0, ENDED },
	  { { 1, 5, 0, OPEN } },
	  1,
	  NOBODY,
	  VIOLATION_OLDER_VERSION },
	{ "the port is used again",
	  { 1, 5, 0, ENDED },
	  { { 1, 6, 0, OPEN } },
	  1,
	  NOBODY,
	  VIOLATIONS },
	{ "it is gone",
	  { 1, 5, 0, OPEN },
	  { { 0 } },
	  0,
	  NOBODY,
	  VIOLATION_LOST_RECORD },
	{ "one newer took its place, and there was room",
	  { 1, 5, 0, OPEN },
	  { { 2, 6, 0, OPEN } },
	  1,
	  NOBODY,
	  VIOLATION_LOST_RECORD },
	{ "one older took its place",
	  { 1, 5, 0, OPEN },
	  { { 2, 4, 0, OPEN } },
	  1,
	  NOBODY,
	  VIOLATION_OLDER_VERSION },
	{ "two newer ones",
	  { 1, 5, 0, OPEN },
	  { { 2, 6, 0, OPEN }, { 3, 7, 0, OPEN } },
	  2,
	  NOBODY,
	  VIOLATIONS },
	{ "a newer and an older one",
	  { 1, 5, 0, OPEN },
	  { { 2, 6, 0, OPEN }, { 3, 4, 0, OPEN } },
	  2,
	  NOBODY,
	  VIOLATION_OLDER_VERSION },
	{ "a record and a tombstone",
	  { 1, 5, 0, OPEN },
	  { { 2, 6, 0, OPEN }, { 3, 7, 0, ENDED } },
	  2,
	  NOBODY,
	  VIOLATION_OLDER_VERSION },
	{ "a tombstone, for older records of others",
	  { 1, 5, 0, ENDED },
	  { { 2, 3, 0, OPEN }, { 3, 4, 0, OPEN }, { 4, 1, 0, HALF } },
	  3,
	  NOBODY,
	  VIOLATIONS },
	{ "a tombstone, and there was room",
	  { 1, 5, 0, ENDED },
	  { { 2, 3, 0, OPEN }, { 3, 4, 0, OPEN } },
	  2,
	  NOBODY,
	  VIOLATION_LOST_RECORD },
	{ "two newer ones, beside a handshake",
	  { 1, 5, 0, OPEN },
	  { { 2, 6, 0, OPEN }, { 3, 7, 0, OPEN }, { 4, 9, 0, HALF } },
	  3,
	  NOBODY,
	  VIOLATIONS },
	{ "for a handshake of another",
	  { 1, 5, 0, OPEN },
	  { { 2, 6, 0, OPEN }, { 3, 7, 0, HALF }, { 4, 9, 0, HALF } },
	  3,
	  NOBODY,
	  VIOLATION_OLDER_VERSION },
	{ "a handshake, for later ones",
	  { 1, 5, 0, HALF },
	  { { 2, 1, 0, OPEN }, { 3, 7, 0, HALF }, { 4, 9, 0, HALF } },
	  3,
	  NOBODY,
	  VIOLATIONS },
	{ "a handshake, for lack of room elsewhere",
	  { 1, 5, 0, HALF },
	  { { 2, 6, 0, OPEN }, { 3, 7, 0, OPEN } },
	  2,
	  NOBODY,
	  VIOLATIONS },
	{ "a handshake is over",
	  { 1, 5, 0, HALF },
	  { { 1, 5, 0, OPEN } },
	  1,
	  NOBODY,
	  VIOLATIONS },
	{ "and half-open again",
	  { 1, 5, 0, OPEN },
	  { { 1, 5, 0, HALF } },
	  1,
	  NOBODY,
	  VIOLATION_OLDER_VERSION },
	{ "equals of others",
	  { 1, 5, 0, OPEN },
	  { { 2, 5, 0, OPEN }, { 3, 5, 0, OPEN } },
	  2,
	  NOBODY,
	  VIOLATIONS },
};

static void
test_given_up(void)
{
	for (unsigned i = 0;
	     i < sizeof(given_up_rows) / sizeof(given_up_rows[0]); i++) {
		struct record before = record_of(&given_up_rows[i].before);
		struct record after[RECORDS_PER_KEY];

		for (uint32_t j = 0; j < given_up_rows[i].after_count; j++)
			after[j] = record_of(&given_up_rows[i].after[j]);
		CHECK_ROW(judge_versions_given_up(&before, after,
						  given_up_rows[i].after_count,
						  given_up_rows[i].remover) ==
				  given_up_rows[i].kind,
			  given_up_rows[i].sentence);
	}
}

static const struct {
	const char *sentence;
	struct statement offered, after[RECORDS_PER_KEY];
	uint32_t after_count;
	bool refused;
} refused_rows[] = {
	{ "it is there", { 1, 5, 0, OPEN }, { { 1, 5, 0, OPEN } }, 1, false },
	{ "a newer one of its owner is",
	  { 1, 5, 0, OPEN },
	  { { 1, 6, 0, OPEN } },
	  1,
	  false },
	{ "its tombstone is",
	  { 1, 5, 0, OPEN },
	  { { 1, 5, 0, ENDED } },
	  1,
	  false },
	{ "an older one of its owner is",
	  { 1, 5, 0, OPEN },
	  { { 1, 4, 0, OPEN } },
	  1,
	  true },
	{ "nothing is", { 1, 5, 0, OPEN }, { { 0 } }, 0, true },
	{ "nothing is, of a handshake",
	  { 1, 5, 0, HALF },
	  { { 0 } },
	  0,
	  false },
	{ "there was room beside another's",
	  { 1, 5, 0, OPEN },
	  { { 2, 9, 0, OPEN } },
	  1,
	  true },
	{ "two newer ones are",
	  { 1, 5, 0, OPEN },
	  { { 2, 9, 0, OPEN }, { 3, 8, 0, OPEN } },
	  2,
	  false },
	{ "an older one of another is",
	  { 1, 5, 0, OPEN },
	  { { 2, 9, 0, OPEN }, { 3, 4, 0, OPEN } },
	  2,
	  true },
	{ "handshakes of others are, as many as may be",
	  { 1, 5, 0, OPEN },
	  { { 2, 9, 0, HALF }, { 3, 8, 0, HALF }, { 4, 7, 0, HALF } },
	  3,
	  true },
	{ "two newer ones are, and its own handshake",
	  { 1, 5, 0, OPEN },
	  { { 2, 9, 0, OPEN }, { 3, 8, 0, OPEN }, { 1, 4, 0, HALF } },
	  3,
	  false },
	{ "a tombstone of another is",
	  { 1, 5, 0, OPEN },
	  { { 2, 9, 0, OPEN }, { 3, 8, 0, ENDED } },
	  2,
	  true },
};

static void
test_refused(void)
{
	for (unsigned i = 0; i < sizeof(refused_rows) / sizeof(refused_rows[0]);
	     i++) {
		struct record offered = record_of(&refused_rows[i].offered);
		struct record after[RECORDS_PER_KEY];

		for (uint32_t j = 0; j < refused_rows[i].after_count; j++)
			after[j] = record_of(&refused_rows[i].after[j]);
		CHECK_ROW(judge_versions_refused(&offered, after,
						 refused_rows[i].after_count) ==
				  refused_rows[i].refused,
			  refused_rows[i].sentence);
	}
}

static void
test_cut_short(void)
{
	static const struct statement sent = { 1, 5, 0, OPEN };
	static const struct {
		const char *sentence;
		struct statement has;
		uint32_t left_ms, most_ms;
		bool cut;
	} rows[] = {
		{ "as long as offered", { 1, 5, 0, OPEN }, TTL, TTL, false },
		{ "as before", { 1, 5, 0, OPEN }, TTL - 1, TTL, true },
		{ "as long as may be", { 1, 5, 0, OPEN }, 9, 9, false },
		{ "less than may be", { 1, 5, 0, OPEN }, 8, 9, true },
		{ "a later one", { 1, 6, 0, OPEN }, 1, TTL, false },
		{ "another's", { 2, 5, 0, OPEN }, 1, TTL, false },
		{ "it has ended", { 1, 5, 0, ENDED }, 1, TTL, false },
		{ "a handshake, for its time",
		  { 1, 5, 0, HALF },
		  RECORD_HALF_OPEN_MS,
		  TTL,
		  false },
		{ "a handshake, for less",
		  { 1, 5, 0, HALF },
		  RECORD_HALF_OPEN_MS - 1,
		  TTL,
		  true },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record offered = record_of(&sent);
		struct record after = record_of(&rows[i].has);

		offered.half_open = after.half_open;
		after.ttl_ms = rows[i].left_ms;
		CHECK_ROW(judge_versions_cut_short(&offered, rows[i].most_ms,
						   &after, 1) == rows[i].cut,
			  rows[i].sentence);
	}
}

int
main(void)
{
	test_given_up();
	test_refused();
	test_cut_short();
	return check_done();
}
