/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handshake.h - which handshakes are published before they are over
 *
 *	SYN answered -> store_at?   established	-> not now
 *			    |	    syn		-> published, half-open
 *			    | auto
 *			    v
 *		    store_after > 0		-> not now
 *		    a token, and few alive?	-> published, half-open
 *		    else			-> skipped, and counted
 *
 * A session that is stored when its SYN is answered is found from then on,
 * also by a server to which the client's ACK comes after a change of the
 * fabric. But a SYN is sent by anybody, from any address, and a publication
 * costs a lookup. So `auto` stores at most openings_per_s of them, a second's
 * worth at once, and keeps openings_most alive, which are those whose client
 * has not answered yet: sessions wait for that a round trip, a flood's SYNs
 * for a minute. What is skipped is stored when it is established, as every
 * session with `established`. A flood that the kernel answers by SYN cookies
 * never comes here.
 *
 * Sessions that are told to wait for store_after are not stored before, but
 * with `syn`, where it is their confirmation that waits.
 */
#ifndef CORE_STEER_HANDSHAKE_H
#define CORE_STEER_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/steer/settings.h"

struct handshakes {
	struct instant paid_until; /* a token bucket, as limiter.h has it */
};

enum handshake_choice {
	HANDSHAKE_LATER, /* the settings say so */
	HANDSHAKE_STORE,
	HANDSHAKE_SKIP, /* too many */
};

/* Do the settings promise that a session is stored when its SYN is answered, as
 * long as there are not too many? */
bool handshakes_promised(const struct steer_settings *);
void handshakes_init(struct handshakes *);
/* Of a SYN that was answered just now, when `alive` others are published and
 * not confirmed. STORE takes a token. */
enum handshake_choice handshakes_choose(struct handshakes *,
					const struct steer_settings *,
					struct instant now, uint32_t alive);

#endif
