/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pending_lookups_test.c - every answer to the one who waits for it, once
 */
#include "live/engine/pending_lookups.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define STEPS 100000

static struct pending_lookups pending_lookups;

/* What the test knows: who waits, by number. */
struct asker {
	node_ticket ticket; /* 0: does not wait */
	uint32_t answers;
	bool again; /* asks once more when it is answered */
};

static struct asker askers[PENDING_LOOKUPS_MAX];
static node_ticket last;

static void
done(void *context, const struct node_event *event)
{
	struct asker *asker = context;

	CHECK(asker->ticket == event->ticket);
	asker->answers++;
	asker->ticket = 0;
	if (!asker->again)
		return;
	CHECK(!pending_lookups_full(
		&pending_lookups)); /* its own place, at least */
	asker->again = false;
	asker->ticket = ++last;
	pending_lookups_add(&pending_lookups, asker->ticket, done, asker);
}

static void
answer(node_ticket ticket, enum node_event_kind kind)
{
	pending_lookups_answer(
		&pending_lookups,
		&(struct node_event){ .kind = kind, .ticket = ticket });
}

static void
full_test(void)
{
	for (uint32_t i = 0; i < PENDING_LOOKUPS_MAX; i++) {
		CHECK(!pending_lookups_full(&pending_lookups));
		askers[i] = (struct asker){ .ticket = ++last, .again = true };
		pending_lookups_add(&pending_lookups, last, done, &askers[i]);
	}
	CHECK(pending_lookups_full(&pending_lookups));
	answer(last + 1, NODE_FOUND); /* a stray's */
	answer(0, NODE_FOUND);
	CHECK(pending_lookups_full(&pending_lookups));
	answer(askers[7].ticket, NODE_MISSED);
	CHECK(pending_lookups_full(&pending_lookups)); /* it asked again */
	CHECK(askers[7].answers == 1);
	answer(askers[7].ticket, NODE_FOUND);
	CHECK(!pending_lookups_full(&pending_lookups) &&
	      askers[7].answers == 2);
	for (uint32_t i = 0; i < 2 * PENDING_LOOKUPS_MAX; i++)
		answer(askers[i % PENDING_LOOKUPS_MAX].ticket, NODE_FOUND);
	for (uint32_t i = 0; i < PENDING_LOOKUPS_MAX; i++)
		CHECK(askers[i].answers == 2);
}

static void
walk_test(void)
{
	struct rng rng;

	memset(askers, 0, sizeof(askers));
	rng_init(&rng, 11, 0);
	for (uint32_t step = 0; step < STEPS; step++) {
		struct asker *asker =
			&askers[rng_below(&rng, PENDING_LOOKUPS_MAX)];
		uint32_t before = asker->answers, waiting = 0;

		for (uint32_t i = 0; i < PENDING_LOOKUPS_MAX; i++)
			waiting += askers[i].ticket != 0;
		CHECK(pending_lookups_full(&pending_lookups) ==
		      (waiting == PENDING_LOOKUPS_MAX));
		if (asker->ticket == 0) {
			asker->ticket = ++last;
			pending_lookups_add(&pending_lookups, last, done,
					    asker);
		} else if (rng_below(&rng, 8) == 0) {
			answer(asker->ticket, NODE_FOUND);
			CHECK(asker->answers == before + 1);
		} else {
			answer(last + 1, NODE_MISSED);
			CHECK(asker->answers == before);
		}
	}
}

int
main(void)
{
	full_test();
	walk_test();
	return check_done();
}
