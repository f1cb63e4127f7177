/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * boot.c - one line of text, written as a whole
 *
 * The line is shorter than a disk's sector, so that a machine that loses power
 * has the old one or the new one; the check finds the disk for which that is
 * not so. It is on the disk before the first datagram leaves.
 */
#include "live/engine/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/instant.h"
#include "core/siphash.h"

#define LINE_BYTES 59
/* Nothing is beyond: far in the future, a file's damage, or an attack. */
#define ID_MAX (UINT64_MAX - (UINT64_C(1) << 32))

uint64_t
boot_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec << 32 |
	       ((uint64_t)now.tv_nsec << 32) / (uint64_t)NS_PER_S;
}

static uint64_t
check_of(uint64_t id, uint32_t starts)
{
	static const struct siphash_key key = { "boot" };
	const uint64_t fields[2] = { id, starts };

	return siphash(&key, fields, sizeof(fields));
}

static void
line_make(char line[LINE_BYTES + 1], uint64_t id, uint32_t starts)
{
	(void)snprintf(line, LINE_BYTES + 1,
		       "homeward boot 1 %016" PRIx64 " %08" PRIx32
		       " %016" PRIx64 "\n",
		       id, starts, check_of(id, starts));
}

static int
line_write(const struct boot *boot)
{
	char line[LINE_BYTES + 1];

	if (boot->fd == -1)
		return 0;
	line_make(line, boot->id, boot->starts);
	ssize_t size = pwrite(boot->fd, line, LINE_BYTES, 0);
	if (size == -1)
		return -errno;
	if (size != LINE_BYTES)
		return -EIO;
	return fdatasync(boot->fd) == 0 ? 0 : -errno;
}

/* The start before. 0; -ENODATA: there was none; -EBADMSG: damaged. What was
 * read is what would have been written, to the byte. */
static int
line_read(int fd, uint64_t *id, uint32_t *starts)
{
	char line[LINE_BYTES + 2] = "", whole[LINE_BYTES + 1];
	ssize_t size = pread(fd, line, LINE_BYTES + 1, 0);

	if (size == -1)
		return -errno;
	if (size == 0)
		return -ENODATA;
	if (sscanf(line, "homeward boot 1 %16" SCNx64 " %8" SCNx32, id,
		   starts) != 2 ||
	    *id > ID_MAX)
		return -EBADMSG;
	line_make(whole, *id, *starts);
	return strcmp(line, whole) == 0 ? 0 : -EBADMSG;
}

static int
file_open(const char *path)
{
	struct stat status;
	int fd = open(path,
		      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		      0600);

	if (fd == -1)
		return -errno;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    (status.st_uid == 0 || status.st_uid == geteuid()) &&
	    (status.st_mode & 022) == 0)
		return fd;
	(void)close(fd);
	return -EPERM;
}

static int
file_begin(struct boot *boot, const char *path)
{
	uint64_t last = 0;
	uint32_t starts = 0;
	int fd = file_open(path);

	if (fd < 0)
		return fd;
	boot->fd = fd;
	int result = line_read(fd, &last, &starts);
	if (result == 0) {
		boot->starts = starts + 1;
		if (boot->id <= last)
			boot->id = last + 1;
	}
	int written = line_write(boot);
	if (written == 0 && ftruncate(fd, LINE_BYTES) == -1)
		written = -errno;
	/* That it is new is no news. */
	return result == 0 || result == -ENODATA ? written : result;
}

int
boot_begin(struct boot *boot, const char *path, uint64_t clock, char *error,
	   size_t error_size)
{
	*boot = (struct boot){ .id = clock > 0 ? clock : 1, .fd = -1 };
	if (getrandom(&boot->starts, sizeof(boot->starts), 0) !=
	    (ssize_t)sizeof(boot->starts))
		boot->starts = (uint32_t)clock;
	if (path == NULL)
		return 0;
	int result = file_begin(boot, path);
	if (result != 0)
		(void)snprintf(error, error_size, "%s: %s", path,
			       result == -EBADMSG ? "damaged, begun anew"
			       : result == -EPERM
				       ? "not a regular file of ours that no "
					 "other user may write"
				       : strerror(-result));
	return result;
}

int
boot_raise(struct boot *boot, uint64_t known, uint64_t clock)
{
	if (known < boot->id || known >= ID_MAX)
		return 0;
	boot->id = clock > known ? clock : known + 1;
	return line_write(boot);
}

void
boot_end(struct boot *boot)
{
	if (boot->fd != -1)
		(void)close(boot->fd);
	boot->fd = -1;
}
