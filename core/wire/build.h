/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * build.h - whole IP packets: check, build, answer, age and split them
 *
 * The reading half is core/wire/packet.h (included here), which BPF shares;
 * this is the half that writes. Builders take plain values in host order,
 * write a whole IP packet with right checksums to `out` and return its
 * size, or 0 when it does not fit `capacity` or must not be sent; nothing
 * is written then that matters. Input and output must not overlap. Lengths
 * that cannot be said in a header are "does not fit".
 *
 * Answers to packets obey the rules that keep storms away, so the callers
 * need not: no RST answers a RST; no ICMP error answers an ICMP error, a
 * later fragment, or a packet from or (IPv4, or IPv6 unless too big) to a
 * multicast or unspecified address (RFC 1122 section 3.2.2, RFC 4443
 * section 2.4 (e)).
 *
 * RFC 791, 1624, 1812, 4443, 8200, 9293.
 */
#ifndef CORE_WIRE_BUILD_H
#define CORE_WIRE_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/drop.h"
#include "core/wire/packet.h"

/* What is common to the two transports. Both addresses have one family. */
struct packet_ip {
	struct address src, dst;
	uint8_t ttl; /* or hop limit; not 0 */
	uint8_t traffic_class; /* DSCP and ECN */
	uint16_t id; /* IPv4 */
	bool df; /* IPv4 */
};

struct packet_tcp {
	struct packet_ip ip;
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t flags; /* TCP_SYN | TCP_ACK ... */
	uint16_t window; /* as sent, already scaled down */
	const uint8_t *options; /* from tcp_options_build(), or NULL */
	size_t options_bytes; /* multiple of 4, at most 40 */
	const uint8_t *payload;
	size_t payload_bytes;
};

struct packet_udp {
	struct packet_ip ip;
	uint16_t src_port, dst_port;
	const uint8_t *payload;
	size_t payload_bytes;
};

struct packet_echo {
	struct packet_ip ip;
	bool reply;
	uint16_t id, sequence;
	const uint8_t *payload;
	size_t payload_bytes;
};

enum packet_error {
	PACKET_ERROR_TTL, /* time exceeded in transit */
	PACKET_ERROR_NET, /* unreachable: no route */
	PACKET_ERROR_HOST, /* unreachable: host, address */
	PACKET_ERROR_PORT, /* unreachable: port */
	PACKET_ERROR_PROHIBITED, /* unreachable: administratively */
	PACKET_ERROR_TOO_BIG, /* needs an mtu */
};

/* Bytes that a quote may bring an ICMP error to (RFC 1812 section 4.3.2.3,
 * RFC 4443 section 2.4 (c)); enough for any answer built here. */
#define PACKET_ERROR4_MAX 576
#define PACKET_ERROR6_MAX 1280

/* The checksums of a packet that packet_parse() took: IPv4 header and, unless
 * it is a fragment, TCP, UDP (0 is "none" in IPv4 only) and ICMP. Protocols
 * without a checksum known here count as right. */
bool packet_checksum_ok(const uint8_t *bytes, const struct packet *);

size_t packet_build_tcp(const struct packet_tcp *, uint8_t *out,
			size_t capacity);
size_t packet_build_udp(const struct packet_udp *, uint8_t *out,
			size_t capacity);

/* Can a host have sent from there? RFC 1122 section 3.2.1.3. */
bool packet_source_valid(const struct address *source);
/* An ICMP or ICMPv6 echo, or its reply. */
size_t packet_build_echo(const struct packet_echo *, uint8_t *out,
			 size_t capacity);
/* The reply of the host that an echo came to. 0 for anything else, for a
 * fragment, and for one from or to a group. packet: from packet_parse(). */
size_t packet_build_echo_reply(const uint8_t *bytes, const struct packet *,
			       uint8_t *out, size_t capacity);

/* The RST that answers a segment no session wants (RFC 9293 section
 * 3.10.7.1, CLOSED): addresses and ports swapped. 0 for a RST, a fragment,
 * anything but TCP. packet: from packet_parse(). */
size_t packet_build_rst(const struct packet *, uint8_t ttl, uint8_t *out,
			size_t capacity);

/* The ICMP or ICMPv6 error about a packet, from a router's or host's own
 * address, to the packet's source. mtu_bytes: of the next hop, for TOO_BIG
 * only. */
size_t packet_build_icmp_error(enum packet_error, const struct address *from,
			       uint32_t mtu_bytes, const uint8_t *bytes,
			       const struct packet *, uint8_t *out,
			       size_t capacity);
/* The same for TOO_BIG: fragmentation needed (type 3, code 4) or packet too
 * big (type 2). */
size_t packet_build_icmp_too_big(const struct address *from, uint32_t mtu_bytes,
				 const uint8_t *bytes, const struct packet *,
				 uint8_t *out, size_t capacity);

/* One hop further, in place: TTL or hop limit less one, IPv4's checksum
 * updated by RFC 1624. DROP_TTL: it was 1 or 0 and the bytes are unchanged;
 * DROP_SHORT, DROP_VERSION: not an IP packet. */
enum drop packet_ttl_decrement(uint8_t *bytes, size_t size);
/* The same for several hops at once; DROP_TTL: it was not above `by`. */
enum drop packet_ttl_lower(uint8_t *bytes, size_t size, uint8_t by);
/* The TTL or hop limit; 0 also for what is not an IP packet. */
uint8_t packet_ttl(const uint8_t *bytes, size_t size);

/* The next fragment of an IPv4 packet, at most mtu_bytes. *at is the payload
 * offset: start with 0 and call until the answer is 0.
 *
 *	for (size_t at = 0; (n = packet_fragment_ip4(b, p, mtu, &at, out,
 *						     sizeof(out))) > 0;)
 *		send(out, n);
 *
 * A packet that fits comes out whole. Options without the copied flag go in
 * the first fragment only (RFC 791). DF is the caller's to ask: it is ignored
 * and kept. 0 at once: IPv6, mtu_bytes too small for 8 bytes of payload, or
 * capacity less than mtu_bytes would need. */
size_t packet_fragment_ip4(const uint8_t *bytes, const struct packet *,
			   size_t mtu_bytes, size_t *at, uint8_t *out,
			   size_t capacity);
/* The same for an IPv6 packet at its source, where alone it is allowed (RFC
 * 8200 section 4.5): id names the packet among those of this address pair.
 * 0 at once also for a packet that has extension headers. */
size_t packet_fragment_ip6(const uint8_t *bytes, const struct packet *,
			   size_t mtu_bytes, uint32_t id, size_t *at,
			   uint8_t *out, size_t capacity);

#endif
