/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c - a chained hash table of statements, and a hand that sweeps it
 *
 *	struct store | chain[chain_count] | entry[capacity] | half_open[...]
 *
 *	chain[h & mask] -> entry -> entry -> NONE	by index
 *	free            -> entry -> entry -> NONE
 *	held[holder & mask] <-> entry <-> entry	newest first
 *
 * One entry is one statement, not one key: nearly every session has one owner
 * only, and would pay for an empty second place. An entry's own hash is kept,
 * so that the sweep unlinks without hashing again. Entries at or above `used`
 * were never written: a large store costs memory only as it fills.
 *
 * `half_open` is a ring of the entries that became half-open, the oldest first.
 * What became of them meanwhile is seen when their turn comes: an entry that is
 * half-open no more, or has a newer handshake and with it a later place
 * (`turn`), is passed by.
 *
 * Times and versions of 64 bits are held as two words, so that an entry
 * aligns to 4 bytes and has no holes: 84 bytes, at most two chain heads and
 * half a holder's. Holders whose numbers end alike share a list, and pass each
 * other's entries by.
 */
#include "core/dht/store.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define NONE UINT32_MAX

struct word64 {
	uint32_t high, low;
};

struct entry {
	uint32_t next; /* in the chain, or among the free */
	uint32_t newer, older; /* in the holder's list */
	uint32_t hash;
	uint32_t holder, owner;
	struct word64 established;
	uint32_t sequence;
	struct word64 expiry;
	struct session_key key;
	uint32_t live : 1; /* in a chain, not free */
	uint32_t stage : 2; /* enum record_stage */
	uint32_t untold : 2; /* times that its owner is to be told yet */
	uint32_t turn : 11; /* half-open: its place in the ring, low bits */
};
_Static_assert(sizeof(struct entry) == 84, "no holes");
/* Chain heads for one of a holder's, and entries for one of the ring's. */
#define CHAINS_PER_HELD	      4
#define ENTRIES_PER_HALF_OPEN 8
/* As many bits as fit: one place in 2,048 that is void is not seen to be. */
#define TURN(place) ((place)&2047)
_Static_assert(sizeof(struct entry) + 2 * sizeof(uint32_t) +
			       2 * sizeof(uint32_t) / CHAINS_PER_HELD + 1 <=
		       STORE_ENTRY_BYTES_MAX,
	       "an entry and its share of the heads and the ring");

struct store {
	struct siphash_key hash_key;
	uint32_t capacity, count;
	uint32_t used; /* entries ever written */
	uint32_t free; /* first of the free ones below used */
	uint32_t hand;
	uint32_t chain_mask, held_mask;
	uint32_t *chains, *held;
	struct entry *entries;
	uint32_t *half_open;
	uint32_t half_open_size, half_open_first, half_open_count;
};
_Static_assert(sizeof(struct store) + STORE_HALF_OPEN_LEAST * sizeof(uint32_t) <
		       256,
	       "as store.h says");

/* The statements about one key. */
struct found {
	uint32_t count;
	uint32_t indices[RECORDS_PER_KEY];
};

static struct word64
word64_from(int64_t value)
{
	uint64_t bits = (uint64_t)value;

	return (struct word64){ .high = (uint32_t)(bits >> 32),
				.low = (uint32_t)bits };
}

static int64_t
word64_value(struct word64 word)
{
	return (int64_t)((uint64_t)word.high << 32 | word.low);
}

static struct version
entry_version(const struct entry *entry)
{
	return (struct version){
		.established_ns = word64_value(entry->established),
		.sequence = entry->sequence,
	};
}

static bool
entry_expired(const struct entry *entry, struct instant now)
{
	return word64_value(entry->expiry) <= now.ns;
}

/* At least one chain an entry, at most two; and lists of holders. */
static uint32_t
chain_count_for(uint32_t capacity)
{
	uint32_t count = CHAINS_PER_HELD;

	while (count < capacity)
		count *= 2;
	return count;
}

static uint32_t
half_open_size_for(uint32_t capacity)
{
	return capacity / ENTRIES_PER_HALF_OPEN + STORE_HALF_OPEN_LEAST;
}

size_t
store_size(uint32_t capacity)
{
	assert(capacity < UINT32_C(1) << 31);
	size_t chain_count = chain_count_for(capacity);

	return sizeof(struct store) +
	       (chain_count + chain_count / CHAINS_PER_HELD) *
		       sizeof(uint32_t) +
	       (size_t)capacity * sizeof(struct entry) +
	       (size_t)half_open_size_for(capacity) * sizeof(uint32_t);
}

struct store *
store_init(void *memory, uint32_t capacity, const struct siphash_key *key)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(capacity < UINT32_C(1) << 31);

	struct store *store = memory;
	uint32_t chain_count = chain_count_for(capacity);
	uint32_t held_count = chain_count / CHAINS_PER_HELD;
	*store = (struct store){
		.hash_key = *key,
		.capacity = capacity,
		.free = NONE,
		.chain_mask = chain_count - 1,
		.held_mask = held_count - 1,
		.chains = (uint32_t *)(store + 1),
		.half_open_size = half_open_size_for(capacity),
	};
	store->held = store->chains + chain_count;
	store->entries = (struct entry *)(void *)(store->held + held_count);
	store->half_open = (uint32_t *)(void *)(store->entries + capacity);
	memset(store->chains, 0xff,
	       ((size_t)chain_count + held_count) * sizeof(uint32_t));
	return store;
}

/* Holders of one key are spread too: three replicas in one world are three
 * entries. The odd factor is 2^32 divided by the golden ratio. */
static uint32_t
hash_of(const struct store *store, uint32_t holder,
	const struct session_key *key)
{
	uint64_t hash = siphash(&store->hash_key, key, sizeof(*key));

	return (uint32_t)hash ^ holder * UINT32_C(0x9e3779b1);
}

static uint32_t *
held_by(const struct store *store, uint32_t holder)
{
	return &store->held[holder & store->held_mask];
}

static void
held_add(struct store *store, uint32_t index)
{
	struct entry *entry = &store->entries[index];
	uint32_t *head = held_by(store, entry->holder);

	entry->newer = NONE;
	entry->older = *head;
	if (*head != NONE)
		store->entries[*head].newer = index;
	*head = index;
}

static void
held_remove(struct store *store, const struct entry *entry)
{
	if (entry->newer == NONE)
		*held_by(store, entry->holder) = entry->older;
	else
		store->entries[entry->newer].older = entry->older;
	if (entry->older != NONE)
		store->entries[entry->older].newer = entry->newer;
}

/* Take the entry that *link names out of its lists. */
static void
entry_free(struct store *store, uint32_t *link)
{
	uint32_t index = *link;
	struct entry *entry = &store->entries[index];

	*link = entry->next;
	held_remove(store, entry);
	entry->live = 0;
	entry->next = store->free;
	store->free = index;
	store->count--;
}

static void
entry_free_index(struct store *store, uint32_t index)
{
	uint32_t *link =
		&store->chains[store->entries[index].hash & store->chain_mask];

	while (*link != index)
		link = &store->entries[*link].next;
	entry_free(store, link);
}

/* The oldest place of the ring, which has one, is free. True: the record that
 * had it gives way. */
static bool
half_open_pop(struct store *store)
{
	uint32_t place = store->half_open_first;
	uint32_t index = store->half_open[place];
	const struct entry *entry = &store->entries[index];

	store->half_open_first = (place + 1) % store->half_open_size;
	store->half_open_count--;
	if (!entry->live || entry->stage != RECORD_HALF_OPEN ||
	    entry->turn != TURN(place))
		return false;
	entry_free_index(store, index);
	return true;
}

/* The oldest half-open record gives way. False: there is none. */
static bool
half_open_evict(struct store *store)
{
	while (store->half_open_count > 0)
		if (half_open_pop(store))
			return true;
	return false;
}

/* There is room in the ring. */
static void
half_open_add(struct store *store, uint32_t index)
{
	uint32_t place = (store->half_open_first + store->half_open_count) %
			 store->half_open_size;

	store->half_open[place] = index;
	store->entries[index].turn = TURN(place);
	store->half_open_count++;
}

/* An entry that is in no chain; NONE when full. */
static uint32_t
entry_take(struct store *store, struct instant now)
{
	if (store->free == NONE && store->used == store->capacity &&
	    store_expire(store, now, 0) == 0)
		half_open_evict(store);
	if (store->free != NONE) {
		uint32_t index = store->free;
		store->free = store->entries[index].next;
		return index;
	}
	if (store->used < store->capacity)
		return store->used++;
	return NONE;
}

static bool
is_about(const struct entry *entry, uint32_t hash, uint32_t holder,
	 const struct session_key *key)
{
	return entry->hash == hash && entry->holder == holder &&
	       session_equal(&entry->key, key);
}

/* All that the holder knows of the key, and free the expired on the way. */
static struct found
find(struct store *store, struct instant now, uint32_t holder,
     const struct session_key *key, uint32_t hash)
{
	struct found found = { 0 };
	uint32_t *link = &store->chains[hash & store->chain_mask];

	while (*link != NONE) {
		struct entry *entry = &store->entries[*link];

		if (entry_expired(entry, now)) {
			entry_free(store, link);
			continue;
		}
		if (is_about(entry, hash, holder, key)) {
			assert(found.count < RECORDS_PER_KEY);
			found.indices[found.count++] = *link;
		}
		link = &entry->next;
	}
	return found;
}

static struct record
entry_record(const struct entry *entry, struct instant now)
{
	int64_t left_ns = word64_value(entry->expiry) - now.ns;
	int64_t left_ms = left_ns / NS_PER_MS + (left_ns % NS_PER_MS > 0);

	return (struct record){
		.version = entry_version(entry),
		.owner = entry->owner,
		.ttl_ms = left_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)left_ms,
		.tombstone = entry->stage == RECORD_TOMBSTONE,
		.half_open = entry->stage == RECORD_HALF_OPEN,
		.relayed = entry->untold > 0,
	};
}

/* The entry is this very statement. */
static bool
states(const struct entry *entry, const struct record *record)
{
	return entry->owner == record->owner &&
	       version_compare(entry_version(entry), record->version) == 0 &&
	       entry->stage == record_stage(record);
}

static void
entry_set(struct entry *entry, struct instant now, const struct record *record)
{
	struct instant expiry =
		instant_after(now, (int64_t)record->ttl_ms * NS_PER_MS);

	bool same = states(entry, record);

	if (!record->relayed)
		entry->untold = 0;
	else if (!same)
		entry->untold = STORE_TELLINGS;
	/* The same statement from another replica may have less time left. */
	if (same && word64_value(entry->expiry) > expiry.ns)
		return;
	entry->owner = record->owner;
	entry->established = word64_from(record->version.established_ns);
	entry->sequence = record->version.sequence;
	entry->stage = record_stage(record) & 3;
	entry->expiry = word64_from(expiry.ns);
}

/* What a statement does to those of its key. */
struct change {
	uint32_t at; /* the entry that it takes; NONE: one of its own */
	uint32_t out; /* another entry that goes; NONE: none does */
	bool stale; /* nothing is changed */
};

/* The least of other owners' entries, or of the open ones among them; NONE:
 * all are worth more than the statement. */
static uint32_t
entry_least(const struct store *store, struct instant now,
	    const struct found *found, const struct record *record,
	    bool open_only)
{
	struct record least = *record;
	uint32_t index = NONE;

	for (uint32_t i = 0; i < found->count; i++) {
		struct record known =
			entry_record(&store->entries[found->indices[i]], now);

		if (known.owner == record->owner ||
		    (open_only && record_stage(&known) != RECORD_OPEN))
			continue;
		if (record_worth_more(&least, &known)) {
			least = known;
			index = found->indices[i];
		}
	}
	return index;
}

static struct change
change_by(const struct store *store, struct instant now,
	  const struct found *found, const struct record *record)
{
	struct change change = { .at = NONE, .out = NONE };
	uint32_t others = 0, open = 0;

	for (uint32_t i = 0; i < found->count; i++) {
		uint32_t index = found->indices[i];
		struct record known = entry_record(&store->entries[index], now);

		if (known.owner == record->owner) {
			change.at = index;
			change.stale = !record_supersedes(record, &known);
		} else {
			others++;
			open += record_stage(&known) == RECORD_OPEN;
		}
	}
	bool crowded =
		record_stage(record) == RECORD_OPEN && open == RECORDS_OPEN_MAX;
	if (change.stale || (!crowded && others < RECORDS_PER_KEY))
		return change;
	uint32_t least = entry_least(store, now, found, record, crowded);
	change.stale = least == NONE;
	if (change.at == NONE)
		change.at = least;
	else
		change.out = least;
	return change;
}

/* Is it a handshake, and not one that is known already? */
static bool
is_handshake(const struct store *store, const struct change *change,
	     const struct record *record)
{
	return record_stage(record) == RECORD_HALF_OPEN &&
	       (change->at == NONE ||
		!states(&store->entries[change->at], record));
}

/* A new entry in its lists; NONE when full. */
static uint32_t
entry_add(struct store *store, struct instant now, uint32_t holder,
	  const struct session_key *key, uint32_t hash)
{
	uint32_t index = entry_take(store, now);

	if (index == NONE)
		return NONE;
	uint32_t *chain = &store->chains[hash & store->chain_mask];
	store->entries[index] = (struct entry){
		.next = *chain,
		.hash = hash,
		.holder = holder,
		.key = *key,
		.live = 1,
		.stage = RECORD_TOMBSTONE,
	};
	*chain = index;
	held_add(store, index);
	store->count++;
	return index;
}

enum store_result
store_put(struct store *store, struct instant now, uint32_t holder,
	  const struct session_key *key, const struct record *record)
{
	uint32_t hash = hash_of(store, holder, key);
	struct found found = find(store, now, holder, key, hash);
	struct change change = change_by(store, now, &found, record);

	if (change.stale)
		return STORE_STALE;
	bool handshake = is_handshake(store, &change, record);
	/* What gives way to it may be one of the key's own. */
	if (handshake && store->half_open_count == store->half_open_size &&
	    half_open_pop(store)) {
		found = find(store, now, holder, key, hash);
		change = change_by(store, now, &found, record);
	}
	if (change.out != NONE)
		entry_free_index(store, change.out);
	if (change.at == NONE)
		change.at = entry_add(store, now, holder, key, hash);
	if (change.at == NONE)
		return STORE_FULL;
	entry_set(&store->entries[change.at], now, record);
	if (handshake)
		half_open_add(store, change.at);
	return STORE_STORED;
}

/* Order and number as store_get() has them. */
static uint32_t
tell(const struct store *store, struct instant now, const struct found *found,
     struct record records[RECORDS_PER_KEY])
{
	for (uint32_t i = 0; i < found->count; i++) {
		struct record record =
			entry_record(&store->entries[found->indices[i]], now);
		uint32_t to = i;

		for (; to > 0 && record_worth_more(&record, &records[to - 1]);
		     to--)
			records[to] = records[to - 1];
		records[to] = record;
	}
	return found->count;
}

uint32_t
store_get(struct store *store, struct instant now, uint32_t holder,
	  const struct session_key *key, struct record records[RECORDS_PER_KEY])
{
	uint32_t hash = hash_of(store, holder, key);
	struct found found = find(store, now, holder, key, hash);

	return tell(store, now, &found, records);
}

uint32_t
store_peek(const struct store *store, struct instant now, uint32_t holder,
	   const struct session_key *key,
	   struct record records[RECORDS_PER_KEY])
{
	uint32_t hash = hash_of(store, holder, key);
	uint32_t index = store->chains[hash & store->chain_mask];
	struct found found = { 0 };

	for (; index != NONE; index = store->entries[index].next) {
		const struct entry *entry = &store->entries[index];

		if (is_about(entry, hash, holder, key) &&
		    !entry_expired(entry, now) && found.count < RECORDS_PER_KEY)
			found.indices[found.count++] = index;
	}
	return tell(store, now, &found, records);
}

void
store_prefetch(const struct store *store, uint32_t holder,
	       const struct session_key *key)
{
	__builtin_prefetch(&store->chains[hash_of(store, holder, key) &
					  store->chain_mask]);
}

uint32_t
store_expire(struct store *store, struct instant now, uint32_t entries)
{
	uint32_t freed = 0;

	if (entries == 0)
		entries = STORE_SWEEP_ENTRIES;
	if (entries > store->used)
		entries = store->used;
	while (entries-- > 0) {
		if (store->hand >= store->used)
			store->hand = 0;
		uint32_t index = store->hand++;
		const struct entry *entry = &store->entries[index];
		if (!entry->live || !entry_expired(entry, now))
			continue;
		entry_free_index(store, index);
		freed++;
	}
	return freed;
}

uint32_t
store_forget(struct store *store, uint32_t holder)
{
	uint32_t freed = 0, next;

	for (uint32_t i = *held_by(store, holder); i != NONE; i = next) {
		next = store->entries[i].older;
		if (store->entries[i].holder != holder)
			continue;
		entry_free_index(store, i);
		freed++;
	}
	return freed;
}

/* Two statements of one entry's places that differ have different marks, but
 * for one in 2^32. */
static uint32_t
entry_mark(const struct entry *entry)
{
	uint32_t mark = entry->hash;

	mark = mark * UINT32_C(0x01000193) ^ entry->owner;
	mark = mark * UINT32_C(0x01000193) ^ entry->established.high;
	mark = mark * UINT32_C(0x01000193) ^ entry->established.low;
	mark = mark * UINT32_C(0x01000193) ^ entry->sequence;
	return mark * UINT32_C(0x01000193) ^ entry->stage;
}

static struct store_statement
entry_statement(const struct store *store, uint32_t index, struct instant now)
{
	const struct entry *entry = &store->entries[index];

	return (struct store_statement){
		.key = entry->key,
		.record = entry_record(entry, now),
		.expiry = { word64_value(entry->expiry) },
		.holder = entry->holder,
		.entry = index,
		.mark = entry_mark(entry),
	};
}

bool
store_holds(const struct store *store, uint32_t holder)
{
	uint32_t i = *held_by(store, holder);

	while (i != NONE && store->entries[i].holder != holder)
		i = store->entries[i].older;
	return i != NONE;
}

bool
store_held(const struct store *store, struct instant now, uint32_t holder,
	   struct store_cursor *cursor, struct store_statement *statement)
{
	uint32_t i = cursor->entry;

	/* At the beginning, or the next one was freed meanwhile: once more. */
	if (!cursor->begun ||
	    (i != NONE &&
	     (!store->entries[i].live || store->entries[i].holder != holder ||
	      store->entries[i].hash != cursor->hash)))
		i = *held_by(store, holder);
	cursor->begun = true;
	while (i != NONE && (store->entries[i].holder != holder ||
			     entry_expired(&store->entries[i], now)))
		i = store->entries[i].older;
	cursor->entry = NONE;
	if (i == NONE)
		return false;
	*statement = entry_statement(store, i, now);
	i = store->entries[i].older;
	while (i != NONE && store->entries[i].holder != holder)
		i = store->entries[i].older;
	cursor->entry = i;
	cursor->hash = i == NONE ? 0 : store->entries[i].hash;
	return true;
}

bool
store_at(const struct store *store, struct instant now, uint32_t holder,
	 uint32_t index, uint32_t mark, struct store_statement *statement)
{
	if (index >= store->used || !store->entries[index].live ||
	    store->entries[index].holder != holder ||
	    entry_expired(&store->entries[index], now) ||
	    entry_mark(&store->entries[index]) != mark)
		return false;
	*statement = entry_statement(store, index, now);
	return true;
}

bool
store_told(struct store *store, struct instant now, uint32_t holder,
	   uint32_t index, uint32_t mark, bool acknowledged)
{
	struct store_statement statement;
	struct entry *entry = &store->entries[index];

	if (!store_at(store, now, holder, index, mark, &statement))
		return false;
	if (acknowledged)
		entry->untold = 0;
	else if (entry->untold > 0)
		entry->untold = (entry->untold - 1) & 3;
	return entry->untold > 0;
}

static bool
doubt(struct entry *entry)
{
	if (entry->owner == entry->holder || entry->stage == RECORD_TOMBSTONE)
		return false;
	entry->untold = STORE_TELLINGS;
	return true;
}

bool
store_doubt(struct store *store, struct instant now, uint32_t holder,
	    uint32_t index, uint32_t mark)
{
	struct store_statement statement;

	return store_at(store, now, holder, index, mark, &statement) &&
	       doubt(&store->entries[index]);
}

bool
store_doubt_of(struct store *store, struct instant now, uint32_t holder,
	       const struct session_key *key, uint32_t owner)
{
	uint32_t hash = hash_of(store, holder, key);
	struct found found = find(store, now, holder, key, hash);

	for (uint32_t i = 0; i < found.count; i++) {
		struct entry *entry = &store->entries[found.indices[i]];

		if (entry->owner == owner)
			return doubt(entry);
	}
	return false;
}

void
store_disown(struct store *store, struct instant now, uint32_t holder,
	     uint32_t index, uint32_t mark)
{
	struct store_statement statement;

	if (store_at(store, now, holder, index, mark, &statement))
		entry_free_index(store, index);
}

uint32_t
store_count(const struct store *store)
{
	return store->count;
}

uint32_t
store_capacity(const struct store *store)
{
	return store->capacity;
}

bool
store_next(const struct store *store, uint32_t *cursor,
	   struct store_statement *statement)
{
	while (*cursor < store->used) {
		const struct entry *entry = &store->entries[(*cursor)++];

		if (!entry->live)
			continue;
		*statement = (struct store_statement){
			.key = entry->key,
			.record = {
				.version = entry_version(entry),
				.owner = entry->owner,
				.tombstone = entry->stage == RECORD_TOMBSTONE,
				.half_open = entry->stage == RECORD_HALF_OPEN,
			},
			.expiry = { word64_value(entry->expiry) },
			.holder = entry->holder,
		};
		return true;
	}
	return false;
}

uint32_t
store_holder_count(const struct store *store, struct instant now,
		   uint32_t holder)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < store->used; i++) {
		const struct entry *entry = &store->entries[i];

		count += entry->live && entry->holder == holder &&
			 !entry_expired(entry, now);
	}
	return count;
}
