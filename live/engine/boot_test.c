/* SPDX-License-Identifier: GPL-3.0-or-later */
/* boot_test.c - boot ids grow, whatever becomes of clock and file */
#include "live/engine/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/test/check.h"

static char folder[] = "/tmp/boot_test.XXXXXX";
static char path[64];

/* One start, at that clock; the id, and what went wrong. */
static uint64_t
start(uint64_t clock, int expected, uint32_t *starts)
{
	struct boot boot;
	char error[256] = "";
	int result = boot_begin(&boot, path, clock, error, sizeof(error));
	uint64_t id = boot.id;

	CHECK(result == expected);
	CHECK((error[0] != '\0') == (result != 0));
	if (starts != NULL)
		*starts = boot.starts;
	boot_end(&boot);
	return id;
}

static void
write_file(const char *text, mode_t mode)
{
	FILE *file;

	(void)unlink(path);
	file = fopen(path, "w");
	if (file == NULL)
		abort();
	fputs(text, file);
	fclose(file);
	CHECK(chmod(path, mode) == 0);
}

static void
read_file(char text[128])
{
	FILE *file = fopen(path, "r");

	memset(text, 0, 128);
	if (file == NULL)
		abort();
	CHECK(fread(text, 1, 127, file) > 0);
	fclose(file);
}

static void
each_start_is_higher(void)
{
	static const struct {
		const char *sentence;
		uint64_t clock, id;
	} rows[] = {
		{ "the first has the clock's", 1000, 1000 },
		{ "a later one, too", 2000, 2000 },
		{ "the same moment: one more", 2000, 2001 },
		{ "the clock was set back", 500, 2002 },
		{ "or has none left", 0, 2003 },
		{ "it is right again", 3000, 3000 },
	};
	uint32_t first = 0, starts = 0;

	(void)unlink(path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_ROW(start(rows[i].clock, 0, i == 0 ? &first : &starts) ==
				  rows[i].id,
			  rows[i].sentence);
		if (i > 0)
			CHECK(starts == first + (uint32_t)i);
	}
}

static void
a_damaged_file_is_said_and_begun_anew(void)
{
	char good[128], text[130];

	(void)unlink(path);
	CHECK(start(5000, 0, NULL) == 5000);
	read_file(good);
	CHECK(strlen(good) == 59);
	for (size_t i = 0; i < strlen(good); i++) {
		for (int bit = 0; bit < 7; bit++) {
			strcpy(text, good);
			text[i] ^= (char)(1 << bit);
			if (text[i] == '\0')
				continue;
			write_file(text, 0600);
			CHECK(start(9, -EBADMSG, NULL) == 9);
			CHECK(start(9, 0, NULL) == 10);
		}
	}
	for (size_t cut = 1; cut < strlen(good); cut++) {
		snprintf(text, cut + 1, "%s", good);
		write_file(text, 0600);
		CHECK(start(9, -EBADMSG, NULL) == 9);
	}
	snprintf(text, sizeof(text), "%s\n", good);
	write_file(text, 0600);
	CHECK(start(9, -EBADMSG, NULL) == 9);
	write_file("", 0600);
	CHECK(start(9, 0, NULL) == 9); /* empty is new */
}

static void
a_file_that_is_not_ours_is_left(void)
{
	char text[128];

	write_file("somebody's", 0666);
	CHECK(start(9, -EPERM, NULL) == 9);
	read_file(text);
	CHECK(strcmp(text, "somebody's") == 0);
	(void)unlink(path);
	CHECK(symlink("/dev/null", path) == 0);
	CHECK(start(9, -ELOOP, NULL) == 9);
	(void)unlink(path);
	CHECK(mkfifo(path, 0600) == 0);
	CHECK(start(9, -EPERM, NULL) == 9);
	(void)unlink(path);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(start(9, -EISDIR, NULL) == 9);
	CHECK(rmdir(path) == 0);
}

static void
what_a_peer_knows_raises_it(void)
{
	static const struct {
		const char *sentence;
		uint64_t known, clock, id;
	} rows[] = {
		{ "less than ours", 99, 50, 100 },
		{ "more", 200, 50, 201 },
		{ "as much as ours", 201, 50, 202 },
		{ "the clock is ahead of both", 210, 300, 300 },
		{ "nothing is beyond that", UINT64_MAX, 300, 300 },
	};
	struct boot boot;
	char error[256];

	(void)unlink(path);
	CHECK(boot_begin(&boot, path, 100, error, sizeof(error)) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(boot_raise(&boot, rows[i].known, rows[i].clock) == 0);
		CHECK_ROW(boot.id == rows[i].id, rows[i].sentence);
	}
	boot_end(&boot);
	boot_end(&boot); /* once more does nothing */
	CHECK(start(7, 0, NULL) == 301); /* it was kept */

	CHECK(boot_begin(&boot, NULL, 100, error, sizeof(error)) == 0);
	CHECK(boot_raise(&boot, 200, 100) == 0 && boot.id == 201);
	boot_end(&boot);
	/* A disk that is full. */
	boot.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	CHECK(boot_raise(&boot, 300, 100) == -ENOSPC && boot.id == 301);
	boot_end(&boot);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/boot", folder);
	CHECK(boot_clock() >> 32 > 1600000000);
	each_start_is_higher();
	a_damaged_file_is_said_and_begun_anew();
	a_file_that_is_not_ours_is_left();
	what_a_peer_knows_raises_it();
	(void)unlink(path);
	(void)rmdir(folder);
	return check_done();
}
