/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verbs.c - the table of verbs
 */
#include "harness/verbs.h"

#include <string.h>

#include "harness/analyse/query.h"
#include "harness/bench/bench.h"
#include "harness/completion_verb.h"
#include "harness/explore/explore.h"
#include "harness/replay/replay.h"
#include "harness/run/run.h"

static const struct verb verb_completion;

static const struct verb *const verbs[] = {
	&verb_run,     &verb_validate, &verb_list,	 &verb_describe,
	&verb_summary, &verb_export,   &verb_fit,	 &verb_compare,
	&verb_plot,    &verb_gate,     &verb_replay,	 &verb_lab,
	&verb_bench,   &verb_explore,  &verb_completion, NULL,
};

const struct verb *const *
verbs_table(void)
{
	return verbs;
}

const struct verb *
verbs_find(const char *name)
{
	for (size_t i = 0; verbs[i] != NULL; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int
script_print(int argc, char **argv)
{
	return completion_verb_run(&verb_completion, verbs, argc, argv);
}

static const struct verb verb_completion = {
	.name = "completion",
	.summary = "print what makes a shell complete all of this",
	.run = script_print,
	.operands = "bash|zsh [homewardctl]",
	.noun = "shell",
	.least = 1,
	.most = -1,
	.word = completion_verb_shell,
	.notes = "Installed where bash-completion and zsh look for it. Without "
		 "that:\n  . <(homeward completion bash)\n",
};
