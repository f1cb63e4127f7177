/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * versions_test.c - what servers do by themselves, and what they would never
 * do, done to their store
 */
#include "sim/judge/versions.h"

#include <string.h>

#include "core/dht/store.h"
#include "core/position.h"
#include "sim/test/judge_bed.h"
#include "sim/test/statement.h"

#define S      NS_PER_S
#define HOLDER 3

struct story {
	struct bed bed;
	struct judge_versions *versions;
	struct store *store;
	uint8_t packet[MESSAGE_SEALED_MAX + 100];
	size_t size;
};

static void
story_begin(struct story *story)
{
	struct settings settings;

	settings_default(&settings);
	bed_make(&story->bed, &settings);
	story->versions = judge_versions_create(&story->bed.parts);
	story->store = servers_tables(story->bed.servers).parts->store;
}

static void
story_end(struct story *story)
{
	judge_versions_destroy(story->versions);
	bed_free(&story->bed);
}

/* The store's own order does not matter here: an entry as it stands. */
static void
keep(struct story *story, uint32_t holder, const struct statement *statement)
{
	struct session_key key = bed_key(1);
	struct record record = record_of(statement);

	CHECK(store_put(story->store, bed_now(&story->bed), holder, &key,
			&record) == STORE_STORED);
}

static void
make_store_of(struct story *story, const struct statement *statement,
	      const struct session_key *key, bool conditional)
{
	struct message_record record = {
		.version = { statement->established, statement->sequence },
		.owner = bed_endpoint(&story->bed, statement->owner),
		.ttl_ms = TTL,
		.tombstone = statement->stage == ENDED,
		.half_open = statement->stage == HALF,
	};
	uint8_t message[MESSAGE_MAX];
	struct message_writer writer;

	message_begin(&writer, message, sizeof(message), MESSAGE_STORE, 1);
	CHECK(message_put_store(&writer, key, &record));
	if (conditional)
		message_make_conditional(&writer);
	story->size =
		bed_datagram(&story->bed, statement->owner, HOLDER, message,
			     writer.size, story->packet, sizeof(story->packet));
}

static void
make_store(struct story *story, const struct statement *statement)
{
	struct session_key key = bed_key(1);

	make_store_of(story, statement, &key, false);
}

static void
make_remove(struct story *story, uint32_t sender, int64_t established)
{
	struct session_key key = bed_key(1);
	uint8_t message[MESSAGE_MAX];
	struct message_writer writer;

	message_begin(&writer, message, sizeof(message), MESSAGE_REMOVE, 1);
	CHECK(message_put_version(&writer, &key,
				  (struct version){ established, 0 }));
	story->size =
		bed_datagram(&story->bed, sender, HOLDER, message, writer.size,
			     story->packet, sizeof(story->packet));
}

static void
before(struct story *story)
{
	judge_versions_before(story->versions, bed_now(&story->bed), HOLDER,
			      story->packet, (uint32_t)story->size);
}

static void
arrive(struct story *story)
{
	before(story);
	servers_deliver(story->bed.servers, bed_now(&story->bed), HOLDER, 0,
			story->packet, (uint32_t)story->size);
	judge_versions_after(story->versions, bed_now(&story->bed));
}

/* A server's own way with messages breaks nothing. */
static void
test_messages(void)
{
	static const struct statement old = { 0, 5, 0, OPEN };
	static const struct statement newer = { 0, 6, 0, OPEN };
	static const struct statement other = { 1, 4, 0, OPEN };
	static const struct statement third = { 2, 7, 0, OPEN };
	struct session_key key = bed_key(1);
	struct record records[RECORDS_PER_KEY];
	struct story story;

	story_begin(&story);
	make_store(&story, &newer);
	arrive(&story);
	make_store(&story, &old);
	arrive(&story);
	make_store(&story, &other);
	arrive(&story);
	make_store(&story, &third);
	arrive(&story);
	CHECK(store_peek(story.store, bed_now(&story.bed), HOLDER, &key,
			 records) == 2 &&
	      records[0].owner == 2 && records[1].owner == 0);
	make_remove(&story, 0, 6);
	arrive(&story);
	make_store(&story, &newer);
	arrive(&story);
	CHECK(bed_violations(&story.bed) == 0);
	story_end(&story);
}

static const struct {
	const char *sentence;
	bool removes;
	uint32_t by; /* owner of the STORE, sender of the REMOVE */
	struct statement known, becomes;
	bool forgets; /* before that */
	enum violation kind;
} around_messages_rows[] = {
	{ "an older record instead",
	  false,
	  0,
	  { 0, 9, 0, OPEN },
	  { 0, 8, 0, OPEN },
	  true,
	  VIOLATION_OLDER_VERSION },
	{ "another's tombstone instead",
	  true,
	  1,
	  { 0, 9, 0, OPEN },
	  { 1, 5, 0, ENDED },
	  true,
	  VIOLATION_FOREIGN_TOMBSTONE },
	{ "a tombstone in the owner's name",
	  true,
	  1,
	  { 0, 9, 0, OPEN },
	  { 0, 9, 0, ENDED },
	  false,
	  VIOLATION_FOREIGN_TOMBSTONE },
	{ "a newer one is refused",
	  false,
	  0,
	  { 0, 4, 0, OPEN },
	  { 0, 4, 0, OPEN },
	  false,
	  VIOLATION_OLDER_VERSION },
	{ "the owner's tombstone",
	  true,
	  0,
	  { 0, 5, 0, OPEN },
	  { 0, 5, 0, ENDED },
	  false,
	  VIOLATIONS },
};

/* What happens while a message is read that should not. */
static void
test_around_messages(void)
{
	for (unsigned i = 0;
	     i < sizeof(around_messages_rows) / sizeof(around_messages_rows[0]);
	     i++) {
		struct statement sent = { around_messages_rows[i].by, 5, 0,
					  false };
		struct story story;

		story_begin(&story);
		keep(&story, HOLDER, &around_messages_rows[i].known);
		if (around_messages_rows[i].removes)
			make_remove(&story, around_messages_rows[i].by, 5);
		else
			make_store(&story, &sent);
		before(&story);
		if (around_messages_rows[i].forgets)
			store_forget(story.store, HOLDER);
		keep(&story, HOLDER, &around_messages_rows[i].becomes);
		judge_versions_after(story.versions, bed_now(&story.bed));
		CHECK_ROW(around_messages_rows[i].kind == VIOLATIONS
				  ? bed_violations(&story.bed) == 0
				  : bed_count(&story.bed,
					      around_messages_rows[i].kind) ==
					    1,
			  around_messages_rows[i].sentence);
		story_end(&story);
	}
}

/* How many of the servers that it knows are closer to the key than HOLDER. */
static uint32_t
closer_count(const struct story *story, const struct session_key *key)
{
	const struct endpoints *endpoints =
		servers_tables(story->bed.servers).parts->endpoints;
	uint64_t target =
		position_of_session(endpoints_placement(endpoints), key);
	uint32_t contacts[64], closer = 0;
	uint32_t count = node_contacts(
		servers_view(story->bed.servers, HOLDER).node, contacts, 64);

	for (uint32_t i = 0; i < count; i++)
		closer +=
			(endpoints_position(endpoints, contacts[i]) ^ target) <
			(endpoints_position(endpoints, HOLDER) ^ target);
	return closer;
}

/* Who refuses a conditional STORE may, if it knows enough closer ones. */
static void
test_conditional(void)
{
	uint32_t seen[2] = { 0 };

	for (uint16_t number = 1; number <= 20; number++) {
		struct statement sent = { 0, 5, 0, OPEN };
		struct session_key key = bed_key(number);
		struct story story;

		story_begin(&story);
		struct node *node =
			(struct node *)servers_view(story.bed.servers, HOLDER)
				.node;
		uint32_t servers = servers_count(story.bed.servers);
		for (uint32_t i = 0; i < servers; i++)
			node_learn(node, bed_now(&story.bed), i);
		bool refuses = closer_count(&story, &key) >= 3;
		seen[refuses]++;
		make_store_of(&story, &sent, &key, true);
		before(&story);
		judge_versions_after(story.versions, bed_now(&story.bed));
		CHECK(bed_count(&story.bed, VIOLATION_OLDER_VERSION) ==
		      !refuses);
		story_end(&story);
	}
	CHECK(seen[0] > 0 && seen[1] > 0);
}

/* The same record again, a second later. */
static void
test_stored_again(void)
{
	static const struct statement sent = { 0, 5, 0, OPEN };

	for (unsigned renews = 0; renews < 2; renews++) {
		struct story story;

		story_begin(&story);
		keep(&story, HOLDER, &sent);
		bed_pass(&story.bed, NS_PER_S);
		make_store(&story, &sent);
		before(&story);
		if (renews)
			keep(&story, HOLDER, &sent);
		judge_versions_after(story.versions, bed_now(&story.bed));
		CHECK(bed_count(&story.bed, VIOLATION_LOST_RECORD) == !renews);
		CHECK(bed_violations(&story.bed) == !renews);
		story_end(&story);
	}
}

/* A server owns the session, or does no more, and has told nobody. */
static void
own(struct story *story, uint32_t server, int64_t established, bool removed)
{
	struct session_key key = bed_key(1);
	struct node *node =
		(struct node *)servers_view(story->bed.servers, server).node;
	static uint8_t bytes[1 << 16];
	static struct outbox_item items[64];
	struct outbox outbox = {
		.items = items,
		.item_capacity = 64,
		.bytes = bytes,
		.byte_capacity = sizeof(bytes),
	};

	CHECK(node_set(node, bed_now(&story->bed), &key,
		       (struct version){ established, 0 }, &outbox) == 0);
	if (removed)
		CHECK(node_remove(node, bed_now(&story->bed), &key, &outbox) ==
		      0);
}

static const struct {
	const char *sentence;
	bool forgets, restarts, waits, keeps;
	struct statement becomes;
	enum violation kind;
} looks_rows[] = {
	{ "nothing", false, false, false, false, { 0 }, VIOLATIONS },
	{ "it is gone",
	  true,
	  false,
	  false,
	  false,
	  { 0 },
	  VIOLATION_LOST_RECORD },
	{ "it is gone, and so was the daemon",
	  true,
	  true,
	  false,
	  false,
	  { 0 },
	  VIOLATIONS },
	{ "its time was over", true, false, true, false, { 0 }, VIOLATIONS },
	{ "an older one instead",
	  true,
	  false,
	  false,
	  true,
	  { 0, 8, 0, OPEN },
	  VIOLATION_OLDER_VERSION },
	{ "a newer one instead",
	  true,
	  false,
	  false,
	  true,
	  { 0, 10, 0, OPEN },
	  VIOLATIONS },
};

/* Between two looks, without a message. */
static void
test_looks(void)
{
	static const struct statement known = { 0, 9, 0, OPEN };

	for (unsigned i = 0; i < sizeof(looks_rows) / sizeof(looks_rows[0]);
	     i++) {
		struct story story;

		story_begin(&story);
		keep(&story, HOLDER, &known);
		own(&story, known.owner, known.established, false);
		CHECK(judge_versions_look(story.versions,
					  bed_now(&story.bed)) >= 1);
		if (looks_rows[i].restarts) {
			servers_daemon_kill(story.bed.servers, HOLDER);
			servers_daemon_start(story.bed.servers,
					     bed_now(&story.bed), HOLDER);
		}
		if (looks_rows[i].forgets)
			store_forget(story.store, HOLDER);
		if (looks_rows[i].waits)
			bed_pass(&story.bed, (TTL + 1) * NS_PER_MS);
		if (looks_rows[i].keeps)
			keep(&story, HOLDER, &looks_rows[i].becomes);
		(void)judge_versions_look(story.versions, bed_now(&story.bed));
		CHECK_ROW(looks_rows[i].kind == VIOLATIONS
				  ? bed_violations(&story.bed) == 0
				  : bed_count(&story.bed, looks_rows[i].kind) ==
					    1,
			  looks_rows[i].sentence);
		story_end(&story);
	}
}

/* A handshake gives way in a flood, and a replica brings an older one of its
 * owner's back; no session that is open is older than it. */
static void
test_handshakes_between_looks(void)
{
	static const struct statement known = { 0, 9, 0, HALF };
	static const struct {
		struct statement becomes;
		uint32_t older;
	} rows[] = { { { 0, 8, 0, HALF }, 0 }, { { 0, 8, 0, OPEN }, 1 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story story;

		story_begin(&story);
		keep(&story, HOLDER, &known);
		CHECK(judge_versions_look(story.versions,
					  bed_now(&story.bed)) >= 1);
		store_forget(story.store, HOLDER);
		keep(&story, HOLDER, &rows[i].becomes);
		(void)judge_versions_look(story.versions, bed_now(&story.bed));
		CHECK(bed_count(&story.bed, VIOLATION_OLDER_VERSION) ==
		      rows[i].older);
		story_end(&story);
	}
}

/* Others' take its place between two looks. */
static void
test_ended_between_looks(void)
{
	static const struct statement known = { 1, 9, 0, OPEN };
	static const struct statement newer = { 2, 10, 0, OPEN };
	static const struct statement begun = { 3, 1, 0, HALF };
	static const struct {
		const char *sentence;
		int64_t owns; /* 0: its owner does not */
		struct statement other;
		uint64_t count;
	} rows[] = {
		{ "its owner has it still", 9, { 0, 8, 0, OPEN }, 1 },
		{ "its owner may have ended it", 0, { 0, 8, 0, OPEN }, 0 },
		{ "its owner has a later one", 11, { 0, 8, 0, OPEN }, 0 },
		{ "both are newer", 9, { 0, 10, 0, OPEN }, 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story story;

		story_begin(&story);
		keep(&story, HOLDER, &known);
		if (rows[i].owns > 0)
			own(&story, known.owner, rows[i].owns, false);
		(void)judge_versions_look(story.versions, bed_now(&story.bed));
		store_forget(story.store, HOLDER);
		keep(&story, HOLDER, &rows[i].other);
		keep(&story, HOLDER, &newer);
		keep(&story, HOLDER, &begun);
		(void)judge_versions_look(story.versions, bed_now(&story.bed));
		CHECK_ROW(bed_violations(&story.bed) == rows[i].count &&
				  bed_count(&story.bed,
					    VIOLATION_OLDER_VERSION) ==
					  rows[i].count,
			  rows[i].sentence);
		story_end(&story);
	}
}

/* A message's record takes a tombstone's place; then a replica that knows the
 * record alone passes it on. Nobody could know better, unless the tombstone was
 * there until then. */
static void
test_ended_and_forgotten(void)
{
	static const struct statement ended = { 1, 5, 0, ENDED };
	static const struct statement others[] = {
		{ 2, 6, 0, ENDED },
		{ 3, 7, 0, ENDED },
		{ 0, 8, 0, OPEN },
	};
	static const struct statement again = { 1, 5, 0, OPEN };

	for (unsigned displaced = 0; displaced < 2; displaced++) {
		struct story story;

		story_begin(&story);
		keep(&story, HOLDER, &ended);
		keep(&story, HOLDER, &others[0]);
		keep(&story, HOLDER, &others[1]);
		(void)judge_versions_look(story.versions, bed_now(&story.bed));
		if (displaced) {
			make_store(&story, &others[2]);
			arrive(&story);
		} else {
			store_forget(story.store, HOLDER);
		}
		keep(&story, HOLDER, &again);
		(void)judge_versions_look(story.versions, bed_now(&story.bed));
		CHECK(bed_count(&story.bed, VIOLATION_OLDER_VERSION) ==
		      !displaced);
		story_end(&story);
	}
}

/* A tombstone says that a session has ended which its owner still has. */
static void
test_owner_knows_better(void)
{
	static const struct {
		const char *sentence;
		int64_t owns, tombstone;
		bool removed;
		uint64_t count;
	} rows[] = {
		{ "it owns what was ended", 5, 5, false, 1 },
		{ "it owns what came later", 6, 5, false, 0 },
		{ "it owns nothing", 5, 5, true, 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct statement ended = { 1, rows[i].tombstone, 0, ENDED };
		struct story story;

		story_begin(&story);
		own(&story, 1, rows[i].owns, rows[i].removed);
		keep(&story, HOLDER, &ended);
		(void)judge_versions_look(story.versions, bed_now(&story.bed));
		CHECK_ROW(bed_count(&story.bed, VIOLATION_FOREIGN_TOMBSTONE) ==
				  rows[i].count,
			  rows[i].sentence);
		story_end(&story);
	}
}

int
main(void)
{
	test_messages();
	test_around_messages();
	test_conditional();
	test_stored_again();
	test_looks();
	test_handshakes_between_looks();
	test_ended_between_looks();
	test_ended_and_forgotten();
	test_owner_knows_better();
	return check_done();
}
