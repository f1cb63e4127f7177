/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fabric_test.c - the paper's wiring, names, addresses, other shapes
 */
#include "sim/model/fabric.h"

#include <string.h>

#include "core/test/check.h"

static const struct link_settings link_1600 = { .mtu_bytes = 1600 };

static struct fabric *
build(uint32_t exits, uint32_t spines, uint32_t leaves, uint32_t pods,
      uint32_t servers, uint32_t uplinks)
{
	const struct fabric_settings settings = {
		.exits = exits,
		.spines = spines,
		.leaves = leaves,
		.pods = pods,
		.servers = servers,
		.uplinks = uplinks,
		.clients = 2,
		.client_link = link_1600,
		.edge_link = link_1600,
		.fabric_link = link_1600,
		.server_link = link_1600,
	};
	struct fabric *fabric = NULL;
	char error[128] = "";
	int status = fabric_create(&fabric, &settings, error, sizeof(error));

	CHECK((status == 0) == (error[0] == '\0'));
	return status == 0 ? fabric : NULL;
}

static void
test_paper(void)
{
	static const struct {
		const char *sentence, *link;
		bool exists;
	} rows[] = {
		{ "server 1 is on leaf 1", "leaf1-server1", true },
		{ "server 1 is on leaf 2", "server1-leaf2", true },
		{ "server 2 too", "leaf2-server2", true },
		{ "server 2 is not on leaf 3", "leaf3-server2", false },
		{ "server 3 is on leaf 3", "leaf3-server3", true },
		{ "server 4 is on leaf 4", "leaf4-server4", true },
		{ "exit 2 is on spine 1", "exit2-spine1", true },
		{ "exits are not joined", "exit1-exit2", false },
		{ "spine 2 is on leaf 4", "spine2-leaf4", true },
		{ "the edge is on exit 2", "edge1-exit2", true },
		{ "the client is on the edge", "client1-edge1", true },
		{ "no fifth server", "leaf4-server5", false },
		{ "a name needs two ends", "leaf1", false },
		{ "no leading zeros", "leaf1-server01", false },
		{ "no empty numbers", "leaf-server1", false },
		{ "no letters in numbers", "leaf1-server1x", false },
	};
	struct fabric *fabric = build(2, 2, 4, 1, 4, 2);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW((fabric_link_find(fabric, rows[i].link) !=
			   FABRIC_NONE) == rows[i].exists,
			  rows[i].sentence);
	CHECK(fabric->device_count == 4 + 2 + 1 + 2 + 2 + 4);
	CHECK(fabric->link_count == 2 + 4 + 8 + 2 + 8);
	CHECK(fabric->group_count == 2);
	fabric_destroy(fabric);
}

static void
test_round_trips(const struct fabric *fabric)
{
	for (uint32_t d = 0; d < fabric->device_count; d++) {
		const char *name = fabric->names[d];
		CHECK(fabric_find(fabric, name, strlen(name)) == d);
		CHECK(fabric_device(fabric, fabric_kind(fabric, d),
				    fabric_index(fabric, d)) == d);
		for (uint8_t family = 4; family <= 6; family += 2) {
			struct address address =
				fabric_address(fabric, d, family);
			uint32_t target = fabric_target(fabric, &address);
			switch (fabric_kind(fabric, d)) {
			case DEVICE_SERVER:
				CHECK(target == TARGET(TARGET_SERVER, d));
				break;
			case DEVICE_CLIENT:
				CHECK(target ==
				      TARGET(TARGET_CLIENT,
					     fabric_index(fabric, d)));
				break;
			default:
				CHECK(TARGET_KIND(target) == TARGET_NOWHERE);
			}
		}
	}
	for (uint32_t link = 0; link < fabric->link_count; link++)
		for (int i = 0; i < 2; i++) {
			uint32_t port = fabric->links[link].ports[i];
			CHECK(fabric->ports[port].link == link);
			CHECK(fabric->ports[port].peer ==
			      fabric->links[link].ports[1 - i]);
		}
}

static void
test_shapes(void)
{
	static const struct {
		const char *sentence;
		uint32_t exits, spines, leaves, pods, servers, uplinks;
		bool possible;
	} rows[] = {
		{ "paper", 2, 2, 4, 1, 4, 2, true },
		{ "pods", 4, 4, 8, 3, 100, 2, true },
		{ "uplinks do not divide leaves", 1, 1, 3, 2, 12, 2, true },
		{ "four uplinks", 1, 2, 4, 1, 7, 4, true },
		{ "one of everything", 1, 1, 1, 1, 1, 1, true },
		{ "more groups than servers", 2, 4, 64, 1, 5, 2, true },
		{ "more uplinks than leaves", 2, 2, 1, 2, 4, 2, false },
		{ "no exit", 0, 2, 4, 1, 4, 2, false },
		{ "no server", 2, 2, 4, 1, 0, 2, false },
		{ "five uplinks", 2, 2, 8, 1, 4, 5, false },
		{ "too many routers", 2, 1024, 4096, 1024, 4, 1, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fabric *fabric =
			build(rows[i].exits, rows[i].spines, rows[i].leaves,
			      rows[i].pods, rows[i].servers, rows[i].uplinks);
		CHECK_ROW((fabric != NULL) == rows[i].possible,
			  rows[i].sentence);
		if (fabric == NULL)
			continue;
		test_round_trips(fabric);
		/* Even: leaves' servers differ by two blocks' rounding. */
		uint32_t least = UINT32_MAX, most = 0;
		for (uint32_t j = 0; j < rows[i].leaves * rows[i].pods; j++) {
			uint32_t leaf = fabric_device(fabric, DEVICE_LEAF, j);
			uint32_t n = fabric_ports(fabric, leaf);
			least = n < least ? n : least;
			most = n > most ? n : most;
		}
		CHECK_ROW(most - least <= rows[i].uplinks, rows[i].sentence);
		fabric_destroy(fabric);
	}
}

static void
test_targets(void)
{
	static const struct {
		const char *sentence;
		struct address address;
		uint32_t target;
	} rows[] = {
		{ "the paper's service",
		  { 4, { 192, 168, 0, 1 } },
		  TARGET(TARGET_SERVICE, 0) },
		{ "server 2 is 10.0.0.2",
		  { 4, { 10, 0, 0, 2 } },
		  TARGET(TARGET_SERVER, 1) },
		{ "10.0.0.5 is no device",
		  { 4, { 10, 0, 0, 5 } },
		  TARGET(TARGET_NOWHERE, 0) },
		{ "the paper's client",
		  { 4, { 20, 1, 0, 1 } },
		  TARGET(TARGET_CLIENT, 0) },
		{ "the world is behind client 1",
		  { 4, { 8, 8, 8, 8 } },
		  TARGET(TARGET_CLIENT, 0) },
		{ "client 2",
		  { 4, { 20, 1, 0, 2 } },
		  TARGET(TARGET_CLIENT, 1) },
		{ "IPv6 service",
		  { 6,
		    { 0x20, 1, 0xd, 0xb8, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		      1 } },
		  TARGET(TARGET_SERVICE, 0) },
		{ "IPv6 server 4",
		  { 6,
		    { 0x20, 1, 0xd, 0xb8, 0, 0xa, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		      4 } },
		  TARGET(TARGET_SERVER, 3) },
		{ "IPv6 world", { 6, { 0x26, 7 } }, TARGET(TARGET_CLIENT, 0) },
	};
	struct fabric *fabric = build(2, 2, 4, 1, 4, 2);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(fabric_target(fabric, &rows[i].address) ==
				  rows[i].target,
			  rows[i].sentence);
	fabric_destroy(fabric);
}

int
main(void)
{
	test_paper();
	test_shapes();
	test_targets();
	return check_done();
}
