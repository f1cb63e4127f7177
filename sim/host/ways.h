/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ways.h - the ways of a session's segments, as routers would send them now
 *
 * For who looks on: an ACK of the session is sent along links (path.h), from
 * its client or to it, or what two servers' tables say to each other. Nothing
 * is sent in truth.
 */
#ifndef SIM_HOST_WAYS_H
#define SIM_HOST_WAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/workload.h"
#include "sim/net/path.h"

/* On from where the session's client is, to where its segments come. */
void ways_from_client(const struct network *, const struct session *,
		      struct path *);
/* On from a server to the client; false: it ends elsewhere, or nowhere. */
bool ways_to_client(const struct network *, const struct session *,
		    uint32_t server, struct path *);
/* Does a question of one server's table come to another, and its answer back,
 * but for CAUSE_LOSS_PPM? */
bool ways_exchange(const struct network *, uint8_t family, uint32_t a,
		   uint32_t b);

#endif
