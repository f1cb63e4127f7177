/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foreign_services_test.c - where a capture's addresses lie, in one table
 */
#include "sim/net/foreign_services.h"

#include "core/test/check.h"

static struct address
ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const uint8_t bytes[4] = { a, b, c, d };

	return address_ip4(bytes);
}

/* Four servers, for their loopbacks; NULL, said. */
static struct fabric *
fabric_make(void)
{
	const struct link_settings link = { .mtu_bytes = 1500 };
	const struct fabric_settings settings = {
		.exits = 1,
		.spines = 1,
		.leaves = 2,
		.pods = 1,
		.servers = 4,
		.uplinks = 2,
		.clients = 1,
		.client_link = link,
		.edge_link = link,
		.fabric_link = link,
		.server_link = link,
	};
	struct fabric *fabric = NULL;
	char error[128] = "";

	CHECK_ROW(fabric_create(&fabric, &settings, error, sizeof(error)) == 0,
		  error);
	return fabric;
}

int
main(void)
{
	const struct steer_service services[] = {
		{ ip4(192, 168, 0, 1), 443 },
		{ ip4(10, 0, 0, 2), 80 },
		{ ip4(192, 168, 0, 1), 80 },
		{ ip4(1, 2, 3, 4), 0 },
	};
	const uint32_t service = TARGET(TARGET_SERVICE, 0);
	const uint32_t client = TARGET(TARGET_CLIENT, 0);
	const struct {
		const char *says;
		struct address to;
		bool has_port;
		uint16_t port;
		uint8_t family; /* of loopbacks */
		uint32_t target;
	} rows[] = {
		{ "a listed port of a service", ip4(192, 168, 0, 1), true, 80,
		  4, service },
		{ "another port of it is a client's", ip4(192, 168, 0, 1), true,
		  81, 4, client },
		{ "port 0 is a port like others", ip4(192, 168, 0, 1), true, 0,
		  4, client },
		{ "no port at all goes by the address", ip4(192, 168, 0, 1),
		  false, 0, 4, service },
		{ "a service with every port", ip4(1, 2, 3, 4), true, 9, 4,
		  service },
		{ "a loopback is a server", ip4(10, 0, 0, 3), true, 7000, 4,
		  TARGET(TARGET_SERVER, 2) },
		{ "but not in the family that servers do not use",
		  ip4(10, 0, 0, 3), true, 7000, 6, client },
		{ "a service may have a loopback's address", ip4(10, 0, 0, 2),
		  true, 80, 6, service },
		{ "an unused loopback is a client's", ip4(10, 0, 0, 99), true,
		  80, 4, client },
		{ "so is anybody else", ip4(8, 8, 8, 8), true, 53, 4, client },
	};
	struct fabric *fabric = fabric_make();

	if (fabric == NULL)
		return check_done();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct foreign_services *foreign_services =
			foreign_services_create(services, 4, rows[i].family);
		struct packet packet = {
			.dst = rows[i].to,
			.has_ports = rows[i].has_port,
			.dst_port = rows[i].port,
		};

		CHECK_ROW(foreign_services_target(foreign_services, fabric,
						  &packet) == rows[i].target,
			  rows[i].says);
		foreign_services_destroy(foreign_services);
	}
	struct foreign_services *none = foreign_services_create(NULL, 0, 4);
	struct packet packet = { .dst = fabric_service(4) };
	CHECK_ROW(foreign_services_target(none, fabric, &packet) == client,
		  "the fabric's own service is no service among foreign ones");
	foreign_services_destroy(none);
	fabric_destroy(fabric);
	return check_done();
}
