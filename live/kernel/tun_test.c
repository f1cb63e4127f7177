/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tun_test.c - what is written into the TUN arrives, whatever the host's
 * reverse path filter; and what it cannot hold is counted
 *
 * In a network namespace of its own: the client's network is routed by one
 * device, its packets come in by the TUN. Needs root.
 */
#include "live/kernel/tun.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/test/check.h"

#define HEADERS 28 /* IPv4 and UDP */
#define LOST	100 /* packets more than the queue holds */

static void
sum_set(uint8_t *header)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	header[10] = (uint8_t)(sum >> 8);
	header[11] = (uint8_t)sum;
}

/* A packet of 10.1.0.2 to 10.0.0.1 port 9 comes out of the TUN. Is it heard?
 */
static bool
is_heard(const struct tun *tun, int listener)
{
	uint8_t packet[HEADERS] = { 0x45, 0, 0,	 HEADERS, 0, 0, 0,  0, 64, 17,
				    0,	  0, 10, 1,	  0, 2, 10, 0, 0,  1,
				    0,	  7, 0,	 9,	  0, 8, 0,  0 };
	char byte;

	sum_set(packet);
	CHECK(tun_write(tun, 0, packet, sizeof(packet)) == 0);
	for (int i = 0; i < 60000; i++) {
		if (recv(listener, &byte, 1, MSG_DONTWAIT) == 0)
			return true;
		usleep(1000);
	}
	return false;
}

static int
listener_open(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

/* While no one reads, so many packets wait, and the others are lost. */
static void
test_overflow(void)
{
	const struct sockaddr_in beyond = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(0x0a020001), /* 10.2.0.1 */
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char error[256] = "";
	uint8_t packet[64];
	struct tun tun;
	uint32_t read = 0;

	CHECK(tun_open(&tun, "homeward0", 1, error, sizeof(error)) == 0);
	CHECK(system("tc qdisc show dev homeward0 | grep -q noqueue") == 0);
	CHECK(system("ip route add 10.2.0.0/24 dev homeward0") == 0);
	CHECK(tun_dropped(&tun) == 0);
	for (uint32_t i = 0; i < TUN_QUEUE_PACKETS + LOST; i++)
		CHECK(sendto(fd, "", 1, 0, (const struct sockaddr *)&beyond,
			     sizeof(beyond)) == 1);
	CHECK(tun_dropped(&tun) == LOST);
	while (tun_read(&tun, 0, packet, sizeof(packet)) > 0)
		read++;
	CHECK(read == TUN_QUEUE_PACKETS);
	CHECK(tun_dropped(&tun) == LOST);
	close(fd);
	tun_close(&tun);
	CHECK(tun_dropped(&tun) == 0); /* it is gone */
}

int
main(void)
{
	static const struct {
		const char *sentence, *all;
		bool address;
	} rows[] = {
		{ "no filter: no address needed", "0", false },
		{ "the strict one is made loose here", "1", true },
		{ "the loose one", "2", true },
	};

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "skipped: no namespace without root\n");
		return 77;
	}
	CHECK(system("ip link set lo up && ip addr add 10.0.0.1/32 dev lo && "
		     "ip link add eth1 type veth peer name eth2 && "
		     "ip link set eth1 up && ip link set eth2 up && "
		     "ip route add 10.1.0.0/24 dev eth1") == 0);
	int listener = listener_open();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tun tun, other;
		char error[256] = "", line[128];

		snprintf(line, sizeof(line),
			 "sysctl -qw net.ipv4.conf.all.rp_filter=%s",
			 rows[i].all);
		CHECK_ROW(system(line) == 0, rows[i].sentence);
		int result =
			tun_open(&tun, "homeward0", 2, error, sizeof(error));
		CHECK_ROW(result == 0, rows[i].sentence);
		if (result != 0)
			continue;
		CHECK_ROW(is_heard(&tun, listener), rows[i].sentence);
		snprintf(
			line, sizeof(line),
			"ip -4 -o addr show dev homeward0 | grep -q 192.0.0.8");
		CHECK_ROW((system(line) == 0) == rows[i].address,
			  rows[i].sentence);
		CHECK(tun_open(&other, "homeward0", 1, error, sizeof(error)) <
		      0);
		tun_close(&tun);
		CHECK_ROW(system("ip link show homeward0 2>/dev/null") != 0,
			  rows[i].sentence);
	}
	close(listener);
	test_overflow();
	return check_done();
}
