/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode.c - from bytes to struct decoded; see decode.h
 *
 * Everything is read through the parsers of core/wire, which bound
 * themselves; the few bytes that are taken here are compared with the size
 * right before.
 */
#include "harness/replay/decode.h"

#include <string.h>

#include "core/steer/tunnel.h"
#include "live/engine/seal.h"
#include "sim/model/settings.h"

/* live/engine/seal.h: what precedes the ciphertext, less the nonce. */
#define SEAL_BOOT     8
#define SEAL_SEQUENCE 16
#define SEAL_FIELDS   24

static enum decode_tag
tag_verify(const struct decoded *decoded, const struct siphash_key *key,
	   const uint8_t *inner, size_t inner_size)
{
	const struct gue_header *header = &decoded->gue.header;

	return header->tag == tunnel_tag(key, &decoded->from.address,
					 &decoded->to.address, header, inner,
					 inner_size)
		       ? DECODE_TAG_OK
		       : DECODE_TAG_WRONG;
}

/* The core knows two tag keys, 0 and 1: the lowest bit of the secret's ids. */
static enum decode_tag
tag_decode(const struct secret *secret, const struct decoded *decoded,
	   const uint8_t *inner, size_t inner_size)
{
	if (inner_size < GUE_INNER_BYTES && decoded->missing > 0)
		return DECODE_TAG_UNKNOWN;
	if (secret == NULL) {
		struct settings simulated;

		settings_default(&simulated);
		if (decoded->gue.header.key_id != 0)
			return DECODE_TAG_UNKNOWN;
		return tag_verify(decoded, &simulated.service.steer.tag_keys[0],
				  inner, inner_size) == DECODE_TAG_OK
			       ? DECODE_TAG_OK
			       : DECODE_TAG_UNKNOWN;
	}
	for (uint32_t i = 0; i < secret->key_count; i++)
		if (secret->keys[i].id % 2 == decoded->gue.header.key_id)
			return tag_verify(decoded, &secret->keys[i].tag, inner,
					  inner_size);
	return DECODE_TAG_UNKNOWN;
}

static void
inner_decode(struct decode_gue *gue, bool whole, const uint8_t *inner,
	     size_t inner_size)
{
	gue->inner_size = (uint32_t)inner_size;
	gue->inner_drop =
		whole ? packet_parse(inner, inner_size, &gue->inner)
		      : packet_parse_quote(inner, inner_size, &gue->inner);
	if (gue->inner_drop != DROP_NONE || !gue->inner.icmp_error)
		return;
	gue->quotes = packet_parse_quote(inner + gue->inner.quote_offset,
					 gue->inner.quote_bytes,
					 &gue->quote) == DROP_NONE;
}

/* Where the packet inside ends, and something like our header follows. */
static void
run_split(struct decoded *decoded)
{
	struct packet inner;
	const uint8_t *bytes = decoded->bytes;

	if (decoded->size < GUE_HEADER_BYTES ||
	    packet_parse_quote(bytes + GUE_HEADER_BYTES,
			       decoded->size - GUE_HEADER_BYTES,
			       &inner) != DROP_NONE)
		return;
	uint32_t end = GUE_HEADER_BYTES + inner.size_bytes;
	if (decoded->size < end + 2 || bytes[end] != GUE_HLEN ||
	    bytes[end + 1] != bytes[1])
		return;
	decoded->rest = bytes + end;
	decoded->rest_size = decoded->size - end;
	decoded->rest_missing = decoded->missing;
	decoded->size = end;
	decoded->missing = 0;
}

static void
gue_decode(const struct secret *secret, struct decoded *decoded)
{
	struct decode_gue *gue = &decoded->gue;

	run_split(decoded);
	const uint8_t *bytes = decoded->bytes;
	size_t size = decoded->size;
	struct cursor cursor = cursor_over(bytes, size);

	if (size >= 4) {
		gue->variant = bytes[0] >> GUE_VARIANT_SHIFT;
		gue->control = (bytes[0] & GUE_CONTROL) != 0;
		gue->hlen = bytes[0] & GUE_HLEN_MASK;
		gue->protocol = bytes[1];
		gue->flags = wire_get16(bytes + 2);
	}
	gue->drop = gue_parse(&cursor, &gue->header);
	if (gue->drop != DROP_NONE)
		return;
	gue->tag = tag_decode(secret, decoded, cursor.at, cursor_left(&cursor));
	inner_decode(gue, decoded->missing == 0, cursor.at,
		     cursor_left(&cursor));
}

static bool
all_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void
message_check(struct decode_dht *dht)
{
	struct message_reader reader;

	dht->message_drop =
		message_open(&reader, dht->message, dht->message_size);
}

/* A message in clear before what the seal would take (sim/host/boots.h); its
 * type is not 0. */
static bool
plain_decode(const uint8_t *bytes, size_t size, struct decode_dht *dht)
{
	if (size < MESSAGE_HEADER_BYTES + MESSAGE_SEAL_BYTES ||
	    size > MESSAGE_SEALED_MAX || bytes[1] == 0 ||
	    !all_zero(bytes + size - MESSAGE_SEAL_BYTES + 4,
		      MESSAGE_SEAL_BYTES - 4))
		return false;
	dht->seal = DECODE_SEAL_PLAIN;
	dht->message_size = (uint32_t)size - MESSAGE_SEAL_BYTES;
	memcpy(dht->message, bytes, dht->message_size);
	message_check(dht);
	return true;
}

static void
dht_decode(const struct secret *secret, struct decoded *decoded)
{
	struct decode_dht *dht = &decoded->dht;
	const uint8_t *bytes = decoded->bytes;
	size_t size = decoded->size, message_size = 0;

	if (decoded->missing == 0 && plain_decode(bytes, size, dht))
		return;
	dht->seal = DECODE_SEAL_CLOSED;
	if (size < SEAL_FIELDS) {
		dht->seal = DECODE_SEAL_REFUSED;
		dht->drop = DROP_SHORT;
		return;
	}
	dht->key_id = bytes[0];
	dht->boot = wire_get64(bytes + SEAL_BOOT);
	dht->sequence = wire_get64(bytes + SEAL_SEQUENCE);
	dht->refusal = seal_is_refusal(bytes);
	if (secret == NULL || decoded->missing > 0)
		return;
	dht->drop =
		seal_read(secret, &decoded->from, &decoded->to, bytes, size,
			  dht->message, sizeof(dht->message), &message_size);
	if (dht->drop != DROP_NONE) {
		dht->seal = DECODE_SEAL_REFUSED;
		return;
	}
	dht->seal = DECODE_SEAL_OPENED;
	if (dht->refusal) {
		dht->refused = message_size == 8 ? wire_get64(dht->message) : 0;
		return;
	}
	dht->message_size = (uint32_t)message_size;
	message_check(dht);
}

bool
decode_packet(const struct secret *secret, const uint8_t *bytes, size_t size,
	      struct decoded *decoded)
{
	struct packet outer;

	/* As a quote: a capture may have cut it anywhere. */
	if (packet_parse_quote(bytes, size, &outer) != DROP_NONE ||
	    outer.protocol != IP_UDP || !outer.transport ||
	    (outer.dst_port != GUE_PORT && outer.dst_port != DECODE_DHT_PORT))
		return false;

	uint32_t declared = wire_get16(bytes + outer.l4_offset + 4);
	*decoded = (struct decoded){
		.kind = outer.dst_port == GUE_PORT ? DECODE_GUE : DECODE_DHT,
		.from = { .address = outer.src, .port = outer.src_port },
		.to = { .address = outer.dst, .port = outer.dst_port },
		.bytes = bytes + outer.payload_offset,
		.size = outer.payload_bytes,
		.missing = declared - UDP_HEADER_BYTES - outer.payload_bytes,
	};
	if (decoded->kind == DECODE_GUE)
		gue_decode(secret, decoded);
	else
		dht_decode(secret, decoded);
	return true;
}

bool
decode_next(const struct secret *secret, struct decoded *decoded)
{
	if (decoded->rest_size == 0)
		return false;
	*decoded = (struct decoded){
		.kind = decoded->kind,
		.from = decoded->from,
		.to = decoded->to,
		.bytes = decoded->rest,
		.size = decoded->rest_size,
		.missing = decoded->rest_missing,
	};
	gue_decode(secret, decoded);
	return true;
}
