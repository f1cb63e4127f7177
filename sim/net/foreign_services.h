/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foreign_services.h - services whose addresses are not ours to choose
 *
 * A replayed capture brings its own addresses, and any of them may be one
 * that the fabric would take for its own: 192.168.0.1 is many a home's router,
 * and 10.0.0.0/8 is full of clients. With these, an address means
 *
 *	a listed service	the service: anycast, on all servers
 *	a server's loopback	that server, in the family that servers use
 *	anything else		client1
 *
 * Services are listed with their ports, because a host that serves in one
 * session may be the client of another; port 0 is every port. What has no
 * port, ICMP errors and later fragments, goes by its address alone.
 */
#ifndef SIM_NET_FOREIGN_SERVICES_H
#define SIM_NET_FOREIGN_SERVICES_H

#include <stdint.h>

#include "core/steer/settings.h"
#include "core/wire/packet.h"
#include "sim/model/fabric.h"

struct foreign_services;

/* Copies the services. family: of the servers' loopbacks, 4 or 6. Aborts when
 * out of memory. */
struct foreign_services *foreign_services_create(const struct steer_service *,
						 uint32_t count,
						 uint8_t family);
void foreign_services_destroy(struct foreign_services *);
/* As fabric_target(). */
uint32_t foreign_services_target(const struct foreign_services *,
				 const struct fabric *, const struct packet *);
/* Where an address lies, whatever the port. */
uint32_t foreign_services_address_target(const struct foreign_services *,
					 const struct fabric *,
					 const struct address *);

#endif
