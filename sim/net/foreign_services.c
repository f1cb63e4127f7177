/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foreign_services.c - a sorted list, searched by halves
 *
 * Sorted by family, address and port, so that all ports of an address stand
 * together and port 0, "every port", first.
 */
#include "sim/net/foreign_services.h"

#include <stdlib.h>
#include <string.h>

struct foreign_services {
	struct steer_service *services;
	uint32_t count;
	uint8_t family;
};

static int
compare(const struct steer_service *a, const struct steer_service *b)
{
	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;

	int order = memcmp(a->address.bytes, b->address.bytes,
			   sizeof(a->address.bytes));
	if (order != 0)
		return order;
	return a->port < b->port ? -1 : a->port > b->port;
}

static int
compare_void(const void *a, const void *b)
{
	return compare(a, b);
}

struct foreign_services *
foreign_services_create(const struct steer_service *services, uint32_t count,
			uint8_t family)
{
	struct foreign_services *foreign_services =
		calloc(1, sizeof(*foreign_services));

	if (foreign_services == NULL)
		abort();
	foreign_services->services =
		calloc(count > 0 ? count : 1, sizeof(*services));
	if (foreign_services->services == NULL)
		abort();
	if (count > 0)
		memcpy(foreign_services->services, services,
		       count * sizeof(*services));
	foreign_services->count = count;
	foreign_services->family = family;
	qsort(foreign_services->services, count, sizeof(*services),
	      compare_void);
	return foreign_services;
}

void
foreign_services_destroy(struct foreign_services *foreign_services)
{
	if (foreign_services == NULL)
		return;
	free(foreign_services->services);
	free(foreign_services);
}

/* The first service that is not below this address and port. */
static const struct steer_service *
lower_bound(const struct foreign_services *foreign_services,
	    const struct address *address, uint16_t port)
{
	struct steer_service wanted = { *address, port };
	uint32_t low = 0, high = foreign_services->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (compare(&foreign_services->services[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < foreign_services->count ? &foreign_services->services[low]
					     : NULL;
}

static bool
is_service(const struct foreign_services *foreign_services,
	   const struct address *address, bool has_port, uint16_t port)
{
	const struct steer_service *first =
		lower_bound(foreign_services, address, 0);

	if (first == NULL || !address_equal(&first->address, address))
		return false;
	if (!has_port || first->port == 0)
		return true;

	const struct steer_service *exact =
		lower_bound(foreign_services, address, port);
	return exact != NULL && exact->port == port &&
	       address_equal(&exact->address, address);
}

static uint32_t
target_of(const struct foreign_services *foreign_services,
	  const struct fabric *fabric, const struct address *address,
	  bool has_port, uint16_t port)
{
	if (is_service(foreign_services, address, has_port, port))
		return TARGET(TARGET_SERVICE, 0);

	uint32_t target = fabric_target(fabric, address);
	if (TARGET_KIND(target) == TARGET_SERVER &&
	    address->family == foreign_services->family)
		return target;
	return TARGET(TARGET_CLIENT, 0);
}

uint32_t
foreign_services_target(const struct foreign_services *foreign_services,
			const struct fabric *fabric,
			const struct packet *packet)
{
	return target_of(foreign_services, fabric, &packet->dst,
			 packet->has_ports, packet->dst_port);
}

uint32_t
foreign_services_address_target(const struct foreign_services *foreign_services,
				const struct fabric *fabric,
				const struct address *address)
{
	return target_of(foreign_services, fabric, address, false, 0);
}
