/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.h - how many entries of a table each client prefix has
 *
 * Who can open sessions can fill the table of those that are published, and
 * then nobody else's are. So when a node is crowded, by half of what it may
 * have or where it says, a prefix that has its fill gets no more; what it has
 * stays, for the oldest sessions are the likeliest to be someone's.
 *
 *	prefix --> one cell of each of two rows; the lesser count is nearer
 *
 * Cells are shared, as in a count-min sketch: a count is never below the
 * truth. It is above it for a prefix that shares both cells with larger ones,
 * which nobody can aim at, since the hash is keyed. Every addition has its
 * removal, so nothing fades.
 */
#ifndef CORE_DHT_CROWD_H
#define CORE_DHT_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"
#include "core/siphash.h"

struct crowd; /* in the caller's memory, see crowd_size() */

/* For a table of so many entries; a multiple of 8. */
size_t crowd_size(uint32_t entries);
/* The memory is aligned for uint64_t. */
struct crowd *crowd_init(void *memory, uint32_t entries);
/* The hash's key, before the first is added. */
void crowd_key(struct crowd *, const struct siphash_key *);

/* Entries of this session's client prefix that are of that node. */
uint32_t crowd_count(const struct crowd *, uint32_t node,
		     const struct session_key *);
/* A node has `open` entries, `most` at most: may one more of this session's
 * prefix come? crowded: so many, and prefixes are bound; prefix_most: its fill,
 * 0: as many as there is room for. */
bool crowd_admits(const struct crowd *, uint32_t node,
		  const struct session_key *, uint32_t open, uint32_t most,
		  uint32_t crowded, uint32_t prefix_most);
/* One comes, or goes. */
void crowd_add(struct crowd *, uint32_t node, const struct session_key *);
void crowd_remove(struct crowd *, uint32_t node, const struct session_key *);

#endif
