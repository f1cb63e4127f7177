/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_test.c - stories about one key, one by one; what is bounded; hashes
 */
#include "core/dht/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/store_bed.h"

/* What one step says, and what is known after it, best first. */
struct step {
	const char *sentence;
	int64_t now_ms;
	uint32_t owner; /* 0: only look */
	int64_t version;
	uint32_t ttl_ms;
	int what;
	enum store_result result;
	struct {
		uint32_t owner;
		int64_t version;
		uint32_t ttl_ms;
		int what;
	} known[RECORDS_PER_KEY]; /* owner 0 ends */
};

#define LIVE 0
#define DEAD 1
#define HALF 2

/* Each table is one story about one key; a step is a row:
 * now, owner, version, ttl, what it is, result, what is known then. */
/* clang-format off */
static const struct step versions[] = {
	{ "nothing is known at first",
	  0, 0, 0, 0, LIVE, 0,
	  { { 0 } } },
	{ "a first record",
	  0, 1, 10, 50, LIVE, STORE_STORED,
	  { { 1, 10, 50, LIVE } } },
	{ "time passes",
	  20, 0, 0, 0, LIVE, 0,
	  { { 1, 10, 30, LIVE } } },
	{ "the same version refreshes",
	  20, 1, 10, 50, LIVE, STORE_STORED,
	  { { 1, 10, 50, LIVE } } },
	{ "and never shortens its time to live",
	  20, 1, 10, 20, LIVE, STORE_STORED,
	  { { 1, 10, 50, LIVE } } },
	{ "its owner's older version is stale",
	  20, 1, 9, 90, LIVE, STORE_STALE,
	  { { 1, 10, 50, LIVE } } },
	{ "its owner's newer version replaces",
	  20, 1, 11, 60, LIVE, STORE_STORED,
	  { { 1, 11, 60, LIVE } } },
	{ "a newer owner comes first",
	  20, 2, 20, 60, LIVE, STORE_STORED,
	  { { 2, 20, 60, LIVE }, { 1, 11, 60, LIVE } } },
	{ "a third owner, older than both, is stale",
	  20, 3, 5, 60, LIVE, STORE_STALE,
	  { { 2, 20, 60, LIVE }, { 1, 11, 60, LIVE } } },
	{ "as old as the older: the lower index stays",
	  20, 3, 11, 60, LIVE, STORE_STALE,
	  { { 2, 20, 60, LIVE }, { 1, 11, 60, LIVE } } },
	{ "between the two it replaces the older",
	  20, 3, 15, 10, LIVE, STORE_STORED,
	  { { 2, 20, 60, LIVE }, { 3, 15, 10, LIVE } } },
	{ "it expires before the other",
	  30, 0, 0, 0, LIVE, 0,
	  { { 2, 20, 50, LIVE } } },
	{ "and makes room for an old one",
	  30, 4, 1, 50, LIVE, STORE_STORED,
	  { { 2, 20, 50, LIVE }, { 4, 1, 50, LIVE } } },
	{ "the older owner's newer version comes first",
	  30, 4, 30, 20, LIVE, STORE_STORED,
	  { { 4, 30, 20, LIVE }, { 2, 20, 50, LIVE } } },
	{ "a ttl of zero is gone at once",
	  30, 4, 31, 0, LIVE, STORE_STORED,
	  { { 2, 20, 50, LIVE } } },
	{ "all expires",
	  80, 0, 0, 0, LIVE, 0,
	  { { 0 } } },
};

static const struct step tombstones[] = {
	{ "a tombstone of the unknown is kept",
	  0, 1, 10, 50, DEAD, STORE_STORED,
	  { { 1, 10, 50, DEAD } } },
	{ "a late store of that version stays out",
	  0, 1, 10, 50, LIVE, STORE_STALE,
	  { { 1, 10, 50, DEAD } } },
	{ "so does an older one",
	  0, 1, 9, 50, LIVE, STORE_STALE,
	  { { 1, 10, 50, DEAD } } },
	{ "the same removal again refreshes",
	  10, 1, 10, 50, DEAD, STORE_STORED,
	  { { 1, 10, 50, DEAD } } },
	{ "the port is used again",
	  10, 1, 12, 50, LIVE, STORE_STORED,
	  { { 1, 12, 50, LIVE } } },
	{ "the old tombstone, late, kills nothing newer",
	  10, 1, 10, 50, DEAD, STORE_STALE,
	  { { 1, 12, 50, LIVE } } },
	{ "another owner's newer session",
	  10, 2, 20, 50, LIVE, STORE_STORED,
	  { { 2, 20, 50, LIVE }, { 1, 12, 50, LIVE } } },
	{ "a tombstone kills its owner's, not the newer",
	  10, 1, 12, 50, DEAD, STORE_STORED,
	  { { 2, 20, 50, LIVE }, { 1, 12, 50, DEAD } } },
	{ "nor the older of one whose clock lags",
	  10, 2, 20, 50, DEAD, STORE_STORED,
	  { { 2, 20, 50, DEAD }, { 1, 12, 50, DEAD } } },
	{ "a record outweighs a newer tombstone",
	  10, 3, 5, 50, LIVE, STORE_STORED,
	  { { 3, 5, 50, LIVE }, { 2, 20, 50, DEAD }, { 1, 12, 50, DEAD } } },
	{ "a second record outweighs the older tombstone",
	  10, 4, 4, 50, LIVE, STORE_STORED,
	  { { 3, 5, 50, LIVE }, { 4, 4, 50, LIVE }, { 2, 20, 50, DEAD } } },
	{ "an older tombstone finds no room",
	  10, 1, 19, 50, DEAD, STORE_STALE,
	  { { 3, 5, 50, LIVE }, { 4, 4, 50, LIVE }, { 2, 20, 50, DEAD } } },
	{ "a newer one takes its place",
	  10, 1, 21, 50, DEAD, STORE_STORED,
	  { { 3, 5, 50, LIVE }, { 4, 4, 50, LIVE }, { 1, 21, 50, DEAD } } },
	{ "a tombstone newer than its owner's record",
	  10, 4, 6, 50, DEAD, STORE_STORED,
	  { { 3, 5, 50, LIVE }, { 1, 21, 50, DEAD }, { 4, 6, 50, DEAD } } },
};

static const struct step handshakes[] = {
	{ "a handshake",
	  0, 1, 10, 50, HALF, STORE_STORED,
	  { { 1, 10, 50, HALF } } },
	{ "the same again refreshes",
	  10, 1, 10, 50, HALF, STORE_STORED,
	  { { 1, 10, 50, HALF } } },
	{ "its SYN again, at another server",
	  10, 2, 11, 50, HALF, STORE_STORED,
	  { { 2, 11, 50, HALF }, { 1, 10, 50, HALF } } },
	{ "it is over, at the version that it began with",
	  10, 1, 10, 90, LIVE, STORE_STORED,
	  { { 1, 10, 90, LIVE }, { 2, 11, 50, HALF } } },
	{ "what is late is stale",
	  10, 1, 10, 50, HALF, STORE_STALE,
	  { { 1, 10, 90, LIVE }, { 2, 11, 50, HALF } } },
	{ "what is open beats it, whatever the version",
	  10, 3, 1, 90, LIVE, STORE_STORED,
	  { { 1, 10, 90, LIVE }, { 3, 1, 90, LIVE }, { 2, 11, 50, HALF } } },
	{ "a third that is open displaces one that is",
	  10, 4, 20, 90, LIVE, STORE_STORED,
	  { { 4, 20, 90, LIVE }, { 1, 10, 90, LIVE }, { 2, 11, 50, HALF } } },
	{ "an older one does not, nor the handshake",
	  10, 3, 1, 90, LIVE, STORE_STALE,
	  { { 4, 20, 90, LIVE }, { 1, 10, 90, LIVE }, { 2, 11, 50, HALF } } },
	{ "a newer handshake displaces the older alone",
	  10, 5, 30, 50, HALF, STORE_STORED,
	  { { 4, 20, 90, LIVE }, { 1, 10, 90, LIVE }, { 5, 30, 50, HALF } } },
	{ "an older one finds no room",
	  10, 2, 11, 50, HALF, STORE_STALE,
	  { { 4, 20, 90, LIVE }, { 1, 10, 90, LIVE }, { 5, 30, 50, HALF } } },
	{ "it is over, and older ones give way",
	  10, 5, 31, 90, LIVE, STORE_STORED,
	  { { 5, 31, 90, LIVE }, { 4, 20, 90, LIVE } } },
	{ "a handshake is ended by its owner",
	  10, 6, 40, 50, HALF, STORE_STORED,
	  { { 5, 31, 90, LIVE }, { 4, 20, 90, LIVE }, { 6, 40, 50, HALF } } },
	{ "and its tombstone outlives no open one",
	  10, 6, 40, 50, DEAD, STORE_STORED,
	  { { 5, 31, 90, LIVE }, { 4, 20, 90, LIVE }, { 6, 40, 50, DEAD } } },
	{ "nor keeps a handshake away",
	  10, 7, 1, 50, HALF, STORE_STORED,
	  { { 5, 31, 90, LIVE }, { 4, 20, 90, LIVE }, { 7, 1, 50, HALF } } },
	{ "it lapses",
	  70, 0, 0, 0, LIVE, 0,
	  { { 5, 31, 30, LIVE }, { 4, 20, 30, LIVE } } },
	{ "open where two are already, of one with a handshake",
	  70, 7, 2, 50, HALF, STORE_STORED,
	  { { 5, 31, 30, LIVE }, { 4, 20, 30, LIVE }, { 7, 2, 50, HALF } } },
	{ "the older of the two goes, and its own handshake",
	  70, 7, 25, 50, LIVE, STORE_STORED,
	  { { 5, 31, 30, LIVE }, { 7, 25, 50, LIVE } } },
};
/* clang-format on */

static bool
is(const struct record *record, int what)
{
	return record->tombstone == (what == DEAD) &&
	       record->half_open == (what == HALF);
}

static void
story(const struct step *steps, unsigned count)
{
	uint64_t memory[128];
	struct session_key key = key_of(1), other = key_of(2);
	struct record seen[RECORDS_PER_KEY];

	CHECK(store_size(4) <= sizeof(memory));
	struct store *store = store_init(memory, 4, &hash_key);
	for (unsigned i = 0; i < count; i++) {
		const struct step *step = &steps[i];
		struct instant now = at_ms(step->now_ms);
		struct record record = {
			.version = { .established_ns = step->version },
			.owner = step->owner,
			.ttl_ms = step->ttl_ms,
			.tombstone = step->what == DEAD,
			.half_open = step->what == HALF,
		};

		if (step->owner != 0)
			CHECK_ROW(store_put(store, now, 7, &key, &record) ==
					  step->result,
				  step->sentence);
		uint32_t got = store_get(store, now, 7, &key, seen), want = 0;
		while (want < RECORDS_PER_KEY && step->known[want].owner != 0)
			want++;
		CHECK_ROW(got == want, step->sentence);
		for (uint32_t j = 0; j < want && j < got; j++)
			CHECK_ROW(seen[j].owner == step->known[j].owner &&
					  seen[j].version.established_ns ==
						  step->known[j].version &&
					  seen[j].ttl_ms ==
						  step->known[j].ttl_ms &&
					  is(&seen[j], step->known[j].what),
				  step->sentence);
		CHECK_ROW(store_holder_count(store, now, 7) == want,
			  step->sentence);
		CHECK_ROW(store_get(store, now, 7, &other, seen) == 0,
			  step->sentence);
		CHECK_ROW(store_get(store, now, 8, &key, seen) == 0,
			  step->sentence);
	}
}

/* Handshakes take an eighth and a few places, whoever begins them; the oldest
 * give way to newer ones, and to all else when there is no room. */
static void
handshakes_are_bounded(void)
{
	const uint32_t capacity = 800, most = 100 + STORE_HALF_OPEN_LEAST;
	void *memory = malloc(store_size(capacity));
	struct store *store = store_init(memory, capacity, &hash_key);
	struct record young = { .owner = 1, .ttl_ms = 50, .half_open = true };
	struct record open = { .owner = 1, .ttl_ms = 50 };
	struct record seen[RECORDS_PER_KEY];

	for (uint32_t i = 0; i < 3000; i++) {
		struct session_key key = key_of(i);
		struct session_key past = key_of(i - most);

		CHECK(store_put(store, at_ms(0), 1, &key, &young) ==
		      STORE_STORED);
		CHECK(store_count(store) == (i < most ? i + 1 : most));
		CHECK(i < most ||
		      store_get(store, at_ms(0), 1, &past, seen) == 0);
	}
	for (uint32_t i = 0; i < capacity; i++) {
		struct session_key key = key_of(10000 + i);

		CHECK(store_put(store, at_ms(0), 1, &key, &open) ==
		      STORE_STORED);
		CHECK(store_count(store) ==
		      (i + most < capacity ? i + 1 + most : capacity));
	}
	struct session_key extra = key_of(9999);
	CHECK(store_put(store, at_ms(0), 1, &extra, &open) == STORE_FULL);
	CHECK(store_put(store, at_ms(0), 1, &extra, &young) == STORE_FULL);
	free(memory);
}

static bool
has(struct store *store, uint32_t number)
{
	struct session_key key = key_of(number);
	struct record seen[RECORDS_PER_KEY];

	return store_get(store, at_ms(0), 1, &key, seen) == 1;
}

/* Where all places of handshakes are taken, the oldest of which are the keys 0,
 * 1, 2 and so on, of version 2 each. */
struct repeated {
	const char *sentence;
	uint32_t number;
	int64_t version;
	bool half_open;
	enum store_result result;
	bool kept[4]; /* afterwards, the keys 0 to 3 */
	bool kept_later[4]; /* and when one more has come */
};

/* clang-format off */
static const struct repeated repeated[] = {
	{ "the same again takes nobody's place",
	  3, 2, true, STORE_STORED, { 1, 1, 1, 1 }, { 0, 1, 1, 1 } },
	{ "an older one does not, nor replaces what is newer",
	  3, 1, true, STORE_STALE, { 1, 1, 1, 1 }, { 0, 1, 1, 1 } },
	{ "an older one of the very oldest, neither",
	  0, 1, true, STORE_STALE, { 1, 1, 1, 1 }, { 0, 1, 1, 1 } },
	{ "a newer one of the oldest takes its own place, and is the youngest",
	  0, 3, true, STORE_STORED, { 1, 1, 1, 1 }, { 1, 0, 1, 1 } },
	{ "a newer one of another is the youngest",
	  1, 3, true, STORE_STORED, { 0, 1, 1, 1 }, { 0, 1, 1, 1 } },
	{ "one more takes the oldest's",
	  9999, 3, true, STORE_STORED, { 0, 1, 1, 1 }, { 0, 0, 1, 1 } },
	{ "what is open takes no handshake's",
	  9999, 3, false, STORE_STORED, { 1, 1, 1, 1 }, { 0, 1, 1, 1 } },
	{ "the oldest is open now, and its place another's",
	  0, 2, false, STORE_STORED, { 1, 1, 1, 1 }, { 1, 1, 1, 1 } },
};
/* clang-format on */

static void
repeated_handshakes(const struct repeated *row)
{
	const uint32_t capacity = 800, most = 100 + STORE_HALF_OPEN_LEAST;
	void *memory = malloc(store_size(capacity));
	struct store *store = store_init(memory, capacity, &hash_key);
	struct record record = { .owner = 1, .ttl_ms = 50, .half_open = true };
	struct session_key one_more = key_of(5000), key = key_of(row->number);
	struct record seen[RECORDS_PER_KEY];

	record.version.established_ns = 2;
	for (uint32_t i = 0; i < most; i++) {
		struct session_key young = key_of(i);

		CHECK(store_put(store, at_ms(0), 1, &young, &record) ==
		      STORE_STORED);
	}
	struct record again = record;
	again.version.established_ns = row->version;
	again.half_open = row->half_open;
	CHECK_ROW(store_put(store, at_ms(0), 1, &key, &again) == row->result,
		  row->sentence);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_ROW(has(store, i) == row->kept[i], row->sentence);
	if (row->result == STORE_STALE)
		again = record;
	CHECK_ROW(store_get(store, at_ms(0), 1, &key, seen) == 1 &&
			  version_compare(seen[0].version, again.version) == 0,
		  row->sentence);
	CHECK(store_put(store, at_ms(0), 1, &one_more, &record) ==
	      STORE_STORED);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_ROW(has(store, i) == row->kept_later[i], row->sentence);
	free(memory);
}

/* What is confirmed counts among the handshakes no more. */
static void
confirmed_ones_stay(void)
{
	const uint32_t capacity = 800, most = 100 + STORE_HALF_OPEN_LEAST;
	void *memory = malloc(store_size(capacity));
	struct store *store = store_init(memory, capacity, &hash_key);
	struct record record = { .owner = 1, .ttl_ms = 50 };

	for (uint32_t i = 0; i < 4 * most; i++) {
		struct session_key key = key_of(i);

		record.half_open = true;
		CHECK(store_put(store, at_ms(0), 1, &key, &record) ==
		      STORE_STORED);
		record.half_open = false;
		CHECK(store_put(store, at_ms(0), 1, &key, &record) ==
		      STORE_STORED);
		CHECK(store_count(store) == i + 1);
	}
	free(memory);
}

/* Work is bounded: a store larger than one sweep gives way bit by bit. */
static void
sweep_is_bounded(void)
{
	const uint32_t capacity = 4 * STORE_SWEEP_ENTRIES;
	void *memory = malloc(store_size(capacity));
	struct store *store = store_init(memory, capacity, &hash_key);
	struct record record = { .owner = 1, .ttl_ms = 10 };

	for (uint32_t i = 0; i < capacity; i++) {
		struct session_key key = key_of(i);
		CHECK(store_put(store, at_ms(0), 1, &key, &record) ==
		      STORE_STORED);
	}
	struct session_key extra = key_of(capacity + 1);
	CHECK(store_put(store, at_ms(9), 1, &extra, &record) == STORE_FULL);
	CHECK(store_expire(store, at_ms(9), 0) == 0);
	CHECK(store_count(store) == capacity);
	CHECK(store_put(store, at_ms(10), 1, &extra, &record) == STORE_STORED);
	CHECK(store_count(store) <= capacity - STORE_SWEEP_ENTRIES + 1 &&
	      store_count(store) >= capacity - STORE_SWEEP_ENTRIES - 20);
	for (unsigned i = 0; i < 4; i++)
		store_expire(store, at_ms(10), 0);
	CHECK(store_count(store) == 1);
	CHECK(store_holder_count(store, at_ms(10), 1) == 1);
	CHECK(store_forget(store, 1) == 1 && store_count(store) == 0);
	free(memory);
}

static void
memory_is_as_promised(void)
{
	static const uint32_t capacities[] = { 0,    1,	   2,	  3,
					       1000, 4096, 65537, 3000001 };

	for (unsigned i = 0; i < sizeof(capacities) / sizeof(*capacities); i++)
		CHECK(store_size(capacities[i]) <
		      256 + (size_t)capacities[i] * STORE_ENTRY_BYTES_MAX);

	uint64_t memory[32];
	struct record seen[RECORDS_PER_KEY];
	CHECK(store_size(0) <= sizeof(memory));
	struct store *store = store_init(memory, 0, &hash_key);
	struct session_key key = key_of(0);
	struct record record = { .owner = 1, .ttl_ms = 10 };
	CHECK(store_put(store, at_ms(0), 1, &key, &record) == STORE_FULL);
	CHECK(store_get(store, at_ms(0), 1, &key, seen) == 0);
	CHECK(store_expire(store, at_ms(0), 0) == 0);
}

/* --- equal hashes ----------------------------------------------------------
 */

struct hashed {
	uint32_t hash, number;
};

static int
hashed_compare(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static struct session_key
numbered_key(uint32_t number)
{
	struct session_key key = { .family = 4, .protocol = 6 };

	memcpy(key.client, &number, sizeof(number));
	return key;
}

/* The store's hash (store.c) of a key, for holder 0. */
static uint32_t
key_hash(uint32_t number)
{
	struct session_key key = numbered_key(number);

	return (uint32_t)siphash(&hash_key, &key, sizeof(key));
}

/* The holder by whose factor a hash becomes the other: the factor is odd, so
 * it has an inverse. */
static uint32_t
holder_between(uint32_t hash, uint32_t other)
{
	uint32_t factor = UINT32_C(0x9e3779b1), inverse = 1;

	for (uint32_t i = 0; i < 5; i++) /* Newton: bits double each time */
		inverse *= 2 - factor * inverse;
	inverse *= 2 - factor * inverse;
	CHECK(factor * inverse == 1);
	return (hash ^ other) * inverse;
}

/* Entries whose 32 bits of hash are equal share a chain and differ only by
 * what they are about. */
static void
equal_hashes(void)
{
	enum {
		COUNT = 400000
	};
	struct hashed *all = malloc(COUNT * sizeof(*all));
	uint32_t one = 0, two = 0;

	if (all == NULL)
		abort();
	for (uint32_t i = 0; i < COUNT; i++)
		all[i] = (struct hashed){ key_hash(i), i };
	qsort(all, COUNT, sizeof(*all), hashed_compare);
	for (uint32_t i = 1; i < COUNT && one == two; i++) {
		if (all[i].hash == all[i - 1].hash) {
			one = all[i - 1].number;
			two = all[i].number;
		}
	}
	free(all);
	CHECK(one != two);

	const struct {
		const char *sentence;
		uint32_t holder, number;
	} entries[] = {
		{ "a key", 0, one },
		{ "another key of the same hash, the same holder", 0, two },
		{ "a third key, of a holder that makes the hash equal",
		  holder_between(key_hash(one), key_hash(77)), 77 },
	};
	enum {
		ENTRIES = sizeof(entries) / sizeof(entries[0])
	};
	uint64_t memory[1024];
	struct record records[RECORDS_PER_KEY];

	CHECK(store_size(8) <= sizeof(memory));
	struct store *store = store_init(memory, 8, &hash_key);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		struct session_key key = numbered_key(entries[i].number);
		struct record record = { .owner = i + 1,
					 .version = { 10 + i, 0 },
					 .ttl_ms = 100 };

		CHECK_ROW(store_put(store, at_ms(0), entries[i].holder, &key,
				    &record) == STORE_STORED,
			  entries[i].sentence);
	}
	CHECK(store_count(store) == ENTRIES);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		struct session_key key = numbered_key(entries[i].number);

		for (uint32_t j = 0; j < ENTRIES; j++) {
			bool its = entries[j].holder == entries[i].holder ||
				   i == j;
			uint32_t count =
				store_get(store, at_ms(1), entries[j].holder,
					  &key, records);

			CHECK_ROW(count == (its && (i != 2 || j == 2) ? 1 : 0),
				  entries[i].sentence);
			CHECK_ROW(count == 0 || records[0].owner == i + 1,
				  entries[i].sentence);
		}
	}
	/* Each leaves the chain alone. */
	CHECK(store_forget(store, entries[2].holder) == 1);
	CHECK(store_count(store) == 2);
}

int
main(void)
{
	story(versions, sizeof(versions) / sizeof(*versions));
	story(tombstones, sizeof(tombstones) / sizeof(*tombstones));
	handshakes_are_bounded();
	for (unsigned i = 0; i < sizeof(repeated) / sizeof(*repeated); i++)
		repeated_handshakes(&repeated[i]);
	confirmed_ones_stay();
	story(handshakes, sizeof(handshakes) / sizeof(*handshakes));
	sweep_is_bounded();
	memory_is_as_promised();
	equal_hashes();
	return check_done();
}
