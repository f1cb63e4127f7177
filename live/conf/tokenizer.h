/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tokenizer.h - the daemon's text files, line by line and word by word
 *
 * A line is words between blanks and tabs; outside quotes `#` begins a
 * comment. A word may be quoted: "so that it has # and blanks", where \" is a
 * quote and \\ a backslash. Control characters are refused everywhere; bytes
 * above 127 (UTF-8) are as good as letters. The last line needs no newline.
 *
 * Lines and columns count from 1, columns in bytes.
 */
#ifndef LIVE_CONF_TOKENIZER_H
#define LIVE_CONF_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TOKENIZER_WORDS 6 /* words of a line; no directive has as many */
#define WORD_BYTES	513 /* with its NUL */

struct word {
	char text[WORD_BYTES];
	unsigned column;
};

struct tokenizer {
	const char *bytes; /* borrowed */
	size_t size, offset;
	unsigned line; /* of the words below */
	unsigned end; /* column after the last of them */
	uint32_t count;
	struct word words[TOKENIZER_WORDS];
	const char *problem; /* why tokenizer_next() said -1 */
	unsigned problem_column;
};

void tokenizer_start(struct tokenizer *, const char *bytes, size_t size);
/* The next line that has words. 1; 0: there are no more, `line` is the last
 * line's number (1 for an empty file); -1: see problem, go on for the next
 * line. */
int tokenizer_next(struct tokenizer *);
/* Write a word so that it is read as the same; quoted only if need be. */
void tokenizer_print(const char *text, FILE *);

#endif
