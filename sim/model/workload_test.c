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
	struct watch_session session;
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

static void
on_session(void *context, const struct watch_session *session)
{
	struct notes *notes = context;

	notes->session = *session;
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
		.session = on_session,
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

/* What a witness says. */
struct answers {
	bool owner, holder, bereft, crowded;
};

static uint32_t
owner_answer(void *context, const struct session *session)
{
	const struct answers *answers = context;

	(void)session;
	return answers->owner ? CAUSE_LOSS_PPM : CAUSE_LOSS_PPM + 1;
}

static bool
holder_answer(void *context, const struct session *session)
{
	const struct answers *answers = context;

	(void)session;
	return answers->holder;
}

static bool
bereft_answer(void *context, const struct session *session, struct instant now)
{
	const struct answers *answers = context;

	(void)session;
	(void)now;
	return answers->bereft;
}

static bool
crowded_answer(void *context, const struct session *session)
{
	const struct answers *answers = context;

	(void)session;
	return answers->crowded;
}

static struct workload_witness
witness_of(struct answers *answers)
{
	return (struct workload_witness){
		.context = answers,
		.owner_loss_ppm = owner_answer,
		.holder_reachable = holder_answer,
		.bereft = bereft_answer,
		.crowded = crowded_answer,
	};
}

/*
 * A session of server 0 that was stored, or not; a letter a step, a second
 * apart, then its end at once or by the end of the run:
 *
 *	1	a packet of it reaches server 1		h	or server 0
 *	m u x	there: a lookup missed, proved nothing, was not made
 *	M	the scheme there sends a RST		K	the kernel does
 *	H	a half-open socket there does		o	an old one does
 *	d e	server 0, server 1 crashes		c	its socket ends
 *	O	it is established at server 1 now, another was half-open
 *	-	the owner cannot be reached from now on	+	it can
 *	.	nothing for ten seconds			b	a byte comes
 *	0	all who held its record die
 *	f	its client's link is full from now on	n	it is not
 */
struct cause_row {
	const char *sentence, *steps;
	bool stored, holder; /* holder: one can be reached */
	char ends; /* Reset, Timeout, with the run's end: E, complete then: F */
	enum outcome outcome;
	enum cause cause;
};

static const struct cause_row cause_rows[] = {
	{ "it went on", "b", true, true, 'E', OUTCOME_TIMEOUT,
	  CAUSE_UNFINISHED },
	{ "it waited for nine seconds", "bhhhhhhhhh", true, true, 'E',
	  OUTCOME_TIMEOUT, CAUSE_UNFINISHED },
	{ "for ten", "b.", true, true, 'E', OUTCOME_TIMEOUT, CAUSE_SILENT },
	{ "all is there", "b.", true, true, 'F', OUTCOME_CLOSED, CAUSE_NONE },
	{ "all is there, and it strayed", "1b.", true, true, 'F', OUTCOME_KEPT,
	  CAUSE_NONE },
	{ "its owner crashed", "d", true, true, 'T', OUTCOME_TIMEOUT,
	  CAUSE_OWNER_DEAD },
	{ "it was a socket that had gone before", "cd", true, true, 'T',
	  OUTCOME_TIMEOUT, CAUSE_OWNER_CLOSED },
	{ "it was half-open, and another has it now", "dO.", true, true, 'E',
	  OUTCOME_TIMEOUT, CAUSE_SILENT },
	{ "another server did", "1emM", true, true, 'R', OUTCOME_RESET,
	  CAUSE_RECORD_GONE },
	{ "its owner crashed just before the end", "bd", true, true, 'E',
	  OUTCOME_TIMEOUT, CAUSE_OWNER_DEAD },
	{ "never stored", "1mM", false, true, 'R', OUTCOME_RESET,
	  CAUSE_UNPROTECTED },
	{ "all who held it died", "1m0M", true, true, 'R', OUTCOME_RESET,
	  CAUSE_UNPROTECTED },
	{ "all who held it died, and nobody knows", "1u0", true, true, 'T',
	  OUTCOME_TIMEOUT, CAUSE_UNPROTECTED },
	{ "all who held it died, and a kernel answered", "10K", true, true, 'R',
	  OUTCOME_RESET, CAUSE_NO_SOCKET },
	{ "never stored, never away", ".", false, true, 'E', OUTCOME_TIMEOUT,
	  CAUSE_SILENT },
	{ "its client's link was full", "f.", true, true, 'E', OUTCOME_TIMEOUT,
	  CAUSE_UNREACHABLE },
	{ "it gave up then", "1mf", true, true, 'T', OUTCOME_TIMEOUT,
	  CAUSE_UNREACHABLE },
	{ "that had room for its last try", "f.n", true, true, 'E',
	  OUTCOME_TIMEOUT, CAUSE_SILENT },
	{ "it was full, and a RST came", "1fmM", true, true, 'R', OUTCOME_RESET,
	  CAUSE_RECORD_GONE },
	{ "no holder in reach", "1mM", true, false, 'R', OUTCOME_RESET,
	  CAUSE_UNREACHABLE },
	{ "holders do not matter at home", ".", true, false, 'E',
	  OUTCOME_TIMEOUT, CAUSE_SILENT },
	{ "the owner out of reach", "1-mM", true, true, 'R', OUTCOME_RESET,
	  CAUSE_UNREACHABLE },
	{ "out of reach when it was looked for, a second ago", "1-m+M", true,
	  true, 'R', OUTCOME_RESET, CAUSE_RECORD_GONE },
	{ "nobody was asked", "1x.", true, true, 'E', OUTCOME_TIMEOUT,
	  CAUSE_BUDGET },
	{ "nobody answered", "1u", true, true, 'T', OUTCOME_TIMEOUT,
	  CAUSE_UNSURE },
	{ "the kernel of server 1", "1K", true, true, 'R', OUTCOME_RESET,
	  CAUSE_NO_SOCKET },
	{ "a half-open socket", "H", true, true, 'R', OUTCOME_RESET,
	  CAUSE_HALF_OPEN },
	{ "an old one", "o", true, true, 'T', OUTCOME_TIMEOUT,
	  CAUSE_OLD_SOCKET },
	{ "and home again", "oh", true, true, 'T', OUTCOME_TIMEOUT,
	  CAUSE_SILENT },
	{ "its socket had gone", "1cmM", true, true, 'R', OUTCOME_RESET,
	  CAUSE_OWNER_CLOSED },
};

static void
cause_tell(struct bed *bed, char what, struct answers *answers)
{
	static const struct {
		char what;
		enum cause_search search;
	} searches[] = {
		{ 'm', CAUSE_SEARCH_MISSED },
		{ 'u', CAUSE_SEARCH_UNSURE },
		{ 'x', CAUSE_SEARCH_REFUSED },
	};
	static const struct {
		char what;
		enum cause_reset reset;
	} resets[] = {
		{ 'M', CAUSE_RESET_SCHEME },
		{ 'K', CAUSE_RESET_KERNEL },
		{ 'H', CAUSE_RESET_HALF },
	};

	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++)
		if (searches[i].what == what)
			workload_search(bed->workload, bed->now, 0, 1,
					searches[i].search);
	for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++)
		if (resets[i].what == what)
			workload_reset_sent(bed->workload, &bed->key, 1,
					    resets[i].reset);
	if (what == '+' || what == '-')
		answers->owner = what == '+';
	if (what == 'f' || what == 'n')
		answers->crowded = what == 'f';
	answers->bereft |= what == '0';
}

static void
cause_step(struct bed *bed, char what, struct answers *answers)
{
	bed->now =
		instant_after(bed->now, what == '.' ? 10 * NS_PER_S : NS_PER_S);
	switch (what) {
	case '1':
		workload_stray(bed->workload, bed->now, &bed->key, 1);
		break;
	case 'h':
		workload_home(bed->workload, 0);
		workload_taken(bed->workload, bed->now, 0, 0, CAUSE_SOCKET_OLD);
		break;
	case 'o':
		workload_taken(bed->workload, bed->now, 0, 1, CAUSE_SOCKET_OLD);
		break;
	case 'd':
	case 'e':
		workload_server_died(bed->workload, what == 'e');
		break;
	case 'O':
		workload_owned(bed->workload, 0, 1);
		break;
	case 'c':
		workload_owner_closed(bed->workload, 0, 0);
		break;
	case 'b':
		workload_progress(bed->workload, bed->now, 0, 2);
		break;
	default:
		cause_tell(bed, what, answers);
	}
}

static void
test_cause(void)
{
	for (size_t i = 0; i < sizeof(cause_rows) / sizeof(cause_rows[0]);
	     i++) {
		const struct cause_row *row = &cause_rows[i];
		struct answers answers = { .owner = true,
					   .holder = row->holder };
		const struct workload_witness witness = witness_of(&answers);
		struct bed bed;

		bed_create(&bed);
		workload_witness(bed.workload, &witness);
		workload_answered(bed.workload, bed.now, &bed.key, 0);
		if (row->stored)
			workload_stored(bed.workload, 0, 3);
		for (const char *at = row->steps; *at != '\0'; at++)
			cause_step(&bed, *at, &answers);
		if (row->ends == 'F')
			workload_progress(bed.workload, bed.now, 0, 10000000);
		if (row->ends == 'E' || row->ends == 'F')
			workload_finish(bed.workload, bed.now);
		else
			workload_close(bed.workload, bed.now, 0,
				       row->ends == 'R' ? OUTCOME_RESET
							: OUTCOME_TIMEOUT);
		CHECK_ROW(bed.notes.session.outcome == row->outcome,
			  row->sentence);
		CHECK_ROW(bed.notes.session.cause == row->cause, row->sentence);
		bed_destroy(&bed);
	}
}

/* Of an upload that is complete when the run ends, nobody has told the client:
 * it has no completion. */
static void
test_complete_at_end(void)
{
	for (int upload = 0; upload < 2; upload++) {
		struct bed bed;

		bed_create(&bed);
		bed.settings.clients.direction =
			upload ? DIRECTION_UPLOAD : DIRECTION_DOWNLOAD;
		workload_progress(bed.workload, bed.now, 0, 10000000);
		workload_finish(bed.workload, bed.now);
		CHECK(bed.notes.session.outcome == OUTCOME_CLOSED);
		CHECK(bed.notes.completions == (upload ? 0 : 1));
		bed_destroy(&bed);
	}
}

/* A SYN that a server has answered is that server's, until another answers. */
static void
test_handshake(void)
{
	static const struct {
		const char *sentence;
		bool crash, again, late, reachable;
		bool waits; /* nothing is stored in a handshake */
		bool skipped; /* the first was not, another's was */
		enum cause cause;
	} rows[] = {
		{ "nothing is wrong", false, false, false, true, false, false,
		  CAUSE_HANDSHAKE },
		{ "no way to it", false, false, false, false, false, false,
		  CAUSE_UNREACHABLE },
		{ "it died", true, false, false, true, false, false,
		  CAUSE_OWNER_DEAD },
		{ "and another answered", true, true, false, true, false, false,
		  CAUSE_HANDSHAKE },
		{ "its ACK strayed, another came, then the RST", false, false,
		  true, true, false, false, CAUSE_HANDSHAKE },
		{ "and was stored only then", false, false, true, true, true,
		  false, CAUSE_UNPROTECTED },
		{ "one was skipped, and another's stored", false, true, false,
		  true, false, true, CAUSE_UNPROTECTED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answers answers = { .owner = rows[i].reachable,
					   .holder = true };
		const struct workload_witness witness = witness_of(&answers);
		struct bed bed;

		bed_create(&bed);
		workload_destroy(bed.workload);
		bed.settings.service.steer.store_after_ns =
			rows[i].waits ? 100 * NS_PER_MS : 0;
		bed.workload =
			workload_create(&bed.settings, bed.queue, &bed.watch);
		workload_witness(bed.workload, &witness);
		workload_open(bed.workload, bed.now, 0, &bed.key);
		workload_answered(bed.workload, bed.now, &bed.key, 3);
		if (rows[i].crash)
			workload_server_died(bed.workload, 3);
		if (rows[i].again)
			workload_answered(bed.workload, bed.now, &bed.key, 2);
		if (rows[i].late) {
			workload_stray(bed.workload, bed.now, &bed.key, 1);
			workload_reset_sent(bed.workload, &bed.key, WATCH_NONE,
					    CAUSE_RESET_SCHEME);
			workload_owned(bed.workload, 0, 3);
		}
		if (rows[i].skipped)
			workload_skipped(bed.workload, &bed.key);
		if (rows[i].waits || rows[i].skipped)
			workload_stored(bed.workload, 0, 3);
		workload_close(bed.workload, bed.now, 0,
			       rows[i].late ? OUTCOME_RESET : OUTCOME_TIMEOUT);
		CHECK_ROW(bed.notes.session.cause == rows[i].cause,
			  rows[i].sentence);
		CHECK(workload_ended(bed.workload) == 1 &&
		      workload_ended_flow(bed.workload, 0) == 0);
		bed_destroy(&bed);
	}
}

/* The record of one that strays at once, or did so before it was established:
 * is it too late, or told to wait? */
static void
test_grace(void)
{
	for (int i = 0; i < 4; i++) {
		bool waits = (i & 1) != 0, earlier = (i & 2) != 0;
		struct answers answers = { .owner = true, .holder = true };
		const struct workload_witness witness = witness_of(&answers);
		struct bed bed;

		bed_create(&bed);
		bed.settings.service.steer.store_after_ns =
			waits ? NS_PER_S : 0;
		workload_witness(bed.workload, &witness);
		workload_answered(bed.workload, bed.now, &bed.key, 0);
		if (earlier)
			workload_progress(bed.workload, at_ms(100), 0, 2);
		else
			workload_stray(bed.workload, at_ms(100), &bed.key, 1);
		workload_reset_sent(bed.workload, &bed.key,
				    earlier ? 1 : WATCH_NONE,
				    CAUSE_RESET_SCHEME);
		CHECK(workload_session(bed.workload, 0)->reset_by == 1);
		workload_close(bed.workload, at_ms(1100), 0, OUTCOME_RESET);
		CHECK(bed.notes.session.cause ==
		      (waits ? CAUSE_UNPROTECTED : CAUSE_RECORD_GONE));
		bed_destroy(&bed);
	}
}

/* Home is where its SYN was answered last, until somebody is its owner. */
static void
test_handshake_strays(void)
{
	struct bed bed;

	bed_create(&bed);
	workload_destroy(bed.workload);
	bed.workload = workload_create(&bed.settings, bed.queue, &bed.watch);
	workload_open(bed.workload, bed.now, 0, &bed.key);
	workload_stray(bed.workload, at_ms(1), &bed.key, 1);
	CHECK(workload_session(bed.workload, 0)->strays == 0);
	workload_answered(bed.workload, at_ms(2), &bed.key, 0);
	workload_stray(bed.workload, at_ms(3), &bed.key, 0);
	CHECK(workload_session(bed.workload, 0)->strays == 0);
	workload_stray(bed.workload, at_ms(4), &bed.key, 1);
	CHECK(workload_session(bed.workload, 0)->strays == 1);
	CHECK(workload_session(bed.workload, 0)->strayed.ns == INT64_MAX);
	workload_answered(bed.workload, at_ms(5), &bed.key, 1);
	workload_stray(bed.workload, at_ms(6), &bed.key, 1);
	CHECK(workload_session(bed.workload, 0)->strays == 1);
	workload_stray(bed.workload, at_ms(7), &bed.key, 0);
	CHECK(workload_session(bed.workload, 0)->strays == 2);
	bed_destroy(&bed);
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
	test_cause();
	test_complete_at_end();
	test_handshake();
	test_grace();
	test_handshake_strays();
	return check_done();
}
