/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell_word.c - quotes
 */
#include "harness/base/shell_word.h"

#include <string.h>

void
shell_word_print(const char *word, FILE *file)
{
	if (word[0] != '\0' &&
	    strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_./=:,+-@%") == strlen(word)) {
		fputs(word, file);
		return;
	}
	fputc('\'', file);
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			fputs("'\\''", file);
		else
			fputc(*word, file);
	}
	fputc('\'', file);
}
