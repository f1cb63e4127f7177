/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookup_test.c - the books of one lookup: who is next, and is it over */
#include "core/dht/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define K	   8
#define ALPHA	   3
#define TIMEOUT_NS (10 * NS_PER_MS)

static struct lookups *lookups;

/* A lookup towards position 0, so that a position is its distance; peer n
 * is at distance n. */
static struct lookup *
begin(enum lookup_kind kind)
{
	uint32_t slot = lookup_take(lookups, 1, kind, 0, K);

	CHECK(slot != LOOKUP_NONE);
	return &lookups->slots[slot];
}

static void
give(struct lookup *lookup)
{
	lookup_give(lookups, (uint32_t)(lookup - lookups->slots));
}

static void
add(struct lookup *lookup, uint32_t first, uint32_t last, uint8_t round)
{
	for (uint32_t peer = first; peer <= last; peer++)
		lookup_add(lookup, peer, peer, round);
}

/* Send to all that are chosen; how many. */
static uint32_t
ask(struct lookup *lookup, int64_t now_ns)
{
	uint8_t chosen[LOOKUP_SHORTLIST];
	uint32_t count = lookup_choose(lookup, K, ALPHA, chosen);

	for (uint32_t i = 0; i < count; i++)
		lookup_sent(lookup, &lookup->candidates[chosen[i]],
			    (struct instant){ now_ns }, TIMEOUT_NS, TIMEOUT_NS);
	return count;
}

static void
answer(struct lookup *lookup, uint32_t peer)
{
	struct candidate *candidate = lookup_find(lookup, peer);

	CHECK(candidate != NULL);
	if (candidate != NULL)
		lookup_answered(lookup, candidate);
}

static void
test_rounds_and_burst(void)
{
	struct lookup *lookup = begin(LOOKUP_SET);

	add(lookup, 100, 107, 0);
	CHECK(ask(lookup, 0) == ALPHA);
	CHECK(ask(lookup, 0) == 0);
	for (uint32_t peer = 100; peer < 103; peer++) {
		answer(lookup, peer);
		add(lookup, 50, 55, 1); /* closer ones */
	}
	CHECK(lookup->round == 1);
	CHECK(ask(lookup, 1) == ALPHA); /* progress: alpha again */
	CHECK(lookup_find(lookup, 50)->round == 2);
	answer(lookup, 50);
	answer(lookup, 51);
	CHECK(ask(lookup, 2) == 2); /* one of round 2 is still out */
	answer(lookup, 52);
	/* Three answers, no peer closer: the rest of the k closest at once. */
	CHECK(ask(lookup, 2) == 1);
	CHECK(lookup_find(lookup, 53)->round == 3);
	CHECK(!lookup_complete(lookup, K));
	answer(lookup, 53);
	answer(lookup, 54);
	answer(lookup, 55);
	CHECK(ask(lookup, 3) == 0);
	CHECK(lookup_complete(lookup, K)); /* 50..55, 100, 101 */
	CHECK(lookup->queries == 9);
	give(lookup);
}

static void
test_in_flight_are_not_forgotten(void)
{
	struct lookup *lookup = begin(LOOKUP_GET);

	add(lookup, 100, 107, 0);
	ask(lookup, 0);
	add(lookup, 1, 16, 1); /* 2 k closer ones fill the shortlist */
	CHECK(lookup->candidate_count == 2 * K);
	for (uint32_t peer = 100; peer < 103; peer++)
		CHECK(lookup_find(lookup, peer) != NULL);
	CHECK(lookup_find(lookup, 103) == NULL);
	CHECK(lookup_find(lookup, 14) == NULL);
	CHECK(lookup_find(lookup, 13) != NULL);
	lookup_add(lookup, 200, 200, 1); /* farther than all */
	CHECK(lookup_find(lookup, 200) == NULL);
	lookup_add(lookup, 13, 13, 1); /* known already */
	CHECK(lookup->candidate_count == 2 * K);
	give(lookup);
}

/* All that there is room for are in flight; one that is closer is named. */
static void
test_closer_ones_are_not_refused(void)
{
	static const struct {
		const char *sentence;
		enum candidate_state state; /* of the farthest */
		uint32_t gone; /* to make room */
	} rows[] = {
		{ "in flight: it is forgotten", CANDIDATE_ASKED, 100 + 2 * K },
		{ "overdue: so is it", CANDIDATE_OVERDUE, 100 + 2 * K },
		{ "holds our record: the next is", CANDIDATE_STORED,
		  99 + 2 * K },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lookup *lookup = begin(LOOKUP_GET);

		add(lookup, 101, 100 + 2 * K, 0);
		for (uint32_t j = 0; j < 2 * K; j++)
			lookup_sent(lookup, &lookup->candidates[j],
				    (struct instant){ 0 }, TIMEOUT_NS,
				    TIMEOUT_NS);
		lookup->candidates[2 * K - 1].state = (uint8_t)rows[i].state;
		lookup_add(lookup, 1, 1, 1);
		lookup_add(lookup, 500, 500, 1); /* farther than all */
		CHECK_ROW(lookup_find(lookup, 1) != NULL, rows[i].sentence);
		CHECK_ROW(lookup_find(lookup, rows[i].gone) == NULL,
			  rows[i].sentence);
		CHECK_ROW(lookup_find(lookup, 500) == NULL, rows[i].sentence);
		CHECK_ROW(lookup->candidate_count == 2 * K, rows[i].sentence);
		give(lookup);
	}
}

static void
test_overdue_then_failed(void)
{
	struct lookup *lookup = begin(LOOKUP_GET);
	uint32_t peers[LOOKUP_SHORTLIST], overdue, slow;

	add(lookup, 1, 8, 0);
	lookup->deadline = (struct instant){ NS_PER_S };
	CHECK(ask(lookup, 0) == ALPHA);
	CHECK(lookup_wake(lookup).ns == TIMEOUT_NS);
	CHECK(lookup_age(lookup, (struct instant){ TIMEOUT_NS - 1 }, peers,
			 &overdue, &slow) == 0);
	CHECK(overdue == 0);
	CHECK(lookup_age(lookup, (struct instant){ TIMEOUT_NS }, peers,
			 &overdue, &slow) == 0);
	CHECK(overdue == 3);
	CHECK(ask(lookup, TIMEOUT_NS) == ALPHA); /* one more for each */
	CHECK(lookup_find(lookup, 4)->round == 1);
	answer(lookup, 1); /* late is welcome */
	CHECK(lookup_age(lookup, (struct instant){ 2 * TIMEOUT_NS }, peers,
			 &overdue, &slow) == 2);
	CHECK(peers[0] == 2 && peers[1] == 3 && overdue == 3);
	answer(lookup, 2); /* even now */
	CHECK(lookup_find(lookup, 2)->state == CANDIDATE_ANSWERED);
	give(lookup);
}

#define HEDGE_NS (2 * NS_PER_MS)

/* Of the candidates 1 to 20, alpha were asked at once. */
static void
test_slow_ones_are_asked_around(void)
{
	static const struct {
		const char *sentence;
		uint32_t answered; /* 1 to this one */
		int64_t at_ns;
		uint32_t asked;
	} rows[] = {
		{ "nobody is slow yet", 0, HEDGE_NS - 1, 0 },
		{ "all are: four times as many at once", 0, HEDGE_NS,
		  LOOKUP_WIDER * ALPHA },
		{ "one has answered: one more for it", 1, HEDGE_NS - 1, 1 },
		{ "the two others are slow: two more", 1, HEDGE_NS, 3 },
		{ "who has answered is not slow", 3, HEDGE_NS, ALPHA },
		{ "overdue, and slow all the same", 0, TIMEOUT_NS,
		  LOOKUP_WIDER * ALPHA },
	};
	uint32_t peers[LOOKUP_SHORTLIST], overdue, slow;
	uint8_t chosen[LOOKUP_SHORTLIST];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lookup *lookup = begin(LOOKUP_GET);
		struct instant at = { rows[i].at_ns };

		lookup->deadline = (struct instant){ NS_PER_S };
		add(lookup, 1, 20, 0);
		for (uint32_t j = 0; j < ALPHA; j++)
			lookup_sent(lookup, &lookup->candidates[j],
				    (struct instant){ 0 }, HEDGE_NS,
				    TIMEOUT_NS);
		CHECK_ROW(lookup_wake(lookup).ns == HEDGE_NS, rows[i].sentence);
		for (uint32_t peer = 1; peer <= rows[i].answered; peer++) {
			answer(lookup, peer);
			/* Closer than all, so that it is not stuck. */
			lookup_add(lookup, 100 + peer, 0, 1);
		}
		CHECK_ROW(lookup_age(lookup, at, peers, &overdue, &slow) == 0,
			  rows[i].sentence);
		CHECK_ROW(overdue == (at.ns < TIMEOUT_NS ? 0 : ALPHA),
			  rows[i].sentence);
		CHECK_ROW(lookup_choose(lookup, 20, ALPHA, chosen) ==
				  rows[i].asked,
			  rows[i].sentence);
		if (at.ns == HEDGE_NS && rows[i].answered == 0)
			CHECK_ROW(lookup_wake(lookup).ns == TIMEOUT_NS,
				  rows[i].sentence);
		give(lookup);
	}
}

/* Alpha were slow; two of the next answer, one does not yet. */
static void
test_after_slow_ones_twice_as_many(void)
{
	struct lookup *lookup = begin(LOOKUP_GET);
	uint32_t peers[LOOKUP_SHORTLIST], overdue, slow;
	uint8_t chosen[LOOKUP_SHORTLIST];

	add(lookup, 11, 20, 0);
	for (uint32_t i = 0; i < 2 * ALPHA; i++)
		lookup_sent(lookup, &lookup->candidates[i],
			    (struct instant){ i < ALPHA ? 0 : HEDGE_NS },
			    HEDGE_NS, TIMEOUT_NS);
	lookup_age(lookup, (struct instant){ HEDGE_NS }, peers, &overdue,
		   &slow);
	answer(lookup, 14);
	answer(lookup, 15);
	add(lookup, 1, 9, 1);
	CHECK(lookup_choose(lookup, 20, ALPHA, chosen) == 2 * ALPHA - 1);
	/* Slow is not silent: the lookup waits for them. */
	CHECK(!lookup_complete(lookup, 20));
	give(lookup);
}

static void
test_silent_get_a_second_try(void)
{
	struct lookup *lookup = begin(LOOKUP_GET);
	uint32_t peers[LOOKUP_SHORTLIST], overdue, slow;

	add(lookup, 1, 3, 0);
	ask(lookup, 0);
	answer(lookup, 1);
	answer(lookup, 2);
	CHECK(!lookup_complete(lookup, K));
	lookup_age(lookup, (struct instant){ TIMEOUT_NS }, peers, &overdue,
		   &slow);
	CHECK(overdue == 1);
	CHECK(!lookup_complete(lookup, K)); /* 3 is put up again */
	CHECK(ask(lookup, TIMEOUT_NS) == 1);
	lookup_age(lookup, (struct instant){ 2 * TIMEOUT_NS }, peers, &overdue,
		   &slow);
	CHECK(!lookup_complete(lookup, K)); /* and waited for again */
	lookup_age(lookup, (struct instant){ 3 * TIMEOUT_NS }, peers, &overdue,
		   &slow);
	CHECK(lookup_complete(lookup, K));
	give(lookup);

	lookup = begin(LOOKUP_JOIN);
	add(lookup, 1, 2, 0);
	ask(lookup, 0);
	answer(lookup, 1);
	lookup_age(lookup, (struct instant){ TIMEOUT_NS }, peers, &overdue,
		   &slow);
	CHECK(!lookup_complete(lookup, K));
	lookup_age(lookup, (struct instant){ 2 * TIMEOUT_NS }, peers, &overdue,
		   &slow);
	CHECK(lookup_complete(lookup, K)); /* only values are worth it */
	give(lookup);
}

static void
test_fill(void)
{
	struct lookup *lookup = begin(LOOKUP_FILL);
	uint8_t chosen[LOOKUP_SHORTLIST];
	uint32_t low = 0, asked = 0, count;
	bool over;

	lookup_add_first(lookup, 1000);
	lookup_add_first(lookup, 1000);
	add(lookup, 1, 200, 1); /* more than fit */
	CHECK(lookup->candidate_count == LOOKUP_SHORTLIST);
	CHECK(lookup->candidates[0].peer == 1000);
	while ((count = lookup_choose_fill(lookup, K, 3, chosen, &over)) > 0) {
		CHECK(count <= 3);
		for (uint32_t i = 0; i < count; i++) {
			struct candidate *candidate =
				&lookup->candidates[chosen[i]];

			lookup_sent(lookup, candidate, (struct instant){ 0 },
				    TIMEOUT_NS, TIMEOUT_NS);
			lookup_answered(lookup, candidate);
			low += candidate->peer <= 100;
			asked++;
		}
	}
	CHECK(over && asked == K);
	CHECK(low > 0 && low < K - 1); /* from all over the range */
	give(lookup);
}

/* Who said no, who failed and who of these is known to be dead, as bits: peers
 * 1, 2, ...; the others were asked or not even that. Have the closest denied
 * it, and may those that are silent be all that know it? */
static const struct {
	const char *sentence;
	uint32_t count, replicas;
	uint32_t answered, failed, dead;
	bool denied, split;
} misses[] = {
	{ "we know no peer: none can know", 0, 3, 0, 0, 0, true, false },
	{ "all say no", 8, 3, 0xff, 0, 0, true, false },
	{ "the three closest say no", 8, 3, 0x07, 0, 0, true, false },
	{ "the closest is still to answer", 8, 3, 0xfe, 0, 0, false, false },
	{ "one of the three is still to answer", 8, 3, 0xfb, 0, 0, false,
	  false },
	{ "one failed: the fourth counts", 8, 3, 0xfd, 0x02, 0, true, false },
	{ "one failed and the fourth is out", 8, 3, 0x05, 0x02, 0, false,
	  false },
	{ "two failed: no", 8, 3, 0xfc, 0x03, 0, false, false },
	{ "two failed, but one was dead", 8, 3, 0xfc, 0x03, 0x02, true, false },
	{ "two dead, and the fourth failed", 8, 3, 0xf2, 0x0d, 0x05, true,
	  false },
	{ "two dead, two failed behind", 8, 3, 0xe4, 0x1b, 0x03, false, false },
	{ "the three closest failed", 8, 3, 0xf8, 0x07, 0, false, true },
	{ "the three closest are dead", 8, 3, 0xf8, 0x07, 0x07, false, false },
	{ "no peer answered", 8, 3, 0, 0xff, 0, false, true },
	{ "all are dead, or our uplink", 8, 3, 0, 0xff, 0xff, false, false },
	{ "the only other one says no", 1, 3, 0x01, 0, 0, true, false },
	{ "the only other one is silent", 1, 3, 0, 0x01, 0, false, false },
	{ "one of two is silent", 2, 3, 0x01, 0x02, 0, true, false },
	{ "two of three are dead", 3, 3, 0x04, 0x03, 0x03, true, false },
	{ "two of three are silent", 3, 3, 0x04, 0x03, 0, false, false },
	{ "one replica says no", 8, 1, 0x01, 0, 0, true, false },
	{ "one replica is silent", 8, 1, 0xfe, 0x01, 0, false, false },
	{ "two of five failed", 8, 5, 0xf9, 0x06, 0, true, false },
	{ "three of five failed", 8, 5, 0xf1, 0x0e, 0, false, false },
	{ "of three peers two failed", 3, 5, 0x04, 0x03, 0, false, false },
	{ "two are silent behind them", 8, 3, 0x9f, 0x60, 0, true, false },
	{ "three are: perhaps all replicas", 8, 3, 0x1f, 0xe0, 0, true, true },
	{ "three of many: they died lately", 16, 3, 0x1fff, 0xe000, 0, true,
	  false },
	{ "a quarter of many", 16, 3, 0x0fff, 0xf000, 0, true, true },
	{ "of three one is dead", 8, 3, 0x1f, 0xe0, 0x40, true, false },
	{ "one is silent behind the only one", 8, 1, 0x7f, 0x80, 0, true,
	  false },
	{ "of four it is one", 4, 1, 0x07, 0x08, 0, true, true },
};

static void
test_denied(void)
{
	for (uint32_t i = 0; i < sizeof(misses) / sizeof(*misses); i++) {
		struct lookup *lookup = begin(LOOKUP_GET);

		add(lookup, 1, misses[i].count, 0);
		for (uint32_t j = 0; j < misses[i].count; j++) {
			struct candidate *candidate = &lookup->candidates[j];

			if (misses[i].answered >> j & 1)
				candidate->state = CANDIDATE_ANSWERED;
			else if (misses[i].failed >> j & 1)
				candidate->state = CANDIDATE_FAILED;
			else if (i % 2 == 1) /* or known */
				candidate->state = CANDIDATE_ASKED;
		}
		CHECK_ROW(lookup_denied(lookup, misses[i].replicas,
					misses[i].dead) == misses[i].denied,
			  misses[i].sentence);
		CHECK_ROW(lookup_split(lookup, misses[i].replicas,
				       misses[i].dead) == misses[i].split,
			  misses[i].sentence);
		give(lookup);
	}
}

/* The deadline came, and of four the closest has not answered. */
static void
test_deadline(void)
{
	static const struct {
		const char *sentence;
		uint8_t state, tries;
		bool silent; /* then it proves, if it is known to be dead */
		bool proves; /* if not */
	} rows[] = {
		{ "it was not asked", CANDIDATE_KNOWN, 0, false, false },
		{ "it is asked", CANDIDATE_ASKED, 1, false, false },
		{ "it is overdue", CANDIDATE_OVERDUE, 1, true, false },
		{ "it is to be asked again", CANDIDATE_KNOWN, 1, true, false },
		{ "it is asked again", CANDIDATE_ASKED, 2, true, false },
		{ "it is overdue again", CANDIDATE_OVERDUE, 2, true, false },
		{ "it failed", CANDIDATE_FAILED, 2, true, true },
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lookup *lookup = begin(LOOKUP_GET);
		struct candidate *closest = &lookup->candidates[0];

		add(lookup, 1, 4, 0);
		for (uint32_t j = 0; j < 4; j++)
			lookup->candidates[j].state = CANDIDATE_ANSWERED;
		closest->state = rows[i].state;
		closest->tries = rows[i].tries & 3u;
		CHECK_ROW(lookup_silent(closest) == rows[i].silent,
			  rows[i].sentence);
		CHECK_ROW(lookup_denied(lookup, 3, 0) == rows[i].proves,
			  rows[i].sentence);
		CHECK_ROW(lookup_denied(lookup, 3, 0x01) == rows[i].silent,
			  rows[i].sentence);
		/* It answered the first time: who is closer? */
		lookup_refer(closest);
		CHECK(!lookup_silent(closest));
		give(lookup);
	}
}

#define HALF 1
#define DEAD 2

static struct record
record(uint32_t owner, int64_t version, int what)
{
	return (struct record){
		.owner = owner,
		.version = { .established_ns = version },
		.ttl_ms = 1000,
		.half_open = what == HALF,
		.tombstone = what == DEAD,
	};
}

static void
test_records(void)
{
	static const struct {
		const char *sentence;
		struct {
			uint32_t owner;
			int64_t version;
			int what;
		} filed[2];
		uint32_t owners[RECORDS_PER_KEY]; /* then; 0: no more */
	} rows[] = {
		{ "of an excluded owner", { { 7, 9, 0 } }, { 0 } },
		{ "two of others", { { 5, 9, 0 }, { 4, 8, 0 } }, { 5, 4 } },
		{ "another replica's", { { 5, 9, 0 }, { 4, 8, 0 } }, { 5, 4 } },
		{ "a newer one of its owner, and a third's",
		  { { 4, 12, 0 }, { 6, 10, 0 } },
		  { 4, 6, 5 } },
		{ "one that a tombstone ends",
		  { { 8, 20, 0 }, { 8, 20, DEAD } },
		  { 4, 6, 5 } },
		{ "one that began after it",
		  { { 9, 21, 0 }, { 9, 20, DEAD } },
		  { 9, 4, 6 } },
		{ "older than the three that count",
		  { { 8, 3, 0 } },
		  { 9, 4, 6 } },
		{ "half-open, and newer than all",
		  { { 8, 30, HALF } },
		  { 9, 4, 6 } },
		{ "a new session of an owner that had one",
		  { { 9, 40, HALF } },
		  { 4, 6, 9 } },
		{ "and its confirmation", { { 9, 40, 0 } }, { 9, 4, 6 } },
		{ "the handshake again, late",
		  { { 9, 40, HALF } },
		  { 9, 4, 6 } },
	};
	struct lookup *lookup = begin(LOOKUP_GET);

	lookup->exclude[lookup->exclude_count++] = 7;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record filed[2];
		uint32_t count = 0, want = 0;

		for (; count < 2 && rows[i].filed[count].owner != 0; count++)
			filed[count] = record(rows[i].filed[count].owner,
					      rows[i].filed[count].version,
					      rows[i].filed[count].what);
		lookup_file(lookup, filed, count);
		for (; want < RECORDS_PER_KEY && rows[i].owners[want] != 0;
		     want++)
			CHECK_ROW(lookup->records[want].owner ==
					  rows[i].owners[want],
				  rows[i].sentence);
		CHECK_ROW(lookup->record_count == want, rows[i].sentence);
	}
	give(lookup);
}

/* A list hands out slots in the order in which they came. */
static void
test_lists(void)
{
	enum {
		SLOTS = 3
	};
	struct lookup_list list = { LOOKUP_NONE, LOOKUP_NONE };
	uint32_t slots[SLOTS], in = 0, out = 0;

	CHECK(lookup_list_take(lookups, &list) == LOOKUP_NONE);
	for (uint32_t i = 0; i < SLOTS; i++) {
		slots[i] = lookup_take(lookups, 1, LOOKUP_GET, 0, K);
		CHECK(slots[i] != LOOKUP_NONE);
	}
	for (uint32_t round = 0; round < 40; round++) {
		/* One to three in; then some, or all, out. */
		while (in - out < SLOTS && in < 3 * (round + 1))
			lookup_list_add(lookups, &list, slots[in++ % SLOTS]);
		for (uint32_t i = 0; i <= round % SLOTS && out < in; i++)
			CHECK(lookup_list_take(lookups, &list) ==
			      slots[out++ % SLOTS]);
		CHECK((list.head == LOOKUP_NONE) == (out == in));
	}
	for (uint32_t i = 0; i < SLOTS; i++)
		lookup_give(lookups, slots[i]);
}

/* Rounds are counted in a byte, and stop at its end. */
static void
test_rounds_saturate(void)
{
	struct lookup *lookup = begin(LOOKUP_GET);

	lookup_add(lookup, 4, 4, 0);
	lookup->round = UINT8_MAX;
	lookup_sent(lookup, &lookup->candidates[0], (struct instant){ 0 }, 1,
		    1);
	CHECK(lookup->candidates[0].round == UINT8_MAX);
	lookup_answered(lookup, &lookup->candidates[0]);
	CHECK(lookup->round == UINT8_MAX);
	give(lookup);
}

static void
test_transactions(void)
{
	uint32_t slot = lookup_take(lookups, 1, LOOKUP_GET, 0, K);
	uint32_t transaction = lookup_transaction(lookups, slot);

	CHECK(lookup_by_transaction(lookups, 1, transaction) == slot);
	CHECK(lookup_by_transaction(lookups, 2, transaction) == LOOKUP_NONE);
	lookup_give(lookups, slot);
	CHECK(lookup_by_transaction(lookups, 1, transaction) == LOOKUP_NONE);
	CHECK(lookup_take(lookups, 1, LOOKUP_GET, 0, K) == slot);
	CHECK(lookup_transaction(lookups, slot) != transaction);
	CHECK(lookup_by_transaction(lookups, 1, UINT32_MAX) == LOOKUP_NONE);
	lookup_give(lookups, slot);
}

static void
test_the_pool_is_bounded(void)
{
	uint32_t slots[4], count = lookups_count(lookups);

	CHECK(count == 0);
	for (uint32_t i = 0; i < 4; i++) {
		slots[i] = lookup_take(lookups, i, LOOKUP_GET, 0, K);
		CHECK(slots[i] != LOOKUP_NONE);
	}
	CHECK(lookup_take(lookups, 9, LOOKUP_GET, 0, K) == LOOKUP_NONE);
	for (uint32_t i = 0; i < 4; i++)
		lookup_give(lookups, slots[i]);
	CHECK(lookups_count(lookups) == 0);
}

int
main(void)
{
	void *memory = malloc(lookups_size(4));

	if (memory == NULL)
		abort();
	lookups = lookups_init(memory, 4);
	test_rounds_and_burst();
	test_in_flight_are_not_forgotten();
	test_closer_ones_are_not_refused();
	test_overdue_then_failed();
	test_slow_ones_are_asked_around();
	test_after_slow_ones_twice_as_many();
	test_silent_get_a_second_try();
	test_fill();
	test_denied();
	test_deadline();
	test_records();
	test_lists();
	test_rounds_saturate();
	test_transactions();
	test_the_pool_is_bounded();
	free(memory);
	return check_done();
}
