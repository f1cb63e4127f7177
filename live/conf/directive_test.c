/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directive_test.c - homewardd.conf(5), the table and the parser agree
 *
 * Of each directive the page has an item: its range, its default, and whether
 * it needs a restart, in the words in which the daemon prints them.
 */
#include "live/conf/directive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "live/conf/conf.h"
#include "live/conf/units.h"

#define PAGE "live/man/homewardd.conf.5"
#define ITEM 4096
/* Sets none of those with a range. */
#define LEAST                                                                  \
	"address 10.0.0.1\n"                                                   \
	"service 192.0.2.1 port 80\n"                                          \
	"uplink eth1\n"                                                        \
	"secret /etc/homeward/secret\n"

struct item {
	const char *names[4]; /* of directives that share it */
	uint32_t count;
	bool restart;
	char text[ITEM]; /* without macros, in one line */
};

/* Behind the macro of a line of mdoc(7); Qq of nothing is "". */
static const char *
words_of(const char *line)
{
	if (strncmp(line, ".Qq \\&", 6) == 0)
		return "\"\"";
	return line[0] != '.' ? line : line + strcspn(line, " \n");
}

static void
item_add(struct item *item, const char *line)
{
	size_t used = strlen(item->text);
	const char *words = words_of(line);
	int length = (int)strcspn(words, "\n");

	item->restart |= strcmp(line, ".Em restart\n") == 0;
	CHECK(used + (size_t)length + 2 < ITEM);
	snprintf(item->text + used, ITEM - used, "%s%.*s",
		 words[0] == ' ' || used == 0 ? "" : " ", length, words);
}

static const struct directive *
directive_named(const char *name)
{
	for (uint32_t i = 0; i < directive_count; i++)
		if (strcmp(directives[i].name, name) == 0)
			return &directives[i];
	return NULL;
}

static enum units_kind
units_of(const struct directive *directive)
{
	return directive->kind == DIRECTIVE_TIME    ? UNITS_TIME
	       : directive->kind == DIRECTIVE_BYTES ? UNITS_BYTES
						    : UNITS_COUNT;
}

static bool
has_range(const struct directive *directive)
{
	return directive->kind == DIRECTIVE_TIME ||
	       directive->kind == DIRECTIVE_BYTES ||
	       directive->kind == DIRECTIVE_COUNT ||
	       directive->kind == DIRECTIVE_PORT;
}

/* "1ms to 24h" */
static void
range_print(const struct directive *directive, char *text, size_t size)
{
	char low[UNITS_TEXT], high[UNITS_TEXT];

	units_format(units_of(directive), directive->low, low);
	units_format(units_of(directive), directive->high, high);
	snprintf(text, size, "%s to %s", low, high);
}

/* As `homewardd -nv` prints it, without its name; "" if it has none. */
static void
default_print(const struct directive *directive, char text[ITEM])
{
	static struct conf plain;
	FILE *file;

	conf_default(&plain);
	memset(text, 0, ITEM);
	file = fmemopen(text, ITEM, "w");
	CHECK(file != NULL);
	directive_print(directive, &plain, file);
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	size_t name = strlen(directive->name);
	if (strlen(text) > name)
		memmove(text, text + name + 1, strlen(text + name));
}

/* "Default: A", or of two directives "Defaults: A and B"; in a sentence of its
 * own. */
static void
default_check(const struct item *item)
{
	char a[ITEM], b[ITEM] = "", want[2 * ITEM + 32];

	default_print(directive_named(item->names[0]), a);
	if (a[0] == '\0') {
		CHECK_ROW(strstr(item->text, "Default") == NULL,
			  item->names[0]);
		return;
	}
	if (item->count == 2)
		default_print(directive_named(item->names[1]), b);
	if (item->count == 2 && strcmp(a, b) != 0)
		snprintf(want, sizeof(want), "Defaults: %s and %s", a, b);
	else
		snprintf(want, sizeof(want), "Default: %s", a);
	const char *at = strstr(item->text, want);
	CHECK_ROW(at != NULL, item->names[0]);
	if (at == NULL)
		fprintf(stderr, "%s: no '%s'\n", item->names[0], want);
	else
		CHECK_ROW(strspn(at + strlen(want), " .,") > 0, item->names[0]);
}

static void
item_check(const struct item *item, bool found[DIRECTIVES_MAX])
{
	for (uint32_t i = 0; i < item->count; i++) {
		const struct directive *directive =
			directive_named(item->names[i]);
		char range[2 * UNITS_TEXT + 8];

		CHECK_ROW(directive != NULL, item->names[i]);
		if (directive == NULL)
			return;
		/* Some have two lines: prometheus off, and an address. */
		found[directive - directives] = true;
		CHECK_ROW(item->restart == directive->fixed, item->names[i]);
		if (!has_range(directive))
			continue;
		range_print(directive, range, sizeof(range));
		CHECK_ROW(strstr(item->text, range) != NULL, item->names[i]);
		if (strstr(item->text, range) == NULL)
			fprintf(stderr, "%s: no '%s'\n", item->names[i], range);
	}
	if (item->count > 0)
		default_check(item);
}

/* The line begins an item of a directive: its name, to be freed; else NULL. */
static char *
name_of(const char *line)
{
	char name[64];

	return sscanf(line, ".It Ic %63s", name) == 1 ? strdup(name) : NULL;
}

static void
item_clear(struct item *item)
{
	for (uint32_t i = 0; i < item->count; i++)
		free((char *)(uintptr_t)item->names[i]);
	memset(item, 0, sizeof(*item));
}

static void
test_manual(void)
{
	FILE *file = fopen(PAGE, "re");
	bool found[DIRECTIVES_MAX] = { false };
	static struct item item;
	char line[512];

	CHECK(file != NULL);
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *name = name_of(line);
		bool ends = strncmp(line, ".El", 3) == 0 ||
			    strncmp(line, ".Ss", 3) == 0 ||
			    strncmp(line, ".Sh", 3) == 0;

		if (ends || (name != NULL && item.text[0] != '\0')) {
			item_check(&item, found);
			item_clear(&item);
		}
		if (name != NULL && item.count > 0 &&
		    strcmp(name, item.names[item.count - 1]) == 0)
			free(name);
		else if (name != NULL && item.count < 4)
			item.names[item.count++] = name;
		else if (item.count > 0)
			item_add(&item, line);
	}
	if (file != NULL)
		fclose(file);
	for (uint32_t i = 0; i < directive_count; i++)
		CHECK_ROW(found[i], directives[i].name);
}

/* What conf_parse() says of a file with that value. */
static bool
is_refused(const struct directive *directive, const char *value)
{
	char range[2 * UNITS_TEXT + 8], want[256], bytes[512];
	static struct conf conf;
	char *talk = NULL;
	size_t size;
	FILE *file = open_memstream(&talk, &size);

	range_print(directive, range, sizeof(range));
	snprintf(want, sizeof(want), "'%s' must be %s, not '%s'\n",
		 directive->name, range, value);
	snprintf(bytes, sizeof(bytes), LEAST "%s %s\n", directive->name, value);
	int result = conf_parse(&conf, "f", bytes, strlen(bytes), file);
	fclose(file);
	bool refused = strstr(talk, want) != NULL;
	/* What else may be wrong hangs together with another. */
	CHECK_ROW(refused || result == 0 ||
			  strstr(talk, "must not exceed") != NULL,
		  directive->name);
	free(talk);
	return refused;
}

static void
test_ranges(void)
{
	for (uint32_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];
		enum units_kind kind = units_of(directive);
		const char *unit = kind == UNITS_TIME	 ? "ns"
				   : kind == UNITS_BYTES ? "B"
							 : "";
		char text[ITEM], value[UNITS_TEXT];
		int64_t number;

		if (!has_range(directive))
			continue;
		units_format(kind, directive->low, value);
		CHECK_ROW(!is_refused(directive, value), directive->name);
		units_format(kind, directive->high, value);
		CHECK_ROW(!is_refused(directive, value), directive->name);
		snprintf(value, sizeof(value), "%" PRId64 "%s",
			 directive->low - 1, unit);
		CHECK_ROW(is_refused(directive,
				     strcmp(value, "0ns") == 0 ? "0" : value),
			  directive->name);
		units_format(kind, directive->high + 1, value);
		CHECK_ROW(is_refused(directive, value), directive->name);
		default_print(directive, text);
		CHECK_ROW(units_parse(kind, text, &number) == UNITS_OK &&
				  number >= directive->low &&
				  number <= directive->high,
			  directive->name);
	}
}

int
main(void)
{
	test_manual();
	test_ranges();
	return check_done();
}
