/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * build.c - whole IP packets: check, build, answer, age and split them
 *
 * Every builder writes the transport part first, from the back of the IP
 * header on, then its checksum over a pseudo header, then the IP header: so
 * nothing is written twice and lengths are known where they are needed.
 */
#include "core/wire/build.h"

#include <string.h>

#include "core/wire/checksum.h"
#include "core/wire/icmp.h"
#include "core/wire/ip4.h"
#include "core/wire/ip6.h"
#include "core/wire/tcp.h"
#include "core/wire/udp.h"

#define PACKET_TTL 64 /* RFC 1700's default, as Linux sends it */
/* Internetwork control, RFC 1812 section 4.3.2.5. */
#define PACKET_CONTROL_CLASS 0xc0

static size_t
packet_address_bytes(const struct packet *packet)
{
	return packet->family == 4 ? 4 : 16;
}

/* Where the sender's pseudo header took its destination from: the end of a
 * source route, if there is one (RFC 8200 section 8.1, RFC 1122 section
 * 4.1.3.2). */
static const uint8_t *
packet_final(const uint8_t *bytes, const struct packet *packet)
{
	size_t end = packet->final_offset + packet_address_bytes(packet);

	if (packet->final_offset == 0 || end > packet->header_bytes)
		return packet->dst.bytes;
	return bytes + packet->final_offset;
}

bool
packet_checksum_ok(const uint8_t *bytes, const struct packet *packet)
{
	const uint8_t *l4 = bytes + packet->l4_offset;
	uint32_t size = packet->l4_bytes;
	uint64_t sum = 0;

	if (packet->family == 4 &&
	    checksum_finish(checksum_add(0, bytes, packet->header_bytes)) != 0)
		return false;
	if (packet->mf || packet->fragment_offset > 0 || !packet->transport)
		return true;
	if (packet->protocol == IP_UDP) {
		/* What lies behind the length is padding. */
		size = UDP_HEADER_BYTES + packet->payload_bytes;
		if (wire_get16(l4 + offsetof(struct wire_udp, sum)) == 0)
			return packet->family == 4;
	}
	if (packet->protocol != IP_ICMP4)
		sum = checksum_pseudo(
			packet->src.bytes, packet_final(bytes, packet),
			packet_address_bytes(packet), packet->protocol, size);
	return checksum_finish(checksum_add(sum, l4, size)) == 0;
}

static size_t
packet_header_bytes(const struct packet_ip *ip)
{
	return ip->src.family == 4 ? IP4_HEADER_MIN : IP6_HEADER_BYTES;
}

/* Does an IP packet with that much behind its header exist, and fit? */
static bool
packet_fits(const struct packet_ip *ip, size_t l4_bytes, size_t capacity)
{
	size_t header = packet_header_bytes(ip);
	size_t most = ip->src.family == 4 ? UINT16_MAX - header : UINT16_MAX;

	return ip->src.family == ip->dst.family && l4_bytes <= most &&
	       header + l4_bytes <= capacity;
}

/* The IP header before l4_bytes of payload. Returns the size of the whole. */
static size_t
packet_build_ip(const struct packet_ip *ip, uint8_t protocol, size_t l4_bytes,
		uint8_t *out)
{
	size_t header_bytes = packet_header_bytes(ip);

	if (ip->src.family == 4) {
		struct ip4_header header = {
			.total_bytes = (uint16_t)(header_bytes + l4_bytes),
			.id = ip->id,
			.header_bytes = IP4_HEADER_MIN,
			.ttl = ip->ttl,
			.protocol = protocol,
			.traffic_class = ip->traffic_class,
			.df = ip->df,
		};

		memcpy(header.src, ip->src.bytes, 4);
		memcpy(header.dst, ip->dst.bytes, 4);
		ip4_build(out, &header);
	} else {
		struct ip6_header header = {
			.payload_bytes = (uint16_t)l4_bytes,
			.traffic_class = ip->traffic_class,
			.next = protocol,
			.hop_limit = ip->ttl,
		};

		memcpy(header.src, ip->src.bytes, 16);
		memcpy(header.dst, ip->dst.bytes, 16);
		ip6_build(out, &header);
	}
	return header_bytes + l4_bytes;
}

static uint16_t
packet_checksum(const struct packet_ip *ip, uint8_t protocol, const uint8_t *l4,
		size_t l4_bytes)
{
	uint64_t sum = checksum_pseudo(ip->src.bytes, ip->dst.bytes,
				       ip->src.family == 4 ? 4 : 16, protocol,
				       (uint32_t)l4_bytes);

	return checksum_finish(checksum_add(sum, l4, l4_bytes));
}

size_t
packet_build_tcp(const struct packet_tcp *tcp, uint8_t *out, size_t capacity)
{
	uint8_t *l4 = out + packet_header_bytes(&tcp->ip);
	size_t header_bytes = TCP_HEADER_MIN + tcp->options_bytes;
	size_t l4_bytes = header_bytes + tcp->payload_bytes;

	if (tcp->options_bytes > TCP_OPTIONS_MAX ||
	    tcp->options_bytes % 4 != 0 || tcp->payload_bytes > UINT16_MAX ||
	    !packet_fits(&tcp->ip, l4_bytes, capacity))
		return 0;
	tcp_build(l4, &(struct tcp_header){
			      .src_port = tcp->src_port,
			      .dst_port = tcp->dst_port,
			      .seq = tcp->seq,
			      .ack = tcp->ack,
			      .window = tcp->window,
			      .flags = tcp->flags,
			      .header_bytes = (uint8_t)header_bytes,
		      });
	if (tcp->options_bytes > 0)
		memcpy(l4 + TCP_HEADER_MIN, tcp->options, tcp->options_bytes);
	if (tcp->payload_bytes > 0)
		memcpy(l4 + header_bytes, tcp->payload, tcp->payload_bytes);
	wire_put16(l4 + offsetof(struct wire_tcp, sum),
		   packet_checksum(&tcp->ip, IP_TCP, l4, l4_bytes));
	return packet_build_ip(&tcp->ip, IP_TCP, l4_bytes, out);
}

size_t
packet_build_udp(const struct packet_udp *udp, uint8_t *out, size_t capacity)
{
	uint8_t *l4 = out + packet_header_bytes(&udp->ip);
	size_t l4_bytes = UDP_HEADER_BYTES + udp->payload_bytes;

	if (udp->payload_bytes > UINT16_MAX - UDP_HEADER_BYTES ||
	    !packet_fits(&udp->ip, l4_bytes, capacity))
		return 0;
	udp_build(l4, &(struct udp_header){
			      .src_port = udp->src_port,
			      .dst_port = udp->dst_port,
			      .length = (uint16_t)l4_bytes,
		      });
	if (udp->payload_bytes > 0)
		memcpy(l4 + UDP_HEADER_BYTES, udp->payload, udp->payload_bytes);
	wire_put16(l4 + offsetof(struct wire_udp, sum),
		   udp_finish(packet_checksum(&udp->ip, IP_UDP, l4, l4_bytes)));
	return packet_build_ip(&udp->ip, IP_UDP, l4_bytes, out);
}

static bool
packet_unspecified(const struct address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, 16) == 0;
}

/* Multicast, or IPv4's limited broadcast and reserved class E. */
static bool
packet_group(const struct address *address)
{
	return address->family == 4 ? address->bytes[0] >= 224
				    : address->bytes[0] == 0xff;
}

bool
packet_source_valid(const struct address *source)
{
	return !packet_unspecified(source) && !packet_group(source);
}

size_t
packet_build_echo(const struct packet_echo *echo, uint8_t *out, size_t capacity)
{
	uint8_t family = echo->ip.src.family;
	uint8_t *l4 = out + packet_header_bytes(&echo->ip);
	size_t l4_bytes = ICMP_HEADER_BYTES + echo->payload_bytes;
	struct wire_icmp icmp = {
		.type = icmp_echo_type(family, echo->reply),
	};
	uint16_t sum;

	if (echo->payload_bytes > UINT16_MAX - ICMP_HEADER_BYTES ||
	    !packet_fits(&echo->ip, l4_bytes, capacity))
		return 0;
	wire_put16(icmp.rest, echo->id);
	wire_put16(icmp.rest + 2, echo->sequence);
	memcpy(l4, &icmp, sizeof(icmp));
	if (echo->payload_bytes > 0)
		memcpy(l4 + sizeof(icmp), echo->payload, echo->payload_bytes);
	/* ICMPv6 alone has the pseudo header. */
	sum = family == 6 ? packet_checksum(&echo->ip, IP_ICMP6, l4, l4_bytes)
			  : checksum_finish(checksum_add(0, l4, l4_bytes));
	wire_put16(l4 + offsetof(struct wire_icmp, sum), sum);
	return packet_build_ip(&echo->ip, family == 6 ? IP_ICMP6 : IP_ICMP4,
			       l4_bytes, out);
}

size_t
packet_build_echo_reply(const uint8_t *bytes, const struct packet *packet,
			uint8_t *out, size_t capacity)
{
	const uint8_t *l4 = bytes + packet->l4_offset;
	uint8_t protocol = packet->family == 4 ? IP_ICMP4 : IP_ICMP6;

	if (!packet->transport || packet->protocol != protocol || packet->mf ||
	    packet->icmp_type != icmp_echo_type(packet->family, false) ||
	    packet_group(&packet->src) || packet_unspecified(&packet->src) ||
	    packet_group(&packet->dst))
		return 0;
	struct packet_echo reply = {
		.ip = { .src = packet->dst,
			.dst = packet->src,
			.ttl = PACKET_TTL },
		.reply = true,
		.id = wire_get16(l4 + offsetof(struct wire_icmp, rest)),
		.sequence =
			wire_get16(l4 + offsetof(struct wire_icmp, rest) + 2),
		.payload = l4 + ICMP_HEADER_BYTES,
		.payload_bytes = packet->l4_bytes - ICMP_HEADER_BYTES,
	};
	return packet_build_echo(&reply, out, capacity);
}

size_t
packet_build_rst(const struct packet *packet, uint8_t ttl, uint8_t *out,
		 size_t capacity)
{
	struct packet_tcp rst = {
		.ip = { .src = packet->dst,
			.dst = packet->src,
			.ttl = ttl,
			.df = true },
		.src_port = packet->dst_port,
		.dst_port = packet->src_port,
	};

	if (packet->protocol != IP_TCP || !packet->transport || packet->mf ||
	    (packet->tcp_flags & TCP_RST) != 0 ||
	    !packet_source_valid(&packet->src) || packet_group(&packet->dst))
		return 0;
	if ((packet->tcp_flags & TCP_ACK) != 0) {
		rst.seq = packet->tcp_ack;
		rst.flags = TCP_RST;
	} else {
		rst.ack = packet->tcp_seq + packet->payload_bytes;
		rst.ack += (packet->tcp_flags & TCP_SYN) != 0;
		rst.ack += (packet->tcp_flags & TCP_FIN) != 0;
		rst.flags = TCP_RST | TCP_ACK;
	}
	return packet_build_tcp(&rst, out, capacity);
}

/* May an ICMP error be sent about it? RFC 1122 section 3.2.2, RFC 4443
 * section 2.4 (e): not about errors, later fragments, or groups; the list
 * excepts "too big" to an IPv6 group, which path MTU discovery needs. */
static bool
packet_may_error(const struct packet *packet, enum packet_error error)
{
	bool icmp =
		packet->protocol == IP_ICMP4 || packet->protocol == IP_ICMP6;

	if (packet->fragment_offset > 0 ||
	    (icmp && packet->transport && packet->icmp_error) ||
	    (packet->family == 6 && packet->protocol == IP_ICMP6 &&
	     packet->icmp_type == ICMP6_TYPE_REDIRECT) ||
	    packet_unspecified(&packet->src) || packet_group(&packet->src))
		return false;
	return !packet_group(&packet->dst) ||
	       (packet->family == 6 && error == PACKET_ERROR_TOO_BIG);
}

/* Type and code of an error, in both families. */
static const struct {
	uint8_t type4, code4, type6, code6;
} packet_errors[] = {
	[PACKET_ERROR_TTL] = { ICMP4_TYPE_TIME_EXCEEDED,
			       ICMP4_CODE_TTL_IN_TRANSIT,
			       ICMP6_TYPE_TIME_EXCEEDED, ICMP6_CODE_HOP_LIMIT },
	[PACKET_ERROR_NET] = { ICMP4_TYPE_UNREACHABLE, ICMP4_CODE_NET,
			       ICMP6_TYPE_UNREACHABLE, ICMP6_CODE_NO_ROUTE },
	[PACKET_ERROR_HOST] = { ICMP4_TYPE_UNREACHABLE, ICMP4_CODE_HOST,
				ICMP6_TYPE_UNREACHABLE, ICMP6_CODE_ADDRESS },
	[PACKET_ERROR_PORT] = { ICMP4_TYPE_UNREACHABLE, ICMP4_CODE_PORT,
				ICMP6_TYPE_UNREACHABLE, ICMP6_CODE_PORT },
	[PACKET_ERROR_PROHIBITED] = { ICMP4_TYPE_UNREACHABLE,
				      ICMP4_CODE_PROHIBITED,
				      ICMP6_TYPE_UNREACHABLE,
				      ICMP6_CODE_PROHIBITED },
	[PACKET_ERROR_TOO_BIG] = { ICMP4_TYPE_UNREACHABLE, ICMP4_CODE_TOO_BIG,
				   ICMP6_TYPE_PACKET_TOO_BIG, 0 },
};

size_t
packet_build_icmp_error(enum packet_error error, const struct address *from,
			uint32_t mtu_bytes, const uint8_t *bytes,
			const struct packet *packet, uint8_t *out,
			size_t capacity)
{
	bool v6 = packet->family == 6;
	struct packet_ip ip = {
		.src = *from,
		.dst = packet->src,
		.ttl = PACKET_TTL,
		.traffic_class = PACKET_CONTROL_CLASS,
		.df = true, /* atomic, so its id may be 0: RFC 6864 */
	};
	struct icmp_header header = {
		.type = v6 ? packet_errors[error].type6
			   : packet_errors[error].type4,
		.code = v6 ? packet_errors[error].code6
			   : packet_errors[error].code4,
		.mtu = error == PACKET_ERROR_TOO_BIG ? mtu_bytes : 0,
	};
	uint8_t *l4 = out + packet_header_bytes(&ip);
	size_t most = (v6 ? PACKET_ERROR6_MAX : PACKET_ERROR4_MAX) -
		      packet_header_bytes(&ip) - ICMP_HEADER_BYTES;
	size_t quote = packet->size_bytes < most ? packet->size_bytes : most;
	size_t l4_bytes = ICMP_HEADER_BYTES + quote;
	uint64_t sum = 0;

	if (!packet_may_error(packet, error) ||
	    !packet_fits(&ip, l4_bytes, capacity))
		return 0;
	if (!v6 && header.mtu > UINT16_MAX)
		header.mtu = UINT16_MAX;
	icmp_build(l4, packet->family, &header);
	memcpy(l4 + ICMP_HEADER_BYTES, bytes, quote);
	if (v6)
		sum = checksum_pseudo6(ip.src.bytes, ip.dst.bytes, IP_ICMP6,
				       (uint32_t)l4_bytes);
	wire_put16(l4 + offsetof(struct wire_icmp, sum),
		   checksum_finish(checksum_add(sum, l4, l4_bytes)));
	return packet_build_ip(&ip, v6 ? IP_ICMP6 : IP_ICMP4, l4_bytes, out);
}

size_t
packet_build_icmp_too_big(const struct address *from, uint32_t mtu_bytes,
			  const uint8_t *bytes, const struct packet *packet,
			  uint8_t *out, size_t capacity)
{
	return packet_build_icmp_error(PACKET_ERROR_TOO_BIG, from, mtu_bytes,
				       bytes, packet, out, capacity);
}

enum drop
packet_ttl_lower(uint8_t *bytes, size_t size, uint8_t by)
{
	uint8_t *ttl, *sum;

	if (size < 1)
		return DROP_SHORT;
	if (bytes[0] >> 4 == 6) {
		if (size < IP6_HEADER_BYTES)
			return DROP_SHORT;
		ttl = bytes + offsetof(struct wire_ip6, hop_limit);
		if (*ttl <= by)
			return DROP_TTL;
		*ttl = (uint8_t)(*ttl - by);
		return DROP_NONE;
	}
	if (bytes[0] >> 4 != 4)
		return DROP_VERSION;
	if (size < IP4_HEADER_MIN)
		return DROP_SHORT;
	ttl = bytes + offsetof(struct wire_ip4, ttl);
	sum = bytes + offsetof(struct wire_ip4, sum);
	if (*ttl <= by)
		return DROP_TTL;
	/* TTL is the high byte of its word; the protocol is the low one. */
	uint16_t before = wire_get16(ttl);
	*ttl = (uint8_t)(*ttl - by);
	wire_put16(sum,
		   checksum_update16(wire_get16(sum), before, wire_get16(ttl)));
	return DROP_NONE;
}

enum drop
packet_ttl_decrement(uint8_t *bytes, size_t size)
{
	return packet_ttl_lower(bytes, size, 1);
}

uint8_t
packet_ttl(const uint8_t *bytes, size_t size)
{
	if (size >= IP6_HEADER_BYTES && bytes[0] >> 4 == 6)
		return bytes[offsetof(struct wire_ip6, hop_limit)];
	if (size >= IP4_HEADER_MIN && bytes[0] >> 4 == 4)
		return bytes[offsetof(struct wire_ip4, ttl)];
	return 0;
}

/* The options that later fragments keep: those with the copied flag, padded
 * to words. Returns their size; out has room for IP4_OPTIONS_MAX. */
static size_t
packet_options_copied(const uint8_t *options, size_t size, uint8_t *out)
{
	size_t kept = 0;

	for (size_t at = 0; at < size;) {
		size_t length = 1;

		if (options[at] == IP4_OPTION_END)
			break;
		if (options[at] != IP4_OPTION_NOP) {
			if (size - at < 2 || options[at + 1] < 2 ||
			    options[at + 1] > size - at)
				break; /* packet_parse() refused it */
			length = options[at + 1];
			if ((options[at] & IP4_OPTION_COPIED) != 0) {
				memcpy(out + kept, options + at, length);
				kept += length;
			}
		}
		at += length;
	}
	while (kept % 4 != 0)
		out[kept++] = IP4_OPTION_END;
	return kept;
}

/* The only "fragment" of a packet that fits. One without payload moves *at as
 * well, or the caller's loop would not end. */
static size_t
packet_whole(const uint8_t *bytes, const struct packet *packet, size_t *at,
	     uint8_t *out, size_t capacity)
{
	if (capacity < packet->size_bytes)
		return 0;
	memcpy(out, bytes, packet->size_bytes);
	*at = packet->l4_bytes > 0 ? packet->l4_bytes : 1;
	return packet->size_bytes;
}

size_t
packet_fragment_ip4(const uint8_t *bytes, const struct packet *packet,
		    size_t mtu_bytes, size_t *at, uint8_t *out, size_t capacity)
{
	struct ip4_header header;
	struct cursor cursor = cursor_over(bytes, packet->header_bytes);
	size_t left, room;

	if (packet->family != 4)
		return 0;
	if (*at == 0 && packet->size_bytes <= mtu_bytes)
		return packet_whole(bytes, packet, at, out, capacity);
	if (*at >= packet->l4_bytes || ip4_parse(&cursor, &header) != DROP_NONE)
		return 0;

	uint8_t options[IP4_OPTIONS_MAX];
	size_t options_bytes = header.header_bytes - (size_t)IP4_HEADER_MIN;

	memcpy(options, bytes + IP4_HEADER_MIN, options_bytes);
	if (*at > 0) {
		options_bytes = packet_options_copied(bytes + IP4_HEADER_MIN,
						      options_bytes, options);
		header.header_bytes = (uint8_t)(IP4_HEADER_MIN + options_bytes);
	}
	if (mtu_bytes < header.header_bytes + 8u)
		return 0;
	left = packet->l4_bytes - *at;
	room = mtu_bytes - header.header_bytes;
	if (left > room) {
		left = room & ~(size_t)7;
		header.mf = true; /* else as the packet itself had it */
	}
	if (capacity < header.header_bytes + left)
		return 0;
	header.total_bytes = (uint16_t)(header.header_bytes + left);
	header.fragment_offset = (uint16_t)(packet->fragment_offset + *at);
	memcpy(out + IP4_HEADER_MIN, options, options_bytes);
	ip4_build(out, &header);
	memcpy(out + header.header_bytes, bytes + packet->l4_offset + *at,
	       left);
	*at += left;
	return header.total_bytes;
}

size_t
packet_fragment_ip6(const uint8_t *bytes, const struct packet *packet,
		    size_t mtu_bytes, uint32_t id, size_t *at, uint8_t *out,
		    size_t capacity)
{
	const size_t headers =
		IP6_HEADER_BYTES + sizeof(struct wire_ip6_fragment);
	size_t left, room;
	bool mf;

	if (packet->family != 6)
		return 0;
	if (*at == 0 && packet->size_bytes <= mtu_bytes)
		return packet_whole(bytes, packet, at, out, capacity);
	if (*at >= packet->l4_bytes ||
	    packet->header_bytes != IP6_HEADER_BYTES || mtu_bytes < headers + 8)
		return 0;
	left = packet->l4_bytes - *at;
	room = mtu_bytes - headers;
	mf = left > room;
	if (mf)
		left = room & ~(size_t)7;
	if (capacity < headers + left)
		return 0;
	memcpy(out, bytes, IP6_HEADER_BYTES);
	wire_put16(out + offsetof(struct wire_ip6, payload_bytes),
		   (uint16_t)(headers - IP6_HEADER_BYTES + left));
	out[offsetof(struct wire_ip6, next)] = IP_FRAGMENT;
	ip6_fragment_build(out + IP6_HEADER_BYTES, packet->protocol,
			   (uint16_t)*at, mf, id);
	memcpy(out + headers, bytes + IP6_HEADER_BYTES + *at, left);
	*at += left;
	return headers + left;
}
