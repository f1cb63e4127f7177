/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.c - see command.h */
#include "live/control/command.h"

#include <stdio.h>
#include <string.h>

#include "core/instant.h"
#include "live/conf/did_you_mean.h"
#include "live/conf/units.h"
#include "live/engine/report.h"

#define WORDS	   4 /* no request has more */
#define WORD_BYTES 64 /* no address has more */

struct shape {
	const char *word;
	unsigned least, most;
	bool json;
};

static const struct shape shapes[] = {
#define COMMAND_SHAPE(name, word, least, most, json)                           \
	[COMMAND_##name] = { (word), (least), (most), (json) },
	COMMAND_LIST(COMMAND_SHAPE)
#undef COMMAND_SHAPE
};

/* Copies of the words; how many, or -1. */
static int
split(const char *line, size_t size, char words[WORDS][WORD_BYTES])
{
	int count = 0;
	size_t at = 0;

	for (;;) {
		while (at < size && (line[at] == ' ' || line[at] == '\t'))
			at++;
		if (at == size)
			return count;
		size_t start = at;
		while (at < size && line[at] > ' ' && line[at] < 0x7f)
			at++;
		bool ends = at == size || line[at] == ' ' || line[at] == '\t';
		if (count == WORDS || at - start >= WORD_BYTES || !ends)
			return -1;
		memcpy(words[count], line + start, at - start);
		words[count++][at - start] = '\0';
	}
}

static int
kind_find(const char *word, enum command_kind *kind, char *error,
	  size_t error_size)
{
	struct did_you_mean did_you_mean = did_you_mean_start(word);
	char hint[2 * WORD_BYTES];

	for (unsigned i = 0; i < COMMAND_KINDS; i++) {
		if (strcmp(word, shapes[i].word) == 0) {
			*kind = (enum command_kind)i;
			return 0;
		}
		did_you_mean_offer(&did_you_mean, shapes[i].word);
	}
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	(void)snprintf(error, error_size, "no command '%s'%s", word, hint);
	return -1;
}

/* "90" or "10min" */
static int
deadline_parse(const char *text, int64_t *deadline_ns, char *error,
	       size_t error_size)
{
	int64_t value;

	if (units_parse(UNITS_COUNT, text, &value) == UNITS_OK &&
	    value <= INT64_MAX / NS_PER_S)
		value *= NS_PER_S;
	else if (units_parse(UNITS_TIME, text, &value) != UNITS_OK)
		value = 0;
	if (value <= 0) {
		(void)snprintf(error, error_size,
			       "no deadline '%s': seconds, or a time with its "
			       "unit such as 10min",
			       text);
		return -1;
	}
	*deadline_ns = value;
	return 0;
}

static int
arguments_read(char (*words)[WORD_BYTES], unsigned count,
	       struct command *command, char *error, size_t error_size)
{
	const struct shape *shape = &shapes[command->kind];

	if (count < shape->least || count > shape->most) {
		(void)snprintf(error, error_size, "%s takes %s", shape->word,
			       shape->most == 0	  ? "no argument"
			       : shape->most == 1 ? "at most a deadline"
						  : "CLIENT and SERVICE");
		return -1;
	}
	if (command->kind == COMMAND_DRAIN && count == 1)
		return deadline_parse(words[0], &command->deadline_ns, error,
				      error_size);
	if (command->kind == COMMAND_LOOKUP &&
	    !report_flow_parse(words[0], words[1], &command->key)) {
		(void)snprintf(error, error_size,
			       "no session '%s %s': two addresses of one "
			       "family, each with its port, as 10.1.0.1:40001 "
			       "or [2001:db8::1]:40001",
			       words[0], words[1]);
		return -1;
	}
	return 0;
}

int
command_parse(const char *line, size_t size, struct command *command,
	      char *error, size_t error_size)
{
	char words[WORDS][WORD_BYTES];
	int count = split(line, size, words);

	*command = (struct command){ .kind = COMMAND_STATUS };
	if (count <= 0) {
		(void)snprintf(error, error_size,
			       count == 0 ? "an empty line is no command"
					  : "that line is no command");
		return -1;
	}
	if (kind_find(words[0], &command->kind, error, error_size) != 0)
		return -1;
	if (count > 1 && strcmp(words[count - 1], "json") == 0 &&
	    shapes[command->kind].json) {
		command->json = true;
		count--;
	}
	return arguments_read(words + 1, (unsigned)count - 1, command, error,
			      error_size);
}
