/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fetch.c - fork, pipes, curl
 *
 * A descriptor of the process itself (pidfd) says when it has ended; what is
 * still in its pipes then is read first. The parent has threads, so between
 * fork and exec only system calls happen.
 */
#include "harness/emulate/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/emulate/tcpinfo.h"
#include "sim/engine/memory.h"
#include "sim/model/pattern.h"

#define CHUNK	  65536
#define TALK	  512
#define CURL_SEND 55 /* CURLE_SEND_ERROR */
#define CURL_RECV 56 /* CURLE_RECV_ERROR: the usual code of a reset */

enum pipe_kind { /* what an epoll event is about */
	PIPE_OUTPUT,
	PIPE_TALK,
	PIPE_PROCESS,
	PIPE_KINDS
};

struct errand {
	pid_t pid; /* 0: free */
	struct visit visit;
	struct instant started;
	int fds[PIPE_KINDS], input; /* -1: closed */
	struct tcpinfo tcpinfo;
	uint64_t fed, bytes, arrived;
	crypto_hash_sha256_state got, wanted;
	char talk[TALK];
	size_t talk_size;
};

struct fetch {
	struct visit_listener listener;
	int epoll;
	struct errand errands[FETCH_MAX];
	uint8_t chunk[CHUNK], expected[CHUNK];
};

const char *
fetch_missing(void)
{
	const char *path = getenv("PATH");
	char *copy = strdup(path != NULL ? path : "/usr/bin:/bin");
	bool found = false;

	for (char *rest = copy, *folder;
	     copy != NULL && (folder = strtok_r(rest, ":", &rest)) != NULL;) {
		char file[512];

		(void)snprintf(file, sizeof(file), "%s/curl", folder);
		found = found || access(file, X_OK) == 0;
	}
	free(copy);
	return found ? NULL : "no curl: apt install curl";
}

struct fetch *
fetch_create(const struct visit_listener *listener)
{
	if (sodium_init() < 0)
		return NULL;
	struct fetch *fetch = memory_zeroed(1, sizeof(*fetch));

	fetch->listener = *listener;
	fetch->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (fetch->epoll < 0) {
		free(fetch);
		return NULL;
	}
	return fetch;
}

static void
descriptor_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Its process has been waited for. */
static void
errand_free(struct errand *errand)
{
	for (unsigned i = 0; i < PIPE_KINDS; i++)
		descriptor_close(&errand->fds[i]);
	descriptor_close(&errand->input);
	tcpinfo_close(&errand->tcpinfo);
	errand->pid = 0;
}

void
fetch_destroy(struct fetch *fetch)
{
	if (fetch == NULL)
		return;
	for (unsigned i = 0; i < FETCH_MAX; i++) {
		struct errand *errand = &fetch->errands[i];

		if (errand->pid == 0)
			continue;
		(void)kill(errand->pid, SIGKILL);
		(void)waitpid(errand->pid, NULL, 0);
		errand_free(errand);
	}
	close(fetch->epoll);
	free(fetch);
}

int
fetch_fd(const struct fetch *fetch)
{
	return fetch->epoll;
}

/* ---- start ---- */

struct ends { /* of three pipes: ours, curl's */
	int input[2], output[2], talk[2];
};

static int
ends_open(struct ends *ends)
{
	int *pipes[] = { ends->input, ends->output, ends->talk };

	for (unsigned i = 0; i < 3; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (unsigned i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			return -errno;
	return 0;
}

static void
ends_close(struct ends *ends)
{
	int *pipes[] = { ends->input, ends->output, ends->talk };

	for (unsigned i = 0; i < 3; i++) {
		descriptor_close(&pipes[i][0]);
		descriptor_close(&pipes[i][1]);
	}
}

/* The child: into the namespace, and be curl. */
static _Noreturn void
curl_become(const struct visit *visit, const struct ends *ends,
	    const char *const *argv, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent ||
	    (visit->namespace >= 0 &&
	     setns(visit->namespace, CLONE_NEWNET) != 0) ||
	    dup2(ends->input[0], STDIN_FILENO) < 0 ||
	    dup2(ends->output[1], STDOUT_FILENO) < 0 ||
	    dup2(ends->talk[1], STDERR_FILENO) < 0)
		_exit(127);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static pid_t
curl_start(const struct visit *visit, const struct ends *ends)
{
	char port[16];
	const char *argv[20] = { "curl",      "-q",	      "-sSfgN",
				 "--http1.1", "--noproxy",    "*",
				 "-H",	      "Expect:",      "--max-time",
				 "86400",     "--local-port", port };
	unsigned count = 12;

	(void)snprintf(port, sizeof(port), "%u",
		       (unsigned)(visit->key.client_port[0] << 8 |
				  visit->key.client_port[1]));
	if (visit->upload) {
		argv[count++] = "-T";
		argv[count++] = "-";
	}
	argv[count++] = visit->url;
	argv[count] = NULL;

	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0)
		curl_become(visit, ends, argv, parent);
	return pid;
}

static void
descriptor_watch(struct fetch *fetch, const struct errand *errand,
		 enum pipe_kind kind)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u32 = (uint32_t)(errand - fetch->errands) * PIPE_KINDS +
			    (uint32_t)kind,
	};

	(void)epoll_ctl(fetch->epoll, EPOLL_CTL_ADD, errand->fds[kind], &event);
}

static int
nonblocking(int *from)
{
	int fd = *from;

	*from = -1;
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

int
fetch_open(struct fetch *fetch, struct instant now, const struct visit *visit)
{
	struct errand *errand = fetch->errands;
	struct ends ends;

	while (errand < fetch->errands + FETCH_MAX && errand->pid != 0)
		errand++;
	if (errand == fetch->errands + FETCH_MAX)
		return -EAGAIN;
	memset(errand, 0, sizeof(*errand));
	errand->visit = *visit;
	errand->started = now;
	int error = tcpinfo_open(&errand->tcpinfo, visit->namespace);
	if (error == 0)
		error = ends_open(&ends);
	else
		memset(&ends, 0xff, sizeof(ends));
	if (error == 0) {
		errand->pid = curl_start(visit, &ends);
		error = errand->pid < 0 ? -errno : 0;
	}
	if (error != 0) {
		errand->pid = 0;
		ends_close(&ends);
		tcpinfo_close(&errand->tcpinfo);
		return error;
	}
	errand->input = nonblocking(&ends.input[1]);
	errand->fds[PIPE_OUTPUT] = nonblocking(&ends.output[0]);
	errand->fds[PIPE_TALK] = nonblocking(&ends.talk[0]);
	errand->fds[PIPE_PROCESS] =
		(int)syscall(SYS_pidfd_open, errand->pid, 0);
	ends_close(&ends);
	/* What stands in the pipe has not been written by the application's
	 * pace: little may. Without a pace it is filled once a tick, so it
	 * must hold what TCP takes meanwhile. */
	(void)fcntl(errand->input, F_SETPIPE_SZ,
		    visit->pace_bps > 0 ? 4096 : 1 << 20);
	if (!visit->upload)
		descriptor_close(&errand->input);
	for (unsigned i = 0; i < PIPE_KINDS; i++)
		descriptor_watch(fetch, errand, (enum pipe_kind)i);
	crypto_hash_sha256_init(&errand->got);
	crypto_hash_sha256_init(&errand->wanted);
	return 0;
}

/* ---- its output ---- */

static void
progress(struct fetch *fetch, struct instant now, struct errand *errand,
	 uint64_t bytes)
{
	if (bytes <= errand->bytes)
		return;
	errand->bytes = bytes;
	fetch->listener.progress(fetch->listener.context, now,
				 errand->visit.flow, bytes);
}

/* Some bytes of the download; false: the pipe is empty, or ended. */
static bool
output_read(struct fetch *fetch, struct instant now, struct errand *errand)
{
	int *fd = &errand->fds[PIPE_OUTPUT];

	if (*fd < 0)
		return false;
	ssize_t size = read(*fd, fetch->chunk, CHUNK);
	if (size < 0)
		return errno == EINTR;
	if (size == 0) {
		descriptor_close(fd);
		return false;
	}
	if (errand->visit.upload)
		return true;
	pattern_fill(errand->visit.seed, errand->arrived, fetch->expected,
		     (size_t)size);
	crypto_hash_sha256_update(&errand->got, fetch->chunk,
				  (unsigned long long)size);
	crypto_hash_sha256_update(&errand->wanted, fetch->expected,
				  (unsigned long long)size);
	errand->arrived += (uint64_t)size;
	if (memcmp(fetch->chunk, fetch->expected, (size_t)size) == 0)
		progress(fetch, now, errand, errand->arrived);
	return true;
}

static bool
talk_read(struct errand *errand)
{
	char rest[256];
	size_t room = TALK - 1 - errand->talk_size;
	int *fd = &errand->fds[PIPE_TALK];

	if (*fd < 0)
		return false;
	ssize_t size =
		read(*fd, room > 0 ? errand->talk + errand->talk_size : rest,
		     room > 0 ? room : sizeof(rest));
	if (size < 0)
		return errno == EINTR;
	if (size == 0)
		descriptor_close(fd);
	else if (room > 0)
		errand->talk_size += (size_t)size;
	return size > 0;
}

/* ---- its end ---- */

static bool
same_sum(struct errand *errand)
{
	uint8_t got[crypto_hash_sha256_BYTES], wanted[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_final(&errand->got, got);
	crypto_hash_sha256_final(&errand->wanted, wanted);
	return memcmp(got, wanted, sizeof(got)) == 0;
}

static enum outcome
judge(struct errand *errand, int status)
{
	const struct visit *visit = &errand->visit;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == 0 && (visit->upload || (errand->arrived == visit->bytes &&
					    same_sum(errand))))
		return OUTCOME_CLOSED;
	if (code == 0) {
		(void)snprintf(errand->talk, TALK, "%s",
			       "the file is not the one that was served");
		return OUTCOME_CORRUPT;
	}
	if (strstr(errand->talk, "reset by peer") != NULL ||
	    ((code == CURL_SEND || code == CURL_RECV) &&
	     strstr(errand->talk, "Broken pipe") != NULL))
		return OUTCOME_RESET;
	if (errand->talk_size == 0)
		(void)snprintf(errand->talk, TALK, "curl: exit code %d", code);
	return OUTCOME_TIMEOUT;
}

static void
errand_end(struct fetch *fetch, struct instant now, struct errand *errand)
{
	int status = 0;

	while (output_read(fetch, now, errand))
		;
	while (talk_read(errand))
		;
	errand->talk[strcspn(errand->talk, "\n")] = '\0';
	(void)waitpid(errand->pid, &status, 0);
	enum outcome outcome = judge(errand, status);
	char why[TALK];

	memcpy(why, errand->talk, TALK);
	if (outcome == OUTCOME_CLOSED && errand->visit.upload)
		progress(fetch, now, errand, errand->visit.bytes);
	errand_free(errand);
	fetch->listener.ended(fetch->listener.context, now, errand->visit.flow,
			      outcome, why[0] != '\0' ? why : NULL);
}

void
fetch_ready(struct fetch *fetch, struct instant now)
{
	struct epoll_event events[FETCH_MAX * PIPE_KINDS];
	int count = epoll_wait(fetch->epoll, events, FETCH_MAX * PIPE_KINDS, 0);

	for (int i = 0; i < count; i++) {
		uint32_t which = events[i].data.u32;
		struct errand *errand = &fetch->errands[which / PIPE_KINDS];

		if (errand->pid == 0)
			continue;
		switch ((enum pipe_kind)(which % PIPE_KINDS)) {
		case PIPE_OUTPUT:
			(void)output_read(fetch, now, errand);
			break;
		case PIPE_TALK:
			(void)talk_read(errand);
			break;
		default:
			errand_end(fetch, now, errand);
			break;
		}
	}
}

/* ---- uploads ---- */

static void
feed(struct fetch *fetch, struct instant now, struct errand *errand)
{
	const struct visit *visit = &errand->visit;
	uint64_t allowed =
		visit_allowed(visit, instant_distance_ns(errand->started, now));

	while (errand->fed < allowed) {
		uint64_t left = allowed - errand->fed;
		size_t size = left < CHUNK ? (size_t)left : CHUNK;

		pattern_fill(visit->seed, errand->fed, fetch->chunk, size);
		ssize_t done = write(errand->input, fetch->chunk, size);
		if (done < 0)
			return; /* full, or curl has gone and we shall hear */
		errand->fed += (uint64_t)done;
	}
	if (errand->fed == visit->bytes)
		descriptor_close(&errand->input);
}

void
fetch_tick(struct fetch *fetch, struct instant now)
{
	for (unsigned i = 0; i < FETCH_MAX; i++) {
		struct errand *errand = &fetch->errands[i];
		struct tcp_info info;

		if (errand->pid == 0 || !errand->visit.upload)
			continue;
		if (errand->input >= 0)
			feed(fetch, now, errand);
		if (tcpinfo_ask(&errand->tcpinfo, &errand->visit.key, false,
				&info) != 0)
			continue;
		/* The request and its framing are among them; a thousandth. */
		progress(fetch, now, errand,
			 info.tcpi_bytes_acked < errand->visit.bytes
				 ? info.tcpi_bytes_acked
				 : errand->visit.bytes);
	}
}
