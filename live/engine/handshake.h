/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handshake.h - sessions between our SYN-ACK and their client's answer
 *
 *	SYN-ACK seen --> half-open, if steer says so --> opened
 *			  ^	       | 40 s
 *			  |	       v
 *			  +-- still a request here? --> no: it lapses
 *
 * The client's answer may come to another server, after a change of the routes;
 * that one finds us by the half-open record.
 *
 * A request may live for minutes: where a listener defers (TCP_DEFER_ACCEPT,
 * tcp(7)), the client's ACK makes no socket yet, and the client, which has its
 * session, may say nothing for long. So the kernel is asked about a handshake
 * that is HANDSHAKE_NS old, and what is still a request is published again.
 */
#ifndef LIVE_ENGINE_HANDSHAKE_H
#define LIVE_ENGINE_HANDSHAKE_H

#include <stdbool.h>

#include "core/instant.h"
#include "core/session.h"
#include "live/engine/core_memory.h"
#include "live/engine/engine.h"
#include "live/engine/sessions.h"

/* A half-open record lives 64 s, and is not published again in the first half
 * of that (core/dht/publish.h). If a SYN-ACK that is sent again does so, up to
 * 8 s before a look, the next look is in time all the same. */
#define HANDSHAKE_NS (40 * NS_PER_S)

/* A SYN was answered, perhaps again; version: when. */
void handshake_begin(struct core_memory *, struct instant now,
		     const struct session_key *, struct version);
/* It opened. */
void handshake_end(struct core_memory *, const struct session_key *);
/* Look again at one of those that are due; false: none is. */
bool handshake_expire(struct core_memory *, const struct sessions *,
		      const struct engine_edge *, struct instant now);

#endif
