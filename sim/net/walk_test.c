/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * walk_test.c - two networks that differ in their fidelity alone
 *
 * Everything is done to both at the same instants: links change their state or
 * their settings, devices die, packets are sent. On a network that is otherwise
 * idle each packet must take the same ports, arrive at the same device and port
 * with the same bytes in the same nanosecond, or not at all, also when a link
 * changes while it is on its way; and what routers answer likewise. The
 * exceptions, a route or a link's settings that change in that short time, are
 * looked for and left out.
 *
 * With arguments SERVERS LEAVES it measures: nanoseconds a packet.
 */
#include "sim/net/walk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "sim/net/network_state.h"
#include "sim/test/packet_sums.h"

#define MS	     NS_PER_MS
#define SETTLED_NS   (NS_PER_S / 2)
#define ARRIVALS_MAX 64
#define HOPS_MAX     256

struct arrival {
	uint32_t device, port, size;
	int64_t at_ns;
	uint8_t bytes[1600];
};

struct bed {
	struct network *network;
	struct queue *queue;
	struct watch watch;
	uint64_t route_events;
	uint32_t count; /* of arrivals; more than fit are only counted */
	struct arrival arrivals[ARRIVALS_MAX];
	uint32_t hop_count; /* departures: global ports */
	uint32_t hops[HOPS_MAX];
	struct packet_sums sums;
};

static struct settings
settings_make(uint64_t seed)
{
	struct settings settings;

	settings_default(&settings);
	settings.seed = seed;
	settings.fabric.pods = 2;
	settings.fabric.servers = 12;
	settings.fabric.clients = 2;
	/* Shorter on its way than any router reacts. */
	settings.fabric.client_link.delay_ns = 3 * NS_PER_US;
	settings.fabric.edge_link.rate_bps = UINT64_C(3000000007);
	return settings;
}

static void
bed_deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	    const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;

	if (bed->count < ARRIVALS_MAX && size <= 1600) {
		struct arrival *arrival = &bed->arrivals[bed->count];
		*arrival = (struct arrival){ .device = device,
					     .port = port,
					     .size = size,
					     .at_ns = now.ns };
		memcpy(arrival->bytes, bytes, size);
	}
	bed->count++;
}

static void
bed_tap(void *context, const char *name, uint32_t port, struct instant at,
	const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;
	uint32_t device = network_device_find(bed->network, name);
	struct packet packet;

	(void)at;
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE &&
	      packet_checksum_ok(bytes, &packet));
	if (bed->hop_count < HOPS_MAX)
		bed->hops[bed->hop_count] =
			bed->network->fabric->port_first[device] + port;
	bed->hop_count++;
}

static void
bed_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct bed *bed = context;

	packet_sums_count(&bed->sums, node, name, value);
}

static struct bed *
bed_create(const struct settings *settings, enum fidelity_kind fidelity)
{
	struct settings own = *settings;
	struct bed *bed = calloc(1, sizeof(*bed));
	char error[128];

	if (bed == NULL)
		abort();
	own.fabric.fidelity = fidelity;
	bed->watch.context = bed;
	bed->watch.packet = bed_tap;
	bed->watch.counter = bed_counter;
	bed->queue = queue_create();
	CHECK(network_create(&bed->network, &own, bed->queue, &bed->watch,
			     bed_deliver, bed, error, sizeof(error)) == 0);
	return bed;
}

static void
bed_run(struct bed *bed, int64_t duration_ns)
{
	struct instant until =
		instant_after(queue_now(bed->queue), duration_ns);
	struct event event;

	while (queue_next(bed->queue, until, &event)) {
		bed->route_events += event.kind == EVENT_ROUTE;
		network_event(bed->network, &event);
	}
}

static void
bed_destroy(struct bed *bed)
{
	bed_run(bed, 100 * NS_PER_S);
	network_report(bed->network);
	CHECK(packet_sums_agree(&bed->sums));
	network_destroy(bed->network);
	queue_destroy(bed->queue);
	free(bed);
}

/* ---- the twins ---- */

struct twins {
	struct bed *beds[2]; /* packet, path */
	struct rng rng;
	uint32_t hosts, servers;
	uint32_t compared, arrived, broken, refused;
	uint32_t settings_changed;
};

/* A packet of any kind from a random host, and which host that is. */
static uint32_t
packet_make(struct twins *twins, uint8_t out[2048], uint32_t *from)
{
	static uint8_t payload[2000];
	struct rng *rng = &twins->rng;
	const struct network *network = twins->beds[0]->network;
	uint8_t family = rng_below(rng, 2) ? 4 : 6;

	*from = (uint32_t)rng_below(rng, twins->hosts);
	uint32_t to = (uint32_t)rng_below(rng, twins->hosts);
	bool service = *from >= twins->servers && rng_below(rng, 3) == 0;
	struct packet_udp udp = {
		.ip = { .src = network_host_address(network, *from, family),
			.dst = service ? network_service_address(network,
								 family)
				       : network_host_address(network, to,
							      family),
			.ttl = rng_below(rng, 4)
				       ? 64
				       : (uint8_t)(1 + rng_below(rng, 9)),
			.id = 77,
			.df = true },
		.src_port = (uint16_t)rng_next(rng),
		.dst_port = 80,
		.payload = payload,
		.payload_bytes = rng_below(rng, 1450),
	};
	/* Nobody's loopback: a router says so. */
	if (rng_below(rng, 16) == 0)
		udp.ip.dst.bytes[family == 4 ? 1 : 13] = 77;

	size_t size = packet_build_udp(&udp, out, 2048);
	CHECK(size > 0);
	return (uint32_t)size;
}

/* Slower, faster, nearer, farther. */
static struct link_settings
other_settings(const struct twins *twins, struct rng *rng, uint32_t link)
{
	struct link_settings settings =
		*network_link_settings(twins->beds[0]->network, link);

	settings.delay_ns = 1 + (int64_t)rng_below(rng, 5 * NS_PER_US);
	settings.rate_bps = 0;
	if (rng_below(rng, 4) > 0)
		settings.rate_bps = UINT64_C(5000000007) +
				    rng_below(rng, UINT64_C(40000000000));
	return settings;
}

/* The same change of a link or a device in both. */
static void
change(struct twins *twins)
{
	struct rng *rng = &twins->rng;
	const struct fabric *fabric = twins->beds[0]->network->fabric;
	uint32_t kind = (uint32_t)rng_below(rng, 8);
	uint32_t link = (uint32_t)rng_below(rng, fabric->link_count);
	uint32_t device = (uint32_t)rng_below(rng, fabric->device_count);
	enum link_state state = LINK_UP;

	if (rng_below(rng, 5) < 2)
		state = (enum link_state)(1 + rng_below(rng, 4));
	bool up = rng_below(rng, 5) > 0;
	struct link_settings settings = other_settings(twins, rng, link);
	twins->settings_changed += kind == 1;
	for (int i = 0; i < 2; i++) {
		if (kind == 0)
			network_device_set(twins->beds[i]->network, device, up);
		else if (kind == 1)
			network_link_change(twins->beds[i]->network, link,
					    &settings);
		else
			network_link_set(twins->beds[i]->network, link, state);
	}
}

static void
twins_run(struct twins *twins, int64_t duration_ns)
{
	bed_run(twins->beds[0], duration_ns);
	bed_run(twins->beds[1], duration_ns);
}

static bool
arrivals_equal(const struct bed *a, const struct bed *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count && i < ARRIVALS_MAX; i++) {
		const struct arrival *x = &a->arrivals[i];
		const struct arrival *y = &b->arrivals[i];
		if (x->device != y->device || x->port != y->port ||
		    x->size != y->size || x->at_ns != y->at_ns ||
		    memcmp(x->bytes, y->bytes, x->size) != 0)
			return false;
	}
	return true;
}

/* network_path() of both, and the links that the packet was seen on hop by
 * hop, if it was alone. */
static void
check_links(const struct twins *twins, uint32_t from, const uint8_t *bytes,
	    uint32_t size)
{
	const struct fabric *fabric = twins->beds[0]->network->fabric;
	uint32_t links[64], others[64], last, other_last;
	uint32_t count = network_path(twins->beds[0]->network, from, bytes,
				      size, links, 64, &last);
	uint32_t again = network_path(twins->beds[1]->network, from, bytes,
				      size, others, 64, &other_last);
	const struct bed *bed = twins->beds[0];

	CHECK(count == again && last == other_last);
	CHECK(memcmp(links, others, count * sizeof(links[0])) == 0);
	/* To itself a host sends without a network. */
	if (count == 0 || bed->count != 1 || bed->hop_count == 0 ||
	    bed->arrivals[0].size != size)
		return;
	CHECK(bed->arrivals[0].device == last);
	CHECK(bed->hop_count == 2 * count);
	for (uint32_t i = 0; i < count; i++) /* each link is seen twice */
		CHECK(fabric->ports[bed->hops[2 * i]].link == links[i] &&
		      fabric->ports[bed->hops[2 * i + 1]].link == links[i]);
}

static void
compare(struct twins *twins, bool disturb)
{
	uint8_t bytes[2048];
	uint32_t from, size = packet_make(twins, bytes, &from);
	uint8_t avoid = (uint8_t)rng_below(&twins->rng, 3);
	int64_t wait_ns = (int64_t)rng_below(&twins->rng, 40 * NS_PER_US);
	uint64_t before = twins->beds[0]->route_events;
	uint32_t settings_before = twins->settings_changed;

	if (!disturb || avoid == 2)
		avoid = OUTBOX_ANY_UPLINK;
	for (int i = 0; i < 2; i++) {
		struct bed *bed = twins->beds[i];
		bed->count = 0;
		bed->hop_count = 0;
		network_send(bed->network, from, avoid, bytes, size);
	}
	if (disturb) {
		twins_run(twins, wait_ns);
		change(twins);
		twins_run(twins, (int64_t)rng_below(&twins->rng, 9000));
		change(twins);
	}
	/* Longer than any way there and back again, loops included. */
	twins_run(twins, 600 * NS_PER_US);
	if (twins->beds[0]->route_events != before ||
	    twins->settings_changed != settings_before)
		return;
	twins->compared++;
	twins->arrived += twins->beds[0]->count > 0;
	twins->broken += disturb && twins->beds[0]->count == 0;
	twins->refused += twins->beds[0]->count > 0 &&
			  twins->beds[0]->arrivals[0].device == from;
	CHECK(arrivals_equal(twins->beds[0], twins->beds[1]));
	if (!disturb)
		check_links(twins, from, bytes, size);
}

static void
test_twins(uint64_t seed, enum ecmp_kind ecmp)
{
	struct settings settings = settings_make(seed);
	struct twins twins = { .compared = 0 };

	settings.routing.ecmp = ecmp;
	settings.fabric.leaves = 4 + (uint32_t)seed % 2;
	/* Some packets are too big on their way, none for its first link: one
	 * in pieces is not alone. */
	settings.fabric.fabric_link.mtu_bytes = 1400;
	rng_init(&twins.rng, seed, 1);
	twins.beds[0] = bed_create(&settings, FIDELITY_PACKET);
	twins.beds[1] = bed_create(&settings, FIDELITY_PATH);
	twins.servers = settings.fabric.servers;
	twins.hosts = twins.servers + settings.fabric.clients;
	for (int round = 0; round < 500; round++) {
		for (int i = 0; i < 4; i++)
			compare(&twins, false);
		compare(&twins, true);
		if (round % 3 == 0)
			twins_run(&twins, SETTLED_NS);
		else
			twins_run(&twins,
				  (int64_t)rng_below(&twins.rng, 200 * MS));
	}
	/* Else this was about nothing. */
	CHECK(twins.compared > 1500);
	CHECK(twins.arrived > 600);
	CHECK(twins.broken > 100);
	CHECK(twins.refused > 50);
	CHECK(twins.settings_changed > 50);
	bed_destroy(twins.beds[0]);
	bed_destroy(twins.beds[1]);
}

/* ---- one at a time ---- */

static void
flow_send(struct bed *bed, uint32_t from, uint32_t to, uint16_t port)
{
	const struct packet_udp udp = {
		.ip = { .src = network_host_address(bed->network, from, 4),
			.dst = network_host_address(bed->network, to, 4),
			.ttl = 64 },
		.src_port = port,
		.dst_port = 80,
	};
	uint8_t bytes[64];
	size_t size = packet_build_udp(&udp, bytes, sizeof(bytes));

	network_send(bed->network, from, OUTBOX_ANY_UPLINK, bytes,
		     (uint32_t)size);
}

static void
test_one_event(void)
{
	struct settings settings = settings_make(1);
	struct bed *bed = bed_create(&settings, FIDELITY_PATH);

	for (uint16_t i = 0; i < 100; i++)
		flow_send(bed, 12, i % 12, i); /* client1 to all servers */
	flow_send(bed, 0, 11, 1); /* from pod to pod */
	bed_run(bed, MS);
	CHECK(bed->count == 101);
	CHECK(queue_popped(bed->queue) == 101);
	bed_destroy(bed);
}

/* Every fabric link on the way doubles: two of them, from an exit to a leaf
 * and from leaf to leaf. */
static void
test_duplicates(void)
{
	struct settings settings = settings_make(1);

	settings.fabric.fabric_link.duplicate_ppm = 1000000;
	for (int i = 0; i < 2; i++) {
		struct bed *bed = bed_create(&settings, i ? FIDELITY_PATH
							  : FIDELITY_PACKET);
		flow_send(bed, 12, 0, 1);
		bed_run(bed, MS);
		CHECK(bed->count == 4);
		bed->count = 0;
		flow_send(bed, 0, 4, 1);
		bed_run(bed, MS);
		CHECK(bed->count == 4);
		bed_destroy(bed);
	}
}

static void
test_loss(void)
{
	struct settings settings = settings_make(1);
	int64_t least = INT64_MAX, most = 0, was;

	/* 0.9 over the two links of a server, 0.8 over the fabric's two. */
	settings.fabric.server_link.loss_ppm = 100000;
	settings.fabric.fabric_link.loss_ppm = 200000;
	settings.fabric.fabric_link.reorder_ppm = 500000;
	struct bed *bed = bed_create(&settings, FIDELITY_PATH);
	uint32_t came = 0;
	for (uint16_t i = 0; i < 10000; i++) {
		bed->count = 0;
		was = queue_now(bed->queue).ns;
		flow_send(bed, 0, 4, i);
		bed_run(bed, MS);
		came += bed->count;
		if (bed->count == 0)
			continue;
		int64_t took = bed->arrivals[0].at_ns - was;
		least = took < least ? took : least;
		most = took > most ? took : most;
	}
	double part = came / 10000.0;
	CHECK(part > 0.9 * 0.9 * 0.8 * 0.8 - 0.02);
	CHECK(part < 0.9 * 0.9 * 0.8 * 0.8 + 0.02);
	/* Each fabric link may hold back by up to 5 us. */
	CHECK(most - least > 8000 && most - least <= 10000);
	bed_destroy(bed);
}

/* Loss begins and ends during a run, in both fidelities at its rate; all else
 * as in a network that had it from the start. */
static void
test_change(void)
{
	for (int i = 0; i < 2; i++) {
		struct settings settings = settings_make(1);
		struct bed *bed = bed_create(&settings, i ? FIDELITY_PATH
							  : FIDELITY_PACKET);
		uint32_t link =
			network_link_find(bed->network, "client1-edge1");
		struct link_settings now =
			*network_link_settings(bed->network, link);
		uint32_t came[3] = { 0 };
		int64_t took_ns[3] = { 0 };
		for (uint16_t j = 0; j < 6000; j++) {
			if (j % 2000 == 0) {
				now.loss_ppm = j == 2000 ? 250000 : 0;
				now.delay_ns = j == 4000 ? 9000 : 3000;
				network_link_change(bed->network, link, &now);
			}
			bed->count = 0;
			struct instant was = queue_now(bed->queue);
			flow_send(bed, 12, 0, j);
			bed_run(bed, MS);
			came[j / 2000] += bed->count;
			if (bed->count > 0)
				took_ns[j / 2000] =
					bed->arrivals[0].at_ns - was.ns;
		}
		CHECK(came[0] == 2000 && came[2] == 2000);
		CHECK(came[1] > 1420 && came[1] < 1580);
		CHECK(took_ns[1] == took_ns[0]);
		CHECK(took_ns[2] == took_ns[0] + 6000);
		bed_destroy(bed);
	}
}

/* On a link that dies and comes back a packet is lost, also when its way looks
 * shorter by then than when it was sent. */
static void
test_change_in_flight(void)
{
	struct settings settings = settings_make(1);
	struct bed *bed = bed_create(&settings, FIDELITY_PATH);
	uint32_t link = network_link_find(bed->network, "client1-edge1");
	struct link_settings now = *network_link_settings(bed->network, link);

	for (uint16_t i = 0; i < 2; i++) {
		now.delay_ns = 3000;
		network_link_change(bed->network, link, &now);
		flow_send(bed, 12, 0, i);
		bed_run(bed, 500);
		now.delay_ns = 10;
		network_link_change(bed->network, link, &now);
		bed_run(bed, 500);
		if (i == 1) {
			network_link_set(bed->network, link, LINK_DOWN);
			network_link_set(bed->network, link, LINK_UP);
		}
		bed_run(bed, NS_PER_S);
		CHECK(bed->count == 1);
	}
	bed_destroy(bed);
}

static void
measure(uint32_t servers, uint32_t leaves)
{
	enum {
		COUNT = 4096,
		ROUNDS = 200
	};
	struct settings settings = settings_make(1);
	static uint8_t bytes[COUNT][200];
	static uint32_t from[COUNT];
	struct rng rng;
	uint32_t size = 0;
	double total = 0;

	settings.fabric.servers = servers;
	settings.fabric.leaves = leaves;
	settings.fabric.spines = leaves > 64 ? 8 : 4;
	settings.fabric.pods = 1;
	clock_t start = clock();
	struct bed *bed = bed_create(&settings, FIDELITY_PATH);
	bed->watch.packet = NULL;
	printf("%u servers, %u leaves: start %.3f s\n", servers, leaves,
	       (double)(clock() - start) / CLOCKS_PER_SEC);
	rng_init(&rng, 1, 1);
	for (int round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < COUNT; i++) {
			from[i] = (uint32_t)rng_below(&rng, servers);
			const struct packet_udp udp = {
				.ip = { .src = network_host_address(
						bed->network, from[i], 4),
					.dst = network_host_address(
						bed->network,
						(uint32_t)rng_below(&rng,
								    servers),
						4),
					.ttl = 64 },
				.src_port = 7000,
				.dst_port = 7000,
				.payload = bytes[0],
				.payload_bytes = 60,
			};
			size = (uint32_t)packet_build_udp(&udp, bytes[i], 200);
		}
		start = clock();
		for (uint32_t i = 0; i < COUNT; i++)
			network_send(bed->network, from[i], OUTBOX_ANY_UPLINK,
				     bytes[i], size);
		bed_run(bed, MS);
		total += (double)(clock() - start) / CLOCKS_PER_SEC;
	}
	printf("%d packets: %.1f ns a packet\n", COUNT * ROUNDS,
	       total * 1e9 / (COUNT * ROUNDS));
	bed_destroy(bed);
}

int
main(int argc, char **argv)
{
	if (argc > 2) {
		measure((uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]));
		return 0;
	}
	for (uint64_t seed = 1; seed <= 6; seed++)
		test_twins(seed, (enum ecmp_kind)(seed % 3));
	test_one_event();
	test_duplicates();
	test_loss();
	test_change();
	test_change_in_flight();
	return check_done();
}
