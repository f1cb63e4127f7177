/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket_path.h - the control socket's name in the file system
 *
 * A daemon that was killed leaves the name; no process listens on it, so it is
 * replaced. A socket on which a process listens, or a file that is no socket,
 * is never touched. (Two daemons that start at the same moment are kept apart
 * by the lock on the sessions file, which comes first.)
 *
 * The folder stays as it is, root's: a folder that an unprivileged user may
 * write invites links to places where root should not write. So a daemon that
 * has dropped its privileges cannot remove the name; its helper does.
 */
#ifndef LIVE_CONTROL_SOCKET_PATH_H
#define LIVE_CONTROL_SOCKET_PATH_H

#include <stddef.h>

/* Make the last folder of the path, mode 0755, if it is missing. Errors show
 * when the file is opened. */
void socket_path_folder(const char *path);
/* Could a daemon listen there? 0, or as socket_path_open(); nothing is changed.
 */
int socket_path_test(const char *path, char *error, size_t error_size);
/* Listen there, mode 0660: a non-blocking descriptor, or -errno with a
 * sentence in error[]: -EADDRINUSE (a process listens), -EEXIST (no socket).
 * The folder is made if it is missing. user: the socket's
 * owner, with the user's group; "" and "nobody" leave it to root, because any
 * program may run as nobody. */
int socket_path_open(const char *path, const char *user, char *error,
		     size_t error_size);
/* Remove the name of a socket on which no process listens. 0 or -errno. */
int socket_path_remove(const char *path);

#endif
