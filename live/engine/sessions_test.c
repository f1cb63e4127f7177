/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sessions_test.c - against a plain array; with kill -9; with torn slots
 */
#include "live/engine/sessions.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/rng.h"
#include "core/test/check.h"

#define KEYS	 200
#define CAPACITY 100

static char folder[] = "/tmp/sessions_test.XXXXXX";
static char path[64];
static char error[256];

static struct session_key
key_of(uint32_t i)
{
	struct session_key key = { .family = 4, .protocol = 6 };

	memcpy(key.client, (uint8_t[]){ 10, 0, 0, 1 }, 4);
	memcpy(key.service, (uint8_t[]){ 192, 0, 2, 1 }, 4);
	key.client_port[0] = (uint8_t)(i >> 8);
	key.client_port[1] = (uint8_t)i;
	key.service_port[1] = 80;
	return key;
}

static uint32_t
index_of(const struct session_key *key)
{
	return (uint32_t)(key->client_port[0] << 8 | key->client_port[1]);
}

static struct sessions *
opened(const char *file, uint32_t capacity)
{
	struct sessions *sessions;
	int result =
		sessions_open(&sessions, file, capacity, error, sizeof(error));

	if (result != 0) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	return sessions;
}

/*
 * The oracle
 */

struct plain {
	bool there, lingers, doubted;
	struct version version;
};

static struct plain plains[KEYS];
static uint32_t gone_count;

static void
gone(void *context, const struct session_key *key)
{
	struct plain *plain = &plains[index_of(key)];

	(void)context;
	CHECK(plain->there && plain->doubted);
	*plain = (struct plain){ 0 };
	gone_count++;
}

static void
each(void *context, const struct session_key *key, struct version version)
{
	uint32_t *count = context;
	struct plain *plain = &plains[index_of(key)];

	CHECK(plain->there && !plain->lingers);
	CHECK(version_compare(plain->version, version) == 0);
	(*count)++;
}

static uint32_t
plain_count(bool open)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < KEYS; i++)
		count += plains[i].there && !(open && plains[i].lingers);
	return count;
}

static void
agree(const struct sessions *sessions)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		struct session_key key = key_of(i);

		CHECK(sessions_has(sessions, &key) == plains[i].there);
		CHECK(sessions_lingers(sessions, &key) ==
		      (plains[i].there && plains[i].lingers));
	}
	sessions_each(sessions, each, &count);
	CHECK(count == plain_count(true));
	CHECK(sessions_count(sessions) == count);
}

/* When all places are taken, one that lingers has made room for it. */
static void
make_room(const struct sessions *sessions, bool there)
{
	uint32_t gone = 0, full = !there && plain_count(false) == CAPACITY;

	for (uint32_t i = 0; i < KEYS; i++) {
		struct session_key key = key_of(i);

		if (!plains[i].lingers || !plains[i].there ||
		    sessions_has(sessions, &key))
			continue;
		plains[i] = (struct plain){ .there = false };
		gone++;
	}
	CHECK(gone == full);
}

static void
step_put(struct sessions *sessions, uint32_t i, struct version version)
{
	struct session_key key = key_of(i);
	struct plain *plain = &plains[i];
	struct version asked = version;
	bool full = !plain->there && plain_count(true) == CAPACITY;

	CHECK(sessions_put(sessions, &key, &version) == (full ? -ENOSPC : 0));
	if (full)
		return;
	make_room(sessions, plain->there);
	plain->doubted = false;
	if (plain->there && !plain->lingers)
		asked = plain->version;
	CHECK(version_compare(asked, version) == 0);
	*plain = (struct plain){ .there = true, .version = asked };
}

static void
step_renew(struct sessions *sessions, uint32_t i, struct version version)
{
	struct session_key key = key_of(i);
	struct plain *plain = &plains[i];
	bool full = !plain->there && plain_count(true) == CAPACITY;

	CHECK(sessions_renew(sessions, &key, version) == (full ? -ENOSPC : 0));
	if (full)
		return;
	make_room(sessions, plain->there);
	*plain = (struct plain){ .there = true, .version = version };
}

static void
step(struct sessions *sessions, struct rng *rng)
{
	uint32_t i = (uint32_t)(rng_next(rng) % KEYS);
	struct session_key key = key_of(i);
	struct plain *plain = &plains[i];
	struct version version = {
		.established_ns = (int64_t)(rng_next(rng) >> 1),
		.sequence = (uint32_t)rng_next(rng),
	};

	switch (rng_next(rng) % 6) {
	case 0:
	case 1:
		step_put(sessions, i, version);
		break;
	case 2:
		step_renew(sessions, i, version);
		break;
	case 3:
		CHECK(sessions_linger(sessions, &key) ==
		      (plain->there && !plain->lingers));
		plain->lingers = plain->there;
		plain->doubted = false;
		break;
	case 4:
		CHECK(sessions_remove(sessions, &key) == plain->there);
		*plain = (struct plain){ 0 };
		break;
	default:
		if (rng_next(rng) % 8 != 0)
			break;
		sessions_doubt(sessions);
		for (uint32_t j = 0; j < KEYS; j++)
			plains[j].doubted = plains[j].there;
		break;
	}
}

static void
walk_test(const char *file)
{
	struct sessions *sessions = opened(file, CAPACITY);
	struct rng rng;

	memset(plains, 0, sizeof(plains));
	gone_count = 0;
	rng_init(&rng, 4, 4);
	for (uint32_t i = 0; i < 20000; i++) {
		step(sessions, &rng);
		if (i % 100 == 0)
			agree(sessions);
		if (i % 500 == 250) {
			sessions_settle(sessions, gone, NULL);
			for (uint32_t j = 0; j < KEYS; j++)
				CHECK(!plains[j].doubted);
			agree(sessions);
		}
		if (i % 1000 == 999 && file != NULL) {
			sessions_close(sessions);
			sessions = opened(file, CAPACITY);
			for (uint32_t j = 0; j < KEYS; j++)
				plains[j].doubted = false;
			agree(sessions);
		}
	}
	CHECK(gone_count > 0);
	sessions_close(sessions);
	sessions_close(NULL);
}

/*
 * The file
 */

/* What a version must be, by any writer and at any time. */
static struct version
version_of(uint32_t i, uint32_t generation)
{
	int64_t established_ns = (int64_t)generation * 1000003 + (int64_t)i + 1;

	return (struct version){
		.established_ns = established_ns,
		.sequence = (uint32_t)established_ns * 2654435761U ^ i,
	};
}

static void
version_check(void *context, const struct session_key *key,
	      struct version version)
{
	uint32_t i = index_of(key);
	uint32_t *count = context;
	int64_t rest = version.established_ns - 1 - (int64_t)i;

	CHECK(rest >= 0 && rest % 1000003 == 0);
	CHECK(version.sequence ==
	      version_of(i, (uint32_t)(rest / 1000003)).sequence);
	(*count)++;
}

/* For ever; a byte says when it is in the middle of it. */
static void
child_run(uint32_t seed, int begun)
{
	struct sessions *sessions = opened(path, CAPACITY);
	struct rng rng;

	rng_init(&rng, seed, 1);
	for (uint32_t generation = 1;; generation++) {
		uint32_t i = (uint32_t)(rng_next(&rng) % KEYS);
		struct session_key key = key_of(i);

		if (generation == 10)
			(void)!write(begun, "x", 1);
		switch (rng_next(&rng) % 4) {
		case 0:
			sessions_remove(sessions, &key);
			break;
		case 1:
			sessions_linger(sessions, &key);
			break;
		default:
			sessions_renew(sessions, &key,
				       version_of(i, generation));
		}
	}
}

static void
kill_test(void)
{
	unlink(path);
	for (uint32_t round = 0; round < 50; round++) {
		struct timespec pause = { .tv_nsec = 2000000 };
		uint32_t count = 0;
		int begun[2];
		char byte;

		CHECK(pipe(begun) == 0);
		pid_t child = fork();
		if (child == 0) {
			child_run(round, begun[1]);
			_exit(0);
		}
		CHECK(child > 0);
		CHECK(read(begun[0], &byte, 1) == 1);
		close(begun[0]);
		close(begun[1]);
		nanosleep(&pause, NULL);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		struct sessions *sessions = opened(path, CAPACITY);
		sessions_each(sessions, version_check, &count);
		if (round == 49)
			CHECK(count > 0);
		sessions_close(sessions);
	}
}

/* One session in a file, then each of its bits turned over in turn: another
 * version never comes of it. */
static void
torn_test(void)
{
	struct session_key key = key_of(7);
	struct version version = version_of(7, 3);
	uint32_t lost = 0;

	unlink(path);
	struct sessions *sessions = opened(path, 1);
	CHECK(sessions_renew(sessions, &key, version) == 0);
	sessions_close(sessions);
	for (uint32_t bit = 0; bit < 3 * 64 * 8; bit++) {
		int fd = open(path, O_RDWR);
		uint8_t byte;
		uint8_t before[3 * 64];

		CHECK(pread(fd, before, sizeof(before), 0) == sizeof(before));
		byte = before[bit / 8] ^ (uint8_t)(1 << bit % 8);
		CHECK(pwrite(fd, &byte, 1, bit / 8) == 1);
		sessions = opened(path, 1);
		struct version recalled = version_of(8, 8), asked = recalled;
		CHECK(sessions_put(sessions, &key, &recalled) == 0);
		CHECK(version_compare(recalled, version) == 0 ||
		      version_compare(recalled, asked) == 0);
		lost += version_compare(recalled, asked) == 0;
		sessions_close(sessions);
		CHECK(pwrite(fd, before, sizeof(before), 0) == sizeof(before));
		close(fd);
	}
	CHECK(lost > 64 * 8 - 8 - 3 * 8);
}

/* Between the two steps of a renewal both versions are there. */
static void
twin_test(void)
{
	struct session_key key = key_of(7);
	uint8_t slots[2 * 64];

	for (int order = 0; order < 2; order++) {
		unlink(path);
		for (uint32_t i = 0; i < 2; i++) {
			struct sessions *sessions = opened(path, 1);
			int fd = open(path, O_RDONLY);
			CHECK(sessions_renew(sessions, &key,
					     version_of(7, i)) == 0);
			/* It is in one of the two slots. */
			uint8_t both[2 * 64];
			CHECK(pread(fd, both, sizeof(both), 64) ==
			      sizeof(both));
			memcpy(slots + i * 64, both + (both[38] != 0 ? 0 : 64),
			       64);
			close(fd);
			sessions_close(sessions);
		}
		int fd = open(path, O_WRONLY);
		for (int i = 0; i < 2; i++)
			CHECK(pwrite(fd, slots + i * 64, 64,
				     64 + 64 * (i ^ order)) == 64);
		close(fd);
		struct sessions *sessions = opened(path, 1);
		struct version version = version_of(8, 8);
		CHECK(sessions_count(sessions) == 1);
		CHECK(sessions_put(sessions, &key, &version) == 0);
		CHECK(version_compare(version, version_of(7, 1)) == 0);
		CHECK(sessions_remove(sessions, &key));
		CHECK(!sessions_has(sessions, &key));
		sessions_close(sessions);
	}
}

static void
size_test(void)
{
	struct sessions *sessions;
	struct stat status;
	uint32_t count = 0;

	unlink(path);
	sessions = opened(path, 10);
	CHECK(stat(path, &status) == 0 && status.st_size == 64 + 11 * 64 &&
	      (status.st_mode & 07777) == 0600);
	for (uint32_t i = 0; i < 11; i++) {
		struct session_key key = key_of(i);
		struct version version = version_of(i, 1);

		CHECK(sessions_put(sessions, &key, &version) ==
		      (i < 10 ? 0 : -ENOSPC));
	}
	sessions_close(sessions);
	/* Less: those that are there stay, no new one comes. */
	sessions = opened(path, 5);
	struct session_key key = key_of(20);
	CHECK(sessions_count(sessions) == 10);
	CHECK(sessions_renew(sessions, &key, version_of(20, 1)) == -ENOSPC);
	sessions_close(sessions);
	/* More: the file grows. */
	sessions = opened(path, 20);
	sessions_each(sessions, version_check, &count);
	CHECK(count == 10);
	CHECK(sessions_renew(sessions, &key, version_of(20, 1)) == 0);
	CHECK(stat(path, &status) == 0 && status.st_size == 64 + 21 * 64);
	sessions_close(sessions);
}

static void
file_write(const char *bytes, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(write(fd, bytes, size) == (ssize_t)size);
	CHECK(fchmod(fd, mode) == 0);
	close(fd);
}

static void
refused_test(void)
{
	static const char junk[6400] = "not ours";
	struct sessions *sessions;

	unlink(path);
	file_write(junk, sizeof(junk), 0600);
	sessions = opened(path, 5);
	CHECK(sessions_count(sessions) == 0);
	sessions_close(sessions);
	file_write(junk, 100, 0600);
	sessions = opened(path, 5);
	CHECK(sessions_count(sessions) == 0);
	struct session_key key = key_of(1);
	CHECK(sessions_renew(sessions, &key, version_of(1, 1)) == 0);
	/* Another process has it. */
	pid_t child = fork();
	if (child == 0) {
		struct sessions *second;
		int result =
			sessions_open(&second, path, 5, error, sizeof(error));
		_exit(result == -EBUSY && second == NULL &&
				      strstr(error, "another daemon") != NULL
			      ? 0
			      : 1);
	}
	int status;
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	sessions_close(sessions);

	/* Of another boot. */
	int fd = open(path, O_RDWR);
	CHECK(pwrite(fd, "x", 1, 8) == 1);
	close(fd);
	sessions = opened(path, 5);
	CHECK(sessions_count(sessions) == 0);
	sessions_close(sessions);

	file_write(junk, 0, 0620);
	CHECK(sessions_open(&sessions, path, 5, error, sizeof(error)) ==
	      -EPERM);
	CHECK(sessions == NULL && strstr(error, path) != NULL);
	unlink(path);
	CHECK(symlink("/etc/passwd", path) == 0);
	CHECK(sessions_open(&sessions, path, 5, error, sizeof(error)) ==
	      -ELOOP);
	unlink(path);
	CHECK(sessions_open(&sessions, "/nonexistent/x", 5, error,
			    sizeof(error)) == -ENOENT);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/sessions", folder);
	walk_test(NULL);
	walk_test(path);
	kill_test();
	torn_test();
	twin_test();
	size_test();
	refused_test();
	unlink(path);
	rmdir(folder);
	return check_done();
}
