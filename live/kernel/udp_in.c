/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp_in.c - recvmmsg, and runs of datagrams taken apart
 *
 * SO_RCVBUFFORCE needs CAP_NET_ADMIN; without it SO_RCVBUF gives what
 * net.core.rmem_max allows, which tests may live with.
 */
#include "live/kernel/udp_in.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/kernel/uplinks.h"

#define MESSAGES     16
#define RUN_BYTES    65536 /* of one message, however many datagrams */
#define CONTROL_ROOM CMSG_SPACE(sizeof(int))

struct udp_in {
	int fd;
	size_t slot_bytes, most_bytes;
	struct mmsghdr messages[MESSAGES];
	struct iovec vectors[MESSAGES];
	struct sockaddr_storage from[MESSAGES];
	_Alignas(struct cmsghdr) uint8_t control[MESSAGES][CONTROL_ROOM];
	uint8_t *bytes;
};

static int
socket_open(const struct endpoint *endpoint, bool runs)
{
	const int on = 1, buffer = UDP_IN_BUFFER;
	struct sockaddr_storage address;
	socklen_t size = uplinks_address(endpoint, &address);
	int fd = socket(address.ss_family,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
		       sizeof(buffer)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer,
				 sizeof(buffer));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer,
		       sizeof(buffer)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer,
				 sizeof(buffer));
	/* A kernel that has no runs hands over single datagrams. */
	if (runs)
		(void)setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, size) != 0) {
		int error = -errno;
		(void)close(fd);
		return error;
	}
	return fd;
}

int
udp_in_open(struct udp_in **made, const struct endpoint *endpoint,
	    size_t most_bytes, bool runs, char *error, size_t error_size)
{
	struct udp_in *udp_in = calloc(1, sizeof(*udp_in));

	*made = NULL;
	if (udp_in == NULL)
		return -ENOMEM;
	udp_in->most_bytes = most_bytes;
	/* One more than is of interest shows that there was more. */
	udp_in->slot_bytes = runs ? RUN_BYTES : most_bytes + 1;
	udp_in->bytes = malloc(MESSAGES * udp_in->slot_bytes);
	if (udp_in->bytes == NULL) {
		free(udp_in);
		return -ENOMEM;
	}
	udp_in->fd = socket_open(endpoint, runs);
	if (udp_in->fd < 0) {
		int result = udp_in->fd;
		(void)snprintf(error, error_size, "UDP port %u: %s%s",
			       (unsigned)endpoint->port, strerror(-result),
			       result == -EADDRINUSE
				       ? "; does another daemon run?"
				       : "");
		free(udp_in->bytes);
		free(udp_in);
		return result;
	}
	*made = udp_in;
	return 0;
}

void
udp_in_close(struct udp_in *udp_in)
{
	if (udp_in == NULL)
		return;
	(void)close(udp_in->fd);
	free(udp_in->bytes);
	free(udp_in);
}

int
udp_in_fd(const struct udp_in *udp_in)
{
	return udp_in->fd;
}

/* The size of each datagram of a run; 0: it is a single one. */
static size_t
run_step(struct msghdr *header)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL;
	     control = CMSG_NXTHDR(header, control)) {
		int size;

		if (control->cmsg_level != SOL_UDP ||
		    control->cmsg_type != UDP_GRO)
			continue;
		memcpy(&size, CMSG_DATA(control), sizeof(size));
		return size > 0 ? (size_t)size : 0;
	}
	return 0;
}

static uint32_t
message_take(struct udp_in *udp_in, unsigned slot,
	     void (*take)(void *, const struct endpoint *, const uint8_t *,
			  size_t),
	     void *context)
{
	struct mmsghdr *message = &udp_in->messages[slot];
	const uint8_t *bytes = udp_in->bytes + slot * udp_in->slot_bytes;
	size_t left = message->msg_len, step = run_step(&message->msg_hdr);
	struct endpoint from;
	uint32_t count = 0;

	if (!uplinks_endpoint(&udp_in->from[slot], &from))
		return 1;
	if (step == 0)
		step = left;
	/* An empty datagram is one, too. */
	do {
		size_t size = left < step ? left : step;
		if (size <= udp_in->most_bytes)
			take(context, &from, bytes, size);
		bytes += size;
		left -= size;
		count++;
	} while (left > 0);
	return count;
}

static int
receive(struct udp_in *udp_in)
{
	for (unsigned i = 0; i < MESSAGES; i++) {
		udp_in->vectors[i] = (struct iovec){
			.iov_base = udp_in->bytes + i * udp_in->slot_bytes,
			.iov_len = udp_in->slot_bytes,
		};
		udp_in->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &udp_in->from[i],
			.msg_namelen = sizeof(udp_in->from[i]),
			.msg_iov = &udp_in->vectors[i],
			.msg_iovlen = 1,
			.msg_control = udp_in->control[i],
			.msg_controllen = CONTROL_ROOM,
		};
	}
	return recvmmsg(udp_in->fd, udp_in->messages, MESSAGES, MSG_DONTWAIT,
			NULL);
}

uint32_t
udp_in_read(struct udp_in *udp_in, uint32_t most,
	    void (*take)(void *, const struct endpoint *from,
			 const uint8_t *bytes, size_t size),
	    void *context)
{
	uint32_t count = 0;

	while (count < most) {
		int got = receive(udp_in);

		for (int i = 0; i < got; i++)
			count += message_take(udp_in, (unsigned)i, take,
					      context);
		if (got < MESSAGES)
			break;
	}
	return count;
}
