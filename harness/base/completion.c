/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * completion.c - tables into shell
 *
 * Names and words of the tables are letters, digits and punctuation that no
 * shell minds; only sentences are quoted.
 */
#include "harness/base/completion.h"

#include <string.h>

/* Options from the first on; NULL ends a loop over none. */
#define EACH_OPTION(option, options)                                           \
	for (const struct verb_option *option = (options);                     \
	     option != NULL && option->name != NULL; option++)

/* "sim live " of "sim|live". */
static void
choices_write(const char *argument, FILE *file)
{
	for (; *argument != '\0'; argument++)
		fputc(*argument == '|' ? ' ' : *argument, file);
}

/* Words with a blank between; with `end` behind each. */
static void
words_write(const char *(*word)(size_t), const char *end, FILE *file)
{
	for (size_t i = 0; word(i) != NULL; i++)
		fprintf(file, "%s%s%s", i > 0 ? " " : "", word(i), end);
}

/* Does a value follow the words, as in KEY=VALUE? */
static bool
has_value(const struct verb_option *option)
{
	return option->argument != NULL &&
	       strchr(option->argument, '=') != NULL;
}

/* ---- bash ---- */

static const char *const bash_kinds[] = {
	[USAGE_TEXT] = "",
	[USAGE_FILE] = "file",
	[USAGE_FOLDER] = "folder",
	[USAGE_SCENARIO] = "scenario",
};

/* Bash takes "=" for a word of its own; $at is where the option stands. */
static const char bash_head[] =
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
	"prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal verb= at=1 options= words= kind= operand=\n"
	"\tCOMPREPLY=()\n"
	"\tif [ \"$cur\" = = ]; then\n"
	"\t\tcur=\n"
	"\telif [ \"$prev\" = = ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n";

static const char bash_tail[] =
	"\tif [ -n \"$operand\" ] && [[ $cur == -* ]]; then\n"
	"\t\twords=$options kind=\n"
	"\tfi\n"
	"\tcase $kind in\n"
	"\tfile)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	"\tfolder)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	"\tscenario)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\"\n"
	"\t\t\tcompgen -f -X '!*.yaml' -- \"$cur\"\n"
	"\t\t\tcompgen -f -X '!*.yml' -- \"$cur\") ;;\n"
	"\tkey)\n"
	"\t\tcompopt -o nospace 2>/dev/null ;;\n"
	"\tesac\n"
	"\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"$words\" "
	"-- "
	"\"$cur\")\n"
	"}\n";

static void
bash_words(const char *indent, const struct verb_option *option, FILE *file)
{
	fprintf(file, "%s\t--%s) kind=%s words=\"", indent, option->name,
		has_value(option) ? "key" : bash_kinds[option->kind]);
	if (usage_is_choice(option))
		choices_write(option->argument, file);
	else if (option->word != NULL)
		words_write(option->word, has_value(option) ? "=" : "", file);
	fputs("\" ;;\n", file);
}

static void
bash_verb(const struct verb *verb, FILE *file)
{
	char name[USAGE_NAME];

	fprintf(file, "\t'%s')\n\t\toptions=\"", usage_name(verb, name));
	EACH_OPTION(option, verb->options)
	fprintf(file, "--%s ", option->name);
	fputs("--help\"\n\t\tcase $prev in\n", file);
	EACH_OPTION(option, verb->options)
	if (option->argument != NULL)
		bash_words("\t", option, file);
	fprintf(file, "\t\t*) operand=1 kind=%s words=\"",
		bash_kinds[verb->kind]);
	if (verb->word != NULL)
		words_write(verb->word, "", file);
	fputs("\" ;;\n\t\tesac ;;\n", file);
}

/* Verbs and what stands before them; `at` is the verb's place. */
static void
bash_names(const char *verb, const struct verb *const *verbs,
	   const struct verb_option *options, FILE *file)
{
	fprintf(file, "\t'%s')\n\t\toptions=\"", verb);
	EACH_OPTION(option, options)
	fprintf(file, "--%s ", option->name);
	fputs("--help\"\n\t\tcase $prev in\n", file);
	EACH_OPTION(option, options)
	if (option->argument != NULL)
		bash_words("\t", option, file);
	fputs("\t\t*) operand=1 words=\"", file);
	for (size_t i = 0; verbs[i] != NULL; i++)
		fprintf(file, "%s%s", i > 0 ? " " : "", verbs[i]->name);
	fputs("\" ;;\n\t\tesac ;;\n", file);
}

/* Skips options before the verb, and the arguments of those that have one. */
static void
bash_find(const struct completion *completion, FILE *file)
{
	fputs("\twhile [ $at -lt \"$COMP_CWORD\" ]; do\n"
	      "\t\tcase ${COMP_WORDS[at]} in\n",
	      file);
	EACH_OPTION(option, completion->options)
	if (option->argument != NULL)
		fprintf(file, "\t\t--%s) at=$((at + 2)) ;;\n", option->name);
	fputs("\t\t-*|=) at=$((at + 1)) ;;\n"
	      "\t\t*) verb=${COMP_WORDS[at]}; break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n",
	      file);
	for (size_t i = 0; completion->verbs[i] != NULL; i++)
		if (completion->verbs[i]->verbs != NULL)
			fprintf(file,
				"\tif [ \"$verb\" = %s ] && [ $((at + 1)) -lt "
				"\"$COMP_CWORD\" ]; then\n"
				"\t\tverb=\"%s ${COMP_WORDS[at+1]}\"\n"
				"\tfi\n",
				completion->verbs[i]->name,
				completion->verbs[i]->name);
	fputs("\tcase $verb in\n", file);
}

void
completion_bash(const struct completion *completion, FILE *file)
{
	fprintf(file,
		"# Completion of %s for bash; `homeward completion bash` "
		"wrote it.\n_%s()\n%s",
		completion->program, completion->program, bash_head);
	bash_find(completion, file);
	bash_names("", completion->verbs, completion->options, file);
	for (size_t i = 0; completion->verbs[i] != NULL; i++) {
		const struct verb *verb = completion->verbs[i];

		if (verb->verbs == NULL) {
			bash_verb(verb, file);
			continue;
		}
		bash_names(verb->name, verb->verbs, NULL, file);
		for (size_t j = 0; verb->verbs[j] != NULL; j++)
			bash_verb(verb->verbs[j], file);
	}
	fprintf(file, "\tesac\n%scomplete -F _%s %s\n", bash_tail,
		completion->program, completion->program);
}

/* ---- zsh ---- */

static const char *const zsh_kinds[] = {
	[USAGE_TEXT] = "",
	[USAGE_FILE] = "_files",
	[USAGE_FOLDER] = "_files -/",
	[USAGE_SCENARIO] = "_files -g \"*.(yaml|yml)(-.)\"",
};

/* Inside '...' and, of a specification, inside [...]. */
static void
zsh_quote(const char *text, FILE *file)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\''", file);
		else if (*text == '[' || *text == ']')
			fprintf(file, "\\%c", *text);
		else
			fputc(*text == '\n' ? ' ' : *text, file);
	}
}

/* What completes an argument, behind its colon. */
static void
zsh_option_action(const char *program, const struct verb_option *option,
		  FILE *file)
{
	if (has_value(option)) {
		fprintf(file, "_%s_%s", program, option->name);
	} else if (usage_is_choice(option) || option->word != NULL) {
		fputc('(', file);
		if (usage_is_choice(option))
			choices_write(option->argument, file);
		else
			words_write(option->word, "", file);
		fputc(')', file);
	} else {
		fputs(zsh_kinds[option->kind], file);
	}
}

static void
zsh_option(const char *program, const struct verb_option *option, FILE *file)
{
	fprintf(file, " \\\n\t\t\t'%s--%s%s[", option->repeats ? "*" : "",
		option->name, option->argument != NULL ? "=" : "");
	zsh_quote(option->help, file);
	fputc(']', file);
	if (option->argument != NULL) {
		fprintf(file, ":%s:", option->argument);
		zsh_option_action(program, option, file);
	}
	fputc('\'', file);
}

static void
zsh_verb(const char *program, const struct verb *verb, FILE *file)
{
	char name[USAGE_NAME];

	fprintf(file, "\t'%s')\n\t\t_arguments", usage_name(verb, name));
	EACH_OPTION(option, verb->options)
	zsh_option(program, option, file);
	fputs(" \\\n\t\t\t'--help[explain it]'", file);
	if (verb->operands != NULL) {
		fputs(" \\\n\t\t\t'*:operand:", file);
		if (verb->word != NULL && verb->kind != USAGE_TEXT) {
			fputs("_alternative \"words:word:(", file);
			words_write(verb->word, "", file);
			fprintf(file, ")\" \"files:file:%s\"",
				"_files -g \\\"*.(yaml|yml)\\\"");
		} else if (verb->word != NULL) {
			fputc('(', file);
			words_write(verb->word, "", file);
			fputc(')', file);
		} else {
			fputs(zsh_kinds[verb->kind], file);
		}
		fputc('\'', file);
	}
	fputs(" ;;\n", file);
}

static void
zsh_describe(const char *indent, const struct verb *const *verbs, FILE *file)
{
	fprintf(file, "%sverbs=(", indent);
	for (size_t i = 0; verbs[i] != NULL; i++) {
		fprintf(file, "\n%s\t'%s:", indent, verbs[i]->name);
		zsh_quote(verbs[i]->summary, file);
		fputc('\'', file);
	}
	fprintf(file, ")\n%s_describe verb verbs\n", indent);
}

/* A function for each option whose words are followed by a value. Verbs that
 * share a name share it. */
static void
zsh_functions(const struct completion *completion, FILE *file)
{
	const char *done = NULL;

	for (size_t i = 0; completion->verbs[i] != NULL; i++) {
		EACH_OPTION(option, completion->verbs[i]->options)
		{
			if (!has_value(option) || option->word == NULL ||
			    (done != NULL && strcmp(done, option->name) == 0))
				continue;
			done = option->name;
			fprintf(file,
				"_%s_%s()\n{\n\tcompadd \"$@\" -S = -q -- ",
				completion->program, option->name);
			words_write(option->word, "", file);
			fputs("\n}\n\n", file);
		}
	}
}

void
completion_zsh(const struct completion *completion, FILE *file)
{
	const char *program = completion->program;

	fprintf(file, "#compdef %s\n# `homeward completion zsh` wrote it.\n\n",
		program);
	zsh_functions(completion, file);
	fprintf(file,
		"_%s()\n{\n\tlocal verb\n\tlocal -a verbs\n\n"
		"\tif (( CURRENT == 2 )); then\n",
		program);
	zsh_describe("\t\t", completion->verbs, file);
	fputs("\t\t_arguments '--help[explain it]'", file);
	EACH_OPTION(option, completion->options)
	zsh_option(program, option, file);
	fputs("\n\t\treturn\n\tfi\n\tverb=$words[2]\n"
	      "\tshift words\n\t(( CURRENT-- ))\n",
	      file);
	for (size_t i = 0; completion->verbs[i] != NULL; i++) {
		const struct verb *verb = completion->verbs[i];

		if (verb->verbs == NULL)
			continue;
		fprintf(file,
			"\tif [[ $verb == %s ]]; then\n"
			"\t\tif (( CURRENT == 2 )); then\n",
			verb->name);
		zsh_describe("\t\t\t", verb->verbs, file);
		fputs("\t\t\treturn\n\t\tfi\n\t\tverb=\"$verb $words[2]\"\n"
		      "\t\tshift words\n\t\t(( CURRENT-- ))\n\tfi\n",
		      file);
	}
	fputs("\tcase $verb in\n", file);
	for (size_t i = 0; completion->verbs[i] != NULL; i++) {
		const struct verb *verb = completion->verbs[i];

		if (verb->verbs == NULL)
			zsh_verb(program, verb, file);
		for (size_t j = 0;
		     verb->verbs != NULL && verb->verbs[j] != NULL; j++)
			zsh_verb(program, verb->verbs[j], file);
	}
	fprintf(file, "\tesac\n}\n\n_%s \"$@\"\n", program);
}
