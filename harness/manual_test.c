/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manual_test.c - homeward(1) has the options that the verbs have
 *
 * In SYNOPSIS each form of each verb stands with all its options, in the
 * table's order, as mdoc(7); a form that differs is printed as it should be.
 * In the verb's section each option has an entry with the same argument, and
 * no other option has one. Benchmarks' options are told in running text.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/verbs.h"

#define PAGE  (1 << 17)
#define BLOCK 2048
#define ENTRY 160

static char page[PAGE];

static bool
page_load(void)
{
	static const char *const places[] = { "harness/man/homeward.1",
					      "harness/man/homeward.1" };
	const char *source = getenv("HOMEWARD_SOURCE");
	char path[4096];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s",
			 source != NULL ? source : ".", places[i]);
		file = fopen(path, "r");
		if (file == NULL)
			continue;
		page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
		fclose(file);
		return true;
	}
	return false;
}

/* From the line `title` to the next line that begins with `end`; into text. */
static bool
part_copy(const char *title, const char *end, char *text)
{
	const char *from = strstr(page, title), *to;

	if (from == NULL)
		return false;
	from += strlen(title);
	to = strstr(from, end);
	snprintf(text, PAGE, "%.*s\n",
		 (int)(to != NULL ? (size_t)(to - from) : strlen(from)), from);
	return true;
}

/* ---- the table as mdoc(7) ---- */

/* " Cm sim | live", " Ar key Ns = Ns Ar value", " Ar file", "". */
static void
argument_text(const struct verb_option *option, char text[ENTRY])
{
	const char *argument = option->argument;
	size_t used = 0;

	text[0] = '\0';
	if (argument == NULL)
		return;
	used = (size_t)snprintf(text, ENTRY, " %s ",
				usage_is_choice(option) ? "Cm" : "Ar");
	for (; *argument != '\0' && used + 16 < ENTRY; argument++) {
		if (*argument == '|')
			used += (size_t)snprintf(text + used, ENTRY - used,
						 " | ");
		else if (*argument == '=')
			used += (size_t)snprintf(text + used, ENTRY - used,
						 " Ns = Ns Ar ");
		else
			text[used++] = (char)tolower((unsigned char)*argument);
		text[used] = '\0';
	}
}

static bool
form_has(const struct verb_option *option, bool second)
{
	return option->form == USAGE_BOTH ||
	       (option->form == USAGE_FIRST) != second;
}

/* ".Op Fl -db Ar file\n" and so on. */
static void
form_text(const struct verb *verb, bool second, char text[BLOCK])
{
	size_t used = 0;

	text[0] = '\0';
	for (const struct verb_option *option = verb->options;
	     option != NULL && option->name != NULL; option++) {
		char argument[ENTRY];

		if (!form_has(option, second))
			continue;
		argument_text(option, argument);
		used += (size_t)snprintf(
			text + used, BLOCK - used, "%sFl -%s%s%s\n",
			option->form == USAGE_HEAD ? "." : ".Op ", option->name,
			argument, option->repeats ? " ..." : "");
	}
}

/* ---- SYNOPSIS ---- */

/* Options of a block of SYNOPSIS, that is all but operands. */
static void
block_options(const char *block, char text[BLOCK])
{
	size_t used = 0;

	text[0] = '\0';
	while (*block != '\0') {
		size_t length = strcspn(block, "\n") + 1;

		if ((strncmp(block, ".Op Fl", 6) == 0 ||
		     strncmp(block, ".Fl", 3) == 0) &&
		    used + length < BLOCK) {
			memcpy(text + used, block, length);
			used += length;
			text[used] = '\0';
		}
		block += length;
	}
}

/* Is there a block of that verb with just these options? */
static bool
synopsis_has(const char *synopsis, const char *name, const char *options)
{
	char command[USAGE_NAME + 16];
	size_t length;

	snprintf(command, sizeof(command), "\n.Nm\n.Cm %s", name);
	length = strlen(command);
	for (const char *at = synopsis; (at = strstr(at, command)) != NULL;
	     at += length) {
		const char *end = strstr(at + length, "\n.Nm\n");
		char block[BLOCK], found[BLOCK];

		if (at[length] != '\n' && at[length] != ' ')
			continue;
		snprintf(block, sizeof(block), "%.*s\n",
			 (int)(end != NULL ? (size_t)(end - at - 1)
					   : strlen(at) - 1),
			 at + 1);
		block_options(block, found);
		if (strcmp(found, options) == 0)
			return true;
	}
	return false;
}

static void
forms_check(const char *synopsis, const struct verb *verb)
{
	bool second = false;
	char name[USAGE_NAME];

	usage_name(verb, name);
	for (const struct verb_option *option = verb->options;
	     option != NULL && option->name != NULL; option++)
		second |= option->form == USAGE_HEAD;
	for (int form = 0; form <= (int)second; form++) {
		char options[BLOCK];
		bool good;

		form_text(verb, form == 1, options);
		good = synopsis_has(synopsis, name, options);
		CHECK_ROW(good, name);
		if (!good)
			fprintf(stderr, ".Nm\n.Cm %s\n%s", name, options);
	}
}

/* ---- sections ---- */

/* Does the list of words, "summary, export, fit", have this one? */
static bool
title_has(const char *title, size_t length, const char *name)
{
	size_t size = strlen(name);

	for (size_t at = 0; at + size <= length; at++) {
		bool begins = at == 0 || title[at - 1] == ' ';
		bool ends = at + size == length || title[at + size] == ',';

		if (begins && ends && strncmp(title + at, name, size) == 0)
			return true;
	}
	return false;
}

/* The section of a verb and its title's length; NULL: there is none. */
static const char *
section_find(const char *name, size_t *length)
{
	for (const char *at = page; (at = strstr(at, "\n.Ss ")) != NULL;) {
		at += strlen("\n.Ss ");
		*length = strcspn(at, "\n");
		if (title_has(at, *length, name))
			return at;
	}
	return NULL;
}

/* ".Sm" is none. */
static const char *
section_end(const char *section)
{
	const char *next = strstr(section, "\n.Ss ");
	const char *last = strstr(section, "\n.Sh ");

	return next != NULL && (last == NULL || next < last) ? next : last;
}

static bool
section_has(const char *section, const char *line)
{
	const char *end = section_end(section);
	const char *at = strstr(section, line);

	return at != NULL && (end == NULL || at < end);
}

/* Is "Fl -NAME" an option of a verb that the title names? */
static bool
option_known(const char *title, size_t length, const char *name, size_t size)
{
	for (const struct verb *const *verb = verbs_table(); *verb != NULL;
	     verb++) {
		if (!title_has(title, length, (*verb)->name))
			continue;
		for (const struct verb_option *option = (*verb)->options;
		     option != NULL && option->name != NULL; option++)
			if (strlen(option->name) == size &&
			    strncmp(option->name, name, size) == 0)
				return true;
	}
	return false;
}

static void
section_check(const struct verb *verb)
{
	static const char entry[] = "\n.It Fl -";
	size_t length;
	const char *section = section_find(verb->name, &length), *end;
	char line[ENTRY + 32], argument[ENTRY];

	CHECK_ROW(section != NULL, verb->name);
	if (section == NULL)
		return;
	for (const struct verb_option *option = verb->options;
	     option != NULL && option->name != NULL; option++) {
		argument_text(option, argument);
		snprintf(line, sizeof(line), "%s%s%s\n", entry, option->name,
			 argument);
		CHECK_ROW(section_has(section, line), line + 1);
	}
	end = section_end(section);
	for (const char *at = section;
	     (at = strstr(at, entry)) != NULL && (end == NULL || at < end);) {
		at += strlen(entry);
		CHECK_ROW(option_known(section, length, at, strcspn(at, " \n")),
			  at);
	}
}

/* Benchmarks: each option is told in its section. */
static void
bench_check(const struct verb *bench)
{
	size_t length;
	const char *section = section_find(bench->parent, &length);
	char text[ENTRY];

	for (const struct verb_option *option = bench->options;
	     section != NULL && option->name != NULL; option++) {
		snprintf(text, sizeof(text), "Fl -%s", option->name);
		CHECK_ROW(section_has(section, text), text);
	}
}

int
main(void)
{
	static char synopsis[PAGE];

	if (!page_load()) {
		fprintf(stderr, "homeward.1: not found\n");
		return 1;
	}
	CHECK(part_copy(".Sh SYNOPSIS", "\n.Sh", synopsis));
	for (const struct verb *const *verb = verbs_table(); *verb != NULL;
	     verb++) {
		section_check(*verb);
		if ((*verb)->verbs == NULL)
			forms_check(synopsis, *verb);
		for (size_t i = 0;
		     (*verb)->verbs != NULL && (*verb)->verbs[i] != NULL; i++) {
			forms_check(synopsis, (*verb)->verbs[i]);
			bench_check((*verb)->verbs[i]);
		}
	}
	return check_done();
}
