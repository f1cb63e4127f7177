/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode_fuzz.c - any bytes decode to one line of plain text, or to nothing
 *
 *	first byte	0: the rest is an IP packet
 *			else: the rest is the payload of a UDP datagram to
 *			port 6080 (odd) or 7000 (even), IPv6 with bit 1,
 *			sealed with bit 2
 *
 * Both forms are printed; neither may contain a control character but the
 * newline that ends the text. Corpus: harness/replay/corpus/decode/.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire/build.h"
#include "harness/replay/decode.h"
#include "live/engine/seal.h"

#define PACKET_BYTES 65535

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct secret secret = {
	.keys = { { .id = 0 }, { .id = 1 } },
	.key_count = 2,
};

/* What a server of the cluster would have sent; nothing if it is too long. */
static size_t
seal(uint8_t family, const uint8_t *bytes, size_t size, uint8_t *out)
{
	static struct seal *sealers[2];
	struct seal **sealer = &sealers[family == 6];
	const struct endpoint self = { { family, { 10, 1 } }, DECODE_DHT_PORT };
	const struct endpoint to = { { family, { 10, 2 } }, DECODE_DHT_PORT };

	if (*sealer == NULL)
		*sealer = seal_create(&secret, &self, 2, 1);
	assert(*sealer != NULL);
	return seal_close(*sealer, &to, bytes, size, out, MESSAGE_SEALED_MAX);
}

static size_t
wrap(uint8_t mode, const uint8_t *bytes, size_t size, uint8_t *out)
{
	const uint8_t family = (mode & 2) != 0 ? 6 : 4;
	uint8_t sealed[MESSAGE_SEALED_MAX];

	if ((mode & 4) != 0 && size <= MESSAGE_MAX) {
		size = seal(family, bytes, size, sealed);
		bytes = sealed;
	}
	const struct packet_udp outer = {
		.ip = { .src = { family, { 10, 1 } },
			.dst = { family, { 10, 2 } },
			.ttl = 1 },
		.src_port = DECODE_DHT_PORT,
		.dst_port = (mode & 1) != 0 ? GUE_PORT : DECODE_DHT_PORT,
		.payload = bytes,
		.payload_bytes = size,
	};

	return packet_build_udp(&outer, out, PACKET_BYTES);
}

static void
print(const struct decoded *decoded)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct json json = json_begin(file, JSON_SPACED);

	assert(file != NULL);
	decode_print_json(decoded, 1, INT64_MIN, &json);
	json_finish(&json);
	decode_print(decoded, INT64_MIN, file);
	fclose(file);
	assert(size > 1 && text[size - 1] == '\n');
	for (size_t i = 0; i + 1 < size; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct decoded decoded;
	static uint8_t packet[PACKET_BYTES];

	if (size == 0)
		return 0;
	uint8_t mode = bytes[0];
	bytes++;
	size--;
	if (mode != 0) {
		size = wrap(mode, bytes, size, packet);
		bytes = packet;
	}
	for (int with = 0; with < 2; with++) {
		const struct secret *key = with ? &secret : NULL;
		bool ours = decode_packet(key, bytes, size, &decoded);

		for (; ours; ours = decode_next(key, &decoded))
			print(&decoded);
	}
	return 0;
}
