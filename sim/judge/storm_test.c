/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * storm_test.c - how much two sockets may say, by hand-made numbers
 */
#include "sim/judge/storm.h"

#include "core/test/check.h"
#include "sim/test/verdict_bed.h"

enum change {
	CHANGE_NONE,
	CHANGE_RECEIVED, /* each segment brings a byte */
	CHANGE_TIMEOUT, /* each follows a timer */
	CHANGE_OTHER_KEY, /* each is of another session */
};

/* So many segments, one each so often, of sockets with so many in flight. */
static const struct {
	const char *sentence;
	uint32_t segments;
	int64_t each_ns;
	uint64_t flight;
	enum change change;
	uint32_t broken;
} rows[] = {
	{ "a handshake", 6, NS_PER_MS, 1, CHANGE_NONE, 0 },
	{ "two ends that answer each other without a limit", 200, NS_PER_MS, 1,
	  CHANGE_NONE, 1 },
	{ "two ends with Linux's limit, for an hour", 2 * 2 * 3600,
	  250 * NS_PER_MS, 1, CHANGE_NONE, 0 },
	{ "twice as fast as all that may be there have", 20000, 60 * NS_PER_MS,
	  1, CHANGE_NONE, 1 },
	{ "duplicates of a large flight", 2000, NS_PER_MS, 700, CHANGE_NONE,
	  0 },
	{ "more than a large flight explains", 13000, NS_PER_US, 700,
	  CHANGE_NONE, 1 },
	{ "a transfer", 100000, NS_PER_US, 10, CHANGE_RECEIVED, 0 },
	{ "timeouts", 1000, NS_PER_MS, 1, CHANGE_TIMEOUT, 0 },
	{ "many sessions", 1000, NS_PER_US, 1, CHANGE_OTHER_KEY, 0 },
};

static void
run(size_t row, bool server_too)
{
	struct verdict_bed bed;
	struct connection ends[2] = { { .generation = 0 } };
	struct instant now = { 0 };

	verdict_bed_create(&bed, 1);
	struct judge_storm *storm = judge_storm_create(&bed.parts);
	for (uint32_t i = 0; i < 2; i++) {
		ends[i] = (struct connection){
			.index = i,
			.generation = 1,
			.device = i,
			.key = verdict_bed_key(40000),
			.tcp.mss = 1000,
			.tcp.una = 1,
			.tcp.max = 1 + (rows[row].flight - 1) * 1000,
		};
	}
	for (uint32_t i = 0; i < rows[row].segments; i++) {
		struct connection *end = &ends[server_too && i % 2 == 1];
		if (rows[row].change == CHANGE_RECEIVED)
			end->tcp.rcv_nxt++;
		else if (rows[row].change == CHANGE_TIMEOUT)
			end->tcp.counters.timeouts++;
		else if (rows[row].change == CHANGE_OTHER_KEY)
			end->key = verdict_bed_key((uint16_t)i);
		judge_storm_taken(storm, now, end);
		judge_storm_sent(storm, now, end);
		now = instant_after(now, rows[row].each_ns);
	}
	CHECK_ROW(bed.verdicts.counts[VIOLATION_STORM] == rows[row].broken,
		  rows[row].sentence);
	CHECK_ROW(bed.said == rows[row].broken, rows[row].sentence);
	judge_storm_destroy(storm);
	verdict_bed_destroy(&bed);
}

/* Answers a stray, at each of two servers. */
static void
answers(uint32_t strays, uint32_t each, uint32_t broken)
{
	const struct session_key key = verdict_bed_key(40000);
	struct verdict_bed bed;

	verdict_bed_create(&bed, 2);
	struct judge_storm *storm = judge_storm_create(&bed.parts);
	for (uint32_t i = 0; i < strays; i++) {
		judge_storm_strayed(storm, 0, &key);
		judge_storm_strayed(storm, 1, &key);
		for (uint32_t j = 0; j < each; j++) {
			judge_storm_answered(storm, bed.last.at, 0, &key);
			judge_storm_answered(storm, bed.last.at, 1, &key);
		}
	}
	CHECK(bed.verdicts.counts[VIOLATION_STORM] == broken);
	judge_storm_destroy(storm);
	verdict_bed_destroy(&bed);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(i, false);
		run(i, true);
	}
	answers(100, STORM_ANSWERS, 0);
	answers(1, STORM_ANSWERS + 1, 2);
	answers(3, STORM_ANSWERS + 1, 2); /* said once */
	return check_done();
}
