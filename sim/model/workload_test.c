/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * workload_test.c - which stray a failure caused, and whose stall counts
 *
 * One session, owned by server 0; each row of the table is what happens to it,
 * a letter a step, one millisecond apart:
 *
 *	F	a fault begins whose first stray is timed
 *	D	one whose strays are not timed (a drain)
 *	c	something else changes (a link mended)
 *	1 2	a packet of it reaches server 1, server 2
 *	h	a packet of it reaches its owner by itself
 */
#include "sim/model/workload.h"

#include <string.h>

#include "core/test/check.h"

struct notes {
	uint32_t detections, stalls, broken, local, completions;
	int64_t stall_ns, before_ns;
	int64_t detection_ns, completion_ns;
	uint32_t node;
};

static void
on_measurement(void *context, const struct watch_measurement *m)
{
	struct notes *notes = context;

	if (m->metric == METRIC_DETECTION) {
		notes->detections++;
		notes->detection_ns = m->value_ns;
		notes->node = m->node;
	} else if (m->metric == METRIC_COMPLETION) {
		notes->completions++;
		notes->completion_ns = m->value_ns;
	} else if (m->metric == METRIC_STALL) {
		notes->stalls++;
		notes->broken += !m->ok;
		notes->local += m->local;
		notes->stall_ns = m->value_ns;
	} else if (m->metric == METRIC_STALL_BEFORE) {
		notes->before_ns = m->value_ns;
	}
}

struct bed {
	struct notes notes;
	struct watch watch;
	struct settings settings;
	struct queue *queue;
	struct workload *workload;
	struct session_key key;
	struct instant now;
};

/* A session that is open, owned, and has received a byte. */
static void
bed_create(struct bed *bed)
{
	memset(bed, 0, sizeof(*bed));
	settings_default(&bed->settings);
	bed->watch = (struct watch){
		.context = &bed->notes,
		.measurement = on_measurement,
	};
	bed->queue = queue_create();
	bed->workload =
		workload_create(&bed->settings, bed->queue, &bed->watch);
	bed->key.family = 4;
	workload_open(bed->workload, bed->now, 0, &bed->key);
	workload_owned(bed->workload, 0, 0);
	workload_progress(bed->workload, bed->now, 0, 1);
}

static void
bed_destroy(struct bed *bed)
{
	workload_destroy(bed->workload);
	queue_destroy(bed->queue);
}

static void
step(struct bed *bed, char what)
{
	bed->now = instant_after(bed->now, NS_PER_MS);
	switch (what) {
	case 'F':
	case 'D':
		workload_fault(bed->workload, bed->now, what == 'F');
		break;
	case 'c':
		workload_changed(bed->workload);
		break;
	case 'h':
		workload_home(bed->workload, 0);
		break;
	default:
		workload_stray(bed->workload, bed->now, &bed->key,
			       (uint32_t)(what - '0'));
	}
}

static void
test_detection(void)
{
	static const struct {
		const char *sentence, *steps;
		uint32_t detections, ms, node;
	} rows[] = {
		{ "the first stray after the failure is its", "F1", 1, 1, 1 },
		{ "packets at home before it are not", "Fhh2", 1, 3, 2 },
		{ "the second is not", "F12", 1, 1, 1 },
		{ "a stray before any failure is no fault's", "1", 0, 0, 0 },
		{ "a drain's stray is no detection", "D1", 0, 0, 0 },
		{ "a session that strays already was not moved by it", "1F11",
		  0, 0, 0 },
		{ "unless to another server", "1F112", 1, 3, 2 },
		{ "or home and away again", "1hF1", 1, 1, 1 },
		{ "each failure has its own", "F1F2", 2, 1, 2 },
		{ "what a mended link strays is not its", "Fc1", 0, 0, 0 },
		{ "nor what a later drain does", "FD1", 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bed bed;
		bed_create(&bed);
		for (const char *at = rows[i].steps; *at != '\0'; at++)
			step(&bed, *at);
		CHECK_ROW(bed.notes.detections == rows[i].detections,
			  rows[i].sentence);
		CHECK_ROW(bed.notes.detection_ns == rows[i].ms * NS_PER_MS,
			  rows[i].sentence);
		CHECK_ROW(bed.notes.node == rows[i].node, rows[i].sentence);
		bed_destroy(&bed);
	}
}

static void
test_stall(void)
{
	static const struct {
		const char *sentence;
		enum outcome outcome;
		uint32_t broken;
	} rows[] = {
		{ "a session that ends well has a stall", OUTCOME_CLOSED, 0 },
		{ "one that is reset has none to compare", OUTCOME_RESET, 1 },
		{ "nor one that gave up", OUTCOME_TIMEOUT, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bed bed;
		bed_create(&bed);
		step(&bed, 'F');
		workload_close(bed.workload, bed.now, 0, rows[i].outcome);
		CHECK_ROW(bed.notes.stalls == 1, rows[i].sentence);
		CHECK_ROW(bed.notes.completions == (rows[i].broken == 0),
			  rows[i].sentence);
		CHECK_ROW(bed.notes.broken == rows[i].broken, rows[i].sentence);
		bed_destroy(&bed);
	}
}

struct idle_row {
	const char *sentence;
	uint64_t size_bytes; /* steps of 1,460 */
	int64_t arrivals_ms[6]; /* a step each, half a one if < 0; 0 ends */
	int64_t close_ms; /* 0: it stays open */
	bool local;
	int64_t session_ms, before_ms, stall_ms; /* -1: none */
};

/* A session that writes a segment every ten seconds, the first of them ten
 * seconds after it has opened; a fault at 35 s. */
static const struct idle_row idle_rows[] = {
	{ "in step: its byte came when it was due",
	  14600,
	  { 10005, 20005, 30005, 40005 },
	  0,
	  false,
	  0,
	  0,
	  0 },
	{ "late by three seconds",
	  14600,
	  { 10005, 20005, 30005, 43005 },
	  0,
	  false,
	  3000,
	  0,
	  3000 },
	{ "missing when the window ends",
	  14600,
	  { 10005, 20005, 30005, 60005 },
	  0,
	  false,
	  4995,
	  0,
	  4995 },
	{ "one late byte is not the pace",
	  14600,
	  { 10005, 22005, 30005, 40005 },
	  0,
	  false,
	  0,
	  0,
	  0 },
	{ "missing when the fault comes",
	  14600,
	  { 10005, 20005 },
	  0,
	  false,
	  10000,
	  4995,
	  10000 },
	{ "nothing is due: all has come",
	  4380,
	  { 10005, 20005, 30005 },
	  0,
	  true,
	  -1,
	  0,
	  0 },
	{ "the rest is due with a step's first half",
	  14600,
	  { 10005, 20005, 30005, -36005 },
	  0,
	  false,
	  8995,
	  0,
	  8995 },
	{ "closed before its next byte was due",
	  14600,
	  { 10005, 20005, 30005 },
	  36000,
	  true,
	  -1,
	  0,
	  0 },
};

static struct instant
at_ms(int64_t ms)
{
	return (struct instant){ ms * NS_PER_MS };
}

static void
idle_play(struct bed *bed, const struct idle_row *row)
{
	uint64_t bytes = 0;
	bool fault = false;

	for (unsigned i = 0; i < 6; i++) {
		bool half = row->arrivals_ms[i] < 0;
		int64_t at = half ? -row->arrivals_ms[i] : row->arrivals_ms[i];

		if (!fault && (at == 0 || at > 35000)) {
			fault = true;
			workload_fault(bed->workload, at_ms(35000), true);
			workload_stray(bed->workload, at_ms(35000), &bed->key,
				       1);
		}
		if (at == 0 || at > 45000)
			break;
		bytes += half ? 730 : 1460;
		workload_progress(bed->workload, at_ms(at), 0, bytes);
	}
	if (row->close_ms > 0)
		workload_close(bed->workload, at_ms(row->close_ms), 0,
			       OUTCOME_CLOSED);
	workload_event(bed->workload, at_ms(45000), &(struct event){ .a = 1 });
}

static void
test_idle(void)
{
	for (size_t i = 0; i < sizeof(idle_rows) / sizeof(idle_rows[0]); i++) {
		const struct idle_row *row = &idle_rows[i];
		int64_t session_ns = row->session_ms < 0
					     ? STALL_METER_NONE
					     : row->session_ms * NS_PER_MS;
		struct bed bed;

		bed_create(&bed);
		workload_destroy(bed.workload);
		bed.settings.clients.pace_bps = 1168;
		bed.settings.clients.size_bytes = row->size_bytes;
		bed.workload =
			workload_create(&bed.settings, bed.queue, &bed.watch);
		workload_open(bed.workload, bed.now, 0, &bed.key);
		workload_owned(bed.workload, 0, 0);
		idle_play(&bed, row);
		CHECK_ROW(bed.notes.stalls == 1, row->sentence);
		CHECK_ROW(bed.notes.local == row->local, row->sentence);
		CHECK_ROW(bed.notes.stall_ns == row->stall_ms * NS_PER_MS,
			  row->sentence);
		CHECK_ROW(bed.notes.before_ns == row->before_ms * NS_PER_MS,
			  row->sentence);
		CHECK_ROW(workload_session(bed.workload, 0)->stall_ns ==
				  session_ns,
			  row->sentence);
		bed_destroy(&bed);
	}
}

/* Each opens once, in order, within the jitter after the time that it would
 * have without. */
static void
test_jitter(void)
{
	enum {
		SESSIONS = 200
	};
	const int64_t jitter_ns = 35 * NS_PER_MS;
	static const struct watch nobody;
	int64_t plain_ns[SESSIONS], wait_ns, at_ns = 0, lateness_ns = 0;
	bool opened[SESSIONS] = { false };
	uint32_t flow, overtakes = 0;
	struct settings settings;

	settings_default(&settings);
	settings.clients.sessions = SESSIONS;
	settings.clients.arrival = ARRIVAL_POISSON;
	settings.clients.start_ns = NS_PER_S;
	struct queue *queue = queue_create();
	struct workload *workload = workload_create(&settings, queue, &nobody);

	for (uint32_t i = 0; i < SESSIONS; i++) {
		CHECK(workload_next(workload, &flow, &wait_ns) && flow == i);
		plain_ns[i] = at_ns += wait_ns;
	}
	CHECK(plain_ns[0] == NS_PER_S);
	CHECK(!workload_next(workload, &flow, &wait_ns));
	workload_destroy(workload);

	settings.clients.jitter_ns = jitter_ns;
	workload = workload_create(&settings, queue, &nobody);
	at_ns = 0;
	for (uint32_t i = 0; i < SESSIONS; i++) {
		CHECK(workload_next(workload, &flow, &wait_ns));
		CHECK(wait_ns >= 0 && flow < SESSIONS && !opened[flow]);
		opened[flow] = true;
		overtakes += flow != i;
		at_ns += wait_ns;
		CHECK(at_ns >= plain_ns[flow] &&
		      at_ns < plain_ns[flow] + jitter_ns);
		lateness_ns += at_ns - plain_ns[flow];
	}
	CHECK(!workload_next(workload, &flow, &wait_ns));
	CHECK(overtakes > SESSIONS / 2);
	CHECK(lateness_ns > SESSIONS * jitter_ns * 4 / 10 &&
	      lateness_ns < SESSIONS * jitter_ns * 6 / 10);
	workload_destroy(workload);
	queue_destroy(queue);
}

/* A download ends with its last byte, an upload when the client is told. */
static void
test_completion(void)
{
	for (int upload = 0; upload < 2; upload++) {
		struct bed bed;
		struct instant opened;

		bed_create(&bed);
		opened = workload_session(bed.workload, 0)->opened;
		bed.settings.clients.direction =
			upload ? DIRECTION_UPLOAD : DIRECTION_DOWNLOAD;
		bed.now = instant_after(opened, 3 * NS_PER_MS);
		workload_progress(bed.workload, bed.now, 0, 5000);
		bed.now = instant_after(opened, 7 * NS_PER_MS);
		workload_progress(bed.workload, bed.now, 0, 5000);
		workload_close(bed.workload, bed.now, 0, OUTCOME_CLOSED);
		CHECK(bed.notes.completions == 1);
		CHECK(bed.notes.completion_ns == (upload ? 7 : 3) * NS_PER_MS);
		bed_destroy(&bed);
	}
}

int
main(void)
{
	test_completion();
	test_jitter();
	test_detection();
	test_stall();
	test_idle();
	return check_done();
}
