/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * position.c - the bytes behind a position
 */
#include "core/position.h"

#include <string.h>

uint64_t
position_of_endpoint(const struct siphash_key *placement,
		     const struct endpoint *endpoint)
{
	/* family 1, address 4 or 16, port 2 */
	uint8_t bytes[1 + 16 + 2];
	size_t address_size = endpoint->address.family == 4 ? 4 : 16;

	bytes[0] = endpoint->address.family;
	memcpy(bytes + 1, endpoint->address.bytes, address_size);
	bytes[1 + address_size] = (uint8_t)(endpoint->port >> 8);
	bytes[2 + address_size] = (uint8_t)endpoint->port;
	return siphash(placement, bytes, 3 + address_size);
}

uint64_t
position_of_session(const struct siphash_key *placement,
		    const struct session_key *key)
{
	return siphash(placement, key, sizeof(*key));
}
