/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_bed.h - what tests of the store put into it, and when
 */
#ifndef CORE_TEST_STORE_BED_H
#define CORE_TEST_STORE_BED_H

#include "core/dht/store.h"
#include "core/test/check.h"

static const struct siphash_key hash_key = { .bytes = { 5, 4, 3 } };

static inline struct session_key
key_of(uint64_t number)
{
	struct session_key key = { .family = 4, .protocol = 6 };

	key.client[0] = (uint8_t)number;
	key.client_port[1] = (uint8_t)(number >> 8);
	key.client_port[0] = (uint8_t)(number >> 16);
	return key;
}

static inline struct instant
at_ms(int64_t ms)
{
	return (struct instant){ .ns = ms * NS_PER_MS };
}

#endif
