/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frr.h - the routers: FRR's zebra, bgpd and perhaps bfdd a namespace
 *
 * Routers and servers speak eBGP as RFC 7938 has it: one AS a device, BGP
 * unnumbered over every fabric link (RFC 5549: IPv4 by way of link-local next
 * hops). The edge announces the clients, a router its loopback, a server its
 * loopback and the service.
 *
 * Servers take the default route alone. Spines make it, leaves pass it on, so a
 * leaf offers it while one of its uplinks has a session; it goes nowhere else.
 * (neighbor default-originate with a route-map would say the same, but bgpd
 * 8.4.4 looks at that every 5 s only; this way a leaf that lost its last uplink
 * is left by its servers after 140 ms.) What only a default route leads to is
 * refused by the spine, which has none.
 *
 * routing.detection decides how a silent link is noticed: `bfd` by bfdd, three
 * times 50 ms; `hold` by BGP's timers, 1 s and 3 s; `carrier` not at all. Where
 * no event silences a link, bfdd could find nothing but processors that were
 * busy for 150 ms, and strays that no event caused; so it is not started.
 */
#ifndef HARNESS_LAB_FRR_H
#define HARNESS_LAB_FRR_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/lab/lab.h"

#define LAB_FRR_COMMAND 512

/* NULL, or what is missing. */
const char *lab_frr_missing(void);
/* Does this device have them? Clients do not. */
bool lab_frr_is_router(const struct lab *, uint32_t device);
/* As many equal routes as a device's bgpd installs: routing.maximum_paths, and
 * never more than bgpd was made for. */
uint32_t lab_frr_paths(const struct lab *);
/* Write all configurations, start all. 0, or -1 after saying why. */
int lab_frr_start(const struct lab *);
/* The shell command that withdraws or announces a server's service. */
void lab_frr_command(const struct lab *, uint32_t server, bool announce,
		     char command[LAB_FRR_COMMAND]);
/* Sessions of a device that are established; *all: those that it should have.
 * 0 or -1. */
int lab_frr_sessions(const struct lab *, uint32_t device, uint32_t *established,
		     uint32_t *all);

#endif
