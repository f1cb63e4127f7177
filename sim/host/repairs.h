/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repairs.h - how long until a record has all of its replicas again
 *
 *	a server loses its memory		 the last of them holds it
 *	        |------------ metric `repair` -------------|
 *	the r closest that run, without the owner: do all hold it?
 *
 * A world sees what no node in it can: when a server lost what it held (a
 * crash, a daemon that was killed, a leave), and when a record was again at
 * each of the r servers that are closest to its key and run; detection, pings,
 * datagrams and lost ones included. So it is simulated only. A daemon knows
 * when it took a co-holder for lost, seconds after that was, and not whether
 * the others have done their part.
 *
 * What counts as a replica is that the server's store has the record, of that
 * owner, and no tombstone of it; how old it is does not matter. The owner
 * itself answers for its session, and is none. Servers that come up meanwhile
 * are among the closest at once, with nothing: who restarts within a repair
 * makes it longer, and one that only comes, while nothing is lost, makes none.
 *
 * No row has a record that all of them held in spite of the loss, as after a
 * leave that handed over, and one whose owner ended, died or gave it up
 * before it was whole. One that was not whole when the run ended has a row that
 * is not ok.
 *
 * A loss is looked at once all servers that are lost at one instant are, and
 * then at each STORE for such a key and whenever servers come or go; as long as
 * nothing is lost nobody looks at anything.
 */
#ifndef SIM_HOST_REPAIRS_H
#define SIM_HOST_REPAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/store.h"
#include "core/endpoint.h"
#include "core/instant.h"
#include "core/session.h"

/* Servers are holders and endpoints by their number. All is borrowed. */
struct repairs_world {
	const struct store *store;
	const struct endpoints *endpoints;
	uint32_t servers, replicas; /* replicas: BUCKET_MAX at most */
	void *context;
	/* Does its node run? */
	bool (*runs)(void *context, uint32_t server);
	/* Does it publish the session? */
	bool (*owns)(void *context, uint32_t server,
		     const struct session_key *);
	/* The metric: from `since` on, at `server` (WATCH_NONE: by one that
	 * came or went). Not ok: not yet. */
	void (*measured)(void *context, const struct session_key *,
			 struct instant since, struct instant until,
			 uint32_t server, bool ok);
};

struct repairs;

struct repairs *repairs_create(const struct repairs_world *); /* or aborts */
void repairs_destroy(struct repairs *); /* NULL: nothing */
/* What the server holds is lost in a moment: it is still in the store. */
void repairs_lost(struct repairs *, struct instant now, uint32_t server);
/* A server has begun to run. */
void repairs_came(struct repairs *, struct instant now);
/* A node is about to receive a message. */
void repairs_receiving(struct repairs *, struct instant now);
/* The server's node has received this one. */
void repairs_received(struct repairs *, struct instant now, uint32_t server,
		      const uint8_t *bytes, uint32_t size);
/* The run ends. */
void repairs_finish(struct repairs *, struct instant now);

#endif
