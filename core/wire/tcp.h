/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp.h - TCP: header, flags and the options that a handshake needs
 *
 *	+-------------------------------+-------------------------------+
 *	|          source port          |       destination port        |
 *	+-------------------------------+-------------------------------+
 *	|                        sequence number                        |
 *	+---------------------------------------------------------------+
 *	|                     acknowledgement number                    |
 *	+-------+-------+---------------+-------------------------------+
 *	|offset |  res. |CEUAPRSF flags |            window             |
 *	+-------+-------+---------------+-------------------------------+
 *	|           checksum            |        urgent pointer         |
 *	+-------------------------------+-------------------------------+
 *	|                    0 to 40 bytes of options                   |
 *
 * Ports and sequence number lie in the first 8 bytes on purpose: that is
 * all of a segment that an ICMP error must quote (RFC 792).
 *
 * A broken option list does not break the segment: hosts take what they
 * understood up to there (RFC 9293 section 3.1, MUST-7), and so do we.
 *
 * RFC 9293; RFC 7323 (window scale, timestamps); RFC 2018 (SACK permitted).
 */
#ifndef CORE_WIRE_TCP_H
#define CORE_WIRE_TCP_H

#include "core/drop.h"
#include "core/wire/cursor.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20
#define TCP_ECE 0x40
#define TCP_CWR 0x80

#define TCP_HEADER_MIN	20
#define TCP_HEADER_MAX	60
#define TCP_OPTIONS_MAX 40
#define TCP_QUOTE_MIN	8 /* bytes that RFC 792 promises */

#define TCP_OPTION_END		  0
#define TCP_OPTION_NOP		  1
#define TCP_OPTION_MSS		  2
#define TCP_OPTION_WINDOW_SCALE	  3
#define TCP_OPTION_SACK_PERMITTED 4
#define TCP_OPTION_SACK		  5 /* RFC 2018: blocks of left and right edge */
#define TCP_OPTION_TIMESTAMPS	  8
#define TCP_WINDOW_SCALE_MAX	  14 /* RFC 7323 section 2.3 */

struct wire_tcp {
	uint8_t src_port[2], dst_port[2];
	uint8_t seq[4], ack[4];
	uint8_t offset; /* high half: header length in 32-bit words */
	uint8_t flags;
	uint8_t window[2];
	uint8_t sum[2];
	uint8_t urgent[2];
};
_Static_assert(sizeof(struct wire_tcp) == 20, "RFC 9293: at least 20 octets");

struct tcp_header {
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint16_t window;
	uint16_t urgent;
	uint8_t flags;
	uint8_t header_bytes; /* 20 to 60 */
};

struct tcp_options {
	uint32_t timestamp, timestamp_echo;
	uint16_t mss;
	uint8_t window_scale; /* 0 to 14: larger ones count as 14 */
	bool has_mss, has_window_scale, has_timestamps;
	bool sack_permitted;
};

/* Read a header; the cursor then stands at the options, which need not all
 * be there: header_bytes says where the payload starts. */
WIRE_INLINE enum drop
tcp_parse(struct cursor *cursor, struct tcp_header *header)
{
	const struct wire_tcp *tcp;

	tcp = (const struct wire_tcp *)cursor_take(cursor, sizeof(*tcp));
	if (tcp == NULL)
		return DROP_SHORT;
	header->src_port = wire_get16(tcp->src_port);
	header->dst_port = wire_get16(tcp->dst_port);
	header->seq = wire_get32(tcp->seq);
	header->ack = wire_get32(tcp->ack);
	header->window = wire_get16(tcp->window);
	header->urgent = wire_get16(tcp->urgent);
	header->flags = tcp->flags;
	header->header_bytes = (uint8_t)(tcp->offset >> 4 << 2);
	return header->header_bytes < TCP_HEADER_MIN ? DROP_MALFORMED
						     : DROP_NONE;
}

/* One option of length bytes, its kind and length included. */
WIRE_INLINE void
tcp_option_take(struct tcp_options *options, uint8_t kind, const uint8_t *value,
		uint8_t length)
{
	if (kind == TCP_OPTION_MSS && length == 4) {
		options->has_mss = true;
		options->mss = wire_get16(value);
	} else if (kind == TCP_OPTION_WINDOW_SCALE && length == 3) {
		options->has_window_scale = true;
		options->window_scale = value[0] > TCP_WINDOW_SCALE_MAX
						? TCP_WINDOW_SCALE_MAX
						: value[0];
	} else if (kind == TCP_OPTION_SACK_PERMITTED && length == 2) {
		options->sack_permitted = true;
	} else if (kind == TCP_OPTION_TIMESTAMPS && length == 10) {
		options->has_timestamps = true;
		options->timestamp = wire_get32(value);
		options->timestamp_echo = wire_get32(value + 4);
	}
}

/* Read size bytes of options. DROP_MALFORMED or DROP_SHORT where the list
 * breaks; *options then holds what came before. Unknown kinds and known ones
 * of a wrong length are passed over. */
WIRE_INLINE enum drop
tcp_options_parse(const uint8_t *bytes, size_t size,
		  struct tcp_options *options)
{
	struct cursor cursor = cursor_over(bytes, size);

	__builtin_memset(options, 0, sizeof(*options));
	for (unsigned i = 0; i < TCP_OPTIONS_MAX; i++) {
		const uint8_t *kind = cursor_take(&cursor, 1);
		const uint8_t *length, *value;

		if (kind == NULL || *kind == TCP_OPTION_END)
			return DROP_NONE;
		if (*kind == TCP_OPTION_NOP)
			continue;
		length = cursor_take(&cursor, 1);
		if (length == NULL)
			return DROP_SHORT;
		if (*length < 2)
			return DROP_MALFORMED;
		value = cursor_take(&cursor, *length - 2u);
		if (value == NULL)
			return DROP_SHORT;
		tcp_option_take(options, *kind, value, *length);
	}
	return DROP_NONE;
}

/* Write the options that `options` has, padded with NOP to whole words as
 * Linux orders them: MSS, SACK permitted, timestamps, window scale. Returns
 * their size, at most 20; out has room for TCP_OPTIONS_MAX. */
WIRE_INLINE size_t
tcp_options_build(uint8_t *out, const struct tcp_options *options)
{
	size_t at = 0;

	if (options->has_mss) {
		out[at] = TCP_OPTION_MSS;
		out[at + 1] = 4;
		wire_put16(out + at + 2, options->mss);
		at += 4;
	}
	if (options->sack_permitted) {
		if (!options->has_timestamps) {
			out[at++] = TCP_OPTION_NOP;
			out[at++] = TCP_OPTION_NOP;
		}
		out[at++] = TCP_OPTION_SACK_PERMITTED;
		out[at++] = 2;
	} else if (options->has_timestamps) {
		out[at++] = TCP_OPTION_NOP;
		out[at++] = TCP_OPTION_NOP;
	}
	if (options->has_timestamps) {
		out[at] = TCP_OPTION_TIMESTAMPS;
		out[at + 1] = 10;
		wire_put32(out + at + 2, options->timestamp);
		wire_put32(out + at + 6, options->timestamp_echo);
		at += 10;
	}
	if (options->has_window_scale) {
		out[at] = TCP_OPTION_NOP;
		out[at + 1] = TCP_OPTION_WINDOW_SCALE;
		out[at + 2] = 3;
		out[at + 3] = options->window_scale;
		at += 4;
	}
	return at;
}

/* Write 20 bytes with checksum 0; header_bytes counts the options too. */
WIRE_INLINE void
tcp_build(uint8_t *out, const struct tcp_header *header)
{
	struct wire_tcp tcp = {
		.offset = (uint8_t)(header->header_bytes >> 2 << 4),
		.flags = header->flags,
	};

	wire_put16(tcp.src_port, header->src_port);
	wire_put16(tcp.dst_port, header->dst_port);
	wire_put32(tcp.seq, header->seq);
	wire_put32(tcp.ack, header->ack);
	wire_put16(tcp.window, header->window);
	wire_put16(tcp.urgent, header->urgent);
	__builtin_memcpy(out, &tcp, sizeof(tcp));
}

#endif
