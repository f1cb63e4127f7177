/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random_stream_test.c - one server more, and no other draws other numbers
 */
#include "sim/engine/random_stream.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/host/server_state.h"
#include "sim/host/transport.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

#define SERVERS 12

struct parts {
	struct settings settings;
	struct queue *queue;
	struct network *network;
	struct workload *workload;
	struct transport *transport;
	struct servers *servers;
};

static void
deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	const uint8_t *bytes, uint32_t size)
{
	struct parts *parts = context;

	servers_deliver(parts->servers, now, device, port, bytes, size);
}

static void
make(struct parts *parts, uint32_t servers)
{
	static const struct watch nobody;
	static const struct cdf_point cdf[] = { { 1000, 1 },
						{ 1000000, 1000000 } };
	struct tcp_settings tcp;
	char error[200];

	settings_default(&parts->settings);
	parts->settings.fabric.servers = servers;
	parts->settings.clients.sessions = 50;
	parts->settings.clients.size_cdf = cdf;
	parts->settings.clients.size_cdf_count = 2;
	parts->settings.clients.arrival = ARRIVAL_POISSON;
	parts->settings.clients.interval_ns = 1000000;
	parts->settings.service.clock_skew_ns = 1000000000;
	tcp_settings_default(&tcp);
	parts->queue = queue_create();
	CHECK(network_create(&parts->network, &parts->settings, parts->queue,
			     &nobody, deliver, parts, error,
			     sizeof(error)) == 0);
	parts->workload =
		workload_create(&parts->settings, parts->queue, &nobody);
	parts->transport = transport_create(parts->network, parts->queue, &tcp);
	parts->servers = servers_create(&parts->settings, &scheme_homeward,
					parts->network, parts->queue, &nobody,
					parts->workload, parts->transport);
}

static void
destroy(struct parts *parts)
{
	servers_destroy(parts->servers);
	transport_destroy(parts->transport);
	workload_destroy(parts->workload);
	network_destroy(parts->network);
	queue_destroy(parts->queue);
}

static void
test_one_more(void)
{
	struct parts few, more;

	make(&few, SERVERS);
	make(&more, SERVERS + 1);
	for (uint32_t i = 0; i < SERVERS; i++) {
		struct server *a = &few.servers->servers[i];
		struct server *b = &more.servers->servers[i];
		CHECK(a->skew_ns == b->skew_ns);
		CHECK(memcmp(&a->rng, &b->rng, sizeof(a->rng)) == 0);
		if (i > 0)
			CHECK(a->skew_ns != few.servers->servers[0].skew_ns);
	}
	for (uint32_t i = 0; i < 50; i++) {
		const struct session *a = workload_session(few.workload, i);
		const struct session *b = workload_session(more.workload, i);
		int64_t few_ns = -1, more_ns = -2;
		uint32_t flow;

		CHECK(a->bytes_wanted == b->bytes_wanted);
		CHECK(workload_next(few.workload, &flow, &few_ns) &&
		      workload_next(more.workload, &flow, &more_ns));
		CHECK(few_ns == more_ns);
	}
	destroy(&few);
	destroy(&more);
}

static void
test_streams_differ(void)
{
	struct rng rng = stream_rng(1, STREAM_SERVER, 7);
	uint64_t first = rng_next(&rng);

	rng = stream_rng(1, STREAM_SERVER, 8);
	CHECK(rng_next(&rng) != first);
	rng = stream_rng(1, STREAM_CLIENT, 7);
	CHECK(rng_next(&rng) != first);
	rng = stream_rng(2, STREAM_SERVER, 7);
	CHECK(rng_next(&rng) != first);
	rng = stream_rng(1, STREAM_SERVER, 7);
	CHECK(rng_next(&rng) == first);
}

int
main(void)
{
	test_one_more();
	test_streams_differ();
	return check_done();
}
