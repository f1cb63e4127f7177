/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup_run_eager_test.c - however a lookup ends that asks more than alpha at
 * a time, the next may (hedge.h: HEDGE_EAGER of them at once)
 */
#include "core/dht/lookup_run.h"

#include <errno.h>

#include "core/dht/exchange.h"
#include "core/test/solo.h"

enum {
	LOCAL, /* we own it: it ends as it begins */
	FOUND,
	MISSED,
	LATE, /* nobody answers until the deadline */
	CANCELLED,
	FORGOTTEN,
	FORGOTTEN_READY,
	REFUSED, /* the pool is full: it never began */
};

static const struct {
	const char *sentence;
	int end;
} rows[] = {
	{ "we own it, and it asks nobody", LOCAL },
	{ "a peer has a record", FOUND },
	{ "all have none", MISSED },
	{ "nobody answers in time", LATE },
	{ "it is cancelled, with news", CANCELLED },
	{ "the node crashes", FORGOTTEN },
	{ "the node crashes, and there are news", FORGOTTEN_READY },
	{ "there is no room for it", REFUSED },
};

static int
get(struct solo *solo, uint32_t number)
{
	struct session_key key = solo_key(number);
	node_ticket ticket;

	return node_get(solo->node, solo->now, &key, NODE_ASKER_STRAY, NULL, 0,
			OUTBOX_ANY_UPLINK, &ticket, &solo->outbox);
}

/* Each query is answered; for so long. */
static void
answer(struct solo *solo, bool found)
{
	struct instant until = instant_after(solo->now, NS_PER_S / 8);
	struct solo_sent sent;

	do {
		while (solo_next(solo, &sent)) {
			if (sent.header.type != MESSAGE_FIND_VALUE)
				continue;
			if (found)
				solo_record(solo, &sent, 40, solo_version(5));
			else
				solo_contacts(solo, &sent, NULL, 0);
		}
	} while (solo_due(solo, until));
}

static void
finish(struct solo *solo, int end)
{
	struct solo_sent sent;

	switch (end) {
	case FOUND:
	case MISSED:
		answer(solo, end == FOUND);
		break;
	case LATE:
		solo_pass(solo, 2 * solo->settings.lookup_deadline_ns);
		break;
	case CANCELLED:
	case FORGOTTEN_READY:
		while (solo_next(solo, &sent))
			solo_contacts(solo, &sent, NULL, 0);
		for (uint32_t i = 0; end == CANCELLED && i < HEDGE_EAGER; i++)
			lookup_run_cancel(solo->node, solo->now, i, true);
		if (end == CANCELLED)
			solo_expire(solo);
		else
			lookup_run_forget(solo->node);
		break;
	case FORGOTTEN:
		lookup_run_forget(solo->node);
		break;
	default:
		break;
	}
	while (node_event(solo->node).kind != NODE_NONE)
		continue;
}

static void
begin(struct solo *solo, int end)
{
	for (uint32_t i = 0; i < 100; i++)
		hedge_silent(&solo->node->hedge);
	for (uint32_t i = 1; i <= HEDGE_EAGER; i++) {
		struct session_key key = solo_key(i);

		if (end == LOCAL)
			CHECK(node_set(solo->node, solo->now, &key,
				       solo_version(1), &solo->outbox) == 0);
		CHECK(get(solo, i) == 0);
	}
}

/* Five peers, so far away now that each is asked a second time before its first
 * answer is there: it is the network that is slow. */
static void
second_try(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent first, sent;
	struct solo solo;
	bool again = false;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 5);
	for (uint32_t i = 0; i < 5 * 20; i++)
		exchange_answered(solo.node, i % 5 + 1, 40 * NS_PER_US);
	CHECK(get(&solo, 1) == 0);
	CHECK(solo_next(&solo, &first));
	for (uint32_t i = 0; i < 60 && !again; i++) {
		solo_pass(&solo, 50 * NS_PER_US);
		while (solo_next(&solo, &sent))
			again |= i > 10 && sent.peer == first.peer;
	}
	CHECK(again && solo.node->hedge.silent > 0);
	CHECK(solo_contacts(&solo, &first, NULL, 0) == DROP_NONE);
	CHECK(solo.node->hedge.silent == 0);
	solo_close(&solo);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		int end = rows[i].end;
		struct solo_room room = {
			.lookups = end == REFUSED ? HEDGE_EAGER : 0,
		};
		struct solo solo;

		solo_open_room(&solo, &settings, room);
		solo_learn(&solo, 1, 60);
		begin(&solo, end);
		CHECK_ROW(solo.node->hedge.eager ==
				  (end == LOCAL ? 0 : HEDGE_EAGER),
			  rows[i].sentence);
		if (end == REFUSED) {
			CHECK_ROW(get(&solo, 9) == -EAGAIN, rows[i].sentence);
			answer(&solo, true);
		}
		finish(&solo, end);
		CHECK_ROW(solo.node->hedge.eager == 0, rows[i].sentence);
		solo_close(&solo);
	}
	second_try();
	return check_done();
}
