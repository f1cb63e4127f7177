/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * violation.h - what no world may do
 *
 * Most are told by a judge that looks on while a world runs (sim/judge/), a few
 * by whoever starts worlds (harness/explore/). A kind names the rule that was
 * broken, not the bug behind it; who is to mend a kind later finds it by name.
 */
#ifndef SIM_MODEL_VIOLATION_H
#define SIM_MODEL_VIOLATION_H

/* Append only: files of known kinds have the names. X(constant, name, help).
 * BROKEN_*: one for each cause (cause.h) that does not excuse. */
#define VIOLATION_LIST(X)                                                      \
	X(REFUSED, refused, "the file is not valid, or no world comes of it")  \
	X(NO_PROGRESS, no_progress, "a pass went on without end")              \
	X(CRASH, crash, "a pass died, of a signal or otherwise")               \
	X(DIFFERS, differs, "two passes, two results")                         \
	X(BROKEN_HANDSHAKE, broken_handshake,                                  \
	  "a session was lost in its handshake")                               \
	X(BROKEN_RECORD_GONE, broken_record_gone,                              \
	  "a session was lost, for the replicas had no record of it")          \
	X(BROKEN_BUDGET, broken_budget,                                        \
	  "a session was lost, for nobody was asked for its owner")            \
	X(BROKEN_HALF_OPEN, broken_half_open,                                  \
	  "a server with a half-open socket took a session's packets")         \
	X(BROKEN_OLD_SOCKET, broken_old_socket,                                \
	  "a server with an old socket took a session's packets")              \
	X(BROKEN_NO_SOCKET, broken_no_socket,                                  \
	  "a server without its socket answered a session")                    \
	X(BROKEN_OWNER_CLOSED, broken_owner_closed,                            \
	  "a session's owner closed its socket before its end")                \
	X(BROKEN_SILENT, broken_silent,                                        \
	  "nothing of a session came through, and no rule says why")           \
	X(EXCUSED, excused,                                                    \
	  "more sessions lost all their replicas than chance allows")          \
	X(CORRUPT, corrupt, "a receiver was given bytes that were not sent")   \
	X(FOREIGN_BYTES, foreign_bytes,                                        \
	  "bytes of a session were given to another's socket")                 \
	X(TUNNEL_AGAIN, tunnel_again,                                          \
	  "what came out of a tunnel went into one")                           \
	X(STORM, storm, "packets without end, and nothing came of them")       \
	X(OLDER_VERSION, older_version,                                        \
	  "a replica gave a record up for an older one")                       \
	X(FOREIGN_TOMBSTONE, foreign_tombstone,                                \
	  "a record was removed by a server that does not own it")             \
	X(STALE_CACHE, stale_cache,                                            \
	  "a server forwarded to an owner that it should have forgotten")      \
	X(OVER_LIMIT, over_limit, "a table held more than its limit")          \
	X(HELD_LEAK, held_leak, "a held packet was never let go")              \
	X(LATE, late, "a session did not go on after the last fault was over") \
	X(POOR_TABLE, poor_table,                                              \
	  "a node did not know its closest after the last fault was over")     \
	X(LOST_RECORD, lost_record,                                            \
	  "a replica lost a record before its time, and no one removed it")    \
	X(OUTSIDE, outside,                                                    \
	  "a server lived, and was in no table with the others")               \
	X(BROKEN_UNSURE, broken_unsure,                                        \
	  "a session was lost, for nobody was sure that it has no record")     \
	X(UNTOLD, untold, "the client of a dead owner was not told")           \
	X(THIN_RECORD, thin_record,                                            \
	  "a record was not at all of its closest when the world was quiet")

enum violation {
#define VIOLATION_ENUM(constant, name, help) VIOLATION_##constant,
	VIOLATION_LIST(VIOLATION_ENUM)
#undef VIOLATION_ENUM
	VIOLATIONS
};

/* "broken_handshake". */
const char *violation_name(enum violation);
const char *violation_help(enum violation);
/* By name; VIOLATIONS: there is none of it. */
enum violation violation_find(const char *name);

#endif
