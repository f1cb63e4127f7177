/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet.h - one parser for a whole IP packet, one summary for all readers
 *
 *	bytes            l4_offset          payload_offset      size_bytes
 *	|                |                  |                   |
 *	v                v                  v                   v
 *	+----------------+------------------+-------------------+ - - - -+
 *	| IPv4 + options | TCP, UDP or ICMP | payload           | padding|
 *	| IPv6 + chain   | header           | (ICMP: the quote) | (link) |
 *	+----------------+------------------+-------------------+ - - - -+
 *
 * steer, the simulated routers and replay read packets only through struct
 * packet: plain integers in host order, offsets from the first byte, never
 * pointers, so that a summary may be kept longer than its bytes.
 *
 * What is true of every summary that came with DROP_NONE:
 *  - header_bytes <= l4_offset + l4_bytes <= size_bytes <= size;
 *  - for TCP, UDP and ICMP that are not later fragments the whole transport
 *    header is there, and payload_offset + payload_bytes <= size_bytes;
 *  - later fragments (fragment_offset > 0) have no ports, flags or payload;
 *  - a protocol that is not named here is DROP_NONE with `transport` false;
 *    to want only TCP is the reader's decision.
 *
 * Two ways in. packet_parse() is for packets: all of total length must be
 * there. packet_parse_quote() is for the packet inside an ICMP error, which
 * RFC 792 cuts after 8 transport bytes: ports (and TCP's sequence number)
 * suffice, `partial` says that no more was there. Checksums are verified
 * by a verb of their own, packet_checksum_ok() in core/wire/build.h: live, the
 * kernel or the card has done it.
 *
 * Where we are stricter than the RFCs: a first fragment must hold the whole
 * TCP, UDP or ICMP header (tiny fragments, RFC 1858); IPv4 options must be
 * well-formed; jumbograms (RFC 2675) and total length 0, as some captures
 * taken before segmentation show it, are malformed.
 *
 * Header-only and compiled for BPF too: see cursor.h for the rules.
 *
 * RFC 791, 768, 792, 1858, 4443, 8200, 9293.
 */
#ifndef CORE_WIRE_PACKET_H
#define CORE_WIRE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/drop.h"
#include "core/session.h"
#include "core/wire/cursor.h"
#include "core/wire/icmp.h"
#include "core/wire/ip4.h"
#include "core/wire/ip6.h"
#include "core/wire/tcp.h"
#include "core/wire/udp.h"

struct packet {
	struct address src, dst;
	uint32_t size_bytes; /* as the header says; without link padding */
	uint32_t fragment_id; /* IPv4: 16 bits; IPv6: 32, 0 if no fragment */
	uint32_t flow_label; /* IPv6: 20 bits */
	uint32_t tcp_seq, tcp_ack;
	uint32_t l4_offset, l4_bytes; /* l4_bytes: header and payload */
	uint32_t payload_offset, payload_bytes; /* TCP, UDP */
	uint32_t quote_offset, quote_bytes; /* ICMP errors; else 0 */
	uint32_t icmp_mtu; /* next hop's, of a "too big"; 0: unknown */
	uint16_t header_bytes; /* IPv4 with options; IPv6 with its chain */
	uint16_t final_offset; /* source route: where the last address is */
	uint16_t fragment_offset; /* in bytes */
	uint16_t src_port, dst_port; /* when has_ports */
	uint16_t tcp_window; /* unscaled */
	uint16_t tcp_header_bytes; /* with options, which start at 20 */
	uint8_t family; /* 4 or 6 */
	uint8_t protocol; /* after the extension headers: IP_TCP ... */
	uint8_t ttl; /* or hop limit */
	uint8_t traffic_class; /* DSCP and ECN */
	uint8_t tcp_flags; /* TCP_SYN ... */
	uint8_t icmp_type, icmp_code;
	bool df; /* IPv4's; IPv6 is never fragmented on the way: true */
	bool mf;
	bool transport; /* TCP, UDP or ICMP fields below l4_offset are valid */
	bool has_ports; /* TCP, UDP; in a quote also without `transport` */
	bool partial; /* a quote that ended inside the transport header */
	bool icmp_error; /* about a packet: the quote is at quote_offset */
};

/* ECMP's view, see packet_tuple(). */
#define PACKET_TUPLE_BYTES 38

/* A transport header that ends early, as in a quote: ports and, for TCP, the
 * sequence number lie in its first 8 bytes. */
WIRE_INLINE enum drop
packet_parse_partial(struct cursor *cursor, struct packet *packet)
{
	const uint8_t *bytes;

	if (packet->l4_bytes < TCP_QUOTE_MIN)
		return DROP_SHORT;
	bytes = cursor_take(cursor, TCP_QUOTE_MIN);
	if (bytes == NULL)
		return DROP_SHORT;
	packet->src_port = wire_get16(bytes);
	packet->dst_port = wire_get16(bytes + 2);
	if (packet->protocol == IP_TCP)
		packet->tcp_seq = wire_get32(bytes + 4);
	packet->has_ports = true;
	packet->partial = true;
	return DROP_NONE;
}

WIRE_INLINE enum drop
packet_parse_tcp(struct cursor *cursor, bool quote, struct packet *packet)
{
	struct tcp_header tcp;
	enum drop drop;

	if (packet->l4_bytes < TCP_HEADER_MIN)
		return quote ? packet_parse_partial(cursor, packet)
			     : DROP_SHORT;
	drop = tcp_parse(cursor, &tcp);
	if (drop != DROP_NONE)
		return drop;
	packet->src_port = tcp.src_port;
	packet->dst_port = tcp.dst_port;
	packet->tcp_seq = tcp.seq;
	packet->tcp_ack = tcp.ack;
	packet->tcp_flags = tcp.flags;
	packet->tcp_window = tcp.window;
	packet->tcp_header_bytes = tcp.header_bytes;
	packet->has_ports = true;
	if (tcp.header_bytes > packet->l4_bytes) {
		packet->partial = quote;
		return quote ? DROP_NONE : DROP_SHORT;
	}
	packet->transport = true;
	packet->payload_offset = packet->l4_offset + tcp.header_bytes;
	packet->payload_bytes = packet->l4_bytes - tcp.header_bytes;
	return DROP_NONE;
}

WIRE_INLINE enum drop
packet_parse_udp(struct cursor *cursor, bool quote, struct packet *packet)
{
	struct udp_header udp;
	enum drop drop;
	uint32_t length;

	if (packet->l4_bytes < UDP_HEADER_BYTES)
		return DROP_SHORT;
	drop = udp_parse(cursor, &udp);
	if (drop != DROP_NONE)
		return drop;
	packet->src_port = udp.src_port;
	packet->dst_port = udp.dst_port;
	packet->has_ports = true;
	packet->transport = true;
	length = udp.length;
	if (length > packet->l4_bytes) {
		if (!quote && !packet->mf)
			return DROP_SHORT;
		length = packet->l4_bytes;
	}
	packet->payload_offset = packet->l4_offset + UDP_HEADER_BYTES;
	packet->payload_bytes = length - UDP_HEADER_BYTES;
	return DROP_NONE;
}

WIRE_INLINE enum drop
packet_parse_icmp(struct cursor *cursor, struct packet *packet)
{
	struct icmp_header icmp;
	enum drop drop;

	if (packet->l4_bytes < ICMP_HEADER_BYTES)
		return DROP_SHORT;
	drop = icmp_parse(cursor, packet->family, &icmp);
	if (drop != DROP_NONE)
		return drop;
	packet->transport = true;
	packet->icmp_type = icmp.type;
	packet->icmp_code = icmp.code;
	packet->icmp_mtu = icmp.mtu;
	packet->icmp_error = icmp.error;
	if (icmp.error) {
		packet->quote_offset = packet->l4_offset + ICMP_HEADER_BYTES;
		packet->quote_bytes = packet->l4_bytes - ICMP_HEADER_BYTES;
	}
	return DROP_NONE;
}

WIRE_INLINE enum drop
packet_parse_ip4(struct cursor *cursor, struct packet *packet)
{
	struct ip4_header ip;
	enum drop drop = ip4_parse(cursor, &ip);

	if (drop != DROP_NONE)
		return drop;
	packet->family = packet->src.family = packet->dst.family = 4;
	__builtin_memcpy(packet->src.bytes, ip.src, 4);
	__builtin_memcpy(packet->dst.bytes, ip.dst, 4);
	packet->size_bytes = ip.total_bytes;
	packet->header_bytes = ip.header_bytes;
	packet->final_offset = ip.final_offset;
	packet->fragment_id = ip.id;
	packet->fragment_offset = ip.fragment_offset;
	packet->protocol = ip.protocol;
	packet->ttl = ip.ttl;
	packet->traffic_class = ip.traffic_class;
	packet->df = ip.df;
	packet->mf = ip.mf;
	return DROP_NONE;
}

WIRE_INLINE enum drop
packet_parse_ip6(struct cursor *cursor, struct packet *packet)
{
	struct ip6_header ip;
	struct ip6_chain chain;
	enum drop drop = ip6_parse(cursor, &ip);

	if (drop != DROP_NONE)
		return drop;
	packet->family = packet->src.family = packet->dst.family = 6;
	__builtin_memcpy(packet->src.bytes, ip.src, 16);
	__builtin_memcpy(packet->dst.bytes, ip.dst, 16);
	packet->size_bytes = (uint32_t)IP6_HEADER_BYTES + ip.payload_bytes;
	packet->flow_label = ip.flow_label;
	packet->ttl = ip.hop_limit;
	packet->traffic_class = ip.traffic_class;
	packet->df = true;
	drop = ip6_chain_read(cursor, ip.next, ip.payload_bytes, &chain);
	packet->header_bytes = (uint16_t)(IP6_HEADER_BYTES + chain.bytes);
	packet->protocol = chain.protocol;
	packet->final_offset = chain.final_offset;
	packet->fragment_id = chain.fragment_id;
	packet->fragment_offset = chain.fragment_offset;
	packet->mf = chain.mf;
	return drop;
}

/* Summarise the IP packet at the cursor, of which `size` bytes are said to be
 * there and those up to the cursor's end can be read. What packet_parse()
 * and packet_parse_quote() share; BPF calls it with its own end. */
WIRE_INLINE enum drop
packet_parse_cursor(struct cursor cursor, size_t size, bool quote,
		    struct packet *packet)
{
	struct cursor peek = cursor;
	const uint8_t *first = cursor_take(&peek, 1);
	enum drop drop;

	__builtin_memset(packet, 0, sizeof(*packet));
	if (first == NULL)
		return DROP_SHORT;
	if (*first >> 4 == 4)
		drop = packet_parse_ip4(&cursor, packet);
	else
		drop = packet_parse_ip6(&cursor, packet);
	if (drop != DROP_NONE)
		return drop;
	packet->l4_offset = packet->header_bytes;
	packet->l4_bytes = packet->size_bytes - packet->header_bytes;
	if (size < packet->size_bytes) {
		if (!quote)
			return DROP_SHORT;
		if (size < packet->header_bytes)
			return DROP_SHORT;
		packet->l4_bytes = (uint32_t)size - packet->header_bytes;
	} else if (packet->fragment_offset + packet->l4_bytes > 65535 ||
		   (packet->mf && packet->l4_bytes % 8 != 0)) {
		/* Ends beyond any packet, or between two units of 8. */
		return DROP_MALFORMED;
	}
	if (packet->fragment_offset > 0)
		return DROP_NONE;
	if (packet->protocol == IP_TCP)
		return packet_parse_tcp(&cursor, quote, packet);
	if (packet->protocol == IP_UDP)
		return packet_parse_udp(&cursor, quote, packet);
	if (packet->protocol == (packet->family == 4 ? IP_ICMP4 : IP_ICMP6))
		return packet_parse_icmp(&cursor, packet);
	return DROP_NONE;
}

/* Summarise the IP packet at bytes; size may count link padding behind it.
 * Any answer but DROP_NONE leaves *packet without meaning. */
WIRE_INLINE enum drop
packet_parse(const uint8_t *bytes, size_t size, struct packet *packet)
{
	return packet_parse_cursor(cursor_over(bytes, size), size, false,
				   packet);
}

/* The same for a packet quoted by an ICMP error, which may end anywhere after
 * 8 transport bytes (after none, if a later fragment is quoted). size_bytes
 * is then that of the packet as it was sent, l4_bytes what is here. */
WIRE_INLINE enum drop
packet_parse_quote(const uint8_t *bytes, size_t size, struct packet *packet)
{
	return packet_parse_cursor(cursor_over(bytes, size), size, true,
				   packet);
}

/* The key of the TCP session that a summary belongs to. reversed: the packet
 * runs service to client, as the quote in an ICMP error does. DROP_PROTOCOL
 * unless it is TCP, or when a source route still leads elsewhere;
 * DROP_FRAGMENT for a later fragment. */
WIRE_INLINE enum drop
packet_session(const struct packet *packet, bool reversed,
	       struct session_key *key)
{
	const struct address *client = reversed ? &packet->dst : &packet->src;
	const struct address *service = reversed ? &packet->src : &packet->dst;

	if (packet->protocol != IP_TCP || packet->final_offset != 0)
		return DROP_PROTOCOL;
	if (!packet->has_ports)
		return DROP_FRAGMENT;
	__builtin_memcpy(key->client, client->bytes, 16);
	__builtin_memcpy(key->service, service->bytes, 16);
	wire_put16(key->client_port,
		   reversed ? packet->dst_port : packet->src_port);
	wire_put16(key->service_port,
		   reversed ? packet->src_port : packet->dst_port);
	key->family = packet->family;
	key->protocol = IP_TCP;
	return DROP_NONE;
}

/* What Linux's fib_multipath_hash_fields 0x37 hashes: addresses, protocol,
 * ports. Ports are zero for every fragment, the first included, so that all
 * fragments of one packet take one path. Layout: source address 16,
 * destination address 16, source port 2, destination port 2, protocol 1,
 * family 1. */
WIRE_INLINE void
packet_tuple(const struct packet *packet, uint8_t tuple[PACKET_TUPLE_BYTES])
{
	bool ports = packet->has_ports && !packet->mf;

	__builtin_memcpy(tuple, packet->src.bytes, 16);
	__builtin_memcpy(tuple + 16, packet->dst.bytes, 16);
	wire_put16(tuple + 32, ports ? packet->src_port : 0);
	wire_put16(tuple + 34, ports ? packet->dst_port : 0);
	tuple[36] = packet->protocol;
	tuple[37] = packet->family;
}

#endif
