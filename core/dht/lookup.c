/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookup.c - one iterative lookup; see lookup.h */
#include "core/dht/lookup.h"

#include <assert.h>
#include <string.h>

#include "core/outbox.h"
#include "core/position.h"

#define SLOT_BITS   20
#define GENERATIONS 0x7ff /* 1 to this: no transaction is 0 */

size_t
lookups_size(uint32_t capacity)
{
	return sizeof(struct lookups) +
	       (size_t)capacity * sizeof(struct lookup);
}

struct lookups *
lookups_init(void *memory, uint32_t capacity)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(capacity <= LOOKUP_POOL_MAX);

	struct lookups *lookups = memory;
	*lookups = (struct lookups){
		.capacity = capacity,
		.free = LOOKUP_NONE,
	};
	return lookups;
}

struct timer_pool
lookups_timers(struct lookups *lookups)
{
	return (struct timer_pool){
		.slots = lookups->slots,
		.size = sizeof(struct lookup),
	};
}

uint32_t
lookups_count(const struct lookups *lookups)
{
	return lookups->count;
}

uint32_t
lookup_take(struct lookups *lookups, uint32_t node, enum lookup_kind kind,
	    uint64_t target, uint32_t k)
{
	uint32_t slot = lookups->free, generation = 0;

	if (slot != LOOKUP_NONE) {
		lookups->free = lookups->slots[slot].next;
		generation = lookups->slots[slot].generation;
	} else if (lookups->used < lookups->capacity) {
		slot = lookups->used++;
	} else {
		return LOOKUP_NONE;
	}
	lookups->count++;

	struct lookup *lookup = &lookups->slots[slot];
	/* The candidates are written when they are added. */
	memset(lookup, 0, offsetof(struct lookup, candidates));
	timer_init(&lookup->timer);
	lookup->target = target;
	lookup->closest = UINT64_MAX;
	lookup->started = INSTANT_NEVER;
	lookup->deadline = INSTANT_NEVER;
	lookup->first = INSTANT_NEVER;
	lookup->finished = INSTANT_NEVER;
	lookup->node = node;
	lookup->next = LOOKUP_NONE;
	lookup->generation = generation % GENERATIONS + 1;
	lookup->publication = UINT32_MAX;
	lookup->peer = UINT32_MAX;
	lookup->candidate_limit =
		kind != LOOKUP_FILL && 2 * k < LOOKUP_SHORTLIST
			? 2 * k
			: LOOKUP_SHORTLIST;
	lookup->kind = (uint8_t)kind;
	lookup->phase = LOOKUP_FINDING;
	lookup->avoid_uplink = OUTBOX_ANY_UPLINK;
	return slot;
}

void
lookup_give(struct lookups *lookups, uint32_t slot)
{
	struct lookup *lookup = &lookups->slots[slot];

	assert(lookup->phase != LOOKUP_FREE);
	assert(!lookup->timer.queued && !lookup->ready);
	lookup->phase = LOOKUP_FREE;
	lookup->next = lookups->free;
	lookups->free = slot;
	lookups->count--;
}

void
lookup_list_add(struct lookups *lookups, struct lookup_list *list,
		uint32_t slot)
{
	struct lookup *slots = lookups->slots;

	slots[slot].next = LOOKUP_NONE;
	if (list->head == LOOKUP_NONE)
		list->head = slot;
	else
		slots[list->tail].next = slot;
	list->tail = slot;
}

uint32_t
lookup_list_take(const struct lookups *lookups, struct lookup_list *list)
{
	uint32_t slot = list->head;

	if (slot != LOOKUP_NONE)
		list->head = lookups->slots[slot].next;
	return slot;
}

uint32_t
lookup_transaction(const struct lookups *lookups, uint32_t slot)
{
	return lookups->slots[slot].generation << SLOT_BITS | slot;
}

uint32_t
lookup_by_transaction(const struct lookups *lookups, uint32_t node,
		      uint32_t transaction)
{
	uint32_t slot = transaction & (LOOKUP_POOL_MAX - 1);

	if (slot >= lookups->used)
		return LOOKUP_NONE;
	const struct lookup *lookup = &lookups->slots[slot];
	bool running = lookup->phase == LOOKUP_FINDING ||
		       lookup->phase == LOOKUP_STORING;
	if (!running || lookup->node != node ||
	    lookup_transaction(lookups, slot) != transaction)
		return LOOKUP_NONE;
	return slot;
}

/* It may. */
static bool
has_record(const struct candidate *candidate)
{
	return candidate->state >= CANDIDATE_STORING;
}

/* It may hold our record, or name the closest of all. */
static bool
is_needed(const struct candidate *candidate)
{
	return candidate->state == CANDIDATE_ASKED ||
	       candidate->state == CANDIDATE_OVERDUE || has_record(candidate);
}

/* The farthest behind `at` that can leave; candidate_count: there is none. */
static uint32_t
candidate_farthest(const struct lookup *lookup, uint32_t at,
		   bool (*stays)(const struct candidate *))
{
	for (uint32_t i = lookup->candidate_count; i > at; i--)
		if (!stays(&lookup->candidates[i - 1]))
			return i - 1;
	return lookup->candidate_count;
}

/* The shortlist is full: the farthest candidate leaves that is not needed; of
 * those in flight, if all are. False: that is before `at`, where the new one
 * belongs. */
static bool
make_room(struct lookup *lookup, uint32_t at)
{
	struct candidate *candidates = lookup->candidates;
	uint32_t none = lookup->candidate_count;
	uint32_t last = candidate_farthest(lookup, at, is_needed);

	if (candidate_farthest(lookup, 0, is_needed) == none)
		last = candidate_farthest(lookup, at, has_record);
	if (last == none)
		return false;
	lookup->candidate_count--;
	memmove(&candidates[last], &candidates[last + 1],
		(lookup->candidate_count - last) * sizeof(*candidates));
	return true;
}

/* The finaliser of SplitMix64: a fixed permutation without structure. */
static uint64_t
scramble(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void
add_at(struct lookup *lookup, uint32_t peer, uint64_t distance, uint8_t round)
{
	struct candidate *candidates = lookup->candidates;
	uint32_t at = lookup->candidate_count;

	while (at > 0 && candidates[at - 1].distance > distance)
		at--;
	for (uint32_t i = at; i > 0 && candidates[i - 1].distance == distance;
	     i--) {
		if (candidates[i - 1].peer == peer)
			return;
	}
	if (lookup->candidate_count == lookup->candidate_limit &&
	    !make_room(lookup, at))
		return;
	memmove(&candidates[at + 1], &candidates[at],
		(lookup->candidate_count - at) * sizeof(*candidates));
	lookup->candidate_count++;
	candidates[at] = (struct candidate){
		.distance = distance,
		.peer = peer,
		.state = CANDIDATE_KNOWN,
	};
	if (distance < lookup->closest) {
		lookup->closest = distance;
		lookup->fruitless = 0;
		if (round > lookup->improved)
			lookup->improved = round;
	}
}

void
lookup_add(struct lookup *lookup, uint32_t peer, uint64_t position,
	   uint8_t round)
{
	uint64_t distance = position_distance(lookup->target, position);

	if (lookup->kind == LOOKUP_FILL)
		distance = scramble(distance);
	add_at(lookup, peer, distance, round);
}

void
lookup_add_first(struct lookup *lookup, uint32_t peer)
{
	if (lookup_find(lookup, peer) == NULL)
		add_at(lookup, peer, 0, 0);
}

struct candidate *
lookup_find(struct lookup *lookup, uint32_t peer)
{
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		if (lookup->candidates[i].peer == peer)
			return &lookup->candidates[i];
	}
	return NULL;
}

void
lookup_sent(struct lookup *lookup, struct candidate *candidate,
	    struct instant now, int64_t hedge_ns, int64_t timeout_ns)
{
	candidate->state = CANDIDATE_ASKED;
	candidate->slow = false;
	candidate->round = lookup->round;
	if (candidate->round < UINT8_MAX)
		candidate->round++;
	candidate->tries = (candidate->tries + 1u) & 3u;
	candidate->named = false;
	candidate->sent = now;
	candidate->hedge_ns = hedge_ns;
	candidate->timeout_ns = timeout_ns;
	lookup->queries++;
	if (lookup->started.ns == INSTANT_NEVER.ns)
		lookup->started = now;
}

void
lookup_answered(struct lookup *lookup, struct candidate *candidate)
{
	/* Or it was sent a STORE meanwhile. */
	if (candidate->state <= CANDIDATE_FAILED)
		candidate->state = CANDIDATE_ANSWERED;
	candidate->named = true;
	candidate->slow = false;
	if (candidate->round > lookup->round)
		lookup->round = candidate->round;
	lookup->fruitless += candidate->round > lookup->improved;
}

void
lookup_refer(struct candidate *candidate)
{
	candidate->refers = true;
	candidate->state = CANDIDATE_KNOWN;
	candidate->tries = 0;
}

struct instant
lookup_candidate_wake(const struct candidate *candidate)
{
	switch (candidate->state) {
	case CANDIDATE_ASKED:
		return instant_after(candidate->sent,
				     candidate->slow ? candidate->timeout_ns
						     : candidate->hedge_ns);
	case CANDIDATE_STORING:
	case CANDIDATE_RETRIED:
		return instant_after(candidate->sent, candidate->timeout_ns);
	case CANDIDATE_OVERDUE:
		return instant_after(candidate->sent,
				     2 * candidate->timeout_ns);
	default:
		return INSTANT_NEVER;
	}
}

/* It is slow since now. */
static bool
make_slow(struct candidate *candidate, struct instant now)
{
	if (candidate->state != CANDIDATE_ASKED || candidate->slow ||
	    candidate->hedge_ns >= candidate->timeout_ns ||
	    lookup_candidate_wake(candidate).ns > now.ns)
		return false;
	candidate->slow = true;
	return true;
}

uint32_t
lookup_age(struct lookup *lookup, struct instant now, uint32_t *peers,
	   uint32_t *overdue, uint32_t *slow)
{
	uint32_t failed = 0;

	*overdue = *slow = 0;
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		struct candidate *candidate = &lookup->candidates[i];

		*slow += make_slow(candidate, now);
		if (candidate->state == CANDIDATE_ASKED &&
		    lookup_candidate_wake(candidate).ns <= now.ns) {
			candidate->state = CANDIDATE_OVERDUE;
			++*overdue;
		}
		/* Is sent a STORE once more first: placement_choose(). */
		if (candidate->state == CANDIDATE_STORING ||
		    lookup_candidate_wake(candidate).ns > now.ns)
			continue;
		candidate->state = CANDIDATE_FAILED;
		lookup->fruitless += candidate->round > lookup->improved;
		peers[failed++] = candidate->peer;
	}
	return failed;
}

/* The last round named no closer candidate: ask all at once. */
static bool
is_stuck(const struct lookup *lookup, uint32_t alpha, uint32_t parallel)
{
	return lookup->fruitless >= alpha ||
	       (parallel == 0 && lookup->round > lookup->improved);
}

bool
lookup_passed_by(const struct candidate *candidate)
{
	switch (candidate->state) {
	case CANDIDATE_OVERDUE:
	case CANDIDATE_FAILED:
	case CANDIDATE_RETRIED:
	case CANDIDATE_REFUSED:
		return true;
	default:
		return false;
	}
}

/* How many may be asked at a time now; *parallel: how many are, but for those
 * that are slow. */
static uint32_t
breadth(const struct lookup *lookup, uint32_t alpha, uint32_t *parallel)
{
	uint32_t asked = 0, slow = 0;

	*parallel = 0;
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		const struct candidate *candidate = &lookup->candidates[i];
		bool waits = candidate->state == CANDIDATE_ASKED;

		asked += waits;
		slow += candidate->slow;
		*parallel += waits && !candidate->slow;
	}
	if (is_stuck(lookup, alpha, asked))
		return LOOKUP_SHORTLIST;
	if (slow < alpha)
		return alpha;
	return *parallel > 0 ? 2 * alpha : LOOKUP_WIDER * alpha;
}

uint32_t
lookup_choose(const struct lookup *lookup, uint32_t width, uint32_t alpha,
	      uint8_t *chosen)
{
	uint32_t parallel, live = 0, count = 0;

	alpha = breadth(lookup, alpha, &parallel);
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		if (parallel >= alpha || live == width)
			break;
		if (lookup->kind == LOOKUP_SET
			    ? lookup_passed_by(candidate)
			    : candidate->state == CANDIDATE_FAILED)
			continue;
		live++;
		if (candidate->state != CANDIDATE_KNOWN)
			continue;
		chosen[count++] = (uint8_t)i;
		parallel++;
	}
	return count;
}

uint32_t
lookup_choose_fill(const struct lookup *lookup, uint32_t wanted,
		   uint32_t parallel, uint8_t *chosen, bool *over)
{
	uint32_t by_state[CANDIDATE_STALE + 1] = { 0 }, count = 0;

	for (uint32_t i = 0; i < lookup->candidate_count; i++)
		by_state[lookup->candidates[i].state]++;
	uint32_t asked = by_state[CANDIDATE_ASKED];
	uint32_t hoped = by_state[CANDIDATE_ANSWERED] + asked;
	*over = by_state[CANDIDATE_ANSWERED] >= wanted ||
		by_state[CANDIDATE_KNOWN] + asked +
				by_state[CANDIDATE_OVERDUE] ==
			0;
	for (uint32_t i = 0; i < lookup->candidate_count && !*over; i++) {
		if (asked + count >= parallel || hoped + count >= wanted)
			break;
		if (lookup->candidates[i].state == CANDIDATE_KNOWN)
			chosen[count++] = (uint8_t)i;
	}
	return count;
}

/* Silent candidates that would count among the k closest become KNOWN again;
 * how many. */
static uint32_t
retry(struct lookup *lookup, uint32_t k)
{
	uint32_t live = 0, retried = 0;

	for (uint32_t i = 0; i < lookup->candidate_count && live < k; i++) {
		struct candidate *candidate = &lookup->candidates[i];
		bool silent = candidate->state == CANDIDATE_FAILED ||
			      candidate->state == CANDIDATE_OVERDUE;

		live += candidate->state != CANDIDATE_FAILED;
		if (silent && candidate->tries < LOOKUP_TRIES) {
			candidate->state = CANDIDATE_KNOWN;
			retried++;
		}
	}
	return retried;
}

bool
lookup_complete(struct lookup *lookup, uint32_t width)
{
	bool patient = lookup->kind != LOOKUP_SET;
	uint32_t answered = 0, overdue = 0;

	for (uint32_t i = 0; i < lookup->candidate_count &&
			     answered + (patient ? overdue : 0) < width;
	     i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		switch (candidate->state) {
		case CANDIDATE_KNOWN:
		case CANDIDATE_ASKED:
			return false;
		case CANDIDATE_OVERDUE:
		case CANDIDATE_RETRIED:
			overdue++;
			break;
		case CANDIDATE_FAILED:
		case CANDIDATE_REFUSED:
			break;
		default:
			answered++;
			break;
		}
	}
	if (lookup->glance)
		return true;
	if ((lookup->kind == LOOKUP_GET || answered == 0) &&
	    retry(lookup, width) > 0)
		return false;
	return overdue == 0 || (!patient && answered >= width);
}

uint32_t
lookup_allowance(const struct lookup *lookup, uint32_t alpha, uint32_t replicas)
{
	uint32_t rounds = lookup->round > 0 ? lookup->round : 1;
	uint32_t most = alpha * rounds + replicas;

	if (!lookup->glance)
		return UINT32_MAX;
	return lookup->queries < most ? most - lookup->queries : 0;
}

bool
lookup_waits(const struct lookup *lookup)
{
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		if (lookup->candidates[i].state == CANDIDATE_ASKED)
			return true;
	}
	return false;
}

bool
lookup_silent(const struct candidate *candidate)
{
	switch (candidate->state) {
	case CANDIDATE_KNOWN:
		return candidate->tries > 0;
	case CANDIDATE_ASKED:
		return candidate->tries > 1;
	case CANDIDATE_OVERDUE:
	case CANDIDATE_FAILED:
		return true;
	default:
		return false;
	}
}

bool
lookup_split(const struct lookup *lookup, uint32_t replicas, uint64_t dead)
{
	uint32_t answered = 0, silent = 0;

	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		answered += candidate->state == CANDIDATE_ANSWERED;
		silent += lookup_silent(candidate) && (dead >> i & 1) == 0;
	}
	return silent >= replicas && LOOKUP_CHURN * silent >= answered + silent;
}

bool
lookup_denied(const struct lookup *lookup, uint32_t replicas, uint64_t dead)
{
	uint32_t answered = 0, silent = 0;
	/* We know no other node: none could know. */
	bool heard = lookup->candidate_count == 0;

	for (uint32_t i = 0; i < lookup->candidate_count && answered < replicas;
	     i++) {
		switch (lookup->candidates[i].state) {
		case CANDIDATE_ANSWERED:
			answered++;
			heard |= i < replicas;
			break;
		case CANDIDATE_FAILED:
			silent += answered + silent < replicas &&
				  (dead >> i & 1) == 0;
			break;
		default: /* at the deadline */
			if (!lookup_silent(&lookup->candidates[i]) ||
			    (dead >> i & 1) == 0)
				return false;
			break;
		}
	}
	return heard && silent <= answered && silent <= replicas - silent;
}

struct instant
lookup_wake(const struct lookup *lookup)
{
	struct instant wake = lookup->deadline;

	for (uint32_t i = 0; i < lookup->candidate_count; i++)
		wake = instant_min(
			wake, lookup_candidate_wake(&lookup->candidates[i]));
	return wake;
}

static bool
is_excluded(const struct lookup *lookup, uint32_t owner)
{
	for (uint32_t i = 0; i < lookup->exclude_count; i++) {
		if (lookup->exclude[i] == owner)
			return true;
	}
	return false;
}

static bool
is_ended(const struct record *records, uint32_t count,
	 const struct record *record)
{
	for (uint32_t i = 0; i < count; i++) {
		if (records[i].tombstone && records[i].owner == record->owner &&
		    version_compare(records[i].version, record->version) >= 0)
			return true;
	}
	return false;
}

/* Of one owner only the latest counts; of several, those worth most. */
static void
file_one(struct lookup *lookup, const struct record *record)
{
	struct record *records = lookup->records;
	uint32_t count = lookup->record_count, at = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (records[i].owner != record->owner)
			continue;
		if (!record_supersedes(record, &records[i]))
			return;
		count--;
		memmove(&records[i], &records[i + 1],
			(count - i) * sizeof(*records));
		break;
	}
	while (at < count && record_worth_more(&records[at], record))
		at++;
	lookup->record_count = (uint8_t)count;
	if (at == RECORDS_PER_KEY)
		return;
	if (count == RECORDS_PER_KEY)
		count--;
	memmove(&records[at + 1], &records[at],
		(count - at) * sizeof(*records));
	records[at] = *record;
	lookup->record_count = (uint8_t)(count + 1);
}

void
lookup_file(struct lookup *lookup, const struct record *records, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!records[i].tombstone &&
		    !is_excluded(lookup, records[i].owner) &&
		    !is_ended(records, count, &records[i]))
			file_one(lookup, &records[i]);
	}
}
