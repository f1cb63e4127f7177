/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cause.c - from what is known to one word
 */
#include "sim/model/cause.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name, *help;
	bool excused;
} causes[CAUSES] = {
#define CAUSE_ROW(constant, text, is_excused, sentence)                        \
	[CAUSE_##constant] = { #text, sentence, is_excused },
	CAUSE_LIST(CAUSE_ROW)
#undef CAUSE_ROW
};

const char *
cause_name(enum cause cause)
{
	assert(cause < CAUSES);
	return causes[cause].name;
}

const char *
cause_help(enum cause cause)
{
	assert(cause < CAUSES);
	return causes[cause].help;
}

bool
cause_excused(enum cause cause)
{
	assert(cause < CAUSES);
	return causes[cause].excused;
}

enum cause
cause_find(const char *name)
{
	for (unsigned i = 1; i < CAUSES; i++)
		if (strcmp(causes[i].name, name) == 0)
			return (enum cause)i;
	return CAUSE_NONE;
}

/* A socket that is not its own had its packets. */
static enum cause
by_socket(enum cause_socket socket)
{
	switch (socket) {
	case CAUSE_SOCKET_HALF:
		return CAUSE_HALF_OPEN;
	case CAUSE_SOCKET_OLD:
		return CAUSE_OLD_SOCKET;
	case CAUSE_SOCKET_NONE:
		break;
	}
	return CAUSE_NONE;
}

/* The owner lives, can be reached, and the record was made. */
static enum cause
by_search(enum cause_search search)
{
	switch (search) {
	case CAUSE_SEARCH_HELD:
	case CAUSE_SEARCH_REFUSED:
		return CAUSE_BUDGET;
	case CAUSE_SEARCH_UNSURE:
		return CAUSE_UNSURE;
	case CAUSE_SEARCH_MISSED:
		return CAUSE_RECORD_GONE;
	case CAUSE_SEARCH_NONE:
	case CAUSE_SEARCH_FOUND:
		break;
	}
	return CAUSE_SILENT;
}

/* By the RST that ended it, or, of one that nobody reset, by who had its
 * packets. NONE: neither says it. */
static enum cause
by_answer(bool reset, const struct cause_facts *facts)
{
	if (!reset)
		return by_socket(facts->socket);
	switch (facts->reset) {
	case CAUSE_RESET_KERNEL:
		return CAUSE_NO_SOCKET;
	case CAUSE_RESET_HALF:
		return CAUSE_HALF_OPEN;
	case CAUSE_RESET_OLD:
		return CAUSE_OLD_SOCKET;
	case CAUSE_RESET_NONE:
	case CAUSE_RESET_SCHEME:
		break;
	}
	return CAUSE_NONE;
}

/* It never was established. */
static enum cause
by_handshake(bool reset, const struct cause_facts *facts)
{
	if (!facts->witnessed)
		return CAUSE_HANDSHAKE;
	if (!facts->reachable)
		return CAUSE_UNREACHABLE;
	if (!facts->is_protected)
		return CAUSE_UNPROTECTED;
	/* As of one that was established: replicas had it, and have no more. */
	return reset && facts->reset == CAUSE_RESET_SCHEME && facts->is_stored
		       ? CAUSE_RECORD_GONE
		       : CAUSE_HANDSHAKE;
}

/* Who resets for another is wrong, whatever the fabric does; who merely took
 * its packets, only if its owner could have had them. An open socket of its key
 * gets them from any kernel; that it is not theirs can be seen (a doubt), whose
 * they are is known from a record alone. */
static bool
could_have_had(const struct cause_facts *facts)
{
	return facts->reachable &&
	       (facts->socket != CAUSE_SOCKET_OLD || facts->is_protected);
}

enum cause
cause_of(bool reset, const struct cause_facts *facts)
{
	enum cause answer = by_answer(reset, facts);

	if (facts->owner == CAUSE_END_CRASHED)
		return CAUSE_OWNER_DEAD;
	if (facts->run_over && (!facts->silent || !facts->witnessed))
		return CAUSE_UNFINISHED;
	if (!facts->established)
		return by_handshake(reset, facts);
	if (!facts->witnessed)
		return CAUSE_NONE;
	if (answer != CAUSE_NONE && (reset || could_have_had(facts)))
		return answer;
	if (facts->owner == CAUSE_END_CLOSED)
		return CAUSE_OWNER_CLOSED;
	if (!facts->reachable)
		return CAUSE_UNREACHABLE;
	if (!facts->is_protected)
		return CAUSE_UNPROTECTED;
	/* A scheme resets after conclusive misses only. */
	if (reset && facts->reset == CAUSE_RESET_SCHEME)
		return CAUSE_RECORD_GONE;
	return by_search(facts->search);
}
