/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * icmp_in_test.c - an echo's reply is taken, from its ICMP header on and with
 * who sent it; the echo itself, which comes to the same socket, is not
 *
 * By the loopback, which answers. Needs root.
 */
#include "live/kernel/icmp_in.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/test/check.h"
#include "core/wire/icmp.h"
#include "live/kernel/uplinks.h"

#define WAIT_MS 60000

static const uint8_t ones4[4] = { 127, 0, 0, 1 };
static const uint8_t one6[16] = { [15] = 1 };

struct taken {
	uint32_t count;
	struct address from;
	uint8_t bytes[64];
	size_t size;
};

static void
take(void *context, const struct address *from, const uint8_t *bytes,
     size_t size)
{
	struct taken *taken = context;

	taken->count++;
	taken->from = *from;
	taken->size = size;
	memcpy(taken->bytes, bytes, size < 64 ? size : 64);
}

/* An echo of 16 bytes; its sum is right for IPv4, the kernel's in IPv6. */
static void
echo_send(const struct address *to)
{
	bool four = to->family == 4;
	const struct endpoint endpoint = { .address = *to };
	struct sockaddr_storage address;
	socklen_t size = uplinks_address(&endpoint, &address);
	uint8_t echo[16] = {
		icmp_echo_type(to->family, false), 0, 0, 0, 1, 2, 3, 4, [15] = 9
	};
	uint32_t sum = 0;
	int fd = socket(four ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC,
			four ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	for (unsigned i = 0; i < sizeof(echo); i += 2)
		sum += (uint32_t)echo[i] << 8 | echo[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	echo[2] = (uint8_t)(sum >> 8);
	echo[3] = (uint8_t)sum;
	CHECK(sendto(fd, echo, sizeof(echo), 0, (struct sockaddr *)&address,
		     size) == sizeof(echo));
	(void)close(fd);
}

static void
test_family(const struct address *self)
{
	struct taken taken = { .count = 0 };
	struct icmp_in *in;
	char error[128] = "";
	int code = icmp_in_open(&in, self, error, sizeof(error));

	CHECK(code == 0);
	if (code != 0)
		return;
	echo_send(self);
	struct pollfd ready = { .fd = icmp_in_fd(in), .events = POLLIN };
	while (taken.count == 0 && poll(&ready, 1, WAIT_MS) > 0)
		(void)icmp_in_read(in, 8, take, &taken);
	CHECK(taken.count == 1 && address_equal(&taken.from, self));
	CHECK(taken.size == 16 && taken.bytes[15] == 9 &&
	      taken.bytes[0] == icmp_echo_type(self->family, true));
	icmp_in_close(in);
}

int
main(void)
{
	const struct address four = address_ip4(ones4);
	const struct address six = address_ip6(one6);

	if (geteuid() != 0) {
		fprintf(stderr, "skipped: needs root\n");
		return 77;
	}
	test_family(&four);
	test_family(&six);
	return check_done();
}
