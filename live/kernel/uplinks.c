/* SPDX-License-Identifier: GPL-3.0-or-later */
/* uplinks.c - interfaces by index, and the control message; see uplinks.h */
#include "live/kernel/uplinks.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "core/outbox.h"

int
uplinks_find(struct uplinks *uplinks, const struct conf *conf, char *error,
	     size_t error_size)
{
	*uplinks = (struct uplinks){ .count = conf->uplink_count };
	for (uint32_t i = 0; i < conf->uplink_count; i++) {
		uplinks->interfaces[i] = if_nametoindex(conf->uplinks[i]);
		if (uplinks->interfaces[i] == 0) {
			(void)snprintf(error, error_size,
				       "uplink %s: no such interface",
				       conf->uplinks[i]);
			return -ENODEV;
		}
	}
	return 0;
}

unsigned
uplinks_other(const struct uplinks *uplinks, uint8_t avoid, uint32_t hash)
{
	if (avoid == OUTBOX_ANY_UPLINK || avoid >= uplinks->count ||
	    uplinks->count < 2)
		return 0;
	uint32_t step = 1 + hash % (uplinks->count - 1);
	return uplinks->interfaces[(avoid + step) % uplinks->count];
}

void
uplinks_control(struct msghdr *header, uint8_t family, unsigned interface)
{
	struct cmsghdr *control = (void *)((uint8_t *)header->msg_control +
					   header->msg_controllen);
	size_t size;

	if (family == 4) {
		struct in_pktinfo info = { .ipi_ifindex = (int)interface };
		size = sizeof(info);
		control->cmsg_level = IPPROTO_IP;
		control->cmsg_type = IP_PKTINFO;
		memcpy(CMSG_DATA(control), &info, size);
	} else {
		struct in6_pktinfo info = { .ipi6_ifindex = interface };
		size = sizeof(info);
		control->cmsg_level = IPPROTO_IPV6;
		control->cmsg_type = IPV6_PKTINFO;
		memcpy(CMSG_DATA(control), &info, size);
	}
	control->cmsg_len = CMSG_LEN(size);
	header->msg_controllen += CMSG_SPACE(size);
}

bool
uplinks_failed(int error)
{
	return error == -ENETUNREACH || error == -EHOSTUNREACH ||
	       error == -ENETDOWN || error == -ENODEV || error == -ENXIO ||
	       error == -EADDRNOTAVAIL;
}

socklen_t
uplinks_address(const struct endpoint *endpoint, struct sockaddr_storage *out)
{
	if (endpoint->address.family == 4) {
		struct sockaddr_in in = {
			.sin_family = AF_INET,
			.sin_port = htons(endpoint->port),
		};
		memcpy(&in.sin_addr, endpoint->address.bytes, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(endpoint->port),
	};
	memcpy(&in6.sin6_addr, endpoint->address.bytes, 16);
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

bool
uplinks_endpoint(const struct sockaddr_storage *address,
		 struct endpoint *endpoint)
{
	if (address->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		endpoint->address =
			address_ip4((const uint8_t *)&in.sin_addr.s_addr);
		endpoint->port = ntohs(in.sin_port);
		return true;
	}
	if (address->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		endpoint->address = address_ip6(in6.sin6_addr.s6_addr);
		endpoint->port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}
