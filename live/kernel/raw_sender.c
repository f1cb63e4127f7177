/* SPDX-License-Identifier: GPL-3.0-or-later */
/* raw_sender.c - two raw sockets, one a family; see raw_sender.h */
#include "live/kernel/raw_sender.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/wire/packet.h"

struct raw_sender {
	const struct uplinks *uplinks;
	int fd4, fd6;
};

static int
raw_open(int family)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_RAW);

	return fd < 0 ? -errno : fd;
}

int
raw_sender_open(struct raw_sender **made, const struct uplinks *uplinks,
		char *error, size_t error_size)
{
	struct raw_sender *answer = calloc(1, sizeof(*answer));

	*made = NULL;
	if (answer == NULL)
		return -ENOMEM;
	answer->uplinks = uplinks;
	answer->fd6 = raw_open(AF_INET6);
	answer->fd4 = raw_open(AF_INET);
	if (answer->fd4 < 0) {
		int result = answer->fd4;
		(void)snprintf(error, error_size, "raw socket: %s",
			       strerror(-result));
		raw_sender_close(answer);
		return result;
	}
	*made = answer;
	return 0;
}

void
raw_sender_close(struct raw_sender *answer)
{
	if (answer == NULL)
		return;
	if (answer->fd4 >= 0)
		(void)close(answer->fd4);
	if (answer->fd6 >= 0)
		(void)close(answer->fd6);
	free(answer);
}

static int
send_by(int fd, const struct endpoint *to, unsigned interface,
	const uint8_t *bytes, size_t size)
{
	_Alignas(struct cmsghdr) uint8_t control[UPLINKS_CONTROL] = { 0 };
	struct sockaddr_storage address;
	/* sendmsg() does not write. */
	struct iovec piece = { .iov_base = (void *)(uintptr_t)bytes,
			       .iov_len = size };
	struct msghdr header = {
		.msg_name = &address,
		.msg_namelen = uplinks_address(to, &address),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
	};

	if (interface != 0)
		uplinks_control(&header, to->address.family, interface);
	return sendmsg(fd, &header, MSG_DONTWAIT) < 0 ? -errno : 0;
}

int
raw_sender_packet(struct raw_sender *answer, uint8_t avoid_uplink,
		  const uint8_t *bytes, size_t size)
{
	struct packet packet;
	unsigned interface = uplinks_other(answer->uplinks, avoid_uplink, 0);

	if (packet_parse(bytes, size, &packet) != DROP_NONE)
		return -EINVAL;
	const struct endpoint to = { .address = packet.dst };
	int fd = packet.family == 4 ? answer->fd4 : answer->fd6;
	if (fd < 0)
		return fd;
	int error = send_by(fd, &to, interface, bytes, size);
	if (interface != 0 && uplinks_failed(error))
		error = send_by(fd, &to, 0, bytes, size);
	return error;
}
