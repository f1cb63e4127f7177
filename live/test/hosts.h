/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hosts.h - a server and a client of their own, for tests only
 *
 *	client			server
 *	10.9.0.2 c0 ----- up0 10.9.0.1	uplink 0	lo: 192.0.2.1
 *	10.9.1.2 c1 ----- up1 10.9.1.1	uplink 1	    2001:db8::1
 *	fd09:0::2, fd09:1::2	fd09:0::1, fd09:1::1	    10.9.9.9, fd09:9::9
 *
 * Two network namespaces without names, so that nothing is left whatever
 * becomes of the test. The calling process is in one of them at a time; a
 * socket stays in the one where it was made. The client reaches the service
 * by uplink 0 until hosts_route() says otherwise.
 */
#ifndef LIVE_TEST_HOSTS_H
#define LIVE_TEST_HOSTS_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOSTS_SERVICE4 "192.0.2.1"
#define HOSTS_SERVICE6 "2001:db8::1"
#define HOSTS_SELF4    "10.9.9.9"
#define HOSTS_SELF6    "fd09:9::9"

struct hosts {
	int server, client; /* namespaces */
};

/* Run a command of the shell, which must succeed. */
__attribute__((format(printf, 1, 2))) static inline void
hosts_run(const char *format, ...)
{
	char command[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		exit(1);
	}
}

/* A line of what a command prints holds this. */
static inline int
hosts_prints(const char *command, const char *text)
{
	char line[512];
	int found = 0;
	FILE *pipe = popen(command, "r");

	while (pipe != NULL && fgets(line, sizeof(line), pipe) != NULL)
		found |= strstr(line, text) != NULL;
	if (pipe != NULL)
		pclose(pipe);
	return found;
}

/* Until all IPv6 addresses of this namespace can be used. Even without
 * duplicate address detection they are tentative until a kernel thread has seen
 * to them, and a busy machine lets that wait. */
static inline void
hosts_settle(void)
{
	while (hosts_prints("ip -6 addr show tentative", "inet6"))
		usleep(1000);
}

static inline void
hosts_enter(int host)
{
	if (setns(host, CLONE_NEWNET) != 0) {
		perror("setns");
		exit(1);
	}
}

static inline int
hosts_new(void)
{
	if (unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "skipped: no network namespaces: %s\n",
			strerror(errno));
		exit(77);
	}
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* The client's way to the service, by uplink 0 or 1. */
static inline void
hosts_route(const struct hosts *hosts, unsigned uplink)
{
	hosts_enter(hosts->client);
	hosts_run("ip route replace 192.0.2.0/24 via 10.9.%u.1 && "
		  "ip route replace 10.9.9.9 via 10.9.%u.1 && "
		  "ip -6 route replace 2001:db8::/64 via fd09:%u::1 && "
		  "ip -6 route replace fd09:9::9 via fd09:%u::1",
		  uplink, uplink, uplink, uplink);
	hosts_enter(hosts->server);
}

/* Leaves the process in the server. Exits with 77 where it may not. */
static inline void
hosts_open(struct hosts *hosts)
{
	if (geteuid() != 0) {
		fprintf(stderr, "skipped: needs root\n");
		exit(77);
	}
	hosts->server = hosts_new();
	hosts_run("sysctl -qw net.ipv6.conf.all.accept_dad=0 "
		  "net.ipv6.conf.default.accept_dad=0 "
		  "net.ipv4.conf.default.rp_filter=0 "
		  "net.ipv4.conf.all.rp_filter=0");
	hosts->client = hosts_new();
	hosts_run("sysctl -qw net.ipv6.conf.all.accept_dad=0 "
		  "net.ipv6.conf.default.accept_dad=0");
	for (unsigned i = 0; i < 2; i++)
		hosts_run("ip link add c%u type veth peer name up%u && "
			  "ip addr add 10.9.%u.2/24 dev c%u && "
			  "ip addr add fd09:%u::2/64 dev c%u nodad && "
			  "ip link set c%u up && "
			  "ip link set up%u netns /proc/%d/fd/%d",
			  i, i, i, i, i, i, i, i, (int)getpid(), hosts->server);
	hosts_enter(hosts->server);
	hosts_run("ip link set lo up && ip addr add 192.0.2.1/32 dev lo && "
		  "ip addr add 2001:db8::1/128 dev lo nodad && "
		  "ip addr add 10.9.9.9/32 dev lo && "
		  "ip addr add fd09:9::9/128 dev lo nodad");
	for (unsigned i = 0; i < 2; i++)
		hosts_run("ip addr add 10.9.%u.1/24 dev up%u && "
			  "ip addr add fd09:%u::1/64 dev up%u nodad && "
			  "ip link set up%u up",
			  i, i, i, i, i);
	hosts_settle();
	hosts_enter(hosts->client);
	hosts_settle();
	hosts_route(hosts, 0);
}

#endif
