/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * completion_verb.c - `homeward completion`: scripts for shells
 *
 *	homeward completion bash|zsh [homewardctl]
 *
 * The build runs it and installs what it prints, for this program and for
 * homewardctl, whose commands are those of the daemon's own list.
 */
#include "harness/completion_verb.h"

#include <string.h>

#include "harness/base/completion.h"
#include "harness/base/exit.h"
#include "harness/base/options.h"
#include "live/control/command.h"

/* Options of homewardctl's commands; homewardctl.c reads them. */
static const struct verb_option ctl_json[] = {
	{ .name = "json", .help = "print it as JSON" },
	{ 0 },
};
static const struct verb_option ctl_drain[] = {
	{ .name = "deadline",
	  .argument = "TIME",
	  .help = "give up the sessions that are left then" },
	{ 0 },
};
static const struct verb_option ctl_options[] = {
	{ .name = "socket",
	  .argument = "FILE",
	  .help = "of the daemon",
	  .kind = USAGE_FILE },
	{ .name = "json", .help = "print data as JSON" },
	{ .name = "version", .help = "print the version" },
	{ 0 },
};

static const struct verb ctl_verbs[] = {
#define CTL_VERB(kind, word, fewest, greatest, json)                           \
	[COMMAND_##kind] = {                                                   \
		.name = (word),                                                \
		.summary = (word),                                             \
		.options = (json)			     ? ctl_json        \
			   : COMMAND_##kind == COMMAND_DRAIN ? ctl_drain       \
							     : NULL,           \
	},
	COMMAND_LIST(CTL_VERB)
#undef CTL_VERB
};

static void
script_write(const struct completion *completion, const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		completion_bash(completion, stdout);
	else
		completion_zsh(completion, stdout);
}

const char *
completion_verb_shell(size_t index)
{
	static const char *const words[] = { "bash", "zsh", NULL };

	return words[index];
}

int
completion_verb_run(const struct verb *verb, const struct verb *const *verbs,
		    int argc, char **argv)
{
	int count = options_read(verb, argc, argv, NULL);
	const struct verb *commands[COMMAND_KINDS + 1] = { NULL };
	const char *shell, *program = "homeward";
	struct completion ctl = { "homewardctl", commands, ctl_options };
	struct completion all = { "homeward", verbs, NULL };

	if (count < 0)
		return -count;
	shell = argv[argc - count];
	if (count == 2)
		program = argv[argc - 1];
	if (strcmp(shell, "bash") != 0 && strcmp(shell, "zsh") != 0)
		return usage_unknown(verb, "shell", shell,
				     completion_verb_shell);
	if (count > 2 || (strcmp(program, "homeward") != 0 &&
			  strcmp(program, "homewardctl") != 0))
		return usage_say(verb, "what is '%s'?", argv[argc - 1]);
	for (size_t i = 0; i < COMMAND_KINDS; i++)
		commands[i] = &ctl_verbs[i];
	script_write(strcmp(program, "homeward") == 0 ? &all : &ctl, shell);
	return EXIT_OK;
}
