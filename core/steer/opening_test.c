/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * opening_test.c - SYNs that were answered: what the node is told, and counted
 */
#include <errno.h>

#include "core/steer/steer.h"
#include "core/test/stage.h"

static struct session_key
key_number(uint32_t i)
{
	return (struct session_key){
		.client = { 192, 0, (uint8_t)(i >> 8), (uint8_t)i },
		.service = { 198, 51, 100, 1 },
		.client_port = { 200, 1 },
		.service_port = { 0, 80 },
		.family = 4,
		.protocol = 6,
	};
}

static const struct row {
	const char *sentence;
	enum steer_store_at store_at;
	int64_t store_after_ns;
	uint32_t per_s, most; /* openings_* */
	uint32_t syns, again; /* of other sessions; the last one's once more */
	uint32_t told, skipped;
} rows[] = {
	{ "by default", STEER_STORE_AUTO, 0, 2000, 4096, 5, 0, 5, 0 },
	{ "its SYN-ACK again is told, and costs nothing", STEER_STORE_AUTO, 0,
	  1, 4096, 1, 5, 6, 0 },
	{ "too many at once", STEER_STORE_AUTO, 0, 4, 4096, 10, 0, 4, 6 },
	{ "too many that nobody follows", STEER_STORE_AUTO, 0, 0, 4, 10, 0, 4,
	  6 },
	{ "stored when established", STEER_STORE_ESTABLISHED, 0, 0, 0, 10, 0, 0,
	  0 },
	{ "stored after a while", STEER_STORE_AUTO, NS_PER_S, 0, 0, 10, 0, 0,
	  0 },
	{ "stored always", STEER_STORE_SYN, NS_PER_S, 1, 1, 10, 0, 10, 0 },
};

static void
check_row(const struct row *row)
{
	static struct stage stage;
	struct version version = { 1, 0 };
	uint32_t refused = 0;

	stage_init(&stage, 4);
	stage.settings.store_at = row->store_at;
	stage.settings.store_after_ns = row->store_after_ns;
	stage.settings.openings_per_s = row->per_s;
	stage.settings.openings_most = row->most;
	for (uint32_t i = 0; i < row->syns + row->again; i++) {
		struct session_key key =
			key_number(i < row->syns ? i : row->syns - 1);
		int result = steer_opening(stage.steers[0], stage.now, &key,
					   version, &stage.outbox);

		CHECK_ROW(result == 0 || result == -EBUSY, row->sentence);
		refused += result != 0;
	}
	const struct steer_counters *counters = steer_counters(stage.steers[0]);
	CHECK_ROW(stage.nodes[0].half_opens == row->told, row->sentence);
	CHECK_ROW(counters->openings == row->told - row->again, row->sentence);
	CHECK_ROW(counters->openings_skipped == row->skipped, row->sentence);
	CHECK_ROW(refused == row->skipped, row->sentence);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
	return check_done();
}
