/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * neighbours_test.c - who dies is missed by all that watch it, soon after the
 * first of them; who lives is kept, whoever asks for its place
 */
#include "core/dht/neighbours.h"

#include "core/dht/contact.h"
#include "core/dht/hearing.h"
#include "core/test/mesh.h"

#define NODES	40
#define KEYS	400
#define STEP_NS (100 * NS_PER_MS)

static const struct row {
	const char *sentence;
	uint32_t victims; /* they die 20 s after each other */
	uint32_t loss_percent;
	bool old; /* peers speak the oldest version only */
	int64_t know_ms; /* of all who watch it the mean, at the latest */
} rows[] = {
	{ "one dies", 1, 0, false, 2500 },
	{ "ten die", 10, 0, false, 2500 },
	{ "ten die, a tenth is lost", 10, 10, false, 2500 },
	{ "ten die among old versions", 10, 0, true, 2500 },
};

static void
open_mesh(struct mesh *mesh, struct node_settings *settings)
{
	node_settings_default(settings);
	settings->k = 8;
	settings->republish_ns = 1000 * NS_PER_S;
	settings->record_ttl_ns = 3000 * NS_PER_S;
	mesh_open(mesh, NODES, settings, 5);
	mesh_make_ideal(mesh);
	mesh_pass(mesh, NS_PER_S);
	for (uint32_t i = 0; i < KEYS; i++)
		mesh_set(mesh, NODES / 2 + i % (NODES / 2), i, 5);
	mesh_pass(mesh, 12 * NS_PER_S);
}

static bool
watches(const struct node *node, uint32_t peer)
{
	const struct contact *contact = table_find(node->table, peer);

	if (contact == NULL || contact_stale(contact))
		return false;
	for (uint32_t i = 0; i < node->neighbour_count; i++)
		if (node->neighbours[i] == peer)
			return true;
	return false;
}

/* As one that shares records with it, or that keeps some of its own. */
static bool
pings(const struct node *node, uint32_t peer)
{
	const struct contact *contact = table_find(node->table, peer);

	return watches(node, peer) || (contact != NULL && contact->keeps);
}

static uint32_t
watchers(const struct mesh *mesh, uint32_t peer)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < mesh->count; i++)
		count += !mesh->dead[i] && watches(mesh->nodes[i], peer);
	return count;
}

static void
play(const struct row *row)
{
	struct node_settings settings;
	struct mesh mesh;
	int64_t sum_ns = 0, count = 0;

	open_mesh(&mesh, &settings);
	for (uint32_t i = 0; i < mesh.count; i++)
		mesh.old[i] = row->old;
	mesh.loss_percent = row->loss_percent;
	for (uint32_t i = 0; i < row->victims; i++) {
		int64_t took_ns = 0;
		uint32_t left;

		count += watchers(&mesh, i);
		node_forget(mesh.nodes[i]);
		mesh.dead[i] = true;
		while ((left = watchers(&mesh, i)) > 0 &&
		       took_ns < 10 * NS_PER_S) {
			sum_ns += left * STEP_NS;
			mesh_pass(&mesh, STEP_NS);
			took_ns += STEP_NS;
		}
		mesh_pass(&mesh, 20 * NS_PER_S - took_ns);
	}
	CHECK_ROW(count > 0, row->sentence);
	fprintf(stderr, "%s: %lld watchers know after %lld ms on average\n",
		row->sentence, (long long)count,
		(long long)(sum_ns / count / NS_PER_MS));
	CHECK_ROW(sum_ns <= count * row->know_ms * NS_PER_MS, row->sentence);
	mesh_close(&mesh);
}

/* The longest that a node has not heard one that it watches, in milliseconds;
 * pings and their answers count. */
static int64_t
longest_silence_ms(const struct mesh *mesh)
{
	uint32_t longest = 0;

	for (uint32_t i = 0; i < mesh->count; i++) {
		struct node *node = mesh->nodes[i];

		for (uint32_t j = 0; j < node->neighbour_count; j++) {
			const struct contact *contact =
				table_find(node->table, node->neighbours[j]);
			uint32_t steps =
				hearing_silent(node, mesh->now, contact);

			longest = steps > longest ? steps : longest;
		}
	}
	return longest * mesh->settings.watch_ns / HEARING_STEPS / NS_PER_MS;
}

/* Nothing happens for a minute: each pair exchanges one ping every 5 s, and
 * is heard every 7.5 s at the latest. */
static void
test_idle(void)
{
	struct node_settings settings;
	struct mesh mesh;
	int64_t longest_ms = 0;
	uint32_t pairs = 0;

	open_mesh(&mesh, &settings);
	for (uint32_t i = 0; i < NODES; i++)
		for (uint32_t j = 0; j < NODES; j++)
			pairs += i < j && (pings(mesh.nodes[i], j) ||
					   pings(mesh.nodes[j], i));
	uint64_t sent = mesh.traffic.sent[TRAFFIC_PING].datagrams;
	for (uint32_t i = 0; i < 600; i++) {
		mesh_pass(&mesh, STEP_NS);
		int64_t ms = longest_silence_ms(&mesh);
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	sent = mesh.traffic.sent[TRAFFIC_PING].datagrams - sent;
	fprintf(stderr,
		"idle: %u pairs, %u pings a minute; silent for %lld ms\n",
		pairs, (unsigned)sent, (long long)longest_ms);
	CHECK(sent >= pairs * 12 * 9 / 10 && sent <= pairs * 12 * 11 / 10);
	CHECK(longest_ms >= 5000 && longest_ms <= 7700);
	mesh_close(&mesh);
}

/* Another asks for the place of one that lives: it is pinged once, nobody is
 * asked in turn, and it stays. */
static void
test_false_alarm(void)
{
	struct node_settings settings;
	struct mesh mesh;
	uint8_t bytes[MESSAGE_MAX];
	struct message_writer writer;

	open_mesh(&mesh, &settings);
	struct node *node = mesh.nodes[0];
	CHECK(node->neighbour_count > 1);
	uint32_t peer = node->neighbours[0];
	uint64_t place = endpoints_position(mesh.parts.endpoints, peer);
	struct endpoint liar = mesh_endpoint_number(node->neighbours[1]);
	uint64_t pings = mesh.traffic.sent[TRAFFIC_PING].datagrams;
	uint64_t lookups = node->counters.lookups;

	/* The second is while the first is tested, the third for our own. */
	for (uint32_t i = 0; i < 3; i++) {
		message_begin(&writer, bytes, sizeof(bytes), MESSAGE_FIND_NODE,
			      7 + i);
		CHECK(message_put_position(&writer,
					   i == 2 ? node->position : place));
		CHECK(node_receive(node, mesh.now, &liar, bytes, writer.size,
				   &mesh.outbox) == DROP_NONE);
		mesh_collect(&mesh, 0);
	}
	CHECK(mesh.traffic.sent[TRAFFIC_PING].datagrams == pings + 1);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(node->counters.lookups == lookups);
	CHECK(watches(node, peer));
	mesh_close(&mesh);
}

/* Who looks on is told so: of a stale one, too, and of nobody by a node that
 * holds no record. */
static void
test_watches(void)
{
	struct node_settings settings;
	struct mesh mesh;

	open_mesh(&mesh, &settings);
	struct node *node = mesh.nodes[0];
	uint32_t count = 0;
	for (uint32_t i = 0; i < NODES; i++)
		count += node_watches(node, i);
	CHECK(count > 0 && count == node->neighbour_count && count < NODES - 1);
	uint32_t peer = node->neighbours[0];
	table_find(node->table, peer)->failures = CONTACT_STALE;
	CHECK(node_watches(node, peer) && !watches(node, peer));
	neighbours_init(node);
	CHECK(!node_watches(node, peer));
	mesh_close(&mesh);
}

/* However short the time, a node does not ping without end. */
static void
test_hardly_any_time(void)
{
	static const struct {
		const char *sentence;
		int64_t watch_ns;
		uint32_t count;
		int64_t pace_ns;
	} paces[] = {
		{ "five neighbours in five seconds", 5 * NS_PER_S, 5,
		  NS_PER_S },
		{ "none: the next look is after all of it", 5 * NS_PER_S, 0,
		  5 * NS_PER_S },
		{ "a nanosecond for all", 1, 5, HEARING_PACE_NS },
		{ "many", 10 * NS_PER_MS, 32, HEARING_PACE_NS },
	};

	for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++) {
		struct node_settings settings;
		struct mesh mesh;

		node_settings_default(&settings);
		settings.watch_ns = paces[i].watch_ns;
		mesh_open(&mesh, 2, &settings, 3);
		CHECK_ROW(hearing_pace_ns(mesh.nodes[0], paces[i].count) ==
				  paces[i].pace_ns,
			  paces[i].sentence);
		mesh_close(&mesh);
	}
}

int
main(void)
{
	test_hardly_any_time();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
	test_idle();
	test_false_alarm();
	test_watches();
	return check_done();
}
