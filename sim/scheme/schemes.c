/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schemes.c - the list, as tables
 */
#include "sim/scheme/schemes.h"

#include <assert.h>

static const struct {
	const char *name;
	const struct scheme *scheme;
	bool lab;
} table[] = {
#define SCHEME_ROW(constant, name, lab) { #name, &scheme_##name, lab },
	SCHEME_LIST(SCHEME_ROW)
#undef SCHEME_ROW
};

const struct scheme *
schemes_get(enum scheme_kind kind)
{
	assert(kind < SCHEMES);
	return table[kind].scheme;
}

const char *
schemes_name(unsigned kind)
{
	return kind < SCHEMES ? table[kind].name : NULL;
}

bool
schemes_in_lab(enum scheme_kind kind)
{
	assert(kind < SCHEMES);
	return table[kind].lab;
}
