/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * determinism.c - run logs first, they say more; then the files
 *
 * A capture that only one run made shows in the run logs, which list all ports.
 */
#include "harness/run/determinism.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/db/run_log.h"

/* Offset of the first differing byte, or -1. */
static long
files_differ(FILE *a, FILE *b)
{
	for (long offset = 0;; offset++) {
		int first = getc(a);
		int second = getc(b);

		if (first != second)
			return offset;
		if (first == EOF)
			return -1;
	}
}

static bool
captures_same(const char *path, const char *other, FILE *talk)
{
	FILE *a = fopen(path, "rb");
	FILE *b = fopen(other, "rb");
	long offset = 0;

	if (a == NULL || b == NULL)
		fprintf(talk, "%s: %s\n", a == NULL ? path : other,
			strerror(errno));
	else if ((offset = files_differ(a, b)) >= 0)
		fprintf(talk, "%s: captures differ at byte %ld\n", path,
			offset);
	if (a != NULL)
		fclose(a);
	if (b != NULL)
		fclose(b);
	return offset < 0;
}

static bool
folders_same(const char *folder, const char *second, FILE *talk)
{
	DIR *entries = opendir(second);
	const struct dirent *entry;
	bool same = true;

	if (entries == NULL) {
		fprintf(talk, "%s: %s\n", second, strerror(errno));
		return false;
	}
	while ((entry = readdir(entries)) != NULL) {
		char path[4096], other[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		snprintf(other, sizeof(other), "%s/%s", second, entry->d_name);
		if (same)
			same = captures_same(path, other, talk);
		unlink(other);
	}
	closedir(entries);
	rmdir(second);
	return same;
}

bool
determinism_holds(FILE *first, FILE *again, const char *folder,
		  const char *second, FILE *talk)
{
	bool same = run_log_same(first, again, talk);

	if (second != NULL && !folders_same(folder, second, talk))
		same = false;
	return same;
}
