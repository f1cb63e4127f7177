/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c - a replay as a run of the database
 *
 * Scenario "replay:NAME", world "sim". Flows are the capture's sessions, from
 * 0; times count from the first record. The database's outcomes are those of
 * sessions that someone waits for: what is "lost" or, without a RST, "unowned"
 * here is a timeout there. Ambiguous sessions were not played and have no row.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/run_writer.h"
#include "harness/replay/replay_state.h"

static struct instant
instant_or_never(int64_t ns)
{
	return ns == REPLAY_STATE_NEVER ? INSTANT_NEVER
					: (struct instant){ .ns = ns };
}

static enum outcome
outcome_of(const struct replay *replay, uint32_t index)
{
	const char *outcome = replay_state_outcome(replay, index);

	if (strcmp(outcome, "closed") == 0)
		return OUTCOME_CLOSED;
	if (strcmp(outcome, "kept") == 0)
		return OUTCOME_KEPT;
	if (strcmp(outcome, "lost") != 0 && replay->states[index].resets > 0)
		return OUTCOME_RESET;
	return OUTCOME_TIMEOUT;
}

static void
rows_fill(const struct replay *replay, const struct watch *watch)
{
	for (uint32_t i = 0; i < replay->measurement_count; i++)
		watch->measurement(watch->context, &replay->measurements[i]);
	for (uint32_t i = 0; i < conversations_count(replay->conversations);
	     i++) {
		const struct conversation *conversation =
			conversations_get(replay->conversations, i);
		const struct conversation_state *state = &replay->states[i];
		const struct watch_session session = {
			.flow = i,
			.owner = conversation->owner,
			.opened = instant_or_never(state->opened_ns),
			.closed = instant_or_never(state->closed_ns),
			.bytes = state->bytes,
			.strays = state->strayed,
			.stall_ns = -1,
			.outcome = outcome_of(replay, i),
		};

		if (!conversation->ambiguous)
			watch->session(watch->context, &session);
	}
	for (uint32_t i = 0; i < replay->fault_count; i++)
		watch->fault(watch->context,
			     (struct instant){ .ns = replay->moved_ns },
			     replay->faults[i].kind, replay->faults[i].target);
	for (uint32_t i = 0; i < replay->counter_count; i++)
		watch->counter(watch->context, replay->counters[i].node,
			       replay->counters[i].name,
			       replay->counters[i].value);
}

/* Where it was moved, as --move-at takes it. */
static void
when_text(const struct replay_settings *asked, char *text, size_t size)
{
	if (asked->when == REPLAY_AT_RECORD)
		snprintf(text, size, "%" PRIu64, asked->record);
	else if (asked->when == REPLAY_AT_TIME)
		snprintf(text, size, "%" PRId64 "ns", asked->at_ns);
	else
		snprintf(text, size, "half");
}

static void
scenario_dump_text(const struct replay *replay, char *text, size_t size)
{
	const struct replay_settings *asked = &replay->asked;
	static const char *const moves[] = {
		[REPLAY_DRAIN] = "drain",
		[REPLAY_SCALE_OUT] = "scale-out",
		[REPLAY_STAY] = "none",
	};
	char when[32];

	when_text(asked, when, sizeof(when));
	snprintf(text, size,
		 "replay:\n  capture: %s\n  move: %s\n  move_at: %s\n"
		 "  mtu_bytes: %u\n  routing: %s\n"
		 "seed: %" PRIu64 "\nfabric:\n  servers: %u\n"
		 "service:\n  homeward: %s\n  family: %u\n",
		 asked->path,
		 asked->move == REPLAY_CUT ? asked->link : moves[asked->move],
		 when, asked->mtu_bytes, asked->lab_routing ? "lab" : "at-once",
		 asked->seed, replay->server_count,
		 asked->homeward ? "on" : "off", replay->family);
}

int
replay_store(struct replay *replay, const char *path)
{
	char resolved[8192], scenario[300];
	const char *slash = strrchr(replay->asked.path, '/');
	struct rusage usage;
	struct run_writer rows;
	sqlite3 *db;
	int64_t last;
	int code;

	snprintf(scenario, sizeof(scenario), "replay:%s",
		 slash != NULL ? slash + 1 : replay->asked.path);
	scenario_dump_text(replay, resolved, sizeof(resolved));
	if (db_open(&db, path, DB_WRITE) != 0)
		return EXIT_RUNTIME;
	(void)getrusage(RUSAGE_SELF, &usage);
	code = run_writer_open(&rows, db);
	if (code == 0)
		code = run_writer_begin(&rows);
	if (code == 0 &&
	    db_number(db, "SELECT max(id) FROM run", 0, &last) == 0) {
		const struct run_writer_run run = {
			.id = last + 1,
			.scenario = scenario,
			.world = "sim",
			.seed = replay->asked.seed,
			.servers = replay->server_count,
			.point = "{}",
			.started_at = replay->started_at,
			.ok = true,
			.wall_s = replay->wall_s,
			.cpu_s = replay->cpu_s,
			.peak_rss_bytes = (int64_t)usage.ru_maxrss * 1024,
			.events = replay->events,
			.state_hash = replay->state_hash,
			.resolved = resolved,
		};
		const struct watch watch = run_writer_watch(&rows);

		run_writer_run(&rows, &run);
		rows_fill(replay, &watch);
		code = run_writer_commit(&rows);
	} else {
		code = EXIT_RUNTIME;
	}
	run_writer_close(&rows);
	db_close(db);
	return code;
}
