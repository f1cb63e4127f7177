/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hedge.h - when to ask one more, besides a peer that has not answered yet
 *
 *	asked ----- usual ----- hedge --------------- timeout ------ 2 timeouts
 *		 round trip	 |			|	      '- failed
 *		     |		 '- slow: one more	'- overdue: so too
 *		  answers
 *
 * A timeout says that a peer may be dead, and has a floor: whoever takes a busy
 * processor for a death pays with tests and repairs. To ask the next closest
 * one as well costs a datagram, and whether it was needed is known too late. So
 * the one waits for long and the other does not: where the first peers asked
 * are dead and a round trip takes 40 us, a lookup goes on after 46 us and not
 * after 1 ms.
 *
 * How long is that? Of each peer the usual round trip is known (contact.h); how
 * much longer than usual it can take has more to do with us, our uplink and
 * this fabric than with that peer, which was perhaps measured once. So a node
 * keeps one ratio for all its peers, and has it follow the 99th percentile of
 * what it measures: an answer that took longer raises it by 99 steps, one that
 * did not lowers it by one [1]. Where round trips are what the ratio was made
 * of, one query in a hundred is so asked in vain, whatever the distribution;
 * and where they never vary, none: the ratio ends at 9/8, for at 1 it would
 * race with the answer.
 *
 * A peer that was never measured is thought to be as far as the farthest are,
 * and an eighth more (exchange.h). Late answers count as they come, so that a
 * fabric that became slower is known to be after a few. A peer that answers
 * late on purpose raises the ratio, to HEDGE_MOST; then its victim waits as
 * long as it would have to without all this.
 *
 * Where many are dead the wait itself is what a lookup sees: with half of all
 * dead, one in eight finds alpha silent in its first round, and the next may
 * find as many in its second. So a node also keeps the share of its queries
 * that were slow lately, and asks so many at a time that alpha may be expected
 * to answer: where half are silent, twice as many, which is the most. That is
 * no question of patience but of what has just been seen, and costs nothing
 * where nobody is silent: one in a hundred changes nothing. (1,000 servers,
 * half of which die: the 99th percentile of the next 2 s is 1.6 times that of
 * before, and was 2.06 times; scenarios/repair_large.yaml.)
 *
 * But peers are slow, too, where links are full, and more datagrams fill them
 * more. What tells the two apart is that an answer comes after all: then it is
 * the network that is slow, and the share begins anew. And a node that misses
 * the dead has few lookups that run, one in a burst has many: HEDGE_EAGER of
 * them may ask more, the others alpha. (256 servers, 100 Mbit/s, 500,000
 * lookups a second for 20 ms, which is about what these links carry: all are
 * found, as without this; where a late answer only halved the share, 221 of the
 * first 6,800 were not: sim/fidelity_test.c. It is not for nothing: half of
 * them take 296 us, and 212 with HEDGE_EAGER 0.)
 *
 * ([2] sends one more after the 95th percentile, and finds 2 to 5 % more
 * requests for a tail of a tenth.)
 *
 * [1] Robbins, Monro: A stochastic approximation method. 1951.
 * [2] Dean, Barroso: The tail at scale. CACM 56, 2013.
 */
#ifndef CORE_DHT_HEDGE_H
#define CORE_DHT_HEDGE_H

#include <stdbool.h>
#include <stdint.h>

/* Ratios are in units of HEDGE_ONE. */
#define HEDGE_ONE   4096
#define HEDGE_LEAST (HEDGE_ONE + HEDGE_ONE / 8)
#define HEDGE_FIRST (HEDGE_ONE + HEDGE_ONE / 2)
#define HEDGE_MOST  (4 * HEDGE_ONE)
/* From the first to the least in 400 answers. */
#define HEDGE_STEP 4
/* The share of slow ones follows the last so many queries, about. */
#define HEDGE_SILENT 8
/* So many lookups of a node ask more than alpha at a time. */
#define HEDGE_EAGER 4

struct hedge {
	uint16_t ratio;
	uint16_t silent : 13; /* share of queries that were slow */
	uint16_t eager : 3; /* lookups that run and ask more than alpha */
};

void hedge_init(struct hedge *);
/* A peer whose round trips take usual_ns took rtt_ns; both >= 0. */
void hedge_learn(struct hedge *, int64_t usual_ns, int64_t rtt_ns);
/* How long after it was asked such a peer is slow: a day at most. */
int64_t hedge_after_ns(const struct hedge *, int64_t usual_ns);
/* A query that was waited for so is slow; it is answered, then perhaps. */
void hedge_silent(struct hedge *);
void hedge_answered(struct hedge *, bool late);
/* A lookup begins. How many it asks at a time, so that alpha may answer: 2
 * alpha at most. */
uint32_t hedge_begin(struct hedge *, uint32_t alpha);
/* It ends; asks: what hedge_begin() said. */
void hedge_end(struct hedge *, uint32_t alpha, uint32_t asks);

#endif
