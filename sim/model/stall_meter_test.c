/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall_meter_test.c - arrivals by hand, a fault among them
 *
 * A row's arrivals are milliseconds; `rest` is by how much later than an
 * arrival the next byte is due (the sender's pace), `last` says that nothing is
 * due behind the last.
 */
#include "sim/model/stall_meter.h"

#include "core/test/check.h"

#define NONE STALL_METER_NONE

struct row {
	const char *sentence;
	int64_t arrivals_ms[8]; /* 0 ends */
	int64_t rest_ms;
	bool last;
	int64_t fault_ms, end_ms;
	bool window;
	int64_t before_ms, after_ms;
};

static const struct row rows[] = {
	{ "of the gap with the fault in it, each side has its part",
	  { 1000, 1010, 1030, 1300, 1310 },
	  0,
	  true,
	  1040,
	  11040,
	  true,
	  20,
	  260 },
	{ "a gap that began before the fault is not the fault's before it",
	  { 1000, 1010, 7010, 7020 },
	  0,
	  true,
	  7000,
	  17000,
	  true,
	  5990,
	  10 },
	{ "nothing came any more: until the window's end",
	  { 1000, 1010 },
	  0,
	  false,
	  1015,
	  11015,
	  true,
	  10,
	  10000 },
	{ "a gap that ends after the window counts until its end",
	  { 1000, 1010, 1030, 15000, 15010 },
	  0,
	  true,
	  2000,
	  12000,
	  true,
	  970,
	  10000 },
	{ "the same when the window's end is heard of late",
	  { 1000, 1010, 1030, 15000, 15010 },
	  0,
	  true,
	  2000,
	  16000,
	  true,
	  970,
	  10000 },
	{ "another fault ends the window",
	  { 1000, 1010 },
	  0,
	  false,
	  1015,
	  1415,
	  true,
	  10,
	  400 },
	{ "what is complete is waited for by no one",
	  { 1000, 1010 },
	  0,
	  true,
	  1015,
	  11015,
	  true,
	  10,
	  NONE },
	{ "no byte yet: no window",
	  { 2000, 2010 },
	  0,
	  false,
	  1015,
	  1515,
	  false,
	  NONE,
	  NONE },
	{ "a long gap eleven seconds before is forgotten",
	  { 1000, 2000, 20000, 31500, 31510, 31600 },
	  0,
	  true,
	  43000,
	  53000,
	  true,
	  NONE,
	  NONE },
	{ "one nine seconds before counts from ten seconds before",
	  { 1000, 34000, 34010, 42990, 43010 },
	  0,
	  true,
	  43000,
	  53000,
	  true,
	  8980,
	  10 },
	{ "a stream's rhythm is part of its gaps",
	  { 1000, 1500, 2000, 2700, 3000 },
	  500,
	  true,
	  2100,
	  12100,
	  true,
	  500,
	  600 },
	{ "who rests for hours does not stall meanwhile",
	  { 1000, 9001000 },
	  9000000,
	  false,
	  5000000,
	  5010000,
	  true,
	  NONE,
	  NONE },
	{ "its byte comes in time: no stall",
	  { 1000, 9001000 },
	  9000000,
	  false,
	  8995000,
	  9005000,
	  true,
	  NONE,
	  0 },
	{ "late by two seconds, that is its stall",
	  { 1000, 9003000 },
	  9000000,
	  false,
	  8995000,
	  9005000,
	  true,
	  NONE,
	  2000 },
	{ "due in the window and not there at its end",
	  { 1000, 9013000 },
	  9000000,
	  false,
	  8995000,
	  9005000,
	  true,
	  NONE,
	  4000 },
	{ "due before the fault and missing since",
	  { 1000, 9100000 },
	  9000000,
	  false,
	  9003000,
	  9013000,
	  true,
	  2000,
	  10000 },
	{ "due when the window is over",
	  { 1000, 9001000 },
	  9000000,
	  false,
	  8990000,
	  9000000,
	  true,
	  NONE,
	  NONE },
	{ "sooner than it was due is no time, and not less",
	  { 1000, 8000000 },
	  9000000,
	  false,
	  7999000,
	  8009000,
	  true,
	  NONE,
	  0 },
};

static struct instant
at_ms(int64_t ms)
{
	return (struct instant){ ms * NS_PER_MS };
}

/* Of milliseconds; NONE as it is. */
static int64_t
ns(int64_t ms)
{
	return ms == NONE ? NONE : ms * NS_PER_MS;
}

/* The last arrival, the fault, or the window's end comes at that time. */
static void
arrive(struct stall_meter *meter, const struct row *row, unsigned i)
{
	int64_t at = row->arrivals_ms[i];
	bool last = row->last && (i == 7 || row->arrivals_ms[i + 1] == 0);

	stall_meter_progress(meter, at_ms(at),
			     last ? INSTANT_NEVER : at_ms(at + row->rest_ms));
}

int
main(void)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct stall_meter meter;
		unsigned next = 0;

		stall_meter_init(&meter);
		while (next < 8 && row->arrivals_ms[next] > 0 &&
		       row->arrivals_ms[next] <= row->fault_ms)
			arrive(&meter, row, next++);
		bool window = stall_meter_fault(&meter, at_ms(row->fault_ms));
		CHECK_ROW(window == row->window, row->sentence);
		if (!window)
			continue;
		while (next < 8 && row->arrivals_ms[next] > 0 &&
		       row->arrivals_ms[next] <= row->end_ms)
			arrive(&meter, row, next++);
		stall_meter_end(&meter, at_ms(row->end_ms));
		CHECK_ROW(!meter.window, row->sentence);
		CHECK_ROW(meter.before_ns == ns(row->before_ms), row->sentence);
		CHECK_ROW(meter.after_ns == ns(row->after_ms), row->sentence);
	}
	return check_done();
}
