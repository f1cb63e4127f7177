/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mtu_live_test.c - "packet too big" finds the session's owner
 *
 *	client1 ---1280--- edge1 --- exits ... leaves --- server1..4
 *	   MTU 1500 |
 *		    `- ICMP: too big, from the edge to the service's address
 *
 * The client offers segments of 1,460 bytes, the edge has room for 1,280 on
 * its last link. So the first full segment of every download draws an ICMP
 * error, which routers hash by the edge's address and the service's, whichever
 * server the session's owner is. Where it arrives at another server, the
 * download stands still for ever unless the error is forwarded.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>

#include "core/test/check.h"
#include "harness/replay/capture.h"
#include "harness/replay/decode.h"
#include "harness/test/live_fixture.h"

#define DOWNLOADS 8
#define BYTES	  (2 * UINT64_C(1000000))
#define SMALL_MTU 1280

/* The edge's last link gets a smaller MTU, at the edge's end only. */
static bool
link_narrow(const struct live_fixture *fixture)
{
	uint32_t link = fabric_link_find(fixture->lab.fabric, "client1-edge1");
	uint32_t edge = live_fixture_device(fixture, DEVICE_EDGE, 0);
	const char *const argv[] = { "ip",
				     "link",
				     "set",
				     "dev",
				     lab_interface(&fixture->lab, link, 1),
				     "mtu",
				     "1280",
				     NULL };
	int status = -1;
	pid_t pid = lab_spawn(&fixture->lab, edge, argv, NULL);

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* A forward is right; is there an error in it? */
static bool
error_check(const struct decoded *decoded)
{
	const struct decode_gue *gue = &decoded->gue;

	if (decoded->kind != DECODE_GUE)
		return false;
	CHECK(gue->drop == DROP_NONE && gue->variant == 0);
	CHECK(gue->tag == DECODE_TAG_OK);
	if (gue->inner_drop != DROP_NONE || !gue->inner.icmp_error)
		return false;
	CHECK(gue->inner.icmp_mtu == SMALL_MTU);
	CHECK(gue->quotes && gue->quote.protocol == IP_TCP);
	return true;
}

/* Forwarded errors in a recording. */
static uint32_t
errors_count(const struct live_fixture *fixture, const char *path)
{
	static struct decoded decoded;
	struct capture_packet packet;
	struct capture *capture;
	char error[256];
	uint32_t errors = 0;

	if (capture_open(&capture, path, error, sizeof(error)) != 0) {
		fprintf(stderr, "%s\n", error);
		return 0;
	}
	while (capture_next(capture, &packet, error, sizeof(error)) == 1) {
		bool ours = packet.drop == DROP_NONE &&
			    decode_packet(&fixture->secret, packet.bytes,
					  packet.size, &decoded);

		for (; ours; ours = decode_next(&fixture->secret, &decoded))
			errors += error_check(&decoded);
	}
	capture_close(capture);
	return errors;
}

/* One family; LIVE_FIXTURE_SKIP or 0. */
static int
too_big_reaches_the_owner(const char *name, uint8_t family)
{
	static struct live_fixture fixture;
	char paths[LAB_SERVERS_MAX][LAB_PATH];
	pid_t recorders[LAB_SERVERS_MAX];
	uint32_t owners[LAB_SERVERS_MAX] = { 0 }, errors = 0, link;
	int code = live_fixture_begin(&fixture, name, family);

	if (code != 0)
		return code;
	uint32_t servers = fixture.lab.settings.fabric.servers;
	CHECK(link_narrow(&fixture));
	for (uint32_t i = 0; i < servers; i++)
		recorders[i] = live_fixture_record(&fixture, i, paths[i]);
	for (uint16_t i = 0; i < DOWNLOADS; i++) {
		uint32_t owner = live_fixture_server(
			&fixture, (uint16_t)(43001 + i), &link);

		CHECK(owner < servers);
		if (owner < servers)
			owners[owner]++;
		CHECK(live_fixture_download(&fixture, (uint16_t)(43001 + i),
					    BYTES, 0) == 0);
	}
	CHECK(live_fixture_finish(&fixture, 300 * NS_PER_S));
	for (uint32_t i = 0; i < servers; i++) {
		live_fixture_record_stop(recorders[i]);
		uint32_t here = errors_count(&fixture, paths[i]);

		fprintf(stderr,
			"IPv%u server%u: owns %u downloads, was sent %u "
			"errors by others, %" PRIu64 " kernel resets\n",
			(unsigned)family, (unsigned)i + 1, (unsigned)owners[i],
			(unsigned)here,
			live_fixture_counter(&fixture, i, "kernel_resets"));
		errors += here;
	}
	CHECK(errors > 0);
	CHECK(live_fixture_sum(&fixture, "kernel_resets") == 0);
	live_fixture_end(&fixture);
	return 0;
}

int
main(void)
{
	int code = too_big_reaches_the_owner("mtu4", 4);

	if (code == 0)
		code = too_big_reaches_the_owner("mtu6", 6);
	return code != 0 ? code : check_done();
}
