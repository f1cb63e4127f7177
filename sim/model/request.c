/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.c - the picture in request.h as code
 */
#include "sim/model/request.h"

#include <string.h>

static const uint8_t magic[4] = { 'H', 'O', 'M', 'E' };

static void
put(uint8_t *bytes, unsigned size, uint64_t value)
{
	while (size-- > 0) {
		bytes[size] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t
get(const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

void
request_encode(const struct request *request, uint8_t bytes[REQUEST_BYTES])
{
	memset(bytes, 0, REQUEST_BYTES);
	memcpy(bytes, magic, sizeof(magic));
	bytes[4] = request->upload ? 'P' : 'G';
	put(bytes + 8, 4, request->flow);
	put(bytes + 16, 8, request->bytes);
	put(bytes + 24, 8, request->pace_bps);
}

bool
request_decode(struct request *request, const uint8_t bytes[REQUEST_BYTES])
{
	if (memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    (bytes[4] != 'P' && bytes[4] != 'G'))
		return false;
	*request = (struct request){
		.upload = bytes[4] == 'P',
		.flow = (uint32_t)get(bytes + 8, 4),
		.bytes = get(bytes + 16, 8),
		.pace_bps = get(bytes + 24, 8),
	};
	return true;
}
