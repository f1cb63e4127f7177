/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon.h - homewardd on every server of a lab
 *
 * Its configuration is made from the same settings that the simulator's
 * servers take theirs from; what the daemon has and the simulator has not
 * keeps its default. One secret for the whole lab. The program is the one
 * beside the running `homeward`, else that of PATH.
 *
 * lab_control_path(), lab_daemon_start(), lab_daemon_kill() and lab_drain() of
 * lab.h are in daemon.c, too.
 */
#ifndef HARNESS_LAB_DAEMON_H
#define HARNESS_LAB_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/lab/lab.h"

/* All of them; returns when each has joined. 0, or -1 after saying why. */
int lab_daemon_start_all(const struct lab *);
/* One command to a daemon, its answer without the last line to be freed; NULL:
 * no answer, or "error", said unless quiet. */
char *lab_daemon_ask(const struct lab *, uint32_t server, const char *command,
		     bool quiet);

#endif
