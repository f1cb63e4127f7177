/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bereft.h - sessions that lost all their replicas, beside what chance allows
 *
 *	published				 the session's end
 *	    |--- some servers lose their memory ---|
 *	    r holders		f = share that did	holders left?
 *
 * Whoever holds records in r places loses all of them when a share f of the
 * places goes: f^r of the time, and no more, if what goes has nothing to do
 * with where records are. A session is counted once, at its end, whatever that
 * is: when a store of it was acknowledged, and its owner has its socket and its
 * daemon then. It is bereft when no server holds its record any more. Whether
 * that is a failure is another question: a session that this breaks is excused,
 * unprotected, when as many as held it died too shortly before for a repair
 * (sim/witness.h), and else a BROKEN_RECORD_GONE. Here it only counts, and too
 * many of all worlds together are EXCUSED (the explorer's excuse.h), as when
 * stores reach fewer places than they say, or places that go together.
 *
 * The numbers are on the safe side. f counts, of servers beside the owner,
 * those that lost their memory since the owner's last publication (a crash, a
 * daemon that was killed, a leave), whether they are back or not, and those
 * that were there then. r is what the first store was acknowledged by, at most
 * the setting. What is expected is -ln(1 - f^r), since a session ends sooner
 * when it is bereft, one at most.
 */
#ifndef SIM_JUDGE_BEREFT_H
#define SIM_JUDGE_BEREFT_H

#include "sim/judge/judge.h"

struct bereft;

struct bereft *bereft_create(const struct judge_parts *);
void bereft_destroy(struct bereft *);
/* Servers may have come or gone. */
void bereft_look(struct bereft *, struct instant now);
/* A session has just ended. */
void bereft_end(struct bereft *, struct instant now, uint32_t flow);
void bereft_finish(const struct bereft *, struct judge_facts *);
/* -ln(1 - (gone / others)^replicas), in millionths, 1,000,000 at most;
 * others > 0. */
uint64_t bereft_expected_ppm(uint64_t gone, uint64_t others, uint32_t replicas);

#endif
