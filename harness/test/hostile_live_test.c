/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hostile_live_test.c - hostile traffic in a lab, beside downloads that stray
 *
 *	edge1 --- forged and replayed datagrams, from servers' addresses
 *	leaf1 --- floods: segments of no session, from 10,000 addresses
 *	client1 --- eight downloads; links of theirs are cut before the attack
 *		    and in the middle of the flood
 *
 * Every piece must be counted under its reason, every download must end with
 * the right bytes, no kernel may have sent a RST for want of a socket, and the
 * daemons' memory is what their tables take, however long it lasts.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/replay/capture.h"
#include "harness/replay/decode.h"
#include "harness/test/hostile.h"
#include "harness/test/live_fixture.h"

#define DOWNLOADS    8
#define BYTES	     (30 * UINT64_C(1000000))
#define PACE_BPS     (16 * UINT64_C(1000000)) /* 15 s */
#define RECORDED_MAX 64 /* of each kind that is sent again */
#define TIMES	     20 /* each */
#define FORGED	     1000 /* of each kind, to each server */
#define FLOOD	     200000 /* segments at most, */
#define FLOOD_LEAST  25000 /* and at least, however long that takes, */
#define FLOOD_NS     (20 * NS_PER_S) /* else not longer than that */
#define FLOOD_PPS    40000
#define SLOW_PPS     5000 /* with sanitizers */
#define SOURCES	     10000
#define SETTLE_NS    (500 * NS_PER_MS)
#define PATIENCE_NS  (60 * NS_PER_S)
/* New flows a second at which the account of misses has to be under pressure:
 * twice what steer lets in by default. */
#define PRESSING_PPS 4000

struct recorded {
	uint32_t size;
	uint8_t bytes[HOSTILE_PACKET_MAX];
};

struct attack {
	struct live_fixture fixture;
	struct hostile *edge, *leaf;
	struct recorded forwards[RECORDED_MAX], datagrams[RECORDED_MAX];
	uint32_t forward_count, datagram_count;
	uint32_t owners[DOWNLOADS];
	uint32_t cut[DOWNLOADS]; /* links, to be restored */
	uint32_t cut_servers[DOWNLOADS]; /* that they belong to */
	uint32_t cut_count;
};

/* The counters that this is about. */
#define COUNTER_LIST(X)                                                        \
	X(drop_tag)                                                            \
	X(drop_replay)                                                         \
	X(drop_key_id)                                                         \
	X(drop_hop_count)                                                      \
	X(drop_rate_prefix)                                                    \
	X(drop_rate_all)                                                       \
	X(drop_negative)                                                       \
	X(drop_lookups)                                                        \
	X(drop_flows)                                                          \
	X(drop_hold_flow)                                                      \
	X(drop_hold_bytes)                                                     \
	X(drop_rst_unknown)                                                    \
	X(steer_strays)                                                        \
	X(steer_forwards)                                                      \
	X(steer_lookups)                                                       \
	X(steer_glances)                                                       \
	X(steer_misses)                                                        \
	X(steer_resets)                                                        \
	X(steer_not_mine_sent)                                                 \
	X(steer_not_mine_received)                                             \
	X(node_timeouts)                                                       \
	X(node_lookup_failures)                                                \
	X(node_evictions)                                                      \
	X(datapath_redirected)                                                 \
	X(datapath_tun_dropped)                                                \
	X(kernel_resets)                                                       \
	X(rss_bytes)                                                           \
	X(cpu_ns)

enum counter {
#define COUNTER_ENUM(name) COUNTER_##name,
	COUNTER_LIST(COUNTER_ENUM)
#undef COUNTER_ENUM
	COUNTERS
};

static const char *const counter_names[] = {
#define COUNTER_NAME(name) #name,
	COUNTER_LIST(COUNTER_NAME)
#undef COUNTER_NAME
};

struct counters {
	uint64_t values[COUNTERS];
};

static struct counters
counters_take(const struct attack *attack)
{
	struct counters counters;

	for (int i = 0; i < COUNTERS; i++)
		counters.values[i] =
			live_fixture_sum(&attack->fixture, counter_names[i]);
	return counters;
}

/* What has been added since, printed; for rss_bytes the value itself. */
static struct counters
counters_since(const struct attack *attack, const struct counters *before,
	       const char *what)
{
	struct counters now = counters_take(attack);

	fprintf(stderr, "%s:", what);
	for (int i = 0; i < COUNTERS; i++) {
		if (i != COUNTER_rss_bytes)
			now.values[i] -= before->values[i];
		if (now.values[i] > 0)
			fprintf(stderr, " %s %" PRIu64, counter_names[i],
				now.values[i]);
	}
	fputc('\n', stderr);
	return now;
}

/* ---- strays and recordings ---- */

/* Cut the last link of a download's way; its packets then stray. Not the
 * second one of a server: no client could reach that any more. */
static bool
link_cut(struct attack *attack, uint32_t download)
{
	uint32_t link = FABRIC_NONE;
	uint32_t server = live_fixture_server(
		&attack->fixture, attack->fixture.downloads[download].port,
		&link);

	CHECK(server != FABRIC_NONE && link != FABRIC_NONE);
	if (link == FABRIC_NONE || server != attack->owners[download])
		return false;
	for (uint32_t i = 0; i < attack->cut_count; i++)
		if (attack->cut_servers[i] == server)
			return false;
	CHECK(lab_link(&attack->fixture.lab, link, 1, false) == 0);
	attack->cut_servers[attack->cut_count] = server;
	attack->cut[attack->cut_count++] = link;
	return true;
}

static void
links_restore(struct attack *attack)
{
	while (attack->cut_count > 0)
		CHECK(lab_link(&attack->fixture.lab,
			       attack->cut[--attack->cut_count], 1, true) == 0);
}

static void
record_keep(struct recorded *all, uint32_t *count,
	    const struct decoded *decoded)
{
	if (*count == RECORDED_MAX || decoded->missing > 0)
		return;
	all[*count].size = (uint32_t)hostile_datagram(
		&decoded->from, &decoded->to, decoded->bytes, decoded->size,
		all[*count].bytes);
	*count += all[*count].size > 0;
}

static void
record_read(struct attack *attack, const struct decoded *decoded)
{
	if (decoded->kind == DECODE_DHT) {
		CHECK(decoded->dht.seal == DECODE_SEAL_OPENED &&
		      decoded->dht.message_drop == DROP_NONE);
		record_keep(attack->datagrams, &attack->datagram_count,
			    decoded);
		return;
	}
	CHECK(decoded->gue.drop == DROP_NONE && decoded->gue.variant == 0 &&
	      !decoded->gue.control);
	CHECK(decoded->gue.tag == DECODE_TAG_OK);
	CHECK(decoded->gue.header.hop_count == 1);
	record_keep(attack->forwards, &attack->forward_count, decoded);
}

/* What a server received: right, every one of them. */
static void
recording_read(struct attack *attack, const char *path)
{
	static struct decoded decoded;
	struct capture_packet packet;
	struct capture *capture;
	char error[256];

	if (capture_open(&capture, path, error, sizeof(error)) != 0) {
		fprintf(stderr, "%s\n", error);
		return;
	}
	while (capture_next(capture, &packet, error, sizeof(error)) == 1) {
		const struct secret *secret = &attack->fixture.secret;
		bool ours = packet.drop == DROP_NONE &&
			    decode_packet(secret, packet.bytes, packet.size,
					  &decoded);

		for (; ours; ours = decode_next(secret, &decoded))
			record_read(attack, &decoded);
	}
	capture_close(capture);
}

/* What crosses the fabric while downloads begin and links are cut, until
 * something strays. */
static void
strays_record(struct attack *attack)
{
	struct live_fixture *fixture = &attack->fixture;
	uint32_t servers = fixture->lab.settings.fabric.servers;
	char paths[LAB_SERVERS_MAX][LAB_PATH];
	pid_t recorders[LAB_SERVERS_MAX];

	for (uint32_t i = 0; i < servers; i++)
		recorders[i] = live_fixture_record(fixture, i, paths[i]);
	for (uint16_t i = 0; i < DOWNLOADS; i++) {
		uint16_t port = (uint16_t)(42001 + i);
		uint32_t link;

		attack->owners[i] = live_fixture_server(fixture, port, &link);
		CHECK(live_fixture_download(fixture, port, BYTES, PACE_BPS) ==
		      0);
	}
	live_fixture_wait(fixture, NS_PER_S);
	for (uint32_t i = 0; i < DOWNLOADS / 2; i++) {
		if (!link_cut(attack, i))
			continue;
		live_fixture_wait(fixture, NS_PER_S);
		if (live_fixture_sum(fixture, "steer_forwards") > 0)
			break;
		links_restore(attack);
		live_fixture_wait(fixture, NS_PER_S);
	}
	for (uint32_t i = 0; i < servers; i++) {
		live_fixture_record_stop(recorders[i]);
		recording_read(attack, paths[i]);
	}
	CHECK(attack->forward_count > 0 && attack->datagram_count > 0);
	fprintf(stderr, "recorded: %u forwards, %u datagrams\n",
		(unsigned)attack->forward_count,
		(unsigned)attack->datagram_count);
}

/* ---- forgeries ---- */

/* What was sent, until a daemon has counted it: then no socket's buffer
 * overflows, however seldom the machine lets the daemons run. */
struct batch {
	const struct attack *attack;
	uint64_t before, sent;
	bool late; /* something was never counted */
};

static uint64_t
counted(const struct attack *attack)
{
	static const enum counter which[] = {
		COUNTER_drop_tag,
		COUNTER_drop_replay,
		COUNTER_drop_key_id,
		COUNTER_drop_hop_count,
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		sum += live_fixture_sum(&attack->fixture,
					counter_names[which[i]]);
	return sum;
}

static void
batch_wait(struct batch *batch, struct attack *attack)
{
	struct instant start = live_fixture_now();

	while (!batch->late && counted(attack) - batch->before < batch->sent) {
		live_fixture_wait(&attack->fixture, NS_PER_MS);
		batch->late = instant_distance_ns(start, live_fixture_now()) >
			      PATIENCE_NS;
	}
}

static void
batch_send(struct batch *batch, const uint8_t *bytes, size_t size,
	   uint64_t *sent)
{
	bool went = hostile_send(batch->attack->edge, bytes, size) == 0;

	*sent += went;
	batch->sent += went;
}

static struct endpoint
node_of(const struct attack *attack, uint32_t server)
{
	const struct live_fixture *fixture = &attack->fixture;

	return (struct endpoint){
		.address = fabric_address(
			fixture->lab.fabric,
			live_fixture_device(fixture, DEVICE_SERVER, server),
			fixture->family),
		.port = DECODE_DHT_PORT,
	};
}

static uint64_t
replays_send(struct attack *attack)
{
	struct batch batch = { attack, counted(attack), 0, false };
	uint64_t sent = 0;

	for (uint32_t turn = 0; turn < TIMES; turn++) {
		for (uint32_t i = 0; i < attack->forward_count; i++)
			batch_send(&batch, attack->forwards[i].bytes,
				   attack->forwards[i].size, &sent);
		for (uint32_t i = 0; i < attack->datagram_count; i++)
			batch_send(&batch, attack->datagrams[i].bytes,
				   attack->datagrams[i].size, &sent);
		batch_wait(&batch, attack);
	}
	return sent;
}

/* To every server, as if from its neighbour: one of each kind a turn. */
static void
forgeries_send(struct attack *attack, uint64_t *tags, uint64_t *key_ids,
	       uint64_t *hops)
{
	const struct secret *right = &attack->fixture.secret;
	uint32_t servers = attack->fixture.lab.settings.fabric.servers;
	struct batch batch = { attack, counted(attack), 0, false };
	uint8_t right_id = right->keys[0].id;
	uint8_t out[HOSTILE_PACKET_MAX];

	for (uint32_t i = 0; i < FORGED * servers; i++) {
		struct endpoint from = node_of(attack, (i + 1) % servers);
		struct endpoint to = node_of(attack, i % servers);
		struct secret other = *right;
		struct hostile_forward forward = {
			.from = from.address,
			.to = to.address,
			.tag = right->keys[0].tag,
			.session = { .family = attack->fixture.family,
				     .protocol = IP_TCP },
			.sequence = i,
			.boot = 7,
			.key_id = right_id % 2,
		};

		/* Both hop counts that no server sends, with a right tag. */
		forward.hop_count = i % 2 == 0 ? 0 : 2;
		size_t size = hostile_forward(&forward, out);
		batch_send(&batch, out, size, hops);
		forward.hop_count = 1;
		forward.tag.bytes[3] ^= 1;
		size = hostile_forward(&forward, out);
		batch_send(&batch, out, size, tags);
		forward.key_id = 2;
		size = hostile_forward(&forward, out);
		batch_send(&batch, out, size, key_ids);

		other.keys[0].seal[5] ^= 1;
		size = hostile_sealed(&other, &from, &to, out);
		batch_send(&batch, out, size, tags);
		other.keys[0].id = (uint8_t)(right_id + 100);
		size = hostile_sealed(&other, &from, &to, out);
		batch_send(&batch, out, size, key_ids);
		if (i % 64 == 0)
			batch_wait(&batch, attack);
	}
	batch_wait(&batch, attack);
}

static bool
nearly(uint64_t counted, uint64_t sent)
{
	return sent > 0 && counted >= sent - sent / 50;
}

static void
forgeries(struct attack *attack)
{
	uint64_t tags = 0, key_ids = 0, hops = 0;
	struct counters before = counters_take(attack), after;

	uint64_t replays = replays_send(attack);
	forgeries_send(attack, &tags, &key_ids, &hops);
	live_fixture_wait(&attack->fixture, SETTLE_NS);
	fprintf(stderr,
		"sent: %" PRIu64 " replays, %" PRIu64 " wrong tags, %" PRIu64
		" unknown keys, %" PRIu64 " wrong hop counts\n",
		replays, tags, key_ids, hops);
	after = counters_since(attack, &before, "counted");
	CHECK(nearly(after.values[COUNTER_drop_replay], replays));
	CHECK(nearly(after.values[COUNTER_drop_tag], tags));
	CHECK(nearly(after.values[COUNTER_drop_key_id], key_ids));
	CHECK(nearly(after.values[COUNTER_drop_hop_count], hops));
}

/* ---- floods ---- */

struct stream {
	struct hostile *sender;
	struct hostile_flood flood;
	uint64_t rate_pps, sent;
	int64_t took_ns;
};

static void *
stream_send(void *argument)
{
	struct stream *stream = argument;
	struct instant start = live_fixture_now();

	for (uint64_t done = 0;
	     done < FLOOD && (done < FLOOD_LEAST || stream->took_ns < FLOOD_NS);
	     done += FLOOD_LEAST / 25) {
		stream->sent +=
			hostile_flood(stream->sender, &stream->flood, done,
				      FLOOD_LEAST / 25, stream->rate_pps);
		stream->took_ns =
			instant_distance_ns(start, live_fixture_now());
	}
	return NULL;
}

static bool
sanitized(void)
{
	const char *set = getenv("HOMEWARD_SANITIZE");

	return set != NULL && strcmp(set, "1") == 0;
}

/* stride 1: 10,000 sources in 40 prefixes; 256: each its own. cut: a link that
 * downloads use fails in the middle. */
static struct counters
flood(struct attack *attack, uint32_t stride, bool cut, const char *what)
{
	struct live_fixture *fixture = &attack->fixture;
	const uint8_t first4[4] = { 30, 0, 0, 1 };
	const uint8_t first6[16] = { 0x20, 1, 0xd, 0xb8, 0x80 };
	struct stream stream = {
		.sender = attack->leaf,
		.rate_pps = sanitized() ? SLOW_PPS : FLOOD_PPS,
		.flood = {
			.first = fixture->family == 4 ? address_ip4(first4)
						    : address_ip6(first6),
			.service = { fabric_service(fixture->family),
				     fixture->lab.settings.service.port },
			.sources = SOURCES,
			.stride = stride,
			.seed = stride,
		},
	};
	struct counters before = counters_take(attack);
	pthread_t thread;

	if (pthread_create(&thread, NULL, stream_send, &stream) != 0)
		abort();
	live_fixture_wait(fixture, NS_PER_S);
	for (uint32_t i = 0; cut && i < DOWNLOADS; i++)
		if (link_cut(attack, i))
			break;
	live_fixture_wait(fixture, 3 * NS_PER_S);
	pthread_join(thread, NULL);
	live_fixture_wait(fixture, SETTLE_NS);
	fprintf(stderr, "%s: %" PRIu64 " segments in %.1f s\n", what,
		stream.sent, (double)stream.took_ns * 1e-9);
	struct counters after = counters_since(attack, &before, "counted");
	/* Every segment that came was a stray: counted by the daemon or, when a
	 * busy machine let the daemon fall behind, by the TUN as lost. How many
	 * of them the machine's own backlog lost on the way nobody counts. */
	uint64_t strays = after.values[COUNTER_steer_strays];
	CHECK(stream.sent >= FLOOD_LEAST / 2);
	CHECK(nearly(strays + after.values[COUNTER_datapath_tun_dropped],
		     after.values[COUNTER_datapath_redirected]));
	/* If it was fast enough the account of misses was under pressure: a
	 * slow flood is glanced at, a fast one dropped, for want of flows or by
	 * its rate. */
	if ((double)strays >
	    PRESSING_PPS * (double)stream.took_ns / (double)NS_PER_S)
		CHECK(after.values[COUNTER_steer_glances] +
			      after.values[COUNTER_drop_flows] +
			      after.values[COUNTER_drop_rate_prefix] +
			      after.values[COUNTER_drop_rate_all] >
		      0);
	CHECK(after.values[COUNTER_kernel_resets] == 0);
	return after;
}

static void
floods(struct attack *attack)
{
	uint32_t wide = attack->fixture.family == 4 ? 256 : 65536;
	struct counters first, last;

	first = flood(attack, 1, true, "flood from few prefixes");
	(void)flood(attack, wide, true, "flood from many prefixes");
	last = flood(attack, wide, false, "flood again");
	/* The first has touched what the tables have; no flood adds to that. */
	uint64_t most = first.values[COUNTER_rss_bytes];
	CHECK(last.values[COUNTER_rss_bytes] <= most + most / 8);
}

static int
attack_all(const char *name, uint8_t family)
{
	static struct attack attack;
	struct live_fixture *fixture = &attack.fixture;
	struct settings settings;

	memset(&attack, 0, sizeof(attack));
	live_fixture_settings(&settings, family);
	int code = live_fixture_begin_as(fixture, name, &settings);
	if (code != 0)
		return code;
	int edge = lab_namespace(&fixture->lab,
				 live_fixture_device(fixture, DEVICE_EDGE, 0));
	int leaf = lab_namespace(&fixture->lab,
				 live_fixture_device(fixture, DEVICE_LEAF, 0));
	CHECK(hostile_open(&attack.edge, edge) == 0);
	CHECK(hostile_open(&attack.leaf, leaf) == 0);
	if (attack.edge != NULL && attack.leaf != NULL) {
		strays_record(&attack);
		forgeries(&attack);
		floods(&attack);
	}
	/* A client that comes now is served. */
	CHECK(live_fixture_download(fixture, 42101, BYTES / 10, 0) == 0);
	CHECK(live_fixture_finish(fixture, 300 * NS_PER_S));
	CHECK(live_fixture_sum(fixture, "kernel_resets") == 0);
	hostile_close(attack.edge);
	hostile_close(attack.leaf);
	close(edge);
	close(leaf);
	live_fixture_end(fixture);
	return 0;
}

int
main(void)
{
	int code = attack_all("hostile4", 4);

	if (code == 0)
		code = attack_all("hostile6", 6);
	return code != 0 ? code : check_done();
}
