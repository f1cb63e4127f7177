/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command.h - what one line to the control socket asks for
 *
 *	WORD [ARGUMENT]... [json]
 *
 * Words are separated by blanks. The commands are control.h's; `json` is for
 * those that answer with data. Deadlines are whole seconds, or carry a unit
 * as in homewardd.conf(5) ("90", "10min").
 */
#ifndef LIVE_CONTROL_COMMAND_H
#define LIVE_CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"

/* X(NAME, "word", arguments at least, at most, has json) */
#define COMMAND_LIST(X)                                                        \
	X(STATUS, "status", 0, 0, true)                                        \
	X(COUNTERS, "counters", 0, 0, false)                                   \
	X(SESSIONS, "sessions", 0, 0, true)                                    \
	X(PEERS, "peers", 0, 0, true)                                          \
	X(LOOKUP, "lookup", 2, 2, true)                                        \
	X(DRAIN, "drain", 0, 1, false)                                         \
	X(UNDRAIN, "undrain", 0, 0, false)                                     \
	X(TRACE, "trace", 0, 0, false)                                         \
	X(WATCH, "watch", 0, 0, false)                                         \
	X(RELOAD, "reload", 0, 0, false)

enum command_kind {
#define COMMAND_ENUM(name, word, least, most, json) COMMAND_##name,
	COMMAND_LIST(COMMAND_ENUM)
#undef COMMAND_ENUM
	COMMAND_KINDS
};

struct command {
	enum command_kind kind;
	bool json;
	int64_t deadline_ns; /* DRAIN; 0: none */
	struct session_key key; /* LOOKUP */
};

/* The line is without its newline. 0; -1 with a sentence. */
int command_parse(const char *line, size_t size, struct command *, char *error,
		  size_t error_size);

#endif
