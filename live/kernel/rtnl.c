/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtnl.c - libmnl, from socket to answer
 */
#include "live/kernel/rtnl.h"

#include <errno.h>
#include <stdlib.h>

#include <linux/netlink.h>

#define ANSWER_BYTES 32768 /* the kernel makes no larger part of a dump */

static int
converse(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t each,
	 void *context, char *answer, size_t capacity)
{
	unsigned port = mnl_socket_get_portid(socket);
	int more = 1;

	request->nlmsg_seq = 1; /* the socket's only one */
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (more > 0) {
		ssize_t size = mnl_socket_recvfrom(socket, answer, capacity);

		if (size < 0)
			return -errno;
		more = mnl_cb_run(answer, (size_t)size, 1, port, each, context);
		if (more < 0)
			return -errno;
	}
	return 0;
}

int
rtnl_ask(struct nlmsghdr *request, mnl_cb_t each, void *context)
{
	struct mnl_socket *socket =
		mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	size_t capacity = ANSWER_BYTES;
	int result;

	if (socket == NULL)
		return -errno;
	char *answer = malloc(capacity);
	if (answer == NULL)
		result = -ENOMEM;
	else if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		result = -errno;
	else
		result = converse(socket, request, each, context, answer,
				  capacity);
	free(answer);
	mnl_socket_close(socket);
	return result;
}
