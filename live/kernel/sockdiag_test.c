/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockdiag_test.c - real sockets on loopback, in all states that matter
 *
 * Services are loopback addresses of our own, so that no other process's
 * sockets are among them, and no privilege is needed. With an argument N it
 * measures sockdiag_has() instead.
 */
#include "live/kernel/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/endpoint.h"
#include "core/instant.h"
#include "core/test/check.h"

#define MANY 300

static struct sockdiag *diag;

struct pair {
	int client, server; /* server -1: not accepted */
	struct session_key key;
};

static int
listener(int family, const char *address, bool deferred, uint16_t *port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} at = { .in6 = { 0 } };
	socklen_t size = family == AF_INET ? sizeof(at.in) : sizeof(at.in6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int zero = 0, one = 1;

	at.any.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		inet_pton(family, address, &at.in.sin_addr);
	} else {
		inet_pton(family, address, &at.in6.sin6_addr);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	}
	if (deferred)
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one,
			   sizeof(one));
	if (fd == -1 || bind(fd, &at.any, size) == -1 ||
	    listen(fd, 1000) == -1 || getsockname(fd, &at.any, &size) == -1) {
		close(fd);
		return -1;
	}
	*port = ntohs(at.in.sin_port); /* at the same place in both */
	return fd;
}

static struct session_key
key_of(int client)
{
	struct session_key key = { .family = 4, .protocol = IPPROTO_TCP };
	struct sockaddr_in6 from = { 0 }, to = { 0 };
	socklen_t size = sizeof(from);

	CHECK(getsockname(client, (struct sockaddr *)&from, &size) == 0);
	size = sizeof(to);
	CHECK(getpeername(client, (struct sockaddr *)&to, &size) == 0);
	if (from.sin6_family == AF_INET) {
		struct sockaddr_in four;

		memcpy(&four, &from, sizeof(four));
		memcpy(key.client, &four.sin_addr, 4);
		memcpy(&four, &to, sizeof(four));
		memcpy(key.service, &four.sin_addr, 4);
	} else {
		key.family = 6;
		memcpy(key.client, &from.sin6_addr, 16);
		memcpy(key.service, &to.sin6_addr, 16);
	}
	memcpy(key.client_port, &from.sin6_port, 2);
	memcpy(key.service_port, &to.sin6_port, 2);
	return key;
}

static struct pair
connected(int listening, int family, const char *address, uint16_t port,
	  bool accepted)
{
	struct pair pair = { .server = -1 };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };

	pair.client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	six.sin6_port = four.sin_port = htons(port);
	inet_pton(AF_INET6, address, &six.sin6_addr);
	inet_pton(AF_INET, address, &four.sin_addr);
	if (family == AF_INET)
		CHECK(connect(pair.client, (struct sockaddr *)&four,
			      sizeof(four)) == 0);
	else
		CHECK(connect(pair.client, (struct sockaddr *)&six,
			      sizeof(six)) == 0);
	if (accepted)
		pair.server = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	pair.key = key_of(pair.client);
	return pair;
}

static void
ended(struct pair *pair)
{
	if (pair->client != -1)
		close(pair->client);
	if (pair->server != -1)
		close(pair->server);
}

static struct steer_service
service_of(const char *address, uint16_t port)
{
	struct steer_service service = { .port = port };

	service.address.family = strchr(address, ':') != NULL ? 6 : 4;
	CHECK(inet_pton(service.address.family == 4 ? AF_INET : AF_INET6,
			address, service.address.bytes) == 1);
	return service;
}

struct listed {
	struct session_key key;
	uint32_t half, open, lingering, others;
};

static void
list(void *context, const struct session_key *key, enum sockdiag_state state)
{
	struct listed *listed = context;

	if (!session_equal(key, &listed->key)) {
		listed->others++;
		return;
	}
	listed->half += state == SOCKDIAG_HALF;
	listed->lingering += state == SOCKDIAG_WAITS;
	listed->open += state == SOCKDIAG_OPEN;
}

/* Is it in the dump, as what, and how many others are? */
static struct listed
listed(const struct session_key *key, const struct steer_service *services,
       uint32_t count)
{
	struct listed result = { .key = *key };

	CHECK(sockdiag_dump(diag, services, count, list, &result) == 0);
	return result;
}

/* The same, when the last acknowledgements have come. */
static struct listed
settled(const struct session_key *key, const struct steer_service *service,
	bool lingers)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	struct listed seen = { 0 };

	for (int i = 0; i < 12000; i++) {
		seen = listed(key, service, 1);
		if (seen.lingering == lingers && seen.open == 0)
			break;
		nanosleep(&pause, NULL);
	}
	return seen;
}

static void
states_test(void)
{
	static const char address[] = "127.77.1.1";
	uint16_t port;
	int fd = listener(AF_INET, address, false, &port);
	struct steer_service service = service_of(address, port);
	struct pair pair = connected(fd, AF_INET, address, port, true);
	struct listed seen = listed(&pair.key, &service, 1);

	CHECK(seen.open == 1 && seen.lingering == 0 && seen.others == 0);
	CHECK(sockdiag_has(diag, &pair.key) == SOCKDIAG_OPEN);
	struct session_key other = pair.key;
	other.client_port[0] ^= 1;
	CHECK(sockdiag_has(diag, &other) == 0); /* the listener is not it */
	/* Seen from the other side it is the client's socket. */
	other = pair.key;
	other.service[0] = 10;
	CHECK(sockdiag_has(diag, &other) == 0);

	/* The server has said all but still reads: it is open. */
	CHECK(shutdown(pair.server, SHUT_WR) == 0);
	seen = listed(&pair.key, &service, 1);
	CHECK(seen.open == 1 && seen.lingering == 0);
	/* Nobody reads any more. */
	close(pair.server);
	pair.server = -1;
	seen = settled(&pair.key, &service, true);
	CHECK(seen.open == 0 && seen.lingering == 1);
	CHECK(sockdiag_has(diag, &pair.key) == SOCKDIAG_WAITS);
	/* The client is done, too: TIME_WAIT. */
	close(pair.client);
	pair.client = -1;
	seen = settled(&pair.key, &service, true);
	CHECK(seen.open == 0 && seen.lingering == 1);
	CHECK(sockdiag_has(diag, &pair.key) == SOCKDIAG_WAITS);

	/* The client ends first: CLOSE_WAIT is open, and then it is gone. */
	pair = connected(fd, AF_INET, address, port, true);
	close(pair.client);
	pair.client = -1;
	seen = listed(&pair.key, &service, 1);
	CHECK(seen.open == 1 && seen.lingering == 0 && seen.others == 1);
	close(pair.server);
	seen = settled(&pair.key, &service, false);
	CHECK(seen.open == 0 && seen.lingering == 0);
	close(fd);
	/* A session whose listener has gone, and one that was never accepted.
	 */
	fd = listener(AF_INET, address, false, &port);
	service.port = port;
	pair = connected(fd, AF_INET, address, port, false);
	seen = listed(&pair.key, &service, 1);
	CHECK(seen.open == 1);
	ended(&pair);
	close(fd);
}

static void
embryo_test(void)
{
	static const char address[] = "127.77.1.2";
	uint16_t port;
	int fd = listener(AF_INET, address, true, &port);
	struct steer_service service = service_of(address, port);
	struct pair pair = connected(fd, AF_INET, address, port, false);
	struct listed seen = listed(&pair.key, &service, 1);

	/* Without data it stays a request. */
	CHECK(seen.half == 1 && seen.open == 0 && seen.lingering == 0);
	CHECK(sockdiag_has(diag, &pair.key) == SOCKDIAG_HALF);
	CHECK(send(pair.client, "x", 1, 0) == 1);
	seen = listed(&pair.key, &service, 1);
	CHECK(seen.half == 0 && seen.open == 1);
	ended(&pair);
	close(fd);
}

static void
families_test(void)
{
	static const char four[] = "127.77.1.3", six[] = "::1";
	uint16_t port;
	int fd = listener(AF_INET6, "::", false, &port);

	if (fd == -1) {
		fprintf(stderr, "no IPv6 here, not tried\n");
		return;
	}
	struct steer_service services[] = {
		service_of("127.77.9.9", port),
		service_of(four, port),
		service_of(six, port),
		service_of("2001:db8::9", 0),
	};
	struct pair mapped = connected(fd, AF_INET, four, port, true);
	struct pair native = connected(fd, AF_INET6, six, port, true);
	struct listed seen = listed(&mapped.key, services, 4);

	CHECK(mapped.key.family == 4 && native.key.family == 6);
	CHECK(seen.open == 1 && seen.others == 1);
	seen = listed(&native.key, services, 4);
	CHECK(seen.open == 1 && seen.others == 1);
	CHECK(sockdiag_has(diag, &mapped.key) == 1);
	CHECK(sockdiag_has(diag, &native.key) == 1);
	/* Each for itself. */
	seen = listed(&mapped.key, &services[1], 1);
	CHECK(seen.open == 1 && seen.others == 0);
	seen = listed(&native.key, &services[2], 1);
	CHECK(seen.open == 1 && seen.others == 0);
	seen = listed(&native.key, &services[0], 1);
	CHECK(seen.open == 0 && seen.others == 0);
	seen = listed(&native.key, services, 0);
	CHECK(seen.open == 0 && seen.others == 0);
	ended(&mapped);
	ended(&native);
	close(fd);
}

/* More sockets than one answer holds, more services than one jump reaches. */
static void
many_test(void)
{
	static const char address[] = "127.77.1.4";
	static struct pair pairs[MANY];
	static struct steer_service services[257];
	uint16_t port;
	int fd = listener(AF_INET, address, false, &port);

	for (uint32_t i = 0; i < MANY; i++)
		pairs[i] = connected(fd, AF_INET, address, port, true);
	for (uint32_t i = 0; i < 257; i++) {
		services[i] =
			service_of(i % 2 == 0 ? "127.77.2.1" : "2001:db8::1",
				   (uint16_t)(i + 1));
	}
	for (uint32_t place = 0; place < 256; place += 51) {
		struct steer_service kept = services[place];

		services[place] = service_of(address, port);
		struct listed seen = listed(&pairs[17].key, services, 256);
		CHECK(seen.open == 1 && seen.others == MANY - 1);
		services[place] = service_of(address, 0);
		seen = listed(&pairs[17].key, services, 256);
		CHECK(seen.open == 1 && seen.others == MANY - 1);
		services[place] = service_of(address, (uint16_t)(port ^ 1));
		seen = listed(&pairs[17].key, services, 256);
		CHECK(seen.open == 0 && seen.others == 0);
		services[place] = kept;
	}
	struct listed none = { .key = pairs[0].key };
	CHECK(sockdiag_dump(diag, services, 257, list, &none) == -E2BIG);
	for (uint32_t i = 0; i < MANY; i++)
		CHECK(sockdiag_has(diag, &pairs[i].key) == 1);
	for (uint32_t i = 0; i < MANY; i++)
		ended(&pairs[i]);
	close(fd);
}

static void
measure(uint32_t rounds)
{
	static const char address[] = "127.77.1.5";
	struct timespec from, to;
	uint16_t port;
	int fd = listener(AF_INET, address, false, &port);
	struct pair pair = connected(fd, AF_INET, address, port, true);

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint32_t i = 0; i < rounds; i++)
		CHECK(sockdiag_has(diag, &pair.key) == SOCKDIAG_OPEN);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("has: %" PRId64 " ns\n", ((to.tv_sec - from.tv_sec) * NS_PER_S +
					 to.tv_nsec - from.tv_nsec) /
						rounds);
	ended(&pair);
	close(fd);
}

int
main(int argc, char **argv)
{
	int result = sockdiag_open(&diag);

	if (result != 0) {
		fprintf(stderr, "no sock_diag here: %s\n", strerror(-result));
		return 77;
	}
	if (argc > 1) {
		measure((uint32_t)strtoul(argv[1], NULL, 10));
	} else {
		states_test();
		embryo_test();
		families_test();
		many_test();
	}
	sockdiag_close(diag);
	sockdiag_close(NULL);
	return check_done();
}
