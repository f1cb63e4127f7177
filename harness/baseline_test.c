/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baseline_test.c - names in their parts, and files that are read back */
#include "harness/baseline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/base/exit.h"
#include "harness/difference.h"

static const struct {
	const char *sentence, *name;
	size_t scenario, point;
	enum baseline_kind kind;
} names[] = {
	{ "a point may have a label", "gate a.b=c n=16 seed=1 state hash", 4,
	  22, BASELINE_STATE },
	{ "or none", "storm n=8 seed=12 events", 5, 17, BASELINE_EVENTS },
	{ "how sessions ended", "x n=1 seed=1 sessions kept", 1, 12,
	  BASELINE_OUTCOMES },
	{ "nanoseconds are a sum", "x n=1 seed=1 stall ns", 1, 12,
	  BASELINE_SUMS },
	{ "so are failures", "x n=1 seed=1 lookup failed", 1, 12,
	  BASELINE_SUMS },
	{ "a bar of a histogram", "x n=1 seed=1 lookup rounds 2", 1, 12,
	  BASELINE_ROUNDS },
	{ "anything else is a counter", "x n=1 seed=1 node_sent", 1, 12,
	  BASELINE_COUNTERS },
	{ "a fit is of many points", "gate a.b=c lookup ms L", 4, 4,
	  BASELINE_LINES },
};

static const struct {
	const char *sentence, *text;
	int code;
} files[] = {
	{ "comments and empty lines are none", "# x\n\nx y = 1\n", 0 },
	{ "a hash", "x y = 0x0123456789abcdef\n", 0 },
	{ "an interval", "x y = 1 in 0.5 .. 2e3\n", 0 },
	{ "15 digits are no hash", "x y = 0x123456789abcdef\n", EXIT_USAGE },
	{ "nor is a letter beyond f", "x y = 0x0123456789abcdeg\n",
	  EXIT_USAGE },
	{ "half an interval", "x y = 1 in 0.5\n", EXIT_USAGE },
	{ "no name", " = 1\n", EXIT_USAGE },
	{ "no value", "x y\n", EXIT_USAGE },
	{ "a count beyond 64 bits", "x y = 9223372036854775808\n", EXIT_USAGE },
};

static const struct {
	const char *sentence, *old, *now;
	size_t differences;
} pairs[] = {
	{ "the same", "x n=1 seed=1 events = 1\n", "x n=1 seed=1 events = 1\n",
	  0 },
	{ "order is nothing", "x a = 1\nx b = 2\n", "x b = 2\nx a = 1\n", 0 },
	{ "one more", "x n=1 seed=1 events = 1\n", "x n=1 seed=1 events = 2\n",
	  1 },
	{ "a hash is no count", "x n=1 seed=1 a = 0x0000000000000001\n",
	  "x n=1 seed=1 a = 1\n", 1 },
	{ "a value within the old interval", "x lookup ms L = 1 in 0.5 .. 2\n",
	  "x lookup ms L = 1.9 in 1.8 .. 2.5\n", 0 },
	{ "and beyond it", "x lookup ms L = 1 in 0.5 .. 2\n",
	  "x lookup ms L = 2.1 in 1.8 .. 2.5\n", 1 },
	{ "a point is one difference",
	  "x n=1 seed=1 a = 1\nx n=1 seed=2 a = 1\nx n=1 seed=2 b = 1\n",
	  "x n=1 seed=1 a = 1\n", 1 },
	{ "seed 1 is not seed 12", "x n=1 seed=12 a = 1\n",
	  "x n=1 seed=1 a = 1\n", 2 },
	{ "a scenario is one difference",
	  "x n=1 seed=1 a = 1\nx n=1 seed=2 a = 1\nx lookup ms L = 1 in 1 .. "
	  "1\n",
	  "", 1 },
	{ "one for another are two", "x n=1 seed=1 a = 1\n",
	  "y n=1 seed=1 a = 1\n", 2 },
};

static void
file_make(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CHECK(file != NULL);
	fputs(text, file);
	fclose(file);
}

static void
pair_check(const char *path, size_t i)
{
	struct baseline old = { 0 }, now = { 0 };
	size_t count = 0;

	file_make(path, pairs[i].old);
	CHECK_ROW(baseline_read(path, &old) == 0, pairs[i].sentence);
	file_make(path, pairs[i].now);
	CHECK_ROW(baseline_read(path, &now) == 0, pairs[i].sentence);
	CHECK_ROW(difference_print(&old, &now, false, &count),
		  pairs[i].sentence);
	CHECK_ROW(count == pairs[i].differences, pairs[i].sentence);
	baseline_free(&old);
	baseline_free(&now);
}

static void
round_trip_check(const char *path)
{
	static const char text[] = "x n=1 seed=1 state hash = "
				   "0xfedcba9876543210\n"
				   "x n=1 seed=1 stall ns = -5\n"
				   "x lookup ms L = 1.5 in -2 .. 3.25\n";
	struct baseline first = { 0 }, again = { 0 };
	size_t count = 1;

	file_make(path, text);
	CHECK(baseline_read(path, &first) == 0);
	CHECK(first.count == 3);
	CHECK(first.datum[0].hash == UINT64_C(0xfedcba9876543210));
	CHECK(first.datum[1].count == -5);
	CHECK(first.datum[2].form == BASELINE_INTERVAL);
	CHECK(first.datum[2].low == -2 && first.datum[2].high == 3.25);
	CHECK(baseline_write(path, &first) == 0);
	CHECK(baseline_read(path, &again) == 0);
	CHECK(difference_print(&first, &again, true, &count));
	CHECK(count == 0);
	baseline_free(&first);
	baseline_free(&again);
}

int
main(void)
{
	char folder[] = "/tmp/homeward-baseline-XXXXXX", path[64];

	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/baseline", folder);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_ROW(baseline_scenario(names[i].name) == names[i].scenario,
			  names[i].sentence);
		CHECK_ROW(baseline_point(names[i].name) == names[i].point,
			  names[i].sentence);
		CHECK_ROW(baseline_kind(names[i].name) == names[i].kind,
			  names[i].sentence);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct baseline data = { 0 };

		file_make(path, files[i].text);
		CHECK_ROW(baseline_read(path, &data) == files[i].code,
			  files[i].sentence);
		CHECK_ROW(data.count == (files[i].code == 0),
			  files[i].sentence);
		baseline_free(&data);
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		pair_check(path, i);
	round_trip_check(path);
	(void)unlink(path);
	(void)rmdir(folder);
	return check_done();
}
