/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uplinks.h - sending by another uplink than the routes would choose
 *
 * Right after a failure a server's own routes may still point at the dead
 * link, so the first packets of a stray flow leave by an uplink other than
 * the one it came by (design section 5). A control message (IP_PKTINFO,
 * IPV6_PKTINFO: ip(7), ipv6(7)) names the interface; the kernel then looks
 * the route up among the nexthops behind it, and has none (ENETUNREACH) when
 * there is no such. With one uplink there is nothing to choose.
 */
#ifndef LIVE_KERNEL_UPLINKS_H
#define LIVE_KERNEL_UPLINKS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/endpoint.h"
#include "live/conf/conf.h"

/* Room that uplinks_control() needs, either family. */
#define UPLINKS_CONTROL CMSG_SPACE(sizeof(struct in6_pktinfo))

struct uplinks {
	unsigned interfaces[CONF_UPLINKS]; /* as if_nametoindex(3) */
	uint32_t count;
};

/* 0; -ENODEV with a sentence: one of them is not there. */
int uplinks_find(struct uplinks *, const struct conf *, char *error,
		 size_t error_size);
/* Another one than `avoid`, the same for the same hash; 0: there is none, or
 * avoid is OUTBOX_ANY_UPLINK. */
unsigned uplinks_other(const struct uplinks *, uint8_t avoid, uint32_t hash);
/* Append the control message to a header whose msg_control has the room;
 * msg_controllen is what is used so far, and grows. */
void uplinks_control(struct msghdr *, uint8_t family, unsigned interface);
/* May the ordinary route do better than one by a chosen interface? */
bool uplinks_failed(int error);

/* To a socket address; its size. */
socklen_t uplinks_address(const struct endpoint *, struct sockaddr_storage *);
/* From one; false: of neither family. */
bool uplinks_endpoint(const struct sockaddr_storage *, struct endpoint *);

#endif
