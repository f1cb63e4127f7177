/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * siphash.h - SipHash-2-4, the keyed hash behind positions and tags
 *
 * Aumasson, Bernstein: SipHash: a fast short-input PRF. INDOCRYPT 2012. Whoever
 * does not know the key can neither aim sessions at one node nor forge a tag.
 */
#ifndef CORE_SIPHASH_H
#define CORE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#include "core/address.h"

struct siphash_key {
	uint8_t bytes[16];
};

uint64_t siphash(const struct siphash_key *, const void *bytes, size_t size);
/* Of a peer, for tables of them. */
uint64_t siphash_address(const struct siphash_key *, const struct address *);

#endif
