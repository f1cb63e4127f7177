/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control_test.c - what the control socket answers, and to which user
 *
 * Drains are in drain_watcher_test.c, the socket's name in socket_path_test.c.
 */
#include "live/control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/test/check.h"
#include "live/engine/report.h"
#include "live/kernel/latency_histogram.h"
#include "live/test/control_dialogue.h"
#include "live/test/fake.h"

static struct latency_histogram cost;
static int reload_result;
static int reloads;

static int
reload(void *context, struct instant at, char *error, size_t error_size)
{
	CHECK(context == &reloads);
	CHECK(at.ns == now.ns);
	reloads++;
	if (reload_result != 0)
		snprintf(error, error_size, "a.conf:3:1: no\nsuch thing");
	return reload_result;
}

static struct control_parts
parts_whole(struct drain *drain)
{
	struct control_parts parts = dialogue_parts(drain);

	parts.cost = &cost;
	parts.reload = reload;
	parts.context = &reloads;
	return parts;
}

/* ---- JSON (RFC 8259), just enough to say that it is ---- */

static const char *json_value(const char *at);

static const char *
json_string(const char *at)
{
	if (at == NULL || *at++ != '"')
		return NULL;
	while (*at != '"') {
		if ((unsigned char)*at < 0x20)
			return NULL;
		at += *at == '\\' ? 2 : 1;
	}
	return at + 1;
}

static const char *
json_space(const char *at)
{
	return at == NULL ? NULL : at + strspn(at, " \n\r\t");
}

/* Members or elements up to the closing bracket. */
static const char *
json_many(const char *at, char close, bool named)
{
	at = json_space(at + 1);
	if (*at == close)
		return at + 1;
	for (;;) {
		if (named) {
			at = json_space(json_string(json_space(at)));
			if (at == NULL || *at++ != ':')
				return NULL;
		}
		at = json_space(json_value(json_space(at)));
		if (at == NULL)
			return NULL;
		if (*at == close)
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *
json_value(const char *at)
{
	static const char *const words[] = { "true", "false", "null" };
	char *end;

	if (at == NULL)
		return NULL;
	if (*at == '{')
		return json_many(at, '}', true);
	if (*at == '[')
		return json_many(at, ']', false);
	if (*at == '"')
		return json_string(at);
	for (int i = 0; i < 3; i++) {
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	}
	(void)strtod(at, &end);
	return end == at ? NULL : end;
}

/* One value, then "ok". */
static bool
is_json(const char *text)
{
	const char *end = json_value(text);

	if (end != NULL && strcmp(end, "\nok\n") == 0)
		return true;
	fprintf(stderr, "no JSON: %.400s\n", text);
	return false;
}

/* ---- the tests ---- */

static void
answers_test(struct control *control)
{
	static const struct {
		const char *sentence, *line, *part;
	} rows[] = {
		{ "status ends with ok", "status\n", "\nok\n" },
		{ "status says where", "status\n", "10.0.0.1:7000" },
		{ "status counts sessions", "status\n", "120 open" },
		{ "status counts what was raised", "status\n", " 4 raised)" },
		{ "status names drops", "status\n", "tag 3, replay 5" },
		{ "status has what the TUN lost", "status\n",
		  "6 dropped by the TUN" },
		{ "status has the cost", "status\n", "p50 " },
		{ "counters are named", "counters\n", "steer_strays 4711\n" },
		{ "datagrams by purpose", "counters\n",
		  "\ndht_ping_datagrams 12\ndht_ping_bytes 864\n" },
		{ "drops of both kinds add up", "counters\n", "drop_tag 3\n" },
		{ "the kernel's resets are plain", "counters\n",
		  "\nkernel_resets 2\n" },
		{ "others of the data path", "counters\n",
		  "datapath_packets 9\n" },
		{ "status has the outlet", "status\n",
		  "outlet     8 forwards in 4 messages, 3 by another uplink" },
		{ "the outlet's", "counters\n", "\noutlet_fell_back 2\n" },
		{ "what the TUN lost", "counters\n",
		  "\ndatapath_tun_dropped 6\n" },
		{ "cost for the database", "counters\n", "cost_count 100\n" },
		{ "peers are endpoints", "peers\n",
		  "10.0.0.2:7000\n10.0.0.3:7000\nok\n" },
		{ "sessions have a time", "sessions\n",
		  "10.1.0.0:39936 192.0.2.1:80 2025-07-01T12:00:00.123456Z\n" },
		{ "an unknown word", "statu\n",
		  "error: no command 'statu'; did you mean 'status'?\n" },
		{ "an empty line", "\n", "error: an empty line" },
		{ "too many words", "status a b c d\n", "error: that line" },
		{ "an argument that is none", "peers all\n",
		  "error: peers takes no argument\n" },
		{ "half a session", "lookup 10.1.0.1:4000\n",
		  "error: lookup takes CLIENT and SERVICE\n" },
		{ "families differ", "lookup 10.1.0.1:4000 [::1]:80\n",
		  "error: no session" },
		{ "a deadline without sense", "drain soon\n",
		  "error: no deadline 'soon'" },
		{ "drain without a command", "drain\n",
		  "error: no such command in homewardd.conf" },
		{ "undrain without a command", "undrain 3\n",
		  "error: undrain takes no argument" },
		{ "no JSON for it", "counters json\n",
		  "error: counters takes no argument" },
		{ "bytes above ASCII", "stat\xc3\xbcs\n", "error: that line" },
	};
	int fd = dialogue_connect();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = ask(control, fd, rows[i].line);
		CHECK_ROW(contains(text, rows[i].part), rows[i].sentence);
		CHECK_ROW(is_whole(text, strlen(text)), rows[i].sentence);
	}
	close(fd);
}

static void
json_test(struct control *control)
{
	int fd = dialogue_connect();
	const char *text = ask(control, fd, "status json\n");

	CHECK(is_json(text));
	CHECK(contains(text, "\"steer\":{\"local\":0,\"strays\":4711"));
	CHECK(contains(text, "\"openings_skipped\":0,\"tun_dropped\":6}"));
	CHECK(contains(text, "\"outlet\":{\"datagrams\":0,\"forwards\":8"));
	CHECK(contains(text, "\"drops\":{\"short\":0"));
	CHECK(contains(text, "\"state\":\"serving\",\"left_ns\":null"));
	CHECK(contains(text, "\"uplinks\":[\"eth\\\"1\"]"));
	CHECK(contains(text, "\"services\":[\"192.0.2.1:80\"]"));
	text = ask(control, fd, "sessions json\n");
	CHECK(is_json(text));
	CHECK(contains(text, "\"client\":\"10.1.0.0:39936\",\"service\":"
			     "\"192.0.2.1:80\",\"established_ns\":"
			     "1751371200123456789,\"raised_ns\":null}"));
	fake.raised.established_ns = INT64_C(1751371320123456789);
	text = ask(control, fd, "sessions json\n");
	CHECK(is_json(text));
	CHECK(contains(text, "\"raised_ns\":1751371320123456789}"));
	CHECK(contains(ask(control, fd, "sessions\n"),
		       "10.1.0.0:39937 192.0.2.1:80 "
		       "2025-07-01T12:00:00.123456Z raised "
		       "2025-07-01T12:02:00.123456Z\n"));
	fake.raised.established_ns = 0;
	CHECK(is_json(ask(control, fd, "peers json\n")));
	fake.peers = 0;
	CHECK(strcmp(ask(control, fd, "peers json\n"), "[]\nok\n") == 0);
	fake.peers = 2;
	close(fd);
}

/* Lines arrive in pieces, or many at once, or never end. */
static void
lines_test(struct control *control)
{
	static char giant[4096];
	int fd = dialogue_connect(), other = dialogue_connect();

	tell(fd, "pe");
	CHECK(strcmp(hear(control, fd), "") == 0);
	CHECK(contains(ask(control, other, "peers\n"), "ok\n"));
	CHECK(contains(ask(control, fd, "ers\n"), "10.0.0.3:7000\nok\n"));

	char many[512] = "";
	for (int i = 0; i < 50; i++)
		strcat(many, "peers\n");
	tell(fd, many);
	size_t answers = 0, used = 0;
	for (int i = 0; i < 100; i++) {
		turn(control);
		ssize_t size = hear_more(fd, used);
		if (size > 0)
			used += (size_t)size;
	}
	answer_bytes[used] = '\0';
	for (const char *at = answer_bytes; (at = strstr(at, "ok\n")) != NULL;
	     at++)
		answers++;
	CHECK(answers == 50);

	/* A last line without its newline is no command. */
	tell(fd, "peers");
	shutdown(fd, SHUT_WR);
	CHECK(is_closed(control, fd));
	close(fd);

	fd = dialogue_connect();
	tell(fd, "peers\n");
	shutdown(fd, SHUT_WR);
	CHECK(contains(hear(control, fd), "ok\n"));
	CHECK(is_closed(control, fd));
	close(fd);

	fd = dialogue_connect();
	memset(giant, 'x', sizeof(giant) - 1);
	tell(fd, giant);
	CHECK(contains(hear(control, fd), "error: that line is too long\n"));
	CHECK(is_closed(control, fd));
	CHECK(contains(ask(control, other, "peers\n"), "ok\n"));
	close(fd);
	close(other);
}

/* A dump of many megabytes goes out as it is read. */
static void
dump_test(struct control *control)
{
	int slow[5], fd = dialogue_connect();

	fake.listed = 200000;
	const char *text = ask(control, fd, "sessions\n");
	size_t lines = 0;
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	CHECK(lines == 200001);
	CHECK(is_json(ask(control, fd, "sessions json\n")));
	/* Those that do not read hold a dump each, up to a limit. */
	for (int i = 0; i < 5; i++) {
		slow[i] = dialogue_connect();
		tell(slow[i], "sessions\n");
		turn(control);
	}
	CHECK(contains(hear(control, slow[4]), "error: too many tables"));
	CHECK(contains(ask(control, fd, "status\n"), "ok\n"));
	for (int i = 0; i < 5; i++)
		close(slow[i]);
	turn(control);
	CHECK(contains(ask(control, fd, "sessions\n"), "ok\n"));
	fake.listed = 2;
	close(fd);
}

static struct node_event
found(void)
{
	return (struct node_event){
		.kind = NODE_FOUND,
		.hops = 1,
		.started = now,
		.finished = instant_after(now, 412 * NS_PER_US),
		.queries = 3,
		.record_count = 2,
		.records = { { .version = { INT64_C(1751371200123456789), 0 },
			       .owner = 1,
			       .ttl_ms = 5000 },
			     { .version = { INT64_C(1751371100000000000), 0 },
			       .owner = 9,
			       .tombstone = true } },
	};
}

static void
lookup_answer(uint32_t index, const struct node_event *event)
{
	struct fake_lookup lookup = fake.lookups[index];

	fake.lookups[index] = fake.lookups[--fake.lookup_count];
	lookup.done(lookup.context, event);
}

static void
lookup_test(struct control *control)
{
	static const char line[] = "lookup 10.1.0.1:40001 192.0.2.1:80\n";
	struct node_event event = found();
	int fd = dialogue_connect();

	CHECK(strcmp(ask(control, fd, line), "") == 0);
	CHECK(fake.lookup_count == 1);
	CHECK(fake.lookups[0].key.client_port[0] == 40001 >> 8);
	lookup_answer(0, &event);
	const char *text = hear(control, fd);
	CHECK(contains(text, "owner   10.0.0.2:7000 since 2025-07-01T12"));
	CHECK(contains(text, "ended   ?"));
	CHECK(contains(text, "412.0 us, 1 round, 3 queries\nok\n"));

	(void)ask(control, fd, "lookup 10.1.0.1:1 192.0.2.1:80 json\n");
	lookup_answer(0, &event);
	text = hear(control, fd);
	CHECK(is_json(text));
	CHECK(contains(text, "\"found\":true,\"local\":false,\"lookup_ns\":"
			     "412000,\"rounds\":1,\"queries\":3"));

	event = (struct node_event){
		.kind = NODE_MISSED, .ok = true, .hops = 2, .queries = 4
	};
	(void)ask(control, fd, line);
	lookup_answer(0, &event);
	CHECK(contains(hear(control, fd),
		       "error: no server owns that session"));

	/* Too few answered: that is no proof. */
	event.ok = false;
	(void)ask(control, fd, line);
	lookup_answer(0, &event);
	CHECK(contains(hear(control, fd), "error: not found, but too few "));

	event.hops = 0;
	(void)ask(control, fd, line);
	lookup_answer(0, &event);
	CHECK(contains(hear(control, fd), "error: no other server answered"));

	/* The client goes, another takes its place, then the answer comes. */
	(void)ask(control, fd, line);
	close(fd);
	turn(control);
	fd = dialogue_connect();
	CHECK(contains(ask(control, fd, "peers\n"), "ok\n"));
	event = found();
	lookup_answer(0, &event);
	CHECK(strcmp(hear(control, fd), "") == 0);

	int clients[FAKE_LOOKUPS];
	for (int i = 0; i < FAKE_LOOKUPS; i++) {
		clients[i] = dialogue_connect();
		(void)ask(control, clients[i], line);
	}
	CHECK(contains(ask(control, fd, line), "error: too many lookups"));
	for (int i = 0; i < FAKE_LOOKUPS; i++) {
		lookup_answer(fake.lookup_count - 1, &event);
		close(clients[i]);
	}
	turn(control);
	close(fd);
}

static void
report_make(int64_t value)
{
	const struct report report = { .kind = REPORT_LOOKUP,
				       .at = now,
				       .value = value,
				       .ok = true,
				       .key = fake_session(1),
				       .owner = fake_owner };

	if (fake.listener.report != NULL)
		fake.listener.report(fake.listener.context, &report);
}

/* A client that watches and does not read is dropped; no other notices. */
static void
watch_test(struct control *control)
{
	int reads = dialogue_connect(), sleeps = dialogue_connect(),
	    asks = dialogue_connect();
	size_t used = 0, lines = 0;

	CHECK(fake.listener.report == NULL);
	CHECK(strcmp(ask(control, reads, "watch\n"), "ok\n") == 0);
	CHECK(strcmp(ask(control, sleeps, "watch\n"), "ok\n") == 0);
	CHECK(fake.listener.report != NULL);
	for (int64_t i = 0; i < 40000; i++) {
		report_make(i);
		if (i % 100 != 0)
			continue;
		turn(control);
		ssize_t size = hear_more(reads, used);
		if (size > 0)
			used += (size_t)size;
	}
	for (int i = 0; i < 200; i++) {
		turn(control);
		ssize_t size = hear_more(reads, used);
		if (size > 0)
			used += (size_t)size;
	}
	answer_bytes[used] = '\0';
	for (const char *at = answer_bytes; (at = strchr(at, '\n')) != NULL;
	     at++)
		lines++;
	CHECK(lines == 40000);
	CHECK(contains(answer_bytes, "lookup 1000000000000 39999 0 remote ok"));
	CHECK(is_closed(control, sleeps));
	CHECK(!is_closed(control, reads));
	CHECK(contains(ask(control, asks, "peers\n"), "ok\n"));
	close(reads);
	turn(control);
	turn(control);
	CHECK(fake.listener.report == NULL); /* no verb pays for it any more */
	close(sleeps);
	close(asks);
}

static void
trace_test(struct control *control)
{
	const struct steer_result dropped = { .verdict = STEER_DROP,
					      .drop = DROP_TAG,
					      .key = fake_session(1) };
	const struct steer_result unknown = { .verdict = STEER_LOCAL };
	int fd = dialogue_connect();

	conf.trace_lines_per_s = 3;
	CHECK(strcmp(ask(control, fd, "trace\n"), "ok\n") == 0);
	fake.listener.decision(fake.listener.context, now, &dropped, "tunnel");
	fake.listener.decision(fake.listener.context, now, &unknown, NULL);
	const char *text = hear(control, fd);
	CHECK(contains(text, " drop tag 10.1.0.0:39937 192.0.2.1:80 tunnel\n"));
	CHECK(contains(text, " local -\n"));
	for (int i = 0; i < 10; i++)
		fake.listener.decision(fake.listener.context, now, &dropped,
				       "");
	CHECK(control_deadline(control).ns == now.ns + NS_PER_S);
	now = instant_after(now, NS_PER_S);
	CHECK(contains(hear(control, fd), " 9 more\n"));
	CHECK(control_deadline(control).ns == INSTANT_NEVER.ns);
	fake.listener.decision(fake.listener.context, now, &dropped, "");
	CHECK(contains(hear(control, fd), " drop tag "));
	close(fd);
	turn(control);
	CHECK(fake.listener.decision == NULL);
}

static void
reload_test(struct control *control)
{
	int fd = dialogue_connect();

	CHECK(strcmp(ask(control, fd, "reload\n"), "ok\n") == 0);
	reload_result = -EINVAL;
	CHECK(strcmp(ask(control, fd, "reload\n"),
		     "error: a.conf:3:1: no such thing\n") == 0);
	reload_result = 0;
	CHECK(reloads == 2);
	close(fd);
}

/* Slots are few; the newest client gets an error. */
static void
crowd_test(struct control *control)
{
	int clients[40];

	for (int i = 0; i < 40; i++) {
		clients[i] = dialogue_connect();
		turn(control);
	}
	CHECK(contains(hear(control, clients[39]), "error: too many clients"));
	CHECK(contains(ask(control, clients[0], "peers\n"), "ok\n"));
	for (int i = 0; i < 40; i++)
		close(clients[i]);
	turn(control);
	int fd = dialogue_connect();
	CHECK(contains(ask(control, fd, "peers\n"), "ok\n"));
	close(fd);
}

/* Lookups whose answers come after the control has gone, and clients that
 * are in the middle of things then. */
static void
close_test(void)
{
	struct drain *drain = drain_create(NULL);
	struct control_parts parts = dialogue_parts(drain);
	struct control *control;
	struct node_event event = found();
	char error[256] = "";

	CHECK(control_open(&control, &parts, error, sizeof(error)) == 0);
	int asks = dialogue_connect(), lists = dialogue_connect(),
	    watches = dialogue_connect();
	(void)ask(control, asks, "lookup 10.1.0.1:1 192.0.2.1:80\n");
	fake.listed = 100000;
	tell(lists, "sessions\n");
	turn(control);
	(void)ask(control, watches, "watch\n");
	control_close(control);
	CHECK(fake.listener.report == NULL);
	lookup_answer(0, &event);
	close(asks);
	close(lists);
	close(watches);
	drain_destroy(drain);
}

static void
numbers_set(void)
{
	conf.service_count = 1;
	conf.services[0] = (struct steer_service){
		.address = { .family = 4, .bytes = { 192, 0, 2, 1 } },
		.port = 80
	};
	conf.uplink_count = 1;
	strcpy(conf.uplinks[0], "eth\"1");
	conf.trace_lines_per_s = 100;
	fake.open = 120;
	fake.listed = 2;
	fake.peers = 2;
	fake.steer.strays = 4711;
	fake.engine.raised = 4;
	fake.traffic.sent[TRAFFIC_PING] = (struct traffic_sum){ 12, 864 };
	fake.steer.drops[DROP_TAG] = 1;
	fake.steer.drops[DROP_REPLAY] = 5;
	fake.engine.seal_drops[DROP_TAG] = 2;
	fake.datapath.kernel_resets = 2;
	fake.datapath.packets = 9;
	fake.datapath.tun_dropped = 6;
	fake.udp_out.forwards = 8;
	fake.udp_out.messages = 4;
	fake.udp_out.other_uplink = 3;
	fake.udp_out.fell_back = 2;
	latency_histogram_add(&cost, 31000, 100);
}

int
main(void)
{
	char error[256] = "";
	struct control *control;

	dialogue_open();
	numbers_set();
	struct drain *drain = drain_create(NULL);
	struct control_parts parts = parts_whole(drain);
	if (control_open(&control, &parts, error, sizeof(error)) != 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	answers_test(control);
	json_test(control);
	lines_test(control);
	dump_test(control);
	lookup_test(control);
	watch_test(control);
	trace_test(control);
	reload_test(control);
	crowd_test(control);
	control_close(control);
	drain_destroy(drain);
	close_test();
	dialogue_close();
	return check_done();
}
