/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper.h - the little process that may still do things as root
 *
 *	daemon				helper
 *	say(WITHDRAW) ----- 'w' ---->	/bin/sh -c "vtysh ..."
 *	answer() <--------- 'w', 0 ---	... at most 10 s later
 *	secret() ---------- 's' ---->	open(2)
 *	descriptor <------- 's', fd --
 *	close() ----------- 'q' ---->	unlink(control socket), exit
 *
 * The daemon gives its privileges up after setup, but to withdraw a route it
 * must run vtysh, and to reload it must read a secret that is root's. So it
 * first forks a helper that keeps them and does nothing else than these three
 * things, with what was in the configuration at its birth: not one byte of a
 * command or of a path comes from the daemon later. A change of them needs a
 * restart.
 *
 * What it has withdrawn and not announced again is remembered by an empty file,
 * the control socket's name with ".drained": the next daemon must know that the
 * route is gone. It lies on /run, as long-lived as what vtysh has changed.
 *
 * A command runs while the daemon goes on with packets: helper_say() only
 * starts it. The helper holds none of the daemon's descriptors, ignores the
 * signals that end daemons, and ends (its command with it) when the daemon
 * does, in whatever way.
 */
#ifndef LIVE_CONTROL_HELPER_H
#define LIVE_CONTROL_HELPER_H

#include <stdbool.h>

#include "live/conf/conf.h"

#define HELPER_PATIENCE_S 10 /* a command that takes longer is killed */

struct helper;

enum helper_word {
	HELPER_WITHDRAW = 'w',
	HELPER_ANNOUNCE = 'a',
};

/* Before privileges are dropped, before threads, before anything is opened
 * that must end with the daemon. Of the conf: withdraw, announce, secret and
 * control (the socket that it removes when the daemon closes it). 0, -errno. */
int helper_open(struct helper **, const struct conf *);
/* After control_close(). NULL: nothing. */
void helper_close(struct helper *);
/* Start it. 0: helper_answer() will tell; -ENOTSUP: that command is empty;
 * -EBUSY: another one runs; -EPIPE: the helper is gone. */
int helper_say(struct helper *, enum helper_word);
/* Readable when a command has ended. */
int helper_fd(const struct helper *);
/* How it ended: 0; -EIO: it failed or was killed (its output went to our
 * standard error); -EPIPE; -EAGAIN: it still runs; -ENOENT: none was begun. */
int helper_answer(struct helper *);
/* When it was opened: a predecessor had withdrawn the route and not announced
 * it again. */
bool helper_withdrawn(const struct helper *);
/* The secret file, open for reading; the caller closes it. -errno of open(2);
 * -EBUSY: a command runs. */
int helper_secret(struct helper *);

#endif
