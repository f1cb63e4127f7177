/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delay_list.h - sessions for which something is to be done after a fixed wait
 *
 *	engine: a session opened	-> published after store_after
 *		a session lingers	-> withdrawn after linger
 *		a SYN was answered	-> published again, if the request lives
 *
 * The wait is the same for all of one list, so what was added first is due
 * first and a list is enough; a hash finds a session whose plan has changed.
 * When a reload changes the wait, what was added before keeps its time, and
 * what comes after it is done no earlier than that.
 *
 * Full: delay_list_add() answers false and the caller acts at once.
 */
#ifndef LIVE_ENGINE_DELAY_LIST_H
#define LIVE_ENGINE_DELAY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/session.h"
#include "core/siphash.h"

struct delay_list; /* in the caller's memory, see delay_list_size() */

/* A multiple of 8. */
size_t delay_list_size(uint32_t capacity);
/* The memory is aligned for uint64_t. hash: any secret of this server. */
struct delay_list *delay_list_init(void *memory, uint32_t capacity,
				   const struct siphash_key *hash);

/* A session that is there already gets the new time and version. */
bool delay_list_add(struct delay_list *, struct instant due,
		    const struct session_key *, struct version);
bool delay_list_has(const struct delay_list *, const struct session_key *);
/* False: it was not there. */
bool delay_list_remove(struct delay_list *, const struct session_key *);
/* When the first one is due; INSTANT_NEVER: it is empty. */
struct instant delay_list_due(const struct delay_list *);
/* Take the first one that is due; false: none is. */
bool delay_list_take(struct delay_list *, struct instant now,
		     struct session_key *, struct version *);
uint32_t delay_list_count(const struct delay_list *);

#endif
