/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup_run.h - a node's own lookups, from the first query to the end
 *
 *	start --> advance --> ask ...      expire(): ready or timer due
 *		     ^		  |			  |
 *		     '--- filed <-' answers		  |
 *		     '------------------------------------'
 *
 * lookup.h keeps the books of one lookup; here its decisions become datagrams,
 * timeouts become failures in the table, and its end becomes an event, a
 * placed publication or the next step of upkeep. Answers are only filed, and
 * the lookup joins the ready list: it advances in expire(), when all that
 * came at the same time is known (see node.h).
 */
#ifndef CORE_DHT_LOOKUP_RUN_H
#define CORE_DHT_LOOKUP_RUN_H

#include "core/dht/node_state.h"

/* A lookup towards target with our own closest contacts as candidates, not
 * advanced yet; LOOKUP_NONE when the pool is full. */
uint32_t lookup_run_start(struct node *, struct instant now, enum lookup_kind,
			  uint64_t target);
/* Send what is to be sent now; the slot may have been given back after. */
void lookup_run_advance(struct node *, struct instant now, uint32_t slot,
			struct outbox *);
/* A running lookup ends here: reported as not ok if it was to be announced
 * and `report`, else forgotten. */
void lookup_run_cancel(struct node *, struct instant now, uint32_t slot,
		       bool report);
/* The lookup waits for node_event() to report it. */
void lookup_run_report(struct node *, struct instant now, uint32_t slot);
/* A reply to FIND_NODE, FIND_VALUE or a lookup's STORE. */
enum drop lookup_run_answer(struct node *, struct instant now, uint32_t peer,
			    struct message_reader *);
/* Give back all lookups. */
void lookup_run_forget(struct node *);
/* Advance all that are ready or due. */
void lookup_run_expire(struct node *, struct instant now, struct outbox *);

#endif
