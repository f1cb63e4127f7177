/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reference.c - a shell for g++ and pkg-config, a pipe for what it says
 */
#include "harness/bench/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/siphash.h"
#include "harness/base/exit.h"

#define SOURCE	 "harness/bench/ns3_rpc.cc"
#define MODULES	 "ns3-internet ns3-point-to-point"
#define ARGUMENT 32 /* a number as text */

bool
reference_file(const char *name, char *path)
{
	static const char *const beside[] = { "../..", "../../..",
					      "../share/homeward" };
	char program[PATH_MAX / 2];
	ssize_t length =
		readlink("/proc/self/exe", program, sizeof(program) - 1);

	snprintf(path, PATH_MAX, "%s", name);
	if (access(path, R_OK) == 0 || length <= 0)
		return access(path, R_OK) == 0;
	program[length] = '\0';
	char *slash = strrchr(program, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(path, PATH_MAX, "%s/%s/%.1000s", program, beside[i],
			 name);
		if (access(path, R_OK) == 0)
			return true;
	}
	snprintf(path, PATH_MAX, "%s", name);
	return false;
}

/* What the program writes to standard output, up to size - 1 bytes. The exit
 * status, 127 when it cannot be run, or -1. */
static int
output_of(const char *const arguments[], char *text, size_t size)
{
	posix_spawn_file_actions_t actions;
	size_t length = 0;
	int pipes[2], status;
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	int code = posix_spawnp(&child, arguments[0], &actions, NULL,
				(char *const *)(uintptr_t)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	(void)close(pipes[1]);
	for (ssize_t got = 1; code == 0 && got > 0;) {
		got = read(pipes[0], text + length, size - 1 - length);
		if (got > 0)
			length += (size_t)got;
		if (got < 0 && errno == EINTR)
			got = 1;
		if (length == size - 1)
			break;
	}
	text[length] = '\0';
	(void)close(pipes[0]);
	if (code != 0)
		return 127;
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void
reference_version(char *text)
{
	const char *const arguments[] = { "pkg-config", "--modversion",
					  "ns3-internet", NULL };

	if (output_of(arguments, text, 32) != 0 || text[0] == '\0')
		snprintf(text, 32, "unknown");
	text[strcspn(text, "\n")] = '\0';
}

static bool
missing(void)
{
	static const char script[] =
		"command -v g++ >/dev/null && command -v pkg-config >/dev/null "
		"&& pkg-config --exists " MODULES;
	const char *const arguments[] = { "sh", "-c", script, NULL };
	char nothing[8];

	if (output_of(arguments, nothing, sizeof(nothing)) == 0)
		return false;
	fprintf(stderr, "homeward bench ns3: ns-3 is not here; on Debian: "
			"apt-get install libns3-dev g++ pkg-config\n");
	return true;
}

/* Of the source's bytes; 0: it cannot be read. */
static uint64_t
source_hash(const char *path)
{
	static const struct siphash_key key = { { 3 } };
	static uint8_t bytes[1 << 18];
	FILE *file = fopen(path, "rbe");
	size_t size = 0;

	if (file == NULL)
		return 0;
	size = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	return siphash(&key, bytes, size);
}

/* ".../homeward", made when it is not there. */
static bool
cache_folder(char *folder, size_t size)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (cache != NULL && cache[0] == '/')
		snprintf(folder, size, "%s", cache);
	else if (home != NULL && home[0] == '/')
		snprintf(folder, size, "%s/.cache", home);
	else
		snprintf(folder, size, "/tmp/homeward-cache-%u",
			 (unsigned)getuid());
	(void)mkdir(folder, 0700);
	size_t length = strlen(folder);
	if (length + sizeof("/homeward") > size)
		return false;
	snprintf(folder + length, size - length, "/homeward");
	return mkdir(folder, 0700) == 0 || errno == EEXIST;
}

int
reference_build(char *program)
{
	/* Under another name until it is whole. */
	static const char script[] =
		"g++ -std=c++17 -O2 -o \"$2.$$\" \"$1\" "
		"$(pkg-config --cflags --libs " MODULES ") && "
		"mv \"$2.$$\" \"$2\"";
	char source[PATH_MAX], folder[PATH_MAX / 2], nothing[8];
	uint64_t hash;

	if (missing())
		return EXIT_RUNTIME;
	if (!reference_file(SOURCE, source) ||
	    (hash = source_hash(source)) == 0) {
		fprintf(stderr, "homeward bench ns3: %s: %s\n", source,
			strerror(errno));
		return EXIT_RUNTIME;
	}
	if (!cache_folder(folder, sizeof(folder))) {
		fprintf(stderr, "homeward bench ns3: %s: %s\n", folder,
			strerror(errno));
		return EXIT_RUNTIME;
	}
	snprintf(program, PATH_MAX, "%s/ns3_rpc-%016" PRIx64, folder, hash);
	if (access(program, X_OK) == 0)
		return 0;
	fprintf(stderr, "homeward bench ns3: building %s\n", program);
	const char *const arguments[] = { "sh",	  "-c",	   script, "sh",
					  source, program, NULL };
	if (output_of(arguments, nothing, sizeof(nothing)) == 0)
		return 0;
	fprintf(stderr, "homeward bench ns3: g++ could not build %s\n", source);
	return EXIT_RUNTIME;
}

int
reference_run(const char *program, const char *plan,
	      const struct settings *settings, const char *pcap_prefix,
	      struct bench_rpcs *result)
{
	const struct measure_settings *measure = &settings->measure;
	char rpcs[ARGUMENT], request[ARGUMENT], answer[ARGUMENT];
	char seed[ARGUMENT], text[256];
	const char *const arguments[] = {
		program, plan,
		rpcs,	 request,
		answer,	 measure->rpc_transport == RPC_TCP ? "tcp" : "udp",
		seed,	 pcap_prefix,
		NULL
	};

	snprintf(rpcs, ARGUMENT, "%" PRIu32, measure->rpcs);
	snprintf(request, ARGUMENT, "%" PRIu32, measure->rpc_request_bytes);
	snprintf(answer, ARGUMENT, "%" PRIu32, measure->rpc_answer_bytes);
	snprintf(seed, ARGUMENT, "%" PRIu64, settings->seed);
	*result = (struct bench_rpcs){ 0 };
	int code = output_of(arguments, text, sizeof(text));
	if (code == 0 &&
	    sscanf(text,
		   "rpcs %" SCNu64 " run_s %lf events %" SCNu64 " setup_s %lf",
		   &result->rpcs, &result->run_s, &result->events,
		   &result->setup_s) == 4)
		return 0;
	fprintf(stderr, "homeward bench ns3: %s failed (%d)\n", program, code);
	return EXIT_RUNTIME;
}
