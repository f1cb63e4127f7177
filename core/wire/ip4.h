/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ip4.h - IPv4: header, options, fragments
 *
 *	 0               1               2               3
 *	+-------+-------+---------------+-------------------------------+
 *	|   4   |  IHL  | traffic class |          total length         |
 *	+-------+-------+---------------+-+-+-+-------------------------+
 *	|        identification         |0|D|M| fragment offset / 8     |
 *	+---------------+---------------+-+-+-+-------------------------+
 *	| time to live  |   protocol    |        header checksum        |
 *	+---------------+---------------+-------------------------------+
 *	|                        source address                         |
 *	+---------------------------------------------------------------+
 *	|                     destination address                       |
 *	+---------------------------------------------------------------+
 *	|                 0 to 40 bytes of options                      |
 *
 * Options are walked, not understood: each is one byte (end, no-op) or has
 * a length, and none may reach past the header. A host answers a broken one
 * with "parameter problem"; we count it as malformed.
 *
 * RFC 791; RFC 6864 (identification); RFC 2474, 3168 (traffic class).
 */
#ifndef CORE_WIRE_IP4_H
#define CORE_WIRE_IP4_H

#include "core/drop.h"
#include "core/wire/checksum.h"
#include "core/wire/cursor.h"
#include "core/wire/protocol.h"

#define IP4_HEADER_MIN	  20
#define IP4_HEADER_MAX	  60
#define IP4_DF		  0x4000
#define IP4_MF		  0x2000
#define IP4_OFFSET_MASK	  0x1fff /* units of 8 bytes */
#define IP4_OPTIONS_MAX	  40 /* bytes */
#define IP4_OPTIONS_ROOM  66 /* 63 + 2 is still inside */
#define IP4_OPTION_END	  0
#define IP4_OPTION_NOP	  1
#define IP4_OPTION_COPIED 0x80 /* bit: goes into every fragment */
#define IP4_OPTION_LSRR	  131 /* loose source route */
#define IP4_OPTION_SSRR	  137 /* strict */
#define IP4_MTU_MIN	  68 /* every link carries that much */

struct wire_ip4 {
	uint8_t version_ihl;
	uint8_t traffic_class;
	uint8_t total_bytes[2];
	uint8_t id[2];
	uint8_t fragment[2]; /* flags 3, offset 13 */
	uint8_t ttl;
	uint8_t protocol;
	uint8_t sum[2];
	uint8_t src[4], dst[4];
};
_Static_assert(sizeof(struct wire_ip4) == 20, "RFC 791: at least 20 octets");

struct ip4_header {
	uint8_t src[4], dst[4];
	uint16_t total_bytes; /* header and payload */
	uint16_t id;
	uint16_t fragment_offset; /* in bytes, multiple of 8 */
	uint8_t header_bytes; /* 20 to 60 */
	uint8_t ttl;
	uint8_t protocol;
	uint8_t traffic_class;
	bool df, mf;
	/* A source route with stops left: how far into the header its last
	 * address, the true destination, is. Else 0. */
	uint8_t final_offset;
};

/* The size bytes of options of one header, copied out of it. *final_offset:
 * into them, the last address of an unfinished source route, else 0.
 *
 * A copy, because the BPF verifier follows an index into the stack easily,
 * but every step of a pointer into the packet as a new unknown: walking in
 * place costs it more than its million steps. It also
 * forgets that at + 2 is less than size, hence the room and the mask. */
WIRE_INLINE enum drop
ip4_options_parse(const uint8_t options[IP4_OPTIONS_ROOM], uint32_t size,
		  uint8_t *final_offset)
{
	uint32_t at = 0;

	*final_offset = 0;
	for (unsigned i = 0; i < IP4_OPTIONS_MAX; i++) {
		uint32_t kind, length;

		at = wire_masked(at, 63);
		if (at >= size || options[at] == IP4_OPTION_END)
			return DROP_NONE;
		kind = options[at];
		if (kind == IP4_OPTION_NOP) {
			at++;
			continue;
		}
		if (at + 1 >= size)
			return DROP_MALFORMED;
		length = options[at + 1];
		if (length < 2 || length > size - at)
			return DROP_MALFORMED;
		/* The pointer of a route counts from 1, and points behind the
		 * route when no stop is left. */
		if ((kind == IP4_OPTION_LSRR || kind == IP4_OPTION_SSRR) &&
		    length >= 7 && options[at + 2] <= length - 3)
			*final_offset = (uint8_t)(at + length - 4);
		at += length;
	}
	return DROP_NONE;
}

/* Read a header; the cursor then stands behind it. Says nothing about whether
 * total_bytes are there: in a quote they are not. */
WIRE_INLINE enum drop
ip4_parse(struct cursor *cursor, struct ip4_header *header)
{
	uint8_t options[IP4_OPTIONS_ROOM] = { 0 };
	const struct wire_ip4 *ip;
	struct cursor peek;
	uint32_t options_bytes;
	uint16_t fragment;
	uint8_t final_offset;
	enum drop drop;

	ip = (const struct wire_ip4 *)cursor_take(cursor, sizeof(*ip));
	if (ip == NULL)
		return DROP_SHORT;
	if (ip->version_ihl >> 4 != 4)
		return DROP_VERSION;
	__builtin_memcpy(header->src, ip->src, 4);
	__builtin_memcpy(header->dst, ip->dst, 4);
	header->total_bytes = wire_get16(ip->total_bytes);
	header->id = wire_get16(ip->id);
	fragment = wire_get16(ip->fragment);
	header->df = (fragment & IP4_DF) != 0;
	header->mf = (fragment & IP4_MF) != 0;
	header->fragment_offset = (uint16_t)((fragment & IP4_OFFSET_MASK) << 3);
	header->header_bytes = (uint8_t)((ip->version_ihl & 0xf) << 2);
	header->ttl = ip->ttl;
	header->protocol = ip->protocol;
	header->traffic_class = ip->traffic_class;
	header->final_offset = 0;
	if (header->header_bytes < IP4_HEADER_MIN ||
	    header->total_bytes < header->header_bytes)
		return DROP_MALFORMED;
	options_bytes = header->header_bytes - (uint32_t)sizeof(*ip);
	if (options_bytes == 0)
		return DROP_NONE;
	peek = *cursor;
	for (unsigned i = 0; i < IP4_OPTIONS_MAX && i < options_bytes; i += 4) {
		const uint8_t *word = cursor_take(&peek, 4);

		if (word == NULL)
			return DROP_SHORT;
		__builtin_memcpy(options + i, word, 4);
	}
	/* Put so, the BPF verifier walks what follows once, and not for every
	 * length that the loop above could have ended at. */
	options_bytes = wire_masked(options_bytes, 63);
	if (cursor_take(cursor, options_bytes) == NULL)
		return DROP_SHORT;
	drop = ip4_options_parse(options, options_bytes, &final_offset);
	if (final_offset != 0)
		header->final_offset = (uint8_t)(final_offset + sizeof(*ip));
	return drop;
}

/* Write the first 20 bytes; header_bytes - 20 bytes of options, which end
 * in padding, are at `out` already. The checksum covers them. */
WIRE_INLINE void
ip4_build(uint8_t *out, const struct ip4_header *header)
{
	struct wire_ip4 ip = {
		.version_ihl = (uint8_t)(0x40 | header->header_bytes >> 2),
		.traffic_class = header->traffic_class,
		.ttl = header->ttl,
		.protocol = header->protocol,
	};
	uint32_t fragment = header->fragment_offset >> 3;

	if (header->df)
		fragment |= IP4_DF;
	if (header->mf)
		fragment |= IP4_MF;
	wire_put16(ip.total_bytes, header->total_bytes);
	wire_put16(ip.id, header->id);
	wire_put16(ip.fragment, (uint16_t)fragment);
	__builtin_memcpy(ip.src, header->src, 4);
	__builtin_memcpy(ip.dst, header->dst, 4);
	__builtin_memcpy(out, &ip, sizeof(ip));
	wire_put16(out + offsetof(struct wire_ip4, sum),
		   checksum_finish(checksum_add(0, out, header->header_bytes)));
}

#endif
