/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handshake.c - see handshake.h */
#include "live/engine/handshake.h"

#include "core/wire/ownership.h"
#include "core/wire/tcp.h"

void
handshake_begin(struct core_memory *memory, struct instant now,
		const struct session_key *key, struct version version)
{
	struct version owned;

	if (steer_opening(memory->steer, now, key, version, &memory->outbox) !=
		    0 ||
	    !node_owns(memory->node, key, &owned))
		return;
	/* A SYN-ACK that is sent again does not put off the look. */
	if (delay_list_has(memory->handshakes, key))
		return;
	/* Full: it is not looked at again. */
	(void)delay_list_add(memory->handshakes,
			     instant_after(now, HANDSHAKE_NS), key, version);
}

void
handshake_end(struct core_memory *memory, const struct session_key *key)
{
	(void)delay_list_remove(memory->handshakes, key);
}

/* A SYN is for whatever socket of its key is here. */
static bool
is_request(const struct sessions *sessions, const struct engine_edge *edge,
	   const struct session_key *key)
{
	const struct ownership_segment syn = { .length = 1, .flags = TCP_SYN };

	return edge->owns != NULL && !sessions_has(sessions, key) &&
	       edge->owns(edge->context, key, &syn, false) == OWNERSHIP_MINE;
}

bool
handshake_expire(struct core_memory *memory, const struct sessions *sessions,
		 const struct engine_edge *edge, struct instant now)
{
	struct session_key key;
	struct version version;

	if (!delay_list_take(memory->handshakes, now, &key, &version))
		return false;
	if (is_request(sessions, edge, &key))
		handshake_begin(memory, now, &key, version);
	return true;
}
