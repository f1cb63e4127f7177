/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_walk_test.c - random walks of the store, beside a plain list
 */
#include "core/dht/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/store_bed.h"

/* The oracle: a list, searched from the front, with the rules of store.h
 * written down a second time and nothing clever. */
#define ORACLE_MAX 160
#define KEYS	   12
#define HOLDERS	   4
#define OWNERS	   5

struct statement {
	bool used;
	uint32_t holder;
	uint64_t key;
	struct record record;
	int64_t expiry_ns;
};

static struct statement oracle[ORACLE_MAX];

/* 2: open, 1: half-open, 0: ended. */
static int
rank(const struct record *record)
{
	return record->tombstone ? 0 : 2 - record->half_open;
}

static bool
better(const struct record *a, const struct record *b)
{
	if (rank(a) != rank(b))
		return rank(a) > rank(b);
	if (version_compare(a->version, b->version) != 0)
		return version_compare(a->version, b->version) > 0;
	return a->owner < b->owner;
}

static uint32_t
oracle_count(int64_t now_ns, uint32_t holder, uint64_t key)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < ORACLE_MAX; i++) {
		if (oracle[i].used && oracle[i].expiry_ns <= now_ns)
			oracle[i].used = false;
		count += oracle[i].used && oracle[i].holder == holder &&
			 (key == UINT64_MAX || oracle[i].key == key);
	}
	return count;
}

/* Of one owner: what it says later. */
static bool
is_later(const struct record *record, const struct record *before)
{
	int order = version_compare(record->version, before->version);

	if (order != 0 || before->tombstone)
		return order > 0 || (order == 0 && record->tombstone);
	return before->half_open || !record->half_open;
}

/* All of a key in one list, the new one among them; then what is too much is
 * taken out: a third open one first. False: that is the new one. */
static bool
oracle_trim(uint32_t holder, uint64_t key, const struct statement *added)
{
	uint32_t open = 0, count = 0;
	struct statement *last = NULL, *last_open = NULL;

	for (unsigned i = 0; i < ORACLE_MAX; i++) {
		struct statement *s = &oracle[i];
		if (!s->used || s->holder != holder || s->key != key)
			continue;
		count++;
		if (last == NULL || better(&last->record, &s->record))
			last = s;
		if (rank(&s->record) != 2)
			continue;
		open++;
		if (last_open == NULL || better(&last_open->record, &s->record))
			last_open = s;
	}
	if (open > 2)
		last = last_open;
	else if (count <= RECORDS_PER_KEY)
		return true;
	last->used = false;
	return last != added;
}

static enum store_result
oracle_put(int64_t now_ns, uint32_t holder, uint64_t key,
	   const struct record *record)
{
	struct statement *mine = NULL, *unused = NULL, before;

	oracle_count(now_ns, holder, key);
	for (unsigned i = 0; i < ORACLE_MAX; i++) {
		struct statement *s = &oracle[i];
		if (!s->used)
			unused = s;
		else if (s->holder == holder && s->key == key &&
			 s->record.owner == record->owner)
			mine = s;
	}
	if (mine != NULL && !is_later(record, &mine->record))
		return STORE_STALE;
	if (mine == NULL)
		mine = unused;
	before = *mine;
	int64_t expiry_ns = now_ns + record->ttl_ms * NS_PER_MS;
	/* The same from a replica that had it before. */
	if (before.used &&
	    version_compare(before.record.version, record->version) == 0 &&
	    rank(&before.record) == rank(record) &&
	    before.record.owner == record->owner &&
	    before.expiry_ns > expiry_ns)
		expiry_ns = before.expiry_ns;
	*mine = (struct statement){
		.used = true,
		.holder = holder,
		.key = key,
		.record = *record,
		.expiry_ns = expiry_ns,
	};
	if (oracle_trim(holder, key, mine))
		return STORE_STORED;
	*mine = before;
	return STORE_STALE;
}

/* Who looks on is told the same, and changes nothing. */
static bool
peeks_alike(struct store *store, struct instant now, uint32_t holder,
	    const struct session_key *session)
{
	struct record peeked[RECORDS_PER_KEY], seen[RECORDS_PER_KEY];
	struct store_statement statement;
	uint32_t in_memory = store_count(store), cursor = 0, passed = 0;
	uint32_t alive = 0;
	uint32_t count = store_peek(store, now, holder, session, peeked);

	while (store_next(store, &cursor, &statement)) {
		passed++;
		alive += statement.holder == holder &&
			 instant_before(now, statement.expiry);
	}
	if (passed != in_memory || store_count(store) != in_memory ||
	    alive != store_holder_count(store, now, holder) ||
	    store_get(store, now, holder, session, seen) != count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (peeked[i].owner != seen[i].owner ||
		    rank(&peeked[i]) != rank(&seen[i]) ||
		    peeked[i].ttl_ms != seen[i].ttl_ms ||
		    version_compare(peeked[i].version, seen[i].version) != 0)
			return false;
	return true;
}

/* Every record seen is in the oracle, in the right order; as many. */
static bool
agrees(struct store *store, struct instant now, uint32_t holder, uint64_t key)
{
	struct session_key session = key_of(key);
	struct record seen[RECORDS_PER_KEY];

	if (!peeks_alike(store, now, holder, &session))
		return false;
	uint32_t count = store_get(store, now, holder, &session, seen);
	if (count != oracle_count(now.ns, holder, key))
		return false;
	for (uint32_t i = 1; i < count; i++)
		if (better(&seen[i], &seen[i - 1]))
			return false;
	for (uint32_t i = 0; i < count; i++) {
		bool found = false;
		for (unsigned j = 0; j < ORACLE_MAX && !found; j++) {
			const struct statement *s = &oracle[j];
			int64_t left_ns = s->expiry_ns - now.ns;
			found = s->used && s->holder == holder &&
				s->key == key &&
				s->record.owner == seen[i].owner &&
				rank(&s->record) == rank(&seen[i]) &&
				version_compare(s->record.version,
						seen[i].version) == 0 &&
				seen[i].ttl_ms ==
					(left_ns + NS_PER_MS - 1) / NS_PER_MS;
		}
		if (!found)
			return false;
	}
	return true;
}

static struct record
draw_record(struct rng *rng)
{
	struct record record = {
		.version = { .established_ns = (int64_t)rng_below(rng, 6) - 2,
			     .sequence = (uint32_t)rng_below(rng, 2) },
		.owner = (uint32_t)rng_below(rng, OWNERS),
		.ttl_ms = (uint32_t)rng_below(rng, 40),
		.tombstone = rng_below(rng, 4) == 0,
	};

	record.half_open = !record.tombstone && rng_below(rng, 3) == 0;
	return record;
}

/* Half-open records that gave way; how many. */
static uint32_t
oracle_sync(struct store *store, struct instant now)
{
	uint32_t gone = 0;

	for (unsigned i = 0; i < ORACLE_MAX; i++) {
		struct statement *s = &oracle[i];
		struct session_key session = key_of(s->key);
		struct record seen[RECORDS_PER_KEY];
		bool found = false;

		if (!s->used || s->expiry_ns <= now.ns || rank(&s->record) != 1)
			continue;
		uint32_t count =
			store_peek(store, now, s->holder, &session, seen);
		for (uint32_t j = 0; j < count; j++)
			found = found || seen[j].owner == s->record.owner;
		s->used = found;
		gone += !found;
	}
	return gone;
}

/* capacity below HOLDERS * KEYS * 2 also walks through the full store: a
 * refusal must then be true, which the oracle's count of the living says. */
static void
walk(uint32_t capacity, uint64_t seed)
{
	size_t size = store_size(capacity);
	void *memory = malloc(size);
	struct instant now = { .ns = 0 };
	struct rng rng;
	unsigned full = 0;

	memset(memory, 0xee, size);
	memset(oracle, 0, sizeof(oracle));
	struct store *store = store_init(memory, capacity, &hash_key);
	rng_init(&rng, seed, capacity);
	for (unsigned step = 0; step < 6000; step++) {
		uint32_t holder = (uint32_t)rng_below(&rng, HOLDERS);
		uint64_t key = rng_below(&rng, KEYS);
		struct session_key session = key_of(key);
		struct record record = draw_record(&rng);

		now.ns += (int64_t)rng_below(&rng, 1500000);
		if (rng_below(&rng, 200) == 0) {
			store_forget(store, holder);
			for (unsigned i = 0; i < ORACLE_MAX; i++)
				oracle[i].used &= oracle[i].holder != holder;
		}
		if (rng_below(&rng, 20) == 0)
			store_expire(store, now, (uint32_t)rng_below(&rng, 30));
		bool tight = store_count(store) == capacity || record.half_open;
		enum store_result result =
			store_put(store, now, holder, &session, &record);
		/* One by another's place, and one that gave way. */
		if (tight)
			CHECK(oracle_sync(store, now) <= 2);
		if (result == STORE_FULL) {
			uint32_t living = 0;
			for (unsigned i = 0; i < ORACLE_MAX; i++)
				CHECK(!oracle[i].used ||
				      oracle[i].expiry_ns <= now.ns ||
				      rank(&oracle[i].record) != 1);
			for (uint32_t h = 0; h < HOLDERS; h++)
				living += oracle_count(now.ns, h, UINT64_MAX);
			CHECK(living == capacity);
			full++;
		} else {
			CHECK(oracle_put(now.ns, holder, key, &record) ==
			      result);
		}
		CHECK(agrees(store, now, holder, key));
		key = rng_below(&rng, KEYS);
		CHECK(agrees(store, now, holder, key));
		CHECK(store_holder_count(store, now, holder) ==
		      oracle_count(now.ns, holder, UINT64_MAX));
		CHECK(store_count(store) <= capacity);
	}
	CHECK(store_capacity(store) == capacity);
	CHECK((full > 0) == (capacity < 30));
	/* When all is over the sweep takes back everything. */
	now.ns += 60 * NS_PER_S;
	store_expire(store, now, capacity);
	CHECK(store_count(store) == 0);
	free(memory);
}

/* What each holder keeps is walked beside a plain list, while entries come, end
 * and expire between the steps. */
static void
lists_of_holders(void)
{
	enum {
		CAPACITY = 64, /* few heads: lists are shared */
		NUMBERS = 20,
		PLACES = 40
	};
	void *memory = malloc(store_size(CAPACITY));
	struct store *store = store_init(memory, CAPACITY, &hash_key);
	struct store_statement statement, again;
	struct rng rng;

	rng_init(&rng, 7, 7);
	for (uint32_t turn = 0; turn < 4000; turn++) {
		uint32_t holder = (uint32_t)rng_below(&rng, PLACES);
		struct instant now = at_ms(turn);
		struct store_cursor cursor = { 0 };
		uint32_t count = 0;
		struct session_key key = key_of(rng_below(&rng, NUMBERS));
		struct record record = draw_record(&rng);

		if (turn % 50 == 49)
			store_forget(store, holder);
		store_put(store, now, holder, &key, &record);
		while (store_held(store, now, holder, &cursor, &statement)) {
			count++;
			CHECK(statement.holder == holder);
			CHECK(store_at(store, now, holder, statement.entry,
				       statement.mark, &again));
			CHECK(session_equal(&again.key, &statement.key));
			CHECK(!store_at(store, now, holder + 1, statement.entry,
					statement.mark, &again));
		}
		CHECK(count == store_holder_count(store, now, holder));
		CHECK(count == 0 || store_holds(store, holder));
	}
	free(memory);
}

/* The next one is freed between two steps: what remains is walked again, and
 * the walk ends. A statement that changed is not the one that was told. */
static void
walk_over_changes(void)
{
	uint64_t memory[256];
	struct store *store = store_init(memory, 8, &hash_key);
	struct store_statement first, other;
	struct store_cursor cursor = { 0 };
	struct record record = { .owner = 1, .ttl_ms = 100 };
	struct record newer = { .owner = 1,
				.version = { 1, 0 },
				.ttl_ms = 100 };
	struct record brief = { .owner = 1, .ttl_ms = 10 };

	for (uint32_t i = 0; i < 4; i++) {
		struct session_key key = key_of(i);

		store_put(store, at_ms(0), 3, &key, i == 2 ? &brief : &record);
	}
	CHECK(store_held(store, at_ms(0), 3, &cursor, &first));
	struct session_key key = key_of(3);
	CHECK(session_equal(&first.key, &key));
	CHECK(store_expire(store, at_ms(20), 8) == 1);
	uint32_t count = 0;
	while (store_held(store, at_ms(20), 3, &cursor, &other))
		count++;
	CHECK(count == 3);
	CHECK(store_put(store, at_ms(20), 3, &key, &newer) == STORE_STORED);
	CHECK(!store_at(store, at_ms(20), 3, first.entry, first.mark, &other));
	CHECK(!store_at(store, at_ms(20), 3, 99, first.mark, &other));
}

int
main(void)
{
	walk(1, 1);
	walk(13, 2);
	walk(HOLDERS * KEYS * RECORDS_PER_KEY, 3);
	lists_of_holders();
	walk_over_changes();
	return check_done();
}
