/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cause.h - why a session ended badly
 *
 * An outcome says what a user saw: a RST, no answer, a download that was not
 * over when the run was. A cause says what it was due to, by what happened to
 * the session and not by a guess at the end: whose socket answered it, what
 * became of the lookups for its owner, whether that owner lived.
 *
 * The words (design section 8). An owner *lives* while its kernel holds the
 * session's socket. It can be *reached* when there is a converged path to it,
 * and from it to the client, that loses less than a tenth, for a second until
 * the end, and daemons run where a tunnel needs them; not, by one that nobody
 * reset, whose client's own link had no room for what it sent last. The session
 * is *protected* once a store of it was acknowledged, or while its SYN-ACK is
 * younger than CAUSE_GRACE_NS and no store is told to wait for so long; no
 * more, when all who held its record died so shortly before that nobody could
 * have stored it elsewhere (sim/witness.h). How often that may happen is
 * sim/judge/bereft.h's. A living, reachable, protected session that ends badly
 * is *broken*: Homeward has failed it. Any other bad end is *excused*: nothing
 * that forwards packets could have helped. unfinished is no end at all.
 *
 * A session that is open when the run ends is judged as if it had been given up
 * then, provided that it is silent: no new byte for CAUSE_SILENT_NS though one
 * side has something to send. Else it would have gone on: unfinished.
 *
 * A world that sees only its clients (a lab) knows owner_dead, handshake and
 * unfinished; the rest has no cause there.
 */
#ifndef SIM_MODEL_CAUSE_H
#define SIM_MODEL_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

#define CAUSE_GRACE_NS	(250 * NS_PER_MS)
#define CAUSE_SILENT_NS (10 * NS_PER_S)
/* Until a change of routes is over for everybody. */
#define CAUSE_CONVERGED_NS NS_PER_S
#define CAUSE_LOSS_PPM	   100000

/* Append only: databases have the names. X(constant, name, excused?, help). */
#define CAUSE_LIST(X)                                                          \
	X(UNFINISHED, unfinished, true,                                        \
	  "bytes were still to come when the run ended")                       \
	X(OWNER_DEAD, owner_dead, true,                                        \
	  "its owner crashed, or lost its power")                              \
	X(HANDSHAKE, handshake, false,                                         \
	  "it never was established, or its handshake was reset")              \
	X(RECORD_GONE, record_gone, false,                                     \
	  "replicas said that they had no record of it, its owner lived")      \
	X(BUDGET, budget, false,                                               \
	  "no lookup for its owner: of misses, lookups or memory too many")    \
	X(HALF_OPEN, half_open, false,                                         \
	  "a server with only a half-open socket for it answered")             \
	X(UNREACHABLE, unreachable, true,                                      \
	  "there was no good path to its owner")                               \
	X(UNPROTECTED, unprotected, true, "it was never stored")               \
	X(OLD_SOCKET, old_socket, false,                                       \
	  "a server with an earlier session's socket took its packets")        \
	X(NO_SOCKET, no_socket, false,                                         \
	  "the kernel of a server that does not have it answered")             \
	X(OWNER_CLOSED, owner_closed, false,                                   \
	  "its owner's socket had gone before: given up, or reset itself")     \
	X(SILENT, silent, false, "nothing came through, and no rule says why") \
	X(UNSURE, unsure, false,                                               \
	  "lookups for its owner, and too few answered to prove anything")

enum cause {
	CAUSE_NONE, /* it ended well, or nobody can know */
#define CAUSE_ENUM(constant, name, excused, help) CAUSE_##constant,
	CAUSE_LIST(CAUSE_ENUM)
#undef CAUSE_ENUM
	CAUSES
};

/* The server's end of it. */
enum cause_end {
	CAUSE_END_LIVES, /* or there is none yet */
	CAUSE_END_CRASHED, /* the host did */
	CAUSE_END_CLOSED, /* the socket: not by the session's own end */
};

/* A socket that is not the session's own. */
enum cause_socket {
	CAUSE_SOCKET_NONE, /* its own, as far as is known */
	CAUSE_SOCKET_HALF, /* a SYN was answered there */
	CAUSE_SOCKET_OLD, /* of an earlier session of the same ports */
};

/* Who sent the client its last RST. */
enum cause_reset {
	CAUSE_RESET_NONE,
	CAUSE_RESET_SCHEME, /* a scheme that found no owner */
	CAUSE_RESET_KERNEL, /* a host without a socket for it */
	CAUSE_RESET_HALF, /* sockets that are not its own: see above */
	CAUSE_RESET_OLD,
};

/* The latest of the search for its owner, at the server it strayed to. */
enum cause_search {
	CAUSE_SEARCH_NONE, /* it did not stray */
	CAUSE_SEARCH_HELD, /* packets wait for an answer */
	CAUSE_SEARCH_REFUSED, /* dropped, and nobody was asked */
	CAUSE_SEARCH_UNSURE, /* too few answered: proves nothing */
	CAUSE_SEARCH_MISSED, /* the replicas do not know it */
	CAUSE_SEARCH_FOUND, /* an owner was found */
};

/* What is known of a session when it ends badly. */
struct cause_facts {
	bool witnessed; /* the world sees servers and paths */
	bool run_over; /* nobody has given it up: the run has ended */
	bool silent; /* see above */
	bool established; /* a server completed the handshake */
	bool reachable;
	bool is_protected;
	bool is_stored; /* of one never established: it was acknowledged */
	enum cause_end owner;
	enum cause_socket socket; /* that had its packets last */
	enum cause_reset reset;
	enum cause_search search;
};

/* Of a session that was reset (reset: a RST ended it) or not complete. */
enum cause cause_of(bool reset, const struct cause_facts *);
/* "owner_dead"; NULL for CAUSE_NONE. */
const char *cause_name(enum cause);
const char *cause_help(enum cause);
bool cause_excused(enum cause);
/* By name; CAUSE_NONE: there is none of it. */
enum cause cause_find(const char *name);

#endif
