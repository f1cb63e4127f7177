/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * truth_test.c - lookups beside the truth: by a table, and by servers one of
 * which publishes what it does not own
 */
#include "sim/host/truth.h"

#include <string.h>

#include "core/test/check.h"
#include "core/wire/protocol.h"
#include "sim/host/server_state.h"
#include "sim/scheme/schemes.h"

#define S	NS_PER_S
#define SERVERS 30
#define NEVER	INT64_MAX

static const struct {
	const char *sentence;
	uint32_t owner;
	int64_t published, removed, begun;
	uint32_t named;
	enum watch_found found;
	enum watch_switch owned;
	bool ok;
	int64_t age;
} judgements[] = {
	{ "its owner", 1, 2, NEVER, 5, 1, WATCH_FOUND_RIGHT, WATCH_SWITCH_YES,
	  true, 3 },
	{ "published as it began", 1, 5, NEVER, 5, 1, WATCH_FOUND_RIGHT,
	  WATCH_SWITCH_YES, true, 0 },
	{ "published while it ran", 1, 6, NEVER, 5, 1, WATCH_FOUND_RIGHT,
	  WATCH_SWITCH_NO, true, 0 },
	{ "not published: a miss", 1, NEVER, NEVER, 5, WATCH_NONE,
	  WATCH_FOUND_NONE, WATCH_SWITCH_NO, false, 0 },
	{ "published: a miss is a failure", 1, 2, NEVER, 5, WATCH_NONE,
	  WATCH_FOUND_NONE, WATCH_SWITCH_YES, false, 3 },
	{ "another server", 1, 2, NEVER, 5, 2, WATCH_FOUND_WRONG,
	  WATCH_SWITCH_YES, false, 3 },
	{ "another server, of a key that was removed", 1, NEVER, 4, 5, 2,
	  WATCH_FOUND_WRONG, WATCH_SWITCH_NO, false, 0 },
	{ "its owner, which has crashed", 1, NEVER, NEVER, 5, 1,
	  WATCH_FOUND_RIGHT, WATCH_SWITCH_NO, true, 0 },
	{ "removed everywhere before", 1, NEVER, 4, 5, 1, WATCH_FOUND_REMOVED,
	  WATCH_SWITCH_NO, false, 0 },
	{ "removed everywhere as it began", 1, NEVER, 5, 5, 1,
	  WATCH_FOUND_REMOVED, WATCH_SWITCH_NO, false, 0 },
	{ "removed everywhere while it ran", 1, NEVER, 6, 5, 1,
	  WATCH_FOUND_RIGHT, WATCH_SWITCH_NO, true, 0 },
	{ "removed everywhere before, and missed", 1, NEVER, 4, 5, WATCH_NONE,
	  WATCH_FOUND_NONE, WATCH_SWITCH_NO, false, 0 },
	{ "nobody knows its owner", WATCH_NONE, NEVER, NEVER, 5, 2,
	  WATCH_FOUND_NONE, WATCH_SWITCH_NONE, true, 0 },
};

static void
test_judge(void)
{
	for (size_t i = 0; i < sizeof(judgements) / sizeof(judgements[0]);
	     i++) {
		const char *sentence = judgements[i].sentence;
		const struct truth truth = {
			.owner = judgements[i].owner,
			.published.ns = judgements[i].published,
			.removed.ns = judgements[i].removed,
		};
		struct watch_measurement row = {
			.metric = METRIC_LOOKUP,
			.at.ns = judgements[i].begun,
			.ok = judgements[i].named != WATCH_NONE,
		};

		truth_judge(&truth, judgements[i].named, &row);
		CHECK_ROW(row.found == judgements[i].found, sentence);
		CHECK_ROW(row.owned == judgements[i].owned, sentence);
		CHECK_ROW(row.ok == judgements[i].ok, sentence);
		CHECK_ROW(row.age_ns == judgements[i].age, sentence);
	}
}

/* ---- servers ---- */

struct bed {
	struct settings settings;
	struct watch watch;
	struct queue *queue;
	struct network *network;
	struct workload *workload;
	struct transport *transport;
	struct servers *servers;
	struct watch_measurement row; /* the last lookup's */
	uint32_t lookups;
};

static void
deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;

	servers_deliver(bed->servers, now, device, port, bytes, size);
}

static void
measured(void *context, const struct watch_measurement *row)
{
	struct bed *bed = context;

	if (row->metric != METRIC_LOOKUP)
		return;
	bed->row = *row;
	bed->lookups++;
}

static void
bed_make(struct bed *bed)
{
	struct tcp_settings tcp;
	char error[200];

	memset(bed, 0, sizeof(*bed));
	bed->watch = (struct watch){ .context = bed, .measurement = measured };
	settings_default(&bed->settings);
	bed->settings.fabric.kind = FABRIC_UNIFORM;
	bed->settings.fabric.servers = SERVERS;
	bed->settings.clients.sessions = 1;
	bed->settings.measure.stores = 10;
	tcp_settings_default(&tcp);
	bed->queue = queue_create();
	CHECK(network_create(&bed->network, &bed->settings, bed->queue,
			     &bed->watch, deliver, bed, error,
			     sizeof(error)) == 0);
	bed->workload =
		workload_create(&bed->settings, bed->queue, &bed->watch);
	bed->transport = transport_create(bed->network, bed->queue, &tcp);
	bed->servers = servers_create(&bed->settings,
				      schemes_get(bed->settings.service.scheme),
				      bed->network, bed->queue, &bed->watch,
				      bed->workload, bed->transport);
	servers_ideal(bed->servers, (struct instant){ 0 });
}

static void
bed_free(struct bed *bed)
{
	servers_destroy(bed->servers);
	transport_destroy(bed->transport);
	workload_destroy(bed->workload);
	network_destroy(bed->network);
	queue_destroy(bed->queue);
}

static void
pass(struct bed *bed)
{
	struct instant until = instant_after(queue_now(bed->queue), S);
	struct event event;

	while (queue_next(bed->queue, until, &event)) {
		if (event.kind == EVENT_HOST)
			servers_event(bed->servers, queue_now(bed->queue),
				      &event);
		else
			network_event(bed->network, &event);
	}
}

static struct session_key
key_of(uint16_t port)
{
	struct session_key key = { .family = 4, .protocol = IP_TCP };

	key.service_port[1] = 80;
	key.client_port[0] = (uint8_t)(port >> 8);
	key.client_port[1] = (uint8_t)port;
	return key;
}

/* A server publishes what it does not own, as its newest owner. */
static void
plant(struct bed *bed, uint32_t server, const struct session_key *key)
{
	struct server_agents *agents = bed->servers->server_agents;
	struct instant now = queue_now(bed->queue);
	const struct version version = { .established_ns = now.ns + S };
	struct outbox *outbox = server_agent_begin(agents);

	CHECK(node_set(agents->array[server].node, now, key, version, outbox) ==
	      0);
	server_agent_end(agents, now, server);
	pass(bed);
}

static void
look_up(struct bed *bed, uint32_t server, const struct session_key *key)
{
	uint32_t before = bed->lookups;

	CHECK(servers_get(bed->servers, queue_now(bed->queue), server, key));
	pass(bed);
	CHECK(bed->lookups == before + 1);
}

static void
expect(const struct bed *bed, const char *sentence, enum watch_found found,
       enum watch_switch owned, bool ok)
{
	CHECK_ROW(bed->row.found == found, sentence);
	CHECK_ROW(bed->row.owned == owned, sentence);
	CHECK_ROW(bed->row.ok == ok, sentence);
}

static void
test_key_without_session(void)
{
	struct session_key key = key_of(1), stranger = key_of(2);
	struct bed bed;

	bed_make(&bed);
	look_up(&bed, 5, &stranger);
	expect(&bed, "nobody has set it", WATCH_FOUND_NONE, WATCH_SWITCH_NONE,
	       false);
	CHECK(servers_set(bed.servers, queue_now(bed.queue), 1, &key));
	pass(&bed);
	look_up(&bed, 5, &key);
	expect(&bed, "stored", WATCH_FOUND_RIGHT, WATCH_SWITCH_YES, true);
	CHECK(bed.row.age_ns > S / 2 && bed.row.age_ns <= S);
	CHECK(servers_owns(bed.servers, 1, &key));
	CHECK(!servers_owns(bed.servers, 2, &key));
	CHECK(!servers_remove(bed.servers, queue_now(bed.queue), 2, &key));
	CHECK(servers_remove(bed.servers, queue_now(bed.queue), 1, &key));
	CHECK(!servers_owns(bed.servers, 1, &key));
	pass(&bed);
	look_up(&bed, 5, &key);
	expect(&bed, "removed", WATCH_FOUND_NONE, WATCH_SWITCH_NO, false);
	plant(&bed, 1, &key);
	look_up(&bed, 5, &key);
	expect(&bed, "its last owner says so again", WATCH_FOUND_REMOVED,
	       WATCH_SWITCH_YES, false);
	plant(&bed, 2, &key);
	look_up(&bed, 5, &key);
	expect(&bed, "a server that never had it", WATCH_FOUND_WRONG,
	       WATCH_SWITCH_YES, false);
	bed_free(&bed);
}

static void
test_session(void)
{
	struct session_key key = key_of(3);
	struct bed bed;

	bed_make(&bed);
	workload_open(bed.workload, queue_now(bed.queue), 0, &key);
	plant(&bed, 2, &key);
	look_up(&bed, 5, &key);
	expect(&bed, "before its handshake is over", WATCH_FOUND_NONE,
	       WATCH_SWITCH_NONE, true);
	workload_owned(bed.workload, 0, 2);
	look_up(&bed, 5, &key);
	expect(&bed, "its owner", WATCH_FOUND_RIGHT, WATCH_SWITCH_YES, true);
	CHECK(bed.row.flow == 0);
	plant(&bed, 7, &key);
	look_up(&bed, 5, &key);
	expect(&bed, "another", WATCH_FOUND_WRONG, WATCH_SWITCH_YES, false);
	servers_crash(bed.servers, 7);
	servers_daemon_kill(bed.servers, 2);
	look_up(&bed, 5, &key);
	expect(&bed, "another, and its owner's daemon is dead",
	       WATCH_FOUND_WRONG, WATCH_SWITCH_NO, false);
	bed_free(&bed);
}

int
main(void)
{
	test_judge();
	test_key_without_session();
	test_session();
	return check_done();
}
