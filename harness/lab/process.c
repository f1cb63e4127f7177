/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * process.c - fork, enter the namespace, exec
 */
#include "harness/lab/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/lab/netns.h"

/* ip and nginx are not in every user's PATH; FRR's daemons are in none. */
#define SYSTEM_PATH                                                            \
	"/usr/sbin:/sbin:/usr/bin:/bin:/usr/lib/frr:/usr/libexec/frr"

bool
lab_process_find(const char *name, char *path, size_t size)
{
	const char *const lists[] = { getenv("PATH"), SYSTEM_PATH };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *folder = lists[i];

		while (folder != NULL && *folder != '\0') {
			int length = (int)strcspn(folder, ":");

			snprintf(path, size, "%.*s/%s", length, folder, name);
			if (access(path, X_OK) == 0)
				return true;
			folder += length;
			folder += *folder == ':';
		}
	}
	return false;
}

/* A descriptor that reads the text from its beginning. */
static int
input_open(const char *text)
{
	if (text == NULL)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);

	int file = memfd_create("input", MFD_CLOEXEC);
	size_t size = strlen(text);

	while (file >= 0 && size > 0) {
		ssize_t done = write(file, text, size);

		if (done < 0) {
			close(file);
			return -1;
		}
		text += done;
		size -= (size_t)done;
	}
	if (file >= 0)
		lseek(file, 0, SEEK_SET);
	return file;
}

static _Noreturn void
child(const struct lab_process *process, int input, int output)
{
	const struct sched_param priority = { .sched_priority = 1 };
	char path[4096];
	sigset_t none;

	/* Our parent may have blocked signals for itself. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (process->tied)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (process->space != NULL && lab_netns_enter(process->space) < 0)
		_exit(126);
	/* As root these can be refused only by a container's limits; then the
	 * lab is merely slower. */
	if ((!process->realtime ||
	     sched_setscheduler(0, SCHED_RR, &priority) != 0) &&
	    process->nice != 0)
		(void)setpriority(PRIO_PROCESS, 0, process->nice);
	signal(SIGPIPE, SIG_DFL);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (strchr(process->argv[0], '/') != NULL)
		snprintf(path, sizeof(path), "%s", process->argv[0]);
	else if (!lab_process_find(process->argv[0], path, sizeof(path)))
		_exit(127);
	execv(path, (char *const *)(uintptr_t)process->argv);
	_exit(127);
}

pid_t
lab_process_start(const struct lab_process *process)
{
	int input = input_open(process->input);
	int output =
		process->output == NULL
			? dup(STDERR_FILENO)
			: open(process->output,
			       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	pid_t pid = -1;

	if (input >= 0 && output >= 0) {
		fflush(NULL);
		pid = fork();
		if (pid == 0)
			child(process, input, output);
	}
	if (pid < 0)
		fprintf(stderr, "homeward: %s: %s\n", process->argv[0],
			strerror(errno));
	if (input >= 0)
		close(input);
	if (output >= 0)
		close(output);
	return pid;
}

int
lab_process_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
lab_process_run(const struct lab_process *process)
{
	pid_t pid = lab_process_start(process);

	return pid < 0 ? -1 : lab_process_wait(pid);
}
