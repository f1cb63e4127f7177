/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * process.h - programs that a lab runs, each in its namespace
 *
 * A child inherits no descriptor of ours but its three: a daemon must not
 * keep a database or a pipe of ours open, or the reader of that pipe
 * waits as long as the lab lives.
 */
#ifndef HARNESS_LAB_PROCESS_H
#define HARNESS_LAB_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct lab_process {
	const char *space; /* namespace; NULL: ours */
	const char *const *argv; /* argv[0] is looked up in PATH and sbin */
	const char *input; /* its standard input; NULL: empty */
	const char *output; /* file for both outputs, appended to; NULL: our
			       standard error */
	int nice; /* its niceness, whatever ours is; 0: ours */
	bool tied; /* ends when we do: must not go on after a crash */
	bool realtime; /* rather ahead of all that is not */
};

/* The pid, or -1 after saying why. That a program is missing, its end tells
 * (127). */
pid_t lab_process_start(const struct lab_process *);
/* Until it ends: its exit status, 128 + signal, or -1. */
int lab_process_wait(pid_t);
/* Both. */
int lab_process_run(const struct lab_process *);
/* Where the program is: the first of the folders of PATH and, after them,
 * those where system programs and FRR's daemons are. False: nowhere. */
bool lab_process_find(const char *name, char *path, size_t size);

#endif
