/* SPDX-License-Identifier: GPL-3.0-or-later */
/* talk_test.c - one sentence a minute for each subject */
#include "live/engine/talk.h"

#include <errno.h>
#include <string.h>

#include "core/test/check.h"

struct heard {
	uint32_t count;
	char last[300];
};

static void
hear(void *context, const char *sentence)
{
	struct heard *heard = context;

	heard->count++;
	CHECK(strlen(sentence) < sizeof(heard->last));
	strcpy(heard->last, sentence);
}

int
main(void)
{
	static const struct endpoint peer = { { 4, { 10, 0, 0, 2 } }, 7000 };
	static const struct {
		const char *sentence;
		int64_t at_s;
		bool version; /* else the boot */
		int error;
		uint32_t heard; /* so far */
	} rows[] = {
		{ "the first is heard", 0, true, 0, 1 },
		{ "not the next", 1, true, 0, 1 },
		{ "another subject is", 1, false, 0, 2 },
		{ "not for a minute", 59, true, 0, 2 },
		{ "then it is", 60, true, 0, 3 },
		{ "and again not", 119, true, 0, 3 },
		{ "what could not be kept is a subject of its own", 60, false,
		  -ENOSPC, 4 },
		{ "and both are due", 121, false, -ENOSPC, 6 },
	};
	struct session_key longest = {
		.client_port = { 255, 255 },
		.service_port = { 255, 255 },
		.family = 6,
		.protocol = 6,
	};
	struct heard heard = { 0 };
	struct talk talk = { .context = &heard, .say = hear };

	memset(longest.client, 0x11, sizeof(longest.client));
	memset(longest.service, 0x11, sizeof(longest.service));

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct instant now = { rows[i].at_s * NS_PER_S };

		if (rows[i].version)
			talk_version(&talk, now, &peer, 3);
		else
			talk_reboot(&talk, now, &peer, rows[i].error);
		CHECK_ROW(heard.count == rows[i].heard, rows[i].sentence);
		if (rows[i].version && i == 0)
			CHECK(strcmp(heard.last,
				     "peer 10.0.0.2:7000 speaks version 3, and "
				     "this homewardd 1 to 2: its datagrams are "
				     "refused") == 0);
	}
	CHECK(strstr(heard.last, "could not be kept: No space") != NULL);
	talk_leap(&talk, (struct instant){ 0 });
	CHECK(strstr(heard.last, "clock has leapt") != NULL);
	heard.count--;
	talk_raised(&talk, (struct instant){ 0 }, &longest, INT64_MAX);
	CHECK(strstr(heard.last,
		     "session [1111:1111:1111:1111:1111:1111:1111:1111]:65535 "
		     "[1111:1111:1111:1111:1111:1111:1111:1111]:65535 that is "
		     "newer by 9223372036 s: ") != NULL);
	CHECK(strstr(heard.last, "; ours is placed above it") != NULL);
	heard.count--;
	talk = (struct talk){ .say = NULL };
	talk_version(&talk, (struct instant){ 0 }, &peer, 3);
	CHECK(heard.count == 6);
	return check_done();
}
