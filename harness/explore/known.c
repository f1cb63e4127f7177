/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * known.c - a word a line
 */
#include "harness/explore/known.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/exit.h"
#include "live/conf/did_you_mean.h"

#define WORD	   64
#define FILE_BYTES 65536
#define BLANK	   " \t\r"

struct line {
	const char *path;
	unsigned number;
	FILE *talk;
};

static bool
word_take(struct known *known, const struct line *line, unsigned column,
	  const char *word)
{
	enum violation kind = violation_find(word);
	struct did_you_mean nearest = did_you_mean_start(word);
	char hint[2 * WORD] = "";

	if (kind != VIOLATIONS && !known->kinds[kind]) {
		known->kinds[kind] = true;
		return true;
	}
	if (kind != VIOLATIONS) {
		fprintf(line->talk, "%s:%u:%u: %s stands here twice\n",
			line->path, line->number, column, word);
		return false;
	}
	for (unsigned i = 0; i < VIOLATIONS; i++)
		did_you_mean_offer(&nearest, violation_name((enum violation)i));
	did_you_mean_hint(&nearest, hint, sizeof(hint));
	fprintf(line->talk, "%s:%u:%u: no kind of violation '%s'%s\n",
		line->path, line->number, column, word, hint);
	return false;
}

/* Up to its end, or to its comment. */
static bool
line_take(struct known *known, const struct line *line, const char *text,
	  size_t size)
{
	size_t first = 0, length, more;
	char word[WORD];

	while (first < size && strchr(BLANK, text[first]) != NULL)
		first++;
	if (first == size)
		return true;
	length = 0;
	while (first + length < size &&
	       strchr(BLANK, text[first + length]) == NULL)
		length++;
	more = first + length;
	while (more < size && strchr(BLANK, text[more]) != NULL)
		more++;
	if (more < size) {
		fprintf(line->talk,
			"%s:%u:%zu: one kind a line, and what else is to be "
			"said behind a '#'\n",
			line->path, line->number, more + 1);
		return false;
	}
	(void)snprintf(word, sizeof(word), "%.*s", (int)length, text + first);
	return word_take(known, line, (unsigned)first + 1, word);
}

unsigned
known_parse(struct known *known, const char *path, const char *bytes,
	    size_t size, FILE *talk)
{
	struct line line = { .path = path, .talk = talk };
	unsigned complaints = 0;
	size_t at = 0;

	*known = (struct known){ .path = path };
	while (at < size) {
		const char *end = memchr(bytes + at, '\n', size - at);
		size_t whole =
			end != NULL ? (size_t)(end - bytes) - at : size - at;
		const char *comment = memchr(bytes + at, '#', whole);

		line.number++;
		complaints += !line_take(
			known, &line, bytes + at,
			comment == NULL ? whole
					: (size_t)(comment - bytes) - at);
		at += whole + 1;
	}
	return complaints;
}

int
known_read(struct known *known, const char *path)
{
	static char bytes[FILE_BYTES];
	size_t size = 0;
	FILE *file;
	bool good;

	*known = (struct known){ 0 };
	if (path == NULL && access(KNOWN_PATH, F_OK) != 0)
		return 0;
	if (path == NULL)
		path = KNOWN_PATH;
	if (strcmp(path, KNOWN_NONE) == 0)
		return 0;
	file = fopen(path, "r");
	if (file != NULL)
		size = fread(bytes, 1, sizeof(bytes), file);
	good = file != NULL && !ferror(file);
	if (!good)
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
	else if (size == sizeof(bytes))
		fprintf(stderr, "homeward: %s: larger than a list of kinds\n",
			path);
	good = good && size < sizeof(bytes) &&
	       known_parse(known, path, bytes, size, stderr) == 0;
	if (file != NULL)
		(void)fclose(file);
	return good ? 0 : EXIT_USAGE;
}
