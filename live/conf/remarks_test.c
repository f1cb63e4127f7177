/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remarks_test.c - what is said in vain, and that it is said
 */
#include "live/conf/remarks.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "live/conf/conf.h"

/* Three lines. */
#define LEAST                                                                  \
	"address 10.0.0.1\n"                                                   \
	"service 192.0.2.1 port 80\n"                                          \
	"secret /etc/homeward/secret\n"
#define ONE LEAST "uplink eth1\n" /* a table begins in line 5 */
#define TWO ONE "uplink eth2\n" /* in line 6 */

static const struct {
	const char *sentence;
	const char *bytes;
	const char *note; /* the beginning of the only one; NULL: none */
} rows[] = {
	{ "nothing", ONE, NULL },
	{ "SYNs are counted", ONE "openings 9\nopenings-max 9\n", NULL },
	{ "handshakes are not stored", ONE "store-at established\nopenings 9\n",
	  "f:6:10: note: 'openings' means nothing unless 'store-at' is "
	  "auto\n" },
	{ "the same, the other way round",
	  ONE "openings 9\nstore-at established\n",
	  "f:5:10: note: 'openings' means nothing unless 'store-at' is "
	  "auto\n" },
	{ "as by default", ONE "store-at established\nopenings 2000\n", NULL },
	{ "all are stored", ONE "store-at syn\nopenings-max 9\n",
	  "f:6:14: note: 'openings-max' means nothing unless 'store-at' is "
	  "auto\n" },
	{ "sessions wait", ONE "store-after 1s\nopenings 9\n",
	  "f:6:10: note: 'openings' means nothing: with 'store-after' " },
	{ "the other", ONE "store-after 1s\nopenings-max 9\n",
	  "f:6:14: note: 'openings-max' means nothing: with 'store-after' " },
	{ "a window that is never open",
	  TWO "first-stray off\nfirst-stray-window 1s\n",
	  "f:7:20: note: 'first-stray-window' means nothing: 'first-stray' is "
	  "off\n" },
	{ "no other uplink", ONE "first-stray both\n",
	  "f:5:13: note: 'first-stray' means nothing with one uplink\n" },
	{ "not even for a second", ONE "first-stray-window 1s\n",
	  "f:5:20: note: 'first-stray-window' means nothing with one "
	  "uplink\n" },
	{ "there is one", TWO "first-stray both\nfirst-stray-window 1s\n",
	  NULL },
	{ "off is off with one uplink, too", ONE "first-stray off\n", NULL },
	{ "a share of more than all", ONE "sessions-per-prefix 70000\n",
	  "f:5:21: note: 'sessions-per-prefix' means nothing: " },
	{ "a share", ONE "sessions-per-prefix 9\n", NULL },
	{ "one renewal", ONE "republish 301s\n",
	  "f:5:11: note: 'republish' lets a record die of one lost renewal" },
	{ "two", ONE "republish 300s\n", NULL },
	{ "the other", ONE "record-ttl 399s\n",
	  "f:5:12: note: 'record-ttl' lets a record die of one lost renewal" },
	{ "no repetition", ONE "miss-retry 1s\n",
	  "f:5:12: note: 'miss-retry' means nothing: 'miss-deadline' is no "
	  "later\n" },
	{ "no time for one", ONE "miss-deadline 20ms\n",
	  "f:5:15: note: 'miss-deadline' comes before the first repetition, "
	  "'miss-retry'\n" },
	{ "no room for peers",
	  ONE "peer 10.0.0.2\npeer 10.0.0.3\npeers-max 1\n",
	  "f:7:11: note: 'peers-max' is less than the peers that are named "
	  "here\n" },
	{ "room", ONE "peer 10.0.0.2\npeer 10.0.0.3\npeers-max 2\n", NULL },
};

int
main(void)
{
	static struct conf conf;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *talk = NULL;
		size_t size;
		FILE *file = open_memstream(&talk, &size);

		CHECK_ROW(conf_parse(&conf, "f", rows[i].bytes,
				     strlen(rows[i].bytes), file) == 0,
			  rows[i].sentence);
		fclose(file);
		const char *end = strchr(talk, '\n');
		CHECK_ROW(rows[i].note == NULL
				  ? size == 0
				  : strncmp(talk, rows[i].note,
					    strlen(rows[i].note)) == 0 &&
					    end != NULL && end[1] == '\0',
			  rows[i].sentence);
		free(talk);
	}
	return check_done();
}
