/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal.c - libsodium around a message, and each peer's window
 *
 * A datagram is looked at in the order of cost: size, key id, zeros, tag,
 * and only then the window; so that what is not from a server of ours moves
 * nothing and takes no memory.
 *
 * The sequences that we send with are never used twice under one boot id:
 * when a peer is forgotten, all peers that are met later begin above the
 * highest that it was sent.
 *
 * Nonces are drawn in stocks, since each drawing is a system call. 192 random
 * bits do not repeat (the 2^-32 bound is at 2^80 datagrams of one key).
 */
#include "live/engine/seal.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/instant.h"
#include "core/lru.h"
#include "core/position.h"
#include "core/wire/cursor.h"
#include "core/wire/message.h"

#define NONCE_BYTES  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES    crypto_aead_xchacha20poly1305_ietf_ABYTES
#define OPEN_BYTES   24 /* key id, zeros, boot id, sequence */
#define MESSAGE_AT   (OPEN_BYTES + NONCE_BYTES)
#define DATA_BYTES   (OPEN_BYTES + 2 * 18) /* associated */
#define NONCE_STOCK  64
#define WINDOW	     64
#define PEER_WINDOWS 2

_Static_assert(OPEN_BYTES + NONCE_BYTES + TAG_BYTES == MESSAGE_SEAL_BYTES,
	       "what the simulator counts");

struct window {
	uint64_t boot;
	uint64_t highest;
	uint64_t seen; /* bit i: highest - i */
};

struct peer {
	struct endpoint endpoint;
	uint64_t sent; /* the latest sequence */
	struct window windows[PEER_WINDOWS]; /* the newest boot first */
	uint32_t window_count;
};

struct seal {
	struct secret secret;
	struct endpoint self;
	struct siphash_key hash;
	uint64_t boot;
	uint64_t sent_before; /* to peers since forgotten, at most */
	uint32_t nonce_count; /* left in the stock */
	uint8_t nonces[NONCE_STOCK][NONCE_BYTES];
	struct lru *lru;
	struct peer *peers; /* by slot of lru */
};

static uint64_t
boot_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec << 32 |
	       ((uint64_t)now.tv_nsec << 32) / (uint64_t)NS_PER_S;
}

struct seal *
seal_create(const struct secret *secret, const struct endpoint *self,
	    uint32_t peers)
{
	assert(secret->key_count >= 1 && secret->key_count <= SECRET_KEYS);
	assert(peers >= 1);

	if (sodium_init() == -1)
		return NULL;
	struct seal *seal = calloc(1, sizeof(*seal));
	if (seal == NULL)
		return NULL;
	void *lru = malloc(lru_size(peers));
	seal->peers = calloc(peers, sizeof(*seal->peers));
	if (lru == NULL || seal->peers == NULL) {
		free(lru);
		free(seal->peers);
		free(seal);
		return NULL;
	}
	seal->lru = lru_init(lru, peers);
	seal->secret = *secret;
	seal->self = *self;
	seal->boot = boot_now();
	randombytes_buf(&seal->hash, sizeof(seal->hash));
	return seal;
}

void
seal_destroy(struct seal *seal)
{
	if (seal == NULL)
		return;
	free(seal->lru);
	free(seal->peers);
	sodium_memzero(seal, sizeof(*seal));
	free(seal);
}

void
seal_rekey(struct seal *seal, const struct secret *secret)
{
	assert(secret->key_count >= 1 && secret->key_count <= SECRET_KEYS);
	seal->secret = *secret;
}

/*
 * Peers
 */

static struct peer *
peer_find(struct seal *seal, const struct endpoint *endpoint)
{
	uint32_t hash = (uint32_t)position_of_endpoint(&seal->hash, endpoint);
	uint32_t slot;

	for (slot = lru_first(seal->lru, hash); slot != LRU_NONE;
	     slot = lru_next(seal->lru, slot)) {
		struct peer *peer = &seal->peers[slot];

		if (peer->endpoint.port == endpoint->port &&
		    address_equal(&peer->endpoint.address,
				  &endpoint->address)) {
			lru_touch(seal->lru, slot);
			return peer;
		}
	}
	slot = lru_add(seal->lru, hash);
	if (slot == LRU_NONE) {
		uint32_t oldest = lru_oldest(seal->lru);

		if (seal->peers[oldest].sent > seal->sent_before)
			seal->sent_before = seal->peers[oldest].sent;
		lru_remove(seal->lru, oldest);
		slot = lru_add(seal->lru, hash);
	}
	struct peer *peer = &seal->peers[slot];
	*peer = (struct peer){
		.endpoint = *endpoint,
		.sent = seal->sent_before,
	};
	return peer;
}

static bool
window_accept(struct window *window, uint64_t sequence)
{
	if (sequence > window->highest) {
		uint64_t shift = sequence - window->highest;

		window->seen = shift < WINDOW ? window->seen << shift : 0;
		window->seen |= 1;
		window->highest = sequence;
		return true;
	}

	uint64_t age = window->highest - sequence;
	if (age >= WINDOW || (window->seen >> age & 1) != 0)
		return false;
	window->seen |= UINT64_C(1) << age;
	return true;
}

static bool
peer_accept(struct peer *peer, uint64_t boot, uint64_t sequence)
{
	for (uint32_t i = 0; i < peer->window_count; i++) {
		if (peer->windows[i].boot == boot)
			return window_accept(&peer->windows[i], sequence);
	}
	if (peer->window_count > 0 && boot < peer->windows[0].boot)
		return false;
	peer->windows[1] = peer->windows[0];
	peer->windows[0] = (struct window){
		.boot = boot,
		.highest = sequence,
		.seen = 1,
	};
	if (peer->window_count < PEER_WINDOWS)
		peer->window_count++;
	return true;
}

/*
 * Bytes
 */

static uint8_t *
endpoint_write(uint8_t *at, const struct endpoint *endpoint)
{
	size_t size = endpoint->address.family == 4 ? 4 : 16;

	memset(at, 0, 16);
	memcpy(at, endpoint->address.bytes, size);
	wire_put16(at + 16, endpoint->port);
	return at + 18;
}

static void
data_write(uint8_t data[DATA_BYTES], const uint8_t *bytes,
	   const struct endpoint *from, const struct endpoint *to)
{
	memcpy(data, bytes, OPEN_BYTES);
	endpoint_write(endpoint_write(data + OPEN_BYTES, from), to);
}

static const uint8_t *
nonce_next(struct seal *seal)
{
	if (seal->nonce_count == 0) {
		randombytes_buf(seal->nonces, sizeof(seal->nonces));
		seal->nonce_count = NONCE_STOCK;
	}
	return seal->nonces[--seal->nonce_count];
}

size_t
seal_close(struct seal *seal, const struct endpoint *to, const uint8_t *message,
	   size_t size, uint8_t *out, size_t capacity)
{
	const struct secret_key *key = &seal->secret.keys[0];
	uint8_t data[DATA_BYTES];

	if (size > MESSAGE_MAX || capacity < size + MESSAGE_SEAL_BYTES)
		return 0;
	memset(out, 0, OPEN_BYTES);
	out[0] = key->id;
	wire_put64(out + 8, seal->boot);
	wire_put64(out + 16, ++peer_find(seal, to)->sent);
	memcpy(out + OPEN_BYTES, nonce_next(seal), NONCE_BYTES);
	data_write(data, out, &seal->self, to);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		out + MESSAGE_AT, NULL, message, size, data, sizeof(data), NULL,
		out + OPEN_BYTES, key->seal);
	return size + MESSAGE_SEAL_BYTES;
}

enum drop
seal_read(const struct secret *secret, const struct endpoint *from,
	  const struct endpoint *to, const uint8_t *bytes, size_t size,
	  uint8_t *out, size_t capacity, size_t *message_size)
{
	const struct secret_key *key = NULL;
	uint8_t data[DATA_BYTES];

	if (size < MESSAGE_SEAL_BYTES)
		return DROP_SHORT;
	if (size > MESSAGE_SEALED_MAX || size - MESSAGE_SEAL_BYTES > capacity)
		return DROP_MALFORMED;
	for (uint32_t i = 0; i < secret->key_count; i++) {
		if (secret->keys[i].id == bytes[0])
			key = &secret->keys[i];
	}
	if (key == NULL)
		return DROP_KEY_ID;
	if (!sodium_is_zero(bytes + 1, 7))
		return DROP_MALFORMED;
	data_write(data, bytes, from, to);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    out, NULL, NULL, bytes + MESSAGE_AT, size - MESSAGE_AT,
		    data, sizeof(data), bytes + OPEN_BYTES, key->seal) != 0)
		return DROP_TAG;
	*message_size = size - MESSAGE_SEAL_BYTES;
	return DROP_NONE;
}

enum drop
seal_open(struct seal *seal, const struct endpoint *from, const uint8_t *bytes,
	  size_t size, uint8_t *out, size_t capacity, size_t *message_size)
{
	enum drop drop = seal_read(&seal->secret, from, &seal->self, bytes,
				   size, out, capacity, message_size);

	if (drop == DROP_NONE &&
	    !peer_accept(peer_find(seal, from), wire_get64(bytes + 8),
			 wire_get64(bytes + 16)))
		drop = DROP_REPLAY;
	return drop;
}
