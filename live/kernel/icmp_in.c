/* SPDX-License-Identifier: GPL-3.0-or-later */
/* icmp_in.c - one raw socket, of our address's family; see icmp_in.h */
#include "live/kernel/icmp_in.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/wire/icmp.h"
#include "core/wire/ip4.h"
#include "live/kernel/uplinks.h"

/* An error quotes 576 or 1,280 bytes at the most. */
#define MESSAGE_BYTES 2048

struct icmp_in {
	int fd;
	uint8_t family;
	uint8_t bytes[MESSAGE_BYTES];
};

static int
set_filter(int fd, uint8_t family)
{
	int result;

	if (family == 4) {
		/* A bit set is a type that does not pass. */
		struct icmp_filter filter = {
			.data = ~(UINT32_C(1) << ICMP4_TYPE_ECHO_REPLY |
				  UINT32_C(1) << ICMP4_TYPE_UNREACHABLE),
		};
		result = setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter,
				    sizeof(filter));
	} else {
		struct icmp6_filter filter;
		ICMP6_FILTER_SETBLOCKALL(&filter);
		ICMP6_FILTER_SETPASS(ICMP6_TYPE_ECHO_REPLY, &filter);
		ICMP6_FILTER_SETPASS(ICMP6_TYPE_UNREACHABLE, &filter);
		result = setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
				    sizeof(filter));
	}
	return result == 0 ? 0 : -errno;
}

static int
bind_to(int fd, const struct address *self)
{
	const struct endpoint endpoint = { .address = *self };
	struct sockaddr_storage address;
	socklen_t size = uplinks_address(&endpoint, &address);

	return bind(fd, (struct sockaddr *)&address, size) == 0 ? 0 : -errno;
}

int
icmp_in_open(struct icmp_in **made, const struct address *self, char *error,
	     size_t error_size)
{
	bool four = self->family == 4;
	struct icmp_in *in = calloc(1, sizeof(*in));
	int result;

	*made = NULL;
	if (in == NULL)
		return -ENOMEM;
	in->family = self->family;
	in->fd = socket(four ? AF_INET : AF_INET6,
			SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			four ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	result = in->fd < 0 ? -errno : set_filter(in->fd, in->family);
	if (result == 0)
		result = bind_to(in->fd, self);
	if (result != 0) {
		(void)snprintf(error, error_size, "ICMP socket: %s",
			       strerror(-result));
		icmp_in_close(in);
		return result;
	}
	*made = in;
	return 0;
}

void
icmp_in_close(struct icmp_in *in)
{
	if (in == NULL)
		return;
	if (in->fd >= 0)
		(void)close(in->fd);
	free(in);
}

int
icmp_in_fd(const struct icmp_in *in)
{
	return in->fd;
}

/* Where the ICMP header is; the whole size if there is none. */
static size_t
header_bytes(const struct icmp_in *in, size_t size)
{
	size_t bytes;

	if (in->family == 6)
		return 0;
	if (size < IP4_HEADER_MIN)
		return size;
	bytes = (size_t)(in->bytes[0] & 0x0f) * 4;
	return bytes < size ? bytes : size;
}

uint32_t
icmp_in_read(struct icmp_in *in, uint32_t most,
	     void (*take)(void *, const struct address *from,
			  const uint8_t *bytes, size_t size),
	     void *context)
{
	uint32_t count = 0;

	while (count < most) {
		struct sockaddr_storage from;
		socklen_t from_size = sizeof(from);
		ssize_t size = recvfrom(in->fd, in->bytes, sizeof(in->bytes),
					MSG_DONTWAIT, (struct sockaddr *)&from,
					&from_size);
		if (size < 0)
			break;
		struct endpoint endpoint;
		if (!uplinks_endpoint(&from, &endpoint))
			continue;
		size_t head = header_bytes(in, (size_t)size);
		take(context, &endpoint.address, in->bytes + head,
		     (size_t)size - head);
		count++;
	}
	return count;
}
