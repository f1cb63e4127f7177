/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verb.c - the verb `replay`: what the options mean
 *
 *	homeward replay [--move-at PACKET|TIME] [--move HOW] [--servers N]
 *			[--homeward on|off] [--routing at-once|lab] ...
 *			CAPTURE
 *	homeward replay --decode [--secret FILE] [--json] CAPTURE
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/instant.h"
#include "harness/base/exit.h"
#include "harness/base/options.h"
#include "harness/db/db.h"
#include "harness/replay/decode.h"
#include "harness/replay/replay.h"
#include "live/conf/units.h"

/* "12": a record; "1.5s", "200ms", "30us", "5ns": a time. */
static int
when_take(const struct verb *verb, const struct verb_option *option,
	  const char *text, void *member)
{
	static const struct unit times[] = {
		{ "ns", 1 },	   { "us", NS_PER_US }, { "ms", NS_PER_MS },
		{ "s", NS_PER_S }, { NULL, 0 },
	};
	static const struct units units = { times, true };
	struct replay_settings *settings = member;
	int64_t value;

	if (text[strspn(text, "0123456789.")] == '\0') {
		settings->when = REPLAY_AT_RECORD;
		return options_number(verb, option, text, &settings->record);
	}
	if (units_read(&units, text, &value) != UNITS_OK ||
	    value > INT64_MAX / 4)
		return usage_say(verb,
				 "--move-at takes a record's number or a time "
				 "like 200ms, not '%s'",
				 text);
	settings->when = REPLAY_AT_TIME;
	settings->at_ns = value;
	return 0;
}

static const struct {
	const char *name;
	enum replay_move move;
} moves[] = {
	{ "drain", REPLAY_DRAIN },
	{ "scale-out", REPLAY_SCALE_OUT },
	{ "none", REPLAY_STAY },
};
#define MOVES (sizeof(moves) / sizeof(moves[0]))

static const char *
move_word(size_t index)
{
	return index < MOVES ? moves[index].name : NULL;
}

static int
move_take(const struct verb *verb, const struct verb_option *option,
	  const char *text, void *member)
{
	struct replay_settings *settings = member;

	(void)verb;
	(void)option;
	for (size_t i = 0; i < MOVES; i++)
		if (strcmp(text, moves[i].name) == 0) {
			settings->move = moves[i].move;
			return 0;
		}
	/* The network knows whether there is such a link. */
	settings->move = REPLAY_CUT;
	settings->link = text;
	return 0;
}

struct wish {
	struct replay_settings settings;
	uint64_t servers, mtu_bytes;
	unsigned off, lab; /* choices */
	const char *db, *secret;
	bool json, decode;
};

static const struct verb_option options[] = {
	{ "move-at", "PACKET|TIME",
	  "before that record, 12; or a time since the first: 1.5s, 200ms, "
	  "30us (half of the records)",
	  when_take, .at = offsetof(struct wish, settings), .low = 1,
	  .high = INT64_MAX },
	{ "move", "HOW",
	  "drain: servers 2 and up announce, server 1 withdraws (the default); "
	  "scale-out: without the latter; LINK, like leaf1-server1: all "
	  "announce, the link is cut; none",
	  move_take, .at = offsetof(struct wish, settings), .word = move_word },
	{ "homeward", "on|off", "off: plain kernels, for the control",
	  options_choice, .at = offsetof(struct wish, off) },
	{ "servers", "N", "2 to 1024 (4)", options_number,
	  .at = offsetof(struct wish, servers), .low = 2,
	  .high = REPLAY_SERVERS_MAX },
	{ "routing", "at-once|lab",
	  "at once (the default), or as slow as the lab", options_choice,
	  .at = offsetof(struct wish, lab) },
	{ "mtu", "N", "of all links (what the capture needs)", options_number,
	  .at = offsetof(struct wish, mtu_bytes), .low = REPLAY_MTU_MIN,
	  .high = REPLAY_MTU_MAX },
	{ "seed", "N", "of addresses' positions and hashes (1)", options_number,
	  .at = offsetof(struct wish, settings.seed), .low = 0,
	  .high = INT64_MAX },
	{ "out", "DIR", "write captures (pcap) of every port there",
	  options_text, .at = offsetof(struct wish, settings.out),
	  .kind = USAGE_FOLDER },
	{ "db", "FILE", "add a run to this database", options_text,
	  .at = offsetof(struct wish, db), .kind = USAGE_FILE },
	{ "decode", NULL, "play nothing; print our own datagrams, a line each",
	  options_flag, .at = offsetof(struct wish, decode),
	  .form = USAGE_HEAD },
	{ "secret", "FILE", "the cluster's, to open them and check their tags",
	  options_text, .at = offsetof(struct wish, secret),
	  .form = USAGE_SECOND, .kind = USAGE_FILE },
	{ "json", NULL, "print it as JSON", options_flag,
	  .at = offsetof(struct wish, json), .form = USAGE_BOTH },
	{ 0 },
};

static int
replay_run(int argc, char **argv)
{
	struct wish wish = {
		.settings = { .seed = 1 },
		.servers = 4,
	};
	int count = options_read(&verb_replay, argc, argv, &wish);
	struct replay *replay;
	int code;

	if (count < 0)
		return -count;
	if (wish.decode)
		return decode_capture(argv[argc - count], wish.secret,
				      wish.json);
	wish.settings.path = argv[argc - count];
	wish.settings.servers = (uint32_t)wish.servers;
	wish.settings.mtu_bytes = (uint32_t)wish.mtu_bytes;
	wish.settings.homeward = wish.off == 0;
	wish.settings.lab_routing = wish.lab != 0;
	code = replay_play(&replay, &wish.settings);
	if (replay == NULL)
		return code;
	if (replay_print(replay, wish.json) != 0)
		code = EXIT_RUNTIME;
	if (wish.db != NULL && replay_store(replay, wish.db) != 0)
		code = EXIT_RUNTIME;
	replay_destroy(replay);
	return code;
}

const struct verb verb_replay = {
	.name = "replay",
	.summary = "push a capture's sessions through the core",
	.run = replay_run,
	.options = options,
	.operands = "CAPTURE",
	.noun = "capture",
	.least = 1,
	.most = 1,
	.kind = USAGE_FILE,
	.notes = "A capture is any file that libpcap opens. Exit 3 when it "
		 "breaks off;\nwhat came before that was played.\n",
};
