/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drop.c - names and sentences from the one list
 *
 * Counter rows want lower case and the enum upper; the names are folded at
 * compile time, so that the list stays the only place that knows them.
 */
#include "core/drop.h"

#include <assert.h>

#define NAME_SIZE 16

#define AT(name, i)                                                            \
	((i) < sizeof(name) ? (name)[(i) < sizeof(name) ? (i) : 0] : 0)
#define FOLD(name, i)                                                          \
	(char)(AT(name, i) >= 'A' && AT(name, i) <= 'Z'                        \
		       ? AT(name, i) + ('a' - 'A')                             \
		       : AT(name, i))
#define FOLD4(name, i)                                                         \
	FOLD(name, i), FOLD(name, (i) + 1), FOLD(name, (i) + 2),               \
		FOLD(name, (i) + 3)

/* The numbers are stored for years: dense from 0, so that they index. */
#define DROP_ORDINAL(name, number, text) ORDINAL_##name,
enum {
	DROP_LIST(DROP_ORDINAL) ORDINAL_COUNT
};
_Static_assert((int)ORDINAL_COUNT == (int)DROP_COUNT, "numbers are dense");

#define DROP_CHECK(name, number, text)                                         \
	_Static_assert(ORDINAL_##name == (number), "numbers are in order");    \
	_Static_assert(sizeof(#name) <= NAME_SIZE, "name is too long");
DROP_LIST(DROP_CHECK)

#define DROP_NAME(name, number, text)                                          \
	{ FOLD4(#name, 0), FOLD4(#name, 4), FOLD4(#name, 8), FOLD4(#name, 12) },
static const char names[DROP_COUNT][NAME_SIZE] = { DROP_LIST(DROP_NAME) };

#define DROP_TEXT(name, number, text) text,
static const char *const texts[DROP_COUNT] = { DROP_LIST(DROP_TEXT) };

const char *
drop_name(enum drop drop)
{
	assert((unsigned)drop < DROP_COUNT);
	return names[drop];
}

const char *
drop_text(enum drop drop)
{
	assert((unsigned)drop < DROP_COUNT);
	return texts[drop];
}
