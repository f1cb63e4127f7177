/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal_fuzz.c - nothing but what was sealed opens
 *
 * The input is a datagram; laid over a good one by XOR it is a forgery of
 * it, which opens only if nothing has changed.
 */
#include <assert.h>
#include <string.h>

#include "core/wire/message.h"
#include "live/engine/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct endpoint a = { { 4, { 10, 0, 0, 1 } }, 7000 };
	static const struct endpoint b = { { 4, { 10, 0, 0, 2 } }, 7000 };
	static struct seal *sender, *receiver;
	static uint8_t good[MESSAGE_SEALED_MAX];
	uint8_t out[MESSAGE_MAX], forged[MESSAGE_SEALED_MAX];
	struct seal_opened opened;
	size_t good_size;

	if (sender == NULL) {
		struct secret secret = { .keys[0].id = 1, .key_count = 1 };

		sender = seal_create(&secret, &a, 2, 1);
		receiver = seal_create(&secret, &b, 2, 1);
		assert(sender != NULL && receiver != NULL);
	}
	assert(seal_open(receiver, &a, bytes, size, out, sizeof(out),
			 &opened) != DROP_NONE);

	good_size = seal_close(sender, &b, (const uint8_t *)"message", 7, good,
			       sizeof(good));
	bool changed = false;
	memcpy(forged, good, good_size);
	for (size_t i = 0; i < size && i < good_size; i++) {
		forged[i] ^= bytes[i];
		changed |= bytes[i] != 0;
	}
	enum drop drop = seal_open(receiver, &a, forged, good_size, out,
				   sizeof(out), &opened);
	assert((drop == DROP_NONE) == !changed);
	return 0;
}
