/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp.h - UDP: 8 bytes and a checksum that IPv4 may leave out
 *
 *	+-------------+------------------+--------------+----------+
 *	| source port | destination port | length, >= 8 | checksum |
 *	+-------------+------------------+--------------+----------+
 *
 * Checksum 0 says "none" (IPv4); a sum that comes out as 0 is sent as
 * 0xffff, which is the same number in one's complement.
 *
 * RFC 768; RFC 8200 section 8.1: in IPv6 the checksum is compulsory.
 */
#ifndef CORE_WIRE_UDP_H
#define CORE_WIRE_UDP_H

#include "core/drop.h"
#include "core/wire/cursor.h"

#define UDP_HEADER_BYTES 8

struct wire_udp {
	uint8_t src_port[2], dst_port[2];
	uint8_t length[2]; /* header and payload */
	uint8_t sum[2];
};
_Static_assert(sizeof(struct wire_udp) == 8, "RFC 768: 8 octets");

struct udp_header {
	uint16_t src_port, dst_port;
	uint16_t length; /* in bytes, 8 to 65,535 */
	uint16_t sum; /* as found; udp_build() writes 0 */
};

WIRE_INLINE enum drop
udp_parse(struct cursor *cursor, struct udp_header *header)
{
	const struct wire_udp *udp;

	udp = (const struct wire_udp *)cursor_take(cursor, sizeof(*udp));
	if (udp == NULL)
		return DROP_SHORT;
	header->src_port = wire_get16(udp->src_port);
	header->dst_port = wire_get16(udp->dst_port);
	header->length = wire_get16(udp->length);
	header->sum = wire_get16(udp->sum);
	return header->length < UDP_HEADER_BYTES ? DROP_MALFORMED : DROP_NONE;
}

/* Write 8 bytes with checksum 0; udp_finish() makes the field's value. */
WIRE_INLINE void
udp_build(uint8_t *out, const struct udp_header *header)
{
	wire_put16(out, header->src_port);
	wire_put16(out + 2, header->dst_port);
	wire_put16(out + 4, header->length);
	wire_put16(out + 6, 0);
}

/* What to send for a computed checksum. */
WIRE_INLINE uint16_t
udp_finish(uint16_t checksum)
{
	return checksum == 0 ? 0xffff : checksum;
}

#endif
