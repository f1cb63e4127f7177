/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network_refuse.c - what a host's kernel says to a packet without a socket */
#include "core/wire/build.h"
#include "sim/net/network_state.h"

void
network_refuse(struct network *network, uint32_t device, const uint8_t *bytes,
	       const struct packet *packet)
{
	uint8_t error[PACKET_ERROR6_MAX];
	size_t size =
		packet_build_icmp_error(PACKET_ERROR_PORT, &packet->dst, 0,
					bytes, packet, error, sizeof(error));

	if (size == 0 ||
	    !icmp_limit_take(network->icmp_limit, queue_now(network->queue),
			     device, &packet->src))
		return;
	counters_of(network->counters, device)->icmp_errors++;
	network_send(network, device, OUTBOX_ANY_UPLINK, error, (uint32_t)size);
}

bool
network_echo(struct network *network, uint32_t device, const uint8_t *bytes,
	     const struct packet *packet)
{
	uint8_t reply[PACKET_ERROR6_MAX];
	size_t size =
		packet_build_echo_reply(bytes, packet, reply, sizeof(reply));

	if (size == 0)
		return false;
	network_send(network, device, OUTBOX_ANY_UPLINK, reply, (uint32_t)size);
	return true;
}
