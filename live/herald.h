/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * herald.h - the little process that may still run commands as root
 *
 * The daemon gives its privileges up after setup, but to withdraw a route it
 * must run vtysh. So it first forks a herald that keeps them and does nothing
 * else than run, when told by one byte, one of two commands that were given
 * at its birth. It ends when the daemon does.
 */
#ifndef LIVE_HERALD_H
#define LIVE_HERALD_H

struct herald;

enum herald_word {
	HERALD_WITHDRAW = 'w',
	HERALD_ANNOUNCE = 'a',
};

/* Before privileges are dropped and before threads. 0 or -errno. */
int herald_open(struct herald **, const char *withdraw, const char *announce);
void herald_close(struct herald *); /* NULL: nothing */
/* Run it and wait, at most 10 s. 0; -EIO: it failed (its standard error went
 * to ours); -ENOTSUP: that command is empty; -EPIPE: the herald is gone. */
int herald_say(struct herald *, enum herald_word);

#endif
