/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpc_test.c - every call is answered once: on idle links, lossy ones, over
 * TCP; on a fabric and without; and another server more disturbs no other
 */
#include "sim/host/rpc.h"
#include "sim/model/constraints.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/test/world_play.h"

#define RPCS 2000

struct tale {
	uint64_t rpcs, repeats, sum_ns;
	uint64_t sent, forwarded, no_socket, bad_packets;
	struct world_result result;
};

static void
on_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct tale *tale = context;
	const struct {
		const char *name;
		uint64_t *sum;
	} sums[] = {
		{ "rpcs", &tale->rpcs },
		{ "rpc_repeats", &tale->repeats },
		{ "rpc_ns", &tale->sum_ns },
		{ "server_no_socket", &tale->no_socket },
		{ "server_bad_packets", &tale->bad_packets },
	};

	if (node[0] == '\0' && strcmp(name, "sent_packets") == 0)
		tale->sent = value;
	if (node[0] == '\0' && strcmp(name, "forwarded_packets") == 0)
		tale->forwarded = value;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (strcmp(name, sums[i].name) == 0)
			*sums[i].sum += value;
}

static struct settings
fabric(void)
{
	struct settings settings;

	settings_default(&settings);
	settings.clients.sessions = 0;
	settings.fabric.servers = 16;
	settings.fabric.uplinks = 1;
	settings.dht.tables = TABLES_IDEAL;
	settings.measure.rpcs = RPCS;
	settings.measure.duration_ns = 60 * NS_PER_S;
	return settings;
}

static struct tale
run(const struct settings *settings, const char *sentence)
{
	struct tale tale = { .rpcs = 0 };
	struct watch watch = { .context = &tale, .counter = on_counter };

	tale.result = world_play(settings, &watch, sentence);
	CHECK_ROW(tale.rpcs == settings->measure.rpcs, sentence);
	CHECK_ROW(tale.no_socket == 0 && tale.bad_packets == 0, sentence);
	return tale;
}

static void
test_udp(uint8_t family)
{
	struct settings settings = fabric();

	settings.service.family = family;
	struct tale tale = run(&settings, "UDP on idle links");
	/* Two packets a call; a few more are the table's own. */
	CHECK(tale.repeats == 0);
	CHECK(tale.sent >= 2 * RPCS && tale.sent < 2 * RPCS + 400);
	/* 1 router on the way to a server of the same leaf, else 3: of 15
	 * others 3 are there, so 2.6 on average. */
	CHECK(tale.forwarded > 2 * RPCS * 25 / 10 &&
	      tale.forwarded < 2 * RPCS * 27 / 10 + 1200);
	/* 4 links of 5 us each way, and at 10 Gbit/s 128 and 528 bytes. */
	uint64_t mean_ns = tale.sum_ns / RPCS;
	CHECK(mean_ns > 34000 && mean_ns < 44000);
}

static void
test_loss(void)
{
	struct settings settings = fabric();

	settings.fabric.server_link.loss_ppm = 20000;
	settings.fabric.server_link.duplicate_ppm = 20000;
	struct tale tale = run(&settings, "UDP on lossy links");
	/* Four passages of such a link a call, each loses one in 50. */
	CHECK(tale.repeats > RPCS * 6 / 100 && tale.repeats < RPCS / 9);
	settings.measure.rpc_transport = RPC_TCP;
	(void)run(&settings, "TCP on lossy links");
}

static void
test_tcp(uint8_t family)
{
	struct settings settings = fabric();

	settings.service.family = family;
	settings.measure.rpc_transport = RPC_TCP;
	struct tale tale = run(&settings, "TCP on idle links");
	/* Acknowledgements ride on the next message. */
	CHECK(tale.sent >= 2 * RPCS && tale.sent < 2 * RPCS + 500);
	settings.measure.rpc_answer_bytes = 5000;
	(void)run(&settings, "TCP, answers of four segments");
	settings.measure.rpc_answer_bytes = 1;
	settings.measure.rpc_request_bytes = 1;
	(void)run(&settings, "TCP, a byte each way");
}

static void
test_determinism(void)
{
	struct settings settings = fabric();
	struct tale first = run(&settings, "once");
	struct tale second = run(&settings, "again");

	CHECK(first.result.state_hash == second.result.state_hash);
	settings.seed = 2;
	second = run(&settings, "another seed");
	CHECK(first.result.state_hash != second.result.state_hash);
	settings.fabric.kind = FABRIC_UNIFORM;
	second = run(&settings, "without links");
	CHECK(second.forwarded == 0);
	settings.fabric.servers = 2;
	(void)run(&settings, "nobody but one other");
}

static void
test_refused(void)
{
	static const struct {
		const char *sentence;
		uint32_t request_bytes, answer_bytes, mtu_bytes;
		enum rpc_transport transport;
		bool fits;
	} rows[] = {
		{ "the usual sizes", 100, 500, 1500, RPC_UDP, true },
		{ "the header alone", 16, 16, 1500, RPC_UDP, true },
		{ "less than the header", 15, 500, 1500, RPC_UDP, false },
		{ "the answer fills the packet", 100, 1472, 1500, RPC_UDP,
		  true },
		{ "a byte too many", 100, 1473, 1500, RPC_UDP, false },
		{ "too large a request", 1473, 500, 1500, RPC_UDP, false },
		{ "TCP cuts it up", 1473, 5000, 1500, RPC_TCP, true },
		{ "nothing to say", 0, 500, 1500, RPC_TCP, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings = fabric();
		settings.measure.rpc_request_bytes = rows[i].request_bytes;
		settings.measure.rpc_answer_bytes = rows[i].answer_bytes;
		settings.measure.rpc_transport = rows[i].transport;
		settings.fabric.fabric_link.mtu_bytes = rows[i].mtu_bytes;
		CHECK_ROW(constraints_rpcs_fit(&settings) == rows[i].fits,
			  rows[i].sentence);
	}
}

int
main(void)
{
	test_udp(4);
	test_udp(6);
	test_loss();
	test_tcp(4);
	test_tcp(6);
	test_determinism();
	test_refused();
	return check_done();
}
