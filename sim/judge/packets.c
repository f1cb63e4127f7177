/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packets.c - whose bytes, which tunnel, and how many
 */
#include "sim/judge/packets.h"

#include <stdlib.h>

struct judge_packets {
	struct judge_parts parts;
};

struct judge_packets *
judge_packets_create(const struct judge_parts *parts)
{
	struct judge_packets *packets = calloc(1, sizeof(*packets));

	if (packets == NULL)
		abort();
	packets->parts = *parts;
	return packets;
}

void
judge_packets_destroy(struct judge_packets *packets)
{
	free(packets);
}

void
judge_packets_zero(struct judge_packets *packets, struct instant now)
{
	(void)packets;
	(void)now;
}

void
judge_packets_before(struct judge_packets *packets, struct instant now,
		     uint32_t device, const uint8_t *bytes, uint32_t size)
{
	(void)packets;
	(void)now;
	(void)device;
	(void)bytes;
	(void)size;
}

void
judge_packets_after(struct judge_packets *packets, struct instant now,
		    uint32_t device, const uint8_t *bytes, uint32_t size)
{
	(void)packets;
	(void)now;
	(void)device;
	(void)bytes;
	(void)size;
}

void
judge_packets_event(struct judge_packets *packets, struct instant now,
		    const struct event *event)
{
	(void)packets;
	(void)now;
	(void)event;
}

void
judge_packets_finish(struct judge_packets *packets, struct instant now,
		     struct judge_facts *facts)
{
	(void)packets;
	(void)now;
	(void)facts;
}
