/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tun.c - /dev/net/tun and the rtnetlink messages that set it up
 *
 * The first queue is asked for with IFF_TUN_EXCL: without it a second daemon
 * would silently become another queue of the first one's device and take its
 * strays.
 */
#include "live/kernel/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "live/kernel/rtnl.h"

/* One more queue of the device; the first makes it. The descriptor or -errno.
 */
static int
queue_open(const char *name, bool first)
{
	struct ifreq request = { 0 };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	if (first) /* this flag does not fit a signed short */
		request.ifr_flags =
			(short)(uint16_t)(IFF_TUN | IFF_NO_PI |
					  IFF_MULTI_QUEUE | IFF_TUN_EXCL);
	if (ioctl(fd, TUNSETIFF, &request) == 0)
		return fd;
	int saved = errno;
	close(fd);
	return -saved;
}

/* net.ipv4.conf.all.rp_filter, '0' to '2'; the larger of this and the
 * device's own applies. */
static char
all_reverse_filter(void)
{
	char digit = '0';
	int fd = open("/proc/sys/net/ipv4/conf/all/rp_filter",
		      O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, &digit, 1) != 1)
			digit = '0';
		close(fd);
	}
	return digit;
}

static struct nlmsghdr *
link_request(const struct tun *tun, uint32_t flags, void *buffer)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = RTM_NEWLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	struct ifinfomsg *link =
		mnl_nlmsg_put_extra_header(request, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = (int)tun->ifindex;
	link->ifi_flags = flags;
	link->ifi_change = flags;
	return request;
}

static int
set_reverse_filter(const struct tun *tun)
{
	_Alignas(struct nlmsghdr) char buffer[RTNL_REQUEST];
	struct nlmsghdr *request = link_request(tun, 0, buffer);
	struct nlattr *families = mnl_attr_nest_start(request, IFLA_AF_SPEC);
	struct nlattr *family = mnl_attr_nest_start(request, AF_INET);
	struct nlattr *conf = mnl_attr_nest_start(request, IFLA_INET_CONF);

	mnl_attr_put_u32(request, IPV4_DEVCONF_RP_FILTER,
			 all_reverse_filter() == '1' ? 2 : 0);
	mnl_attr_nest_end(request, conf);
	mnl_attr_nest_end(request, family);
	mnl_attr_nest_end(request, families);
	return rtnl_ask(request, NULL, NULL);
}

/* To the loose filter every source seems spoofed on a device without an IPv4
 * address. RFC 7600 has one for those that need none, 192.0.0.8; its scope is
 * the host, so that nothing is ever sent from it. */
static int
set_dummy_address(const struct tun *tun)
{
	static const uint8_t dummy[4] = { 192, 0, 0, 8 };
	_Alignas(struct nlmsghdr) char buffer[RTNL_REQUEST];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = RTM_NEWADDR;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	struct ifaddrmsg *address =
		mnl_nlmsg_put_extra_header(request, sizeof(*address));
	address->ifa_family = AF_INET;
	address->ifa_prefixlen = 32;
	address->ifa_scope = RT_SCOPE_HOST;
	address->ifa_index = tun->ifindex;
	mnl_attr_put(request, IFA_LOCAL, sizeof(dummy), dummy);
	return rtnl_ask(request, NULL, NULL);
}

static int
set_no_ip6_address(const struct tun *tun)
{
	_Alignas(struct nlmsghdr) char buffer[RTNL_REQUEST];
	struct nlmsghdr *request = link_request(tun, 0, buffer);
	struct nlattr *families = mnl_attr_nest_start(request, IFLA_AF_SPEC);
	struct nlattr *family = mnl_attr_nest_start(request, AF_INET6);

	mnl_attr_put_u8(request, IFLA_INET6_ADDR_GEN_MODE,
			IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(request, family);
	mnl_attr_nest_end(request, families);
	int result = rtnl_ask(request, NULL, NULL);
	/* A kernel without IPv6 gives it no address either. */
	return result == -EAFNOSUPPORT ? 0 : result;
}

/* Before it is up, or the default is made. A kernel without this one makes the
 * default, which works as well. */
static void
set_no_qdisc(const struct tun *tun)
{
	_Alignas(struct nlmsghdr) char buffer[RTNL_REQUEST];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = RTM_NEWQDISC;
	request->nlmsg_flags =
		NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)tun->ifindex;
	tc->tcm_parent = TC_H_ROOT;
	mnl_attr_put_strz(request, TCA_KIND, "noqueue");
	(void)rtnl_ask(request, NULL, NULL);
}

static int
set_up(const struct tun *tun)
{
	_Alignas(struct nlmsghdr) char buffer[RTNL_REQUEST];
	struct nlmsghdr *request = link_request(tun, IFF_UP, buffer);

	mnl_attr_put_u32(request, IFLA_MTU, TUN_MTU);
	mnl_attr_put_u32(request, IFLA_TXQLEN, TUN_QUEUE_PACKETS);
	return rtnl_ask(request, NULL, NULL);
}

static int
device_set_up(struct tun *tun)
{
	struct ifreq request = { 0 };
	int result;

	/* By the descriptor, so that no renaming comes between. */
	if (ioctl(tun->queues[0], TUNGETIFF, &request) != 0)
		return -errno;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	result = ioctl(fd, SIOCGIFINDEX, &request) == 0 ? 0 : -errno;
	close(fd);
	if (result != 0)
		return result;
	tun->ifindex = (uint32_t)request.ifr_ifindex;
	result = set_reverse_filter(tun);
	if (result == 0 && all_reverse_filter() != '0')
		result = set_dummy_address(tun);
	if (result == 0)
		result = set_no_ip6_address(tun);
	set_no_qdisc(tun);
	if (result == 0)
		result = set_up(tun);
	return result;
}

int
tun_open(struct tun *tun, const char *name, uint32_t queue_count, char *error,
	 size_t error_size)
{
	int result = 0;

	*tun = (struct tun){ 0 };
	if (queue_count < 1 || queue_count > TUN_QUEUES ||
	    strlen(name) >= sizeof(tun->name)) {
		snprintf(error, error_size, "%s: bad name or queue count",
			 name);
		return -EINVAL;
	}
	snprintf(tun->name, sizeof(tun->name), "%s", name);
	while (result == 0 && tun->queue_count < queue_count) {
		int fd = queue_open(name, tun->queue_count == 0);

		if (fd < 0)
			result = fd;
		else
			tun->queues[tun->queue_count++] = fd;
	}
	if (result == 0)
		result = device_set_up(tun);
	if (result == 0)
		return 0;
	tun_close(tun);
	if (result == -EBUSY)
		snprintf(error, error_size,
			 "%s: exists; does another daemon run?", name);
	else
		snprintf(error, error_size, "TUN device %s: %s", name,
			 strerror(-result));
	return result;
}

void
tun_close(struct tun *tun)
{
	while (tun->queue_count > 0)
		close(tun->queues[--tun->queue_count]);
}

int
tun_steer(const struct tun *tun, int program_fd)
{
	return ioctl(tun->queues[0], TUNSETSTEERINGEBPF, &program_fd) == 0
		       ? 0
		       : -errno;
}

ssize_t
tun_read(const struct tun *tun, uint32_t queue, uint8_t *bytes, size_t capacity)
{
	ssize_t size;

	do
		size = read(tun->queues[queue], bytes, capacity);
	while (size < 0 && errno == EINTR);
	if (size >= 0)
		return size;
	return errno == EAGAIN ? 0 : -errno;
}

/* proc_net(5), net/dev: eight numbers of what came in, then bytes, packets and
 * errors of what went out, and what was dropped on the way out. */
uint64_t
tun_dropped(const struct tun *tun)
{
	/* The thread's own: /proc/net is the first thread's. */
	FILE *file = fopen("/proc/thread-self/net/dev", "re");
	char line[512], name[32];
	uint64_t dropped = 0, count;

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line,
			   " %31[^: ]: %*u %*u %*u %*u %*u %*u %*u %*u"
			   " %*u %*u %*u %" SCNu64,
			   name, &count) != 2 ||
		    strcmp(name, tun->name) != 0)
			continue;
		dropped = count;
		break;
	}
	(void)fclose(file);
	return dropped;
}

int
tun_write(const struct tun *tun, uint32_t queue, const uint8_t *bytes,
	  size_t size)
{
	ssize_t written;

	do
		written = write(tun->queues[queue], bytes, size);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == size ? 0 : -EIO;
}
