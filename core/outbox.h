/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox.h - what the core wants sent
 *
 * Verbs append; the caller sends and clears after each verb. Nothing in the
 * core calls back into the world. Bytes of all items lie one after the other
 * in one buffer of the caller.
 *
 * Full: the item is not appended, `refused` counts it, and the protocol
 * treats it as a datagram lost on the way (each request is timed).
 */
#ifndef CORE_OUTBOX_H
#define CORE_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "core/address.h"

enum outbox_kind {
	OUTBOX_DATAGRAM, /* UDP from our DHT port to `to`; bytes = payload */
	OUTBOX_FORWARD, /* UDP from source_port to `to` (GUE, its port) */
	OUTBOX_PACKET, /* a whole IP packet to route out (RST, ICMP error) */
	OUTBOX_DELIVER, /* a whole IP packet for our own TCP/IP stack */
};

#define OUTBOX_ANY_UPLINK 0xff

struct outbox_item {
	uint8_t kind; /* enum outbox_kind */
	/* Uplink not to use, or OUTBOX_ANY_UPLINK: design section 5, first
	 * strays. With a single uplink the caller ignores it. */
	uint8_t avoid_uplink;
	uint16_t source_port; /* FORWARD: flow hash in 49152..65535 */
	uint32_t offset, size; /* of the bytes */
	/* DATAGRAM and FORWARD; its address also of a PACKET that asks whether
	 * an owner lives, for steer_route() */
	struct endpoint to;
};

struct outbox {
	struct outbox_item *items;
	uint32_t item_capacity, item_count;
	uint8_t *bytes;
	uint32_t byte_capacity, byte_count;
	uint32_t refused; /* items that did not fit, ever */
};

/* Room for one item of at most size bytes, appended with item->size = size;
 * NULL when full. *bytes is where to write. */
struct outbox_item *outbox_add(struct outbox *, enum outbox_kind, uint32_t size,
			       uint8_t **bytes);
/* The last item turned out shorter; size <= its size. */
void outbox_trim(struct outbox *, uint32_t size);
/* Forget all items, keep the count of refused ones. */
void outbox_clear(struct outbox *);

#endif
