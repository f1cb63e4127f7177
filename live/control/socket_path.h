/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket_path.h - the name in the file system behind which the control socket
 * is
 *
 * A name may be left by a daemon that was killed; then nobody answers there
 * and it is replaced. A name behind which somebody answers, or which is no
 * socket at all, is never touched. (Two daemons that start at the same moment
 * are kept apart by the lock on the sessions file, which comes first.)
 *
 * The folder stays as it is, root's: a folder that an unprivileged user may
 * write invites links to places where root should not write. So a daemon that
 * has dropped its privileges cannot remove the name; its herald does.
 */
#ifndef LIVE_CONTROL_SOCKET_PATH_H
#define LIVE_CONTROL_SOCKET_PATH_H

#include <stddef.h>

/* Make the last folder of the path, mode 0755, if it is missing. Who opens the
 * file says what is wrong. */
void socket_path_folder(const char *path);
/* Could a daemon listen there? 0, or as socket_path_open(); nothing is changed.
 */
int socket_path_test(const char *path, char *error, size_t error_size);
/* Listen there, mode 0660: a non-blocking descriptor, or -errno with a
 * sentence in error[]: -EADDRINUSE (somebody answers), -EEXIST (no socket).
 * The folder is made if it is missing. user: who owns the socket,
 * with his group; "" and "nobody" leave it to root, because anything may run
 * as nobody. */
int socket_path_open(const char *path, const char *user, char *error,
		     size_t error_size);
/* Remove the name of a socket behind which nobody answers. 0 or -errno. */
int socket_path_remove(const char *path);

#endif
