/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.c - what a replay says: tables for people, JSON for programs
 *
 * Both are queries over one small database in memory, so that they cannot
 * disagree. Nothing in it depends on the machine or the time of day: the same
 * capture and options print the same bytes.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/base/json.h"
#include "harness/db/db.h"
#include "harness/db/result.h"
#include "harness/replay/replay_state.h"

/* Why a packet did not reach the owner: a drop's reason, or one of these. */
enum {
	WHY_MISSED = DROP_COUNT, /* held until the lookup was given up */
	WHY_NETWORK, /* lost between hosts: see drops */
	WHY_COUNT
};

static const char tables[] =
	"CREATE TABLE session(number, client, service, packets, syn, owner,"
	" sent, local, strayed, held, forwarded, delivered, lost, why,"
	" why_text, answers, answers_delivered, resets, lookups, found, rounds,"
	" opened_ns, closed_ns, stray_ns, lookup_ns, stray_text, lookup_text,"
	" bytes, outcome);"
	"CREATE TABLE dropped(number, reason, text, capture, servers, network);"
	"CREATE TABLE fact(key PRIMARY KEY, value)";

/* ---- filling ---- */

/* One letter a value, for ?1 on: i int64_t, t text (NULL allowed), n a time
 * since the first record that may be REPLAY_STATE_NEVER. */
static void
row_bind(sqlite3_stmt *statement, const char *format, ...)
{
	va_list values;
	int index = 1;

	va_start(values, format);
	for (const char *f = format; *f != '\0'; f++, index++) {
		int64_t value;

		if (*f == 't') {
			sqlite3_bind_text(statement, index,
					  va_arg(values, const char *), -1,
					  SQLITE_TRANSIENT);
			continue;
		}
		value = va_arg(values, int64_t);
		if (*f == 'n' && value == REPLAY_STATE_NEVER)
			sqlite3_bind_null(statement, index);
		else
			sqlite3_bind_int64(statement, index, value);
	}
	va_end(values);
}

static int
step(sqlite3_stmt *statement)
{
	int code = db_step(statement) == 0 ? 0 : EXIT_RUNTIME;

	sqlite3_reset(statement);
	return code;
}

static void
end_text(char *text, size_t size, uint8_t family, const uint8_t *address,
	 const uint8_t port[2])
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(family == 4 ? AF_INET : AF_INET6, address, host,
		  sizeof(host));
	snprintf(text, size, family == 4 ? "%s:%u" : "[%s]:%u", host,
		 (unsigned)(port[0] << 8 | port[1]));
}

static const char *
why_name(int why)
{
	return why == WHY_MISSED    ? "missed"
	       : why == WHY_NETWORK ? "network"
				    : drop_name((enum drop)why);
}

/* {"missed":3} and "3 missed"; `size` bytes each. */
static void
why_say(const uint32_t *why, char *object, char *text, size_t size)
{
	FILE *file = fmemopen(object, size, "w");
	struct json json = json_begin(file, JSON_COMPACT);
	size_t used = 0;

	if (file == NULL)
		abort();
	json_object(&json, NULL);
	text[0] = '\0';
	for (int i = 0; i < WHY_COUNT; i++) {
		if (why[i] == 0)
			continue;
		json_uint(&json, why_name(i), why[i]);
		used += (size_t)snprintf(text + used, size - used, "%s%u %s",
					 used > 0 ? ", " : "", why[i],
					 why_name(i));
	}
	json_end(&json);
	json_finish(&json);
	(void)fclose(file);
}

static void
why_count(struct replay *replay, uint32_t (*why)[WHY_COUNT])
{
	for (uint32_t i = 0; i < deliveries_count(replay->deliveries); i++) {
		const struct delivery *delivery =
			deliveries_get(replay->deliveries, i);

		if (!delivery->to_server)
			continue;
		if (delivery->state == DELIVERY_DROPPED)
			why[delivery->conversation][delivery->drop]++;
		else if (delivery->state == DELIVERY_HELD)
			why[delivery->conversation][WHY_MISSED]++;
		else if (delivery->state == DELIVERY_SENT ||
			 delivery->state == DELIVERY_FORWARDED)
			why[delivery->conversation][WHY_NETWORK]++;
	}
}

static const char *
since_text(char text[RESULT_TIME], int64_t ns)
{
	if (ns == REPLAY_STATE_NEVER)
		return "-";
	return result_time(text, (double)ns);
}

static int
session_fill(struct replay *replay, sqlite3_stmt *insert, uint32_t index,
	     const uint32_t *why)
{
	const struct conversation *d =
		conversations_get(replay->conversations, index);
	const struct conversation_state *s = &replay->states[index];
	bool owned = d->owner != CONVERSATION_UNOWNED;
	char client[64], service[64], json[1024], text[1024];
	char stray[RESULT_TIME], lookup[RESULT_TIME];

	end_text(client, sizeof(client), d->key.family, d->key.client,
		 d->key.client_port);
	end_text(service, sizeof(service), d->key.family, d->key.service,
		 d->key.service_port);
	why_say(why, json, text, sizeof(json));
	row_bind(insert, "ittiitiiiiiiittiiiiiinnnnttit", (int64_t)index + 1,
		 client, service, (int64_t)d->packets, (int64_t)d->syn,
		 owned ? network_device_name(replay->network, d->owner) : NULL,
		 (int64_t)s->sent, (int64_t)s->local, (int64_t)s->strayed,
		 (int64_t)s->held, (int64_t)s->forwarded, (int64_t)s->delivered,
		 (int64_t)s->sent - s->delivered, json, text,
		 (int64_t)s->answers, (int64_t)s->answers_delivered,
		 (int64_t)s->resets, (int64_t)s->lookups,
		 (int64_t)s->lookup_found, (int64_t)s->hops, s->opened_ns,
		 s->closed_ns, s->stray_ns, s->lookup_ns,
		 since_text(stray, s->stray_ns),
		 since_text(lookup, s->lookup_ns), (int64_t)s->bytes,
		 replay_state_outcome(replay, index));
	return step(insert);
}

static int
sessions_fill(struct replay *replay, sqlite3 *db)
{
	uint32_t count = conversations_count(replay->conversations);
	uint32_t(*why)[WHY_COUNT] = calloc((size_t)count + 1, sizeof(*why));
	sqlite3_stmt *insert = db_prepare(
		db, "INSERT INTO session VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
		    "?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	int code = insert == NULL ? EXIT_RUNTIME : 0;

	if (why == NULL)
		abort();
	why_count(replay, why);
	for (uint32_t i = 0; code == 0 && i < count; i++)
		code = session_fill(replay, insert, i, why[i]);
	sqlite3_finalize(insert);
	free(why);
	return code;
}

static int
drops_fill(struct replay *replay, sqlite3 *db)
{
	sqlite3_stmt *insert =
		db_prepare(db, "INSERT INTO dropped VALUES(?,?,?,?,?,?)");
	int code = insert == NULL ? EXIT_RUNTIME : 0;

	for (int i = 1; code == 0 && i < DROP_COUNT; i++) {
		if (replay->left_out[i] + replay->server_drops[i] +
			    replay->network_drops[i] ==
		    0)
			continue;
		row_bind(insert, "ittiii", (int64_t)i, drop_name((enum drop)i),
			 drop_text((enum drop)i), (int64_t)replay->left_out[i],
			 (int64_t)replay->server_drops[i],
			 (int64_t)replay->network_drops[i]);
		code = step(insert);
	}
	sqlite3_finalize(insert);
	return code;
}

static const char *
move_name(const struct replay *replay)
{
	switch (replay->asked.move) {
	case REPLAY_DRAIN:
		return "drain";
	case REPLAY_SCALE_OUT:
		return "scale-out";
	case REPLAY_CUT:
		return "cut";
	default:
		return "none";
	}
}

static const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int
facts_fill(struct replay *replay, sqlite3 *db)
{
	const struct replay_settings *asked = &replay->asked;
	uint64_t left_out = 0;
	sqlite3_stmt *insert = db_prepare(db, "INSERT INTO fact VALUES(?1,?2)");
	int code = insert == NULL ? EXIT_RUNTIME : 0;

	for (int i = 1; i < DROP_COUNT; i++)
		left_out += replay->left_out[i];
	const struct {
		const char *key, *text;
		int64_t value;
	} facts[] = {
		{ "name", file_name(asked->path), 0 },
		{ "broken", replay->broken[0] ? replay->broken : NULL, 0 },
		{ "records", "", deliveries_count(replay->deliveries) },
		{ "tcp", "", (int64_t)replay->tcp },
		{ "left_out", "", (int64_t)left_out },
		{ "ambiguous", "", (int64_t)replay->ambiguous },
		{ "filled", "", (int64_t)replay->filled },
		{ "services", "", replay->service_count },
		{ "length_ns", "", replay->pace.now_ns },
		{ "backwards", "", (int64_t)replay->pace.backwards },
		{ "gaps", "", (int64_t)replay->pace.gaps },
		{ "servers", "", replay->server_count },
		{ "mtu_bytes", "", asked->mtu_bytes },
		{ "seed", "", (int64_t)asked->seed },
		{ "family", "", replay->family },
		{ "homeward", asked->homeward ? "on" : "off", 0 },
		{ "routing", asked->lab_routing ? "lab" : "at-once", 0 },
		{ "move", move_name(replay), 0 },
		{ "link", asked->link, 0 },
		{ "moved_ns", replay->moved ? "" : NULL, replay->moved_ns },
		{ "first_stray_ns",
		  replay->first_stray_ns != REPLAY_STATE_NEVER ? "" : NULL,
		  replay->first_stray_ns },
		{ "lifted", "", (int64_t)replay->lifted },
		{ "altered", "", (int64_t)replay->altered },
		{ "duplicates", "", (int64_t)replay->duplicates },
		{ "resets_sent", "", (int64_t)replay->server_agents->answers },
		{ "errors_client", "", (int64_t)replay->errors_client },
	};
	for (size_t i = 0; code == 0 && i < sizeof(facts) / sizeof(*facts);
	     i++) {
		bool number = facts[i].text != NULL && facts[i].text[0] == '\0';

		if (number)
			row_bind(insert, "ti", facts[i].key, facts[i].value);
		else
			row_bind(insert, "tt", facts[i].key, facts[i].text);
		code = step(insert);
	}
	sqlite3_finalize(insert);
	return code;
}

/* ---- saying ---- */

static const char *
plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void
head_print(const struct replay *replay)
{
	char length[RESULT_TIME], moved[RESULT_TIME];
	uint32_t records = deliveries_count(replay->deliveries);
	uint32_t sessions = conversations_count(replay->conversations);

	printf("%s: %u record%s, %s\n", file_name(replay->asked.path), records,
	       plural(records),
	       result_time(length, (double)replay->pace.now_ns));
	if (replay->broken[0] != '\0')
		printf("  broken %s\n", replay->broken);
	printf("  %" PRIu64 " in %u TCP session%s; left out %" PRIu64
	       ", ambiguous %" PRIu64 "\n",
	       replay->tcp, sessions, plural(sessions), records - replay->tcp,
	       replay->ambiguous);
	if (replay->filled > 0)
		printf("  %" PRIu64 " were cut by the snapshot length: zeros "
		       "for the missing bytes\n",
		       replay->filled);
	if (replay->lifted > 0)
		printf("  %" PRIu64 " had too few hops to live and were given "
		       "more\n",
		       replay->lifted);
	if (replay->pace.backwards + replay->pace.gaps > 0)
		printf("  time stamps: %" PRIu64 " backwards, %" PRIu64
		       " gaps cut to ten minutes\n",
		       replay->pace.backwards, replay->pace.gaps);
	printf("  %u servers (IPv%u), MTU %u, routing %s, Homeward %s, "
	       "seed %" PRIu64 "\n",
	       replay->server_count, replay->family, replay->asked.mtu_bytes,
	       replay->asked.lab_routing ? "as in the lab" : "at once",
	       replay->asked.homeward ? "on" : "off", replay->asked.seed);
	if (!replay->moved) {
		printf("  nothing was moved\n");
		return;
	}
	printf("  moved at %s: ", result_time(moved, (double)replay->moved_ns));
	if (replay->asked.move == REPLAY_CUT)
		printf("link %s is cut\n", replay->asked.link);
	else
		printf("servers 2 to %u announce the service%s\n",
		       replay->server_count,
		       replay->asked.move == REPLAY_DRAIN
			       ? ", server 1 withdraws"
			       : "");
}

static int
print_query(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = db_prepare(db, sql);

	if (statement == NULL)
		return EXIT_RUNTIME;
	putchar('\n');
	return result_print(statement, stdout, RESULT_TEXT, NULL);
}

static void
tail_print(const struct replay *replay)
{
	uint32_t unowned = 0;

	for (uint32_t i = 0; i < conversations_count(replay->conversations);
	     i++) {
		const struct conversation *conversation =
			conversations_get(replay->conversations, i);

		unowned += !conversation->syn && !conversation->ambiguous;
	}
	if (unowned > 0)
		printf("\n%u session%s begin%s in the middle (no SYN in the "
		       "capture): no server opened %s,\nso every packet "
		       "strays; "
		       "the lookup misses and the client is told by a RST.\n",
		       unowned, plural(unowned), unowned == 1 ? "s" : "",
		       unowned == 1 ? "it" : "them");
	printf("\naltered %" PRIu64 ", duplicated %" PRIu64
	       ", resets sent %" PRIu64 ", ICMP errors to clients %" PRIu64
	       "\n",
	       replay->altered, replay->duplicates,
	       replay->server_agents->answers, replay->errors_client);
}

static int
print_text(struct replay *replay, sqlite3 *db)
{
	head_print(replay);
	if (conversations_count(replay->conversations) > 0 &&
	    (print_query(db,
			 "SELECT number AS \"#\", client, service, packets,"
			 " sent, local, strayed, held, forwarded, delivered,"
			 " lost, resets, stray_text AS \"first stray\","
			 " lookup_text AS lookup,"
			 " iif(lookups > 0, rounds, '-') AS rounds, outcome,"
			 " why_text AS \"lost to\""
			 " FROM session ORDER BY number") != 0 ||
	     print_query(db,
			 "SELECT outcome, count(*) AS sessions,"
			 " sum(packets) AS packets, sum(sent) AS sent,"
			 " sum(local) AS local, sum(strayed) AS strayed,"
			 " sum(held) AS held, sum(forwarded) AS forwarded,"
			 " sum(delivered) AS delivered, sum(lost) AS lost,"
			 " sum(answers) AS answers,"
			 " sum(answers_delivered) AS \"at client\","
			 " sum(resets) AS resets FROM session GROUP BY outcome"
			 " UNION ALL SELECT 'all', count(*), sum(packets),"
			 " sum(sent), sum(local), sum(strayed), sum(held),"
			 " sum(forwarded), sum(delivered), sum(lost),"
			 " sum(answers), sum(answers_delivered), sum(resets)"
			 " FROM session") != 0))
		return EXIT_RUNTIME;
	int64_t drops;
	if (db_number(db, "SELECT count(*) FROM dropped", 0, &drops) != 0 ||
	    (drops > 0 &&
	     print_query(db, "SELECT reason, text AS meaning,"
			     " capture AS \"left out\", servers, network"
			     " FROM dropped ORDER BY number") != 0))
		return EXIT_RUNTIME;
	tail_print(replay);
	return 0;
}

/* A column that begins with "!" is JSON already. */
static void
column_json(sqlite3_stmt *statement, int column, const char *name,
	    struct json *json)
{
	const char *text;

	if (sqlite3_column_type(statement, column) == SQLITE_INTEGER) {
		json_int(json, name, sqlite3_column_int64(statement, column));
		return;
	}
	text = (const char *)sqlite3_column_text(statement, column);
	if (name[0] == '!')
		json_raw(json, name + 1, text);
	else
		json_text(json, name, text);
}

/* An array of objects, one a row. */
static int
objects_json(sqlite3 *db, const char *sql, const char *name, struct json *json)
{
	sqlite3_stmt *statement = db_prepare(db, sql);
	int row = -1;

	json_array(json, name);
	while (statement != NULL && (row = db_step(statement)) == 1) {
		json_object(json, NULL);
		for (int i = 0; i < sqlite3_column_count(statement); i++)
			column_json(statement, i,
				    sqlite3_column_name(statement, i), json);
		json_end(json);
	}
	json_end(json);
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

/* One object: the first column names, the second is the value. */
static int
members_json(sqlite3 *db, const char *sql, const char *name, struct json *json)
{
	sqlite3_stmt *statement = db_prepare(db, sql);
	int row = -1;

	json_object(json, name);
	while (statement != NULL && (row = db_step(statement)) == 1)
		column_json(statement, 1,
			    (const char *)sqlite3_column_text(statement, 0),
			    json);
	json_end(json);
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

static const char drops_sql[] =
	"SELECT reason, text AS meaning, capture AS left_out, servers, network"
	" FROM dropped ORDER BY number";
static const char sessions_sql[] =
	"SELECT number, client, service, iif(syn, 'true', 'false') AS \"!syn\","
	" owner, packets, sent, local, strayed, held, forwarded, delivered,"
	" lost, why AS \"!lost_to\", answers, answers_delivered, resets,"
	" opened_ns, closed_ns, stray_ns AS first_stray_ns, lookups, lookup_ns,"
	" iif(found, 'true', 'false') AS \"!lookup_found\","
	" iif(lookups > 0, rounds, NULL) AS rounds, bytes, outcome"
	" FROM session ORDER BY number";

static int
print_json(sqlite3 *db)
{
	struct json json = json_begin(stdout, JSON_COMPACT);
	int code;

	json_object(&json, NULL);
	code = members_json(db, "SELECT key, value FROM fact ORDER BY rowid",
			    "replay", &json);
	if (code == 0)
		code = members_json(db,
				    "SELECT outcome, count(*) FROM session"
				    " GROUP BY outcome",
				    "outcomes", &json);
	if (code == 0)
		code = objects_json(db, drops_sql, "drops", &json);
	if (code == 0)
		code = objects_json(db, sessions_sql, "sessions", &json);
	json_end(&json);
	json_newline(&json);
	json_finish(&json);
	return code;
}

int
replay_print(struct replay *replay, bool json)
{
	sqlite3 *db = NULL;
	int code = EXIT_RUNTIME;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
		fprintf(stderr, "homeward replay: %s\n", sqlite3_errmsg(db));
	} else if (db_exec(db, tables) == 0 && db_exec(db, "BEGIN") == 0 &&
		   sessions_fill(replay, db) == 0 &&
		   drops_fill(replay, db) == 0 && facts_fill(replay, db) == 0 &&
		   db_exec(db, "COMMIT") == 0) {
		code = json ? print_json(db) : print_text(replay, db);
	}
	sqlite3_close(db);
	return code;
}
