/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.c - comparing keys and versions
 */
#include "core/session.h"

#include <string.h>

bool
session_equal(const struct session_key *a, const struct session_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

struct version
version_after(struct version version)
{
	if (version.sequence < UINT32_MAX) {
		version.sequence++;
	} else if (version.established_ns < INT64_MAX) {
		version.established_ns++;
		version.sequence = 0;
	}
	return version;
}

int
version_compare(struct version a, struct version b)
{
	if (a.established_ns != b.established_ns)
		return a.established_ns < b.established_ns ? -1 : 1;
	if (a.sequence != b.sequence)
		return a.sequence < b.sequence ? -1 : 1;
	return 0;
}
