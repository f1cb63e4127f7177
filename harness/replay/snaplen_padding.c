/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snaplen_padding.c - see snaplen_padding.h
 *
 * A fragment's checksum covers its siblings as well and is left alone.
 */
#include "harness/replay/snaplen_padding.h"

#include <string.h>

#include "core/wire/checksum.h"

#define TCP_CHECKSUM_OFFSET 16

uint32_t
snaplen_padding_fill(const struct capture_packet *record, uint8_t *out)
{
	struct packet packet;

	if (record->missing == 0 || record->size == 0 ||
	    packet_parse_quote(record->bytes, record->size, &packet) !=
		    DROP_NONE ||
	    packet.protocol != IP_TCP || packet.partial ||
	    packet.size_bytes > SNAPLEN_PADDING_BYTES_MAX ||
	    packet.size_bytes <= record->size ||
	    packet.size_bytes - record->size > record->missing)
		return 0;
	if (packet.fragment_offset == 0 && !packet.transport)
		return 0;
	memcpy(out, record->bytes, record->size);
	memset(out + record->size, 0, packet.size_bytes - record->size);
	if (packet.fragment_offset > 0 || packet.mf)
		return packet.size_bytes;

	uint8_t *l4 = out + packet.l4_offset;
	uint32_t bytes = packet.size_bytes - packet.l4_offset;
	uint64_t sum =
		checksum_pseudo(packet.src.bytes, packet.dst.bytes,
				packet.family == 4 ? 4 : 16, IP_TCP, bytes);
	wire_put16(l4 + TCP_CHECKSUM_OFFSET, 0);
	wire_put16(l4 + TCP_CHECKSUM_OFFSET,
		   checksum_finish(checksum_add(sum, l4, bytes)));
	return packet.size_bytes;
}
