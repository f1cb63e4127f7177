/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tokenizer.c - one pass over the bytes, nothing is allocated
 */
#include "live/conf/tokenizer.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

void
tokenizer_start(struct tokenizer *tokenizer, const char *bytes, size_t size)
{
	memset(tokenizer, 0, sizeof(*tokenizer));
	tokenizer->bytes = bytes;
	tokenizer->size = size;
}

/* One line, not yet cut into words. */
struct text {
	const char *bytes;
	size_t size, at;
};

static unsigned
column_of(const struct text *text)
{
	return (unsigned)(text->at + 1);
}

static int
problem(struct tokenizer *tokenizer, unsigned column, const char *why)
{
	tokenizer->problem = why;
	tokenizer->problem_column = column;
	return -1;
}

static int
word_append(struct tokenizer *tokenizer, struct word *word, size_t *length,
	    char c)
{
	if (*length + 1 >= sizeof(word->text))
		return problem(tokenizer, word->column,
			       "a word of more than 512 bytes");
	word->text[(*length)++] = c;
	word->text[*length] = '\0';
	return 0;
}

/* After the opening quote; to behind the closing one. */
static int
word_quoted(struct tokenizer *tokenizer, struct text *text, struct word *word)
{
	size_t length = 0;

	for (; text->at < text->size && text->bytes[text->at] != '"';
	     text->at++) {
		char c = text->bytes[text->at];

		if (c == '\\') {
			unsigned column = column_of(text);

			c = ++text->at < text->size ? text->bytes[text->at] : 0;
			if (c != '"' && c != '\\')
				return problem(tokenizer, column,
					       "behind a backslash only \" "
					       "and \\ may stand");
		}
		if (word_append(tokenizer, word, &length, c) == -1)
			return -1;
	}
	if (text->at == text->size)
		return problem(tokenizer, word->column,
			       "the quote is not closed in this line");
	text->at++;
	if (text->at < text->size && !is_blank(text->bytes[text->at]) &&
	    text->bytes[text->at] != '#')
		return problem(tokenizer, column_of(text),
			       "a blank is missing behind the quote");
	return 0;
}

static int
word_plain(struct tokenizer *tokenizer, struct text *text, struct word *word)
{
	size_t length = 0;

	for (; text->at < text->size; text->at++) {
		char c = text->bytes[text->at];

		if (is_blank(c) || c == '#')
			break;
		if (c == '"')
			return problem(tokenizer, column_of(text),
				       "a quote in the middle of a word");
		if (word_append(tokenizer, word, &length, c) == -1)
			return -1;
	}
	return 0;
}

static int
line_split(struct tokenizer *tokenizer, struct text *text)
{
	for (size_t i = 0; i < text->size; i++) {
		if (text->bytes[i] == '\r')
			return problem(tokenizer, (unsigned)(i + 1),
				       "a carriage return; lines end with a "
				       "line feed alone");
		if (is_control(text->bytes[i]))
			return problem(tokenizer, (unsigned)(i + 1),
				       "a control character");
	}
	for (;;) {
		while (text->at < text->size && is_blank(text->bytes[text->at]))
			text->at++;
		if (text->at == text->size || text->bytes[text->at] == '#')
			return tokenizer->count > 0;
		if (tokenizer->count == TOKENIZER_WORDS)
			return problem(tokenizer, column_of(text),
				       "too many words in this line");

		struct word *word = &tokenizer->words[tokenizer->count];
		word->column = column_of(text);
		word->text[0] = '\0';
		bool quoted = text->bytes[text->at] == '"';
		text->at += quoted;
		if ((quoted ? word_quoted(tokenizer, text, word)
			    : word_plain(tokenizer, text, word)) == -1)
			return -1;
		tokenizer->count++;
		tokenizer->end = column_of(text);
	}
}

int
tokenizer_next(struct tokenizer *tokenizer)
{
	while (tokenizer->offset < tokenizer->size) {
		const char *start = tokenizer->bytes + tokenizer->offset;
		size_t rest = tokenizer->size - tokenizer->offset;
		const char *end = memchr(start, '\n', rest);
		struct text text = {
			.bytes = start,
			.size = end != NULL ? (size_t)(end - start) : rest,
		};

		tokenizer->offset += text.size + (end != NULL);
		tokenizer->line++;
		tokenizer->count = 0;
		int result = line_split(tokenizer, &text);
		if (result != 0)
			return result;
	}
	tokenizer->count = 0;
	if (tokenizer->line == 0)
		tokenizer->line = 1;
	return 0;
}

void
tokenizer_print(const char *text, FILE *file)
{
	if (text[0] != '\0' && strpbrk(text, " \t#\"\\") == NULL) {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		fputc(*text, file);
	}
	fputc('"', file);
}
