/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exchange_test.c - datagrams begun, sent, and how long to wait */
#include "core/dht/exchange.h"

#include "core/test/solo.h"

static void
test_milliseconds(void)
{
	static const struct {
		const char *sentence;
		int64_t ns;
		uint32_t ms;
	} rows[] = {
		{ "nothing is nothing", 0, 0 },
		{ "a nanosecond is a millisecond", 1, 1 },
		{ "a whole one stays", NS_PER_MS, 1 },
		{ "and a bit more is two", NS_PER_MS + 1, 2 },
		{ "an hour", 3600 * NS_PER_S, 3600000 },
		{ "as long as the wire can say", UINT32_MAX * NS_PER_MS,
		  UINT32_MAX },
		{ "rounding up does not wrap", UINT32_MAX * NS_PER_MS + 1,
		  UINT32_MAX },
		{ "longer than the wire can say", INT64_MAX, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(exchange_ms(rows[i].ns) == rows[i].ms,
			  rows[i].sentence);
}

static void
test_timeouts(void)
{
	static const struct {
		const char *sentence;
		int64_t rtt_ns, timeout_ns; /* rtt 0: never measured */
	} rows[] = {
		{ "never measured: the initial one", 0, 50 * NS_PER_MS },
		{ "quick: the floor", 10 * NS_PER_US, NS_PER_MS },
		{ "slow: the cap", NS_PER_S, 50 * NS_PER_MS },
	};
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	solo_open(&solo, &settings);
	CHECK(exchange_timeout_ns(solo.node, 1) == 50 * NS_PER_MS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t peer = (uint32_t)i + 1;

		node_learn(solo.node, solo.now, peer);
		if (rows[i].rtt_ns > 0)
			table_answered(solo.node->table, peer, rows[i].rtt_ns);
		CHECK_ROW(exchange_timeout_ns(solo.node, peer) ==
				  rows[i].timeout_ns,
			  rows[i].sentence);
	}
	/* In between it is RFC 6298's: 3 round trips after the first. */
	node_learn(solo.node, solo.now, 9);
	table_answered(solo.node->table, 9, 5 * NS_PER_MS);
	int64_t timeout_ns = exchange_timeout_ns(solo.node, 9);
	CHECK(timeout_ns > 14 * NS_PER_MS && timeout_ns <= 15 * NS_PER_MS);
	solo_close(&solo);
}

/* What all peers' round trips say of one that was never measured. */
static void
test_strangers(void)
{
	static const struct {
		const char *sentence;
		int64_t rtt_ns; /* of all peers but one */
		int64_t far_rtt_ns; /* of every 32nd answer */
		int64_t low_ns, high_ns;
	} rows[] = {
		{ "all are near: the floor", 40 * NS_PER_US, 40 * NS_PER_US,
		  NS_PER_MS, NS_PER_MS },
		{ "twice what is usual", 5 * NS_PER_MS, 5 * NS_PER_MS,
		  10 * NS_PER_MS, 10 * NS_PER_MS },
		{ "some are far: perhaps this one", 1 * NS_PER_MS,
		  20 * NS_PER_MS, 20 * NS_PER_MS, 40 * NS_PER_MS },
		{ "all are far: the initial one", NS_PER_S, NS_PER_S,
		  50 * NS_PER_MS, 50 * NS_PER_MS },
	};
	struct node_settings settings = solo_settings(8);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct solo solo;

		solo_open(&solo, &settings);
		for (uint32_t j = 0; j < 320; j++)
			exchange_answered(solo.node, 1,
					  j % 32 == 0 ? rows[i].far_rtt_ns
						      : rows[i].rtt_ns);
		exchange_answered(solo.node, 1, -1); /* says nothing */
		int64_t timeout_ns = exchange_timeout_ns(solo.node, 2);
		CHECK_ROW(timeout_ns >= rows[i].low_ns, rows[i].sentence);
		CHECK_ROW(timeout_ns <= rows[i].high_ns, rows[i].sentence);
		/* Who was near and is silent may be farther than it was. */
		for (uint32_t j = 0; j < CONTACT_STALE; j++)
			table_failed(solo.node->table, 1);
		CHECK_ROW(exchange_timeout_ns(solo.node, 1) ==
				  settings.timeout_initial_ns,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* When to ask another one besides. */
static void
test_hedges(void)
{
	static const struct {
		const char *sentence;
		uint32_t peer;
		int64_t rtt_ns; /* of peer 1, 1,000 times; 0: never */
		int64_t low_ns, high_ns;
	} rows[] = {
		{ "nobody was measured: the timeout", 1, 0, 50 * NS_PER_MS,
		  50 * NS_PER_MS },
		{ "an eighth more than usual, however short", 1, 40 * NS_PER_US,
		  44 * NS_PER_US, 45 * NS_PER_US },
		{ "a stranger: an eighth more than the longest", 2,
		  40 * NS_PER_US, 45 * NS_PER_US, 45 * NS_PER_US },
		{ "the timeout is its cap", 1, NS_PER_S, 50 * NS_PER_MS,
		  50 * NS_PER_MS },
		{ "and a stranger's", 2, NS_PER_S, 50 * NS_PER_MS,
		  50 * NS_PER_MS },
	};
	struct node_settings settings = solo_settings(8);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct solo solo;

		solo_open(&solo, &settings);
		node_learn(solo.node, solo.now, 1);
		for (uint32_t j = 0; rows[i].rtt_ns > 0 && j < 1000; j++)
			exchange_answered(solo.node, 1, rows[i].rtt_ns);
		int64_t hedge_ns = exchange_hedge_ns(solo.node, rows[i].peer);
		CHECK_ROW(hedge_ns >= rows[i].low_ns, rows[i].sentence);
		CHECK_ROW(hedge_ns <= rows[i].high_ns, rows[i].sentence);
		solo_close(&solo);
	}
}

/* A stray answer of an hour does not turn into an overflow. */
static void
test_a_very_late_answer(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	solo_open(&solo, &settings);
	exchange_answered(solo.node, 1, INT64_MAX);
	CHECK(exchange_timeout_ns(solo.node, 2) == settings.timeout_initial_ns);
	solo_close(&solo);
}

static void
test_a_datagram(void)
{
	struct node_settings settings = solo_settings(8);
	struct endpoint to = solo_endpoint(5);
	struct message_writer writer;
	struct solo_sent sent;
	struct solo solo;

	solo_open(&solo, &settings);
	CHECK(exchange_begin(&solo.outbox, &to, MESSAGE_FIND_NODE, 77,
			     &writer));
	message_put_position(&writer, 42);
	exchange_send(solo.node, &solo.outbox, TRAFFIC_PING, &writer);
	CHECK(solo_next(&solo, &sent) && sent.peer == 5);
	CHECK(sent.header.type == MESSAGE_FIND_NODE);
	CHECK(sent.header.transaction == 77 && sent.header.count == 1);
	CHECK(sent.size == writer.size && sent.size < MESSAGE_MAX);
	CHECK(solo_item(&sent, 0).position == 42);
	CHECK(solo.node->counters.sent == 1);
	CHECK(solo.node->counters.sent_bytes == sent.size);
	CHECK(solo.traffic.sent[TRAFFIC_PING].datagrams == 1);
	CHECK(solo.traffic.sent[TRAFFIC_PING].bytes ==
	      sent.size + MESSAGE_SEAL_BYTES);
	CHECK(!solo_next(&solo, &sent));

	/* No room: nothing is begun, and nothing is counted. */
	solo.outbox.item_capacity = 0;
	CHECK(!exchange_begin(&solo.outbox, &to, MESSAGE_PING, 78, &writer));
	CHECK(solo.node->counters.sent == 1);
	CHECK(solo.traffic.sent[TRAFFIC_PING].datagrams == 1);
	solo_close(&solo);
}

int
main(void)
{
	test_milliseconds();
	test_timeouts();
	test_strangers();
	test_hedges();
	test_a_very_late_answer();
	test_a_datagram();
	return check_done();
}
