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
#define KIND_AT	     1
#define BOOT_AT	     8
#define SEQUENCE_AT  16
#define WINDOW	     64
#define PEER_WINDOWS 2

_Static_assert(OPEN_BYTES + NONCE_BYTES + TAG_BYTES == MESSAGE_SEAL_BYTES,
	       "what the simulator counts");

enum {
	REFUSAL_SIZE = MESSAGE_SEAL_BYTES + 8
};
_Static_assert(REFUSAL_SIZE <= MESSAGE_SEAL_BYTES + MESSAGE_HEADER_BYTES,
	       "an answer that is no larger than any question");

enum kind {
	KIND_MESSAGE,
	KIND_REFUSAL,
	KIND_COUNT
};

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
	struct instant refuse_after; /* no refusal to it before */
};

struct seal {
	struct secret secret;
	struct endpoint self;
	struct siphash_key hash;
	uint64_t boot;
	struct instant refuse_after; /* none to anybody before */
	uint64_t sent_before; /* to peers since forgotten, at most */
	uint32_t nonce_count; /* left in the stock */
	uint8_t nonces[NONCE_STOCK][NONCE_BYTES];
	struct lru *lru;
	struct peer *peers; /* by slot of lru */
};

struct seal *
seal_create(const struct secret *secret, const struct endpoint *self,
	    uint32_t peers, uint64_t boot)
{
	assert(secret->key_count >= 1 && secret->key_count <= SECRET_KEYS);
	assert(peers >= 1 && boot > 0);

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
	seal->boot = boot;
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

uint64_t
seal_boot(const struct seal *seal)
{
	return seal->boot;
}

void
seal_reboot(struct seal *seal, uint64_t boot)
{
	assert(boot >= seal->boot);
	seal->boot = boot;
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

/* *booted: it was heard before, in an earlier life. */
static bool
peer_accept(struct peer *peer, uint64_t boot, uint64_t sequence, bool *booted)
{
	for (uint32_t i = 0; i < peer->window_count; i++) {
		if (peer->windows[i].boot == boot)
			return window_accept(&peer->windows[i], sequence);
	}
	if (peer->window_count > 0 && boot < peer->windows[0].boot)
		return false;
	*booted = peer->window_count > 0;
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

static bool
head_valid(const uint8_t *bytes)
{
	return bytes[KIND_AT] < KIND_COUNT &&
	       sodium_is_zero(bytes + KIND_AT + 1, 6);
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

/* size <= MESSAGE_MAX, and out has room. */
static size_t
encrypt(struct seal *seal, const struct endpoint *to, enum kind kind,
	uint64_t boot, uint64_t sequence, const uint8_t *message, size_t size,
	uint8_t *out)
{
	const struct secret_key *key = &seal->secret.keys[0];
	uint8_t data[DATA_BYTES];

	memset(out, 0, OPEN_BYTES);
	out[0] = key->id;
	out[KIND_AT] = (uint8_t)kind;
	wire_put64(out + BOOT_AT, boot);
	wire_put64(out + SEQUENCE_AT, sequence);
	memcpy(out + OPEN_BYTES, nonce_next(seal), NONCE_BYTES);
	data_write(data, out, &seal->self, to);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		out + MESSAGE_AT, NULL, message, size, data, sizeof(data), NULL,
		out + OPEN_BYTES, key->seal);
	return size + MESSAGE_SEAL_BYTES;
}

size_t
seal_close(struct seal *seal, const struct endpoint *to, const uint8_t *message,
	   size_t size, uint8_t *out, size_t capacity)
{
	if (size > MESSAGE_MAX || capacity < size + MESSAGE_SEAL_BYTES)
		return 0;
	return encrypt(seal, to, KIND_MESSAGE, seal->boot,
		       ++peer_find(seal, to)->sent, message, size, out);
}

size_t
seal_refuse(struct seal *seal, struct instant now, const struct endpoint *from,
	    const uint8_t *bytes, size_t size, uint8_t *out, size_t capacity)
{
	struct peer *peer = peer_find(seal, from);
	uint64_t boot = wire_get64(bytes + BOOT_AT);

	if (size < REFUSAL_SIZE || capacity < REFUSAL_SIZE ||
	    seal_is_refusal(bytes) || peer->window_count == 0 ||
	    boot >= peer->windows[0].boot)
		return 0;
	/* What its life before this one sent has just come twice. */
	if (peer->window_count > 1 && boot == peer->windows[1].boot)
		return 0;
	if (instant_before(now, peer->refuse_after) ||
	    instant_before(now, seal->refuse_after))
		return 0;
	peer->refuse_after = instant_after(now, NS_PER_S);
	seal->refuse_after = instant_after(now, NS_PER_S / SEAL_REFUSALS_PER_S);
	return encrypt(seal, from, KIND_REFUSAL, peer->windows[0].boot,
		       wire_get64(bytes + SEQUENCE_AT), bytes + BOOT_AT, 8,
		       out);
}

bool
seal_is_refusal(const uint8_t *bytes)
{
	return bytes[KIND_AT] == KIND_REFUSAL;
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
	if (!head_valid(bytes))
		return DROP_MALFORMED;
	data_write(data, bytes, from, to);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    out, NULL, NULL, bytes + MESSAGE_AT, size - MESSAGE_AT,
		    data, sizeof(data), bytes + OPEN_BYTES, key->seal) != 0)
		return DROP_TAG;
	*message_size = size - MESSAGE_SEAL_BYTES;
	return DROP_NONE;
}

/* Of a datagram of this life? Of an earlier one, or another's, it says nothing
 * that we do not know. */
static enum drop
refused(struct seal *seal, const struct endpoint *from, const uint8_t *bytes,
	const uint8_t *message, struct seal_opened *opened)
{
	if (opened->size != 8)
		return DROP_MALFORMED;
	opened->known = wire_get64(bytes + BOOT_AT);
	if (wire_get64(message) != seal->boot || opened->known <= seal->boot ||
	    wire_get64(bytes + SEQUENCE_AT) > peer_find(seal, from)->sent)
		return DROP_REPLAY;
	return DROP_NONE;
}

enum drop
seal_open(struct seal *seal, const struct endpoint *from, const uint8_t *bytes,
	  size_t size, uint8_t *out, size_t capacity,
	  struct seal_opened *opened)
{
	*opened = (struct seal_opened){ .size = 0 };
	enum drop drop = seal_read(&seal->secret, from, &seal->self, bytes,
				   size, out, capacity, &opened->size);

	if (drop != DROP_NONE)
		return drop;
	if (seal_is_refusal(bytes))
		return refused(seal, from, bytes, out, opened);
	if (!peer_accept(peer_find(seal, from), wire_get64(bytes + BOOT_AT),
			 wire_get64(bytes + SEQUENCE_AT), &opened->booted))
		return DROP_REPLAY;
	return DROP_NONE;
}
