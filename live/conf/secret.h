/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret.h - the cluster's secret file, and the keys that come of it
 *
 *	# homeward cluster secret
 *	placement 64 hex digits		names nodes and sessions: never changes
 *	key 1 64 hex digits		this one sends; one or two of them,
 *	key 0 64 hex digits		and both are accepted
 *
 * Every server has the same file. It must be a regular file that belongs to
 * its reader or root and that no other user may read or write (mode 0600 or
 * less), or it is refused. From each key come two by libsodium's KDF
 * (BLAKE2b, crypto_kdf(3)): one seals the servers' datagrams (seal.h), one tags
 * encapsulated packets (GUE); from `placement` the SipHash key of the key
 * space. Key ids are 0 to 255; their lowest bit must differ when there are two.
 *
 * Rotation, without losing a datagram: add the new key as second line on all
 * servers and reload; then swap the lines everywhere and reload; then remove
 * the old one and reload.
 */
#ifndef LIVE_CONF_SECRET_H
#define LIVE_CONF_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/siphash.h"

#define SECRET_KEYS	  2
#define SECRET_SEAL_BYTES 32

struct secret_key {
	uint8_t id;
	uint8_t seal[SECRET_SEAL_BYTES]; /* XChaCha20-Poly1305 */
	struct siphash_key tag;
};

struct secret {
	struct siphash_key placement;
	struct secret_key keys[SECRET_KEYS]; /* the first one sends */
	uint32_t key_count; /* 1 or 2 */
};

/* 0; -errno with "file:line:column: message" in error[]. */
int secret_load(struct secret *, const char *path, char *error,
		size_t error_size);
/* The same of an open file, from its beginning; path is for the message only.
 * For a daemon that kept the descriptor and gave its privileges up. */
int secret_read(struct secret *, int fd, const char *path, char *error,
		size_t error_size);
/* A new file with fresh random keys, mode 0600; -EEXIST if there is one. */
int secret_make(const char *path, char *error, size_t error_size);
/* Overwrite, so that no key stays in memory. */
void secret_wipe(struct secret *);

#endif
