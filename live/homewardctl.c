/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * homewardctl.c - ask homewardd, tell it what to do: main() and nothing else
 *
 *	homewardctl [-s SOCKET] [--json] COMMAND [ARGUMENT]...
 *
 * It makes one line of its arguments, sends it (control.h), and copies the
 * answer to standard output up to the line "ok" or "error: ...". What a
 * command means is the daemon's business alone; here are only how many words
 * it takes, so that a slip is a usage error and not a failed order.
 *
 * Exit status: 0 done; 1 the daemon says no; 2 usage; 3 no daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "live/control/command.h"

#ifndef HOMEWARD_VERSION
#define HOMEWARD_VERSION "unknown"
#endif

#define SOCKET_DEFAULT "/run/homeward/control"
#define LINE	       512 /* of a command; control.c takes no longer one */
#define PIECE	       65536

enum {
	EXIT_NO = 1,
	EXIT_USAGE = 2,
	EXIT_NO_DAEMON = 3
};

static const char usage[] =
	"usage: homewardctl [-s SOCKET] [--json] COMMAND\n"
	"  status                    what the daemon is and has counted\n"
	"  counters                  every counter, a line each\n"
	"  sessions                  open sessions and since when\n"
	"  peers                     the servers that it knows\n"
	"  lookup CLIENT SERVICE     who owns a session "
	"(10.1.0.1:40001 192.0.2.1:80)\n"
	"  drain [--deadline TIME]   withdraw the route, wait for the last "
	"session\n"
	"  undrain                   announce the route again\n"
	"  trace                     decisions as they are made\n"
	"  watch                     measurements as they are taken\n"
	"  reload                    read the configuration again\n"
	"--json: for status, sessions, peers and lookup. See homewardctl(8).\n";

static int __attribute__((format(printf, 1, 2)))
complain(const char *format, ...)
{
	va_list arguments;

	fputs("homewardctl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

/* ---- the request ---- */

struct order {
	const char *socket;
	bool json;
	const char *deadline;
	char line[LINE]; /* with its newline */
	bool endless; /* trace, watch */
};

/* To standard output, and all of it: 1, else the exit status + 1. */
static int
text_print(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return 1;
	complain("standard output: %s", strerror(errno));
	return EXIT_NO_DAEMON + 1;
}

/* 0: do it; 1: the user has got what he asked for; else the exit status + 1. */
static int
options_read(int count, char **words, struct order *order)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "deadline", required_argument, NULL, 'd' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(count, words, "s:h", options, NULL)) !=
	       -1) {
		switch (option) {
		case 's':
			order->socket = optarg;
			break;
		case 'j':
			order->json = true;
			break;
		case 'd':
			order->deadline = optarg;
			break;
		case 'V':
			return text_print("homewardctl " HOMEWARD_VERSION "\n");
		case 'h':
			return text_print(usage);
		default: /* getopt has said why */
			return EXIT_USAGE + 1;
		}
	}
	return 0;
}

static bool
line_add(struct order *order, const char *word)
{
	size_t used = strlen(order->line);
	int length = snprintf(order->line + used, LINE - 1 - used, "%s%s",
			      used > 0 ? " " : "", word);

	return length >= 0 && (size_t)length < LINE - 1 - used &&
	       strpbrk(word, " \t\n") == NULL && word[0] != '\0';
}

/* The words after the options, as a line that the daemon will understand: its
 * own parser says so. 0 or EXIT_USAGE. */
static int
order_make(struct order *order, int count, char **words)
{
	struct command command;
	char error[512];

	if (count == 0) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	for (int i = 0; i < count; i++) {
		if (!line_add(order, words[i]))
			return complain("'%s' makes no sense here", words[i]);
	}
	if (order->deadline != NULL && strcmp(words[0], "drain") != 0)
		return complain("--deadline is for drain, not for %s",
				words[0]);
	if (order->deadline != NULL && !line_add(order, order->deadline))
		return complain("no deadline '%s'", order->deadline);
	if (command_parse(order->line, strlen(order->line), &command, error,
			  sizeof(error)) != 0)
		return complain("%s", error);
	if (order->json && !command.json &&
	    (!line_add(order, "json") ||
	     command_parse(order->line, strlen(order->line), &command, error,
			   sizeof(error)) != 0 ||
	     !command.json))
		return complain("%s has no --json", words[0]);
	order->endless =
		command.kind == COMMAND_TRACE || command.kind == COMMAND_WATCH;
	/* line_add() left room */
	memcpy(order->line + strlen(order->line), "\n", sizeof("\n"));
	return 0;
}

/* ---- the daemon ---- */

/* Connected and the line sent: a descriptor, or -1 after saying why. */
static int
daemon_ask(const struct order *order)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *hint = "";

	if (strlen(order->socket) >= sizeof(address.sun_path)) {
		fprintf(stderr, "homewardctl: %s: name too long\n",
			order->socket);
		return -1;
	}
	memcpy(address.sun_path, order->socket, strlen(order->socket));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			       sizeof(address)) == 0) {
		size_t size = strlen(order->line);
		/* A daemon that refuses us says why and closes at once. */
		(void)send(fd, order->line, size, MSG_NOSIGNAL);
		return fd;
	}
	int reason = errno;
	if (reason == ENOENT || reason == ECONNREFUSED)
		hint = "; is homewardd running?";
	else if (reason == EACCES)
		hint = "; only root and the socket's group may ask "
		       "(try sudo)";
	else if (reason == EAGAIN)
		hint = "; it does not answer";
	fprintf(stderr, "homewardctl: %s: %s%s\n", order->socket,
		strerror(reason), hint);
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
output_write(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			fprintf(stderr, "homewardctl: standard output: %s\n",
				strerror(errno));
			return false;
		}
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

/* The last line of an answer? Then its exit status, else -1. */
static int
line_verdict(const char *line, size_t size)
{
	static const char refusal[] = "error: ";
	size_t prefix = sizeof(refusal) - 1;

	if (size == 3 && memcmp(line, "ok\n", 3) == 0)
		return 0;
	if (size < prefix || memcmp(line, refusal, prefix) != 0)
		return -1;
	fprintf(stderr, "homewardctl: %.*s", (int)(size - prefix),
		line + prefix);
	return EXIT_NO;
}

struct answer {
	char bytes[PIECE];
	size_t size; /* of the lines, the last perhaps not whole */
	bool running; /* trace, watch: their "ok" has come */
};

/* Copy the whole lines; the verdict, or -1: go on. */
static int
lines_copy(struct answer *answer, bool endless)
{
	size_t start = 0;
	int verdict = -1;

	while (verdict < 0 && start < answer->size) {
		const char *line = answer->bytes + start;
		const char *end = memchr(line, '\n', answer->size - start);

		if (end == NULL && (start > 0 || answer->size < PIECE))
			break;
		/* A line that fills the buffer is passed on in parts. */
		size_t size =
			end == NULL ? answer->size : (size_t)(end + 1 - line);
		verdict = answer->running ? -1 : line_verdict(line, size);
		if (verdict == 0 && endless) {
			answer->running = true;
			verdict = -1;
		} else if (verdict < 0 && !output_write(line, size)) {
			verdict = EXIT_NO_DAEMON;
		}
		start += size;
	}
	answer->size -= start;
	memmove(answer->bytes, answer->bytes + start, answer->size);
	return verdict;
}

static int
answer_copy(int fd, bool endless)
{
	static struct answer answer;

	for (;;) {
		ssize_t size = recv(fd, answer.bytes + answer.size,
				    PIECE - answer.size, 0);
		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0) {
			fputs(answer.running
				      ? "homewardctl: homewardd has ended, or "
					"we read too slowly for it\n"
				      : "homewardctl: homewardd closed the "
					"connection without an answer\n",
			      stderr);
			return EXIT_NO_DAEMON;
		}
		answer.size += (size_t)size;
		int verdict = lines_copy(&answer, endless);
		if (verdict >= 0)
			return verdict;
	}
}

int
main(int argc, char **argv)
{
	struct order order = { .socket = SOCKET_DEFAULT };
	int result = options_read(argc, argv, &order);

	if (result != 0)
		return result - 1;
	result = order_make(&order, argc - optind, argv + optind);
	if (result != 0)
		return result;
	int fd = daemon_ask(&order);
	if (fd < 0)
		return EXIT_NO_DAEMON;
	result = answer_copy(fd, order.endless);
	close(fd);
	return result;
}
