/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exit.h - the exit codes of `homeward`
 *
 * A shell script tells "the experiment says no" from "the machine failed", so
 * the codes are few and never change. Functions of all rooms of harness return
 * them: 0, or the code that the program is to end with, its reason having been
 * said on standard error.
 */
#ifndef HARNESS_BASE_EXIT_H
#define HARNESS_BASE_EXIT_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_GATE = 1, /* an expectation or a gate failed */
	EXIT_USAGE = 2, /* usage or configuration; nothing was written */
	EXIT_RUNTIME = 3, /* disk, memory, a child that died */
	EXIT_INCONCLUSIVE = 4, /* too little data to say */
};

#endif
