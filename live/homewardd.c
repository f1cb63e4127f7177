/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * homewardd.c - main() of the daemon; see homewardd(8)
 *
 * It stays in the foreground: to run it in the background is its parent's
 * business (systemd(1), a shell).
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "live/conf/conf.h"
#include "live/conf/secret.h"
#include "live/daemon.h"

static const char usage_text[] =
	"usage: homewardd [-dnv] [-f FILE]\n"
	"       homewardd --clean [-f FILE]\n"
	"       homewardd --make-secret FILE\n"
	"\n"
	"  -f, --file FILE       configuration; " CONF_PATH_DEFAULT "\n"
	"  -d, --debug           say what goes on, not only what goes wrong\n"
	"  -n, --check           check configuration and secret, and end\n"
	"  -v, --print           with -n: print the configuration, complete\n"
	"      --clean           remove what a killed daemon left behind\n"
	"      --make-secret FILE  a new cluster secret, readable by its "
	"owner\n"
	"      --version\n"
	"      --help\n";

enum {
	OPTION_CLEAN = 256,
	OPTION_MAKE_SECRET,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "debug", no_argument, NULL, 'd' },
	{ "check", no_argument, NULL, 'n' },
	{ "print", no_argument, NULL, 'v' },
	{ "clean", no_argument, NULL, OPTION_CLEAN },
	{ "make-secret", required_argument, NULL, OPTION_MAKE_SECRET },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

struct request {
	const char *path;
	const char *secret; /* to make */
	bool debug, check, print, clean, version, help;
};

static int
request_read(struct request *request, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "f:dnv", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'f':
			request->path = optarg;
			break;
		case 'd':
			request->debug = true;
			break;
		case 'n':
			request->check = true;
			break;
		case 'v':
			request->print = true;
			break;
		case OPTION_CLEAN:
			request->clean = true;
			break;
		case OPTION_MAKE_SECRET:
			request->secret = optarg;
			break;
		case OPTION_VERSION:
			request->version = true;
			break;
		case OPTION_HELP:
			request->help = true;
			break;
		default: /* getopt has said why */
			return -1;
		}
	}
	if (optind < argc)
		(void)fprintf(stderr, "homewardd: what is '%s'?\n",
			      argv[optind]);
	else if (request->print && !request->check)
		(void)fputs("homewardd: -v goes with -n\n", stderr);
	else
		return 0;
	return -1;
}

/* A full disk behind standard output is an error, too. */
static int
output_finish(int status)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	(void)fprintf(stderr, "homewardd: standard output: %s\n",
		      strerror(errno));
	return status != 0 ? status : DAEMON_RUNTIME;
}

static int
make_secret(const char *path)
{
	char error[512] = "";

	if (secret_make(path, error, sizeof(error)) == 0)
		return 0;
	(void)fprintf(stderr, "homewardd: %s\n", error);
	return DAEMON_RUNTIME;
}

static int
serve(const struct request *request)
{
	struct daemon *daemon;
	int status =
		daemon_open(&daemon, request->path, request->debug, stderr);

	if (status != 0)
		return status;
	status = daemon_serve(daemon);
	daemon_close(daemon);
	return status;
}

int
main(int argc, char **argv)
{
	struct request request = { .path = CONF_PATH_DEFAULT };

	if (request_read(&request, argc, argv) != 0) {
		(void)fputs(usage_text, stderr);
		return DAEMON_USAGE;
	}
	if (request.help) {
		(void)fputs(usage_text, stdout);
		return output_finish(0);
	}
	if (request.version) {
		(void)puts("homewardd " HOMEWARD_VERSION);
		return output_finish(0);
	}
	if (request.secret != NULL)
		return make_secret(request.secret);
	if (request.clean)
		return output_finish(
			daemon_clean(request.path, stdout, stderr));
	if (request.check)
		return output_finish(daemon_check(request.path, request.print,
						  stdout, stderr));
	return serve(&request);
}
