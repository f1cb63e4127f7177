/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * icmp_limit.h - how many ICMP errors a device may send, as Linux limits them
 *
 *	a device	1,000 a second, 50 at once	icmp_msgs_per_sec
 *	an address	1 a second, 6 at once		icmp_ratelimit
 *	"too big"	no limit
 *
 * An error takes a token of its device's bucket, then one of its destination's;
 * where the second is empty the first is spent all the same (net/ipv4/icmp.c,
 * icmp_global_allow() before icmpv4_xrlim_allow(); net/ipv4/inetpeer.c,
 * XRLIM_BURST_FACTOR).
 *
 * Where we are simpler: IPv6 is limited as IPv4 is, though Linux allows more to
 * an address behind a short prefix. And in IPv4 Linux takes a token of the
 * address for each packet that has no route, too (ip_error() in
 * net/ipv4/route.c), so that its routers say "unreachable" less often than ours
 * (core/steer/life.h).
 *
 * A bucket that is full again is as one that never was: when the table is half
 * full those go, and it grows when none can.
 */
#ifndef SIM_NET_ICMP_LIMIT_H
#define SIM_NET_ICMP_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/instant.h"

struct icmp_limit;

struct icmp_limit *icmp_limit_create(void);
void icmp_limit_destroy(struct icmp_limit *); /* NULL: nothing */
/* May the device send an error to the address now? Then it counts as sent. The
 * caller does not ask for "too big". Times never go back. */
bool icmp_limit_take(struct icmp_limit *, struct instant now, uint32_t device,
		     const struct address *to);
/* Buckets that are kept. */
size_t icmp_limit_count(const struct icmp_limit *);

#endif
