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
	uint32_t place, tag;
	char name[IFNAMSIZ];
	bool up;
};

struct endpoint_text {
	uint32_t number;
	int fd;
};

struct link_events {
	struct link_events_listener listener;
	int epoll;
	struct endpoint_text *places;
	uint32_t place_count;
	struct watched *watched;
	uint32_t watched_count;
};

struct link_events *
link_events_create(const struct link_events_listener *listener)
{
	struct link_events *carrier = memory_zeroed(1, sizeof(*carrier));

	carrier->listener = *listener;
	carrier->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (carrier->epoll >= 0)
		return carrier;
	free(carrier);
	return NULL;
}

void
link_events_destroy(struct link_events *carrier)
{
	if (carrier == NULL)
		return;
	for (uint32_t i = 0; i < carrier->place_count; i++)
		close(carrier->places[i].fd);
	close(carrier->epoll);
	free(carrier->places);
	free(carrier->watched);
	free(carrier);
}

int
link_events_fd(const struct link_events *carrier)
{
	return carrier->epoll;
}

static int
place_open(struct link_events *carrier, uint32_t number, int namespace)
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
				     .data.u32 = carrier->place_count };
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    epoll_ctl(carrier->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	carrier->places =
		memory_grown(carrier->places, carrier->place_count + 1,
			     sizeof(*carrier->places));
	carrier->places[carrier->place_count++] =
		(struct endpoint_text){ number, fd };
	return 0;
}

int
link_events_watch(struct link_events *carrier, uint32_t place, int namespace,
		  const char *interface, uint32_t tag)
{
	bool known = false;

	if (strlen(interface) >= IFNAMSIZ)
		return -EINVAL;
	for (uint32_t i = 0; i < carrier->place_count; i++)
		known = known || carrier->places[i].number == place;
	if (!known) {
		int error = place_open(carrier, place, namespace);

		if (error != 0)
			return error;
	}
	carrier->watched =
		memory_grown(carrier->watched, carrier->watched_count + 1,
			     sizeof(*carrier->watched));
	struct watched *watched = &carrier->watched[carrier->watched_count++];
	*watched = (struct watched){ .place = place, .tag = tag, .up = true };
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
link_message(struct link_events *carrier, struct instant now, uint32_t place,
	     const struct nlmsghdr *head)
{
	const struct ifinfomsg *message = NLMSG_DATA(head);
	const unsigned wanted = IFF_UP | IFF_LOWER_UP;
	const char *name = link_name(head);
	bool up = head->nlmsg_type == RTM_NEWLINK &&
		  (message->ifi_flags & wanted) == wanted;

	for (uint32_t i = 0; name != NULL && i < carrier->watched_count; i++) {
		struct watched *watched = &carrier->watched[i];

		if (watched->place != place || watched->up == up ||
		    strcmp(watched->name, name) != 0)
			continue;
		watched->up = up;
		carrier->listener.changed(carrier->listener.context, now,
					  watched->tag, up);
	}
}

static void
place_read(struct link_events *carrier, struct instant now,
	   const struct endpoint_text *place)
{
	union {
		struct nlmsghdr head;
		uint8_t bytes[32768];
	} buffer;
	ssize_t size;

	while ((size = recv(place->fd, &buffer, sizeof(buffer), 0)) > 0) {
		const struct nlmsghdr *head = &buffer.head;
		size_t left = (size_t)size;

		for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left))
			if (head->nlmsg_type == RTM_NEWLINK ||
			    head->nlmsg_type == RTM_DELLINK)
				link_message(carrier, now, place->number, head);
	}
}

void
link_events_ready(struct link_events *carrier, struct instant now)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(carrier->epoll, events, EVENTS, 0);

	for (int i = 0; i < count; i++)
		place_read(carrier, now, &carrier->places[events[i].data.u32]);
}
