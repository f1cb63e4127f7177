/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * versions.c - what replicas know before a message and after it
 */
#include "sim/judge/versions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dht/store.h"
#include "core/dht/table.h"
#include "core/position.h"
#include "core/wire/message.h"
#include "core/wire/packet.h"
#include "core/wire/protocol.h"
#include "sim/host/server.h"
#include "sim/model/workload.h"

/* What a server knew of a key that a message names. */
struct known {
	struct session_key key;
	struct record offered; /* by a STORE; ttl_ms 0: none */
	bool conditional; /* it was */
	uint32_t remover; /* the sender; NONE: it removes nothing */
	struct record records[RECORDS_PER_KEY];
	uint32_t count;
};

/* The same as when all was looked at last. */
struct kept {
	struct store_statement statement;
	uint32_t incarnation; /* of the holder */
};

struct judge_versions {
	struct judge_parts parts;
	struct servers_tables tables;
	bool at_once; /* daemons act when a packet comes */

	/* The message at hand; count 0: none. */
	struct known *known; /* MESSAGE_ITEMS_MAX */
	uint32_t known_count;
	uint32_t server;
	bool room; /* the store had */

	struct instant looked; /* when that was */
	struct kept *kept;
	uint32_t kept_count, kept_capacity;
};

/* ---- the rules ---- */

static bool
is_newer(struct version a, struct version b)
{
	if (a.established_ns != b.established_ns)
		return a.established_ns > b.established_ns;
	return a.sequence > b.sequence;
}

static bool
is_same(struct version a, struct version b)
{
	return a.established_ns == b.established_ns && a.sequence == b.sequence;
}

/* Of two owners' statements. Equals may go either way. */
static bool
is_worth_less(const struct record *a, const struct record *b)
{
	if (a->tombstone != b->tombstone)
		return a->tombstone;
	if (a->half_open != b->half_open)
		return a->half_open;
	return is_newer(b->version, a->version);
}

static bool
is_open(const struct record *record)
{
	return !record->tombstone && !record->half_open;
}

/* Is it open, and are as many open ones there as may be, each worth more? */
static bool
is_crowded_out(const struct record *record, const struct record *after,
	       uint32_t after_count)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < after_count; i++)
		open += after[i].owner != record->owner && is_open(&after[i]) &&
			!is_worth_less(&after[i], record);
	return is_open(record) && open >= RECORDS_OPEN_MAX;
}

static enum violation
replaced(const struct record *before, const struct record *after,
	 uint32_t remover)
{
	if (is_newer(before->version, after->version))
		return VIOLATION_OLDER_VERSION;
	/* Half-open, open, ended: that way alone. */
	if (is_same(before->version, after->version) &&
	    ((before->tombstone && !after->tombstone) ||
	     (!before->half_open && after->half_open)))
		return VIOLATION_OLDER_VERSION;
	bool ended =
		after->tombstone && (!before->tombstone ||
				     is_newer(after->version, before->version));
	if (ended && remover != ENDPOINT_NONE && remover != after->owner)
		return VIOLATION_FOREIGN_TOMBSTONE;
	return VIOLATIONS;
}

enum violation
judge_versions_given_up(const struct record *before, const struct record *after,
			uint32_t after_count, uint32_t remover)
{
	for (uint32_t i = 0; i < after_count; i++)
		if (after[i].owner == before->owner)
			return replaced(before, &after[i], remover);
	if (is_crowded_out(before, after, after_count))
		return VIOLATIONS;
	if (remover != ENDPOINT_NONE && !before->tombstone)
		return VIOLATION_FOREIGN_TOMBSTONE;
	for (uint32_t i = 0; i < after_count; i++)
		if (is_worth_less(&after[i], before))
			return VIOLATION_OLDER_VERSION;
	/* Anything may need the place of a handshake. */
	return after_count < RECORDS_PER_KEY && !before->half_open
		       ? VIOLATION_LOST_RECORD
		       : VIOLATIONS;
}

bool
judge_versions_refused(const struct record *offered, const struct record *after,
		       uint32_t after_count)
{
	if (is_crowded_out(offered, after, after_count))
		return false;
	for (uint32_t i = 0; i < after_count; i++)
		if (after[i].owner == offered->owner)
			return is_newer(offered->version, after[i].version);
	for (uint32_t i = 0; i < after_count; i++)
		if (is_worth_less(&after[i], offered))
			return true;
	/* A handshake may have given way to one that came with it. */
	return after_count < RECORDS_PER_KEY && !offered->half_open;
}

bool
judge_versions_cut_short(const struct record *offered, uint32_t most_ms,
			 const struct record *after, uint32_t after_count)
{
	uint32_t ttl_ms = offered->ttl_ms < most_ms ? offered->ttl_ms : most_ms;

	if (offered->half_open && ttl_ms > RECORD_HALF_OPEN_MS)
		ttl_ms = RECORD_HALF_OPEN_MS;
	for (uint32_t i = 0; i < after_count; i++)
		if (after[i].owner == offered->owner &&
		    is_same(after[i].version, offered->version) &&
		    !after[i].tombstone && !offered->tombstone)
			return after[i].ttl_ms < ttl_ms;
	return false;
}

/* ---- in words ---- */

#define WORDS 64

static const char *
session_of(const struct judge_versions *versions, const struct session_key *key,
	   char words[WORDS], uint32_t *flow)
{
	*flow = workload_find(versions->parts.workload, key);
	if (*flow == WATCH_NONE)
		(void)snprintf(words, WORDS, "a key without a session");
	else
		(void)snprintf(words, WORDS, "session %u", *flow);
	return words;
}

/* "server3's tombstone of 1.500000000-7" */
static const char *
statement_of(const struct judge_versions *versions, const struct record *record,
	     char words[WORDS])
{
	uint32_t servers = servers_count(versions->parts.servers);
	const char *owner =
		record->owner < servers
			? network_device_name(versions->parts.network,
					      record->owner)
			: "a stranger";

	(void)snprintf(words, WORDS, "%s's %s of %" PRId64 ".%09u-%u", owner,
		       record->tombstone   ? "tombstone"
		       : record->half_open ? "half-open record"
					   : "record",
		       record->version.established_ns / NS_PER_S,
		       (unsigned)(record->version.established_ns % NS_PER_S),
		       record->version.sequence);
	return words;
}

static void
say(struct judge_versions *versions, struct instant now, enum violation kind,
    uint32_t server, const struct session_key *key, const struct record *before,
    const struct record *after, uint32_t after_count)
{
	char session[WORDS], had[WORDS], has[WORDS] = "nothing";
	uint32_t flow;

	session_of(versions, key, session, &flow);
	for (uint32_t i = 0; i < after_count; i++)
		if (i == 0 || after[i].owner == before->owner)
			statement_of(versions, &after[i], has);
	verdict(versions->parts.verdicts, kind, now, server, flow,
		"%s had, or was sent, %s of %s, and keeps %s",
		network_device_name(versions->parts.network, server),
		statement_of(versions, before, had), session, has);
}

/* ---- around a message ---- */

static uint32_t
sender_of(const struct judge_versions *versions, const struct packet *packet)
{
	const struct endpoint from = { packet->src, packet->src_port };

	return endpoints_find(versions->tables.parts->endpoints, &from);
}

static struct record
offered_by(const struct judge_versions *versions,
	   const struct message_item *item)
{
	const struct message_record *record = &item->records[0];
	struct record offered = {
		.version = record->version,
		.owner = endpoints_find(versions->tables.parts->endpoints,
					&record->owner),
		.ttl_ms = record->ttl_ms,
		.tombstone = record->tombstone,
		.half_open = record->half_open,
	};

	/* Whom nobody knows may not have found a place among endpoints. */
	if (offered.owner == ENDPOINT_NONE)
		offered.ttl_ms = 0;
	return offered;
}

/* Does the owner of a statement still own what that is about? */
static bool
is_owned(const struct judge_versions *versions, const struct session_key *key,
	 const struct record *record)
{
	struct version version;

	if (record->owner >= servers_count(versions->parts.servers))
		return false;
	struct server_view owner =
		servers_view(versions->parts.servers, record->owner);
	return owner.runs && node_owns(owner.node, key, &version) &&
	       !is_newer(version, record->version);
}

/* Who says that a session has ended: in its tombstone's name, whoever passes it
 * on, once it has said so itself. */
static uint32_t
speaker_of(const struct judge_versions *versions, const struct session_key *key,
	   const struct record *offered, uint32_t sender)
{
	return is_owned(versions, key, offered) ? sender : offered->owner;
}

static void
remember(struct judge_versions *versions, struct instant now, uint32_t sender,
	 struct message_reader *reader)
{
	bool store = reader->header.type == MESSAGE_STORE;
	struct message_item item;

	while (message_next(reader, &item)) {
		struct known *known = &versions->known[versions->known_count++];

		known->key = item.key;
		known->offered = (struct record){ .ttl_ms = 0 };
		known->conditional =
			store && reader->header.flags & MESSAGE_CONDITIONAL;
		if (store)
			known->offered = offered_by(versions, &item);
		known->remover = ENDPOINT_NONE;
		if (!store)
			known->remover = sender;
		else if (known->offered.tombstone)
			known->remover = speaker_of(versions, &item.key,
						    &known->offered, sender);
		known->count =
			store_peek(versions->tables.parts->store, now,
				   versions->server, &item.key, known->records);
	}
}

/* Is it a message to a node that will read it now? Then its payload. */
static const uint8_t *
message_of(const struct judge_versions *versions, uint32_t device,
	   const uint8_t *bytes, uint32_t size, struct packet *packet,
	   uint32_t *message_bytes)
{
	const struct judge_parts *parts = &versions->parts;

	if (!versions->at_once || device >= servers_count(parts->servers) ||
	    packet_parse(bytes, size, packet) != DROP_NONE ||
	    !packet->transport || packet->protocol != IP_UDP ||
	    packet->dst_port != SERVER_AGENT_PORT || packet->mf ||
	    packet->payload_bytes < MESSAGE_SEAL_BYTES ||
	    !packet_checksum_ok(bytes, packet))
		return NULL;
	struct server_view view = servers_view(parts->servers, device);
	struct address own =
		network_host_address(parts->network, device, packet->family);
	if (!view.runs || !address_equal(&packet->dst, &own))
		return NULL;
	*message_bytes = packet->payload_bytes - MESSAGE_SEAL_BYTES;
	return bytes + packet->payload_offset;
}

void
judge_versions_before(struct judge_versions *versions, struct instant now,
		      uint32_t device, const uint8_t *bytes, uint32_t size)
{
	const struct store *store = versions->tables.parts->store;
	struct message_reader reader;
	struct packet packet;
	uint32_t message_bytes;
	const uint8_t *message = message_of(versions, device, bytes, size,
					    &packet, &message_bytes);

	versions->known_count = 0;
	if (message == NULL ||
	    message_open(&reader, message, message_bytes) != DROP_NONE ||
	    (reader.header.type != MESSAGE_STORE &&
	     reader.header.type != MESSAGE_REMOVE))
		return;
	versions->server = device;
	versions->room = store_count(store) + reader.header.count <=
				 store_capacity(store) &&
			 packet.src_port != 0 &&
			 !address_equal(&packet.src, &packet.dst);
	remember(versions, now, sender_of(versions, &packet), &reader);
}

static uint32_t
record_ttl_ms(const struct judge_versions *versions)
{
	int64_t ttl_ms =
		versions->parts.settings->dht.node.record_ttl_ns / NS_PER_MS;

	return ttl_ms < UINT32_MAX ? (uint32_t)ttl_ms : UINT32_MAX;
}

/* Does the server know as many closer ones as there are to be replicas? */
static bool
is_elsewhere(const struct judge_versions *versions,
	     const struct session_key *key)
{
	struct server_view view =
		servers_view(versions->parts.servers, versions->server);
	uint64_t position = position_of_session(
		endpoints_placement(versions->tables.parts->endpoints), key);

	return table_closer_count(node_table(view.node), position) >=
	       versions->parts.settings->dht.node.replicas;
}

/* Who said in this message that the session of a statement has ended? One may
 * have several items of a key, each about another owner's. */
static uint32_t
remover_of(const struct judge_versions *versions, const struct known *known,
	   const struct record *before)
{
	for (uint32_t i = 0; i < versions->known_count; i++)
		if (versions->known[i].remover == before->owner &&
		    session_equal(&versions->known[i].key, &known->key))
			return before->owner;
	return known->remover;
}

/* A handshake may have given way to one that stood before in the message, or to
 * anything where all is full; then an older one of its owner's, which has come
 * with that, was news. */
static bool
gave_way(const struct judge_versions *versions, const struct known *known,
	 const struct record *before, const struct record *after,
	 uint32_t after_count)
{
	bool other = false, returned = false;

	for (const struct known *item = versions->known; item < known; item++)
		other = other || item->offered.half_open || !versions->room;
	for (uint32_t i = 0; i < after_count; i++)
		returned = returned ||
			   (after[i].owner == before->owner &&
			    after[i].half_open &&
			    is_same(after[i].version, known->offered.version));
	return before->half_open && other && returned;
}

/* A message's others took its place: what comes of that owner's is news again,
 * though it be a record that had ended. */
static void
let_go(struct judge_versions *versions, const struct session_key *key,
       const struct record *record)
{
	for (uint32_t i = 0; i < versions->kept_count; i++) {
		const struct store_statement *statement =
			&versions->kept[i].statement;

		if (statement->holder == versions->server &&
		    statement->record.owner == record->owner &&
		    session_equal(&statement->key, key)) {
			versions->kept[i] =
				versions->kept[--versions->kept_count];
			return;
		}
	}
}

static bool
is_there(const struct record *record, const struct record *after,
	 uint32_t after_count)
{
	uint32_t i = 0;

	while (i < after_count && after[i].owner != record->owner)
		i++;
	return i < after_count;
}

static void
compare(struct judge_versions *versions, struct instant now,
	const struct known *known)
{
	struct record after[RECORDS_PER_KEY];
	uint32_t server = versions->server;
	uint32_t count = store_peek(versions->tables.parts->store, now, server,
				    &known->key, after);

	for (uint32_t i = 0; i < known->count; i++) {
		enum violation kind = judge_versions_given_up(
			&known->records[i], after, count,
			remover_of(versions, known, &known->records[i]));
		if (kind != VIOLATIONS &&
		    !gave_way(versions, known, &known->records[i], after,
			      count))
			say(versions, now, kind, server, &known->key,
			    &known->records[i], after, count);
		if (!is_there(&known->records[i], after, count))
			let_go(versions, &known->key, &known->records[i]);
	}
	if (known->conditional && is_elsewhere(versions, &known->key))
		return;
	if (versions->room && known->offered.ttl_ms > 0 &&
	    judge_versions_refused(&known->offered, after, count))
		say(versions, now, VIOLATION_OLDER_VERSION, server, &known->key,
		    &known->offered, after, count);
	if (judge_versions_cut_short(&known->offered, record_ttl_ms(versions),
				     after, count))
		say(versions, now, VIOLATION_LOST_RECORD, server, &known->key,
		    &known->offered, after, count);
}

void
judge_versions_after(struct judge_versions *versions, struct instant now)
{
	for (uint32_t i = 0; i < versions->known_count; i++)
		compare(versions, now, &versions->known[i]);
	versions->known_count = 0;
}

/* ---- over all that is stored ---- */

/* Since the last look more than one thing may have happened. What took the
 * place of another was a record then, though its owner may have ended it; so
 * may it have been itself, unless its owner still has it, and any record takes
 * a tombstone's place. And of what was removed nothing is left when its
 * tombstone is over, too, or when a handshake of its owner's took its place and
 * gave way. So may have any handshake, in a flood, and an older one of its
 * owner's come back from a replica that still had it; so may have a tombstone,
 * where messages are read later, and nobody saw what took its place. */
static void
compare_kept(struct judge_versions *versions, struct instant now,
	     const struct kept *kept)
{
	const struct store_statement *statement = &kept->statement;
	struct server_view holder =
		servers_view(versions->parts.servers, statement->holder);
	struct record before = statement->record;
	struct record after[RECORDS_PER_KEY];
	bool brief = instant_distance_ns(versions->looked, now) >=
		     versions->parts.settings->dht.node.tombstone_ns;
	bool speaks = false; /* its owner */
	bool returned = false; /* one of its owner's, after it had gone */

	if (!instant_before(now, statement->expiry) || !holder.runs ||
	    holder.incarnation != kept->incarnation)
		return;
	uint32_t count = store_peek(versions->tables.parts->store, now,
				    statement->holder, &statement->key, after);
	for (uint32_t i = 0; i < count; i++)
		if (after[i].owner == before.owner) {
			speaks = true;
			returned = before.tombstone
					   ? !versions->at_once &&
						     is_same(before.version,
							     after[i].version)
					   : before.half_open &&
						     after[i].half_open;
		} else {
			after[i].tombstone = after[i].half_open = false;
		}
	if (returned || is_crowded_out(&before, after, count))
		return;
	bool ended = !speaks &&
		     !is_owned(versions, &statement->key, &statement->record);
	if (ended)
		before.tombstone = true;
	enum violation kind =
		judge_versions_given_up(&before, after, count, ENDPOINT_NONE);
	if (kind == VIOLATION_OLDER_VERSION ||
	    (kind == VIOLATION_LOST_RECORD && !brief && !ended))
		say(versions, now, kind, statement->holder, &statement->key,
		    &statement->record, after, count);
}

static void
keep(struct judge_versions *versions, const struct store_statement *statement)
{
	if (versions->kept_count == versions->kept_capacity) {
		uint32_t capacity = 2 * versions->kept_capacity + 256;

		versions->kept = realloc(versions->kept,
					 capacity * sizeof(*versions->kept));
		if (versions->kept == NULL)
			abort();
		versions->kept_capacity = capacity;
	}
	versions->kept[versions->kept_count++] = (struct kept){
		.statement = *statement,
		.incarnation =
			servers_view(versions->parts.servers, statement->holder)
				.incarnation,
	};
}

uint32_t
judge_versions_look(struct judge_versions *versions, struct instant now)
{
	struct store_statement statement;
	uint32_t cursor = 0;

	for (uint32_t i = 0; i < versions->kept_count; i++)
		compare_kept(versions, now, &versions->kept[i]);
	versions->kept_count = 0;
	versions->looked = now;
	while (store_next(versions->tables.parts->store, &cursor, &statement)) {
		if (!instant_before(now, statement.expiry))
			continue;
		if (statement.record.tombstone &&
		    is_owned(versions, &statement.key, &statement.record))
			say(versions, now, VIOLATION_FOREIGN_TOMBSTONE,
			    statement.holder, &statement.key, &statement.record,
			    &statement.record, 1);
		keep(versions, &statement);
	}
	return versions->kept_count;
}

/* ---- beginning and end ---- */

struct judge_versions *
judge_versions_create(const struct judge_parts *parts)
{
	struct judge_versions *versions = calloc(1, sizeof(*versions));
	const struct service_settings *service = &parts->settings->service;

	if (versions == NULL)
		abort();
	versions->parts = *parts;
	versions->tables = servers_tables(parts->servers);
	versions->at_once = service->wakeup.high_ns == 0 &&
			    service->processing.high_ns == 0;
	versions->known = calloc(MESSAGE_ITEMS_MAX, sizeof(*versions->known));
	if (versions->known == NULL)
		abort();
	return versions;
}

void
judge_versions_destroy(struct judge_versions *versions)
{
	if (versions == NULL)
		return;
	free(versions->known);
	free(versions->kept);
	free(versions);
}
