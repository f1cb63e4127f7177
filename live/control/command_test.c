/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command_test.c - what lines mean (what errors say: control_test.c) */
#include "live/control/command.h"

#include <string.h>

#include "core/instant.h"
#include "core/test/check.h"

static const struct {
	const char *sentence, *line;
	int result;
	enum command_kind kind;
	bool json;
	int64_t deadline_ns;
} rows[] = {
	{ "a word", "status", 0, COMMAND_STATUS, false, 0 },
	{ "blanks around it", " \t status ", 0, COMMAND_STATUS, false, 0 },
	{ "as JSON", "status json", 0, COMMAND_STATUS, true, 0 },
	{ "sessions", "sessions json", 0, COMMAND_SESSIONS, true, 0 },
	{ "no JSON for a stream", "watch json", -1, COMMAND_WATCH, false, 0 },
	{ "drain without a deadline", "drain", 0, COMMAND_DRAIN, false, 0 },
	{ "seconds", "drain 90", 0, COMMAND_DRAIN, false, 90 * NS_PER_S },
	{ "with a unit", "drain 2min", 0, COMMAND_DRAIN, false,
	  120 * NS_PER_S },
	{ "zero is no deadline", "drain 0", -1, COMMAND_DRAIN, false, 0 },
	{ "nor is a negative", "drain -5", -1, COMMAND_DRAIN, false, 0 },
	{ "more than there is time", "drain 9223372036854775807", -1,
	  COMMAND_DRAIN, false, 0 },
	{ "a session", "lookup 10.1.0.1:40001 192.0.2.1:80", 0, COMMAND_LOOKUP,
	  false, 0 },
	{ "of IPv6", "lookup [2001:db8::1]:1 [2001:db8::2]:80 json", 0,
	  COMMAND_LOOKUP, true, 0 },
	{ "no port", "lookup 10.1.0.1 192.0.2.1:80", -1, COMMAND_LOOKUP, false,
	  0 },
	{ "nothing", "", -1, COMMAND_STATUS, false, 0 },
	{ "only blanks", "   ", -1, COMMAND_STATUS, false, 0 },
	{ "capitals", "STATUS", -1, COMMAND_STATUS, false, 0 },
	{ "json alone", "json", -1, COMMAND_STATUS, false, 0 },
};

int
main(void)
{
	struct command command;
	char error[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *sentence = rows[i].sentence;
		error[0] = '\0';
		int result = command_parse(rows[i].line, strlen(rows[i].line),
					   &command, error, sizeof(error));
		CHECK_ROW(result == rows[i].result, sentence);
		CHECK_ROW((result == 0) == (error[0] == '\0'), sentence);
		CHECK_ROW(command.kind == rows[i].kind, sentence);
		if (result != 0)
			continue;
		CHECK_ROW(command.json == rows[i].json, sentence);
		CHECK_ROW(command.deadline_ns == rows[i].deadline_ns, sentence);
	}
	CHECK(command_parse("lookup 10.1.0.1:40001 192.0.2.1:80", 34, &command,
			    error, sizeof(error)) == 0);
	CHECK(command.key.client_port[0] == 40001 >> 8);
	CHECK(command.key.service[0] == 192 && command.key.family == 4);
	return check_done();
}
