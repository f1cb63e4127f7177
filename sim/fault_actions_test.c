/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_actions_test.c - links that get worse in mid-run, or fall silent one
 * way, under a download of 10 s; in both fidelities
 */
#include "sim/fault_actions.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/test/world_play.h"

#define S  NS_PER_S
#define MS NS_PER_MS

struct tale {
	uint32_t completed, timeouts;
	uint64_t bytes;
	int64_t stall_ns;
	uint32_t faults;
};

static void
on_measurement(void *context, const struct watch_measurement *m)
{
	struct tale *tale = context;

	if (m->metric == METRIC_STALL && m->value_ns > tale->stall_ns)
		tale->stall_ns = m->value_ns;
}

static void
on_session(void *context, const struct watch_session *session)
{
	struct tale *tale = context;

	tale->bytes += session->bytes;
	tale->completed += session->outcome == OUTCOME_CLOSED ||
			   session->outcome == OUTCOME_KEPT;
	tale->timeouts += session->outcome == OUTCOME_TIMEOUT;
}

static void
on_fault(void *context, struct instant at, const char *kind, const char *target)
{
	struct tale *tale = context;

	(void)at;
	(void)kind;
	(void)target;
	tale->faults++;
}

static struct tale
run(const struct fault_settings *fault, enum fidelity_kind fidelity,
    enum detection_kind detection, const char *sentence)
{
	struct fault_settings copy = *fault;
	struct tale tale = { .faults = 0 };
	const struct watch watch = {
		.context = &tale,
		.measurement = on_measurement,
		.session = on_session,
		.fault = on_fault,
	};
	struct settings settings;

	settings_default(&settings);
	settings.fabric.fidelity = fidelity;
	settings.routing.detection = detection;
	settings.clients.size_bytes = 5000000;
	settings.clients.pace_bps = 4000000;
	settings.measure.duration_ns = 25 * S;
	settings.faults = &copy;
	settings.fault_count = 1;
	copy.at_ns = 3 * S;
	(void)world_play(&settings, &watch, sentence);
	return tale;
}

/* On the client's link, for 2 s: every packet of the session crosses it. */
static void
test_degrees(void)
{
	static const struct {
		const char *sentence;
		struct link_settings link;
		uint32_t given;
		int64_t stall_least, stall_most;
	} rows[] = {
		{ "nothing arrives",
		  { .loss_ppm = 1000000 },
		  FAULT_KEY_LOSS,
		  1900 * MS,
		  10 * S },
		{ "a tenth is lost",
		  { .loss_ppm = 100000 },
		  FAULT_KEY_LOSS,
		  0,
		  10 * S },
		{ "50 ms longer",
		  { .delay_ns = 51 * MS },
		  FAULT_KEY_DELAY,
		  45 * MS,
		  500 * MS },
		{ "each twice",
		  { .duplicate_ppm = 1000000 },
		  FAULT_KEY_DUPLICATE,
		  0,
		  500 * MS },
		{ "out of order",
		  { .reorder_ppm = 500000 },
		  FAULT_KEY_REORDER,
		  0,
		  500 * MS },
		{ "faster than ever: as before",
		  { .rate_bps = 0 },
		  FAULT_KEY_RATE,
		  0,
		  10 * MS },
	};

	for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const char *sentence = rows[i / 2].sentence;
		const struct fault_settings fault = {
			.kind = FAULT_LINK_DEGRADE,
			.target = "client1-edge1",
			.for_ns = 2 * S,
			.link = rows[i / 2].link,
			.given = rows[i / 2].given,
		};
		struct tale tale =
			run(&fault, i % 2 ? FIDELITY_PATH : FIDELITY_PACKET,
			    DETECTION_CARRIER, sentence);

		CHECK_ROW(tale.faults == 2, sentence);
		CHECK_ROW(tale.completed == 1, sentence);
		CHECK_ROW(tale.bytes == 5000000, sentence);
		CHECK_ROW(tale.stall_ns >= rows[i / 2].stall_least, sentence);
		CHECK_ROW(tale.stall_ns <= rows[i / 2].stall_most, sentence);
	}
}

/* Slower than what is sent, for good. Path fidelity has no queues. */
static void
test_rate(void)
{
	static const struct {
		const char *sentence;
		uint64_t rate_bps;
		uint32_t completed;
	} rows[] = {
		{ "four times less than the session's pace", 1000000, 0 },
		{ "a little more than its pace", 5000000, 1 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fault_settings fault = {
			.kind = FAULT_LINK_DEGRADE,
			.target = "edge1-*",
			.link.rate_bps = rows[i].rate_bps,
		};
		struct tale tale = run(&fault, FIDELITY_PACKET,
				       DETECTION_CARRIER, rows[i].sentence);

		/* The client's link, and that of each exit. */
		CHECK_ROW(tale.faults == 3, rows[i].sentence);
		CHECK_ROW(tale.completed == rows[i].completed,
			  rows[i].sentence);
		CHECK_ROW(tale.timeouts == 1 - rows[i].completed,
			  rows[i].sentence);
	}
}

/* What the client sends towards its server is lost, for good, on the link to
 * the server; the server's own packets are not. */
static void
test_ways(void)
{
	static const struct {
		const char *sentence;
		enum fault_way way;
		enum detection_kind detection;
		uint32_t completed;
	} rows[] = {
		{ "down, and nothing notices", FAULT_WAY_DOWN,
		  DETECTION_CARRIER, 0 },
		{ "down, and BFD notices", FAULT_WAY_DOWN, DETECTION_BFD, 1 },
		{ "both, and nothing notices", FAULT_WAY_BOTH,
		  DETECTION_CARRIER, 0 },
		{ "up, where no packet of the session goes, and BFD notices",
		  FAULT_WAY_UP, DETECTION_BFD, 1 },
	};

	for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const char *sentence = rows[i / 2].sentence;
		const struct fault_settings fault = {
			.kind = FAULT_LINK_SILENT,
			.target = "leaf-server",
			.way = rows[i / 2].way,
		};
		struct tale tale =
			run(&fault, i % 2 ? FIDELITY_PATH : FIDELITY_PACKET,
			    rows[i / 2].detection, sentence);

		CHECK_ROW(tale.faults == 1, sentence);
		CHECK_ROW(tale.completed == rows[i / 2].completed, sentence);
	}
}

/* Times count from when the tables are settled, of loops, too. */
static void
test_loop(void)
{
	const struct fault_settings fault = {
		.kind = FAULT_DRAIN,
		.target = "server1",
		.each_ns = 3 * S,
		.for_ns = S,
		.until_ns = 10 * S,
	};
	struct tale tale = run(&fault, FIDELITY_PACKET, DETECTION_CARRIER,
			       "a loop ends when it is to end");

	/* At 3, 6 and 9 s; and undone each. */
	CHECK(tale.faults == 6);
	CHECK(tale.completed == 1);
}

int
main(void)
{
	test_degrees();
	test_rate();
	test_ways();
	test_loop();
	return check_done();
}
