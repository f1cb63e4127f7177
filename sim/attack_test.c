/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attack_test.c - what comes from outside: how much, of what, from whom; and
 * that sessions live on
 */
#include "sim/test/world_play.h"

#include <string.h>

#include "core/wire/cursor.h"
#include "core/wire/packet.h"
#include "core/wire/tcp.h"

#define MS NS_PER_MS
#define S  NS_PER_S

#define SESSIONS 20

/* What a run told. */
struct tale {
	uint8_t family;
	bool neighbours; /* all sources are to be */
	uint32_t outcomes[OUTCOME_CORRUPT + 1];
	uint32_t causes[CAUSES];
	/* That entered by a client's link, and are of no client. */
	uint64_t bogus, syns, acks, others, with_data, strange;
	uint64_t bytes; /* a sum over all of them */
	/* SYNs in a session's name, beside those of sessions. */
	uint64_t in_name;
	uint64_t flood, forged, missed, answers, counters;
	uint64_t accepted, cookies_sent, cookies_taken;
	int64_t first_ns, last_ns;
	uint32_t warnings, violations;
	struct world_result result;
};

static void
on_session(void *context, const struct watch_session *session)
{
	struct tale *tale = context;

	tale->outcomes[session->outcome]++;
	tale->causes[session->cause]++;
}

static void
on_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct tale *tale = context;
	const struct {
		const char *name;
		uint64_t *value;
	} rows[] = {
		{ "flood_packets", &tale->flood },
		{ "forged_packets", &tale->forged },
		{ "forged_missed", &tale->missed },
		{ "attack_answers", &tale->answers },
	};

	(void)node;
	tale->accepted += strcmp(name, "server_accepted") == 0 ? value : 0;
	tale->cookies_sent +=
		strcmp(name, "server_cookies_sent") == 0 ? value : 0;
	tale->cookies_taken +=
		strcmp(name, "server_cookies_taken") == 0 ? value : 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(name, rows[i].name) == 0) {
			*rows[i].value = value;
			tale->counters++;
		}
}

/* The paper's client1. */
static bool
is_client(const struct address *address)
{
	static const uint8_t ip4[] = { 20, 1, 0, 1 };
	static const uint8_t ip6[] = { 0x20, 1, 0xd, 0xb8, 0, 0xc, 0, 0,
				       0,    0, 0,   0,	   0, 0,   0, 1 };

	return address->family == 4 ? memcmp(address->bytes, ip4, 4) == 0
				    : memcmp(address->bytes, ip6, 16) == 0;
}

static bool
is_neighbour(const struct address *address)
{
	static const uint8_t ip4[] = { 20, 1, 0 };
	static const uint8_t ip6[] = { 0x20, 1, 0xd, 0xb8, 0, 0xc, 0, 0 };

	return address->family == 4 ? memcmp(address->bytes, ip4, 3) == 0
				    : memcmp(address->bytes, ip6, 8) == 0;
}

static void
on_packet(void *context, const char *device, uint32_t port, struct instant at,
	  const uint8_t *bytes, uint32_t size)
{
	struct tale *tale = context;
	struct packet packet;

	(void)port;
	if (strcmp(device, "client1") != 0 ||
	    packet_parse(bytes, size, &packet) != DROP_NONE ||
	    packet.dst_port != 80)
		return;
	if (is_client(&packet.src)) {
		tale->in_name += packet.tcp_flags == TCP_SYN;
		return;
	}
	tale->bogus++;
	tale->syns += packet.tcp_flags == TCP_SYN;
	tale->acks += packet.tcp_flags == TCP_ACK;
	tale->others +=
		packet.tcp_flags != TCP_SYN && packet.tcp_flags != TCP_ACK;
	tale->with_data += packet.payload_bytes > 0;
	tale->strange += packet.family != tale->family ||
			 is_neighbour(&packet.src) != tale->neighbours;
	for (uint32_t i = 0; i < size; i++)
		tale->bytes += (uint64_t)(i + 1) * bytes[i];
	if (tale->first_ns == 0)
		tale->first_ns = at.ns;
	tale->last_ns = at.ns;
}

static void
on_remark(void *context, const struct watch_remark *remark)
{
	struct tale *tale = context;

	tale->warnings += remark->kind == REMARK_WARNING && remark->event == 1;
}

static void
on_violation(void *context, const struct watch_violation *violation)
{
	struct tale *tale = context;

	tale->violations++;
	fprintf(stderr, "%s: %s\n", violation_name(violation->kind),
		violation->sentence);
}

static struct tale
run(const struct settings *settings, bool neighbours, const char *sentence)
{
	struct tale tale = {
		.family = settings->service.family,
		.neighbours = neighbours,
	};
	struct watch watch = {
		.context = &tale,
		.session = on_session,
		.counter = on_counter,
		.packet = on_packet,
		.remark = on_remark,
		.violation = on_violation,
	};

	tale.result = world_play(settings, &watch, sentence);
	return tale;
}

/* 20 sessions of 10 s each, when nothing disturbs them. */
static void
settings_make(struct settings *settings, struct fault_settings *faults,
	      uint32_t count)
{
	settings_default(settings);
	settings->clients.sessions = SESSIONS;
	settings->clients.interval_ns = 50 * MS;
	settings->clients.size_bytes = 500000;
	settings->clients.pace_bps = 400000;
	settings->measure.duration_ns = 20 * S;
	settings->faults = faults;
	settings->fault_count = count;
}

static void
check_all_end(const struct tale *tale, const char *sentence)
{
	CHECK_ROW(tale->outcomes[OUTCOME_CLOSED] +
				  tale->outcomes[OUTCOME_KEPT] ==
			  SESSIONS,
		  sentence);
	CHECK_ROW(!tale->result.stuck && tale->violations == 0, sentence);
}

/* So many are sent in a time, as often as a Poisson process has it: within
 * five standard deviations. */
static void
check_law(uint64_t sent, uint32_t repeat, double mean, const char *sentence)
{
	CHECK_ROW(sent % repeat == 0, sentence);
	double more = (double)sent / repeat - mean;
	CHECK_ROW(more * more < 25 * mean, sentence);
}

static const struct {
	const char *sentence;
	enum fault_packets packets;
	enum fault_sources sources;
	uint8_t family;
	uint32_t rate_pps, repeat;
	bool homeward;
} floods_rows[] = {
	{ "segments of nobody", FAULT_PACKETS_ACK, FAULT_SOURCES_RANDOM, 4,
	  1000, 1, true },
	{ "each of them three times", FAULT_PACKETS_ACK, FAULT_SOURCES_RANDOM,
	  4, 200, 3, true },
	{ "and without Homeward", FAULT_PACKETS_ACK, FAULT_SOURCES_RANDOM, 4,
	  1000, 1, false },
	{ "from a client's neighbours", FAULT_PACKETS_ACK, FAULT_SOURCES_CLIENT,
	  4, 1000, 1, true },
	{ "SYNs", FAULT_PACKETS_SYN, FAULT_SOURCES_RANDOM, 4, 1000, 1, true },
	{ "SYNs of a client's neighbours, twice", FAULT_PACKETS_SYN,
	  FAULT_SOURCES_CLIENT, 4, 500, 2, true },
	{ "any flags", FAULT_PACKETS_RANDOM, FAULT_SOURCES_RANDOM, 4, 2000, 1,
	  true },
	{ "any flags, without Homeward", FAULT_PACKETS_RANDOM,
	  FAULT_SOURCES_CLIENT, 4, 2000, 1, false },
	{ "segments of nobody, IPv6", FAULT_PACKETS_ACK, FAULT_SOURCES_RANDOM,
	  6, 1000, 1, true },
	{ "any flags of neighbours, IPv6", FAULT_PACKETS_RANDOM,
	  FAULT_SOURCES_CLIENT, 6, 1000, 1, true },
};

/* ---- floods ---- */

static void
test_floods(void)
{
	for (size_t i = 0; i < sizeof(floods_rows) / sizeof(floods_rows[0]);
	     i++) {
		struct fault_settings fault = {
			.kind = FAULT_FLOOD,
			.at_ns = 2 * S,
			.until_ns = 6 * S,
			.rate_pps = floods_rows[i].rate_pps,
			.packets = floods_rows[i].packets,
			.sources = floods_rows[i].sources,
			.repeat = floods_rows[i].repeat,
		};
		const char *sentence = floods_rows[i].sentence;
		struct settings settings;
		settings_make(&settings, &fault, 1);
		settings.service.family = floods_rows[i].family;
		if (!floods_rows[i].homeward)
			settings.service.scheme = SCHEME_NONE;
		struct tale tale =
			run(&settings,
			    floods_rows[i].sources == FAULT_SOURCES_CLIENT,
			    sentence);

		check_all_end(&tale, sentence);
		check_law(tale.flood, floods_rows[i].repeat,
			  4. * floods_rows[i].rate_pps, sentence);
		CHECK_ROW(tale.bogus == tale.flood && tale.strange == 0,
			  sentence);
		CHECK_ROW(tale.last_ns - tale.first_ns > 3900 * MS &&
				  tale.last_ns - tale.first_ns <= 4 * S,
			  sentence);
		CHECK_ROW(tale.in_name == SESSIONS && tale.forged == 0,
			  sentence);
		CHECK_ROW(tale.answers > 0, sentence);
		switch (floods_rows[i].packets) {
		case FAULT_PACKETS_ACK:
			CHECK_ROW(tale.acks == tale.bogus, sentence);
			break;
		case FAULT_PACKETS_SYN:
			CHECK_ROW(tale.syns == tale.bogus, sentence);
			break;
		case FAULT_PACKETS_RANDOM: /* 62 of 64 are others */
			CHECK_ROW(tale.others > tale.bogus * 9 / 10 &&
					  tale.syns > 0 && tale.acks > 0,
				  sentence);
			break;
		}
		if (floods_rows[i].packets == FAULT_PACKETS_SYN)
			CHECK_ROW(tale.with_data == 0, sentence);
		else
			CHECK_ROW(tale.with_data > tale.bogus / 3 &&
					  tale.with_data < tale.bogus * 2 / 3,
				  sentence);
	}
}

/* ---- forged SYNs ---- */

static void
test_forged(void)
{
	static const struct {
		const char *sentence;
		uint8_t family;
		uint32_t repeat;
		int64_t at_ns;
		bool homeward, missed;
	} rows[] = {
		{ "sessions live on", 4, 1, 2 * S, true, false },
		{ "each SYN twice", 4, 2, 2 * S, true, false },
		{ "IPv6", 6, 1, 2 * S, true, false },
		{ "without Homeward", 4, 1, 2 * S, false, false },
		{ "no session is open", 4, 1, 15 * S, true, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings fault = {
			.kind = FAULT_FORGED_SYN,
			.at_ns = rows[i].at_ns,
			.for_ns = 4 * S,
			.rate_pps = 500,
			.repeat = rows[i].repeat,
		};
		const char *sentence = rows[i].sentence;
		struct settings settings;
		settings_make(&settings, &fault, 1);
		settings.service.family = rows[i].family;
		if (!rows[i].homeward)
			settings.service.scheme = SCHEME_NONE;
		struct tale tale = run(&settings, false, sentence);

		check_all_end(&tale, sentence);
		check_law(tale.forged + tale.missed, rows[i].repeat, 4. * 500,
			  sentence);
		CHECK_ROW((tale.missed > 0) == rows[i].missed &&
				  (tale.forged > 0) != rows[i].missed,
			  sentence);
		CHECK_ROW(tale.warnings == rows[i].missed, sentence);
		CHECK_ROW(tale.in_name == SESSIONS + tale.forged &&
				  tale.bogus == 0 && tale.flood == 0,
			  sentence);
	}
}

/* Sessions stray to a server whose daemon is dead, where forged SYNs make
 * half-open sockets beside their packets. Who has those is not why they end. */
static void
test_cause(void)
{
	struct fault_settings faults[] = {
		{ .kind = FAULT_LINK_DOWN,
		  .at_ns = 3 * S,
		  .target = "leaf1-server1" },
		{ .kind = FAULT_DAEMON_KILL,
		  .at_ns = 2 * S,
		  .target = "server2" },
		{ .kind = FAULT_FORGED_SYN,
		  .at_ns = 4 * S,
		  .until_ns = 6 * S,
		  .rate_pps = 500,
		  .repeat = 1 },
	};
	struct settings settings;
	struct tale tale = { .family = 4 };
	const struct watch watch = { .context = &tale, .session = on_session };

	settings_make(&settings, faults, 3);
	(void)world_play(&settings, &watch, "strays at a dead daemon");
	CHECK(tale.outcomes[OUTCOME_TIMEOUT] > 0);
	CHECK(tale.causes[CAUSE_HALF_OPEN] == 0);
}

/* ---- more SYNs than a listener remembers ---- */

/* All sessions but the first come when the servers are full. */
static void
test_cookies(void)
{
	static const struct {
		const char *sentence;
		uint8_t family;
		bool homeward;
	} rows[] = {
		{ "cookies, and sessions of them", 4, true },
		{ "IPv6", 6, true },
		{ "without Homeward", 4, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings fault = {
			.kind = FAULT_FLOOD,
			.at_ns = 500 * MS,
			.until_ns = 3 * S,
			.rate_pps = 40000,
			.packets = FAULT_PACKETS_SYN,
			.repeat = 1,
		};
		const char *sentence = rows[i].sentence;
		struct settings settings;
		settings_make(&settings, &fault, 1);
		settings.service.family = rows[i].family;
		settings.clients.start_ns = 2 * S;
		settings.clients.size_bytes = 100000;
		settings.clients.pace_bps = 0;
		settings.measure.duration_ns = 10 * S;
		if (!rows[i].homeward)
			settings.service.scheme = SCHEME_NONE;
		struct tale tale = run(&settings, false, sentence);

		check_all_end(&tale, sentence);
		CHECK_ROW(tale.accepted == SESSIONS, sentence);
		CHECK_ROW(tale.cookies_taken == SESSIONS, sentence);
		CHECK_ROW(tale.cookies_sent == tale.flood + SESSIONS - 4 * 4096,
			  sentence);
	}
}

/* ---- ends, and the same again ---- */

static void
test_ends(void)
{
	static const struct {
		const char *sentence;
		struct fault_settings faults[3];
		uint32_t count;
		double seconds;
	} rows[] = {
		{ "until the run ends",
		  { { .kind = FAULT_FLOOD, .at_ns = 14 * S } },
		  1,
		  6 },
		{ "a calm ends both",
		  { { .kind = FAULT_FLOOD, .at_ns = 2 * S },
		    { .kind = FAULT_FLOOD, .at_ns = 3 * S, .until_ns = 19 * S },
		    { .kind = FAULT_CALM, .at_ns = 5 * S } },
		  3,
		  5 },
		{ "each one's end is its own",
		  { { .kind = FAULT_FLOOD, .at_ns = 2 * S, .until_ns = 4 * S },
		    { .kind = FAULT_FLOOD, .at_ns = 3 * S, .for_ns = 4 * S } },
		  2,
		  6 },
		{ "1 s of each 3, until 12 s",
		  { { .kind = FAULT_FLOOD,
		      .at_ns = 2 * S,
		      .each_ns = 3 * S,
		      .for_ns = S,
		      .until_ns = 12 * S } },
		  1,
		  4 },
		{ "half of each 2 s, until 10 s",
		  { { .kind = FAULT_FLOOD,
		      .at_ns = 2 * S,
		      .period_ns = 2 * S,
		      .until_ns = 10 * S } },
		  1,
		  4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings faults[3];
		struct settings settings;

		memcpy(faults, rows[i].faults, sizeof(faults));
		for (unsigned j = 0; j < 3; j++) {
			if (faults[j].kind != FAULT_FLOOD)
				continue;
			faults[j].rate_pps = 400;
			faults[j].repeat = 1;
		}
		settings_make(&settings, faults, rows[i].count);
		struct tale tale = run(&settings, false, rows[i].sentence);

		check_all_end(&tale, rows[i].sentence);
		check_law(tale.flood, 1, 400 * rows[i].seconds,
			  rows[i].sentence);
	}
}

static void
test_same(void)
{
	struct fault_settings faults[] = {
		{ .kind = FAULT_FLOOD,
		  .at_ns = 2 * S,
		  .until_ns = 4 * S,
		  .rate_pps = 500,
		  .packets = FAULT_PACKETS_RANDOM,
		  .repeat = 1 },
		{ .kind = FAULT_FORGED_SYN,
		  .at_ns = 2 * S,
		  .until_ns = 4 * S,
		  .rate_pps = 100,
		  .repeat = 1 },
	};
	struct settings settings;

	settings_make(&settings, faults, 2);
	struct tale one = run(&settings, false, "once");
	struct tale again = run(&settings, false, "again");
	CHECK(one.result.state_hash == again.result.state_hash &&
	      one.bytes == again.bytes && one.flood == again.flood);
	settings.seed = 2;
	struct tale other = run(&settings, false, "another seed");
	CHECK(other.bytes != one.bytes);
	/* The second event's stream is its own. */
	settings.seed = 1;
	settings.fault_count = 1;
	struct tale alone = run(&settings, false, "the flood alone");
	CHECK(alone.flood == one.flood && alone.bytes == one.bytes);
	CHECK(one.counters == 4);
	settings.fault_count = 0;
	struct tale none = run(&settings, false, "nobody attacks");
	CHECK(none.counters == 0 && none.bogus == 0);
}

int
main(void)
{
	test_floods();
	test_forged();
	test_cause();
	test_cookies();
	test_ends();
	test_same();
	return check_done();
}
