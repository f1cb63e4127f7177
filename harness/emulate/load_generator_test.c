/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load_generator_test.c - both kinds of clients against a server that
 * misbehaves
 *
 * The server is a child of ours on loopback; the path says what it does. Each
 * row is done by load_generator.c and by curl_client.c (when there is a curl),
 * and both must come to the same conclusion.
 */
#include "harness/emulate/load_generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/emulate/curl_client.h"
#include "sim/model/pattern.h"

#define SEED	UINT64_C(0x686f6d65)
#define BYTES	300000u
#define MANY	200u
#define TIME_MS 120000

/* ---- the server ---- */

static void
say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* The body, up to `bytes` of it; wrong: one byte of it is. */
static void
body_send(int fd, uint32_t bytes, bool wrong)
{
	static uint8_t body[BYTES];

	pattern_fill(SEED, 0, body, BYTES);
	if (wrong)
		body[BYTES / 2] ^= 1;
	for (uint32_t sent = 0; sent < bytes;) {
		ssize_t size =
			send(fd, body + sent, bytes - sent, MSG_NOSIGNAL);

		if (size <= 0)
			return;
		sent += (uint32_t)size;
	}
}

/* All that comes until the client has said `bytes` in all. */
static void
body_drain(int fd, uint64_t bytes)
{
	static uint8_t chunk[65536];

	for (uint64_t total = 0; total < bytes;) {
		ssize_t size = recv(fd, chunk, sizeof(chunk), 0);

		if (size <= 0)
			return;
		total += (uint64_t)size;
	}
}

/* Until the peer's kernel has all that was sent. */
static void
acked_wait(int fd)
{
	int left = 1;

	while (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0)
		usleep(1000);
}

static void
reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void
answer(int fd)
{
	char head[2048] = "";
	size_t size = 0;

	while (size < sizeof(head) - 1 && strstr(head, "\r\n\r\n") == NULL) {
		ssize_t more =
			recv(fd, head + size, sizeof(head) - 1 - size, 0);

		if (more <= 0)
			return;
		size += (size_t)more;
		head[size] = '\0';
	}
	const char *path = strchr(head, ' ') + 1;
	uint64_t early = size - (size_t)(strstr(head, "\r\n\r\n") + 4 - head);

	if (strncmp(path, "/missing", 8) == 0) {
		say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
			"Connection: close\r\n\r\n");
	} else if (strncmp(path, "/put", 4) == 0) {
		body_drain(fd, BYTES - early);
		if (strncmp(path, "/put-reset", 10) == 0)
			reset(fd);
		else
			say(fd, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n"
				"Connection: close\r\n\r\n");
	} else {
		char line[160];

		snprintf(line, sizeof(line),
			 "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n"
			 "Connection: close\r\n\r\n",
			 BYTES);
		say(fd, line);
		bool part = strncmp(path, "/short", 6) == 0 ||
			    strncmp(path, "/reset", 6) == 0;
		body_send(fd, part ? BYTES / 3 : BYTES,
			  strncmp(path, "/wrong", 6) == 0);
		if (strncmp(path, "/reset", 6) == 0) {
			acked_wait(fd); /* what was sent arrives first */
			reset(fd);
		}
	}
}

/* One child a connection. */
static _Noreturn void
serve(int listener)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		if (fork() == 0) {
			answer(fd);
			_exit(0);
		}
		close(fd);
	}
}

static uint16_t
listen_anywhere(int *listener)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);

	*listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(*listener, (struct sockaddr *)&address, size) != 0 ||
	    listen(*listener, 1024) != 0 ||
	    getsockname(*listener, (struct sockaddr *)&address, &size) != 0) {
		perror("listen");
		exit(1);
	}
	return ntohs(address.sin_port);
}

/* ---- clients ---- */

struct notes {
	uint32_t ended;
	uint32_t outcomes[OUTCOME_CORRUPT + 1];
	uint64_t bytes; /* of the last progress */
	uint32_t steps; /* calls of progress */
	char why[128];
};

static void
on_progress(void *context, struct instant now, uint32_t flow, uint64_t bytes)
{
	struct notes *notes = context;

	(void)now;
	(void)flow;
	notes->bytes = bytes;
	notes->steps++;
}

static void
on_ended(void *context, struct instant now, uint32_t flow, enum outcome outcome,
	 const char *why)
{
	struct notes *notes = context;

	(void)now;
	(void)flow;
	notes->ended++;
	notes->outcomes[outcome]++;
	snprintf(notes->why, sizeof(notes->why), "%s", why != NULL ? why : "");
}

static struct instant
clock_read(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct instant){ now.tv_sec * NS_PER_S + now.tv_nsec };
}

static struct client_session
session_make(uint16_t port, uint16_t from, const char *path)
{
	struct client_session client_session = {
		.namespace = -1,
		.bytes = BYTES,
		.seed = SEED,
		.key = { .client = { 127, 0, 0, 1 },
			 .service = { 127, 0, 0, 1 },
			 .client_port = { (uint8_t)(from >> 8), (uint8_t)from },
			 .service_port = { (uint8_t)(port >> 8),
					   (uint8_t)port },
			 .family = 4,
			 .protocol = 6 },
	};

	snprintf(client_session.url, sizeof(client_session.url),
		 "http://127.0.0.1:%u%s", port, path);
	return client_session;
}

static void
load_generator_until(struct load_generator *load_generator,
		     const struct notes *notes, uint32_t ended)
{
	struct instant end = instant_after(clock_read(), TIME_MS * NS_PER_MS);

	while (notes->ended < ended && instant_before(clock_read(), end)) {
		struct pollfd poll_fd = { load_generator_fd(load_generator),
					  POLLIN, 0 };

		(void)poll(&poll_fd, 1, 1);
		load_generator_ready(load_generator, clock_read());
		load_generator_tick(load_generator, clock_read());
	}
}

static void
curl_until(struct curl_client *curl, const struct notes *notes, uint32_t ended)
{
	struct instant end = instant_after(clock_read(), TIME_MS * NS_PER_MS);

	while (notes->ended < ended && instant_before(clock_read(), end)) {
		struct pollfd poll_fd = { curl_client_fd(curl), POLLIN, 0 };

		(void)poll(&poll_fd, 1, 1);
		curl_client_ready(curl, clock_read());
		curl_client_tick(curl, clock_read());
	}
}

static const struct {
	const char *sentence, *path;
	bool upload, closed_port;
	uint64_t pace_bps;
	enum outcome load_generator, curl;
	uint64_t bytes_least;
} rows[] = {
	{ "a download", "/ok", false, false, 0, OUTCOME_CLOSED, OUTCOME_CLOSED,
	  BYTES },
	{ "one wrong bit", "/wrong", false, false, 0, OUTCOME_CORRUPT,
	  OUTCOME_CORRUPT, 0 },
	/* curl knows the length and calls it a failed transfer. */
	{ "the server closes too early", "/short", false, false, 0,
	  OUTCOME_CORRUPT, OUTCOME_TIMEOUT, BYTES / 3 },
	{ "a RST in the middle", "/reset", false, false, 0, OUTCOME_RESET,
	  OUTCOME_RESET, BYTES / 3 },
	/* curl does not say why it could not connect. */
	{ "no server listens", "/ok", false, true, 0, OUTCOME_RESET,
	  OUTCOME_TIMEOUT, 0 },
	{ "an error of the server", "/missing", false, false, 0,
	  OUTCOME_CORRUPT, OUTCOME_TIMEOUT, 0 },
	{ "an upload", "/put", true, false, 0, OUTCOME_CLOSED, OUTCOME_CLOSED,
	  BYTES },
	{ "a paced upload", "/put", true, false, 8000000, OUTCOME_CLOSED,
	  OUTCOME_CLOSED, BYTES },
	{ "a RST at the end of an upload", "/put-reset", true, false, 0,
	  OUTCOME_RESET, OUTCOME_RESET, 0 },
};

static void
row_check(size_t row, const char *who, const struct notes *notes,
	  enum outcome outcome, int64_t took_ns)
{
	bool right = notes->ended == 1 && notes->outcomes[outcome] == 1 &&
		     notes->bytes >= rows[row].bytes_least;

	/* 300 kB at 8 Mbit/s are 0.3 s, and come in several steps. */
	if (rows[row].pace_bps > 0)
		right = right && took_ns >= 280 * NS_PER_MS && notes->steps > 1;
	CHECK(right);
	if (!right)
		printf("%s: %s: %u ended, %u as expected, %llu bytes, "
		       "%u steps, %lld ms (%s)\n",
		       rows[row].sentence, who, notes->ended,
		       notes->outcomes[outcome],
		       (unsigned long long)notes->bytes, notes->steps,
		       (long long)(took_ns / NS_PER_MS), notes->why);
}

static void
rows_run(uint16_t port, uint16_t closed, struct load_generator *load_generator,
	 struct curl_client *curl, struct notes *notes)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client_session client_session =
			session_make(rows[i].closed_port ? closed : port,
				     (uint16_t)(20000 + i), rows[i].path);
		struct instant began = clock_read();

		client_session.upload = rows[i].upload;
		client_session.pace_bps = rows[i].pace_bps;
		memset(notes, 0, sizeof(*notes));
		CHECK(load_generator_open(load_generator, began,
					  &client_session) == 0 ||
		      rows[i].closed_port);
		load_generator_until(load_generator, notes, 1);
		row_check(i, "load generator", notes, rows[i].load_generator,
			  instant_distance_ns(began, clock_read()));
		CHECK(load_generator_count(load_generator) == 0);
		if (curl == NULL)
			continue;
		began = clock_read();
		client_session =
			session_make(rows[i].closed_port ? closed : port,
				     (uint16_t)(21000 + i), rows[i].path);
		client_session.upload = rows[i].upload;
		client_session.pace_bps = rows[i].pace_bps;
		memset(notes, 0, sizeof(*notes));
		CHECK(curl_client_open(curl, began, &client_session) == 0);
		curl_until(curl, notes, 1);
		row_check(i, "curl", notes, rows[i].curl,
			  instant_distance_ns(began, clock_read()));
	}
}

/* Many at once; and a port that is taken. */
static void
many_run(uint16_t port, struct load_generator *load_generator,
	 struct notes *notes)
{
	memset(notes, 0, sizeof(*notes));
	for (uint32_t i = 0; i < MANY; i++) {
		struct client_session client_session =
			session_make(port, (uint16_t)(22000 + i),
				     i % 4 == 0 ? "/put" : "/ok");

		client_session.flow = i;
		client_session.upload = i % 4 == 0;
		CHECK(load_generator_open(load_generator, clock_read(),
					  &client_session) == 0);
	}
	struct client_session again = session_make(port, 22000, "/ok");
	CHECK(load_generator_open(load_generator, clock_read(), &again) ==
	      -EADDRINUSE);
	CHECK(load_generator_count(load_generator) == MANY);
	load_generator_until(load_generator, notes, MANY);
	CHECK(notes->ended == MANY);
	CHECK(notes->outcomes[OUTCOME_CLOSED] == MANY);
	/* A port whose session is over is free again. */
	CHECK(load_generator_open(load_generator, clock_read(), &again) == 0);
	load_generator_until(load_generator, notes, MANY + 1);
	CHECK(notes->outcomes[OUTCOME_CLOSED] == MANY + 1);
}

int
main(void)
{
	static struct notes notes;
	struct client_session_listener listener = { &notes, on_progress,
						    on_ended };
	int listener_fd, closed_fd;

	(void)signal(SIGPIPE, SIG_IGN);
	uint16_t port = listen_anywhere(&listener_fd);
	uint16_t closed = listen_anywhere(&closed_fd);
	close(closed_fd);
	pid_t server = fork();
	if (server == 0)
		serve(listener_fd);
	close(listener_fd);

	struct load_generator *load_generator =
		load_generator_create(&listener);
	struct curl_client *curl = curl_client_missing() == NULL
					   ? curl_client_create(&listener)
					   : NULL;
	rows_run(port, closed, load_generator, curl, &notes);
	many_run(port, load_generator, &notes);
	load_generator_destroy(load_generator);
	curl_client_destroy(curl);
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	return check_done();
}
