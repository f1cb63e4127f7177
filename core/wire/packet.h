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
 * by a verb of their own, packet_checksum_ok() in core/packet.h: live, the
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

#include "core/drop.h"
#include "core/endpoint.h"
#include "core/session.h"

struct packet {
	struct address src, dst;
	uint32_t size_bytes; /* as the header says; without link padding */
	uint32_t fragment_id; /* IPv4: 16 bits; IPv6: 32, 0 if no fragment */
	uint32_t flow_label; /* IPv6: 20 bits */
	uint32_t tcp_seq, tcp_ack;
	uint32_t l4_offset, l4_bytes; /* l4_bytes: header and payload */
	uint32_t payload_offset, payload_bytes; /* TCP, UDP */
	uint32_t quote_offset, quote_bytes; /* ICMP errors; else 0 */
	uint32_t icmp_mtu; /* next hop's, of a "too big"; 0: not told */
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

/*
 * The verbs of this header (static inline below):
 *
 * Summarise the IP packet at bytes; size may count link padding after it.
 *	enum drop packet_parse(const uint8_t *bytes, size_t size,
 *			       struct packet *);
 * The same for a packet quoted by an ICMP error: may end early, anywhere
 * after 8 transport bytes (and after none, if a later fragment is quoted).
 *	enum drop packet_parse_quote(const uint8_t *bytes, size_t size,
 *				     struct packet *);
 * The key of the TCP session that a summary belongs to. reversed: the packet
 * runs service to client, as the quote in an ICMP error does. Answers
 * DROP_PROTOCOL unless TCP, DROP_FRAGMENT for a later fragment.
 *	enum drop packet_session(const struct packet *, bool reversed,
 *				 struct session_key *);
 * What Linux's fib_multipath_hash_fields 0x37 hashes: addresses, protocol,
 * ports. Ports are zero for every fragment, the first included, so that all
 * fragments of one packet take one path. Layout: source address 16,
 * destination address 16, source port 2, destination port 2, protocol 1,
 * family 1.
 *	void packet_tuple(const struct packet *, uint8_t tuple[38]);
 */

#endif
