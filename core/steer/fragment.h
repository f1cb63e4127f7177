/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fragment.h - which session the later fragments belong to
 *
 * Only the first fragment has the ports. It leaves an entry here, keyed by
 * what all fragments of a packet share (source, destination, identification
 * and, in IPv4, protocol), and the later ones go the way it went. Nothing
 * is reassembled here: the stack that has the session does that.
 *
 * An entry is good for a second: identifications come round again, and a
 * fabric delivers fragments within milliseconds. The price is that a later
 * fragment that overtakes its first is dropped.
 *
 * Full: the oldest entry makes room.
 */
#ifndef CORE_STEER_FRAGMENT_H
#define CORE_STEER_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/session.h"
#include "core/siphash.h"

struct packet;
struct fragments; /* in the caller's memory, see fragments_size() */

/* What is known from a first fragment. */
struct fragment_first {
	struct session_key key;
	bool local; /* went to our own stack: so does the rest */
	struct instant until; /* fragment_put()'s: good before then */
};

/* A multiple of 8. */
size_t fragments_size(uint32_t capacity);
/* The memory is aligned for uint64_t. hash: any secret of this server. */
struct fragments *fragments_init(void *memory, uint32_t capacity,
				 const struct siphash_key *hash);

/* Remember a first fragment until now + lifetime_ns. When the same packet's
 * comes again, the later one holds. */
void fragment_put(struct fragments *, struct instant now, int64_t lifetime_ns,
		  const struct packet *, const struct fragment_first *);
/* What is known from a packet's first fragment, however old: see `until`. NULL:
 * it has not been seen, or was forgotten. The pointer is good until the next
 * fragment_put(). */
const struct fragment_first *fragment_get(const struct fragments *,
					  const struct packet *);

uint32_t fragments_count(const struct fragments *);

#endif
