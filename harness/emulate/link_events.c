/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_events.c - RTM_NEWLINK, by name of the interface
 *
 * Messages that were lost (ENOBUFS) would be lost changes; a receive buffer of
 * a megabyte holds a thousand of them, and a wake-up is never that late.
 */
#include "harness/emulate/link_events.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/emulate/client_session.h"
#include "sim/engine/memory.h"

#define EVENTS	     16
#define BUFFER_BYTES (1 << 20)

struct watched {
	uint32_t netns, tag;
	char name[IFNAMSIZ];
	bool up;
};

struct netns {
	uint32_t number;
	int fd;
};

struct link_events {
	struct link_events_listener listener;
	int epoll;
	struct netns *netns;
	uint32_t netns_count;
	struct watched *watched;
	uint32_t watched_count;
};

struct link_events *
link_events_create(const struct link_events_listener *listener)
{
	struct link_events *events = memory_zeroed(1, sizeof(*events));

	events->listener = *listener;
	events->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (events->epoll >= 0)
		return events;
	free(events);
	return NULL;
}

void
link_events_destroy(struct link_events *events)
{
	if (events == NULL)
		return;
	for (uint32_t i = 0; i < events->netns_count; i++)
		close(events->netns[i].fd);
	close(events->epoll);
	free(events->netns);
	free(events->watched);
	free(events);
}

int
link_events_fd(const struct link_events *events)
{
	return events->epoll;
}

static int
netns_open(struct link_events *events, uint32_t number, int namespace)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK,
	};
	int size = BUFFER_BYTES;
	int fd = client_session_socket(namespace, AF_NETLINK,
				       SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	struct epoll_event event = { .events = EPOLLIN,
				     .data.u32 = events->netns_count };
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    epoll_ctl(events->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	events->netns = memory_grown(events->netns, events->netns_count + 1,
				     sizeof(*events->netns));
	events->netns[events->netns_count++] = (struct netns){ number, fd };
	return 0;
}

int
link_events_watch(struct link_events *events, uint32_t netns, int namespace,
		  const char *interface, uint32_t tag)
{
	bool known = false;

	if (strlen(interface) >= IFNAMSIZ)
		return -EINVAL;
	for (uint32_t i = 0; i < events->netns_count; i++)
		known = known || events->netns[i].number == netns;
	if (!known) {
		int error = netns_open(events, netns, namespace);

		if (error != 0)
			return error;
	}
	events->watched =
		memory_grown(events->watched, events->watched_count + 1,
			     sizeof(*events->watched));
	struct watched *watched = &events->watched[events->watched_count++];
	*watched = (struct watched){ .netns = netns, .tag = tag, .up = true };
	memcpy(watched->name, interface, strlen(interface) + 1);
	return 0;
}

/* NULL: a message without a name. */
static const char *
link_name(const struct nlmsghdr *head)
{
	const struct ifinfomsg *message = NLMSG_DATA(head);
	const struct rtattr *attribute = IFLA_RTA(message);
	size_t left = NLMSG_PAYLOAD(head, sizeof(*message));

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == IFLA_IFNAME)
			return RTA_DATA(attribute);
	return NULL;
}

static void
link_message(struct link_events *events, struct instant now, uint32_t netns,
	     const struct nlmsghdr *head)
{
	const struct ifinfomsg *message = NLMSG_DATA(head);
	const unsigned wanted = IFF_UP | IFF_LOWER_UP;
	const char *name = link_name(head);
	bool up = head->nlmsg_type == RTM_NEWLINK &&
		  (message->ifi_flags & wanted) == wanted;

	for (uint32_t i = 0; name != NULL && i < events->watched_count; i++) {
		struct watched *watched = &events->watched[i];

		if (watched->netns != netns || watched->up == up ||
		    strcmp(watched->name, name) != 0)
			continue;
		watched->up = up;
		events->listener.changed(events->listener.context, now,
					 watched->tag, up);
	}
}

static void
netns_read(struct link_events *events, struct instant now,
	   const struct netns *netns)
{
	union {
		struct nlmsghdr head;
		uint8_t bytes[32768];
	} buffer;
	ssize_t size;

	while ((size = recv(netns->fd, &buffer, sizeof(buffer), 0)) > 0) {
		const struct nlmsghdr *head = &buffer.head;
		size_t left = (size_t)size;

		for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left))
			if (head->nlmsg_type == RTM_NEWLINK ||
			    head->nlmsg_type == RTM_DELLINK)
				link_message(events, now, netns->number, head);
	}
}

void
link_events_ready(struct link_events *events, struct instant now)
{
	struct epoll_event ready[EVENTS];
	int count = epoll_wait(events->epoll, ready, EVENTS, 0);

	for (int i = 0; i < count; i++)
		netns_read(events, now, &events->netns[ready[i].data.u32]);
}
