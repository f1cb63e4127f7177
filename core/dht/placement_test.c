/* SPDX-License-Identifier: GPL-3.0-or-later */
/* placement_test.c - where a lookup stores, and when it is done */
#include "core/dht/placement.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"

#define K	   8
#define REPLICAS   3
#define FAR	   99 /* our own position: no replica */
#define TIMEOUT_NS (10 * NS_PER_MS)

static struct lookups *lookups;

/* Of one letter for each candidate, the closest first: peer 1 at distance 1.
 *	k known	 a asked  o overdue  f failed  n answered
 *	s storing  r retried  S stored	R refused  L stale
 *	m answered MOVED, to be asked	M, and has been asked */
static struct lookup *
begin(const char *letters)
{
	static const char states[] = "kaofnsrSRL";
	uint32_t slot = lookup_take(lookups, 1, LOOKUP_SET, 0, K);

	CHECK(slot != LOOKUP_NONE);
	struct lookup *lookup = &lookups->slots[slot];
	for (uint32_t i = 0; letters[i] != '\0'; i++) {
		lookup_add(lookup, i + 1, i + 1, 0);
		struct candidate *candidate = lookup_find(lookup, i + 1);
		candidate->timeout_ns = TIMEOUT_NS;
		candidate->moved = letters[i] == 'm' || letters[i] == 'M';
		if (candidate->moved) {
			candidate->state = letters[i] == 'm'
						   ? CANDIDATE_KNOWN
						   : CANDIDATE_ANSWERED;
			continue;
		}
		uint8_t state = 0;
		while (states[state] != letters[i])
			state++;
		candidate->state = state;
	}
	lookup->phase = LOOKUP_STORING;
	lookup->chart = LOOKUP_BY_ANSWER;
	return lookup;
}

static void
give(struct lookup *lookup)
{
	lookup_give(lookups, (uint32_t)(lookup - lookups->slots));
}

static const struct {
	const char *sentence, *letters;
	uint64_t self;
	const char *stored; /* digits: peers that are sent a first STORE */
	bool self_holds;
} choices[] = {
	{ "the three closest, whether they were asked or not", "knakk", FAR,
	  "123", false },
	{ "closest we hold one ourselves", "nnnn", 0, "12", true },
	{ "fourth we do not", "nnnn", 4, "123", false },
	{ "a dead one makes place for us", "fnnfnn", 4, "23", true },
	{ "few peers: all, and we", "nnff", FAR, "12", true },
	{ "alone we hold it", "", 5, "", true },
	{ "once is enough", "sSsk", FAR, "", false },
	{ "who was asked in vain: the next meanwhile", "onkk", FAR, "234",
	  false },
	{ "who was stored at in vain: the next meanwhile", "SrSkk", FAR, "4",
	  false },
	{ "who is full: the next", "SRSkk", FAR, "4", false },
	{ "who knows a newer one has its place", "SLSkk", FAR, "", false },
	{ "who knows closer ones, by now as we", "SMSk", FAR, "2", false },
};

static void
test_choices(void)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		struct lookup *lookup = begin(choices[i].letters);
		uint8_t chosen[LOOKUP_SHORTLIST];
		char stored[LOOKUP_SHORTLIST + 1];
		bool self_holds;
		uint32_t count = placement_choose(
			lookup, REPLICAS, choices[i].self, chosen, &self_holds);

		for (uint32_t j = 0; j < count; j++)
			stored[j] = (char)('1' + chosen[j]);
		stored[count] = '\0';
		CHECK_ROW(strcmp(stored, choices[i].stored) == 0,
			  choices[i].sentence);
		CHECK_ROW(self_holds == choices[i].self_holds,
			  choices[i].sentence);
		give(lookup);
	}
}

static const struct {
	const char *sentence, *letters;
	enum lookup_chart chart;
	bool charted;
} charts[] = {
	{ "nothing is known yet", "kkkk", LOOKUP_UNCHARTED, false },
	{ "our table knows them", "kkkk", LOOKUP_BY_TABLE, true },
	{ "one of them is dead: who is next it may not know", "SfSk",
	  LOOKUP_BY_TABLE, false },
	{ "or overdue", "SrSk", LOOKUP_BY_TABLE, false },
	{ "or full", "SRSk", LOOKUP_BY_TABLE, false },
	{ "one that is none of them", "SSSf", LOOKUP_BY_TABLE, true },
	{ "an answer named them", "akkk", LOOKUP_BY_ANSWER, true },
	{ "it named the next ones, too", "ofSk", LOOKUP_BY_ANSWER, true },
	{ "who knows closer ones is to be asked", "Smsk", LOOKUP_BY_ANSWER,
	  false },
	{ "has been", "SMsk", LOOKUP_BY_ANSWER, true },
	{ "is none of them any more", "SSSm", LOOKUP_BY_ANSWER, true },
};

static void
test_charts(void)
{
	for (size_t i = 0; i < sizeof(charts) / sizeof(*charts); i++) {
		struct lookup *lookup = begin(charts[i].letters);

		lookup->chart = (uint8_t)charts[i].chart;
		CHECK_ROW(placement_charted(lookup, REPLICAS) ==
				  charts[i].charted,
			  charts[i].sentence);
		give(lookup);
	}
}

/* A record that is half-open goes to no peer that may not know such. */
static void
test_half_open(void)
{
	struct lookup *lookup = begin("kkkk");
	uint8_t chosen[LOOKUP_SHORTLIST];
	bool self_holds;

	lookup->half_open = true;
	lookup->candidates[0].speaks = lookup->candidates[2].speaks = 2;
	CHECK(!placement_charted(lookup, REPLICAS));
	CHECK(placement_choose(lookup, REPLICAS, FAR, chosen, &self_holds) ==
		      2 &&
	      chosen[0] == 0 && chosen[1] == 2);
	lookup->candidates[1].speaks = 2;
	CHECK(placement_charted(lookup, REPLICAS));
	CHECK(placement_choose(lookup, REPLICAS, FAR, chosen, &self_holds) ==
	      3);
	give(lookup);
}

static const struct {
	const char *sentence;
	uint32_t named, closer, known;
	bool charts;
} answers[] = {
	{ "it named farther ones, too", 8, 7, 100, true },
	{ "all that it named are closer: there may be more", 8, 8, 100, false },
	{ "none is closer", 8, 0, 100, true },
	{ "it knows hardly anyone", 3, 0, 100, false },
	{ "there is hardly anyone", 3, 0, 4, true },
	{ "we know hardly anyone", 3, 3, 1, true },
};

static void
test_answers(void)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct lookup *lookup = begin("kkkk");

		lookup->chart = LOOKUP_UNCHARTED;
		placement_named(lookup, answers[i].named, answers[i].closer, K,
				answers[i].known);
		CHECK_ROW((lookup->chart == LOOKUP_BY_ANSWER) ==
				  answers[i].charts,
			  answers[i].sentence);
		give(lookup);
	}
}

static const struct {
	const char *sentence, *letters;
	uint32_t index;
	bool conditional;
} conditions[] = {
	{ "the closest", "kkk", 0, true },
	{ "the third", "SSk", 2, true },
	{ "in the place of a dead one, that others may not miss yet", "SfSk", 3,
	  false },
	{ "of a slow one", "SrSk", 3, false },
	{ "of a full one", "SRSk", 3, false },
	{ "besides one that is newer", "LSk", 2, true },
	{ "one behind it does not matter", "SkSf", 1, true },
	{ "it has said which are closer, and nothing came of it", "SSM", 2,
	  false },
};

static void
test_conditions(void)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		struct lookup *lookup = begin(conditions[i].letters);

		CHECK_ROW(placement_conditional(lookup, conditions[i].index) ==
				  conditions[i].conditional,
			  conditions[i].sentence);
		give(lookup);
	}
}

static const struct {
	const char *sentence, *letters;
	enum lookup_self self;
	uint64_t position;
	bool done, settled, whole;
} ends[] = {
	{ "the three closest hold it", "SSSk", LOOKUP_APART, FAR, true, true,
	  true },
	{ "one has yet to say so", "SSsk", LOOKUP_APART, FAR, false, false,
	  false },
	{ "one is slow, and the next holds it meanwhile", "SrSS", LOOKUP_APART,
	  FAR, true, false, true },
	{ "and has not answered yet", "SrSs", LOOKUP_APART, FAR, false, false,
	  false },
	{ "one is dead", "SfSSk", LOOKUP_APART, FAR, true, true, true },
	{ "a closer one was named late", "kSSS", LOOKUP_APART, FAR, false, true,
	  true },
	{ "a query is out, which matters for its peer alone", "SSSa",
	  LOOKUP_APART, FAR, true, false, true },
	{ "one knows a newer record", "SLSk", LOOKUP_APART, FAR, true, true,
	  false },
	{ "we are one of them", "SSk", LOOKUP_HOLDING, 0, true, true, true },
	{ "we have no room", "SSSk", LOOKUP_NO_ROOM, 0, true, true, true },
	{ "and there is no other", "SS", LOOKUP_NO_ROOM, 0, true, true, false },
	{ "there are no more", "SS", LOOKUP_HOLDING, FAR, true, true, true },
	{ "one of the few is dead", "Sf", LOOKUP_HOLDING, FAR, true, true,
	  false },
	{ "or still silent", "Sr", LOOKUP_HOLDING, FAR, false, false, false },
	{ "alone", "", LOOKUP_HOLDING, FAR, true, true, true },
};

static void
test_ends(void)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct lookup *lookup = begin(ends[i].letters);

		lookup->self = (uint8_t)ends[i].self;
		CHECK_ROW(placement_done(lookup, REPLICAS, ends[i].position) ==
				  ends[i].done,
			  ends[i].sentence);
		CHECK_ROW(placement_settled(lookup) == ends[i].settled,
			  ends[i].sentence);
		CHECK_ROW(placement_whole(lookup, REPLICAS) == ends[i].whole,
			  ends[i].sentence);
		give(lookup);
	}
}

static const struct {
	const char *sentence;
	char before;
	bool conditional;
	enum item_status status;
	bool used;
	uint8_t after;
	bool moved;
} acknowledgements[] = {
	{ "stored", 's', true, ITEM_STORED, true, CANDIDATE_STORED, false },
	{ "at the second try", 'r', true, ITEM_STORED, true, CANDIDATE_STORED,
	  false },
	{ "too late, and yet", 'f', true, ITEM_STORED, true, CANDIDATE_STORED,
	  false },
	{ "it knows closer ones", 's', true, ITEM_MOVED, true, CANDIDATE_KNOWN,
	  true },
	{ "and holds it all the same", 's', false, ITEM_MOVED, true,
	  CANDIDATE_STORED, false },
	{ "a newer one", 's', true, ITEM_STALE, true, CANDIDATE_STALE, false },
	{ "no room", 's', true, ITEM_FULL, true, CANDIDATE_REFUSED, false },
	{ "no room to say so", 's', true, ITEM_UNANSWERED, true,
	  CANDIDATE_REFUSED, false },
	{ "nobody asked", 'k', true, ITEM_STORED, false, CANDIDATE_KNOWN,
	  false },
	{ "it has said so", 'S', true, ITEM_STORED, false, CANDIDATE_STORED,
	  false },
};

static void
test_acknowledgements(void)
{
	for (size_t i = 0;
	     i < sizeof(acknowledgements) / sizeof(*acknowledgements); i++) {
		char letters[2] = { acknowledgements[i].before, '\0' };
		struct lookup *lookup = begin(letters);
		struct candidate *candidate = &lookup->candidates[0];
		const char *sentence = acknowledgements[i].sentence;

		struct message_item item = {
			.status = acknowledgements[i].status,
			.version = { .established_ns = 9 },
		};

		candidate->conditional = acknowledgements[i].conditional;
		CHECK_ROW(placement_answered(lookup, candidate,
					     (struct instant){ 7 },
					     &item) == acknowledgements[i].used,
			  sentence);
		CHECK_ROW(candidate->state == acknowledgements[i].after,
			  sentence);
		CHECK_ROW(candidate->moved == acknowledgements[i].moved,
			  sentence);
		CHECK_ROW((lookup->newest.established_ns == 9) ==
				  (candidate->state == CANDIDATE_STALE),
			  sentence);
		CHECK_ROW((lookup->first.ns == 7) ==
				  (acknowledgements[i].used &&
				   candidate->state == CANDIDATE_STORED),
			  sentence);
		give(lookup);
	}
}

/* A silent replica gets a second STORE when it is overdue, and the next closest
 * its first one; then it has failed. */
static void
test_silence(void)
{
	struct lookup *lookup = begin("kkkkk");
	struct candidate *silent = &lookup->candidates[1];
	uint32_t peers[LOOKUP_SHORTLIST], overdue, slow;
	uint8_t chosen[LOOKUP_SHORTLIST];
	struct instant now = { 0 };
	bool self_holds;

	CHECK(placement_choose(lookup, REPLICAS, FAR, chosen, &self_holds) ==
	      3);
	for (uint32_t i = 0; i < 3; i++)
		placement_sent(lookup, &lookup->candidates[chosen[i]], now,
			       TIMEOUT_NS, true);
	CHECK(lookup->queries == 3 && lookup->started.ns == 0);
	CHECK(!placement_settled(lookup) &&
	      lookup_wake(lookup).ns == TIMEOUT_NS);
	lookup->candidates[0].state = CANDIDATE_STORED;
	lookup->candidates[2].state = CANDIDATE_STORED;
	now.ns = TIMEOUT_NS - 1;
	CHECK(!placement_repeats(silent, now));
	now.ns = TIMEOUT_NS;
	CHECK(lookup_age(lookup, now, peers, &overdue, &slow) == 0);
	CHECK(placement_repeats(silent, now));
	CHECK(!placement_repeats(&lookup->candidates[0], now));
	placement_sent(lookup, silent, now, TIMEOUT_NS, true);
	CHECK(silent->state == CANDIDATE_RETRIED);
	CHECK(placement_choose(lookup, REPLICAS, FAR, chosen, &self_holds) ==
		      1 &&
	      chosen[0] == 3);
	lookup->candidates[3].state = CANDIDATE_STORED;
	CHECK(placement_done(lookup, REPLICAS, FAR));
	now.ns = 2 * TIMEOUT_NS;
	CHECK(lookup_age(lookup, now, peers, &overdue, &slow) == 1 &&
	      peers[0] == 2);
	CHECK(placement_settled(lookup) && placement_count(lookup) == 3);
	give(lookup);
}

int
main(void)
{
	void *memory = malloc(lookups_size(4));

	if (memory == NULL)
		abort();
	lookups = lookups_init(memory, 4);
	test_choices();
	test_charts();
	test_half_open();
	test_answers();
	test_conditions();
	test_ends();
	test_acknowledgements();
	test_silence();
	free(memory);
	return check_done();
}
