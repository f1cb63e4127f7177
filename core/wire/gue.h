/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gue.h - Generic UDP Encapsulation, variant 0, with our private data
 *
 *	 0               1               2               3
 *	+---+-+---------+---------------+-------------------------------+
 *	| 0 |0| Hlen 4  |  4 or 41      |           flags 0             |
 *	+---+-+---------+---------------+-------------------------------+
 *	|   hop count   |    key id     |             boot              |
 *	+---------------+---------------+-------------------------------+
 *	|                      sequence number                          |
 *	+---------------------------------------------------------------+
 *	|            tag: SipHash-2-4 of what is listed below           |
 *	|                                                               |
 *	+---------------------------------------------------------------+
 *	|        the packet inside: IPv4 (4) or IPv6 (41)               |
 *
 * Hlen counts 32-bit words behind the first four bytes ([1] section 3.1);
 * with no flag set there are no extension fields, so all four words are
 * private data, which [1] leaves to an agreement of the two ends.
 *
 * The tag covers, in this order: outer source and destination address (4 or
 * 16 bytes each), hop count to sequence number (8 bytes), and the first
 * GUE_INNER_BYTES of the packet inside, or all when it is shorter. That
 * binds the tag to the session: a full TCP header with its ports, sequence
 * numbers and checksum, so that a tag cannot be moved to another packet.
 * The hash itself is not here: BPF and the core bring their own.
 *
 * Boot is a number for each stream of sequence numbers, so that a sender that
 * restarted is heard at once: see core/antireplay.h and core/steer/tunnel.h.
 *
 *	outer IP | UDP 6080 | GUE 4 | private 16 | inner packet
 *	GUE_OVERHEAD4 = 20 + 8 + 4 + 16 = 48, GUE_OVERHEAD6 = 68
 *
 * [1] draft-ietf-intarea-gue-09, Generic UDP Encapsulation.
 */
#ifndef CORE_WIRE_GUE_H
#define CORE_WIRE_GUE_H

#include "core/address.h"
#include "core/drop.h"
#include "core/wire/cursor.h"
#include "core/wire/protocol.h"

#define GUE_PORT	  6080 /* IANA: gue */
#define GUE_HEADER_BYTES  20 /* fixed part and private data */
#define GUE_HLEN	  4
#define GUE_VARIANT_SHIFT 6
#define GUE_CONTROL	  0x20
#define GUE_HLEN_MASK	  0x1f
#define GUE_INNER_BYTES	  64
#define GUE_TAG_INPUT_MAX 104 /* 2 x 16 + 8 + 64 */
#define GUE_OVERHEAD4	  48
#define GUE_OVERHEAD6	  68

struct wire_gue {
	uint8_t variant_hlen; /* variant 2, control 1, Hlen 5 bits */
	uint8_t protocol; /* "proto/ctype" */
	uint8_t flags[2];
	/* private data */
	uint8_t hop_count;
	uint8_t key_id;
	uint8_t boot[2];
	uint8_t sequence[4];
	uint8_t tag[8];
};
_Static_assert(sizeof(struct wire_gue) == GUE_HEADER_BYTES,
	       "4 octets and GUE_HLEN words");

struct gue_header {
	uint64_t tag;
	uint32_t sequence;
	uint16_t boot; /* names the stream of sequence numbers */
	uint8_t protocol; /* IP_IP4 or IP_IP6 */
	uint8_t hop_count; /* 1: forwarded once */
	uint8_t key_id;
};

/* Read a UDP payload; the cursor then stands at the packet inside, of which
 * the first byte is there and agrees with `protocol`. The tag is not
 * verified. Another variant: DROP_VERSION; control messages and other
 * contents: DROP_PROTOCOL; lengths or flags other than ours:
 * DROP_MALFORMED. */
WIRE_INLINE enum drop
gue_parse(struct cursor *cursor, struct gue_header *header)
{
	const struct wire_gue *gue;
	struct cursor inner;
	const uint8_t *first;
	uint8_t version;

	/* The first byte decides how to read the rest: a stranger's datagram
	 * is "another version" even if it is short. */
	inner = *cursor;
	first = cursor_take(&inner, 1);
	if (first == NULL)
		return DROP_SHORT;
	if (*first >> GUE_VARIANT_SHIFT != 0)
		return DROP_VERSION;
	gue = (const struct wire_gue *)cursor_take(cursor, sizeof(*gue));
	if (gue == NULL)
		return DROP_SHORT;
	if ((gue->variant_hlen & GUE_CONTROL) != 0)
		return DROP_PROTOCOL;
	if (gue->protocol != IP_IP4 && gue->protocol != IP_IP6)
		return DROP_PROTOCOL;
	if ((gue->variant_hlen & GUE_HLEN_MASK) != GUE_HLEN ||
	    wire_get16(gue->flags) != 0)
		return DROP_MALFORMED;
	header->protocol = gue->protocol;
	header->hop_count = gue->hop_count;
	header->key_id = gue->key_id;
	header->boot = wire_get16(gue->boot);
	header->sequence = wire_get32(gue->sequence);
	header->tag = wire_get64(gue->tag);

	inner = *cursor;
	first = cursor_take(&inner, 1);
	if (first == NULL)
		return DROP_SHORT;
	version = *first >> 4;
	if (version != (gue->protocol == IP_IP4 ? 4 : 6))
		return DROP_MALFORMED;
	return DROP_NONE;
}

/* Write the GUE_HEADER_BYTES. */
WIRE_INLINE void
gue_build(uint8_t *out, const struct gue_header *header)
{
	struct wire_gue gue = {
		.variant_hlen = GUE_HLEN,
		.protocol = header->protocol,
		.hop_count = header->hop_count,
		.key_id = header->key_id,
	};

	wire_put16(gue.boot, header->boot);
	wire_put32(gue.sequence, header->sequence);
	wire_put64(gue.tag, header->tag);
	__builtin_memcpy(out, &gue, sizeof(gue));
}

/* Lay out what the tag is computed of; returns its size. out has room for
 * GUE_TAG_INPUT_MAX bytes; both addresses have one family. Not used in BPF
 * yet: the copy of the inner bytes has a variable size. */
WIRE_INLINE size_t
gue_tag_input(uint8_t *out, const struct address *src,
	      const struct address *dst, const struct gue_header *header,
	      const uint8_t *inner, size_t inner_bytes)
{
	size_t at = src->family == 4 ? 4 : 16;

	__builtin_memcpy(out, src->bytes, 16);
	__builtin_memcpy(out + at, dst->bytes, 16);
	at += at;
	out[at] = header->hop_count;
	out[at + 1] = header->key_id;
	wire_put16(out + at + 2, header->boot);
	wire_put32(out + at + 4, header->sequence);
	at += 8;
	if (inner_bytes > GUE_INNER_BYTES)
		inner_bytes = GUE_INNER_BYTES;
	__builtin_memcpy(out + at, inner, inner_bytes);
	return at + inner_bytes;
}

#endif
