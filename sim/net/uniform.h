/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uniform.h - a fabric that is one hop of equal delay between any two hosts
 *
 * For comparing with theory, which knows no topology. No routers, no links,
 * no queues: a packet takes uniform_delay_ns, whatever its size. Impairments
 * are those of server_link (loss, duplication, reordering), drawn by the
 * sender. The service is any server that is up and announces it, by the hash of
 * the 5-tuple under the scenario's kind of group.
 */
#ifndef SIM_NET_UNIFORM_H
#define SIM_NET_UNIFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/fabric.h"
#include "sim/model/settings.h"
#include "sim/net/link.h"

struct uniform;

/* Everything up and announced. Borrows the fabric; aborts without memory. */
struct uniform *uniform_create(const struct fabric *, const struct settings *);
void uniform_destroy(struct uniform *);
void uniform_announce(struct uniform *, uint32_t server, bool announce,
		      struct instant now);
void uniform_set(struct uniform *, uint32_t device, bool up,
		 struct instant now);
/* The host that a packet reaches, up or not; FABRIC_NONE: there is none. Use:
 * it is sent. */
uint32_t uniform_route(const struct uniform *, uint32_t target, uint64_t digest,
		       struct instant now, bool use);
struct link_transit uniform_send(struct uniform *, uint32_t device,
				 struct instant now, uint32_t size);

#endif
