/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal.h - the servers' datagrams, sealed (UDP 7000)
 *
 *	 0        1              8          16         24       48
 *	+--------+--------------+----------+----------+--------+---------+----+
 *	| key id | zero 7       | boot id  | sequence | nonce  | message | tag|
 *	+--------+--------------+----------+----------+--------+---------+----+
 *	 `------ authenticated, not secret --------'            encrypted  16
 *
 * XChaCha20-Poly1305 (libsodium's IETF construction) with a random nonce;
 * associated data are the first 24 bytes, then the sender's and the
 * receiver's address (16 bytes each, IPv4 in the first four) and port, so that
 * a datagram cannot be sent on to another server or from another address.
 *
 * Replays: of each peer (address and port) two boot ids are known, each with
 * the 64-entry window of core/replay.h over its sequence. A boot id is random
 * and drawn at start, so that a restarted sender is heard at once. A boot id
 * that was given up for newer ones is not taken back: boot ids begin with the
 * wall-clock second of the start, and an older one than the newest two is a
 * replay.
 * Full: the peer longest unused is forgotten (its old datagrams could then be
 * replayed until they hit the new window; the messages are idempotent).
 */
#ifndef LIVE_SEAL_H
#define LIVE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/endpoint.h"
#include "live/secret.h"

struct seal;

/* The secret is copied. peers: how many windows are kept. NULL: no memory. */
struct seal *seal_create(const struct secret *, const struct endpoint *self,
			 uint32_t peers);
void seal_destroy(struct seal *);
/* After a reload: other keys, same boot id and windows. */
void seal_rekey(struct seal *, const struct secret *);

/* Seal a message of size bytes to a peer: MESSAGE_SEAL_BYTES more are written
 * to out. The size written; 0 when it does not fit. */
size_t seal_close(struct seal *, const struct endpoint *to,
		  const uint8_t *message, size_t size, uint8_t *out,
		  size_t capacity);
/* Open: DROP_NONE and the message in out; DROP_SHORT, DROP_KEY_ID, DROP_TAG
 * (forged, or another cluster's), DROP_REPLAY. */
enum drop seal_open(struct seal *, const struct endpoint *from,
		    const uint8_t *bytes, size_t size, uint8_t *out,
		    size_t capacity, size_t *message_size);
/* Without windows and without a self, for a decoder of captures: `to` is
 * given. */
enum drop seal_read(const struct secret *, const struct endpoint *from,
		    const struct endpoint *to, const uint8_t *bytes,
		    size_t size, uint8_t *out, size_t capacity,
		    size_t *message_size);

#endif
