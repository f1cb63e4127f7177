/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_test.c - a plan's routes arrive, by a shortest path
 */
#include "harness/bench/plan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "sim/model/fabric.h"

#define ROUTES	65536
#define LINKS	1024
#define SERVERS 64

struct route {
	uint32_t device, network, mask, link;
};

struct read {
	uint32_t devices, hosts, links, routes;
	uint32_t address[SERVERS];
	uint32_t ends[LINKS][2];
	struct route route[ROUTES];
};

static struct read plan;

static uint32_t
dotted(const char *text)
{
	unsigned a = 0, b = 0, c = 0, d = 0;

	CHECK(sscanf(text, "%u.%u.%u.%u", &a, &b, &c, &d) == 4);
	return a << 24 | b << 16 | c << 8 | d;
}

static void
plan_read(FILE *file)
{
	char line[256], text[2][32];
	uint32_t a, b;

	plan.devices = plan.hosts = plan.links = plan.routes = 0;
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "devices %u", &a) == 1) {
			plan.devices = a;
		} else if (sscanf(line, "host %u %31s", &a, text[0]) == 2) {
			CHECK(a == plan.hosts && a < SERVERS);
			plan.address[plan.hosts++] = dotted(text[0]);
		} else if (sscanf(line, "link %u %u", &a, &b) == 2) {
			CHECK(plan.links < LINKS);
			plan.ends[plan.links][0] = a;
			plan.ends[plan.links++][1] = b;
		} else if (sscanf(line, "route %u %31s %31s %u", &a, text[0],
				  text[1], &b) == 4) {
			CHECK(plan.routes < ROUTES);
			plan.route[plan.routes++] =
				(struct route){ a, dotted(text[0]),
						dotted(text[1]), b };
		} else {
			CHECK_ROW(false, line);
		}
	}
}

/* The longest prefix's link; UINT32_MAX: none. */
static uint32_t
link_to(uint32_t device, uint32_t address)
{
	uint32_t link = UINT32_MAX, mask = 0;

	for (uint32_t i = 0; i < plan.routes; i++) {
		const struct route *route = &plan.route[i];
		if (route->device == device &&
		    (address & route->mask) == route->network &&
		    (link == UINT32_MAX || route->mask > mask)) {
			link = route->link;
			mask = route->mask;
		}
	}
	return link;
}

static uint32_t
hops(uint32_t from, uint32_t to)
{
	uint32_t device = from, count = 0;

	for (; device != to && count < 9; count++) {
		uint32_t link = link_to(device, plan.address[to]);
		if (link == UINT32_MAX)
			return UINT32_MAX;
		const uint32_t *ends = plan.ends[link];
		CHECK(ends[0] == device || ends[1] == device);
		device = ends[0] == device ? ends[1] : ends[0];
	}
	return count;
}

static bool
share_leaf(const struct fabric *fabric, uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < fabric->settings.uplinks; i++)
		for (uint32_t j = 0; j < fabric->settings.uplinks; j++)
			if (fabric_group_leaf(fabric, fabric_group(fabric, a),
					      i) ==
			    fabric_group_leaf(fabric, fabric_group(fabric, b),
					      j))
				return true;
	return false;
}

static void
test_arrive(uint32_t servers, uint32_t uplinks, enum plan_routes routes)
{
	struct settings settings;
	struct fabric *fabric;
	char error[200];
	FILE *file = tmpfile();

	settings_default(&settings);
	settings.fabric.servers = servers;
	settings.fabric.uplinks = uplinks;
	settings.fabric.leaves = 8;
	settings.fabric.spines = 3;
	CHECK(file != NULL && plan_write(file, &settings, routes) == 0);
	if (file == NULL)
		return;
	plan_read(file);
	(void)fclose(file);
	CHECK(fabric_create(&fabric, &settings.fabric, error, sizeof(error)) ==
	      0);
	CHECK(plan.devices == fabric->device_count && plan.hosts == servers &&
	      plan.links == fabric->link_count);
	for (uint32_t a = 0; a < servers; a++) {
		for (uint32_t b = 0; b < servers; b++) {
			uint32_t wanted = share_leaf(fabric, a, b) ? 2 : 4;
			uint32_t got = hops(a, b);
			/* With two uplinks the one that a server uses need not
			 * be the one that both have. */
			CHECK(a == b || got == wanted ||
			      (uplinks > 1 && got == 4));
		}
	}
	fabric_destroy(fabric);
}

int
main(void)
{
	test_arrive(2, 1, PLAN_HOSTS);
	test_arrive(40, 1, PLAN_HOSTS);
	test_arrive(37, 1, PLAN_PREFIXES);
	test_arrive(40, 2, PLAN_HOSTS);
	test_arrive(33, 2, PLAN_PREFIXES);
	return check_done();
}
