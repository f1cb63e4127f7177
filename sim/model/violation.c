/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * violation.c - names
 */
#include "sim/model/violation.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name, *help;
} violations[] = {
#define VIOLATION_ROW(constant, name, help)                                    \
	[VIOLATION_##constant] = { #name, help },
	VIOLATION_LIST(VIOLATION_ROW)
#undef VIOLATION_ROW
};

const char *
violation_name(enum violation violation)
{
	assert((unsigned)violation < VIOLATIONS);
	return violations[violation].name;
}

const char *
violation_help(enum violation violation)
{
	assert((unsigned)violation < VIOLATIONS);
	return violations[violation].help;
}

enum violation
violation_find(const char *name)
{
	for (unsigned i = 0; i < VIOLATIONS; i++)
		if (strcmp(violations[i].name, name) == 0)
			return (enum violation)i;
	return VIOLATIONS;
}
