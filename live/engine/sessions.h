/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sessions.h - the sockets of our services on this host, and since when
 *
 * The kernel knows which sockets there are (datapath.h says when they come
 * and go, sockdiag.h lists them), but not since when; and a session's version
 * must be the same after a restart of the daemon, or it might outbid a newer
 * session with the same key elsewhere. So the table is a file that the daemon
 * maps: what was written survives kill -9, and the next daemon recalls from it
 * the versions of the sockets that the kernel still has. On /run, it goes with
 * the sockets at the next boot.
 *
 * A session lingers when its socket has gone but the kernel still answers for
 * it; it is known, but no longer counts as open, and makes room for one that is
 * when the table is full.
 *
 * Full of open ones: sessions_put() answers -ENOSPC; such a session is known to
 * the kernel (which decides anyway) but is not published.
 */
#ifndef LIVE_ENGINE_SESSIONS_H
#define LIVE_ENGINE_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"

struct sessions;

/* path: the file, made with mode 0600, locked while open by this process;
 * NULL: memory only. It is 64 bytes for each session of the capacity, at least
 * 1; one of less capacity grows, one of more keeps its size and what is in it.
 * A file of another format or boot is begun anew. 0; -errno with a sentence
 * in error[] (-EBUSY: another daemon has it; -EPERM: not a regular file of
 * ours or root's that no other user may write). */
int sessions_open(struct sessions **, const char *path, uint32_t capacity,
		  char *error, size_t error_size);
/* The file stays. NULL: nothing. */
void sessions_close(struct sessions *);

/* Begin taking stock: every session is doubted until sessions_put() names it;
 * sessions_settle() then removes the doubted ones, calling gone for each. */
void sessions_doubt(struct sessions *);
void sessions_settle(struct sessions *,
		     void (*gone)(void *, const struct session_key *), void *);

/* It is here. If the table knows it already, and it does not linger, its
 * version stays and *version is set to it; else it gets *version. 0, -ENOSPC.
 */
int sessions_put(struct sessions *, const struct session_key *,
		 struct version *version);
/* The same for an OPENED event: a new session, whatever was known. */
int sessions_renew(struct sessions *, const struct session_key *,
		   struct version version);
/* False: it was not there, or lingers already; it is not doubted any more. */
bool sessions_linger(struct sessions *, const struct session_key *);
bool sessions_remove(struct sessions *, const struct session_key *);
bool sessions_has(const struct sessions *, const struct session_key *);
/* Of one that is open or lingers; false: it is not there. */
bool sessions_version(const struct sessions *, const struct session_key *,
		      struct version *);
bool sessions_lingers(const struct sessions *, const struct session_key *);
/* How many sessions are open; lingering ones do not count. */
uint32_t sessions_count(const struct sessions *);
/* Every session that is open, in no particular order; the callback may remove
 * any. */
void sessions_each(const struct sessions *,
		   void (*each)(void *, const struct session_key *,
				struct version),
		   void *);

#endif
