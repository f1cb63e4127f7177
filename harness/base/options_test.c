/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options_test.c - arguments, by a table that has one of everything
 *
 * What is complained about is read back from standard error.
 */
#include "harness/base/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/base/exit.h"

#define WORDS 12

struct wish {
	const char *db, *color;
	bool quiet, quick;
	unsigned world;
	uint64_t jobs;
	struct options_texts sets;
	bool decode;
	const char *secret;
};

static const char *
color_word(size_t index)
{
	static const char *const words[] = { "red", "green", "blue", NULL };

	return words[index];
}

static const struct verb_option rows[] = {
	{ "db", "FILE", "database", options_text,
	  .at = offsetof(struct wish, db), .kind = USAGE_FILE },
	{ "color", "COLOR", "red, green or blue", options_word,
	  .at = offsetof(struct wish, color), .word = color_word },
	{ "quiet", NULL, "say nothing", options_flag,
	  .at = offsetof(struct wish, quiet) },
	{ "quick", NULL, "hurry", options_flag,
	  .at = offsetof(struct wish, quick) },
	{ "in", "sim|live|both", "the world", options_choice,
	  .at = offsetof(struct wish, world) },
	{ "jobs", "N", "at a time", options_number,
	  .at = offsetof(struct wish, jobs), .low = 1, .high = 16 },
	{ "set", "KEY=VALUE", "a key", options_texts,
	  .at = offsetof(struct wish, sets), .repeats = true },
	{ "decode", NULL, "play nothing", options_flag,
	  .at = offsetof(struct wish, decode), .form = USAGE_HEAD },
	{ "secret", "FILE", "to open them", options_text,
	  .at = offsetof(struct wish, secret), .form = USAGE_SECOND },
	{ 0 },
};

static const struct verb verb = {
	.name = "try",
	.summary = "try it",
	.options = rows,
	.operands = "SCENARIO [OTHER]",
	.noun = "scenario",
	.least = 1,
	.most = 2,
	.notes = "That is all.\n",
};

/* No operands at all, and a child of another verb. */
static const struct verb_option few[] = {
	{ "json", NULL, "JSON", options_flag, .at = 0 },
	{ 0 },
};
static const struct verb bare = {
	.name = "bare",
	.parent = "bench",
	.summary = "no operands",
	.options = few,
};

/* ---- what goes wrong ---- */

static const struct {
	const char *sentence;
	const char *words[WORDS];
	const char *said; /* the first line of standard error */
} refusals[] = {
	{ "an unknown option",
	  { "--frobnicate", "a" },
	  "homeward try: no option '--frobnicate'" },
	{ "the nearest name",
	  { "--colour=red", "a" },
	  "homeward try: no option '--colour'; did you mean '--color'?" },
	{ "its value is no part of it",
	  { "--jbos=3", "a" },
	  "homeward try: no option '--jbos'; did you mean '--jobs'?" },
	{ "a letter", { "-q", "a" }, "homeward try: no option '-q'" },
	{ "one of several letters",
	  { "-xq", "a" },
	  "homeward try: no option '-x'" },
	{ "cut too short",
	  { "--quie", "--q", "a" },
	  "homeward try: --q can be any of --quiet, --quick" },
	{ "no argument at the end",
	  { "a", "--db" },
	  "homeward try: --db takes FILE" },
	{ "an argument of a flag",
	  { "--quiet=1", "a" },
	  "homeward try: --quiet takes no argument" },
	{ "no operand", { "--quiet" }, "homeward try: which scenario?" },
	{ "too many",
	  { "a", "b", "c" },
	  "homeward try: one scenario at a time" },
	{ "not one of the choices",
	  { "--in", "si", "a" },
	  "homeward try: --in takes sim, live or both, not 'si'" },
	{ "a choice is a whole word",
	  { "--in", "sim|live", "a" },
	  "homeward try: --in takes sim, live or both, not 'sim|live'" },
	{ "an unknown word, and the nearest",
	  { "--color", "gren", "a" },
	  "homeward try: no color 'gren'; did you mean 'green'?" },
	{ "an unknown word, none near",
	  { "--color", "transparent", "a" },
	  "homeward try: no color 'transparent'; there are red, green and "
	  "blue" },
	{ "too small a number",
	  { "--jobs", "0", "a" },
	  "homeward try: --jobs takes 1..16, not '0'" },
	{ "too large",
	  { "--jobs", "17", "a" },
	  "homeward try: --jobs takes 1..16, not '17'" },
	{ "too large for any number",
	  { "--jobs", "18446744073709551617", "a" },
	  "homeward try: --jobs takes 1..16, not '18446744073709551617'" },
	{ "a fraction",
	  { "--jobs", "1.0", "a" },
	  "homeward try: --jobs takes 1..16, not '1.0'" },
	{ "a sign",
	  { "--jobs=+1", "a" },
	  "homeward try: --jobs takes 1..16, not '+1'" },
	{ "a blank",
	  { "--jobs", " 1", "a" },
	  "homeward try: --jobs takes 1..16, not ' 1'" },
	{ "nothing",
	  { "--jobs=", "a" },
	  "homeward try: --jobs takes 1..16, not ''" },
	{ "the first mistake is told",
	  { "--in", "x", "--jobs", "0", "a" },
	  "homeward try: --in takes sim, live or both, not 'x'" },
	{ "an option of the other form",
	  { "--decode", "--quiet", "a" },
	  "homeward try: --decode goes with --secret only" },
	{ "one of the second without its head",
	  { "--secret", "x", "a" },
	  "homeward try: --secret goes with --decode" },
	{ "what looks like an option behind --",
	  { "--", "--quiet", "b", "c" },
	  "homeward try: one scenario at a time" },
};

/* Standard error of a reading, in text; what options_read() returned. */
static int
read_quietly(const struct verb *what, const char *const *words,
	     struct wish *wish, char **argv, int *argc, char *text, size_t size)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO), count;
	size_t got;

	argv[0] = (char *)(uintptr_t)what->name;
	for (*argc = 1; *argc <= WORDS && words[*argc - 1] != NULL; ++*argc)
		argv[*argc] = (char *)(uintptr_t)words[*argc - 1];
	argv[*argc] = NULL;
	fflush(stderr);
	(void)dup2(fileno(file), STDERR_FILENO);
	count = options_read(what, *argc, argv, wish);
	fflush(stderr);
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	got = fread(text, 1, size - 1, file);
	text[got] = '\0';
	fclose(file);
	return count;
}

static void
refusals_check(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct wish wish = { .db = NULL };
		char *argv[WORDS + 2], text[4096];
		int argc;
		int count = read_quietly(&verb, refusals[i].words, &wish, argv,
					 &argc, text, sizeof(text));
		size_t line = strcspn(text, "\n");

		CHECK_ROW(count == -EXIT_USAGE, refusals[i].sentence);
		CHECK_ROW(strlen(refusals[i].said) == line &&
				  strncmp(text, refusals[i].said, line) == 0,
			  refusals[i].sentence);
		CHECK_ROW(strstr(text, "\nusage: homeward try [--db FILE]") !=
				  NULL,
			  refusals[i].sentence);
		CHECK_ROW(strstr(text, "\ntry 'homeward try --help'\n") != NULL,
			  refusals[i].sentence);
		free(wish.sets.text);
	}
}

/* ---- what goes well ---- */

static const struct {
	const char *sentence;
	const char *words[WORDS];
	const char *said; /* as wish_format() has it */
} readings[] = {
	{ "nothing but an operand", { "a" }, "| a" },
	{ "an argument apart", { "--db", "x", "a" }, "db x | a" },
	{ "an argument behind =", { "--db=x", "a" }, "db x | a" },
	{ "an empty one", { "--db=", "a" }, "db  | a" },
	{ "one with = in it", { "--db=x=y", "a" }, "db x=y | a" },
	{ "one that begins with a dash", { "--db", "--x", "a" }, "db --x | a" },
	{ "the last one stands",
	  { "--db", "x", "--jobs=3", "--db=y", "--jobs", "4", "a" },
	  "db y jobs 4 | a" },
	{ "all of those that repeat, in order",
	  { "--set", "k=1", "--set=l=2", "a", "--set", "k=3" },
	  "set k=1 set l=2 set k=3 | a" },
	{ "cut short, yet clear",
	  { "--quie", "--j", "5", "a" },
	  "quiet jobs 5 | a" },
	{ "flags twice", { "--quick", "--quick", "a" }, "quick | a" },
	{ "the first choice", { "--in", "sim", "a" }, "| a" },
	{ "the last choice", { "--in", "both", "a" }, "world 2 | a" },
	{ "a known word", { "--color", "blue", "a" }, "color blue | a" },
	{ "operands among options",
	  { "a", "--quiet", "b", "--jobs", "16" },
	  "quiet jobs 16 | a b" },
	{ "-- ends them", { "--quiet", "--", "--quick" }, "quiet | --quick" },
	{ "a dash is an operand", { "-", "--quiet" }, "quiet | -" },
	{ "the second form",
	  { "--secret", "s", "--decode", "a" },
	  "decode secret s | a" },
};

static void
wish_format(const struct wish *wish, int count, char **argv, int argc,
	    char *text, size_t size)
{
	FILE *file = fmemopen(text, size, "w");

	if (wish->db != NULL)
		fprintf(file, "db %s ", wish->db);
	if (wish->color != NULL)
		fprintf(file, "color %s ", wish->color);
	fputs(wish->quiet ? "quiet " : "", file);
	fputs(wish->quick ? "quick " : "", file);
	if (wish->world != 0)
		fprintf(file, "world %u ", wish->world);
	if (wish->jobs != 0)
		fprintf(file, "jobs %u ", (unsigned)wish->jobs);
	for (uint32_t i = 0; i < wish->sets.count; i++)
		fprintf(file, "set %s ", wish->sets.text[i]);
	fputs(wish->decode ? "decode " : "", file);
	if (wish->secret != NULL)
		fprintf(file, "secret %s ", wish->secret);
	fputc('|', file);
	for (int i = argc - count; i < argc; i++)
		fprintf(file, " %s", argv[i]);
	fclose(file);
}

static void
readings_check(void)
{
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		struct wish wish = { .db = NULL };
		char *argv[WORDS + 2], text[4096], got[512];
		int argc;
		int count = read_quietly(&verb, readings[i].words, &wish, argv,
					 &argc, text, sizeof(text));

		CHECK_ROW(count > 0 && text[0] == '\0', readings[i].sentence);
		wish_format(&wish, count, argv, argc, got, sizeof(got));
		CHECK_ROW(strcmp(got, readings[i].said) == 0,
			  readings[i].sentence);
		free(wish.sets.text);
	}
}

static void
bare_check(void)
{
	static const char *const one[] = { "x", NULL };
	static const char *const flag[] = { "--js", NULL };
	struct wish wish = { .db = NULL };
	char *argv[WORDS + 2], text[4096];
	int argc;

	CHECK(read_quietly(&bare, one, &wish, argv, &argc, text,
			   sizeof(text)) == -EXIT_USAGE);
	CHECK(strcmp(text, "homeward bench bare: what is 'x'?\n"
			   "usage: homeward bench bare [--json]\n"
			   "try 'homeward bench bare --help'\n") == 0);
	CHECK(read_quietly(&bare, flag, &wish, argv, &argc, text,
			   sizeof(text)) == 0 &&
	      text[0] == '\0' && *(bool *)&wish);
}

static void
help_check(void)
{
	static const char head[] =
		"usage: homeward try [--db FILE] [--color COLOR] [--quiet] "
		"[--quick]\n"
		"                    [--in sim|live|both] [--jobs N] "
		"[--set KEY=VALUE]...\n"
		"                    SCENARIO [OTHER]\n"
		"       homeward try --decode [--secret FILE] SCENARIO "
		"[OTHER]\n\ntry it.\n\n"
		"  --db FILE             database\n";
	char text[4096];
	FILE *file = fmemopen(text, sizeof(text), "w");
	char *line;

	usage_help(&verb, file);
	fclose(file);
	CHECK(strncmp(text, head, sizeof(head) - 1) == 0);
	CHECK(strstr(text, "\nThat is all.\n") != NULL);
	for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		CHECK_ROW(strlen(line) < 80, line);
	CHECK(usage_asked(3, (char *[]){ "try", "a", "--help" }));
	CHECK(!usage_asked(3, (char *[]){ "try", "--", "--help" }));
	CHECK(!usage_asked(1, (char *[]){ "--help" }));
}

int
main(void)
{
	refusals_check();
	readings_check();
	bare_check();
	help_check();
	return check_done();
}
