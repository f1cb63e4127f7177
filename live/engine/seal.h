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
 * Integers are big-endian.
 *
 * Boot id: the wall-clock time of the sender's start, in units of 2^-32
 * seconds as NTP counts them (RFC 5905, section 6), so that each start has a
 * higher one than the starts before it. Sequence: from 1, for each receiver
 * its own, so that its window does not depend on what others are sent.
 *
 * Replays: of each peer (address and port) the two newest boots are known,
 * each with a window over its latest 64 sequences (RFC 4303, 3.4.3). A boot
 * id above the newest opens a window at once: a restarted sender is heard
 * without a handshake, and what its predecessor left on the way, too. Any
 * other unknown boot id is a replay, however old the recording is. The price
 * is that a sender whose clock was set back before it restarted is not heard
 * until its clock has caught up or the receiver forgets it.
 *
 * Full: the peer longest unused is forgotten (its old datagrams could then be
 * replayed until they hit the new window; the messages are idempotent). Only
 * a sender that has the key gets a window, so that no other can fill the
 * table.
 */
#ifndef LIVE_ENGINE_SEAL_H
#define LIVE_ENGINE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/endpoint.h"
#include "live/conf/secret.h"

struct seal;

/* The secret is copied. peers: how many are known at a time, at least 1; about
 * 140 bytes each. NULL: no memory. */
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
 * (forged, or another cluster's), DROP_REPLAY; DROP_MALFORMED: the zeros are
 * none, or it exceeds MESSAGE_SEALED_MAX or the capacity. */
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
