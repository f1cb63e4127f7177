/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - the statements that replicas keep about sessions
 *
 * A statement says: this owner has this session since this version; or, a
 * tombstone: it has it no longer. One store serves a daemon or all nodes of a
 * simulated world; `holder`, the endpoint index of the node that keeps it,
 * is part of the key, so nodes that share a store share no knowledge.
 *
 * For each (holder, session key) at most RECORDS_PER_KEY statements are kept,
 * each of another owner:
 *
 *  - Of one owner the higher version wins; at equal versions a tombstone
 *    beats a record, so that a late STORE cannot resurrect the dead, and an
 *    open record a half-open one. The same statement again sets its time to
 *    live anew, unless that shortens it.
 *  - A tombstone speaks for its owner only and kills that owner's versions up
 *    to its own. Clocks of two owners may differ by more than a client's
 *    port rests, so no owner's tombstone may end another's session. A record
 *    thereby kept too long costs one "not mine", not a session.
 *  - Of more owners than fit, the statements worth most are kept: open
 *    records before half-open ones before tombstones, then the newer version
 *    (design section 3: an asker who hears "not mine" from the newer owner can
 *    try the older). At equal versions the owner with the lower endpoint index.
 *    Of open ones RECORDS_OPEN_MAX at most: what is half-open displaces none,
 *    and the newest handshake has a place all the same. Where fewer are open,
 *    there is room for two handshakes: a SYN that is sent again may come to
 *    another server, and only the client's ACK tells whose session it is.
 *
 * An asker learns of a tombstone by its flag: store_get() puts tombstones
 * behind, so `records[0].tombstone` means that no live owner is known here, and
 * a tombstone beside a record warns of that other owner's older answers from
 * other replicas.
 *
 * A statement that came by another than its owner (record.relayed) says so
 * until the owner has been told, by store_told(), or says the same itself; so
 * does one that is in doubt (inquiry.h). What its owner does not know any more
 * is forgotten, store_disown().
 *
 * Statements die at their time to live: no get returns them from then on. Their
 * memory is taken back when a put or get meets them, or by store_expire(),
 * whose hand walks a bounded number of entries round the table at each call.
 *
 * Full: the hand is sent over STORE_SWEEP_ENTRIES entries for dead ones; then
 * the oldest half-open record gives way; then the new statement is refused
 * (STORE_FULL). Replacing one needs no room. Anybody can begin handshakes, so
 * of half-open records an eighth of the capacity are kept, and
 * STORE_HALF_OPEN_LEAST more: the oldest gives way to a newer one, and to
 * anything else. A newer handshake of one that is kept is as young as any; what
 * says nothing new takes no place.
 */
#ifndef CORE_DHT_STORE_H
#define CORE_DHT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/record.h"
#include "core/session.h"
#include "core/siphash.h"

/* Design section 2: session state at a replica, everything included. */
#define STORE_ENTRY_BYTES_MAX 96
#define STORE_SWEEP_ENTRIES   256
#define STORE_HALF_OPEN_LEAST 16
/* Times that an owner is told of a copy, before it is left at that. */
#define STORE_TELLINGS 3

struct store; /* in the caller's memory, see store_size() */

/* One that is in memory. */
struct store_statement {
	struct session_key key;
	struct record record; /* by store_next(): without ttl_ms, see expiry */
	struct instant expiry;
	uint32_t holder;
	uint32_t entry, mark; /* not by store_next(): for store_at() */
};

/* How far a walk over what one holder keeps has come; zero at its start. */
struct store_cursor {
	uint32_t entry, hash; /* the next */
	bool begun;
};

enum store_result {
	STORE_STORED, /* new, replaced or refreshed */
	STORE_STALE, /* what is known is newer or worth more */
	STORE_FULL, /* no room; nothing changed */
};

/* Bytes for a store of at most `capacity` statements, below 2^31: no more
 * than STORE_ENTRY_BYTES_MAX for each, and less than 256 besides. */
size_t store_size(uint32_t capacity);
/* The memory must be aligned for uint64_t and outlive the store. The key keeps
 * clients from filling one hash chain; the placement key will do. */
struct store *store_init(void *memory, uint32_t capacity,
			 const struct siphash_key *);
/* Tell a holder. It expires record->ttl_ms after now. */
enum store_result store_put(struct store *, struct instant now, uint32_t holder,
			    const struct session_key *, const struct record *);
/* What a holder knows: the count of statements, 0 to RECORDS_PER_KEY; open
 * records first, then half-open ones, then tombstones, each newest first.
 * ttl_ms is what is left, rounded up. */
uint32_t store_get(struct store *, struct instant now, uint32_t holder,
		   const struct session_key *,
		   struct record records[RECORDS_PER_KEY]);
/* The same for who looks on: nothing is taken back. */
uint32_t store_peek(const struct store *, struct instant now, uint32_t holder,
		    const struct session_key *,
		    struct record records[RECORDS_PER_KEY]);
/* The holder will soon be asked for the key: fetch where it would be. */
void store_prefetch(const struct store *, uint32_t holder,
		    const struct session_key *);
/* Take back what has expired among the next `entries` entries; 0: the default,
 * STORE_SWEEP_ENTRIES. How many were. */
uint32_t store_expire(struct store *, struct instant now, uint32_t entries);
/* A holder lost its memory (its server restarted). */
uint32_t store_forget(struct store *, uint32_t holder);
/* Statements in memory, of all holders, expired ones that no verb has met yet
 * included. */
uint32_t store_count(const struct store *);
uint32_t store_capacity(const struct store *);
/* The next of those in memory, from *cursor on, which begins as 0. False: no
 * more. */
bool store_next(const struct store *, uint32_t *cursor,
		struct store_statement *);
/* Does the holder keep any, expired ones that no verb has met included? */
bool store_holds(const struct store *, uint32_t holder);
/* The next of what a holder keeps, the newest first. The store may change
 * between two calls: what was added is not met, and if the very next one was
 * freed the walk begins anew. False: no more. */
bool store_held(const struct store *, struct instant now, uint32_t holder,
		struct store_cursor *, struct store_statement *);
/* The one that store_held() told by that entry and mark, if it is still there
 * and the same. */
bool store_at(const struct store *, struct instant now, uint32_t holder,
	      uint32_t entry, uint32_t mark, struct store_statement *);
/* The owner of that one was told of this copy, and has acknowledged or not.
 * True: it is to be told again. */
bool store_told(struct store *, struct instant now, uint32_t holder,
		uint32_t entry, uint32_t mark, bool acknowledged);
/* Another's: its owner is to be asked whether that one is still true. False:
 * there is nothing to ask, it is gone, ours, or a tombstone. */
bool store_doubt(struct store *, struct instant now, uint32_t holder,
		 uint32_t entry, uint32_t mark);
/* The same of the record of that key and owner. */
bool store_doubt_of(struct store *, struct instant now, uint32_t holder,
		    const struct session_key *, uint32_t owner);
/* The owner of that one has said that it is not: forget it. */
void store_disown(struct store *, struct instant now, uint32_t holder,
		  uint32_t entry, uint32_t mark);
/* Statements of one holder, not expired. Walks the whole store. */
uint32_t store_holder_count(const struct store *, struct instant now,
			    uint32_t holder);

#endif
