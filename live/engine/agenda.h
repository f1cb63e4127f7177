/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * agenda.h - sessions for which something is to be done after a fixed wait
 *
 *	engine: a session opened	-> published after store_after
 *		a session lingers	-> withdrawn after linger
 *
 * The wait is the same for all of one agenda, so what was added first is due
 * first and a list is enough; a hash finds a session whose plan has changed.
 * When a reload changes the wait, what was added before keeps its time, and
 * what comes after it is done no earlier than that.
 *
 * Full: agenda_add() answers false and the caller acts at once.
 */
#ifndef LIVE_ENGINE_AGENDA_H
#define LIVE_ENGINE_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/session.h"
#include "core/siphash.h"

struct agenda; /* in the caller's memory, see agenda_size() */

/* A multiple of 8. */
size_t agenda_size(uint32_t capacity);
/* The memory is aligned for uint64_t. hash: any secret of this server. */
struct agenda *agenda_init(void *memory, uint32_t capacity,
			   const struct siphash_key *hash);

/* A session that is there already gets the new time and version. */
bool agenda_add(struct agenda *, struct instant due, const struct session_key *,
		struct version);
/* False: it was not there. */
bool agenda_remove(struct agenda *, const struct session_key *);
/* When the first one is due; INSTANT_NEVER: it is empty. */
struct instant agenda_due(const struct agenda *);
/* Take the first one that is due; false: none is. */
bool agenda_take(struct agenda *, struct instant now, struct session_key *,
		 struct version *);
uint32_t agenda_count(const struct agenda *);

#endif
