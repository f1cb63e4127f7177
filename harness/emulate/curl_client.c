/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curl_client.c - fork, pipes, curl
 *
 * A descriptor of the process itself (pidfd) says when it has ended; what is
 * still in its pipes then is read first. The parent has threads, so between
 * fork and exec only system calls happen.
 */
#include "harness/emulate/curl_client.h"

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

struct transfer {
	pid_t pid; /* 0: free */
	struct client_session client_session;
	struct instant started;
	int fds[PIPE_KINDS], input; /* -1: closed */
	struct tcpinfo tcpinfo;
	uint64_t fed, bytes, arrived;
	crypto_hash_sha256_state got, wanted;
	char talk[TALK];
	size_t talk_size;
};

struct curl_client {
	struct client_session_listener listener;
	int epoll;
	struct transfer transfers[CURL_CLIENT_MAX];
	uint8_t chunk[CHUNK], expected[CHUNK];
};

const char *
curl_client_missing(void)
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

struct curl_client *
curl_client_create(const struct client_session_listener *listener)
{
	if (sodium_init() < 0)
		return NULL;
	struct curl_client *curl = memory_zeroed(1, sizeof(*curl));

	curl->listener = *listener;
	curl->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (curl->epoll < 0) {
		free(curl);
		return NULL;
	}
	return curl;
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
transfer_free(struct transfer *transfer)
{
	for (unsigned i = 0; i < PIPE_KINDS; i++)
		descriptor_close(&transfer->fds[i]);
	descriptor_close(&transfer->input);
	tcpinfo_close(&transfer->tcpinfo);
	transfer->pid = 0;
}

void
curl_client_destroy(struct curl_client *curl)
{
	if (curl == NULL)
		return;
	for (unsigned i = 0; i < CURL_CLIENT_MAX; i++) {
		struct transfer *transfer = &curl->transfers[i];

		if (transfer->pid == 0)
			continue;
		(void)kill(transfer->pid, SIGKILL);
		(void)waitpid(transfer->pid, NULL, 0);
		transfer_free(transfer);
	}
	close(curl->epoll);
	free(curl);
}

int
curl_client_fd(const struct curl_client *curl)
{
	return curl->epoll;
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
curl_become(const struct client_session *client_session,
	    const struct ends *ends, const char *const *argv, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent ||
	    (client_session->namespace >= 0 &&
	     setns(client_session->namespace, CLONE_NEWNET) != 0) ||
	    dup2(ends->input[0], STDIN_FILENO) < 0 ||
	    dup2(ends->output[1], STDOUT_FILENO) < 0 ||
	    dup2(ends->talk[1], STDERR_FILENO) < 0)
		_exit(127);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static pid_t
curl_start(const struct client_session *client_session, const struct ends *ends)
{
	char port[16];
	const char *argv[20] = { "curl",      "-q",	      "-sSfgN",
				 "--http1.1", "--noproxy",    "*",
				 "-H",	      "Expect:",      "--max-time",
				 "86400",     "--local-port", port };
	unsigned count = 12;

	(void)snprintf(port, sizeof(port), "%u",
		       (unsigned)(client_session->key.client_port[0] << 8 |
				  client_session->key.client_port[1]));
	if (client_session->upload) {
		argv[count++] = "-T";
		argv[count++] = "-";
	}
	argv[count++] = client_session->url;
	argv[count] = NULL;

	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0)
		curl_become(client_session, ends, argv, parent);
	return pid;
}

static void
descriptor_watch(struct curl_client *curl, const struct transfer *transfer,
		 enum pipe_kind kind)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u32 =
			(uint32_t)(transfer - curl->transfers) * PIPE_KINDS +
			(uint32_t)kind,
	};

	(void)epoll_ctl(curl->epoll, EPOLL_CTL_ADD, transfer->fds[kind],
			&event);
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
curl_client_open(struct curl_client *curl, struct instant now,
		 const struct client_session *client_session)
{
	struct transfer *transfer = curl->transfers;
	struct ends ends;

	while (transfer < curl->transfers + CURL_CLIENT_MAX &&
	       transfer->pid != 0)
		transfer++;
	if (transfer == curl->transfers + CURL_CLIENT_MAX)
		return -EAGAIN;
	memset(transfer, 0, sizeof(*transfer));
	transfer->client_session = *client_session;
	transfer->started = now;
	int error = tcpinfo_open(&transfer->tcpinfo, client_session->namespace);
	if (error == 0)
		error = ends_open(&ends);
	else
		memset(&ends, 0xff, sizeof(ends));
	if (error == 0) {
		transfer->pid = curl_start(client_session, &ends);
		error = transfer->pid < 0 ? -errno : 0;
	}
	if (error != 0) {
		transfer->pid = 0;
		ends_close(&ends);
		tcpinfo_close(&transfer->tcpinfo);
		return error;
	}
	transfer->input = nonblocking(&ends.input[1]);
	transfer->fds[PIPE_OUTPUT] = nonblocking(&ends.output[0]);
	transfer->fds[PIPE_TALK] = nonblocking(&ends.talk[0]);
	transfer->fds[PIPE_PROCESS] =
		(int)syscall(SYS_pidfd_open, transfer->pid, 0);
	ends_close(&ends);
	/* What stands in the pipe has not been written by the application's
	 * pace: little may. Without a pace it is filled once a tick, so it
	 * must hold what TCP takes meanwhile. */
	(void)fcntl(transfer->input, F_SETPIPE_SZ,
		    client_session->pace_bps > 0 ? 4096 : 1 << 20);
	if (!client_session->upload)
		descriptor_close(&transfer->input);
	for (unsigned i = 0; i < PIPE_KINDS; i++)
		descriptor_watch(curl, transfer, (enum pipe_kind)i);
	crypto_hash_sha256_init(&transfer->got);
	crypto_hash_sha256_init(&transfer->wanted);
	return 0;
}

/* ---- its output ---- */

static void
progress(struct curl_client *curl, struct instant now,
	 struct transfer *transfer, uint64_t bytes)
{
	if (bytes <= transfer->bytes)
		return;
	transfer->bytes = bytes;
	curl->listener.progress(curl->listener.context, now,
				transfer->client_session.flow, bytes);
}

/* Some bytes of the download; false: the pipe is empty, or ended. */
static bool
output_read(struct curl_client *curl, struct instant now,
	    struct transfer *transfer)
{
	int *fd = &transfer->fds[PIPE_OUTPUT];

	if (*fd < 0)
		return false;
	ssize_t size = read(*fd, curl->chunk, CHUNK);
	if (size < 0)
		return errno == EINTR;
	if (size == 0) {
		descriptor_close(fd);
		return false;
	}
	if (transfer->client_session.upload)
		return true;
	pattern_fill(transfer->client_session.seed, transfer->arrived,
		     curl->expected, (size_t)size);
	crypto_hash_sha256_update(&transfer->got, curl->chunk,
				  (unsigned long long)size);
	crypto_hash_sha256_update(&transfer->wanted, curl->expected,
				  (unsigned long long)size);
	transfer->arrived += (uint64_t)size;
	if (memcmp(curl->chunk, curl->expected, (size_t)size) == 0)
		progress(curl, now, transfer, transfer->arrived);
	return true;
}

static bool
talk_read(struct transfer *transfer)
{
	char rest[256];
	size_t room = TALK - 1 - transfer->talk_size;
	int *fd = &transfer->fds[PIPE_TALK];

	if (*fd < 0)
		return false;
	ssize_t size = read(
		*fd, room > 0 ? transfer->talk + transfer->talk_size : rest,
		room > 0 ? room : sizeof(rest));
	if (size < 0)
		return errno == EINTR;
	if (size == 0)
		descriptor_close(fd);
	else if (room > 0)
		transfer->talk_size += (size_t)size;
	return size > 0;
}

/* ---- its end ---- */

static bool
same_sum(struct transfer *transfer)
{
	uint8_t got[crypto_hash_sha256_BYTES], wanted[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_final(&transfer->got, got);
	crypto_hash_sha256_final(&transfer->wanted, wanted);
	return memcmp(got, wanted, sizeof(got)) == 0;
}

static enum outcome
judge(struct transfer *transfer, int status)
{
	const struct client_session *client_session = &transfer->client_session;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == 0 && (client_session->upload ||
			  (transfer->arrived == client_session->bytes &&
			   same_sum(transfer))))
		return OUTCOME_CLOSED;
	if (code == 0) {
		(void)snprintf(transfer->talk, TALK, "%s",
			       "the file is not the one that was served");
		return OUTCOME_CORRUPT;
	}
	if (strstr(transfer->talk, "reset by peer") != NULL ||
	    ((code == CURL_SEND || code == CURL_RECV) &&
	     strstr(transfer->talk, "Broken pipe") != NULL))
		return OUTCOME_RESET;
	if (transfer->talk_size == 0)
		(void)snprintf(transfer->talk, TALK, "curl: exit code %d",
			       code);
	return OUTCOME_TIMEOUT;
}

static void
transfer_end(struct curl_client *curl, struct instant now,
	     struct transfer *transfer)
{
	int status = 0;

	while (output_read(curl, now, transfer))
		;
	while (talk_read(transfer))
		;
	transfer->talk[strcspn(transfer->talk, "\n")] = '\0';
	(void)waitpid(transfer->pid, &status, 0);
	enum outcome outcome = judge(transfer, status);
	char why[TALK];

	memcpy(why, transfer->talk, TALK);
	if (outcome == OUTCOME_CLOSED && transfer->client_session.upload)
		progress(curl, now, transfer, transfer->client_session.bytes);
	transfer_free(transfer);
	curl->listener.ended(curl->listener.context, now,
			     transfer->client_session.flow, outcome,
			     why[0] != '\0' ? why : NULL);
}

void
curl_client_ready(struct curl_client *curl, struct instant now)
{
	struct epoll_event events[CURL_CLIENT_MAX * PIPE_KINDS];
	int count = epoll_wait(curl->epoll, events,
			       CURL_CLIENT_MAX * PIPE_KINDS, 0);

	for (int i = 0; i < count; i++) {
		uint32_t which = events[i].data.u32;
		struct transfer *transfer =
			&curl->transfers[which / PIPE_KINDS];

		if (transfer->pid == 0)
			continue;
		switch ((enum pipe_kind)(which % PIPE_KINDS)) {
		case PIPE_OUTPUT:
			(void)output_read(curl, now, transfer);
			break;
		case PIPE_TALK:
			(void)talk_read(transfer);
			break;
		default:
			transfer_end(curl, now, transfer);
			break;
		}
	}
}

/* ---- uploads ---- */

static void
feed(struct curl_client *curl, struct instant now, struct transfer *transfer)
{
	const struct client_session *client_session = &transfer->client_session;
	uint64_t allowed = client_session_allowed(
		client_session, instant_distance_ns(transfer->started, now));

	while (transfer->fed < allowed) {
		uint64_t left = allowed - transfer->fed;
		size_t size = left < CHUNK ? (size_t)left : CHUNK;

		pattern_fill(client_session->seed, transfer->fed, curl->chunk,
			     size);
		ssize_t done = write(transfer->input, curl->chunk, size);
		if (done < 0)
			return; /* full, or curl has gone and we shall hear */
		transfer->fed += (uint64_t)done;
	}
	if (transfer->fed == client_session->bytes)
		descriptor_close(&transfer->input);
}

void
curl_client_tick(struct curl_client *curl, struct instant now)
{
	for (unsigned i = 0; i < CURL_CLIENT_MAX; i++) {
		struct transfer *transfer = &curl->transfers[i];
		struct tcp_info info;

		if (transfer->pid == 0 || !transfer->client_session.upload)
			continue;
		if (transfer->input >= 0)
			feed(curl, now, transfer);
		if (tcpinfo_ask(&transfer->tcpinfo,
				&transfer->client_session.key, false,
				&info) != 0)
			continue;
		/* The request and its framing are among them; a thousandth. */
		progress(curl, now, transfer,
			 info.tcpi_bytes_acked < transfer->client_session.bytes
				 ? info.tcpi_bytes_acked
				 : transfer->client_session.bytes);
	}
}
