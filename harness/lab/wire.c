/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.c - namespaces, sysctls, veth pairs and addresses, by iproute2
 *
 * Few processes: one `ip -batch` makes all namespaces, one all links (both
 * ends straight into their namespaces, so that nothing is ever left in ours),
 * one a device its addresses.
 *
 * Traps, each of which ruined a lab before:
 *	fib_multipath_hash_policy 1 takes a packet's hash from the sender,
 *	which over veth is the socket's and changes whenever TCP is in
 *	trouble: two thirds of all flows move without any cut. Policy 3
 *	dissects the packet: fields 0x37 are addresses, protocol and ports.
 *	Equal seeds: each router would choose as the last one did.
 *	rp_filter drops what comes back another way than it went.
 *	Duplicate address detection keeps link-local addresses, and with them
 *	BGP, waiting for a second.
 *	A route over a link without carrier is used until it is removed,
 *	unless ignore_routes_with_linkdown says otherwise.
 *	BBR does not slow down for losses as RFC 5681 does; both worlds use
 *	Reno.
 * All of them are set before there are links, for later ones inherit them.
 *
 * A client's address is on its interface, its default route leads to the edge;
 * the edge has a route to each client. For IPv6 both know each other by fixed
 * link-local addresses, fe80::1 and fe80::2.
 *
 * lab_interface() of lab.h is here, where interfaces get their names.
 */
#include "harness/lab/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/rng.h"
#include "harness/lab/process.h"
#include "harness/lab/relay.h"
#include "harness/lab/relayed.h"
#include "sim/engine/memory.h"

const char *
lab_wire_text(const struct address *address, char *text)
{
	inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes,
		  text, INET6_ADDRSTRLEN);
	return text;
}

void
lab_wire_space(const struct lab *lab, uint32_t device,
	       char name[LAB_NETNS_NAME])
{
	lab_netns_name(name, lab->name, lab->fabric->names[device]);
}

const char *
lab_interface(const struct lab *lab, uint32_t link, uint32_t end)
{
	const struct fabric *fabric = lab->fabric;
	uint32_t other = fabric->links[link].ports[1 - end];

	return fabric->names[fabric->ports[other].device];
}

uint32_t
lab_wire_seed(const struct lab *lab, uint32_t device)
{
	struct rng rng;

	rng_init(&rng, lab->settings.seed, device);
	/* 0 would be the kernel's own, the same everywhere. */
	return (uint32_t)(rng_next(&rng) & 0xffffffffU) | 1;
}

bool
lab_wire_is_slow(const struct lab *lab, uint32_t link)
{
	return lab->relayed != NULL && lab->relayed[link].used;
}

/* ---- namespaces ---- */

static int
sysctl_set(const char *path, const char *value)
{
	char name[128];
	int file, code = 0;

	snprintf(name, sizeof(name), "/proc/sys/net/%s", path);
	file = open(name, O_WRONLY | O_CLOEXEC);
	if (file < 0 || write(file, value, strlen(value)) < 0) {
		fprintf(stderr, "homeward: %s: %s\n", name, strerror(errno));
		code = -1;
	}
	if (file >= 0)
		close(file);
	return code;
}

static int
sysctls_set(const struct lab *lab, uint32_t device)
{
	static const char *const settings[][2] = {
		{ "ipv4/conf/all/rp_filter", "0" },
		{ "ipv4/conf/default/rp_filter", "0" },
		{ "ipv4/conf/all/send_redirects", "0" },
		{ "ipv4/conf/default/send_redirects", "0" },
		{ "ipv4/conf/all/ignore_routes_with_linkdown", "1" },
		{ "ipv4/conf/default/ignore_routes_with_linkdown", "1" },
		{ "ipv6/conf/all/ignore_routes_with_linkdown", "1" },
		{ "ipv6/conf/default/ignore_routes_with_linkdown", "1" },
		{ "ipv6/conf/all/accept_dad", "0" },
		{ "ipv6/conf/default/accept_dad", "0" },
		{ "ipv6/conf/all/accept_ra", "0" },
		{ "ipv6/conf/default/accept_ra", "0" },
		{ "ipv4/fib_multipath_hash_policy", "3" },
		{ "ipv6/fib_multipath_hash_policy", "3" },
		{ "ipv4/fib_multipath_hash_fields", "55" },
		{ "ipv6/fib_multipath_hash_fields", "55" },
		{ "ipv4/tcp_congestion_control", "reno" },
		{ "ipv4/ip_local_port_range", "10000 65535" },
	};
	bool router = fabric_is_router(lab->fabric, device);
	char seed[16];
	int code = 0;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		code |= sysctl_set(settings[i][0], settings[i][1]);
	snprintf(seed, sizeof(seed), "%u", lab_wire_seed(lab, device));
	code |= sysctl_set("ipv4/fib_multipath_hash_seed", seed);
	if (router) {
		code |= sysctl_set("ipv4/ip_forward", "1");
		code |= sysctl_set("ipv6/conf/all/forwarding", "1");
		code |= sysctl_set("ipv6/conf/default/forwarding", "1");
	}
	return code;
}

static int
batch_run(const char *space, const char *text)
{
	const char *const there[] = { "ip", "-n", space, "-batch", "-", NULL };
	const char *const here[] = { "ip", "-batch", "-", NULL };
	const struct lab_process process = {
		.argv = space == NULL ? here : there,
		.input = text,
		.tied = true,
	};

	return lab_process_run(&process) == 0 ? 0 : -1;
}

static int
spaces_make(const struct lab *lab)
{
	char *text = NULL, name[LAB_NETNS_NAME];
	size_t size;
	FILE *file = open_memstream(&text, &size);
	int code;

	for (uint32_t i = 0; i < lab->fabric->device_count; i++) {
		lab_wire_space(lab, i, name);
		fprintf(file, "netns add %s\n", name);
	}
	lab_netns_name(name, lab->name, LAB_NETNS_RELAY);
	fprintf(file, "netns add %s\n", name);
	fclose(file);
	code = batch_run(NULL, text);
	free(text);
	for (uint32_t i = 0; code == 0 && i < lab->fabric->device_count; i++) {
		lab_wire_space(lab, i, name);
		int before = lab_netns_enter(name);
		if (before < 0) {
			fprintf(stderr, "homeward: %s: %s\n", name,
				strerror(errno));
			return -1;
		}
		code = sysctls_set(lab, i);
		lab_netns_leave(before);
	}
	return code;
}

/* ---- links ---- */

/* One end: what follows `link add` or `peer`. */
static void
end_print(const struct lab *lab, uint32_t link, uint32_t end, FILE *file)
{
	const struct fabric *fabric = lab->fabric;
	const struct link_settings *settings =
		fabric_link_settings(fabric, link);
	uint32_t port = fabric->links[link].ports[end];
	char space[LAB_NETNS_NAME];

	lab_wire_space(lab, fabric->ports[port].device, space);
	fprintf(file,
		"name %s index %u address 02:68:77:%02x:%02x:%02x mtu %u "
		"netns %s",
		lab_interface(lab, link, end), LAB_WIRE_INDEX + port,
		port >> 16 & 0xff, port >> 8 & 0xff, port & 0xff,
		settings->mtu_bytes, space);
	if (lab->relayed[link].whole)
		fprintf(file, " gso_max_segs 1");
}

static int
links_make(const struct lab *lab)
{
	char *text = NULL, relay[LAB_NETNS_NAME], name[LAB_RELAY_NAME];
	size_t size;
	FILE *file = open_memstream(&text, &size);
	int code;

	lab_netns_name(relay, lab->name, LAB_NETNS_RELAY);
	for (uint32_t i = 0; i < lab->fabric->link_count; i++) {
		bool relayed = lab_wire_is_slow(lab, i);

		for (uint32_t end = 0; end < (relayed ? 2 : 1); end++) {
			fprintf(file, "link add ");
			end_print(lab, i, end, file);
			fprintf(file, " type veth peer ");
			if (relayed) {
				lab_relay_name(name, i, end);
				fprintf(file, "name %s mtu %u netns %s", name,
					fabric_link_settings(lab->fabric, i)
						->mtu_bytes,
					relay);
			} else {
				end_print(lab, i, 1, file);
			}
			fputc('\n', file);
		}
	}
	fclose(file);
	code = batch_run(NULL, text);
	free(text);
	return code;
}

/* ---- addresses ---- */

static void
client_print(const struct lab *lab, uint32_t device, FILE *file)
{
	const struct fabric *fabric = lab->fabric;
	uint8_t family = lab->settings.service.family;
	uint32_t edge = fabric_device(fabric, DEVICE_EDGE, 0);
	struct address own = fabric_address(fabric, device, family);
	struct address via = fabric_address(fabric, edge, family);
	char text[INET6_ADDRSTRLEN];

	if (family == 4) {
		fprintf(file, "address replace %s/32 dev edge1\n",
			lab_wire_text(&own, text));
		fprintf(file, "route replace default via %s dev edge1 onlink\n",
			lab_wire_text(&via, text));
		return;
	}
	fprintf(file, "address replace fe80::2/64 dev edge1 nodad\n");
	fprintf(file, "address replace %s/128 dev edge1 nodad\n",
		lab_wire_text(&own, text));
	fprintf(file, "route replace default via fe80::1 dev edge1\n");
}

static void
edge_print(const struct lab *lab, FILE *file)
{
	const struct fabric *fabric = lab->fabric;
	uint8_t family = lab->settings.service.family;
	char text[INET6_ADDRSTRLEN];

	for (uint32_t i = 0; i < fabric->settings.clients; i++) {
		uint32_t client = fabric_device(fabric, DEVICE_CLIENT, i);
		struct address address = fabric_address(fabric, client, family);
		const char *name = fabric->names[client];

		lab_wire_text(&address, text);
		if (family == 4) {
			fprintf(file, "route replace %s/32 dev %s\n", text,
				name);
			continue;
		}
		fprintf(file, "address replace fe80::1/64 dev %s nodad\n",
			name);
		fprintf(file, "route replace %s/128 via fe80::2 dev %s\n", text,
			name);
	}
}

static char *
addresses_text(const struct lab *lab, uint32_t device, bool links)
{
	const struct fabric *fabric = lab->fabric;
	uint8_t family = lab->settings.service.family;
	enum device_kind kind = fabric_kind(fabric, device);
	struct address own = fabric_address(fabric, device, family);
	struct address service = fabric_service(family);
	char *text = NULL, name[INET6_ADDRSTRLEN];
	size_t size;
	FILE *file = open_memstream(&text, &size);
	unsigned bits = family == 4 ? 32 : 128;

	fprintf(file, "link set lo up\n");
	for (uint32_t i = 0; links && i < fabric_ports(fabric, device); i++) {
		uint32_t port = fabric_port(fabric, device, i);
		uint32_t peer = fabric->ports[port].peer;

		fprintf(file, "link set %s up\n",
			fabric->names[fabric->ports[peer].device]);
	}
	if (kind == DEVICE_CLIENT) {
		client_print(lab, device, file);
	} else {
		fprintf(file, "address replace %s/%u dev lo\n",
			lab_wire_text(&own, name), bits);
		if (kind == DEVICE_SERVER)
			fprintf(file, "address replace %s/%u dev lo\n",
				lab_wire_text(&service, name), bits);
	}
	if (kind == DEVICE_EDGE)
		edge_print(lab, file);
	fclose(file);
	return text;
}

static pid_t
addresses_start(const struct lab *lab, uint32_t device, bool links)
{
	char space[LAB_NETNS_NAME], *text = addresses_text(lab, device, links);
	const char *const argv[] = { "ip", "-n", space, "-batch", "-", NULL };
	const struct lab_process process = { .argv = argv,
					     .input = text,
					     .tied = true };
	pid_t pid;

	lab_wire_space(lab, device, space);
	pid = lab_process_start(&process);
	free(text);
	return pid;
}

static int
addresses_make(const struct lab *lab)
{
	uint32_t count = lab->fabric->device_count;
	pid_t *pids = memory_zeroed(count, sizeof(*pids));
	int code = 0;

	for (uint32_t i = 0; i < count; i++)
		pids[i] = addresses_start(lab, i, true);
	for (uint32_t i = 0; i < count; i++)
		if (pids[i] < 0 || lab_process_wait(pids[i]) != 0)
			code = -1;
	free(pids);
	return code;
}

int
lab_wire_address(const struct lab *lab, uint32_t device)
{
	pid_t pid = addresses_start(lab, device, false);

	return pid >= 0 && lab_process_wait(pid) == 0 ? 0 : -1;
}

int
lab_wire_make(const struct lab *lab)
{
	return spaces_make(lab) != 0 || links_make(lab) != 0 ||
			       addresses_make(lab) != 0
		       ? -1
		       : 0;
}
