/* SPDX-License-Identifier: GPL-3.0-or-later */
/* helper_test.c - a real helper, its commands, its files and its ends */
#include "live/control/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/test/check.h"
#include "live/control/socket_path.h"

static char folder[] = "/tmp/homeward-helper-XXXXXX";
static struct conf conf;

static void
conf_set(const char *withdraw, const char *announce)
{
	snprintf(conf.withdraw, sizeof(conf.withdraw), "%s", withdraw);
	snprintf(conf.announce, sizeof(conf.announce), "%s", announce);
	snprintf(conf.control, sizeof(conf.control), "%s/control", folder);
	snprintf(conf.secret, sizeof(conf.secret), "%s/secret", folder);
}

static int
answer_await(struct helper *helper)
{
	struct pollfd polled = { .fd = helper_fd(helper), .events = POLLIN };

	CHECK(poll(&polled, 1, 60000) == 1);
	return helper_answer(helper);
}

static bool
is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static void
remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static void
commands_test(void)
{
	struct helper *helper;
	char withdraw[256], announce[256];

	snprintf(withdraw, sizeof(withdraw),
		 "sleep 0.2; ls /proc/self/fd | wc -l > %s/w", folder);
	snprintf(announce, sizeof(announce), "test -e %s/w || exit 7", folder);
	conf_set(withdraw, announce);
	CHECK(helper_open(&helper, &conf) == 0);
	CHECK(helper_answer(helper) == -ENOENT);
	CHECK(helper_say(helper, HELPER_ANNOUNCE) == 0);
	CHECK(answer_await(helper) == -EIO); /* 7 */
	CHECK(helper_say(helper, HELPER_WITHDRAW) == 0);
	CHECK(helper_answer(helper) == -EAGAIN);
	CHECK(helper_say(helper, HELPER_ANNOUNCE) == -EBUSY);
	CHECK(helper_secret(helper) == -EBUSY);
	CHECK(answer_await(helper) == 0);
	CHECK(helper_say(helper, HELPER_ANNOUNCE) == 0);
	CHECK(answer_await(helper) == 0);
	/* 0, 1, 2 and the folder itself: nothing of ours. */
	char path[128], count[8] = "";
	snprintf(path, sizeof(path), "%s/w", folder);
	FILE *file = fopen(path, "r");
	CHECK(file != NULL && fgets(count, sizeof(count), file) != NULL);
	CHECK(atoi(count) == 4);
	if (file != NULL)
		fclose(file);
	remove_file("w");
	remove_file("control.drained");
	helper_close(helper);

	conf_set("", "");
	CHECK(helper_open(&helper, &conf) == 0);
	CHECK(helper_say(helper, HELPER_WITHDRAW) == -ENOTSUP);
	CHECK(helper_say(helper, HELPER_ANNOUNCE) == -ENOTSUP);
	helper_close(helper);
	helper_close(NULL);
}

static void
secret_test(void)
{
	struct helper *helper;
	char bytes[16] = "";

	conf_set("", "");
	CHECK(helper_open(&helper, &conf) == 0);
	CHECK(helper_secret(helper) == -ENOENT);
	int file = open(conf.secret, O_CREAT | O_WRONLY, 0600);
	CHECK(write(file, "sesame", 6) == 6);
	close(file);
	/* This process has another user by now; the helper has not. */
	bool root = geteuid() == 0;
	CHECK(!root || seteuid(65534) == 0);
	CHECK(!root || open(conf.secret, O_RDONLY) < 0);
	file = helper_secret(helper);
	CHECK(file >= 0 && read(file, bytes, sizeof(bytes) - 1) == 6);
	CHECK(strcmp(bytes, "sesame") == 0);
	CHECK((fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
	close(file);
	CHECK(!root || seteuid(0) == 0);
	helper_close(helper);
	remove_file("secret");
}

/* A withdrawal outlives daemon and helper, and is over when it is announced;
 * commands that fail change nothing. */
static void
memory_test(void)
{
	struct helper *helper;

	conf_set("true", "true");
	for (int round = 0; round < 2; round++) {
		bool withdrawn = round == 1;
		CHECK(helper_open(&helper, &conf) == 0);
		CHECK(helper_withdrawn(helper) == withdrawn);
		CHECK(helper_say(helper, withdrawn ? HELPER_ANNOUNCE
						   : HELPER_WITHDRAW) == 0);
		CHECK(answer_await(helper) == 0);
		CHECK(is_there("control.drained") != withdrawn);
		helper_close(helper);
	}
	conf_set("false", "false");
	CHECK(helper_open(&helper, &conf) == 0);
	CHECK(!helper_withdrawn(helper));
	CHECK(helper_say(helper, HELPER_WITHDRAW) == 0);
	CHECK(answer_await(helper) == -EIO);
	CHECK(!is_there("control.drained"));
	helper_close(helper);
}

/* The name goes at a clean end, but not while a daemon answers there. */
static void
name_test(void)
{
	struct helper *helper;
	char error[256] = "";

	conf_set("", "");
	CHECK(helper_open(&helper, &conf) == 0);
	int listener = socket_path_open(conf.control, "", error, sizeof(error));
	CHECK(listener >= 0);
	close(listener);
	CHECK(is_there("control"));
	helper_close(helper);
	CHECK(!is_there("control"));

	CHECK(helper_open(&helper, &conf) == 0);
	listener = socket_path_open(conf.control, "", error, sizeof(error));
	helper_close(helper);
	CHECK(is_there("control"));
	close(listener);
	CHECK(socket_path_remove(conf.control) == 0);
	CHECK(socket_path_remove(conf.control) == -ENOENT);
}

/* A daemon with a helper whose command runs; then it is killed. */
static void
orphan_test(void)
{
	char withdraw[256];
	int pipes[2];

	/* The name is there when its bytes are. */
	snprintf(withdraw, sizeof(withdraw),
		 "cd %s; echo $$ > early; mv early pid; sleep 60; touch late",
		 folder);
	conf_set(withdraw, "");
	CHECK(pipe(pipes) == 0);
	pid_t daemon = fork();
	if (daemon == 0) {
		struct helper *helper;
		if (helper_open(&helper, &conf) != 0 ||
		    helper_say(helper, HELPER_WITHDRAW) != 0)
			_exit(1);
		/* Held by this process alone: the helper has closed it. */
		(void)!write(pipes[1], "x", 1);
		pause();
	}
	close(pipes[1]);
	char byte;
	CHECK(read(pipes[0], &byte, 1) == 1);
	for (int i = 0; i < 60000 && !is_there("pid"); i++)
		usleep(1000);
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	CHECK(read(pipes[0], &byte, 1) == 0);
	close(pipes[0]);
	char path[128], text[16] = "";
	snprintf(path, sizeof(path), "%s/pid", folder);
	FILE *file = fopen(path, "r");
	CHECK(file != NULL && fgets(text, sizeof(text), file) != NULL);
	if (file != NULL)
		fclose(file);
	pid_t shell = atoi(text);
	bool alive = true;
	for (int i = 0; i < 60000 && alive; i++) {
		usleep(1000);
		alive = shell > 0 && kill(shell, 0) == 0;
	}
	CHECK(shell > 0 && !alive);
	CHECK(!is_there("late"));
	remove_file("pid");
}

/* Ctrl-C reaches the helper too, and the daemon still needs it. */
static void
signals_test(void)
{
	struct helper *helper;

	conf_set("true", "");
	setpgid(0, 0); /* a group of the two of us */
	CHECK(helper_open(&helper, &conf) == 0);
	/* One that answers has set its signals. */
	CHECK(helper_say(helper, HELPER_WITHDRAW) == 0);
	CHECK(answer_await(helper) == 0);
	void (*before)(int) = signal(SIGTERM, SIG_IGN);
	CHECK(kill(0, SIGTERM) == 0);
	signal(SIGTERM, before);
	CHECK(helper_say(helper, HELPER_WITHDRAW) == 0);
	CHECK(answer_await(helper) == 0);
	helper_close(helper);
	remove_file("control.drained");
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	commands_test();
	secret_test();
	memory_test();
	name_test();
	orphan_test();
	signals_test();
	CHECK(rmdir(folder) == 0);
	return check_done();
}
