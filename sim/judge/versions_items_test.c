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

int
main(void)
{
	test_two_tombstones();
	return check_done();
}
