/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_boots_test.c - servers that begin anew, with any clock and any version
 *
 * Four engines that see each other (live/test/engines.h).
 */
#include "live/test/engines.h"

#include "core/rng.h"
#include "core/wire/message.h"

static void
restart(struct engines *engines, uint32_t index, uint64_t boot,
	const struct secret *secret)
{
	struct server *server = &engines->servers[index];

	server_stop(server);
	memset(server, 0, sizeof(*server));
	server->boot.id = boot;
	server_start(engines, index, secret);
	engine_join(server->engine, engines->now);
}

/* Another server finds a session that this one opens now. */
static bool
is_served(struct engines *engines, uint32_t owner, uint32_t number)
{
	uint32_t other = (owner + 1) % SERVERS;

	change(engines, owner, number, SOCKET_OPENED);
	pass(engines, 100 * NS_PER_MS);
	uint32_t before = engines->servers[owner].delivered;
	stray_in(engines, other, number, TCP_ACK, 0);
	pass(engines, 300 * NS_PER_MS);
	return engines->servers[owner].delivered == before + 1;
}

static void
a_clock_that_was_set_back_costs_a_round_trip(void)
{
	static const struct {
		const char *sentence;
		int64_t leap_s; /* of the clock while it was down */
		uint64_t reboots; /* at least */
	} rows[] = {
		{ "no leap", 1, 0 },
		{ "forward an hour", 3600, 0 },
		{ "back an hour", -3600, 1 },
		{ "back to 1970", -1700000000, 1 },
	};
	struct secret secret = secret_of(1);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engines *engines = engines_open(SERVERS);
		struct server *server = &engines->servers[2];
		uint64_t boot = server->boot.id;
		int64_t second = INT64_C(1) << 32;

		CHECK(is_served(engines, 2, 7));
		restart(engines, 2,
			rows[i].leap_s < -1000000000
				? 1
				: boot + (uint64_t)(rows[i].leap_s * second),
			&secret);
		/* Long before any retry: joining tries again in a second. */
		pass(engines, 500 * NS_PER_MS);
		CHECK_ROW(is_served(engines, 2, 8), rows[i].sentence);
		CHECK_ROW(status_of(engines, 2).joined &&
				  status_of(engines, 2).contacts == 3,
			  rows[i].sentence);
		uint64_t reboots = status_of(engines, 2).engine->reboots;
		CHECK_ROW(reboots >= rows[i].reboots &&
				  (rows[i].reboots > 0 || reboots == 0),
			  rows[i].sentence);
		CHECK_ROW((server->sayings > 0) == (rows[i].reboots > 0),
			  rows[i].sentence);
		CHECK_ROW(server->boot.id > boot, rows[i].sentence);
		for (uint32_t j = 0; j < SERVERS; j++) {
			if (j == 2)
				continue;
			CHECK_ROW(status_of(engines, j).engine->peer_boots == 1,
				  rows[i].sentence);
		}
		engines_close(engines);
	}
}

/* Each back to 1970, one after another and all at once: it heals, and the
 * answers die down. */
static void
all_clocks_at_once(void)
{
	struct secret secret = secret_of(1);
	struct engines *engines = engines_open(SERVERS);
	uint64_t before = 0, after = 0;

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < SERVERS; i++)
			restart(engines, i, 1 + round, &secret);
		pass(engines, 3 * NS_PER_S);
		for (uint32_t i = 0; i < SERVERS; i++)
			CHECK(is_served(engines, i, 1 + 10 * round + i));
	}
	for (uint32_t i = 0; i < SERVERS; i++)
		before += status_of(engines, i).engine->refusals;
	for (uint32_t i = 0; i < 20; i++)
		CHECK(is_served(engines, i % SERVERS, 100 + i));
	for (uint32_t i = 0; i < SERVERS; i++)
		after += status_of(engines, i).engine->refusals;
	CHECK(before == after);
	engines_close(engines);
}

/* A recording of an earlier life, played a thousand times a second from the
 * sender's own address: a refusal a second, and nothing moves. */
static void
recordings_move_nothing(void)
{
	struct secret secret = secret_of(1);
	struct engines *engines = engines_open(SERVERS);
	struct flying recorded = engines->kept[WAY_DATAGRAM];
	uint32_t from = 0, to = 0;

	for (uint32_t i = 0; i < SERVERS; i++) {
		if (address_equal(&engines->servers[i].conf.self.address,
				  &recorded.from.address))
			from = i;
		if (address_equal(&engines->servers[i].conf.self.address,
				  &recorded.to.address))
			to = i;
	}
	CHECK(from != to);
	for (uint32_t i = 0; i < 3; i++) {
		restart(engines, from, engines->servers[from].boot.id + 5,
			&secret);
		pass(engines, 2 * NS_PER_S);
		CHECK(is_served(engines, from, 20 + i));
	}
	uint64_t boot = engines->servers[from].boot.id;
	uint64_t refused = status_of(engines, to).engine->refusals;
	for (uint32_t i = 0; i < 5000; i++) {
		arrive(engines, &recorded);
		pass(engines, NS_PER_MS);
	}
	CHECK(status_of(engines, to).engine->refusals - refused == 5);
	CHECK(engines->servers[from].boot.id == boot);
	CHECK(status_of(engines, from).engine->reboots == 0);
	CHECK(is_served(engines, from, 30));
	engines_close(engines);
}

/* Two clusters whose seeds are the same list: every server hears all others,
 * and believes those of its own secret. */
static void
clusters_do_not_merge(void)
{
	struct secret secrets[2] = { secret_of(1), secret_of(2) };
	struct engines *engines = engines_open(0);

	secrets[1].placement.bytes[0] = 77;
	for (uint32_t i = 0; i < SERVERS; i++) {
		server_start(engines, i, &secrets[i % 2]);
		struct conf *conf = &engines->servers[i].conf;
		conf->peer_count = SERVERS;
		for (uint32_t j = 0; j < SERVERS; j++)
			conf->peers[j] = endpoint_of(j);
		engine_reload(engines->servers[i].engine, conf, &secrets[i % 2],
			      engines->now);
	}
	for (uint32_t i = 0; i < SERVERS; i++)
		engine_join(engines->servers[i].engine, engines->now);
	pass(engines, 10 * NS_PER_S);
	for (uint32_t i = 0; i < SERVERS; i++) {
		struct engine_status status = status_of(engines, i);

		CHECK(status.joined); /* by the one of its own */
		CHECK(status.engine->seal_drops[DROP_TAG] > 0);
		CHECK(status.engine->refusals == 0);
	}
	/* A session of one is none of the other's, and is found in its own. */
	change(engines, 0, 7, SOCKET_OPENED);
	pass(engines, 100 * NS_PER_MS);
	for (uint32_t i = 1; i < SERVERS; i++) {
		stray_in(engines, i, 7, TCP_ACK, 0);
		pass(engines, 4 * NS_PER_S);
		CHECK(engines->servers[0].delivered == (i >= 2));
		CHECK(status_of(engines, i).records == (i == 2));
	}
	engines_close(engines);
}

/* A message of another version, from a peer that has the secret. */
static void
other_versions_are_said(void)
{
	struct secret secret = secret_of(1);
	struct engines *engines = engines_open(2);
	struct server *server = &engines->servers[0];
	struct endpoint from = endpoint_of(3), to = endpoint_of(0);
	struct seal *stranger = seal_create(&secret, &from, 4, 1);
	struct endpoint home = server->conf.self;

	CHECK(stranger != NULL);
	for (uint32_t i = 0; i < 100; i++) {
		uint8_t message[MESSAGE_MAX], sealed[MESSAGE_SEALED_MAX];
		struct message_writer writer;

		message_begin(&writer, message, sizeof(message), MESSAGE_PING,
			      i);
		message[0] = i % 2 == 0 ? MESSAGE_VERSION + 1 : 0;
		size_t size = seal_close(stranger, &home, message, writer.size,
					 sealed, sizeof(sealed));
		engine_datagram(server->engine, engines->now, &from, sealed,
				size);
		pass(engines, 100 * NS_PER_MS);
	}
	CHECK(address_equal(&home.address, &to.address));
	CHECK(status_of(engines, 0).engine->seal_drops[DROP_VERSION] == 100);
	CHECK(status_of(engines, 0).contacts == 1);
	CHECK(server->sayings == 1);
	CHECK(strcmp(server->said,
		     "peer 10.0.0.4:7000 speaks version 3, and this homewardd "
		     "1 to 2: its datagrams are refused") == 0);
	seal_destroy(stranger);
	engines_close(engines);
}

/* A message of a server that is not among ours, and has the secret. */
static void
stranger_says(struct engines *engines, uint32_t number, enum message_type type)
{
	struct secret secret = secret_of(1);
	const uint8_t address[4] = { 10, 9, (uint8_t)(number >> 8),
				     (uint8_t)number };
	const struct endpoint from = { address_ip4(address), 7000 };
	struct seal *seal = seal_create(&secret, &from, 1, 1000u + type);
	uint8_t message[MESSAGE_MAX], sealed[MESSAGE_SEALED_MAX];
	struct message_writer writer;

	CHECK(seal != NULL);
	message_begin(&writer, message, sizeof(message), type, number);
	size_t size = seal_close(seal, &engines->servers[0].conf.self, message,
				 writer.size, sealed, sizeof(sealed));
	engine_datagram(engines->servers[0].engine, engines->now, &from, sealed,
			size);
	seal_destroy(seal);
}

/* For years servers come and go; there is room for 128 at a time. */
static void
endpoints_are_reclaimed(void)
{
	struct engines *engines = engines_open(SERVERS);
	struct wall_reading wall = { WALL_NS, 0 };
	uint64_t ttl_ns = (uint64_t)engines->servers[0].conf.node.record_ttl_ns;

	for (uint32_t i = 0; i < 4; i++)
		CHECK(is_served(engines, i, 1 + i));
	for (uint32_t year = 0; year < 10; year++) {
		for (uint32_t i = 0; i < 60; i++) {
			stranger_says(engines, 60 * year + i, MESSAGE_PING);
			stranger_says(engines, 60 * year + i, MESSAGE_LEAVE);
		}
		pass(engines, (int64_t)(2 * ttl_ns + ttl_ns / 2));
		engine_wall(engines->servers[0].engine, engines->now, wall);
		uint32_t owner = 1 + year % 3;
		uint32_t before = engines->servers[owner].delivered;

		stray_in(engines, 0, 1 + owner, TCP_ACK, 0);
		pass(engines, 300 * NS_PER_MS);
		CHECK(engines->servers[owner].delivered == before + 1);
		CHECK(is_served(engines, year % 4, 100 + year));
	}
	CHECK(status_of(engines, 0).engine->reclaimed > 400);
	CHECK(status_of(engines, 0).engine->leaps == 0);
	engines_close(engines);
}

/* The clock leaps: what replicas have lost comes back in seconds. */
static void
a_leap_republishes(void)
{
	struct engines *engines = engines_open(SERVERS);
	struct wall_reading wall = { WALL_NS, 0 };

	CHECK(is_served(engines, 0, 7));
	engine_wall(engines->servers[0].engine, engines->now, wall);
	pass(engines, NS_PER_S);
	uint64_t before = status_of(engines, 0).node->republished;
	wall.offset_ns += 3600 * NS_PER_S;
	engine_wall(engines->servers[0].engine, engines->now, wall);
	pass(engines, NS_PER_S);
	CHECK(status_of(engines, 0).node->republished > before);
	CHECK(status_of(engines, 0).engine->leaps == 1);
	CHECK(engines->servers[0].sayings == 1);
	engines_close(engines);
}

/* By a clock that was set back, a session of that number that opens again: with
 * its handshake, as far as it is told. */
static void
open_earlier(struct engines *engines, uint32_t index, uint32_t number,
	     int64_t earlier_ns, bool handshake)
{
	struct socket_event event = {
		.key = session(number),
		.change = SOCKET_OPENING,
		.at = { engines->now.ns - earlier_ns },
	};

	if (handshake)
		engine_socket(engines->servers[index].engine, engines->now,
			      &event);
	pass(engines, 20 * NS_PER_MS);
	event.change = SOCKET_OPENED;
	event.at.ns += 20 * NS_PER_MS;
	engine_socket(engines->servers[index].engine, engines->now, &event);
	pass(engines, NS_PER_S);
}

/* Replicas knew a newer one by its port: the operator hears of it. */
static void
a_raised_session_is_told(void)
{
	static const struct {
		const char *sentence;
		int64_t earlier_ns;
		bool handshake;
		uint32_t raised;
	} rows[] = {
		{ "its clock is right", 0, false, 0 },
		{ "its clock is right, and its handshake told", 0, true, 0 },
		{ "it was set back", 3600 * NS_PER_S, false, 1 },
		{ "found out at the confirmation", 3600 * NS_PER_S, true, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engines *engines = engines_open(SERVERS);
		struct server *server = &engines->servers[1];
		struct session_key key = session(7);
		struct version version = { 0 };

		change(engines, 1, 7, SOCKET_OPENED);
		pass(engines, NS_PER_S);
		change(engines, 1, 7, SOCKET_CLOSED);
		pass(engines, NS_PER_S);
		open_earlier(engines, 1, 7, rows[i].earlier_ns,
			     rows[i].handshake);
		CHECK_ROW(status_of(engines, 1).engine->raised ==
				  rows[i].raised,
			  rows[i].sentence);
		CHECK_ROW(server->sayings == rows[i].raised, rows[i].sentence);
		CHECK_ROW(server->reports[REPORT_RAISED] == rows[i].raised,
			  rows[i].sentence);
		CHECK_ROW(engine_version(server->engine, &key, &version),
			  rows[i].sentence);
		if (rows[i].raised > 0) {
			CHECK_ROW(server->latest[REPORT_RAISED].value > 0 &&
					  session_equal(
						  &server->latest[REPORT_RAISED]
							   .key,
						  &key),
				  rows[i].sentence);
			CHECK_ROW(version.established_ns >
					  WALL_NS + engines->now.ns -
						  rows[i].earlier_ns,
				  rows[i].sentence);
			CHECK(strstr(server->said, "198.51.100.7:7 ") != NULL);
		}
		CHECK(is_served(engines, 1, 7));
		engines_close(engines);
	}
}

int
main(void)
{
	a_raised_session_is_told();
	endpoints_are_reclaimed();
	a_leap_republishes();
	a_clock_that_was_set_back_costs_a_round_trip();
	all_clocks_at_once();
	recordings_move_nothing();
	clusters_do_not_merge();
	other_versions_are_said();
	return check_done();
}
