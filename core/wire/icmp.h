/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * icmp.h - ICMP and ICMPv6, as far as they speak about another packet
 *
 *	+------+------+----------+-------------------+--------------------
 *	| type | code | checksum | 4 bytes by type   | quote: the packet
 *	+------+------+----------+-------------------+ that was in trouble
 *	   1      1        2       MTU, pointer, id    from its IP header on
 *
 * An error quotes the IP header and at least 8 transport bytes (RFC 792),
 * usually more (RFC 1812: up to 576 bytes in all; RFC 4443: up to 1,280).
 * Extensions behind the quote (RFC 4884) are not read. Messages that are no
 * error have no quote and are left alone, but for echo (RFC 792, RFC 4443
 * section 4): its four bytes are an identifier and a sequence number, and what
 * follows comes back as it was sent.
 *
 * The next hop's MTU is a 16-bit number in the last two of the four bytes
 * for IPv4 (RFC 1191; 0 from routers older than that), all four in IPv6.
 */
#ifndef CORE_WIRE_ICMP_H
#define CORE_WIRE_ICMP_H

#include "core/drop.h"
#include "core/wire/cursor.h"

#define ICMP_HEADER_BYTES 8

/* RFC 792 */
#define ICMP4_TYPE_ECHO_REPLY	  0
#define ICMP4_TYPE_UNREACHABLE	  3
#define ICMP4_TYPE_QUENCH	  4 /* deprecated, RFC 6633 */
#define ICMP4_TYPE_REDIRECT	  5
#define ICMP4_TYPE_ECHO		  8
#define ICMP4_TYPE_TIME_EXCEEDED  11
#define ICMP4_TYPE_PARAMETER	  12
#define ICMP4_CODE_NET		  0
#define ICMP4_CODE_HOST		  1
#define ICMP4_CODE_PORT		  3
#define ICMP4_CODE_TOO_BIG	  4 /* fragmentation needed and DF set */
#define ICMP4_CODE_PROHIBITED	  13 /* RFC 1812 section 5.2.7.1 */
#define ICMP4_CODE_TTL_IN_TRANSIT 0

/* RFC 4443 */
#define ICMP6_TYPE_UNREACHABLE	  1
#define ICMP6_TYPE_PACKET_TOO_BIG 2
#define ICMP6_TYPE_TIME_EXCEEDED  3
#define ICMP6_TYPE_PARAMETER	  4
#define ICMP6_TYPE_ECHO		  128
#define ICMP6_TYPE_ECHO_REPLY	  129
#define ICMP6_TYPE_REDIRECT	  137 /* RFC 4861: no error, no quote */
#define ICMP6_CODE_NO_ROUTE	  0
#define ICMP6_CODE_PROHIBITED	  1
#define ICMP6_CODE_ADDRESS	  3
#define ICMP6_CODE_PORT		  4
#define ICMP6_CODE_HOP_LIMIT	  0

struct wire_icmp {
	uint8_t type, code;
	uint8_t sum[2];
	uint8_t rest[4];
};
_Static_assert(sizeof(struct wire_icmp) == 8, "RFC 792: 8 octets");

struct icmp_header {
	uint32_t mtu; /* of a too big; 0: unknown, or another message */
	uint8_t type, code;
	bool error; /* the packet that it is about follows */
};

/* Is it an error that quotes a packet? ICMPv6 keeps types below 128 for
 * errors; in IPv4 a redirect quotes too. */
WIRE_INLINE bool
icmp_is_error(uint8_t family, uint8_t type)
{
	if (family == 6)
		return type < 128;
	return type == ICMP4_TYPE_UNREACHABLE || type == ICMP4_TYPE_QUENCH ||
	       type == ICMP4_TYPE_REDIRECT ||
	       type == ICMP4_TYPE_TIME_EXCEEDED || type == ICMP4_TYPE_PARAMETER;
}

/* The type of an echo, or of its reply. */
WIRE_INLINE uint8_t
icmp_echo_type(uint8_t family, bool reply)
{
	if (family == 6)
		return reply ? ICMP6_TYPE_ECHO_REPLY : ICMP6_TYPE_ECHO;
	return reply ? ICMP4_TYPE_ECHO_REPLY : ICMP4_TYPE_ECHO;
}

/* Does an error say that the net or the host cannot be reached? That somebody
 * prohibits it says nothing of the host. */
WIRE_INLINE bool
icmp_is_unreachable(uint8_t family, uint8_t type, uint8_t code)
{
	if (family == 6)
		return type == ICMP6_TYPE_UNREACHABLE &&
		       (code == ICMP6_CODE_NO_ROUTE ||
			code == ICMP6_CODE_ADDRESS);
	return type == ICMP4_TYPE_UNREACHABLE &&
	       (code == ICMP4_CODE_NET || code == ICMP4_CODE_HOST);
}

/* Does it say that a packet went round until its time was up? A host says so of
 * fragments, with another code. */
WIRE_INLINE bool
icmp_is_loop(uint8_t family, uint8_t type, uint8_t code)
{
	if (family == 6)
		return type == ICMP6_TYPE_TIME_EXCEEDED &&
		       code == ICMP6_CODE_HOP_LIMIT;
	return type == ICMP4_TYPE_TIME_EXCEEDED &&
	       code == ICMP4_CODE_TTL_IN_TRANSIT;
}

/* Is it the word of a host that no socket of its has the port? */
WIRE_INLINE bool
icmp_is_port_unreachable(uint8_t family, uint8_t type, uint8_t code)
{
	if (family == 6)
		return type == ICMP6_TYPE_UNREACHABLE &&
		       code == ICMP6_CODE_PORT;
	return type == ICMP4_TYPE_UNREACHABLE && code == ICMP4_CODE_PORT;
}

WIRE_INLINE bool
icmp_is_too_big(uint8_t family, uint8_t type, uint8_t code)
{
	if (family == 6)
		return type == ICMP6_TYPE_PACKET_TOO_BIG;
	return type == ICMP4_TYPE_UNREACHABLE && code == ICMP4_CODE_TOO_BIG;
}

/* Read the header of either family's ICMP; the cursor then stands at the
 * quote, if it is an error. */
WIRE_INLINE enum drop
icmp_parse(struct cursor *cursor, uint8_t family, struct icmp_header *header)
{
	const struct wire_icmp *icmp;

	icmp = (const struct wire_icmp *)cursor_take(cursor, sizeof(*icmp));
	if (icmp == NULL)
		return DROP_SHORT;
	header->type = icmp->type;
	header->code = icmp->code;
	header->error = icmp_is_error(family, icmp->type);
	header->mtu = 0;
	if (icmp_is_too_big(family, icmp->type, icmp->code))
		header->mtu = family == 6 ? wire_get32(icmp->rest)
					  : wire_get16(icmp->rest + 2);
	return DROP_NONE;
}

/* Write 8 bytes with checksum 0. */
WIRE_INLINE void
icmp_build(uint8_t *out, uint8_t family, const struct icmp_header *header)
{
	struct wire_icmp icmp = {
		.type = header->type,
		.code = header->code,
	};

	if (family == 6)
		wire_put32(icmp.rest, header->mtu);
	else
		wire_put16(icmp.rest + 2, (uint16_t)header->mtu);
	__builtin_memcpy(out, &icmp, sizeof(icmp));
}

#endif
