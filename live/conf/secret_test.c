/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret_test.c - files that are taken, files that are refused, and the keys
 *
 * The wrong owner can only be tried by root.
 */
#include "live/conf/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/test/check.h"

#define A "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define B "f0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define Z "0000000000000000000000000000000000000000000000000000000000000000"

static char folder[] = "/tmp/secret_test.XXXXXX";
static char path[64];

static const struct {
	const char *sentence;
	const char *text;
	const char *error; /* behind the path; NULL: it is taken */
	uint32_t keys;
} rows[] = {
	{ "one key", "placement " A "\nkey 0 " B "\n", NULL, 1 },
	{ "two keys, in any order", "key 7 " A "\nkey 4 " B "\nplacement " A,
	  NULL, 2 },
	{ "comments", "# a\n\nplacement " A " # b\nkey 255 " A "\n", NULL, 1 },
	{ "an empty file", "", ":1:1: the file ends without 'placement'", 0 },
	{ "no placement", "key 0 " A "\n",
	  ":1:1: the file ends without 'placement'", 0 },
	{ "no key", "placement " A "\n", ":1:1: the file ends without 'key'",
	  0 },
	{ "placement twice", "placement " A "\nplacement " A "\n",
	  ":2:1: 'placement' again; it is in line 1 already", 0 },
	{ "three keys", "key 0 " A "\nkey 1 " B "\nkey 2 " A "\n",
	  ":3:1: more than 2 keys", 0 },
	{ "two even numbers", "key 0 " A "\nkey 2 " B "\n",
	  ":2:5: of two keys' numbers one is even, the other odd", 0 },
	{ "the same number", "key 1 " A "\nkey 1 " B "\n",
	  ":2:5: of two keys' numbers one is even, the other odd", 0 },
	{ "the same key", "key 0 " A "\nkey 1 " A "\n",
	  ":2:7: the same key under two numbers", 0 },
	{ "a number too large", "key 256 " A "\n",
	  ":1:5: a key's number is 0 to 255", 0 },
	{ "no number", "key " A "\n", ":1:5: a key's number is 0 to 255", 0 },
	{ "no digits", "key 1\n", ":1:6: 64 hex digits are missing", 0 },
	{ "one digit too many", "key 1  0" Z "\n",
	  ":1:72: more than 64 hex digits", 0 },
	{ "too few digits", "placement 0123\n",
	  ":1:15: less than 64 hex digits", 0 },
	{ "not a digit", "placement 012g\n", ":1:14: not a hex digit", 0 },
	{ "words behind", "placement " A " old\n",
	  ":1:76: unexpected words behind the key", 0 },
	{ "zeros, as of a template", "placement " Z "\n",
	  ":1:11: a key of zeros is none", 0 },
	{ "another word", "placment " A "\n",
	  ":1:1: neither 'placement' nor 'key'", 0 },
	{ "control characters", "key \x01\n", ":1:5: a control character", 0 },
};

static void
file_make(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd != -1);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(fchmod(fd, mode) == 0);
	close(fd);
}

static void
text_test(void)
{
	struct secret secret;
	char error[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		file_make(rows[i].text, 0600);
		int result = secret_load(&secret, path, error, sizeof(error));
		if (rows[i].error == NULL) {
			CHECK_ROW(result == 0, rows[i].sentence);
			CHECK_ROW(secret.key_count == rows[i].keys,
				  rows[i].sentence);
			continue;
		}
		CHECK_ROW(result == -EINVAL, rows[i].sentence);
		CHECK_ROW(strncmp(error, path, strlen(path)) == 0 &&
				  strcmp(error + strlen(path), rows[i].error) ==
					  0,
			  rows[i].sentence);
	}
	/* No complaint shows a key, and a small buffer is enough. */
	file_make("key 1 " A "x\n", 0600);
	CHECK(secret_load(&secret, path, error, sizeof(error)) == -EINVAL);
	CHECK(strstr(error, "00112233") == NULL);
	CHECK(secret_load(&secret, path, error, 8) == -EINVAL);
	CHECK(strlen(error) == 7);
}

static void
file_test(void)
{
	static const char good[] = "placement " A "\nkey 0 " B "\n";
	static const struct {
		const char *sentence;
		mode_t mode;
		int result;
	} modes[] = {
		{ "its owner reads and writes", 0600, 0 },
		{ "its owner reads", 0400, 0 },
		{ "the group reads", 0640, -EPERM },
		{ "others read", 0604, -EPERM },
		{ "others write", 0602, -EPERM },
		{ "others execute", 0601, -EPERM },
	};
	struct secret secret;
	char error[256], fifo[80], link[80], large[8192];

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		file_make(good, modes[i].mode);
		CHECK_ROW(secret_load(&secret, path, error, sizeof(error)) ==
				  modes[i].result,
			  modes[i].sentence);
	}
	file_make(good, 0600);
	if (geteuid() == 0) {
		CHECK(chown(path, 65534, 65534) == 0);
		CHECK(secret_load(&secret, path, error, sizeof(error)) ==
		      -EPERM);
		CHECK(strstr(error, "belongs neither") != NULL);
		CHECK(chown(path, 0, 0) == 0);
	}

	int fd = open(path, O_RDONLY);
	for (int i = 0; i < 2; i++)
		CHECK(secret_read(&secret, fd, "s", error, sizeof(error)) == 0);
	close(fd);
	file_make("key", 0600);
	fd = open(path, O_RDONLY);
	CHECK(secret_read(&secret, fd, "s", error, sizeof(error)) == -EINVAL);
	CHECK(strcmp(error, "s:1:4: the key's number is missing") == 0);
	close(fd);
	CHECK(secret_read(&secret, -1, "s", error, sizeof(error)) == -EBADF);
	file_make(good, 0600);

	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	CHECK(mkfifo(fifo, 0600) == 0);
	CHECK(secret_load(&secret, fifo, error, sizeof(error)) == -EPERM);
	CHECK(secret_load(&secret, folder, error, sizeof(error)) == -EPERM);
	unlink(fifo);
	/* A link is as good as what it leads to. */
	snprintf(link, sizeof(link), "%s/link", folder);
	CHECK(symlink(path, link) == 0);
	CHECK(secret_load(&secret, link, error, sizeof(error)) == 0);
	unlink(link);

	memset(large, '\n', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	file_make(large, 0600);
	CHECK(secret_load(&secret, path, error, sizeof(error)) == -EFBIG);
	unlink(path);
	CHECK(secret_load(&secret, path, error, sizeof(error)) == -ENOENT);
	CHECK(strstr(error, "No such file") != NULL);
}

static void
keys_test(void)
{
	struct secret one, same, swapped, other, none;
	char error[256];

	file_make("placement " A "\nkey 0 " B "\nkey 1 " A "\n", 0600);
	CHECK(secret_load(&one, path, error, sizeof(error)) == 0);
	CHECK(secret_load(&same, path, error, sizeof(error)) == 0);
	CHECK(memcmp(&one, &same, sizeof(one)) == 0);
	/* From one key, three that have nothing in common. */
	CHECK(memcmp(one.placement.bytes, one.keys[1].tag.bytes, 16) != 0);
	CHECK(memcmp(one.placement.bytes, one.keys[1].seal, 16) != 0);
	CHECK(memcmp(one.keys[1].tag.bytes, one.keys[1].seal, 16) != 0);

	file_make("key 1 " A "\nkey 0 " B "\nplacement " A "\n", 0600);
	CHECK(secret_load(&swapped, path, error, sizeof(error)) == 0);
	CHECK(memcmp(&one.keys[0], &swapped.keys[1], sizeof(one.keys[0])) == 0);
	CHECK(memcmp(&one.placement, &swapped.placement,
		     sizeof(one.placement)) == 0);
	file_make("placement " B "\nkey 0 " A "\n", 0600);
	CHECK(secret_load(&other, path, error, sizeof(error)) == 0);
	CHECK(memcmp(&one.placement, &other.placement, 16) != 0);
	/* The same bytes by another number are the same key. */
	CHECK(memcmp(one.keys[1].seal, other.keys[0].seal, 32) == 0);

	memset(&none, 0, sizeof(none));
	secret_wipe(&one);
	CHECK(memcmp(&one, &none, sizeof(one)) == 0);
	unlink(path);
}

static void
make_test(void)
{
	struct secret one, other;
	struct stat status;
	char error[256];

	umask(0);
	CHECK(secret_make(path, error, sizeof(error)) == 0);
	CHECK(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600);
	CHECK(secret_load(&one, path, error, sizeof(error)) == 0);
	CHECK(one.key_count == 1 && one.keys[0].id == 0);
	CHECK(secret_make(path, error, sizeof(error)) == -EEXIST);
	CHECK(strstr(error, "File exists; it is left as it is") != NULL);
	unlink(path);
	CHECK(secret_make(path, error, sizeof(error)) == 0);
	CHECK(secret_load(&other, path, error, sizeof(error)) == 0);
	CHECK(memcmp(&one, &other, sizeof(one)) != 0);
	unlink(path);
	CHECK(secret_make("/nonexistent/x", error, sizeof(error)) == -ENOENT);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/secret", folder);
	text_test();
	file_test();
	keys_test();
	make_test();
	rmdir(folder);
	return check_done();
}
