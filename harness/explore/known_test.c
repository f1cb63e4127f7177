/* SPDX-License-Identifier: GPL-3.0-or-later */
/* known_test.c - files of known kinds, good and bad */
#include "harness/explore/known.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/base/exit.h"

static const struct {
	const char *sentence, *text;
	unsigned complaints;
	const char *said; /* all of it */
	const char
		*kinds; /* in the order of violation.h, a blank before each */
} rows[] = {
	{ "nothing", "", 0, "", "" },
	{ "comments and empty lines", "# a\n\n  \t\n\t# b\n", 0, "", "" },
	{ "a kind", "crash\n", 0, "", " crash" },
	{ "without a newline at the end", "crash", 0, "", " crash" },
	{ "as Windows ends lines", "crash\r\n", 0, "", " crash" },
	{ "with a reason", "late\t# the path has no way back\n", 0, "",
	  " late" },
	{ "a reason at once", "late# why\n", 0, "", " late" },
	{ "two", "  storm\nlate\n", 0, "", " storm late" },
	{ "a typing error", "# x\n  broken_handshke # y\n", 1,
	  "f:2:3: no kind of violation 'broken_handshke'; did you mean "
	  "'broken_handshake'?\n",
	  "" },
	{ "like nothing", "storm\nxyzzy\n", 1,
	  "f:2:1: no kind of violation 'xyzzy'\n", " storm" },
	{ "each that is wrong", "a_a\nlate\nb_b\n", 2,
	  "f:1:1: no kind of violation 'a_a'\n"
	  "f:3:1: no kind of violation 'b_b'\n",
	  " late" },
	{ "twice the same", "late\n late\n", 1,
	  "f:2:2: late stands here twice\n", " late" },
	{ "two in a line", "late storm\n", 1,
	  "f:1:6: one kind a line, and what else is to be said behind a "
	  "'#'\n",
	  "" },
};

static void
row_check(size_t i)
{
	char said[1024] = "", kinds[1024] = "";
	FILE *talk = fmemopen(said, sizeof(said) - 1, "w");
	struct known known;
	unsigned complaints = known_parse(&known, "f", rows[i].text,
					  strlen(rows[i].text), talk);

	(void)fclose(talk);
	for (unsigned kind = 0; kind < VIOLATIONS; kind++)
		if (known.kinds[kind])
			(void)snprintf(kinds + strlen(kinds),
				       sizeof(kinds) - strlen(kinds), " %s",
				       violation_name((enum violation)kind));
	CHECK_ROW(complaints == rows[i].complaints, rows[i].sentence);
	CHECK_ROW(strcmp(said, rows[i].said) == 0, rows[i].sentence);
	CHECK_ROW(strcmp(kinds, rows[i].kinds) == 0, rows[i].sentence);
	CHECK_ROW(known.path != NULL, rows[i].sentence);
}

static void
paths_check(void)
{
	struct known known;

	CHECK(known_read(&known, KNOWN_NONE) == 0 && known.path == NULL);
	CHECK(known_read(&known, "no/such/file") == EXIT_USAGE);
	/* Tests run in the source tree, which has one. */
	CHECK(known_read(&known, NULL) == 0);
	CHECK(known.path != NULL && strcmp(known.path, KNOWN_PATH) == 0);
	CHECK(chdir("/") == 0);
	CHECK(known_read(&known, NULL) == 0 && known.path == NULL);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_check(i);
	paths_check();
	return check_done();
}
