/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client_session.c - what both kinds of clients need
 *
 * A socket belongs for ever to the network namespace in which it was made, so
 * one thread can hold sockets in any number of them: it goes there, makes the
 * socket, and comes back.
 */
#include "harness/emulate/client_session.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static socklen_t
sockaddr_make(uint8_t family, const uint8_t *address, const uint8_t *port,
	      struct sockaddr_storage *storage)
{
	memset(storage, 0, sizeof(*storage));
	if (family == 4) {
		struct sockaddr_in *ip4 = (struct sockaddr_in *)storage;

		ip4->sin_family = AF_INET;
		memcpy(&ip4->sin_addr, address, 4);
		memcpy(&ip4->sin_port, port, 2);
		return sizeof(*ip4);
	}
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)storage;

	ip6->sin6_family = AF_INET6;
	memcpy(&ip6->sin6_addr, address, 16);
	memcpy(&ip6->sin6_port, port, 2);
	return sizeof(*ip6);
}

socklen_t
client_session_client(const struct session_key *key,
		      struct sockaddr_storage *storage)
{
	return sockaddr_make(key->family, key->client, key->client_port,
			     storage);
}

socklen_t
client_session_service(const struct session_key *key,
		       struct sockaddr_storage *storage)
{
	return sockaddr_make(key->family, key->service, key->service_port,
			     storage);
}

uint64_t
client_session_allowed(const struct client_session *client_session,
		       int64_t elapsed_ns)
{
	if (client_session->pace_bps == 0)
		return client_session->bytes;
	/* A connection may be there after this wake-up read the clock. */
	if (elapsed_ns <= 0)
		return 0;
	double bytes = (double)client_session->pace_bps / 8 *
		       ((double)elapsed_ns * 1e-9);
	return bytes >= (double)client_session->bytes ? client_session->bytes
						      : (uint64_t)bytes;
}

int
client_session_socket(int namespace, int family, int type, int protocol)
{
	if (namespace < 0)
		return socket(family, type | SOCK_CLOEXEC, protocol);

	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -1;
	if (setns(namespace, CLONE_NEWNET) != 0) {
		close(home);
		return -1;
	}
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);
	int error = errno;
	/* In a wrong namespace everything that follows would be wrong. */
	if (setns(home, CLONE_NEWNET) != 0)
		abort();
	close(home);
	errno = error;
	return fd;
}
