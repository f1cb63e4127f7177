/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repairs_test.c - scripts about one record, and many servers beside an oracle
 */
#include "sim/host/repairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/position.h"
#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/message.h"
#include "core/wire/protocol.h"
#include "sim/model/watch.h"

#define SERVERS	 200
#define REPLICAS 3
#define NEAR	 5 /* servers that scripts call A to E, the closest first */

static const struct siphash_key placement = { { 1, 2, 3 } };

struct site {
	struct endpoints *endpoints;
	struct store *store;
	struct repairs *repairs;
	struct session_key key;
	uint32_t near[NEAR];
	uint32_t owner;
	bool runs[SERVERS], owned;
	struct instant now;
	char told[256]; /* what was measured, a word each */
};

static bool
site_runs(void *context, uint32_t server)
{
	const struct site *site = context;

	return site->runs[server];
}

static bool
site_owns(void *context, uint32_t server, const struct session_key *key)
{
	const struct site *site = context;

	CHECK(session_equal(key, &site->key));
	return site->owned && server == site->owner && site->runs[server];
}

static char
letter_of(const struct site *site, uint32_t server)
{
	for (uint32_t i = 0; i < NEAR; i++)
		if (site->near[i] == server)
			return (char)('A' + (char)i);
	return server == WATCH_NONE ? '-' : '?';
}

/* "1+2D": lost at 1 s, whole 2 s later, by what was stored at D. */
static void
site_measured(void *context, const struct session_key *key,
	      struct instant since, struct instant until, uint32_t server,
	      bool ok)
{
	struct site *site = context;
	size_t size = strlen(site->told);

	CHECK(session_equal(key, &site->key));
	(void)snprintf(site->told + size, sizeof(site->told) - size,
		       "%s%ld+%ld%c%s", size > 0 ? " " : "",
		       (long)(since.ns / NS_PER_S),
		       (long)((until.ns - since.ns) / NS_PER_S),
		       letter_of(site, server), ok ? "" : "!");
}

static uint64_t
distance_of(const struct site *site, uint32_t server)
{
	return position_distance(position_of_session(&placement, &site->key),
				 endpoints_position(site->endpoints, server));
}

/* The `wanted` closest of those that run, the slow way. */
static void
closest(const struct site *site, uint32_t *servers, uint32_t wanted)
{
	for (uint32_t i = 0; i < wanted; i++) {
		uint32_t best = WATCH_NONE;

		for (uint32_t j = 0; j < SERVERS; j++) {
			bool farther =
				i == 0 ||
				distance_of(site, j) >
					distance_of(site, servers[i - 1]);

			if (site->runs[j] && farther &&
			    (best == WATCH_NONE ||
			     distance_of(site, j) < distance_of(site, best)))
				best = j;
		}
		CHECK(best != WATCH_NONE);
		servers[i] = best;
	}
}

static void *
memory(size_t size)
{
	void *bytes = calloc(1, size);

	if (bytes == NULL)
		abort();
	return bytes;
}

static void
site_open(struct site *site, uint32_t number)
{
	*site = (struct site){ .owned = true, .now = { NS_PER_S } };
	site->endpoints = endpoints_init(memory(endpoints_size(SERVERS)),
					 SERVERS, &placement);
	site->store = store_init(memory(store_size(4096)), 4096, &placement);
	for (uint32_t i = 0; i < SERVERS; i++) {
		const uint8_t bytes[4] = { 10, 0, (uint8_t)(i >> 8),
					   (uint8_t)i };
		struct endpoint endpoint = { address_ip4(bytes), 7000 };

		CHECK(endpoints_intern(site->endpoints, &endpoint) == i);
		site->runs[i] = true;
	}
	site->key = (struct session_key){
		.family = 4,
		.protocol = IP_TCP,
		.client = { 198, 18, (uint8_t)(number >> 8), (uint8_t)number },
	};
	closest(site, site->near, NEAR);
	for (uint32_t i = 0; i < SERVERS; i++)
		if (distance_of(site, i) > distance_of(site, site->owner))
			site->owner = i; /* the farthest */
	site->repairs = repairs_create(&(struct repairs_world){
		.store = site->store,
		.endpoints = site->endpoints,
		.servers = SERVERS,
		.replicas = REPLICAS,
		.context = site,
		.runs = site_runs,
		.owns = site_owns,
		.measured = site_measured,
	});
}

static void
site_close(struct site *site)
{
	repairs_destroy(site->repairs);
	free(site->endpoints);
	free(site->store);
}

static void
keep(struct site *site, uint32_t server, bool tombstone)
{
	struct record record = {
		.version = { .established_ns = 1 },
		.owner = site->owner,
		.ttl_ms = 600000,
		.tombstone = tombstone,
	};
	struct message_record written = {
		.version = record.version,
		.owner = *endpoints_get(site->endpoints, site->owner),
		.ttl_ms = record.ttl_ms,
		.tombstone = tombstone,
	};
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	repairs_receiving(site->repairs, site->now);
	store_put(site->store, site->now, server, &site->key, &record);
	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_STORE, 1);
	message_put_store(&writer, &site->key, &written);
	repairs_received(site->repairs, site->now, server, bytes, writer.size);
	/* Nothing of a stranger's can be broken by less. */
	repairs_received(site->repairs, site->now, server, bytes,
			 writer.size - 1);
}

static void
crash(struct site *site, uint32_t server)
{
	repairs_lost(site->repairs, site->now, server);
	store_forget(site->store, server);
	site->runs[server] = false;
}

/* xA: crashes; uA: is up again; sA: is sent a STORE; tA: a tombstone; o: its
 * owner gives the session up; a point: a second later. */
static void
play(struct site *site, const char *script)
{
	for (const char *at = script; *at != '\0'; at++) {
		if (*at == '.') {
			site->now.ns += NS_PER_S;
			continue;
		}
		if (*at == 'o') {
			site->owned = false;
			continue;
		}
		char verb = *at++;
		uint32_t server = site->near[*at - 'A'];
		if (verb == 'x')
			crash(site, server);
		else if (verb == 's' || verb == 't')
			keep(site, server, verb == 't');
		if (verb != 'u')
			continue;
		site->runs[server] = true;
		repairs_came(site->repairs, site->now);
	}
}

static void
test_scripts(void)
{
	static const struct {
		const char *sentence;
		const char *before, *script;
		char owner; /* ' ': far from it */
		const char *told;
	} rows[] = {
		{ "nothing is lost", "sAsBsC", "sA..", ' ', "" },
		{ "one is lost, and the next closest is sent it", "sAsBsC",
		  "xA..sD", ' ', "1+2D" },
		{ "sent it twice: once", "sAsBsC", "xA..sD.sD", ' ', "1+2D" },
		{ "the next closest had it: nothing was lacking", "sAsBsCsD",
		  "xA..sD", ' ', "" },
		{ "one that was no holder is lost", "sAsBsC", "xE..sE", ' ',
		  "" },
		{ "never", "sAsBsC", "xA..", ' ', "1+2-!" },
		{ "not to one of the closest", "sAsBsC", "xA..sE", ' ',
		  "1+2-!" },
		{ "two at one instant: when both are there", "sAsBsC",
		  "xAxB.sD.sE", ' ', "1+2E" },
		{ "two, one after the other: from the first", "sAsBsC",
		  "xA.xB.sD.sE", ' ', "1+3E" },
		{ "lost again after it was whole", "sAsBsC", "xA.sD.xB.sE.",
		  ' ', "1+1D 3+1E" },
		{ "who restarts, with nothing, is one of them again", "sAsBsC",
		  "xA..uA.sD.sA", ' ', "1+4A" },
		{ "who restarts was replaced before", "sAsBsC", "xA.sD.uA.sA",
		  ' ', "1+1D" },
		{ "who should have it dies, and the next has it", "sAsBsCsE",
		  "xA.xD..", ' ', "1+1-" },
		{ "a tombstone is none", "sAsBsC", "xA.tD", ' ', "1+1-!" },
		{ "its owner gives it up", "sAsBsC", "xA.o.sD", ' ', "" },
		{ "it had, before", "sAsBsC", "oxA..sD", ' ', "" },
		{ "its owner dies", "sAsB", "xA.xC.sD", 'C', "" },
		{ "its owner dies at the same instant", "sAsB", "xAxC.sDsE",
		  'C', "" },
		{ "its owner is one of the closest, and knows it", "sAsB",
		  "xA..sD", 'C', "1+2D" },
		{ "all of them, and its owner places it anew", "sAsBsC",
		  "xAxBxC..", ' ', "1+2-!" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct site site;

		site_open(&site, (uint32_t)i);
		if (rows[i].owner != ' ')
			site.owner = site.near[rows[i].owner - 'A'];
		play(&site, rows[i].before);
		play(&site, rows[i].script);
		repairs_finish(site.repairs, site.now);
		CHECK_ROW(strcmp(site.told, rows[i].told) == 0,
			  rows[i].sentence);
		site_close(&site);
	}
}

/* Half of the servers die at once: the record is whole when the last of those
 * who are now the closest has it, and not before. */
static void
test_many_servers(void)
{
	struct rng rng;

	rng_init(&rng, 1, 0);
	for (uint32_t i = 0; i < 200; i++) {
		uint32_t servers[REPLICAS], first;
		struct site site;

		site_open(&site, i);
		keep(&site, site.near[0], false);
		for (uint32_t j = 0; j < SERVERS; j++)
			if (j != site.owner &&
			    (j == site.near[0] || rng_below(&rng, 2) == 0))
				crash(&site, j);
		closest(&site, servers, REPLICAS);
		first = (uint32_t)rng_below(&rng, REPLICAS);
		for (uint32_t j = 0; j < REPLICAS; j++) {
			site.now.ns += NS_PER_S;
			CHECK(site.told[0] == '\0');
			keep(&site, servers[(first + j) % REPLICAS], false);
		}
		CHECK(strncmp(site.told, "1+", 2) == 0);
		repairs_finish(site.repairs, site.now);
		CHECK(strlen(site.told) == strlen("1+3A"));
		site_close(&site);
	}
}

int
main(void)
{
	test_scripts();
	test_many_servers();
	return check_done();
}
