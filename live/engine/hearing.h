/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hearing.h - what other servers say: opened, or refused and answered
 *
 *	datagram --> seal_open --> a message, for the node
 *			|
 *			+--> replayed: of an earlier life? --> a refusal
 *			'--> a refusal: our boot id was set back; another
 *
 * Between the engine, which hands datagrams in, and the seal, which knows each
 * sender's boot id. Here are the consequences: our own boot id, kept in its
 * file (boot.h), and the operator, who hears of clocks that were set back and
 * of peers that speak another version (talk.h).
 */
#ifndef LIVE_ENGINE_HEARING_H
#define LIVE_ENGINE_HEARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/endpoint.h"
#include "core/instant.h"
#include "live/engine/boot.h"
#include "live/engine/engine.h"
#include "live/engine/seal.h"
#include "live/engine/talk.h"

struct hearing { /* all of it is the engine's */
	struct seal *seal;
	struct boot *boot; /* NULL: kept nowhere */
	const struct engine_edge *edge;
	struct engine_counters *counters;
	struct talk talk;
};

/* True: message[] (MESSAGE_MAX) has a message, *opened says how large it is and
 * whether the sender has begun anew. */
bool hearing_open(struct hearing *, struct instant now,
		  const struct endpoint *from, const uint8_t *bytes,
		  size_t size, uint8_t *message, struct seal_opened *opened);
/* The node cannot read it: its first byte is another version. */
void hearing_version(struct hearing *, struct instant now,
		     const struct endpoint *from, uint8_t version);

#endif
