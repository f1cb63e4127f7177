/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gnuplot.c - see gnuplot.h
 */
#include "harness/analyse/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/exit.h"

/* In gnuplot's single quotes only ' is special. */
void
variable_add(struct variables *variables, const char *name, const char *value)
{
	char *text = variables->text;
	size_t at = variables->length;
	int used = snprintf(text + at, VARIABLES - at, "%s='", name);

	at += used > 0 ? (size_t)used : 0;
	for (; *value != '\0' && at + 4 < VARIABLES; value++) {
		if (*value == '\'')
			text[at++] = '\'';
		text[at++] = *value;
	}
	if (at + 3 < VARIABLES) {
		memcpy(text + at, "'; ", 4);
		at += 3;
	}
	variables->length = at;
}

void
variable_add_plain(struct variables *variables, const char *name,
		   const char *value)
{
	char text[512];
	size_t length = 0;

	for (; *value != '\0' && length + 3 < sizeof(text); value++) {
		if (strchr("\\_^{}@&~", *value) != NULL)
			text[length++] = '\\';
		text[length++] = *value;
	}
	text[length] = '\0';
	variable_add(variables, name, text);
}

int
gnuplot_run(const struct variables *variables, const char *script)
{
	char *const arguments[] = { (char *)(uintptr_t) "gnuplot",
				    (char *)(uintptr_t) "-e",
				    (char *)(uintptr_t)variables->text,
				    (char *)(uintptr_t)script, NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;
	int code, status;

	/* Its talk belongs on standard error, like ours. */
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO,
					 STDOUT_FILENO);
	code = posix_spawnp(&child, "gnuplot", &actions, NULL, arguments,
			    environ);
	posix_spawn_file_actions_destroy(&actions);
	if (code != 0) {
		fprintf(stderr, "homeward: gnuplot: %s%s\n", strerror(code),
			code == ENOENT ? " (Debian: apt-get install "
					 "gnuplot-nox)"
				       : "");
		return EXIT_RUNTIME;
	}
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return EXIT_RUNTIME;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "homeward: gnuplot could not draw %s\n",
			script);
		return EXIT_RUNTIME;
	}
	return 0;
}

bool
file_whole(const char *path, bool png)
{
	static const char end_png[] = "IEND\xae\x42\x60\x82";
	const char *end = png ? end_png : "</svg>";
	size_t length = strlen(end), got = 0;
	char tail[32] = "";
	FILE *file = fopen(path, "rb");

	if (file != NULL && fseek(file, -16, SEEK_END) == 0)
		got = fread(tail, 1, 16, file);
	if (file != NULL)
		(void)fclose(file);
	for (size_t i = 0; i + length <= got; i++)
		if (memcmp(tail + i, end, length) == 0)
			return true;
	(void)unlink(path);
	return false;
}
