/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * versions_items_test.c - a message that has several items about one key
 *
 * Who repairs passes on what several owners have said.
 */
#include "sim/judge/versions.h"

#include "core/dht/store.h"
#include "sim/test/judge_bed.h"

#define HOLDER 3
#define SENDER 2
#define TTL    600000

static const struct {
	const char *sentence;
	uint32_t owners[2]; /* whose tombstones the message has */
	uint32_t ends[2]; /* whose records are tombstones then */
	uint32_t violations;
} two_tombstones_rows[] = {
	{ "both of them", { 0, 1 }, { 0, 1 }, 0 },
	{ "in either order", { 1, 0 }, { 0, 1 }, 0 },
	{ "one of them ends, and another that was not there",
	  { 0, 2 },
	  { 0, 0 },
	  0 },
	{ "one that ends, too, though no item says so", { 0, 2 }, { 0, 1 }, 2 },
};

/* Two owners' records are kept, and then their tombstones come. */
static void
test_two_tombstones(void)
{
	for (unsigned i = 0;
	     i < sizeof(two_tombstones_rows) / sizeof(two_tombstones_rows[0]);
	     i++) {
		struct session_key key = bed_key(1);
		uint8_t packet[MESSAGE_SEALED_MAX + 100], message[MESSAGE_MAX];
		struct message_writer writer;
		struct settings settings;
		struct bed bed;

		settings_default(&settings);
		bed_make(&bed, &settings);
		struct store *store = servers_tables(bed.servers).parts->store;
		struct judge_versions *versions =
			judge_versions_create(&bed.parts);
		message_begin(&writer, message, sizeof(message), MESSAGE_STORE,
			      1);
		for (uint32_t owner = 0; owner < 2; owner++) {
			struct record record = {
				.version = { 5, 0 },
				.owner = owner,
				.ttl_ms = TTL,
			};
			struct message_record said = {
				.version = { 5, 0 },
				.owner = bed_endpoint(
					&bed,
					two_tombstones_rows[i].owners[owner]),
				.ttl_ms = TTL,
				.tombstone = true,
			};
			CHECK(store_put(store, bed_now(&bed), HOLDER, &key,
					&record) == STORE_STORED);
			CHECK(message_put_store(&writer, &key, &said));
		}
		size_t size = bed_datagram(&bed, SENDER, HOLDER, message,
					   writer.size, packet, sizeof(packet));
		judge_versions_before(versions, bed_now(&bed), HOLDER, packet,
				      (uint32_t)size);
		for (uint32_t end = 0; end < 2; end++) {
			struct record record = {
				.version = { 5, 0 },
				.owner = two_tombstones_rows[i].ends[end],
				.ttl_ms = TTL,
				.tombstone = true,
			};
			(void)store_put(store, bed_now(&bed), HOLDER, &key,
					&record);
		}
		judge_versions_after(versions, bed_now(&bed));
		CHECK_ROW(bed_count(&bed, VIOLATION_FOREIGN_TOMBSTONE) ==
				  two_tombstones_rows[i].violations,
			  two_tombstones_rows[i].sentence);
		judge_versions_destroy(versions);
		bed_free(&bed);
	}
}

/* Owner 0's handshake is kept, and then two STOREs come in one message. */
static const struct {
	const char *sentence;
	bool first_half_open; /* of another key */
	bool own_first; /* in the message: the older one */
	int64_t kept; /* its version then */
	uint32_t violations; /* 2: what came was refused, too */
} returned_rows[] = {
	{ "it gave way to another handshake, and the older one was news", true,
	  false, 4, 0 },
	{ "nothing gives way to a record that is open", false, false, 4, 1 },
	{ "nor to what comes only later", true, true, 4, 1 },
	{ "one that did not come is none of the message's", true, false, 3, 2 },
	{ "the newer one stays", true, false, 5, 0 },
};

static void
test_returned(void)
{
	for (unsigned i = 0;
	     i < sizeof(returned_rows) / sizeof(returned_rows[0]); i++) {
		struct session_key keys[2] = { bed_key(2), bed_key(1) };
		uint8_t packet[MESSAGE_SEALED_MAX + 100], message[MESSAGE_MAX];
		struct message_writer writer;
		struct settings settings;
		struct bed bed;

		settings_default(&settings);
		bed_make(&bed, &settings);
		struct store *store = servers_tables(bed.servers).parts->store;
		struct judge_versions *versions =
			judge_versions_create(&bed.parts);
		struct record record = { .version = { 5, 0 },
					 .ttl_ms = 60000,
					 .half_open = true };
		message_begin(&writer, message, sizeof(message), MESSAGE_STORE,
			      1);
		for (unsigned item = 0; item < 2; item++) {
			bool own = (item == 0) == returned_rows[i].own_first;
			struct message_record said = {
				.version = { own ? 4 : 9, 0 },
				.owner = bed_endpoint(&bed, own ? 0 : 1),
				.ttl_ms = 60000,
				.half_open =
					own || returned_rows[i].first_half_open,
			};
			CHECK(message_put_store(&writer, &keys[own], &said));
		}
		CHECK(store_put(store, bed_now(&bed), HOLDER, &keys[1],
				&record) == STORE_STORED);
		size_t size = bed_datagram(&bed, SENDER, HOLDER, message,
					   writer.size, packet, sizeof(packet));
		judge_versions_before(versions, bed_now(&bed), HOLDER, packet,
				      (uint32_t)size);
		store_forget(store, HOLDER);
		record.version.established_ns = returned_rows[i].kept;
		CHECK(store_put(store, bed_now(&bed), HOLDER, &keys[1],
				&record) == STORE_STORED);
		/* Of the other key nothing is asked here. */
		record = (struct record){ .version = { 9, 0 },
					  .owner = 1,
					  .ttl_ms = 60000 };
		record.half_open = returned_rows[i].first_half_open;
		CHECK(store_put(store, bed_now(&bed), HOLDER, &keys[0],
				&record) == STORE_STORED);
		judge_versions_after(versions, bed_now(&bed));
		CHECK_ROW(bed_count(&bed, VIOLATION_OLDER_VERSION) ==
				  returned_rows[i].violations,
			  returned_rows[i].sentence);
		judge_versions_destroy(versions);
		bed_free(&bed);
	}
}

int
main(void)
{
	test_two_tombstones();
	test_returned();
	return check_done();
}
