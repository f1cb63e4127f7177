/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nearest_test.c - typing errors and what was meant
 */
#include "live/conf/nearest.h"

#include <stdint.h>
#include <string.h>

#include "core/test/check.h"

static const char *const words[] = {
	"address", "peer", "port", "uplink", "uplinks", "k",
};

static const struct {
	const char *sentence;
	const char *wanted;
	const char *meant; /* NULL: nothing near */
} rows[] = {
	{ "one letter left out", "adress", "address" },
	{ "one letter too many", "porrt", "port" },
	{ "one letter changed", "uplonk", "uplink" },
	{ "two neighbours swapped count once", "prot", "port" },
	{ "the word itself", "uplinks", "uplinks" },
	{ "of two equally near, the first", "uplin", "uplink" },
	{ "three errors in a short word are another word", "xyzk", NULL },
	{ "nothing in common is not near, however short", "x", NULL },
	{ "no word is like nothing", "", NULL },
	{ "longer than any word",
	  "uplinkuplinkuplinkuplinkuplinkuplinkuplinkuplinkuplinkuplinkuplink",
	  NULL },
};

int
main(void)
{
	char hint[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nearest nearest = nearest_start(rows[i].wanted);

		for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++)
			nearest_offer(&nearest, words[j]);
		if (rows[i].meant == NULL)
			CHECK_ROW(nearest.best == NULL, rows[i].sentence);
		else
			CHECK_ROW(nearest.best != NULL &&
					  strcmp(nearest.best, rows[i].meant) ==
						  0,
				  rows[i].sentence);
	}

	struct nearest nearest = nearest_start("prot");
	nearest_hint(&nearest, hint, sizeof(hint));
	CHECK(strcmp(hint, "") == 0);
	nearest_offer(&nearest, "port");
	nearest_hint(&nearest, hint, sizeof(hint));
	CHECK(strcmp(hint, "; did you mean 'port'?") == 0);
	return check_done();
}
