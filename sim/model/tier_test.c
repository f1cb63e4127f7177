/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_test.c - links and names that have a tier, and those that have none
 */
#include "sim/model/tier.h"

#include "core/test/check.h"

static void
test_tiers(void)
{
	static const struct {
		const char *link;
		bool has;
		enum path_tier tier;
	} rows[] = {
		{ "edge1-exit1", false, 0 },
		{ "client1-edge1", false, 0 },
		{ "exit2-spine1", true, PATH_EXIT_SPINE },
		{ "spine2-leaf4", true, PATH_SPINE_LEAF },
		{ "leaf4-server4", true, PATH_LEAF_SERVER },
	};
	struct settings settings;
	struct fabric *fabric;
	char error[200];
	enum path_tier tier;

	settings_default(&settings);
	CHECK(fabric_create(&fabric, &settings.fabric, error, sizeof(error)) ==
	      0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t link = fabric_link_find(fabric, rows[i].link);

		CHECK_ROW(link != FABRIC_NONE, rows[i].link);
		CHECK_ROW(tier_of_link(fabric, link, &tier) == rows[i].has,
			  rows[i].link);
		CHECK_ROW(!rows[i].has || tier == rows[i].tier, rows[i].link);
	}
	fabric_destroy(fabric);
	CHECK(tier_parse("exit-spine", &tier) && tier == PATH_EXIT_SPINE);
	CHECK(tier_parse("spine-leaf", &tier) && tier == PATH_SPINE_LEAF);
	CHECK(tier_parse("leaf-server", &tier) && tier == PATH_LEAF_SERVER);
	CHECK(!tier_parse("path", &tier) && !tier_parse("spine", &tier));
}

int
main(void)
{
	test_tiers();
	return check_done();
}
