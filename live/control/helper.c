/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper.c - see helper.h
 *
 * Both sides talk over a pair of SOCK_SEQPACKET sockets: one byte there, one
 * struct reply back, with a descriptor when it is the secret's. The end of
 * the daemon, however it comes, is the end of the stream.
 */
#include "live/control/helper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/control/socket_path.h"

#define WORD_SECRET 's'
#define WORD_QUIT   'q'

#define SECRET_PATIENCE_MS 1000
#define QUIT_PATIENCE_MS   2000

struct helper {
	int fd;
	pid_t pid;
	bool running; /* a command */
	bool can_withdraw, can_announce;
	bool withdrawn; /* by a predecessor */
};

struct reply {
	int32_t error; /* 0 or an errno */
};

/* The file that remembers a withdrawal. */
struct mark {
	char path[CONF_PATH + sizeof(".drained")];
};

static struct mark
mark_of(const struct conf *conf)
{
	struct mark mark;

	(void)snprintf(mark.path, sizeof(mark.path), "%s.drained",
		       conf->control);
	return mark;
}

/* ---- the helper's own process ---- */

static void
shell_exec(const char *command)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	sigset_t none;

	setpgid(0, 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	int null = open("/dev/null", O_RDONLY);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	close_range(3, ~0U, 0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* Wait for the process; an errno. The daemon says nothing while a command
 * runs but "quit", which stays unread for the loop that called. */
static int
process_await(int daemon, pid_t pid, const char *command)
{
	int process = pidfd_open(pid, 0);
	struct pollfd polled[2] = {
		{ .fd = process, .events = POLLIN },
		{ .fd = daemon, .events = POLLIN },
	};
	int status = 0, ready;

	do {
		ready = poll(polled, 2, HELPER_PATIENCE_S * 1000);
	} while (ready < 0 && errno == EINTR);
	bool ended = (polled[0].revents & POLLIN) != 0;
	if (!ended) {
		kill(-pid, SIGKILL);
		if (ready == 0)
			fprintf(stderr, "homewardd: killed after %d s: %s\n",
				HELPER_PATIENCE_S, command);
	}
	if (process >= 0)
		close(process);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		if (ended && WIFEXITED(status))
			fprintf(stderr, "homewardd: exit status %d: %s\n",
				WEXITSTATUS(status), command);
		return EIO;
	}
	return 0;
}

static int
command_run(int daemon, const char *command)
{
	if (command[0] == '\0')
		return ENOTSUP;
	pid_t pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0)
		shell_exec(command);
	setpgid(pid, pid); /* both do it, either may be first */
	return process_await(daemon, pid, command);
}

/* Remember the withdrawal before the daemon gets the answer. */
static void
mark_set(const struct conf *conf, bool withdrawn)
{
	struct mark mark = mark_of(conf);

	if (!withdrawn) {
		(void)unlink(mark.path);
		return;
	}
	int file = open(mark.path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			0600);
	if (file >= 0)
		close(file);
	else
		fprintf(stderr, "homewardd: %s: %s\n", mark.path,
			strerror(errno));
}

static void
reply_send(int daemon, int error, int file)
{
	struct reply reply = { .error = error };
	struct iovec piece = { .iov_base = &reply, .iov_len = sizeof(reply) };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };

	if (file >= 0) {
		memset(&control, 0, sizeof(control));
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &file, sizeof(int));
	}
	if (sendmsg(daemon, &message, MSG_NOSIGNAL) < 0)
		_exit(0);
}

static void
secret_send(int daemon, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	reply_send(daemon, file < 0 ? errno : 0, file);
	if (file >= 0)
		close(file);
}

/* Withdraw or announce: an errno. */
static int
order_do(int daemon, const struct conf *conf, char word)
{
	bool withdraw = word == HELPER_WITHDRAW;
	int error =
		command_run(daemon, withdraw ? conf->withdraw : conf->announce);

	if (error == 0)
		mark_set(conf, withdraw);
	return error;
}

static void
helper_live(int daemon, const struct conf *conf)
{
	for (;;) {
		char word;
		ssize_t size = recv(daemon, &word, 1, 0);

		if (size < 0 && errno == EINTR)
			continue;
		if (size != 1)
			_exit(0); /* the daemon is gone */
		switch (word) {
		case HELPER_WITHDRAW:
		case HELPER_ANNOUNCE:
			reply_send(daemon, order_do(daemon, conf, word), -1);
			break;
		case WORD_SECRET:
			secret_send(daemon, conf->secret);
			break;
		default:
			socket_path_remove(conf->control);
			_exit(0);
		}
	}
}

static void
helper_begin(int daemon, const struct conf *conf)
{
	static const int signals[] = { SIGINT,	SIGTERM, SIGHUP, SIGPIPE,
				       SIGUSR1, SIGUSR2, SIGQUIT };
	sigset_t none;

	/* `systemctl stop` and Ctrl-C reach every process; we are still wanted
	 * after them and end with the daemon. */
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_NAME, "homeward-helper");
	if (daemon != 3 && dup2(daemon, 3) != 3)
		_exit(1);
	close_range(4, ~0U, 0);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	helper_live(3, conf);
}

/* ---- the daemon's side ---- */

int
helper_open(struct helper **out, const struct conf *conf)
{
	struct helper *helper = calloc(1, sizeof(*helper));
	int pair[2];

	*out = NULL;
	if (helper == NULL)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		int reason = errno;
		free(helper);
		return -reason;
	}
	helper->pid = fork();
	if (helper->pid < 0) {
		int reason = errno;
		close(pair[0]);
		close(pair[1]);
		free(helper);
		return -reason;
	}
	if (helper->pid == 0)
		helper_begin(pair[1], conf);
	close(pair[1]);
	helper->fd = pair[0];
	struct mark mark = mark_of(conf);
	helper->withdrawn = access(mark.path, F_OK) == 0;
	helper->can_withdraw = conf->withdraw[0] != '\0';
	helper->can_announce = conf->announce[0] != '\0';
	*out = helper;
	return 0;
}

static int
word_send(struct helper *helper, char word)
{
	if (send(helper->fd, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		return -EPIPE;
	return 0;
}

int
helper_say(struct helper *helper, enum helper_word word)
{
	bool can = word == HELPER_WITHDRAW ? helper->can_withdraw
					   : helper->can_announce;

	if (!can)
		return -ENOTSUP;
	if (helper->running)
		return -EBUSY;
	int result = word_send(helper, (char)word);
	helper->running = result == 0;
	return result;
}

int
helper_fd(const struct helper *helper)
{
	return helper->fd;
}

int
helper_answer(struct helper *helper)
{
	struct reply reply;

	if (!helper->running)
		return -ENOENT;
	ssize_t size = recv(helper->fd, &reply, sizeof(reply), MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	helper->running = false;
	if (size != (ssize_t)sizeof(reply))
		return -EPIPE;
	return reply.error == 0 ? 0 : -EIO;
}

bool
helper_withdrawn(const struct helper *helper)
{
	return helper->withdrawn;
}

int
helper_secret(struct helper *helper)
{
	struct reply reply = { .error = 0 };
	struct iovec piece = { .iov_base = &reply, .iov_len = sizeof(reply) };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct pollfd polled = { .fd = helper->fd, .events = POLLIN };
	int file = -1;

	if (helper->running)
		return -EBUSY;
	if (word_send(helper, WORD_SECRET) != 0)
		return -EPIPE;
	if (poll(&polled, 1, SECRET_PATIENCE_MS) != 1 ||
	    recvmsg(helper->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) !=
		    (ssize_t)sizeof(reply))
		return -EPIPE;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_level == SOL_SOCKET &&
	    header->cmsg_type == SCM_RIGHTS)
		memcpy(&file, CMSG_DATA(header), sizeof(file));
	if (reply.error != 0)
		return -reply.error;
	return file >= 0 ? file : -EPIPE;
}

void
helper_close(struct helper *helper)
{
	if (helper == NULL)
		return;
	if (word_send(helper, WORD_QUIT) == 0) {
		int process = pidfd_open(helper->pid, 0);
		struct pollfd polled = { .fd = process, .events = POLLIN };

		(void)poll(&polled, 1, QUIT_PATIENCE_MS);
		if (process >= 0)
			close(process);
	}
	close(helper->fd);
	/* It has seen the end of the stream by now, or sees it at once. */
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(helper);
}
