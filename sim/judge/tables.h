/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tables.h - whom each node knows when the world has been quiet
 *
 *	--- fault --- mended --- routes settle |--- one refresh ---| look
 *						quiet
 *
 * Quiet: the script is over (healing.h), no server has come or gone, no route
 * has changed. After one refresh (dht.refresh_s) of quiet, and a moment for
 * what that asks, each node that lives and is joined knows its neighbourhood:
 * let the k closest to its own position be counted off among those that live,
 * are joined and exchange datagrams with it; of the buckets that they lie in
 * it has all members as contacts, not stale, as far as there is room: a bucket
 * has k places, and who died keeps his until he is found out, which may take a
 * second refresh (refresh.h). Where there are no more than k others, that is
 * all of them. It is what looking itself up promises a node that joins, and
 * what it needs to know which records it is to hold. What it does not know
 * breaks POOR_TABLE. Whom it has in its table but has not heard, for a few
 * datagrams were lost in a row, it asks again, and has to have heard: within
 * seconds whom it shares records with (neighbours.h), so at a second look,
 * JUDGE_TABLES_MOMENT_NS after the first; and all others by its next sweep
 * (refresh.h), so at a third, a refresh and that moment after the first. Who is
 * silent for the first time then counts as heard.
 *
 * A server that lives and is not joined by then, or that has no contact, though
 * there are members whom it could ask, breaks OUTSIDE.
 *
 * Who exchanges datagrams: the network's paths both ways exist and lose less
 * than a tenth (cause.h). Nothing is due where a member cannot be reached (a
 * partition that stays: tables are full of those beyond it), where buckets
 * have room for fewer than JUDGE_TABLES_K_LEAST (all of one may be away at
 * once), and of tables without refreshing (refresh_s: 0).
 */
#ifndef SIM_JUDGE_TABLES_H
#define SIM_JUDGE_TABLES_H

#include "sim/judge/judge.h"

#define JUDGE_TABLES_K_LEAST 4
/* What a refresh asks is answered by then. */
#define JUDGE_TABLES_MOMENT_NS (5 * NS_PER_S)

struct judge_tables;

struct judge_tables *judge_tables_create(const struct judge_parts *);
void judge_tables_destroy(struct judge_tables *);
void judge_tables_zero(struct judge_tables *, struct instant now);
/* Has anything changed? And if it has not for long enough, are tables as they
 * should be? Once. */
void judge_tables_look(struct judge_tables *, struct instant now);

#endif
