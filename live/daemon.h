/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon.h - everything that a homewardd is made of, made and unmade in order
 *
 *	configuration, secret	read and checked before anything is touched
 *	helper			keeps root; before descriptors and threads
 *	sessions		locked: one daemon a state file
 *	sockets			bound: one daemon an address
 *	data path		takes the uplinks over: only a dead predecessor
 *				is left to have them
 *	engine, drain, control
 *	privileges dropped
 *	joined, stock taken, ready (sd_notify(3)), loop
 *
 * Unmade in the opposite order, whatever point was reached. The clean end
 * (SIGTERM, SIGINT) tells the other servers, and removes programs, TUN and
 * socket; sessions go on, without a stray's protection.
 *
 * SIGHUP, or `homewardctl reload`: configuration and secret are read and
 * checked as a whole; then either everything changes or nothing.
 */
#ifndef LIVE_DAEMON_H
#define LIVE_DAEMON_H

#include <stdbool.h>
#include <stdio.h>

struct daemon;

/* Errors are said on talk. path: the configuration's, borrowed. debug: also
 * say what goes on. 0; DAEMON_USAGE or DAEMON_RUNTIME, the exit status. */
enum {
	DAEMON_USAGE = 2, /* configuration or secret */
	DAEMON_RUNTIME = 3,
};
int daemon_open(struct daemon **, const char *path, bool debug, FILE *talk);
/* Until a signal ends it. 0 or DAEMON_RUNTIME. */
int daemon_serve(struct daemon *);
void daemon_close(struct daemon *); /* NULL: nothing */

/* Configuration and secret, read and checked as daemon_open() does; print: the
 * configuration to out. 0 or DAEMON_USAGE. */
int daemon_check(const char *path, bool print, FILE *out, FILE *talk);
/* Remove what a daemon that was killed has left. 0 or DAEMON_*. */
int daemon_clean(const char *path, FILE *out, FILE *talk);

#endif
