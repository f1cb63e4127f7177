/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reassembly.c - one buffer a datagram: header of the first fragment, then
 * the payload at its offset
 *
 *	| header (at most HEADER_ROOM, right-aligned) | payload 0 ... 65535 |
 */
#include "sim/host/reassembly.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire/checksum.h"
#include "core/wire/cursor.h"
#include "core/wire/protocol.h"
#include "sim/host/range.h"

#define HEADER_ROOM    64
#define IP6_BYTES      40
#define FRAGMENT_BYTES 8

struct datagram {
	bool used;
	uint8_t protocol;
	uint32_t device, id;
	struct address src, dst;
	struct instant heard;
	uint32_t header_bytes; /* 0: the first fragment has not come */
	uint32_t payload_bytes; /* 0: the last one has not come */
	struct ranges parts;
	uint8_t *room; /* HEADER_ROOM + REASSEMBLY_BYTES, made when needed */
};

struct reassembly {
	uint32_t count;
	struct datagram datagrams[];
};

struct reassembly *
reassembly_create(uint32_t datagrams)
{
	struct reassembly *reassembly = calloc(
		1, sizeof(*reassembly) + datagrams * sizeof(struct datagram));

	if (reassembly == NULL)
		abort();
	reassembly->count = datagrams;
	return reassembly;
}

void
reassembly_destroy(struct reassembly *reassembly)
{
	if (reassembly == NULL)
		return;
	for (uint32_t i = 0; i < reassembly->count; i++)
		free(reassembly->datagrams[i].room);
	free(reassembly);
}

static bool
is(const struct datagram *datagram, uint32_t device,
   const struct packet *packet)
{
	return datagram->used && datagram->device == device &&
	       datagram->id == packet->fragment_id &&
	       datagram->protocol == packet->protocol &&
	       address_equal(&datagram->src, &packet->src) &&
	       address_equal(&datagram->dst, &packet->dst);
}

/* The datagram of a fragment, or a place for it. */
static struct datagram *
place(struct reassembly *reassembly, struct instant now, uint32_t device,
      const struct packet *packet)
{
	struct datagram *free_one = &reassembly->datagrams[0];

	for (uint32_t i = 0; i < reassembly->count; i++) {
		struct datagram *datagram = &reassembly->datagrams[i];
		if (is(datagram, device, packet)) {
			free_one = datagram;
			if (instant_distance_ns(datagram->heard, now) <
			    REASSEMBLY_NS)
				return datagram;
			break;
		}
		if (!free_one->used)
			continue;
		if (!datagram->used ||
		    instant_before(datagram->heard, free_one->heard))
			free_one = datagram;
	}
	uint8_t *room = free_one->room;
	if (room == NULL)
		room = malloc(HEADER_ROOM + REASSEMBLY_BYTES);
	if (room == NULL)
		abort();
	*free_one = (struct datagram){
		.used = true,
		.protocol = packet->protocol,
		.device = device,
		.id = packet->fragment_id,
		.src = packet->src,
		.dst = packet->dst,
		.room = room,
	};
	return free_one;
}

/* Keep the first fragment's header, as that of a packet never split. */
static bool
take_header(struct datagram *datagram, const uint8_t *bytes,
	    const struct packet *packet)
{
	uint32_t header_bytes = packet->header_bytes;

	if (packet->family == 6) {
		if (header_bytes != IP6_BYTES + FRAGMENT_BYTES)
			return false;
		header_bytes = IP6_BYTES;
	}
	uint8_t *header = datagram->room + HEADER_ROOM - header_bytes;
	memcpy(header, bytes, header_bytes);
	if (packet->family == 6)
		header[6] = bytes[IP6_BYTES]; /* next header */
	datagram->header_bytes = header_bytes;
	return true;
}

static const uint8_t *
finish(struct datagram *datagram, uint32_t *size)
{
	uint8_t *header = datagram->room + HEADER_ROOM - datagram->header_bytes;

	datagram->used = false;
	*size = datagram->header_bytes + datagram->payload_bytes;
	if (datagram->src.family == 6) {
		wire_put16(header + 4, (uint16_t)datagram->payload_bytes);
		return header;
	}
	if (*size > REASSEMBLY_BYTES)
		return NULL;
	wire_put16(header + 2, (uint16_t)*size);
	wire_put16(header + 6, 0); /* no flags, offset 0 */
	wire_put16(header + 10, 0);
	uint16_t sum = checksum_finish(
		checksum_add(0, header, datagram->header_bytes));
	wire_put16(header + 10, sum);
	return header;
}

const uint8_t *
reassembly_add(struct reassembly *reassembly, struct instant now,
	       uint32_t device, const uint8_t *bytes,
	       const struct packet *packet, uint32_t *size)
{
	uint32_t start = packet->fragment_offset;
	uint32_t count = packet->size_bytes - packet->header_bytes;

	if (count == 0 || start + count > REASSEMBLY_BYTES ||
	    (packet->mf && count % 8 != 0))
		return NULL;
	struct datagram *datagram = place(reassembly, now, device, packet);
	datagram->heard = now;
	if (ranges_covered(&datagram->parts, start, start + count) > 0 ||
	    !ranges_add(&datagram->parts, start, start + count))
		return NULL;
	if (start == 0 && !take_header(datagram, bytes, packet)) {
		datagram->used = false;
		return NULL;
	}
	if (!packet->mf)
		datagram->payload_bytes = start + count;
	memcpy(datagram->room + HEADER_ROOM + start,
	       bytes + packet->header_bytes, count);
	if (datagram->header_bytes == 0 || datagram->payload_bytes == 0 ||
	    datagram->parts.count != 1 ||
	    datagram->parts.items[0].end != datagram->payload_bytes)
		return NULL;
	return finish(datagram, size);
}
