/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.c - getopt_long(3) by a verb's table, and what it leaves undone
 */
#include "harness/base/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/exit.h"
#include "live/conf/did_you_mean.h"

#define FIRST 256 /* getopt's value of row 0: no character has it */

static size_t
rows_count(const struct verb *verb)
{
	size_t count = 0;

	while (verb->options != NULL && verb->options[count].name != NULL)
		count++;
	return count;
}

/* ---- complaints ---- */

/* How many names begin with these letters, and which they are. */
static size_t
names_begin(const struct verb *verb, const char *name, size_t size, char *list,
	    size_t list_size)
{
	size_t count = 0, used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < rows_count(verb); i++) {
		if (strncmp(verb->options[i].name, name, size) != 0)
			continue;
		count++;
		if (used < list_size)
			used += (size_t)snprintf(list + used, list_size - used,
						 "%s--%s", used > 0 ? ", " : "",
						 verb->options[i].name);
	}
	return count;
}

/* getopt_long() did not know this one, or found it ambiguous. */
static int
unknown_say(const struct verb *verb, const char *word)
{
	const char *name = word + strspn(word, "-");
	size_t size = strcspn(name, "=");
	char bare[64], list[256], hint[80];
	struct did_you_mean did_you_mean;

	/* A letter, perhaps one of several behind one dash. */
	if (optopt != 0)
		return usage_say(verb, "no option '-%c'", optopt);
	if (names_begin(verb, name, size, list, sizeof(list)) > 1)
		return usage_say(verb, "--%.*s can be any of %s", (int)size,
				 name, list);
	snprintf(bare, sizeof(bare), "%.*s", (int)size, name);
	did_you_mean = did_you_mean_start(bare);
	for (size_t i = 0; i < rows_count(verb); i++)
		did_you_mean_offer(&did_you_mean, verb->options[i].name);
	if (did_you_mean.best == NULL)
		return usage_say(verb, "no option '--%.*s'", (int)size, name);
	snprintf(hint, sizeof(hint), "; did you mean '--%s'?",
		 did_you_mean.best);
	return usage_say(verb, "no option '--%.*s'%s", (int)size, name, hint);
}

static int
operands_check(const struct verb *verb, int count, char **operands)
{
	if (count < verb->least)
		return usage_say(verb, "which %s?", verb->noun);
	if (verb->most < 0 || count <= verb->most)
		return 0;
	if (verb->most == 0)
		return usage_say(verb, "what is '%s'?", operands[0]);
	return usage_say(verb, "one %s at a time", verb->noun);
}

/* "--decode goes with --secret and --json only", or "--secret goes with
 * --decode". */
static int
forms_check(const struct verb *verb, const bool *given)
{
	const struct verb_option *head = NULL, *rows = verb->options;
	bool chosen = false;
	char list[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < rows_count(verb); i++) {
		if (rows[i].form == USAGE_HEAD) {
			head = &rows[i];
			chosen = given[i];
		} else if (rows[i].form != USAGE_FIRST && used < sizeof(list)) {
			used += (size_t)snprintf(
				list + used, sizeof(list) - used, "%s--%s",
				used > 0 ? " and " : "", rows[i].name);
		}
	}
	for (size_t i = 0; head != NULL && i < rows_count(verb); i++) {
		if (!given[i])
			continue;
		if (chosen && rows[i].form == USAGE_FIRST)
			return usage_say(verb, "--%s goes with %s only",
					 head->name, list);
		if (!chosen && rows[i].form == USAGE_SECOND)
			return usage_say(verb, "--%s goes with --%s",
					 rows[i].name, head->name);
	}
	return 0;
}

/* ---- reading ---- */

static void
table_make(const struct verb *verb, struct option *table)
{
	size_t count = rows_count(verb);

	assert(count <= OPTIONS_MAX);
	for (size_t i = 0; i < count; i++)
		table[i] = (struct option){
			.name = verb->options[i].name,
			.has_arg = verb->options[i].argument != NULL
					   ? required_argument
					   : no_argument,
			.val = FIRST + (int)i,
		};
	table[count] = (struct option){ .name = NULL };
}

/* What getopt_long() returned, behind the word `word`. */
static int
option_take(const struct verb *verb, int option, const char *word, bool *given,
	    void *into)
{
	const struct verb_option *row;

	if (option == ':')
		return usage_say(verb, "--%s takes %s",
				 verb->options[optopt - FIRST].name,
				 verb->options[optopt - FIRST].argument);
	if (option == '?' && optopt >= FIRST)
		return usage_say(verb, "--%s takes no argument",
				 verb->options[optopt - FIRST].name);
	if (option == '?')
		return unknown_say(verb, word);
	row = &verb->options[option - FIRST];
	given[option - FIRST] = true;
	return row->take(verb, row, optarg, (char *)into + row->at);
}

int
options_read(const struct verb *verb, int argc, char **argv, void *into)
{
	struct option table[OPTIONS_MAX + 1];
	bool given[OPTIONS_MAX] = { false };
	int option, code = 0;

	table_make(verb, table);
	optind = 0; /* glibc: start over after an earlier use */
	opterr = 0;
	while (code == 0) {
		/* Reordering is done when it returns: the word is behind us. */
		option = getopt_long(argc, argv, ":", table, NULL);
		if (option == -1)
			break;
		code = option_take(verb, option, argv[optind - 1], given, into);
	}
	if (code == 0)
		code = operands_check(verb, argc - optind, argv + optind);
	if (code == 0)
		code = forms_check(verb, given);
	return code == 0 ? argc - optind : -code;
}

/* ---- taking ---- */

int
options_flag(const struct verb *verb, const struct verb_option *option,
	     const char *text, void *member)
{
	(void)verb;
	(void)option;
	(void)text;
	*(bool *)member = true;
	return 0;
}

int
options_text(const struct verb *verb, const struct verb_option *option,
	     const char *text, void *member)
{
	(void)verb;
	(void)option;
	*(const char **)member = text;
	return 0;
}

int
options_texts(const struct verb *verb, const struct verb_option *option,
	      const char *text, void *member)
{
	struct options_texts *texts = member;
	const char **longer;

	(void)verb;
	(void)option;
	longer = realloc(texts->text, (texts->count + 1) * sizeof(*longer));
	if (longer == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		return EXIT_RUNTIME;
	}
	longer[texts->count++] = text;
	texts->text = longer;
	return 0;
}

/* "sim or live", "path, packet or uniform". */
static void
words_list(const char *argument, char *list, size_t size)
{
	size_t used = 0;

	while (*argument != '\0' && used + 1 < size) {
		size_t length = strcspn(argument, "|");
		const char *next = argument + length;
		bool more = *next == '|' && strchr(next + 1, '|') != NULL;

		used += (size_t)snprintf(list + used, size - used, "%.*s%s",
					 (int)length, argument,
					 *next == '\0' ? ""
					 : more	       ? ", "
						       : " or ");
		argument = next + (*next == '|');
	}
}

/* Which of the words it is; false: none, said. */
static bool
choice_find(const struct verb *verb, const struct verb_option *option,
	    const char *text, unsigned *index)
{
	const char *word = option->argument;
	char list[128] = "";

	for (*index = 0;; ++*index) {
		size_t length = strcspn(word, "|");

		if (strlen(text) == length && strncmp(word, text, length) == 0)
			return true;
		if (word[length] == '\0')
			break;
		word += length + 1;
	}
	words_list(option->argument, list, sizeof(list));
	(void)usage_say(verb, "--%s takes %s, not '%s'", option->name, list,
			text);
	return false;
}

int
options_choice(const struct verb *verb, const struct verb_option *option,
	       const char *text, void *member)
{
	unsigned index;

	if (!choice_find(verb, option, text, &index))
		return EXIT_USAGE;
	*(unsigned *)member = index;
	return 0;
}

int
options_choice_text(const struct verb *verb, const struct verb_option *option,
		    const char *text, void *member)
{
	unsigned index;

	if (!choice_find(verb, option, text, &index))
		return EXIT_USAGE;
	*(const char **)member = text;
	return 0;
}

int
options_number(const struct verb *verb, const struct verb_option *option,
	       const char *text, void *member)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long long value;

	errno = 0;
	value = strtoull(text, NULL, 10);
	if (digits == 0 || text[digits] != '\0' || errno != 0 ||
	    value < option->low || value > option->high)
		return usage_say(
			verb, "--%s takes %" PRIu64 "..%" PRIu64 ", not '%s'",
			option->name, option->low, option->high, text);
	*(uint64_t *)member = value;
	return 0;
}

int
options_word(const struct verb *verb, const struct verb_option *option,
	     const char *text, void *member)
{
	char what[32] = "";

	for (size_t i = 0; option->word(i) != NULL; i++) {
		if (strcmp(text, option->word(i)) == 0) {
			*(const char **)member = text;
			return 0;
		}
	}
	for (size_t i = 0; i + 1 < sizeof(what) && option->argument[i] != '\0';
	     i++)
		what[i] = (char)tolower((unsigned char)option->argument[i]);
	return usage_unknown(verb, what, text, option->word);
}
