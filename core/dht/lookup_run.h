/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup_run.h - a node's own lookups, from the first query to the end
 *
 *	start --> advance --> ask ...      expire(): ready or timer due
 *		     ^		  |			  |
 *		     '--- filed <-' answers		  |
 *		     '------------------------------------'
 *
 * lookup.h keeps the books of one lookup; here its decisions become datagrams
 * and its timeouts become failures in the table. Answers are only filed, and
 * the lookup joins the ready list: it advances in expire(), when all that
 * came at the same time is known (see node.h).
 *
 * An ended lookup is handed to the file that started it (publish.c places the
 * session, refresh.c takes its next step, a get() is an event only): from
 * lookup_run_advance() directly, from lookup_run_expire() through node.c, one
 * at a time, so that slots return to the pool in the order in which lookups
 * end.
 */
#ifndef CORE_DHT_LOOKUP_RUN_H
#define CORE_DHT_LOOKUP_RUN_H

#include "core/dht/node_state.h"

/* A lookup towards target with our own closest contacts as candidates, not
 * advanced yet; LOOKUP_NONE when the pool is full. */
uint32_t lookup_run_start(struct node *, struct instant now, enum lookup_kind,
			  uint64_t target);
/* Send what is to be sent now. True: the lookup has ended. Its owner takes
 * the result, then lookup_run_close(). */
bool lookup_run_advance(struct node *, struct instant now, uint32_t slot,
			struct outbox *);
/* An ended lookup: it waits for node_event() if it is to be reported, else its
 * slot is given back. */
void lookup_run_close(struct node *, struct instant now, uint32_t slot);
/* A running lookup ends here: reported as not ok if it was to be announced
 * and `report`, else forgotten. */
void lookup_run_cancel(struct node *, struct instant now, uint32_t slot,
		       bool report);
/* The lookup waits for node_event() to report it. */
void lookup_run_announce(struct node *, struct instant now, uint32_t slot);
/* A reply to FIND_NODE, FIND_VALUE or a lookup's STORE. */
enum drop lookup_run_answer(struct node *, struct instant now, uint32_t peer,
			    struct message_reader *);
/* Give back all lookups. */
void lookup_run_forget(struct node *);
/* Advance lookups that are ready or due until one ends: its slot, as by
 * lookup_run_advance(). LOOKUP_NONE: no other is left. */
uint32_t lookup_run_expire(struct node *, struct instant now, struct outbox *);

#endif
