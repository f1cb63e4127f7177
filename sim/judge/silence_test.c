/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * silence_test.c - a session of which nothing comes, and who is to blame
 *
 * One session of server1 in a world that does nothing by itself: the test says
 * what TCP does, and whether there is a way.
 */
#include "sim/judge/silence.h"

#include <stdio.h>
#include <string.h>

#include "core/test/check.h"
#include "sim/host/server.h"
#include "sim/host/transport.h"
#include "sim/judge/promise.h"
#include "sim/model/workload.h"
#include "sim/scheme/schemes.h"

#define S    NS_PER_S
#define STEP SILENCE_LOOK_NS

struct bed {
	struct settings settings;
	struct fault_settings fault;
	uint64_t counts[VIOLATIONS];
	struct watch watch;
	struct verdicts verdicts;
	struct queue *queue;
	struct network *network;
	struct workload *workload;
	struct transport *transport;
	struct servers *servers;
	struct judge_promise *promise;
	struct workload_witness witness;
	struct session_key key;
	struct tcp *tcp; /* the owner's */
	struct source *source;
	struct connection *client;
	uint32_t loss_ppm;
	struct instant now;
};

static void
on_violation(void *context, const struct watch_violation *violation)
{
	struct bed *bed = context;

	bed->counts[violation->kind]++;
}

static uint32_t
loss(void *context, const struct session *session)
{
	const struct bed *bed = context;

	(void)session;
	return bed->loss_ppm;
}

static bool
holder(void *context, const struct session *session)
{
	(void)context;
	(void)session;
	return true;
}

static bool
bereft(void *context, const struct session *session, struct instant now)
{
	(void)context;
	(void)session;
	(void)now;
	return false;
}

static bool
crowded(void *context, const struct session *session)
{
	const struct bed *bed = context;

	(void)session;
	return bed->client->crowded;
}

static void
nowhere(void *context, struct instant now, uint32_t device, uint8_t port,
	const uint8_t *bytes, uint32_t size)
{
	(void)context;
	(void)now;
	(void)device;
	(void)port;
	(void)bytes;
	(void)size;
}

static void
bed_hosts(struct bed *bed)
{
	static struct tcp_settings tcp;
	char error[200];

	tcp_settings_default(&tcp);
	bed->queue = queue_create();
	CHECK(network_create(&bed->network, &bed->settings, bed->queue,
			     &bed->watch, nowhere, bed, error,
			     sizeof(error)) == 0);
	bed->workload =
		workload_create(&bed->settings, bed->queue, &bed->watch);
	workload_witness(bed->workload, &bed->witness);
	bed->transport = transport_create(bed->network, bed->queue, &tcp);
	bed->servers = servers_create(&bed->settings,
				      schemes_get(bed->settings.service.scheme),
				      bed->network, bed->queue, &bed->watch,
				      bed->workload, bed->transport);
}

/* It is over at 5 s, or never is. */
static void
bed_script(struct bed *bed, bool heals)
{
	bed->fault = (struct fault_settings){
		.kind = heals ? FAULT_UNDRAIN : FAULT_CHURN,
		.at_ns = 5 * S,
		.count = 1,
	};
	if (heals)
		(void)snprintf(bed->fault.target, sizeof(bed->fault.target),
			       "server1");
	bed->settings.faults = &bed->fault;
	bed->settings.fault_count = 1;
}

/* Established, and one byte of it has come. */
static void
bed_session(struct bed *bed)
{
	struct connection *connection;

	bed->key.family = 4;
	connection = transport_add(bed->transport, 0, &bed->key);
	bed->tcp = &connection->tcp;
	bed->source = &connection->source;
	bed->tcp->una = tcp_send_end(bed->tcp);
	bed->tcp->settings = transport_settings(bed->transport);
	bed->tcp->state = TCP_STATE_ESTABLISHED;
	bed->tcp->retransmit_at = INSTANT_NEVER;
	bed->tcp->rto_ns = S;
	bed->client = transport_add(bed->transport,
				    network_client_device(bed->network, 0),
				    &bed->key);
	bed->client->tcp.settings = transport_settings(bed->transport);
	bed->client->tcp.retransmit_at = INSTANT_NEVER;
	workload_open(bed->workload, bed->now, 0, &bed->key);
	workload_answered(bed->workload, bed->now, &bed->key, 0);
	workload_owned(bed->workload, 0, 0);
	workload_progress(bed->workload, bed->now, 0, 1);
}

static void
bed_create(struct bed *bed, bool heals, struct instant begin,
	   uint32_t mtu_bytes)
{
	memset(bed, 0, sizeof(*bed));
	settings_default(&bed->settings);
	bed->settings.fabric.fabric_link.mtu_bytes = mtu_bytes;
	bed_script(bed, heals);
	bed->watch =
		(struct watch){ .context = bed, .violation = on_violation };
	bed->verdicts.watch = &bed->watch;
	bed->witness = (struct workload_witness){
		.context = bed,
		.owner_loss_ppm = loss,
		.holder_reachable = holder,
		.bereft = bereft,
		.crowded = crowded,
	};
	bed_hosts(bed);
	bed->promise = judge_promise_create(&(struct judge_parts){
		.settings = &bed->settings,
		.network = bed->network,
		.servers = bed->servers,
		.workload = bed->workload,
		.transport = bed->transport,
		.verdicts = &bed->verdicts,
	});
	bed->now = begin;
	bed_session(bed);
	judge_promise_zero(bed->promise, bed->now);
}

static void
bed_destroy(struct bed *bed)
{
	judge_promise_destroy(bed->promise);
	servers_destroy(bed->servers);
	transport_destroy(bed->transport);
	workload_destroy(bed->workload);
	network_destroy(bed->network);
	queue_destroy(bed->queue);
}

/*
 * A letter a second:
 *
 *	t	its owner's timer rings		b	a byte comes
 *	-	there is no way from now on	+	there is one
 *	1	one that loses one of a hundred
 *	r	there is one, and the timer rings at once
 *	s	its owner's timer is set, for 20 seconds from now
 *	a	all its bytes are there		d	its owner crashes
 *	x	its client gives it up		p	its program waits
 *	f	its client's link has no room for what that sends
 *	n	it has
 */
static const struct row {
	const char *sentence;
	bool heals;
	const char *steps;
	enum violation kind; /* VIOLATIONS: none */
} rows[] = {
	{ "nine seconds", false, "t.tt....t", VIOLATIONS },
	{ "ten, and nobody heard", false, "t.tt....t..",
	  VIOLATION_BROKEN_SILENT },
	{ "a byte came", false, "t.tt..b..t....t", VIOLATIONS },
	{ "its sender said nothing", false, "..................", VIOLATIONS },
	{ "its last try is on its way", false, "...........t.", VIOLATIONS },
	{ "and came to nothing", false, "...........t....",
	  VIOLATION_BROKEN_SILENT },
	{ "there was no way", false, "-t..t.......t....", VIOLATIONS },
	{ "there is one again, and it has not tried", false,
	  "-t..t.......t....+..............", VIOLATIONS },
	{ "and has", false, "-t..t.......t....+..t............",
	  VIOLATION_BROKEN_SILENT },
	{ "a try before routes had settled", false,
	  "-t..t.......t....r..............", VIOLATIONS },
	{ "four tries of a bad way", false, "1t.t.t.t..........", VIOLATIONS },
	{ "five", false, "1t.t.t.tt.........", VIOLATION_BROKEN_SILENT },
	{ "its program waits for its pace", false, "pt.tt....t..", VIOLATIONS },
	{ "so it does when faults are over", true, "p.......................",
	  VIOLATIONS },
	{ "its client's link is full", false, "f...t.t........t.......",
	  VIOLATIONS },
	{ "and has room now, and nobody tries", false,
	  "f...t.t........t..n...............", VIOLATIONS },
	{ "until just now", false, "f...t.t........t..n.........t.",
	  VIOLATIONS },
	{ "for long enough", false, "f...t.t........t..n......t.....",
	  VIOLATION_BROKEN_SILENT },
	{ "it is full now and then", false, "....t.f..n....t.f..n....t.f.n",
	  VIOLATIONS },
	{ "it stays so when faults are over", true, "f.......................",
	  VIOLATIONS },
	{ "its owner crashed", false, "t.ttd...t..", VIOLATIONS },
	{ "given up at once", false, "x", VIOLATIONS },
	{ "given up without a way", false, "-.............x", VIOLATIONS },
	{ "faults are over, and nobody says a word", true,
	  "........................", VIOLATION_LATE },
	{ "they have just ended", true, "..............", VIOLATIONS },
	{ "a timer is to ring yet", true, "s.......................",
	  VIOLATIONS },
	{ "but no way", true, "-.......................", VIOLATIONS },
	{ "all has come, and nobody ends it", true,
	  "..........a...............", VIOLATION_LATE },
	{ "all has come, and it ends", true, "..........a....x..........",
	  VIOLATIONS },
};

/* Of links in the fabric; with GUE_OVERHEAD4 a full packet needs 1548. */
static const struct {
	uint32_t mtu_bytes;
	struct row row;
} narrow_rows[] = {
	{ 1548,
	  { "two tries, and tunnels have room", false, ".t..t...........",
	    VIOLATION_BROKEN_SILENT } },
	{ 1547,
	  { "two, and they may have none", false, ".t..t...........",
	    VIOLATIONS } },
	{ 1547,
	  { "a third, which the sender made when it knew", false,
	    ".t..t..t........", VIOLATION_BROKEN_SILENT } },
};

static void
way(struct bed *bed, uint32_t loss_ppm)
{
	bed->loss_ppm = loss_ppm;
	judge_promise_event(bed->promise, bed->now,
			    &(struct event){ .kind = EVENT_ROUTE });
}

static void
step(struct bed *bed, char what)
{
	switch (what) {
	case 't':
		bed->tcp->counters.timeouts++;
		break;
	case 'f':
	case 'n':
		bed->client->crowded = what == 'f';
		break;
	case 's':
		bed->tcp->retransmit_at = instant_after(bed->now, 20 * S);
		break;
	case 'p':
		bed->source->bytes_left = 1;
		break;
	case 'b':
		workload_progress(bed->workload, bed->now, 0, 2);
		break;
	case 'a':
		workload_progress(bed->workload, bed->now, 0, UINT64_MAX);
		break;
	case 'd':
		workload_server_died(bed->workload, 0);
		break;
	case 'x':
		workload_close(bed->workload, bed->now, 0,
			       workload_session(bed->workload, 0)->bytes > 2
				       ? OUTCOME_CLOSED
				       : OUTCOME_TIMEOUT);
		break;
	case 'r':
		bed->tcp->counters.timeouts++;
		way(bed, 0);
		break;
	case '-':
	case '+':
	case '1':
		way(bed, what == '-' ? 1000000 : what == '1' ? 10000 : 0);
		break;
	default:
		break;
	}
}

/* begin: when the session opens, and the script's time zero. */
static void
play(const struct row *row, struct instant begin, uint32_t mtu_bytes)
{
	struct judge_facts facts;
	struct bed bed;

	bed_create(&bed, row->heals, begin, mtu_bytes);
	for (const char *at = row->steps; *at != '\0'; at++) {
		step(&bed, *at);
		for (unsigned i = 0; i < S / STEP; i++) {
			bed.now = instant_after(bed.now, STEP);
			judge_promise_event(
				bed.promise, bed.now,
				&(struct event){ .kind = EVENT_TCP });
		}
	}
	judge_promise_finish(bed.promise, bed.now, &facts);
	for (unsigned i = 0; i < VIOLATIONS; i++)
		CHECK_ROW(bed.counts[i] == (i == row->kind), row->sentence);
	bed_destroy(&bed);
}

static void
test_tries(void)
{
	CHECK(silence_tries(0) == 1);
	CHECK(silence_tries(1000) == 3);
	CHECK(silence_tries(10000) == 5);
	CHECK(silence_tries(CAUSE_LOSS_PPM) == 9);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int64_t begin_ns = 0; begin_ns <= S; begin_ns += S)
			play(&rows[i], (struct instant){ begin_ns }, 1600);
	for (unsigned i = 0; i < sizeof(narrow_rows) / sizeof(narrow_rows[0]);
	     i++)
		play(&narrow_rows[i].row, (struct instant){ 0 },
		     narrow_rows[i].mtu_bytes);
	test_tries();
	return check_done();
}
