/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stock_test.c - events and dumps, and what the core then owns
 *
 * One server without peers: what it owns is what it would have published.
 */
#include "live/engine/stock.h"

#include <string.h>

#include "core/test/check.h"
#include "live/test/stock_bed.h"

#define NUMBER 40001

/* s: its SYN was answered; o: it opened; l: it lingers; c: it is gone. A second
 * apart; behind "<": as of 2.5 s before, and told late. */
static void
events(struct host *host, const char *letters)
{
	static const char known[] = {
		[SOCKET_OPENING] = 's',
		[SOCKET_OPENED] = 'o',
		[SOCKET_LINGERS] = 'l',
		[SOCKET_CLOSED] = 'c',
	};

	for (; *letters != '\0'; letters++) {
		bool late = *letters == '<';
		letters += late;
		const char *at = memchr(known, *letters, sizeof(known));
		CHECK(at != NULL);
		struct socket_event event = {
			session(NUMBER),
			(enum socket_change)(at - known),
			{ host->now.ns - (late ? 5 * NS_PER_S / 2 : 0) },
		};

		stock_event(&host->stock, host->now, &event);
		host->now.ns += NS_PER_S;
	}
}

static void
gone(void *context, const struct session_key *key)
{
	struct host *host = context;

	stock_gone(&host->stock, host->now, key);
}

/* h, o, w: the key's socket is in it as half, open or waits, once or twice. */
static void
dump(struct host *host, const char *letters)
{
	struct session_key key = session(NUMBER);

	sessions_doubt(host->stock.sessions);
	for (; *letters != '\0'; letters++)
		stock_found(&host->stock, host->now, &key,
			    *letters == 'h'   ? SOCKDIAG_HALF
			    : *letters == 'o' ? SOCKDIAG_OPEN
					      : SOCKDIAG_WAITS);
	sessions_settle(host->stock.sessions, gone, host);
}

static char
owned(const struct host *host)
{
	struct session_key key = session(NUMBER);

	return host_owns(host, &key);
}

static void
wait_until(struct host *host, struct instant until)
{
	struct node *node = host->memory.node;

	for (;;) {
		struct instant due = instant_min(stock_deadline(&host->stock),
						 node_deadline(node));

		if (instant_before(until, due))
			break;
		if (instant_before(host->now, due))
			host->now = due;
		node_expire(node, host->now, &host->memory.outbox);
		while (stock_expire(&host->stock, host->now))
			continue;
		outbox_clear(&host->memory.outbox);
	}
	host->now = until;
}

static void
test_dumps(void)
{
	static const struct {
		const char *sentence;
		int64_t store_after_s;
		const char *events, *dump;
		char owned, after_10s;
		uint32_t open, closed;
	} rows[] = {
		{ "nothing is there", 0, "", "", '-', '-', 0, 0 },
		{ "open before we began", 0, "", "o", 'o', 'o', 1, 0 },
		{ "the same, and young, perhaps", 5, "", "o", '-', 'o', 1, 0 },
		{ "half-open before we began", 0, "", "h", 'h', 'h', 0, 0 },
		{ "it opens during the dump", 0, "", "ho", 'o', 'o', 1, 0 },
		{ "it waits, and we never had it", 0, "", "w", '-', '-', 0, 0 },
		{ "named twice", 0, "", "oo", 'o', 'o', 1, 0 },
		{ "a handshake that we know", 0, "s", "h", 'h', 'h', 0, 0 },
		{ "its opening was lost", 0, "s", "o", 'o', 'o', 1, 0 },
		{ "a session that we know", 0, "so", "o", 'o', 'o', 1, 0 },
		{ "old enough by now", 5, "ooooooo", "o", '-', 'o', 1, 0 },
		{ "its lingering was lost", 0, "o", "w", 'o', '-', 0, 1 },
		{ "its end was lost", 0, "o", "", '-', '-', 0, 1 },
		{ "so was the end of its lingering", 0, "ol", "", '-', '-', 0,
		  1 },
		{ "it lingers, as we know", 0, "ol", "w", 'o', '-', 0, 1 },
		{ "it is gone, as we know", 0, "oc", "", '-', '-', 0, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host host;

		host_open(&host, rows[i].store_after_s * NS_PER_S);
		events(&host, rows[i].events);
		dump(&host, rows[i].dump);
		CHECK_ROW(owned(&host) == rows[i].owned, rows[i].sentence);
		CHECK_ROW(sessions_count(host.stock.sessions) == rows[i].open,
			  rows[i].sentence);
		CHECK_ROW(host.counters.closed == rows[i].closed,
			  rows[i].sentence);
		CHECK_ROW(host.counters.unpublished == 0, rows[i].sentence);
		wait_until(&host, instant_after(host.now, 10 * NS_PER_S));
		CHECK_ROW(owned(&host) == rows[i].after_10s, rows[i].sentence);
		host_close(&host);
	}
}

/* A key's sockets, one after another. */
static void
test_newest(void)
{
	static const struct {
		const char *sentence;
		enum steer_store_at store_at;
		const char *events, *dump; /* NULL: none */
		char owned, after_linger;
		uint32_t open, closed;
	} rows[] = {
		{ "a SYN is answered for a key that lingers", STEER_STORE_AUTO,
		  "ols", NULL, 'h', '-', 0, 1 },
		{ "for one whose end is not told yet", STEER_STORE_AUTO, "os",
		  NULL, 'h', '-', 0, 1 },
		{ "then it is told", STEER_STORE_AUTO, "os<c", NULL, 'h', '-',
		  0, 1 },
		{ "or its lingering is", STEER_STORE_AUTO, "os<l", NULL, 'h',
		  '-', 0, 1 },
		{ "and what follows opens", STEER_STORE_AUTO, "os<co", NULL,
		  'o', 'o', 1, 1 },
		{ "and ends", STEER_STORE_AUTO, "os<coc", NULL, '-', '-', 0,
		  2 },
		{ "a SYN-ACK of the very session is told late",
		  STEER_STORE_AUTO, "o<s", NULL, 'o', 'o', 1, 0 },
		{ "the same, and it lingers", STEER_STORE_AUTO, "ol<s", NULL,
		  'o', '-', 0, 1 },
		{ "handshakes are stored later", STEER_STORE_ESTABLISHED, "ols",
		  NULL, '-', '-', 0, 1 },
		{ "it opens while its last lingers", STEER_STORE_AUTO, "olso",
		  NULL, 'o', 'o', 1, 1 },
		{ "a dump finds a request, and the old one's end was lost",
		  STEER_STORE_AUTO, "o", "h", 'h', '-', 0, 1 },
		{ "a request for a key that lingers", STEER_STORE_AUTO, "ol",
		  "h", 'h', '-', 0, 1 },
		{ "it opens during the dump", STEER_STORE_AUTO, "o", "ho", 'o',
		  'o', 1, 1 },
		{ "handshakes are stored later: a dump",
		  STEER_STORE_ESTABLISHED, "o", "h", '-', '-', 0, 1 },
		{ "its key lingered, and its opening was lost",
		  STEER_STORE_AUTO, "ol", "o", 'o', 'o', 1, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host host;

		host_open(&host, 0);
		host.steer_settings.store_at = rows[i].store_at;
		events(&host, rows[i].events);
		if (rows[i].dump != NULL)
			dump(&host, rows[i].dump);
		CHECK_ROW(owned(&host) == rows[i].owned, rows[i].sentence);
		CHECK_ROW(sessions_count(host.stock.sessions) == rows[i].open,
			  rows[i].sentence);
		CHECK_ROW(host.counters.closed == rows[i].closed,
			  rows[i].sentence);
		wait_until(&host,
			   instant_after(host.now,
					 host.conf.linger_ns + 96 * NS_PER_S));
		CHECK_ROW(owned(&host) == rows[i].after_linger,
			  rows[i].sentence);
		host_close(&host);
	}
}

/* The clock was set back, and the daemon restarted, while a session was open
 * whose port begins another now. */
static void
test_clock_set_back(void)
{
	struct session_key key = session(NUMBER);
	struct version tomorrow = { WALL_NS + 86400 * NS_PER_S, 0 };
	struct host host;

	for (int dumped = 0; dumped < 2; dumped++) {
		host_open(&host, 0);
		CHECK(sessions_put(host.stock.sessions, &key, &tomorrow) == 0);
		dump(&host, "o");
		CHECK(owned(&host) == 'o');
		if (dumped)
			dump(&host, "h");
		else
			events(&host, "s");
		CHECK(owned(&host) == 'h');
		CHECK(sessions_count(host.stock.sessions) == 0);
		host_close(&host);
	}
}

/* The version outlives the daemon, in the table: so it is given once. */
static void
test_version(void)
{
	struct session_key key = session(NUMBER);
	struct version first, again;
	struct host host;

	host_open(&host, 0);
	dump(&host, "o");
	CHECK(node_owns(host.memory.node, &key, &first));
	CHECK(first.established_ns == WALL_NS + NS_PER_S);
	host.now.ns += NS_PER_S;
	dump(&host, "o");
	CHECK(node_owns(host.memory.node, &key, &again));
	CHECK(version_compare(first, again) == 0);
	events(&host, "o");
	CHECK(node_owns(host.memory.node, &key, &again));
	CHECK(version_compare(first, again) < 0);
	host_close(&host);
}

static int
owns_all(void *context, const struct session_key *key,
	 const struct ownership_segment *segment, bool quoted)
{
	(void)context;
	(void)key;
	(void)segment;
	(void)quoted;
	return OWNERSHIP_MINE;
}

/* The kernel sends its SYN-ACK again, as often as tcp_synack_retries says, and
 * the request lives on. Whenever it began, replicas have it: for 64 s since
 * they were told. */
static void
test_again(void)
{
	static const int64_t at_s[] = { 1, 3, 7, 15, 31 };
	struct session_key key = session(NUMBER);

	for (int64_t begin_s = 0; begin_s < 64; begin_s += 3) {
		struct host host;
		size_t next = 0;

		host_open(&host, 0);
		host.edge.owns = owns_all;
		host.now.ns += begin_s * NS_PER_S;
		struct instant begin = host.now;
		events(&host, "s");
		for (int64_t s = 1; s < 300; s++) {
			wait_until(&host, instant_after(begin, s * NS_PER_S));
			if (next < 5 && at_s[next] == s) {
				next++;
				events(&host, "s");
			}
			struct instant last =
				node_published(host.memory.node, &key);
			CHECK(instant_before(
				host.now, instant_after(last, 64 * NS_PER_S)));
		}
		host_close(&host);
	}
}

/* It ends when the kernel says so, or linger_ns later. */
static void
test_lingers(void)
{
	struct host host;

	host_open(&host, 0);
	events(&host, "ol");
	wait_until(&host, instant_after(host.now, host.conf.linger_ns / 2));
	CHECK(owned(&host) == 'o');
	events(&host, "c");
	CHECK(owned(&host) == '-');
	CHECK(stock_deadline(&host.stock).ns == INSTANT_NEVER.ns);
	events(&host, "ol");
	wait_until(&host, instant_after(host.now, host.conf.linger_ns));
	CHECK(owned(&host) == '-');
	CHECK(host.counters.closed == 2 && host.counters.opened == 2);
	host_close(&host);
}

/* One network opens more sessions than there is room for; others' are published
 * all the same, and what it has stays. */
static void
test_crowd(void)
{
	static const struct {
		const char *sentence;
		uint32_t fill, ours, theirs;
	} rows[] = {
		{ "no bound: it takes all", 0, 64, 0 },
		{ "half, which is more than its fill", 8, 32, 8 },
		{ "its fill, which is more than half", 40, 40, 8 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host host;
		uint32_t owned[2] = { 0, 0 };

		host_open(&host, 0);
		host.node_settings.sessions_per_prefix = rows[i].fill;
		for (uint32_t j = 0; j < 100 + 8; j++) {
			struct session_key key = session(j);
			key.client[0] ^= j >= 100;
			struct socket_event event = { key, SOCKET_OPENED,
						      host.now };

			stock_event(&host.stock, host.now, &event);
			outbox_clear(&host.memory.outbox);
			owned[j >= 100] +=
				node_owns(host.memory.node, &key, NULL);
			host.now.ns += NS_PER_MS;
		}
		CHECK_ROW(owned[0] == rows[i].ours, rows[i].sentence);
		CHECK_ROW(owned[1] == rows[i].theirs, rows[i].sentence);
		CHECK_ROW(host.counters.unpublished ==
				  108 - rows[i].ours - rows[i].theirs,
			  rows[i].sentence);
		host_close(&host);
	}
}

int
main(void)
{
	test_dumps();
	test_newest();
	test_clock_set_back();
	test_version();
	test_again();
	test_lingers();
	test_crowd();
	return check_done();
}
