/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handed.c - see handed.h */
#include "live/handed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_ROOM 32
/* Larger than any secret that secret_load() takes. */
#define COPY_MOST (1 << 16)

static int
original_check(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 ||
	    (status.st_uid != 0 && status.st_uid != geteuid()))
		return -EPERM;
	return 0;
}

static int
copy(int from, int to)
{
	uint8_t bytes[COPY_MOST];
	ssize_t size = pread(from, bytes, sizeof(bytes), 0);
	int result = 0;

	if (size < 0 || write(to, bytes, (size_t)size) != size)
		result = -EIO;
	explicit_bzero(bytes, sizeof(bytes));
	return result;
}

/* The message begins with the name that secret_load() was given. */
static void
rename_in(char *error, size_t error_size, const char *name, const char *path)
{
	char rest[512];

	if (strncmp(error, name, strlen(name)) != 0)
		return;
	(void)snprintf(rest, sizeof(rest), "%s", error + strlen(name));
	(void)snprintf(error, error_size, "%s%s", path, rest);
}

int
handed_secret(struct secret *secret, int fd, const char *path, char *error,
	      size_t error_size)
{
	char name[NAME_ROOM];
	int own = memfd_create("secret", MFD_CLOEXEC);
	int result = own < 0 ? -errno : 0;

	if (result == 0)
		result = original_check(fd);
	if (result == 0 && fchmod(own, 0600) != 0)
		result = -errno;
	if (result == 0)
		result = copy(fd, own);
	if (result != 0) {
		(void)snprintf(error, error_size, "%s: %s", path,
			       strerror(-result));
	} else {
		(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", own);
		result = secret_load(secret, name, error, error_size);
		if (result != 0)
			rename_in(error, error_size, name, path);
	}
	if (own >= 0)
		(void)close(own);
	return result;
}
