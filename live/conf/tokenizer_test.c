/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tokenizer_test.c - lines into words, columns, and words printed back
 */
#include "live/conf/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"

static const struct {
	const char *sentence;
	const char *bytes;
	/* words as LINE:COLUMN[text] one after the other, problems as
	 * LINE:COLUMN! */
	const char *seen;
} rows[] = {
	{ "nothing has no words", "", "end 1" },
	{ "blank lines and comments have none", "\n  \t\n# one\n", "end 3" },
	{ "words and their columns", "peer 10.0.0.1\tport  7\n",
	  "1:1[peer]1:6[10.0.0.1]1:15[port]1:21[7]end 1" },
	{ "the last line needs no newline", "\na b", "2:1[a]2:3[b]end 2" },
	{ "a comment ends a word", "a#b\n", "1:1[a]end 1" },
	{ "quotes hold blanks and comments", "a \"b # c\" d\n",
	  "1:1[a]1:3[b # c]1:11[d]end 1" },
	{ "an empty word", "a \"\"\n", "1:1[a]1:3[]end 1" },
	{ "escapes", "\"\\\"\\\\\"\n", "1:1[\"\\]end 1" },
	{ "no other escapes", "a \"\\n\"\n", "1:4!end 1" },
	{ "a quote not closed", "  \"abc\nd\n", "1:3!2:1[d]end 2" },
	{ "a backslash at the end", "\"abc\\\n", "1:5!end 1" },
	{ "a quote inside", "ab\"c\"\n", "1:3!end 1" },
	{ "glued to a quote", "\"a\"b\n", "1:4!end 1" },
	{ "a comment behind a quote", "\"a\"#b\n", "1:1[a]end 1" },
	{ "carriage return", "a b\r\nc\n", "1:4!2:1[c]end 2" },
	{ "control characters, in comments too", "a # \x01\n", "1:5!end 1" },
	{ "delete", "a\x7f\n", "1:2!end 1" },
	{ "UTF-8", "\"\xc3\xa4\" x\n", "1:1[\xc3\xa4]1:6[x]end 1" },
	{ "as many words as fit", "1 2 3 4 5 6\n",
	  "1:1[1]1:3[2]1:5[3]1:7[4]1:9[5]1:11[6]end 1" },
	{ "one too many", "1 2 3 4 5 6 7\nb\n", "1:13!2:1[b]end 2" },
};

static char *
seen_in(const char *bytes, size_t size)
{
	struct tokenizer tokenizer;
	char *text = NULL;
	size_t text_size;
	FILE *file = open_memstream(&text, &text_size);
	int result;

	tokenizer_start(&tokenizer, bytes, size);
	while ((result = tokenizer_next(&tokenizer)) != 0) {
		if (result == -1)
			fprintf(file, "%u:%u!", tokenizer.line,
				tokenizer.problem_column);
		for (uint32_t i = 0; result == 1 && i < tokenizer.count; i++)
			fprintf(file, "%u:%u[%s]", tokenizer.line,
				tokenizer.words[i].column,
				tokenizer.words[i].text);
	}
	fprintf(file, "end %u", tokenizer.line);
	fclose(file);
	return text;
}

static void
sizes_test(void)
{
	char line[1200];
	char *seen;

	memset(line, 'x', sizeof(line));
	seen = seen_in(line, WORD_BYTES - 1);
	CHECK(strlen(seen) == strlen("1:1[]end 1") + WORD_BYTES - 1);
	free(seen);
	seen = seen_in(line, WORD_BYTES);
	CHECK(strcmp(seen, "1:1!end 1") == 0);
	free(seen);
	seen = seen_in("a\0b", 3);
	CHECK(strcmp(seen, "1:2!end 1") == 0);
	free(seen);
}

static void
print_test(void)
{
	static const char *const texts[] = {
		"plain",	  "",	   "two words", "a#b", "\"", "\\",
		"vtysh -c \"x\"", "\ttab", "\xc3\xa4",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = NULL;
		size_t size;
		FILE *file = open_memstream(&text, &size);
		struct tokenizer tokenizer;

		tokenizer_print(texts[i], file);
		fclose(file);
		tokenizer_start(&tokenizer, text, size);
		CHECK_ROW(tokenizer_next(&tokenizer) == 1 &&
				  tokenizer.count == 1 &&
				  strcmp(tokenizer.words[0].text, texts[i]) ==
					  0,
			  texts[i]);
		free(text);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *seen = seen_in(rows[i].bytes, strlen(rows[i].bytes));

		CHECK_ROW(strcmp(seen, rows[i].seen) == 0, rows[i].sentence);
		if (strcmp(seen, rows[i].seen) != 0)
			fprintf(stderr, "\t%s\n", seen);
		free(seen);
	}
	sizes_test();
	print_test();
	return check_done();
}
