/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict_log_test.c - lines, and how many of them */
#include "live/engine/verdict_log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/test/check.h"

static struct steer_result
result_make(enum steer_verdict verdict, enum drop drop)
{
	return (struct steer_result){
		.verdict = verdict,
		.drop = drop,
		.key = { .client = { 0x20, 1, 0x0d, 0xb8, [15] = 1 },
			 .service = { 0x20, 1, 0x0d, 0xb8, [15] = 2 },
			 .client_port = { 0x9c, 0x41 },
			 .service_port = { 0, 80 },
			 .family = 6,
			 .protocol = 6 },
	};
}

static void
lines_test(void)
{
	struct verdict_log verdict_log;
	char line[VERDICT_LOG_LINE];
	struct steer_result result = result_make(STEER_DROP, DROP_RATE_PREFIX);
	/* 2025-07-01T12:00:00Z less a monotonic time of 1 s */
	int64_t offset = INT64_C(1751371199) * NS_PER_S;

	verdict_log_begin(&verdict_log, (struct instant){ 0 }, offset);
	struct instant at = { NS_PER_S + 1234567 };
	CHECK(verdict_log_format(&verdict_log, at, &result, "x", line) ==
	      strlen(line));
	CHECK(strcmp(line, "12:00:00.001234 drop rate_prefix "
			   "[2001:db8::1]:40001 [2001:db8::2]:80 x\n") == 0);
	result.verdict = STEER_FORWARD;
	(void)verdict_log_format(&verdict_log, at, &result, NULL, line);
	CHECK(strcmp(line, "12:00:00.001234 forward "
			   "[2001:db8::1]:40001 [2001:db8::2]:80\n") == 0);

	/* The longest that can be. */
	char much[1000];
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	memset(result.key.client, 0xff, 16);
	memset(result.key.service, 0xff, 16);
	memset(result.key.client_port, 0xff, 2);
	CHECK(verdict_log_format(&verdict_log, at, &result, much, line) ==
	      strlen(line));
	CHECK(line[strlen(line) - 1] == '\n');
}

/* Whatever the load: at most that many lines in any second, and the lines and
 * those that were left out add up. */
static void
rate_test(void)
{
	struct verdict_log verdict_log;
	char line[VERDICT_LOG_LINE];
	uint64_t passed = 0, in_second = 0, reported = 0;
	struct instant now = { 0 };

	verdict_log_begin(&verdict_log, now, 0);
	for (int i = 0; i < 100000; i++) {
		now.ns = (int64_t)i * 100 * NS_PER_US;
		if (i % 10000 == 0)
			in_second = 0;
		uint64_t more = verdict_log.left_out;
		if (verdict_log_more(&verdict_log, now, line) > 0)
			reported += more;
		bool pass = verdict_log_pass(&verdict_log, now, 50);
		passed += pass;
		in_second += pass;
		CHECK(in_second <= 50);
	}
	CHECK(passed == 500);
	CHECK(passed + reported + verdict_log.left_out == 100000);
	now.ns += NS_PER_S;
	CHECK(verdict_log_due(&verdict_log).ns <= now.ns);
	CHECK(verdict_log_more(&verdict_log, now, line) > 0);
	CHECK(strstr(line, " 9950 more\n") != NULL);
	CHECK(verdict_log_due(&verdict_log).ns == INSTANT_NEVER.ns);
	CHECK(!verdict_log_pass(&verdict_log, now, 0));
}

int
main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	lines_test();
	rate_test();
	return check_done();
}
