/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ip6.h - IPv6: header and the chain of extension headers, bounded
 *
 *	+------+---------------+------------------------+
 *	|  6   | traffic class |       flow label       |
 *	+------+---------------+-------------+----------+
 *	|    payload length    | next header | hop limit|
 *	+----------------------+-------------+----------+
 *	|           source address, 16 bytes            |
 *	|         destination address, 16 bytes         |
 *	+-----------------------------------------------+
 *	  hop-by-hop -> routing -> fragment -> AH -> destination -> TCP
 *
 * Each extension names the next one. The walk takes at most
 * IP6_EXTENSIONS_MAX of them (DROP_EXTENSIONS beyond), as many as RFC 8200
 * section 4.1 lists before the payload; routers may drop far less (RFC 9098).
 * It ends at
 *  - anything that is no extension: that is the transport protocol;
 *  - a fragment header with an offset: what follows is not a header;
 *  - ESP, and "no next header".
 * Hop-by-hop counts only as the first (RFC 8200 section 4.1), elsewhere the
 * packet is malformed. AH alone counts its length in 4-byte units.
 *
 * The contents of options are not read: what they ask for is a host's or
 * router's business, none of the padding or options that exist moves the
 * transport header, and jumbo payloads (RFC 2675) are not ours.
 *
 * RFC 8200; RFC 4302 (AH); RFC 8754 (SRH); RFC 5095, 6275 (routing 0, 2).
 */
#ifndef CORE_WIRE_IP6_H
#define CORE_WIRE_IP6_H

#include "core/drop.h"
#include "core/wire/cursor.h"
#include "core/wire/protocol.h"

#define IP6_HEADER_BYTES   40
#define IP6_EXTENSIONS_MAX 6
#define IP6_MF		   0x0001
#define IP6_OFFSET_MASK	   0xfff8 /* in place: a multiple of 8 bytes */
#define IP6_MTU_MIN	   1280
#define IP6_ROUTE_SOURCE   0 /* types of the routing header */
#define IP6_ROUTE_HOME	   2
#define IP6_ROUTE_SEGMENT  4

struct wire_ip6 {
	uint8_t version_class_label[4]; /* 4, 8 and 20 bits */
	uint8_t payload_bytes[2];
	uint8_t next;
	uint8_t hop_limit;
	uint8_t src[16], dst[16];
};
_Static_assert(sizeof(struct wire_ip6) == 40, "RFC 8200: 40 octets");

struct wire_ip6_extension { /* the common start */
	uint8_t next;
	uint8_t length; /* in 8 bytes beyond the first 8; AH: 4 bytes, + 8 */
	uint8_t type; /* of a routing header, and */
	uint8_t left; /* its segments left */
	uint8_t rest[4];
};
_Static_assert(sizeof(struct wire_ip6_extension) == 8, "RFC 8200: 8 octets");

struct wire_ip6_fragment {
	uint8_t next;
	uint8_t reserved;
	uint8_t offset[2]; /* 13 bits, 2 reserved, M */
	uint8_t id[4];
};
_Static_assert(sizeof(struct wire_ip6_fragment) == 8, "RFC 8200: 8 octets");

struct ip6_header {
	uint8_t src[16], dst[16];
	uint32_t flow_label; /* 20 bits */
	uint16_t payload_bytes; /* extension headers and what follows them */
	uint8_t traffic_class;
	uint8_t next;
	uint8_t hop_limit;
};

/* What the walk along the extensions found. */
struct ip6_chain {
	uint32_t bytes; /* of all extension headers */
	uint32_t fragment_id;
	uint16_t fragment_offset; /* in bytes */
	/* An unfinished source route: where its last address, the true
	 * destination, is behind the fixed header, plus 40. Else 0. */
	uint16_t final_offset;
	uint8_t protocol; /* that ended the walk */
	uint8_t count;
	bool fragment, mf;
};

/* Read the fixed header; the cursor then stands behind it. */
WIRE_INLINE enum drop
ip6_parse(struct cursor *cursor, struct ip6_header *header)
{
	const struct wire_ip6 *ip;
	uint32_t word;

	ip = (const struct wire_ip6 *)cursor_take(cursor, sizeof(*ip));
	if (ip == NULL)
		return DROP_SHORT;
	word = wire_get32(ip->version_class_label);
	if (word >> 28 != 6)
		return DROP_VERSION;
	__builtin_memcpy(header->src, ip->src, 16);
	__builtin_memcpy(header->dst, ip->dst, 16);
	header->flow_label = word & 0xfffff;
	header->traffic_class = (uint8_t)(word >> 20);
	header->payload_bytes = wire_get16(ip->payload_bytes);
	header->next = ip->next;
	header->hop_limit = ip->hop_limit;
	return DROP_NONE;
}

WIRE_INLINE bool
ip6_is_extension(uint8_t protocol)
{
	return protocol == IP_HOP_BY_HOP || protocol == IP_ROUTING ||
	       protocol == IP_FRAGMENT || protocol == IP_AH ||
	       protocol == IP_DESTINATION;
}

/* Where the last address of a routing header with segments left is, from the
 * header's start; 0 if it is not in there or of a kind we do not know. */
WIRE_INLINE uint16_t
ip6_route_final(const struct wire_ip6_extension *route, uint32_t bytes)
{
	if (route->left == 0 || bytes < 24)
		return 0;
	if (route->type == IP6_ROUTE_SEGMENT) /* listed backwards */
		return 8;
	if (route->type == IP6_ROUTE_SOURCE || route->type == IP6_ROUTE_HOME)
		return (uint16_t)(bytes - 16);
	return 0;
}

/* Walk the extension headers that start at the cursor, the first of kind
 * `next`, in a payload of payload_bytes; the cursor then stands behind the
 * last. */
WIRE_INLINE enum drop
ip6_chain_read(struct cursor *cursor, uint8_t next, uint32_t payload_bytes,
	       struct ip6_chain *chain)
{
	__builtin_memset(chain, 0, sizeof(*chain));
	for (unsigned i = 0; i < IP6_EXTENSIONS_MAX; i++) {
		const struct wire_ip6_extension *extension;
		uint32_t bytes = 8;

		if (!ip6_is_extension(next))
			break;
		if (next == IP_HOP_BY_HOP && i > 0)
			return DROP_MALFORMED;
		extension = (const struct wire_ip6_extension *)cursor_take(
			cursor, 8);
		if (extension == NULL)
			return DROP_SHORT;
		if (next == IP_AH)
			bytes = (extension->length + 2u) * 4;
		else if (next != IP_FRAGMENT)
			bytes = (extension->length + 1u) * 8;
		if (payload_bytes - chain->bytes < bytes)
			return DROP_SHORT;
		if (bytes > 8 && cursor_take(cursor, bytes - 8) == NULL)
			return DROP_SHORT;
		if (next == IP_ROUTING) {
			uint16_t final = ip6_route_final(extension, bytes);

			if (final != 0)
				chain->final_offset =
					(uint16_t)(IP6_HEADER_BYTES +
						   chain->bytes + final);
		}
		chain->count++;
		chain->bytes += bytes;
		if (next == IP_FRAGMENT) {
			uint16_t offset = wire_get16(&extension->type);

			chain->fragment = true;
			chain->fragment_offset = offset & IP6_OFFSET_MASK;
			chain->mf = (offset & IP6_MF) != 0;
			chain->fragment_id = wire_get32(extension->rest);
		}
		next = extension->next;
		if (chain->fragment_offset > 0)
			break;
	}
	chain->protocol = next;
	/* After an offset `next` only names what the first fragment had. */
	return chain->fragment_offset == 0 && ip6_is_extension(next)
		       ? DROP_EXTENSIONS
		       : DROP_NONE;
}

WIRE_INLINE void
ip6_build(uint8_t *out, const struct ip6_header *header)
{
	struct wire_ip6 ip = {
		.next = header->next,
		.hop_limit = header->hop_limit,
	};

	wire_put32(ip.version_class_label,
		   6u << 28 | (uint32_t)header->traffic_class << 20 |
			   (header->flow_label & 0xfffff));
	wire_put16(ip.payload_bytes, header->payload_bytes);
	__builtin_memcpy(ip.src, header->src, 16);
	__builtin_memcpy(ip.dst, header->dst, 16);
	__builtin_memcpy(out, &ip, sizeof(ip));
}

/* The 8 bytes of a fragment header; offset_bytes is a multiple of 8. */
WIRE_INLINE void
ip6_fragment_build(uint8_t *out, uint8_t next, uint16_t offset_bytes, bool mf,
		   uint32_t id)
{
	struct wire_ip6_fragment fragment = { .next = next };

	wire_put16(fragment.offset,
		   (uint16_t)((offset_bytes & IP6_OFFSET_MASK) |
			      (mf ? IP6_MF : 0)));
	wire_put32(fragment.id, id);
	__builtin_memcpy(out, &fragment, sizeof(fragment));
}

#endif
