/* SPDX-License-Identifier: GPL-3.0-or-later */
/* socket_path.c - see socket_path.h */
#include "live/control/socket_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_PATH_QUEUE 16 /* connections not yet accepted */

static int
address_set(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path[0] == '\0' || strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, strlen(path));
	return 0;
}

/* 0: a socket on which no process listens; -EADDRINUSE: one does; -EEXIST: no
 * socket; -ENOENT. */
static int
answer_test(const char *path)
{
	struct sockaddr_un address;
	struct stat status;

	if (address_set(&address, path) != 0)
		return -ENAMETOOLONG;
	if (lstat(path, &status) != 0)
		return -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int result =
		connect(fd, (const struct sockaddr *)&address, sizeof(address));
	int reason = errno;
	close(fd);
	/* EAGAIN: its queue is full, so it is there. */
	return result != 0 && reason == ECONNREFUSED ? 0 : -EADDRINUSE;
}

static int
owner_set(const char *path, const char *user)
{
	if (user[0] == '\0' || strcmp(user, "nobody") == 0 || geteuid() != 0)
		return 0;
	const struct passwd *entry = getpwnam(user);
	if (entry == NULL)
		return -ENOENT;
	return lchown(path, entry->pw_uid, entry->pw_gid) == 0 ? 0 : -errno;
}

static int
listen_at(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* Its mode from the beginning: a chmod(2) would come a moment late. */
	mode_t mask = umask(0117);
	int result =
		bind(fd, (const struct sockaddr *)address, sizeof(*address));
	int reason = errno;
	umask(mask);
	if (result != 0 || listen(fd, SOCKET_PATH_QUEUE) != 0) {
		if (result == 0)
			reason = errno;
		close(fd);
		return -reason;
	}
	return fd;
}

void
socket_path_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path ||
	    (size_t)(slash - path) >= sizeof(folder))
		return;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	mode_t mask = umask(0022);
	(void)mkdir(folder, 0755);
	umask(mask);
}

int
socket_path_test(const char *path, char *error, size_t error_size)
{
	struct sockaddr_un address;
	int there = answer_test(path);

	switch (there) {
	case -ENAMETOOLONG:
		snprintf(error, error_size,
			 "control socket %s: a path has 1 to %zu bytes", path,
			 sizeof(address.sun_path) - 1);
		return there;
	case -EADDRINUSE:
		snprintf(error, error_size,
			 "control socket %s: another homewardd answers there",
			 path);
		return there;
	case -EEXIST:
		snprintf(error, error_size,
			 "control socket %s: that is no socket, and stays",
			 path);
		return there;
	default:
		return 0; /* bind() says what else is wrong */
	}
}

int
socket_path_open(const char *path, const char *user, char *error,
		 size_t error_size)
{
	struct sockaddr_un address;
	int there = socket_path_test(path, error, error_size);

	if (there != 0)
		return there;
	socket_path_folder(path);
	if (answer_test(path) == 0)
		(void)unlink(path);
	(void)address_set(&address, path); /* it fits: it was tested */
	int fd = listen_at(&address);
	if (fd < 0) {
		snprintf(error, error_size, "control socket %s: %s", path,
			 strerror(-fd));
		return fd;
	}
	int result = owner_set(path, user);
	if (result != 0) {
		snprintf(error, error_size,
			 "control socket %s: cannot give it to user %s: %s",
			 path, user, strerror(-result));
		unlink(path);
		close(fd);
		return result;
	}
	return fd;
}

int
socket_path_remove(const char *path)
{
	int there = answer_test(path);

	if (there != 0)
		return there;
	return unlink(path) == 0 ? 0 : -errno;
}
