/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal.h - the servers' datagrams, sealed (UDP 7000)
 *
 *	 0        1              8          16         24       48
 *	+--------+--------------+----------+----------+--------+---------+----+
 *	| key id | kind, zero 6 | boot id  | sequence | nonce  | message | tag|
 *	+--------+--------------+----------+----------+--------+---------+----+
 *	 `------ authenticated, not secret --------'            encrypted  16
 *
 * XChaCha20-Poly1305 (libsodium's IETF construction) with a random nonce;
 * associated data are the first 24 bytes, then the sender's and the
 * receiver's address (16 bytes each, IPv4 in the first four) and port, so that
 * a datagram cannot be sent on to another server or from another address.
 * Integers are big-endian.
 *
 * Kind: 0, a message; 1, a refusal. Boot id: the sender's (boot.h), higher with
 * each start. Sequence: from 1, for each receiver its own, so that its window
 * does not depend on what others are sent.
 *
 * Replays: of each peer (address and port) the two newest boots are known,
 * each with a window over its latest 64 sequences (RFC 4303, 3.4.3). A boot
 * id above the newest opens a window at once: a restarted sender is heard
 * without a handshake, and what its predecessor left on the way, too. Any
 * other unknown boot id is a replay, however old the recording is.
 *
 * Or its sender's clock was set back before it restarted, and nothing was left
 * of the file that keeps boot ids. So who refuses a boot id below the newest
 * that it knows answers by a refusal, which has that one in the place of the
 * boot id, the refused datagram's sequence in the place of its own, and as its
 * message the boot id that was refused, 8 bytes. The two name that datagram as
 * its nonce would, and are sealed with both addresses: whoever receives it
 * believes it only about a datagram that it has sent to that peer in this life,
 * so that an old refusal, or one for another, moves nothing. It then takes a
 * higher boot id, and is heard. A refusal is no larger than the smallest
 * message and goes to the address that the refused datagram was sealed with,
 * one a second for each peer and SEAL_REFUSALS_PER_S in all: recordings that
 * somebody plays cost no more than they bring.
 *
 * Full: the peer longest unused is forgotten (its old datagrams could then be
 * replayed until they hit the new window; the messages are idempotent). Only
 * a sender that has the key gets a window, so that no other can fill the
 * table.
 */
#ifndef LIVE_ENGINE_SEAL_H
#define LIVE_ENGINE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/endpoint.h"
#include "core/instant.h"
#include "live/conf/secret.h"

#define SEAL_REFUSALS_PER_S 100

struct seal;

/* What came out of a datagram. */
struct seal_opened {
	size_t size; /* of the message */
	/* The peer has begun anew since it was heard last. */
	bool booted;
	/* Not 0: this was no message. The peer knows a later boot id of ours,
	 * this one, and hears us only above it. */
	uint64_t known;
};

/* The secret is copied. boot: our boot id, not 0. peers: how many are known at
 * a time, at least 1; about 150 bytes each. NULL: no memory. */
struct seal *seal_create(const struct secret *, const struct endpoint *self,
			 uint32_t peers, uint64_t boot);
void seal_destroy(struct seal *);
/* After a reload: other keys, same boot id and windows. */
void seal_rekey(struct seal *, const struct secret *);
uint64_t seal_boot(const struct seal *); /* ours */
/* Another boot id from now on, above the one before. */
void seal_reboot(struct seal *, uint64_t boot);

/* Seal a message of size bytes to a peer: MESSAGE_SEAL_BYTES more are written
 * to out. The size written; 0 when it does not fit. */
size_t seal_close(struct seal *, const struct endpoint *to,
		  const uint8_t *message, size_t size, uint8_t *out,
		  size_t capacity);
/* Open: DROP_NONE, and the message in out unless it was a refusal; DROP_SHORT,
 * DROP_KEY_ID, DROP_TAG (forged, or another cluster's), DROP_REPLAY;
 * DROP_MALFORMED: the zeros are none, or it exceeds MESSAGE_SEALED_MAX or the
 * capacity. */
enum drop seal_open(struct seal *, const struct endpoint *from,
		    const uint8_t *bytes, size_t size, uint8_t *out,
		    size_t capacity, struct seal_opened *);
/* That datagram was just found to be a replay. The size of a refusal, written
 * to out, if its sender should have one; else 0. */
size_t seal_refuse(struct seal *, struct instant now,
		   const struct endpoint *from, const uint8_t *bytes,
		   size_t size, uint8_t *out, size_t capacity);
/* A datagram that seal_read() opened is a refusal. */
bool seal_is_refusal(const uint8_t *bytes);
/* Without windows and without a self, for a decoder of captures: `to` is
 * given. */
enum drop seal_read(const struct secret *, const struct endpoint *from,
		    const struct endpoint *to, const uint8_t *bytes,
		    size_t size, uint8_t *out, size_t capacity,
		    size_t *message_size);

#endif
