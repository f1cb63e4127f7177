/* SPDX-License-Identifier: GPL-3.0-or-later */
/* boots_test.c - a later life is news once to each who hears it */
#include "sim/host/boots.h"

#include "core/test/check.h"

#define HEARERS 40
#define SERVERS 50

static void
test_table(void)
{
	static const struct {
		const char *name;
		uint32_t hearer, server, life;
		bool news;
	} rows[] = {
		{ "a first life is none", 1, 2, 0, false },
		{ "a second one is", 1, 2, 1, true },
		{ "but once", 1, 2, 1, false },
		{ "another hearer has its own", 3, 2, 1, true },
		{ "another server, too", 1, 4, 1, true },
		{ "what is late from the life before is none", 1, 2, 0, false },
		{ "lives may be missed", 1, 2, 5, true },
		{ "and none of those missed is news", 1, 2, 4, false },
	};
	struct boots *boots = boots_create();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(boots_heard(boots, rows[i].hearer, rows[i].server,
				      rows[i].life) == rows[i].news,
			  rows[i].name);
	boots_destroy(boots);
}

static void
test_many(void)
{
	struct boots *boots = boots_create();

	for (uint32_t life = 1; life < 4; life++) {
		for (uint32_t i = 0; i < HEARERS * SERVERS; i++)
			CHECK(boots_heard(boots, i / SERVERS, i % SERVERS,
					  life));
		for (uint32_t i = 0; i < HEARERS * SERVERS; i++)
			CHECK(!boots_heard(boots, i / SERVERS, i % SERVERS,
					   life));
	}
	boots_destroy(boots);
}

int
main(void)
{
	test_table();
	test_many();
	return check_done();
}
