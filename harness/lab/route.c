/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * route.c - routes counted and links cut through rtnetlink
 *
 * A converged fabric is not "nothing has changed for a second", which a slow
 * machine fulfils too early: by breadth-first search over the fabric each
 * device has a known number of next hops to each server, to the service and to
 * the clients. Paths do not cross servers or clients; AS paths are as long as
 * paths, for each device is an AS. Servers have a default route only, by each
 * of their leaves, and a leaf has one by each of its spines.
 */
#include "harness/lab/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/lab/frr.h"
#include "harness/lab/netns.h"
#include "harness/lab/wire.h"
#include "sim/engine/memory.h"

#define ANSWER_BYTES 32768

int
lab_route_open(struct lab *lab)
{
	uint32_t count = lab->fabric->device_count;

	lab->sockets = memory_zeroed(count, sizeof(*lab->sockets));
	for (uint32_t i = 0; i < count; i++)
		lab->sockets[i] = -1;
	for (uint32_t i = 0; i < count; i++) {
		struct timeval patience = { 2, 0 };
		char name[LAB_NETNS_NAME];
		int before;

		lab_wire_space(lab, i, name);
		before = lab_netns_enter(name);
		if (before >= 0) {
			lab->sockets[i] =
				socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
				       NETLINK_ROUTE);
			lab_netns_leave(before);
		}
		if (before < 0 || lab->sockets[i] < 0) {
			fprintf(stderr, "homeward: %s: %s\n", name,
				strerror(errno));
			return -1;
		}
		setsockopt(lab->sockets[i], SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
	}
	return 0;
}

void
lab_route_close(struct lab *lab)
{
	if (lab->sockets == NULL)
		return;
	for (uint32_t i = 0; i < lab->fabric->device_count; i++)
		if (lab->sockets[i] >= 0)
			close(lab->sockets[i]);
	free(lab->sockets);
	lab->sockets = NULL;
}

int
lab_route_talk(int file, struct nlmsghdr *request,
	       int (*heard)(const struct nlmsghdr *, void *), void *context)
{
	_Alignas(struct nlmsghdr) char bytes[ANSWER_BYTES];
	static uint32_t sequence;
	int more = MNL_CB_OK;

	request->nlmsg_seq = ++sequence;
	if (send(file, request, request->nlmsg_len, 0) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t size = recv(file, bytes, sizeof(bytes), 0);

		if (size < 0)
			return -errno;
		/* What an interrupted question left is of another number. */
		if (((struct nlmsghdr *)bytes)->nlmsg_seq != sequence)
			continue;
		more = mnl_cb_run(bytes, (size_t)size, sequence, 0, heard,
				  context);
		if (more < 0)
			return -errno;
		if (heard != NULL &&
		    !(((struct nlmsghdr *)bytes)->nlmsg_flags & NLM_F_MULTI))
			break;
	}
	return 0;
}

/* ---- links ---- */

static int
link_set(const struct lab *lab, uint32_t link, uint32_t end, bool up)
{
	uint32_t port = lab->fabric->links[link].ports[end];
	_Alignas(struct nlmsghdr) char bytes[128] = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct ifinfomsg *info =
		mnl_nlmsg_put_extra_header(header, sizeof(*info));

	header->nlmsg_type = RTM_NEWLINK;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	info->ifi_index = (int)(LAB_WIRE_INDEX + port);
	info->ifi_change = IFF_UP;
	info->ifi_flags = up ? IFF_UP : 0;
	return lab_route_talk(lab->sockets[lab->fabric->ports[port].device],
			      header, NULL, NULL);
}

int
lab_link(const struct lab *lab, uint32_t link, uint32_t end, bool up)
{
	uint32_t port = lab->fabric->links[link].ports[end];
	int code = link_set(lab, link, end, up);

	/* BGP does not know these, so they would not come back. */
	if (code == 0 && up &&
	    fabric_tier(lab->fabric, link) == TIER_CLIENT_EDGE &&
	    lab_wire_address(lab, lab->fabric->ports[port].device) != 0)
		code = -EIO;
	return code;
}

/* ---- all routes ---- */

/* Next hops by target: servers, the service, the clients, all else. */
struct hops {
	const struct lab *lab;
	uint32_t *counts;
};

static uint32_t
targets(const struct lab *lab)
{
	return lab->fabric->settings.servers + 3;
}

/* The row of a route, or FABRIC_NONE. */
static uint32_t
target_row(const struct lab *lab, const struct rtmsg *route,
	   const struct nlattr *destination)
{
	bool four = lab->settings.service.family == 4;
	struct address address = { .family = lab->settings.service.family };
	uint32_t servers = lab->fabric->settings.servers;

	if (route->rtm_dst_len == 0)
		return servers + 2;
	if (destination == NULL ||
	    mnl_attr_get_payload_len(destination) > sizeof(address.bytes))
		return FABRIC_NONE;
	memcpy(address.bytes, mnl_attr_get_payload(destination),
	       mnl_attr_get_payload_len(destination));
	if (route->rtm_dst_len == (four ? 16 : 48))
		return servers + 1;
	if (route->rtm_dst_len != (four ? 32 : 128))
		return FABRIC_NONE;

	uint32_t target = fabric_target(lab->fabric, &address);
	if (TARGET_KIND(target) == TARGET_SERVER)
		return TARGET_INDEX(target);
	return TARGET_KIND(target) == TARGET_SERVICE ? servers : FABRIC_NONE;
}

static uint32_t
hops_of(const struct nlattr *multipath)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	int rest = mnl_attr_get_payload_len(multipath);
	uint32_t count = 0;

	while (RTNH_OK(hop, rest)) {
		if ((hop->rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0)
			count++;
		rest -= RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	return count;
}

/* What one route says. */
struct hops_route {
	const struct rtmsg *route;
	const struct nlattr *destination;
	uint32_t count;
};

static int
hops_attribute(const struct nlattr *attribute, void *context)
{
	struct hops_route *found = context;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_DST:
		found->destination = attribute;
		break;
	case RTA_OIF:
		found->count += (found->route->rtm_flags &
				 (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0;
		break;
	case RTA_MULTIPATH:
		found->count += hops_of(attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int
hops_heard(const struct nlmsghdr *header, void *context)
{
	struct hops_route found = { .route = mnl_nlmsg_get_payload(header) };
	struct hops *hops = context;
	uint32_t row;

	if (header->nlmsg_type != RTM_NEWROUTE ||
	    found.route->rtm_protocol != RTPROT_BGP)
		return MNL_CB_OK;
	mnl_attr_parse(header, sizeof(*found.route), hops_attribute, &found);
	row = target_row(hops->lab, found.route, found.destination);
	if (row != FABRIC_NONE)
		hops->counts[row] += found.count;
	return MNL_CB_OK;
}

static int
hops_read(const struct lab *lab, uint32_t device, uint32_t *counts)
{
	_Alignas(struct nlmsghdr) char bytes[128] = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct rtmsg *route =
		mnl_nlmsg_put_extra_header(header, sizeof(*route));
	struct hops hops = { .lab = lab, .counts = counts };

	memset(counts, 0, targets(lab) * sizeof(*counts));
	header->nlmsg_type = RTM_GETROUTE;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	route->rtm_family =
		lab->settings.service.family == 4 ? AF_INET : AF_INET6;
	return lab_route_talk(lab->sockets[device], header, hops_heard,
			      &hops) == 0
		       ? 0
		       : -1;
}

/* ---- what there should be ---- */

/* Distance of each device to the nearest of those in `queue`. */
static void
distances_find(const struct fabric *fabric, uint32_t *queue, uint32_t size,
	       uint32_t *distance)
{
	for (uint32_t i = 0; i < fabric->device_count; i++)
		distance[i] = FABRIC_NONE;
	for (uint32_t i = 0; i < size; i++)
		distance[queue[i]] = 0;
	for (uint32_t next = 0; next < size; next++) {
		uint32_t device = queue[next];

		/* Servers and clients announce and do not carry. */
		if (distance[device] > 0 && !fabric_is_router(fabric, device))
			continue;
		for (uint32_t i = 0; i < fabric_ports(fabric, device); i++) {
			uint32_t port = fabric_port(fabric, device, i);
			uint32_t peer =
				fabric->ports[fabric->ports[port].peer].device;

			if (distance[peer] != FABRIC_NONE)
				continue;
			distance[peer] = distance[device] + 1;
			queue[size++] = peer;
		}
	}
}

static uint32_t
hops_most(const struct lab *lab, uint32_t count)
{
	uint32_t most = lab_frr_paths(lab);

	return count < most ? count : most;
}

/* How many neighbours are one step nearer, of those that bgpd installs. */
static uint32_t
hops_expected(const struct lab *lab, const uint32_t *distance, uint32_t device)
{
	const struct fabric *fabric = lab->fabric;
	uint32_t count = 0;

	if (distance[device] == FABRIC_NONE ||
	    fabric_kind(fabric, device) == DEVICE_CLIENT)
		return 0;
	for (uint32_t i = 0; i < fabric_ports(fabric, device); i++) {
		uint32_t port = fabric_port(fabric, device, i);
		uint32_t peer = fabric->ports[fabric->ports[port].peer].device;

		count +=
			distance[peer] < distance[device] &&
			(distance[peer] == 0 || fabric_is_router(fabric, peer));
	}
	return hops_most(lab, count);
}

/* Of the default route. */
static uint32_t
hops_default(const struct lab *lab, uint32_t device)
{
	const struct fabric *fabric = lab->fabric;
	enum device_kind kind = fabric_kind(fabric, device);
	enum device_kind above =
		kind == DEVICE_SERVER ? DEVICE_LEAF : DEVICE_SPINE;
	uint32_t count = 0;

	if (kind != DEVICE_SERVER && kind != DEVICE_LEAF)
		return 0;
	for (uint32_t i = 0; i < fabric_ports(fabric, device); i++) {
		uint32_t port = fabric_port(fabric, device, i);
		count += fabric_kind(fabric, fabric->ports[port].peer_device) ==
			 above;
	}
	return hops_most(lab, count);
}

/* [row * devices + device], to be freed. */
static uint32_t *
expected_make(const struct lab *lab)
{
	const struct fabric *fabric = lab->fabric;
	uint32_t devices = fabric->device_count;
	uint32_t servers = fabric->settings.servers;
	uint32_t *expected =
		memory_zeroed((size_t)targets(lab) * devices, sizeof(uint32_t));
	uint32_t *queue = memory_zeroed(devices, sizeof(uint32_t));
	uint32_t *distance = memory_zeroed(devices, sizeof(uint32_t));

	for (uint32_t i = 0; i < devices; i++)
		expected[(servers + 2) * devices + i] = hops_default(lab, i);
	for (uint32_t row = 0; row < servers + 2; row++) {
		uint32_t size = 1;

		queue[0] = row < servers
				   ? row
				   : fabric_device(fabric, DEVICE_EDGE, 0);
		for (uint32_t i = 0; row == servers && i < servers; i++)
			queue[i] = i;
		if (row == servers)
			size = servers;
		distances_find(fabric, queue, size, distance);
		for (uint32_t i = servers; i < devices; i++)
			expected[row * devices + i] =
				hops_expected(lab, distance, i);
	}
	free(queue);
	free(distance);
	return expected;
}

static int
row_hops(const struct lab *lab, uint32_t device, uint32_t row, uint32_t *there,
	 uint32_t *all)
{
	uint32_t *expected = expected_make(lab);
	uint32_t *counts = memory_zeroed(targets(lab), sizeof(*counts));
	int code = hops_read(lab, device, counts);

	*there = counts[row];
	*all = expected[row * lab->fabric->device_count + device];
	free(counts);
	free(expected);
	return code;
}

int
lab_route_service(const struct lab *lab, uint32_t device, uint32_t *there,
		  uint32_t *all)
{
	return row_hops(lab, device, lab->fabric->settings.servers, there, all);
}

int
lab_route_default(const struct lab *lab, uint32_t device, uint32_t *there,
		  uint32_t *all)
{
	return row_hops(lab, device, lab->fabric->settings.servers + 2, there,
			all);
}

/* The first row that is not as expected; FABRIC_NONE: none. */
static uint32_t
device_missing(const struct lab *lab, uint32_t device, const uint32_t *expected,
	       uint32_t *counts)
{
	if (hops_read(lab, device, counts) != 0)
		return 0;
	for (uint32_t row = 0; row < targets(lab); row++)
		if (counts[row] !=
		    expected[row * lab->fabric->device_count + device])
			return row;
	return FABRIC_NONE;
}

static void
missing_say(const struct lab *lab, uint32_t device, uint32_t row,
	    const uint32_t *expected, const uint32_t *counts)
{
	uint32_t servers = lab->fabric->settings.servers;

	fprintf(stderr,
		"homeward: BGP did not converge: %s has %u of %u next hops "
		"to %s\n",
		lab->fabric->names[device], counts[row],
		expected[row * lab->fabric->device_count + device],
		row < servers	     ? lab->fabric->names[row]
		: row == servers     ? "the service"
		: row == servers + 1 ? "the clients"
				     : "all else");
}

int
lab_route_wait(const struct lab *lab, int64_t deadline_ns)
{
	uint32_t *expected = expected_make(lab);
	uint32_t *counts = memory_zeroed(targets(lab), sizeof(*counts));
	const struct timespec pause = { 0, 50 * NS_PER_MS };
	uint32_t device = 0, row = FABRIC_NONE;
	struct timespec now;
	int code = 0;

	/* While nothing breaks routes only come: a device with all is done. */
	while (code == 0 && device < lab->fabric->device_count) {
		row = device_missing(lab, device, expected, counts);
		if (row == FABRIC_NONE) {
			device++;
			continue;
		}
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec * NS_PER_S + now.tv_nsec > deadline_ns) {
			missing_say(lab, device, row, expected, counts);
			code = -1;
		}
	}
	free(counts);
	free(expected);
	return code;
}
