/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.c - which way a packet goes, hop by hop
 *
 * IPv4: each router is asked "a packet of these addresses and ports came in by
 * that interface, where does it go?" (RTM_GETROUTE with RTA_IIF, RTA_SPORT,
 * RTA_DPORT); the answer has gone through the same hash as the packet would.
 *
 * IPv6, and a host's own IPv4 packets: that answer would have gone through
 * another (hash.h). The route's next hops are read from the table, in the
 * table's order, and chosen from as the kernel does: those that are alive share
 * the hash's 2^31 values by weight, in order (RFC 2992).
 */
#include "harness/lab/lab.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "harness/lab/hash.h"
#include "harness/lab/route.h"
#include "harness/lab/wire.h"

#define HOPS_MAX 64

/* One direction of a session. */
struct flow {
	struct endpoint from, to;
};

struct verdict {
	bool local;
	uint32_t interface; /* 0: nowhere */
};

static int
verdict_attribute(const struct nlattr *attribute, void *context)
{
	struct verdict *verdict = context;

	if (mnl_attr_get_type(attribute) == RTA_OIF)
		verdict->interface = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static int
verdict_heard(const struct nlmsghdr *header, void *context)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(header);
	struct verdict *verdict = context;

	if (header->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	verdict->local = route->rtm_type == RTN_LOCAL;
	if (route->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	return mnl_attr_parse(header, sizeof(*route), verdict_attribute,
			      verdict);
}

/* interface 0: the packet is made at the device. */
static struct verdict
verdict_ask(const struct lab *lab, uint32_t device, uint32_t interface,
	    const struct flow *flow)
{
	_Alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct rtmsg *route =
		mnl_nlmsg_put_extra_header(header, sizeof(*route));
	bool four = flow->to.address.family == 4;
	size_t size = four ? 4 : 16;
	struct verdict verdict = { false, 0 };

	header->nlmsg_type = RTM_GETROUTE;
	header->nlmsg_flags = NLM_F_REQUEST;
	route->rtm_family = four ? AF_INET : AF_INET6;
	route->rtm_src_len = route->rtm_dst_len = (unsigned char)(size * 8);
	mnl_attr_put(header, RTA_DST, size, flow->to.address.bytes);
	mnl_attr_put(header, RTA_SRC, size, flow->from.address.bytes);
	if (interface != 0)
		mnl_attr_put_u32(header, RTA_IIF, interface);
	mnl_attr_put_u8(header, RTA_IP_PROTO, IPPROTO_TCP);
	mnl_attr_put_u16(header, RTA_SPORT, htons(flow->from.port));
	mnl_attr_put_u16(header, RTA_DPORT, htons(flow->to.port));
	(void)lab_route_talk(lab->sockets[device], header, verdict_heard,
			     &verdict);
	return verdict;
}

/* ---- IPv6 ---- */

struct hop {
	uint32_t interface, weight;
};

/* A router's next hops to where the flow goes. */
struct result {
	const struct flow *flow;
	unsigned length; /* of the route's prefix, bits: the longest so far */
	struct hop hops[HOPS_MAX];
	uint32_t count;
};

/* One route of the dump. */
struct table_route {
	const struct nlattr *destination, *multipath;
	struct hop only;
};

static int
table_attribute(const struct nlattr *attribute, void *context)
{
	struct table_route *route = context;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_DST:
		route->destination = attribute;
		break;
	case RTA_MULTIPATH:
		route->multipath = attribute;
		break;
	case RTA_OIF:
		route->only.interface = mnl_attr_get_u32(attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static void
table_add(struct result *table, uint32_t interface, uint32_t weight,
	  unsigned flags)
{
	if (table->count < HOPS_MAX &&
	    (flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0)
		table->hops[table->count++] = (struct hop){ interface, weight };
}

static bool
prefix_matches(const uint8_t *prefix, const uint8_t *address, unsigned bits)
{
	unsigned rest = bits % 8;

	return memcmp(prefix, address, bits / 8) == 0 &&
	       (rest == 0 ||
		(prefix[bits / 8] ^ address[bits / 8]) >> (8 - rest) == 0);
}

static int
table_heard(const struct nlmsghdr *header, void *context)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(header);
	struct table_route route = { .only.weight = 1 };
	struct result *table = context;

	if (header->nlmsg_type != RTM_NEWROUTE ||
	    message->rtm_type != RTN_UNICAST ||
	    message->rtm_dst_len < table->length || message->rtm_dst_len > 128)
		return MNL_CB_OK;
	mnl_attr_parse(header, sizeof(*message), table_attribute, &route);
	if (message->rtm_dst_len > 0 &&
	    (route.destination == NULL ||
	     !prefix_matches(mnl_attr_get_payload(route.destination),
			     table->flow->to.address.bytes,
			     message->rtm_dst_len)))
		return MNL_CB_OK;
	if (message->rtm_dst_len > table->length)
		table->count = 0;
	table->length = message->rtm_dst_len;
	if (route.multipath == NULL) {
		table_add(table, route.only.interface, 1, message->rtm_flags);
		return MNL_CB_OK;
	}

	const struct rtnexthop *hop = mnl_attr_get_payload(route.multipath);
	int rest = mnl_attr_get_payload_len(route.multipath);
	while (RTNH_OK(hop, rest)) {
		table_add(table, (uint32_t)hop->rtnh_ifindex,
			  hop->rtnh_hops + 1U, hop->rtnh_flags);
		rest -= RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	return MNL_CB_OK;
}

/* As net/ipv6/route.c: a hop's bound is its share of the whole, rounded. */
static uint32_t
table_choose(const struct result *table, uint32_t hash)
{
	uint64_t total = 0, sum = 0;

	for (uint32_t i = 0; i < table->count; i++)
		total += table->hops[i].weight;
	for (uint32_t i = 0; i < table->count; i++) {
		sum += table->hops[i].weight;
		if (hash < ((sum << 31) + total / 2) / total)
			return table->hops[i].interface;
	}
	return 0;
}

/* By the routes in the table and the hash that the packet will have. */
static struct verdict
table_ask(const struct lab *lab, uint32_t device, const struct flow *flow)
{
	_Alignas(struct nlmsghdr) char bytes[128] = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct rtmsg *route =
		mnl_nlmsg_put_extra_header(header, sizeof(*route));
	struct result table = { .flow = flow };
	struct verdict verdict = { false, 0 };

	header->nlmsg_type = RTM_GETROUTE;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	route->rtm_family = flow->to.address.family == 4 ? AF_INET : AF_INET6;
	if (lab_route_talk(lab->sockets[device], header, table_heard, &table) ==
	    0)
		verdict.interface = table_choose(
			&table, (flow->to.address.family == 4 ? lab_hash_ip4
							      : lab_hash_ip6)(
					lab_wire_seed(lab, device), &flow->from,
					&flow->to));
	return verdict;
}

/* ---- all hops ---- */

/* From a device on; *last: where it ends, or FABRIC_NONE. */
static uint32_t
path_walk(const struct lab *lab, uint32_t device, const struct flow *flow,
	  uint32_t *links, uint32_t capacity, uint32_t *last)
{
	const struct fabric *fabric = lab->fabric;
	bool four = flow->to.address.family == 4;
	uint32_t interface = 0, count = 0;

	*last = FABRIC_NONE;
	/* Before BGP has converged routers may send the packet in circles. */
	while (count < capacity) {
		bool router = fabric_is_router(fabric, device);
		struct verdict verdict =
			router != four && (router || count == 0)
				? table_ask(lab, device, flow)
				: verdict_ask(lab, device, interface, flow);
		uint32_t port = verdict.interface - LAB_WIRE_INDEX;

		if (verdict.local) {
			*last = device;
			return count;
		}
		if (verdict.interface < LAB_WIRE_INDEX ||
		    port >= fabric->port_count ||
		    fabric->ports[port].device != device)
			return 0;
		links[count++] = fabric->ports[port].link;
		port = fabric->ports[port].peer;
		device = fabric->ports[port].device;
		interface = LAB_WIRE_INDEX + port;
	}
	/* The last link may have brought the packet to its end. */
	if (count > 0 && !fabric_is_router(fabric, device))
		*last = device;
	return *last != FABRIC_NONE ? count : 0;
}

uint32_t
lab_path(const struct lab *lab, const struct address *client,
	 uint16_t client_port, uint32_t *links, uint32_t capacity,
	 uint32_t *server)
{
	const struct fabric *fabric = lab->fabric;
	uint32_t target = fabric_target(fabric, client);
	const struct flow flow = {
		.from = { *client, client_port },
		.to = { fabric_service(client->family),
			lab->settings.service.port },
	};

	*server = FABRIC_NONE;
	if (TARGET_KIND(target) != TARGET_CLIENT)
		return 0;
	return path_walk(
		lab, fabric_device(fabric, DEVICE_CLIENT, TARGET_INDEX(target)),
		&flow, links, capacity, server);
}

uint32_t
lab_path_back(const struct lab *lab, uint32_t server,
	      const struct address *client, uint16_t client_port,
	      uint32_t *links, uint32_t capacity)
{
	const struct flow flow = {
		.from = { fabric_service(client->family),
			  lab->settings.service.port },
		.to = { *client, client_port },
	};
	uint32_t last;

	return path_walk(lab, server, &flow, links, capacity, &last);
}
