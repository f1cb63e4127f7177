/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario_print.c - along the key table, a line a key
 *
 * Nothing here but titles, secrets and targets can need quotes.
 */
#include "harness/scenario/scenario_print.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/key.h"
#include "live/conf/units.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS	"0123456789"

/* A text that YAML takes as it is, in a list, too. */
static bool
is_plain(const char *text)
{
	size_t size = strlen(text);

	return size > 0 && text[size - 1] != ' ' &&
	       strchr(LETTERS, text[0]) != NULL &&
	       strspn(text, LETTERS DIGITS " ._-*?'") == size;
}

static void
text_print(FILE *file, const char *text)
{
	if (is_plain(text)) {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', file);
		fputc(*c, file);
	}
	fputc('"', file);
}

static void
head_print(FILE *file, const char *head)
{
	while (head != NULL && *head != '\0') {
		size_t size = strcspn(head, "\n");

		fprintf(file, "#%s%.*s\n", size > 0 ? " " : "", (int)size,
			head);
		head += size + (head[size] != '\0');
	}
}

/* ---- settings ---- */

static void
sizes_print(FILE *file, const struct client_settings *clients)
{
	char bytes[UNITS_TEXT], percent[UNITS_TEXT];

	fputc('[', file);
	for (uint32_t i = 0; i < clients->size_cdf_count; i++) {
		units_format_decimal(clients->size_cdf[i].bytes, 1, bytes,
				     sizeof(bytes));
		units_format_decimal(clients->size_cdf[i].ppm, 10000, percent,
				     sizeof(percent));
		fprintf(file, "%s[%s, %s]", i > 0 ? ", " : "", bytes, percent);
	}
	fputc(']', file);
}

/* Names of the sections that this path opens after the one before. */
static void
sections_print(FILE *file, const char *before, const char *path)
{
	unsigned depth = 0;

	for (const char *from = path, *dot; (dot = strchr(from, '.')) != NULL;
	     from = dot + 1, depth++)
		if (strncmp(before, path, (size_t)(dot + 1 - path)) != 0)
			fprintf(file, "%*s%.*s:\n", (int)(2 * depth), "",
				(int)(dot - from), from);
}

static int
depth_of(const char *path)
{
	int depth = 0;

	for (; *path != '\0'; path++)
		depth += *path == '.';
	return depth;
}

static void
settings_print(FILE *file, const struct settings *settings)
{
	const struct key_table *table = key_settings();
	const char *before = "";
	struct settings defaults;
	char text[KEY_TEXT];

	settings_default(&defaults);
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];

		if (key_same(key, settings, &defaults) &&
		    (key->type != KEY_SIZES ||
		     settings->clients.size_cdf_count == 0))
			continue;
		sections_print(file, before, key->path);
		fprintf(file, "%*s%s: ", 2 * depth_of(key->path), "",
			key_leaf(key));
		key_format(key, settings, text);
		if (key->type == KEY_SIZES)
			sizes_print(file, &settings->clients);
		else if (key->type == KEY_SECRET)
			fprintf(file, "\"%s\"", text);
		else
			fputs(text, file);
		fputc('\n', file);
		before = key->path;
	}
}

/* ---- events ---- */

static void
targets_print(FILE *file, const struct settings *settings,
	      const struct fault_settings *fault)
{
	fputc('[', file);
	for (uint32_t i = 0; i < fault->list_count; i++) {
		if (i > 0)
			fputs(", ", file);
		text_print(file,
			   settings->fault_targets[fault->list_first + i]);
	}
	fputc(']', file);
}

/* When and what stand always; the rest if it was written or is not as
 * always. */
static bool
is_said(const struct key *key, const struct fault_settings *fault,
	const struct fault_settings *none)
{
	return key->given == 0 || (fault->given & key->given) != 0 ||
	       !key_same(key, fault, none);
}

static void
event_print(FILE *file, const struct settings *settings,
	    const struct fault_settings *fault)
{
	const struct key_table *table = key_faults();
	const char *comma = "";
	struct fault_settings none;
	char text[KEY_TEXT];

	fault_settings_default(&none);
	fputs("  - { ", file);
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];

		if (!is_said(key, fault, &none))
			continue;
		fprintf(file, "%s%s: ", comma, key->path);
		comma = ", ";
		key_format(key, fault, text);
		if (key->type != KEY_TARGET)
			fputs(text, file);
		else if (text[0] != '\0')
			text_print(file, text);
		else
			targets_print(file, settings, fault);
	}
	fputs(" }\n", file);
}

char *
scenario_print_text(const char *head, const char *title,
		    const struct settings *settings)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (file == NULL)
		return NULL;
	head_print(file, head);
	fputs("title: ", file);
	text_print(file, title);
	fputc('\n', file);
	settings_print(file, settings);
	if (settings->fault_count > 0)
		fputs("events:\n", file);
	for (uint32_t i = 0; i < settings->fault_count; i++)
		event_print(file, settings, &settings->faults[i]);
	if (fclose(file) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
