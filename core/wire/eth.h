/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eth.h - Ethernet II, with 802.1Q and 802.1ad tags (QinQ)
 *
 *	+-----+-----+------+           +------+------+
 *	| dst | src | type | 0x88a8 -> | tci  | type | 0x8100 -> ... -> payload
 *	+-----+-----+------+           +------+------+
 *	   6     6     2                  2      2
 *
 * Tags may be stacked up to ETH_TAGS_MAX deep; a deeper stack is malformed.
 * A type below 0x600 is a length (IEEE 802.3 with LLC), which carries no IP
 * that we know: DROP_PROTOCOL.
 */
#ifndef CORE_WIRE_ETH_H
#define CORE_WIRE_ETH_H

#include "core/drop.h"
#include "core/wire/cursor.h"

#define ETH_TYPE_IP4	0x0800
#define ETH_TYPE_IP6	0x86dd
#define ETH_TYPE_VLAN	0x8100 /* 802.1Q: customer tag */
#define ETH_TYPE_QINQ	0x88a8 /* 802.1ad: service tag */
#define ETH_TYPE_QINQ_9 0x9100 /* QinQ before 802.1ad, still met */
#define ETH_TYPE_MIN	0x0600 /* below: a length */
#define ETH_TAGS_MAX	4

struct wire_eth {
	uint8_t dst[6], src[6], type[2];
};
_Static_assert(sizeof(struct wire_eth) == 14, "IEEE 802.3: 14 octets");

struct wire_vlan { /* follows a type that says VLAN */
	uint8_t tci[2]; /* priority 3, drop eligible 1, identifier 12 */
	uint8_t type[2];
};
_Static_assert(sizeof(struct wire_vlan) == 4, "IEEE 802.1Q: 4 octets");

struct eth_header {
	uint8_t dst[6], src[6];
	uint16_t type; /* of the payload, after all tags */
	uint16_t tag_types[ETH_TAGS_MAX]; /* outermost first */
	uint16_t tags[ETH_TAGS_MAX]; /* tci */
	uint8_t tag_count;
};

WIRE_INLINE bool
eth_type_is_tag(uint16_t type)
{
	return type == ETH_TYPE_VLAN || type == ETH_TYPE_QINQ ||
	       type == ETH_TYPE_QINQ_9;
}

/* Read the header and its tags; the cursor then stands at the payload. */
WIRE_INLINE enum drop
eth_parse(struct cursor *cursor, struct eth_header *header)
{
	const struct wire_eth *eth;
	uint16_t type;

	eth = (const struct wire_eth *)cursor_take(cursor, sizeof(*eth));
	if (eth == NULL)
		return DROP_SHORT;
	__builtin_memset(header, 0, sizeof(*header));
	__builtin_memcpy(header->dst, eth->dst, 6);
	__builtin_memcpy(header->src, eth->src, 6);
	type = wire_get16(eth->type);
	for (unsigned i = 0; i < ETH_TAGS_MAX && eth_type_is_tag(type); i++) {
		const struct wire_vlan *vlan;

		vlan = (const struct wire_vlan *)cursor_take(cursor,
							     sizeof(*vlan));
		if (vlan == NULL)
			return DROP_SHORT;
		header->tag_types[i] = type;
		header->tags[i] = wire_get16(vlan->tci);
		header->tag_count = (uint8_t)(i + 1);
		type = wire_get16(vlan->type);
	}
	header->type = type;
	if (eth_type_is_tag(type))
		return DROP_MALFORMED;
	return type < ETH_TYPE_MIN ? DROP_PROTOCOL : DROP_NONE;
}

/* Bytes that eth_build() writes. */
WIRE_INLINE size_t
eth_bytes(const struct eth_header *header)
{
	return sizeof(struct wire_eth) +
	       header->tag_count * sizeof(struct wire_vlan);
}

/* tag_count <= ETH_TAGS_MAX; out has room for eth_bytes(). */
WIRE_INLINE void
eth_build(uint8_t *out, const struct eth_header *header)
{
	__builtin_memcpy(out, header->dst, 6);
	__builtin_memcpy(out + 6, header->src, 6);
	out += 12;
	for (unsigned i = 0; i < ETH_TAGS_MAX && i < header->tag_count; i++) {
		wire_put16(out, header->tag_types[i]);
		wire_put16(out + 2, header->tags[i]);
		out += 4;
	}
	wire_put16(out, header->type);
}

#endif
