/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replicas_test.c - whose record it is, and a cluster in which one lacks it
 *
 * Servers with perfect tables, and one that owns a session; the test takes the
 * record from one after the other.
 */
#include "sim/judge/replicas.h"

#include "core/dht/store.h"
#include "core/position.h"
#include "sim/test/judge_bed.h"

#define S	NS_PER_S
#define SERVERS 16

/* Against the plain way: who has fewer than `wanted` members before him. */
static void
test_closest(const struct endpoints *endpoints)
{
	for (uint32_t round = 0; round < 64; round++) {
		uint64_t target = round * UINT64_C(0x0410041004100411);
		uint32_t wanted = 1 + round % 5, closest[BUCKET_MAX];
		bool member[SERVERS];

		for (uint32_t i = 0; i < SERVERS; i++)
			member[i] = (round * 7 + i * 5) % 3 != 0;
		uint32_t count = judge_replicas_closest(
			endpoints, member, SERVERS, target, wanted, closest);
		CHECK(count == wanted);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t before = 0;

			for (uint32_t j = 0; j < SERVERS; j++)
				before +=
					member[j] &&
					position_distance(endpoints_position(
								  endpoints, j),
							  target) <
						position_distance(
							endpoints_position(
								endpoints,
								closest[i]),
							target);
			CHECK(member[closest[i]] && before == i);
		}
	}
}

/* Its owner has published it; who holds it? */
static void
test_look(struct bed *bed)
{
	const struct endpoints *endpoints =
		servers_tables(bed->servers).parts->endpoints;
	struct store *store = servers_tables(bed->servers).parts->store;
	struct session_key key = bed_key(1);
	uint32_t closest[BUCKET_MAX];
	bool member[SERVERS];
	uint64_t lacks = 0;

	for (uint32_t i = 0; i < SERVERS; i++)
		member[i] = true;
	uint32_t count = judge_replicas_closest(
		endpoints, member, SERVERS,
		position_of_session(endpoints_placement(endpoints), &key), 4,
		closest);
	uint32_t owner = closest[3]; /* none of the three */
	CHECK(count == 4);
	workload_open(bed->workload, bed_now(bed), 0, &key);
	workload_owned(bed->workload, 0, owner);
	CHECK(servers_set(bed->servers, bed_now(bed), owner, &key));
	bed_pass(bed, S);
	/* Too young. */
	store_forget(store, closest[0]);
	judge_replicas_look(&bed->parts, bed_now(bed), member);
	CHECK(bed_count(bed, VIOLATION_THIN_RECORD) == 0);
	struct instant later = instant_after(bed_now(bed), JUDGE_REPLICAS_NS);
	judge_replicas_look(&bed->parts, later, member);
	CHECK(bed_count(bed, VIOLATION_THIN_RECORD) == ++lacks);
	CHECK(strstr(bed->said, "at 2 of its 3 closest") != NULL);
	/* It is no member: the next closest is its owner. */
	member[closest[0]] = false;
	judge_replicas_look(&bed->parts, later, member);
	CHECK(bed_count(bed, VIOLATION_THIN_RECORD) == lacks);
	/* And the next one after that never had it. */
	member[closest[1]] = false;
	judge_replicas_look(&bed->parts, later, member);
	CHECK(bed_count(bed, VIOLATION_THIN_RECORD) == ++lacks);
	/* Nobody promises anything for an owner that is gone. */
	servers_daemon_kill(bed->servers, owner);
	judge_replicas_look(&bed->parts, later, member);
	CHECK(bed_count(bed, VIOLATION_THIN_RECORD) == lacks);
}

int
main(void)
{
	struct settings settings;
	struct bed bed;

	settings_default(&settings);
	settings.fabric.servers = SERVERS;
	bed_make(&bed, &settings);
	servers_ideal(bed.servers, INSTANT_NEVER);
	test_closest(servers_tables(bed.servers).parts->endpoints);
	test_look(&bed);
	bed_free(&bed);
	return check_done();
}
