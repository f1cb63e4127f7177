/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cause_test.c - what is known, and the word for it
 *
 * A row begins with a session that was established at an owner that lives, can
 * be reached and was told of; what is named differs.
 */
#include "sim/model/cause.h"

#include <string.h>

#include "core/test/check.h"

#define USUAL                                                                  \
	.witnessed = true, .established = true, .reachable = true,             \
	.is_protected = true
#define UNREACHED   .witnessed = true, .established = true, .is_protected = true
#define UNPROTECTED .witnessed = true, .established = true, .reachable = true
#define NEITHER	    .witnessed = true, .established = true

struct row {
	const char *sentence;
	bool reset;
	struct cause_facts facts;
	enum cause cause;
};

static const struct row rows[] = {
	{ "it went on when the run ended",
	  false,
	  { USUAL, .run_over = true },
	  CAUSE_UNFINISHED },
	{ "so did one that had just sent its SYN",
	  false,
	  { .witnessed = true, .run_over = true },
	  CAUSE_UNFINISHED },
	{ "it was silent at the end, and nothing says why",
	  false,
	  { USUAL, .run_over = true, .silent = true },
	  CAUSE_SILENT },
	{ "an owner that died leaves nothing to be finished",
	  false,
	  { USUAL, .run_over = true, .owner = CAUSE_END_CRASHED },
	  CAUSE_OWNER_DEAD },
	{ "who resets the session of a dead owner is right",
	  true,
	  { USUAL, .owner = CAUSE_END_CRASHED, .reset = CAUSE_RESET_SCHEME },
	  CAUSE_OWNER_DEAD },
	{ "the half-open socket's host died",
	  false,
	  { .witnessed = true, .owner = CAUSE_END_CRASHED },
	  CAUSE_OWNER_DEAD },
	{ "no server answered its SYN",
	  false,
	  { .witnessed = true, .reachable = true, .is_protected = true },
	  CAUSE_HANDSHAKE },
	{ "none could, for no way led there",
	  false,
	  { .witnessed = true },
	  CAUSE_UNREACHABLE },
	{ "and nobody looked whether one did",
	  false,
	  { .established = false },
	  CAUSE_HANDSHAKE },
	{ "no answer for ten seconds before the end",
	  false,
	  { .witnessed = true,
	    .reachable = true,
	    .is_protected = true,
	    .run_over = true,
	    .silent = true },
	  CAUSE_HANDSHAKE },
	{ "its ACK came to another server",
	  true,
	  { .witnessed = true,
	    .reachable = true,
	    .is_protected = true,
	    .reset = CAUSE_RESET_SCHEME },
	  CAUSE_HANDSHAKE },
	{ "and the replicas that had it have it no more",
	  true,
	  { .witnessed = true,
	    .reachable = true,
	    .is_protected = true,
	    .is_stored = true,
	    .reset = CAUSE_RESET_SCHEME },
	  CAUSE_RECORD_GONE },
	{ "and it was to be stored later",
	  true,
	  { .witnessed = true, .reachable = true, .reset = CAUSE_RESET_SCHEME },
	  CAUSE_UNPROTECTED },
	{ "replicas had no record of it",
	  true,
	  { USUAL, .reset = CAUSE_RESET_SCHEME, .search = CAUSE_SEARCH_MISSED },
	  CAUSE_RECORD_GONE },
	{ "the RST for that was lost, and it gave up",
	  false,
	  { USUAL, .search = CAUSE_SEARCH_MISSED },
	  CAUSE_RECORD_GONE },
	{ "there never was one",
	  true,
	  { UNPROTECTED, .reset = CAUSE_RESET_SCHEME },
	  CAUSE_UNPROTECTED },
	{ "its owner was cut off",
	  true,
	  { UNREACHED, .reset = CAUSE_RESET_SCHEME },
	  CAUSE_UNREACHABLE },
	{ "cut off comes before never stored",
	  true,
	  { NEITHER, .reset = CAUSE_RESET_SCHEME },
	  CAUSE_UNREACHABLE },
	{ "cut off, and it gave up", false, { UNREACHED }, CAUSE_UNREACHABLE },
	{ "strays were dropped for want of the budget",
	  false,
	  { USUAL, .search = CAUSE_SEARCH_REFUSED },
	  CAUSE_BUDGET },
	{ "strays were held, and nobody was ever asked",
	  false,
	  { USUAL, .search = CAUSE_SEARCH_HELD },
	  CAUSE_BUDGET },
	{ "too few had time to answer",
	  false,
	  { USUAL, .run_over = true, .silent = true,
	    .search = CAUSE_SEARCH_UNSURE },
	  CAUSE_UNSURE },
	{ "its owner was found, and yet",
	  false,
	  { USUAL, .search = CAUSE_SEARCH_FOUND },
	  CAUSE_SILENT },
	{ "a half-open socket reset it",
	  true,
	  { USUAL, .reset = CAUSE_RESET_HALF },
	  CAUSE_HALF_OPEN },
	{ "that is no matter of reach, nor of records",
	  true,
	  { NEITHER, .reset = CAUSE_RESET_HALF },
	  CAUSE_HALF_OPEN },
	{ "a half-open socket swallowed it",
	  false,
	  { USUAL, .socket = CAUSE_SOCKET_HALF },
	  CAUSE_HALF_OPEN },
	{ "where no way led to its own",
	  false,
	  { UNREACHED, .socket = CAUSE_SOCKET_HALF },
	  CAUSE_UNREACHABLE },
	{ "an earlier session's reset it",
	  true,
	  { USUAL, .reset = CAUSE_RESET_OLD },
	  CAUSE_OLD_SOCKET },
	{ "or swallowed it",
	  false,
	  { USUAL, .socket = CAUSE_SOCKET_OLD },
	  CAUSE_OLD_SOCKET },
	{ "but there is no record that tells whose they are",
	  false,
	  { UNPROTECTED, .socket = CAUSE_SOCKET_OLD },
	  CAUSE_UNPROTECTED },
	{ "which a request need not know: the number is not its own",
	  false,
	  { UNPROTECTED, .socket = CAUSE_SOCKET_HALF },
	  CAUSE_HALF_OPEN },
	{ "nor who resets",
	  true,
	  { UNPROTECTED, .reset = CAUSE_RESET_OLD },
	  CAUSE_OLD_SOCKET },
	{ "who had its packets last is not who reset it",
	  true,
	  { USUAL, .socket = CAUSE_SOCKET_OLD, .reset = CAUSE_RESET_SCHEME },
	  CAUSE_RECORD_GONE },
	{ "the plain kernel of another server",
	  true,
	  { USUAL, .reset = CAUSE_RESET_KERNEL },
	  CAUSE_NO_SOCKET },
	{ "also where there is nothing that protects",
	  true,
	  { UNPROTECTED, .reset = CAUSE_RESET_KERNEL },
	  CAUSE_NO_SOCKET },
	{ "the owner's socket had been given up before",
	  true,
	  { USUAL, .owner = CAUSE_END_CLOSED, .reset = CAUSE_RESET_SCHEME },
	  CAUSE_OWNER_CLOSED },
	{ "a lab knows that the owner died",
	  true,
	  { .established = true, .owner = CAUSE_END_CRASHED },
	  CAUSE_OWNER_DEAD },
	{ "that there was no handshake",
	  true,
	  { .established = false },
	  CAUSE_HANDSHAKE },
	{ "that the run was over, silent or not",
	  false,
	  { .established = true, .run_over = true, .silent = true },
	  CAUSE_UNFINISHED },
	{ "and no more", true, { .established = true }, CAUSE_NONE },
};

int
main(void)
{
	bool seen[CAUSES] = { false };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum cause cause = cause_of(rows[i].reset, &rows[i].facts);

		CHECK_ROW(cause == rows[i].cause, rows[i].sentence);
		seen[cause] = true;
	}
	for (unsigned i = 0; i < CAUSES; i++)
		CHECK(seen[i]);
	for (unsigned i = 1; i < CAUSES; i++) {
		CHECK(cause_find(cause_name((enum cause)i)) == (enum cause)i);
		CHECK(strlen(cause_help((enum cause)i)) > 0);
	}
	CHECK(cause_name(CAUSE_NONE) == NULL);
	CHECK(cause_find("none") == CAUSE_NONE);
	CHECK(cause_excused(CAUSE_OWNER_DEAD));
	CHECK(!cause_excused(CAUSE_RECORD_GONE));
	return check_done();
}
