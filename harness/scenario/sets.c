/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sets.c - see sets.h
 */
#include "harness/scenario/sets.h"

#include <string.h>

#include "harness/scenario/key.h"

int
sets_take(const struct verb *verb, const struct verb_option *option,
	  const char *text, void *member)
{
	if (strncmp(text, "events.0.", 9) == 0)
		return usage_say(verb, "--%s %s: events count from 1",
				 option->name, text);
	return options_texts(verb, option, text, member);
}

const char *
sets_key(size_t index)
{
	static const char *const others[] = { "repeat", "title" };
	const struct key_table *table = key_settings();

	if (index < table->count)
		return table->keys[index].path;
	index -= table->count;
	return index < sizeof(others) / sizeof(others[0]) ? others[index]
							  : NULL;
}
