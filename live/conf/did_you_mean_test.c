/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * did_you_mean_test.c - typing errors and what was meant
 */
#include "live/conf/did_you_mean.h"

#include <stdint.h>
#include <string.h>

#include "core/test/check.h"

static const char *const words[] = {
	"address", "peer", "port", "uplink", "uplinks", "k", "fit",
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
	{ "one letter of three is not near", "foo", NULL },
	{ "half of a short word is", "pt", "port" },
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
		struct did_you_mean did_you_mean =
			did_you_mean_start(rows[i].wanted);

		for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++)
			did_you_mean_offer(&did_you_mean, words[j]);
		if (rows[i].meant == NULL)
			CHECK_ROW(did_you_mean.best == NULL, rows[i].sentence);
		else
			CHECK_ROW(did_you_mean.best != NULL &&
					  strcmp(did_you_mean.best,
						 rows[i].meant) == 0,
				  rows[i].sentence);
	}

	struct did_you_mean did_you_mean = did_you_mean_start("prot");
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	CHECK(strcmp(hint, "") == 0);
	did_you_mean_offer(&did_you_mean, "port");
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	CHECK(strcmp(hint, "; did you mean 'port'?") == 0);
	return check_done();
}
