/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * broken.h - how many sessions were broken, and how much that says
 *
 *	0 broken of 4210 sessions that strayed (at most 876 per million, 95 %),
 *	3 of all excused, stall p99 212 ms, longest gap 1.10 s
 *
 * Broken is a session that ended badly though no cause excuses it (cause.h).
 * What moved nobody cannot have broken anybody, so the share is of the sessions
 * that *strayed*: a packet came to a server that is not their owner, or they
 * are broken, which nobody is who did not stray (a handshake that was lost has
 * no owner that a packet could have missed). The bound is the upper end of the
 * exact two-sided 95 % interval [1], as elsewhere on our pages the lower one:
 * of none among n it is 3.7 / n. It takes sessions for independent draws, and
 * those of one run share its faults: it says how many sessions were looked at.
 *
 * Excused are those of all sessions, strayed or not: whose owner died before a
 * packet of theirs went elsewhere is among them.
 *
 * Stalls are of the sessions that strayed and were not broken: whoever drops
 * packets until all is over has saved nobody. A stall is within 10 s after a
 * fault (stall_meter.h), and a session that has nothing new for so long is
 * broken.
 *
 * Where fewer than BROKEN_SHARE_PERCENT of all sessions strayed, a line says
 * so: such a run has asked little.
 *
 * In SQL, of a connection whose database has the tables of schema.sql:
 *	cause_excused(cause)	1 or 0; NULL stays
 *	proportion_most(k, n)	the bound, 0 to 1; NULL of n = 0
 *	broken_text(sessions, strayed, broken, excused, p99_ns, longest_ns)
 *		the sentence; NULL when no session strayed
 *	temp.judged(run_id, flow, outcome, cause, strays, stall_ns,
 *		bad, excused, broken, strayed)	a row a session; flags are 0, 1
 *
 * [1] Clopper, Pearson: The Use of Confidence or Fiducial Limits Illustrated in
 *     the Case of the Binomial. Biometrika 26, 1934.
 */
#ifndef HARNESS_DB_BROKEN_H
#define HARNESS_DB_BROKEN_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#define BROKEN_CONFIDENCE    0.95
#define BROKEN_SHARE_PERCENT 30
#define BROKEN_TEXT	     256 /* bytes that broken_sentence fills at most */

struct broken {
	int64_t sessions, strayed, broken, excused;
	double p99_ns, longest_ns; /* NAN: none that strayed has a stall */
};

/* The upper end of k among n. 0 <= k <= n, n > 0. */
double broken_most(int64_t k, int64_t n);
/* "0 broken of ..."; "" when no session strayed. */
const char *broken_sentence(char text[BROKEN_TEXT], const struct broken *);
/* The functions and the view. 0 or EXIT_RUNTIME, said. */
int broken_register(sqlite3 *);

#endif
