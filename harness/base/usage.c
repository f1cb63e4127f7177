/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usage.c - a verb's table in words
 */
#include "harness/base/usage.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "harness/base/exit.h"
#include "live/conf/did_you_mean.h"

#define WIDTH 80 /* of a terminal */
#define HELP  24 /* column of an option's help */
#define FEW   8 /* words that one can name in a sentence */

const char *
usage_name(const struct verb *verb, char text[USAGE_NAME])
{
	snprintf(text, USAGE_NAME, "%s%s%s",
		 verb->parent != NULL ? verb->parent : "",
		 verb->parent != NULL ? " " : "", verb->name);
	return text;
}

bool
usage_is_choice(const struct verb_option *option)
{
	return option->argument != NULL &&
	       strchr(option->argument, '|') != NULL &&
	       islower((unsigned char)option->argument[0]);
}

/* ---- the synopsis ---- */

struct line {
	FILE *file;
	int indent, used; /* columns */
};

/* One word or bracket, on the next line if this one has no room. */
static void
line_add(struct line *line, const char *text)
{
	int length = (int)strlen(text);

	if (line->used + 1 + length >= WIDTH) {
		fprintf(line->file, "\n%*s", line->indent, "");
		line->used = line->indent;
	}
	fprintf(line->file, " %s", text);
	line->used += 1 + length;
}

static void
option_add(struct line *line, const struct verb_option *option)
{
	bool must = option->form == USAGE_HEAD;
	char text[128];

	snprintf(text, sizeof(text), "%s--%s%s%s%s%s", must ? "" : "[",
		 option->name, option->argument != NULL ? " " : "",
		 option->argument != NULL ? option->argument : "",
		 must ? "" : "]", option->repeats ? "..." : "");
	line_add(line, text);
}

static bool
form_has(const struct verb_option *option, bool second)
{
	return option->form == USAGE_BOTH ||
	       (option->form == USAGE_FIRST) != second;
}

static void
form_print(const struct verb *verb, bool second, FILE *file)
{
	struct line line = { .file = file };
	char name[USAGE_NAME];

	line.used =
		fprintf(file, "%s homeward %s",
			second ? "      " : "usage:", usage_name(verb, name));
	line.indent = line.used;
	for (const struct verb_option *option = verb->options;
	     option != NULL && option->name != NULL; option++)
		if (form_has(option, second))
			option_add(&line, option);
	if (verb->operands != NULL)
		line_add(&line, verb->operands);
	fputc('\n', file);
}

void
usage_synopsis(const struct verb *verb, FILE *file)
{
	bool second = false;

	form_print(verb, false, file);
	for (const struct verb_option *option = verb->options;
	     option != NULL && option->name != NULL; option++)
		second |= option->form == USAGE_HEAD;
	if (second)
		form_print(verb, true, file);
}

/* ---- help ---- */

/* Words from column HELP on; the caller has written `used` columns. */
static void
help_wrap(const char *text, int used, FILE *file)
{
	struct line line = { .file = file, .indent = HELP - 1, .used = used };
	char word[128];

	if (used >= HELP - 1) {
		fputc('\n', file);
		line.used = 0;
	}
	fprintf(file, "%*s", HELP - 1 - line.used, "");
	line.used = HELP - 1;
	while (*text != '\0') {
		size_t size = strcspn(text, " \n");

		snprintf(word, sizeof(word), "%.*s", (int)size, text);
		line_add(&line, word);
		text += size;
		if (*text == '\n')
			line.used = WIDTH;
		text += *text != '\0';
	}
	fputc('\n', file);
}

static void
option_help(const struct verb_option *option, FILE *file)
{
	int used = fprintf(file, "  --%s%s%s", option->name,
			   option->argument != NULL ? " " : "",
			   option->argument != NULL ? option->argument : "");

	help_wrap(option->help, used, file);
}

void
usage_help(const struct verb *verb, FILE *file)
{
	usage_synopsis(verb, file);
	fprintf(file, "\n%s.\n", verb->summary);
	if (verb->options != NULL || verb->notes != NULL)
		fputc('\n', file);
	for (const struct verb_option *option = verb->options;
	     option != NULL && option->name != NULL; option++)
		option_help(option, file);
	if (verb->notes != NULL)
		fputs(verb->notes, file);
}

bool
usage_asked(int argc, char *const *argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

/* ---- complaints ---- */

int
usage_say(const struct verb *verb, const char *format, ...)
{
	char name[USAGE_NAME];
	va_list arguments;

	usage_name(verb, name);
	fprintf(stderr, "homeward %s: ", name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	usage_synopsis(verb, stderr);
	fprintf(stderr, "try 'homeward %s --help'\n", name);
	return EXIT_USAGE;
}

int
usage_unknown(const struct verb *verb, const char *what, const char *text,
	      const char *(*word)(size_t index))
{
	struct did_you_mean did_you_mean = did_you_mean_start(text);
	char hint[256];
	size_t count = 0, used = 0;

	for (; word(count) != NULL; count++)
		did_you_mean_offer(&did_you_mean, word(count));
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	for (size_t i = 0; did_you_mean.best == NULL && count <= FEW &&
			   i < count && used < sizeof(hint);
	     i++)
		used += (size_t)snprintf(hint + used, sizeof(hint) - used,
					 "%s%s",
					 i == 0		 ? "; there are "
					 : i + 1 < count ? ", "
							 : " and ",
					 word(i));
	return usage_say(verb, "no %s '%s'%s", what, text, hint);
}
