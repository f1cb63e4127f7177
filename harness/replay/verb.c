/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verb.c - the verb `replay`: what the options mean
 *
 *	homeward replay [--move-at PACKET|TIME] [--move HOW] [--servers N]
 *			[--homeward on|off] [--routing at-once|lab] ...
 *			CAPTURE
 *	homeward replay --decode [--secret FILE] [--json] CAPTURE
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/instant.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/replay/decode.h"
#include "harness/replay/replay.h"
#include "harness/scenario/quantity.h"
#include "harness/verbs.h"

/* A whole number from low to high. */
static int
count_parse(const char *name, const char *option, const char *text,
	    uint64_t low, uint64_t high, uint64_t *value)
{
	if (strchr(text, '.') != NULL ||
	    quantity_parse(text, 1, value) != QUANTITY_OK || *value < low ||
	    *value > high)
		return verb_usage(
			name, "--%s takes %" PRIu64 "..%" PRIu64 ", not '%s'",
			option, low, high, text);
	return 0;
}

/* "12": a record; "1.5s", "200ms", "30us", "5ns": a time. */
static int
when_parse(const char *name, const char *text, struct replay_settings *settings)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", (uint64_t)NS_PER_US },
		{ "ms", (uint64_t)NS_PER_MS },
		{ "s", (uint64_t)NS_PER_S },
	};
	char number[QUANTITY_TEXT];
	size_t digits = strspn(text, "0123456789.");
	uint64_t value;

	if (text[digits] == '\0') {
		settings->when = REPLAY_AT_RECORD;
		return count_parse(name, "move-at", text, 1, INT64_MAX,
				   &settings->record);
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit) != 0 ||
		    digits >= sizeof(number))
			continue;
		memcpy(number, text, digits);
		number[digits] = '\0';
		if (quantity_parse(number, units[i].ns, &value) !=
			    QUANTITY_OK ||
		    value > INT64_MAX / 4)
			break;
		settings->when = REPLAY_AT_TIME;
		settings->at_ns = (int64_t)value;
		return 0;
	}
	return verb_usage(name,
			  "--move-at takes a record's number or a time like "
			  "200ms, not '%s'",
			  text);
}

static int
move_parse(const char *text, struct replay_settings *settings)
{
	static const struct {
		const char *name;
		enum replay_move move;
	} moves[] = {
		{ "drain", REPLAY_DRAIN },
		{ "scale-out", REPLAY_SCALE_OUT },
		{ "none", REPLAY_STAY },
	};

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (strcmp(text, moves[i].name) == 0) {
			settings->move = moves[i].move;
			return 0;
		}
	/* The network knows whether there is such a link. */
	settings->move = REPLAY_CUT;
	settings->link = text;
	return 0;
}

static int
choice_parse(const char *name, const char *option, const char *text,
	     const char *yes, const char *no, bool *value)
{
	*value = strcmp(text, yes) == 0;
	if (!*value && strcmp(text, no) != 0)
		return verb_usage(name, "--%s takes %s or %s, not '%s'", option,
				  yes, no, text);
	return 0;
}

struct replay_options {
	struct replay_settings settings;
	const char *db;
	const char *secret;
	bool json, decode;
	bool played; /* an option that only playing has */
};

static int
option_take(const char *name, int option, struct replay_options *options)
{
	struct replay_settings *settings = &options->settings;
	uint64_t value = 0;
	int code = 0;

	options->played |= strchr("DSj", option) == NULL;
	switch (option) {
	case 'D':
		options->decode = true;
		return 0;
	case 'S':
		options->secret = optarg;
		return 0;
	case 'a':
		return when_parse(name, optarg, settings);
	case 'm':
		return move_parse(optarg, settings);
	case 'n':
		code = count_parse(name, "servers", optarg, 2,
				   REPLAY_SERVERS_MAX, &value);
		if (code == 0)
			settings->servers = (uint32_t)value;
		return code;
	case 'u':
		code = count_parse(name, "mtu", optarg, REPLAY_MTU_MIN,
				   REPLAY_MTU_MAX, &value);
		if (code == 0)
			settings->mtu_bytes = (uint32_t)value;
		return code;
	case 's':
		return count_parse(name, "seed", optarg, 0, INT64_MAX,
				   &settings->seed);
	case 'h':
		return choice_parse(name, "homeward", optarg, "on", "off",
				    &settings->homeward);
	case 'r':
		return choice_parse(name, "routing", optarg, "lab", "at-once",
				    &settings->lab_routing);
	case 'o':
		settings->out = optarg;
		return 0;
	case 'd':
		options->db = optarg;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	default:
		return verb_usage(name, NULL);
	}
}

int
verb_replay(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "move-at", required_argument, NULL, 'a' },
		{ "move", required_argument, NULL, 'm' },
		{ "servers", required_argument, NULL, 'n' },
		{ "mtu", required_argument, NULL, 'u' },
		{ "seed", required_argument, NULL, 's' },
		{ "homeward", required_argument, NULL, 'h' },
		{ "routing", required_argument, NULL, 'r' },
		{ "out", required_argument, NULL, 'o' },
		{ "db", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "decode", no_argument, NULL, 'D' },
		{ "secret", required_argument, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	struct replay_options options = {
		.settings = { .servers = 4, .seed = 1, .homeward = true },
	};
	struct replay *replay;
	int option, code;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		code = option_take(argv[0], option, &options);
		if (code != 0)
			return code;
	}
	if (optind + 1 != argc)
		return verb_usage(argv[0], optind < argc
						   ? "one capture at a time"
						   : "which capture?");
	if (options.decode && options.played)
		return verb_usage(
			argv[0], "--decode goes with --secret and --json only");
	if (options.decode)
		return decode_capture(argv[optind], options.secret,
				      options.json);
	if (options.secret != NULL)
		return verb_usage(argv[0], "--secret goes with --decode");
	options.settings.path = argv[optind];
	code = replay_play(&replay, &options.settings);
	if (replay == NULL)
		return code;
	if (replay_print(replay, options.json) != 0)
		code = EXIT_RUNTIME;
	if (options.db != NULL && replay_store(replay, options.db) != 0)
		code = EXIT_RUNTIME;
	replay_destroy(replay);
	return code;
}
