/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guests.c - a sorted list, searched by halves
 *
 * Sorted by family, address and port, so that all ports of an address stand
 * together and port 0, "every port", first.
 */
#include "sim/net/guests.h"

#include <stdlib.h>
#include <string.h>

struct guests {
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

struct guests *
guests_create(const struct steer_service *services, uint32_t count,
	      uint8_t family)
{
	struct guests *guests = calloc(1, sizeof(*guests));

	if (guests == NULL)
		abort();
	guests->services = calloc(count > 0 ? count : 1, sizeof(*services));
	if (guests->services == NULL)
		abort();
	if (count > 0)
		memcpy(guests->services, services, count * sizeof(*services));
	guests->count = count;
	guests->family = family;
	qsort(guests->services, count, sizeof(*services), compare_void);
	return guests;
}

void
guests_destroy(struct guests *guests)
{
	if (guests == NULL)
		return;
	free(guests->services);
	free(guests);
}

/* The first service that is not below this address and port. */
static const struct steer_service *
lower_bound(const struct guests *guests, const struct address *address,
	    uint16_t port)
{
	struct steer_service wanted = { *address, port };
	uint32_t low = 0, high = guests->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (compare(&guests->services[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < guests->count ? &guests->services[low] : NULL;
}

static bool
is_service(const struct guests *guests, const struct address *address,
	   bool has_port, uint16_t port)
{
	const struct steer_service *first = lower_bound(guests, address, 0);

	if (first == NULL || !address_equal(&first->address, address))
		return false;
	if (!has_port || first->port == 0)
		return true;

	const struct steer_service *exact = lower_bound(guests, address, port);
	return exact != NULL && exact->port == port &&
	       address_equal(&exact->address, address);
}

static uint32_t
target_of(const struct guests *guests, const struct fabric *fabric,
	  const struct address *address, bool has_port, uint16_t port)
{
	if (is_service(guests, address, has_port, port))
		return TARGET(TARGET_SERVICE, 0);

	uint32_t target = fabric_target(fabric, address);
	if (TARGET_KIND(target) == TARGET_SERVER &&
	    address->family == guests->family)
		return target;
	return TARGET(TARGET_CLIENT, 0);
}

uint32_t
guests_target(const struct guests *guests, const struct fabric *fabric,
	      const struct packet *packet)
{
	return target_of(guests, fabric, &packet->dst, packet->has_ports,
			 packet->dst_port);
}

uint32_t
guests_address_target(const struct guests *guests, const struct fabric *fabric,
		      const struct address *address)
{
	return target_of(guests, fabric, address, false, 0);
}
