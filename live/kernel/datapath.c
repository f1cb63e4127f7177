/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * datapath.c - the TUN, the programs and their maps as one thing
 *
 * Order at the start: the device, the programs (which have its index as a
 * constant), the TUN's own filter, then the uplinks. So nothing is redirected
 * before there is a device to take it, and a predecessor's program keeps
 * dropping strays until ours replaces it in the same step. An uplink has its
 * counter at egress before its redirection at ingress.
 *
 * Order at the end: the uplinks first, then the device.
 *
 * The numbers of interfaces: a dead predecessor's program redirects to the
 * index of a device that is gone. The kernel gives indices out in ascending
 * order (include/linux/netdevice.h, dev_new_index: cyclic over 31 bits), so
 * that number cannot come to mean another device in between.
 *
 * Needs after the start: CAP_NET_ADMIN for datapath_close() to detach; where
 * kernel.unprivileged_bpf_disabled is set and Linux is older than 6.0,
 * CAP_BPF for datapath_services(), datapath_owns() and datapath_counters().
 */
#include "live/kernel/datapath.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if.h>
#include <linux/if_arp.h>

#include "core/wire/cursor.h"
#include "core/wire/eth.h"
#include "core/wire/packet.h"
#include "live/bpf/contract.h"
#include "live/kernel/tc_attach.h"
#include "live/kernel/tun.h"
#include "stray.skel.h"

_Static_assert(DATAPATH_UPLINKS_MAX == CONTRACT_UPLINKS, "one limit");
_Static_assert(2 * DATAPATH_UPLINKS_MAX == TUN_QUEUES, "two an uplink");
_Static_assert(DATAPATH_SERVICES_MAX == CONTRACT_SERVICES, "one limit");
_Static_assert(SOCKET_OPENED == CONTRACT_OPENED, "one enum");
_Static_assert(SOCKET_CLOSED == CONTRACT_CLOSED, "one enum");
_Static_assert(SOCKET_LINGERS == CONTRACT_LINGERS, "one enum");
_Static_assert(SOCKET_OPENING == CONTRACT_OPENING, "one enum");

struct datapath {
	struct tun tun;
	struct stray *skeleton;
	struct ring_buffer *ring, *openings;
	struct tc_attach uplink_tcs[DATAPATH_UPLINKS_MAX];
	struct tc_attach tun_tc;
	uint32_t uplink_count;
	struct contract_counters *per_processor;
	int processor_count;
	/* Of the call of datapath_events() that runs. */
	uint32_t most;
	void (*take)(void *, const struct socket_event *);
	void *take_context;
};

/* libbpf says what went wrong to a function, not to its caller; the first
 * warning of an attempt names the cause, later ones its consequences. */
static char complaint[256];

static int complain(enum libbpf_print_level level, const char *format,
		    va_list arguments) __attribute__((format(printf, 2, 0)));

static int
complain(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN && complaint[0] == '\0') {
		vsnprintf(complaint, sizeof(complaint), format, arguments);
		complaint[strcspn(complaint, "\n")] = '\0';
	}
	return 0;
}

/* The error of an attempt that libbpf made. Returns it. */
static int
blame(int result, const char *what, const char *which, char *error,
      size_t error_size)
{
	snprintf(error, error_size, "%s%s%s: %s%s%s", what,
		 which[0] == '\0' ? "" : " ", which, strerror(-result),
		 complaint[0] == '\0' ? "" : "; ", complaint);
	return result;
}

static void
libbpf_listen(void)
{
	complaint[0] = '\0';
	libbpf_set_print(complain);
}

/*
 * Interfaces
 */

/* The interface's index and the bytes before its IP headers. */
static int
interface_find(const char *name, struct contract_uplink *uplink)
{
	struct ifreq request = { 0 };
	int result = 0;

	if (strlen(name) >= sizeof(request.ifr_name))
		return -ENODEV;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(fd, SIOCGIFINDEX, &request) == 0)
		uplink->ifindex = (uint32_t)request.ifr_ifindex;
	else
		result = -errno;
	if (result == 0 && ioctl(fd, SIOCGIFHWADDR, &request) != 0)
		result = -errno;
	close(fd);
	if (result != 0)
		return result;
	switch (request.ifr_hwaddr.sa_family) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		uplink->mac_bytes = sizeof(struct wire_eth);
		return 0;
	case ARPHRD_NONE:
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
		uplink->mac_bytes = 0;
		return 0;
	default:
		return -EPFNOSUPPORT;
	}
}

static int
interfaces_find(const struct datapath_settings *settings,
		struct contract_uplink *uplinks, char *error, size_t error_size)
{
	for (uint32_t i = 0; i < settings->uplink_count; i++) {
		int result = interface_find(settings->uplinks[i], &uplinks[i]);

		if (result != 0) {
			snprintf(error, error_size, "uplink %s: %s",
				 settings->uplinks[i], strerror(-result));
			return result;
		}
	}
	return 0;
}

/*
 * Services
 */

static struct contract_service
service_key(const struct steer_service *service, uint16_t port)
{
	struct contract_service key = { .family = service->address.family };

	memcpy(key.address, service->address.bytes, sizeof(key.address));
	wire_put16(key.port, port);
	return key;
}

static bool
service_every_port(const struct steer_service *services, uint32_t count,
		   const struct address *address)
{
	for (uint32_t i = 0; i < count; i++) {
		if (services[i].port == 0 &&
		    address_equal(&services[i].address, address))
			return true;
	}
	return false;
}

static bool
service_wanted(const struct steer_service *services, uint32_t count,
	       const struct contract_service *key)
{
	uint16_t port = wire_get16(key->port);

	for (uint32_t i = 0; i < count; i++) {
		struct contract_service wanted =
			service_key(&services[i], port);

		if (memcmp(&wanted, key, sizeof(wanted)) == 0 &&
		    (port == 0 || services[i].port == port))
			return true;
	}
	return false;
}

/* Add and change. */
static int
services_put(int map, const struct steer_service *services, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct contract_service whole = service_key(&services[i], 0);
		struct contract_service key =
			service_key(&services[i], services[i].port);
		uint8_t ports = service_every_port(services, count,
						   &services[i].address)
					? CONTRACT_SERVICE_PORTS
					: CONTRACT_SERVICE_ADDRESS;

		if (services[i].port != 0 &&
		    bpf_map_update_elem(map, &key, &ports, BPF_ANY) != 0)
			return -errno;
		if (bpf_map_update_elem(map, &whole, &ports, BPF_ANY) != 0)
			return -errno;
	}
	return 0;
}

/* Remove what is not among them. */
static int
services_trim(int map, const struct steer_service *services, uint32_t count)
{
	struct contract_service old[4 * CONTRACT_SERVICES];
	uint32_t old_count = 0;

	/* First all keys, then the deletions: deleting on the way could begin
	 * the walk anew. */
	while (old_count < sizeof(old) / sizeof(old[0]) &&
	       bpf_map_get_next_key(map,
				    old_count == 0 ? NULL : &old[old_count - 1],
				    &old[old_count]) == 0)
		old_count++;
	for (uint32_t i = 0; i < old_count; i++) {
		if (!service_wanted(services, count, &old[i]) &&
		    bpf_map_delete_elem(map, &old[i]) != 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int
datapath_services(struct datapath *datapath,
		  const struct steer_service *services, uint32_t count)
{
	int map = bpf_map__fd(datapath->skeleton->maps.services);

	if (count > DATAPATH_SERVICES_MAX)
		return -EINVAL;
	int result = services_put(map, services, count);
	if (result == 0)
		result = services_trim(map, services, count);
	return result;
}

/*
 * Opening and closing
 */

static int
take_event(void *context, void *record, size_t size)
{
	struct datapath *datapath = context;
	struct contract_event seen;

	if (size >= sizeof(seen)) {
		memcpy(&seen, record, sizeof(seen));
		struct socket_event event = {
			.key = seen.key,
			.change = (enum socket_change)seen.change,
			.at = { .ns = seen.at_ns },
		};
		datapath->take(datapath->take_context, &event);
	}
	/* Anything negative stops the consumer behind this record. */
	return --datapath->most == 0 ? -ECANCELED : 0;
}

static int
config_fill(struct datapath *datapath, const struct datapath_settings *settings,
	    char *error, size_t error_size)
{
	/* Declared const for the programs; ours to fill until they load. */
	struct contract_config config = {
		.tun_ifindex = datapath->tun.ifindex,
		.uplink_count = settings->uplink_count,
		.self_family = settings->self.family,
		.gue_port = settings->gue_port,
	};
	socklen_t size = sizeof(config.netns_cookie);
	int result =
		interfaces_find(settings, config.uplinks, error, error_size);

	if (result != 0)
		return result;
	memcpy(config.self, settings->self.bytes, sizeof(config.self));
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE,
				 &config.netns_cookie, &size) != 0) {
		result = -errno;
		snprintf(error, error_size, "network namespace cookie: %s",
			 strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	for (uint32_t i = 0; i < config.uplink_count; i++)
		datapath->uplink_tcs[i].ifindex = config.uplinks[i].ifindex;
	memcpy((void *)(uintptr_t)&datapath->skeleton->rodata->config, &config,
	       sizeof(config));
	return result;
}

static int
programs_load(struct datapath *datapath,
	      const struct datapath_settings *settings, char *error,
	      size_t error_size)
{
	int result;

	libbpf_listen();
	datapath->skeleton = stray__open();
	if (datapath->skeleton == NULL)
		return blame(-errno, "BPF object", "", error, error_size);
	result = config_fill(datapath, settings, error, error_size);
	if (result != 0)
		return result;
	result = stray__load(datapath->skeleton);
	if (result != 0)
		return blame(result, "loading the BPF programs", "", error,
			     error_size);
	result = datapath_services(datapath, settings->services,
				   settings->service_count);
	if (result != 0)
		return blame(result, "services", "", error, error_size);
	datapath->ring =
		ring_buffer__new(bpf_map__fd(datapath->skeleton->maps.events),
				 take_event, datapath, NULL);
	datapath->openings =
		ring_buffer__new(bpf_map__fd(datapath->skeleton->maps.openings),
				 take_event, datapath, NULL);
	if (datapath->ring == NULL || datapath->openings == NULL)
		return blame(-errno, "ring of socket events", "", error,
			     error_size);
	result = tun_steer(
		&datapath->tun,
		bpf_program__fd(datapath->skeleton->progs.homeward_queue));
	if (result != 0)
		return blame(result, "queues of", datapath->tun.name, error,
			     error_size);
	return 0;
}

static int
programs_attach(struct datapath *datapath,
		const struct datapath_settings *settings, char *error,
		size_t error_size)
{
	int in = bpf_program__fd(datapath->skeleton->progs.homeward_in);
	int out = bpf_program__fd(datapath->skeleton->progs.homeward_out);
	int back = bpf_program__fd(datapath->skeleton->progs.homeward_back);
	struct bpf_program *state = datapath->skeleton->progs.homeward_state;
	int result;

	libbpf_listen();
	datapath->skeleton->links.homeward_state = bpf_program__attach(state);
	if (datapath->skeleton->links.homeward_state == NULL)
		return blame(-errno, "tracepoint inet_sock_set_state", "",
			     error, error_size);
	datapath->tun_tc.ifindex = datapath->tun.ifindex;
	result = tc_attach_attach(&datapath->tun_tc, TC_ATTACH_INGRESS, back);
	if (result != 0)
		return blame(result, "filter on", datapath->tun.name, error,
			     error_size);
	for (uint32_t i = 0; i < settings->uplink_count; i++) {
		struct tc_attach *attach = &datapath->uplink_tcs[i];

		libbpf_listen(); /* a qdisc that exists is no complaint */
		result = tc_attach_attach(attach, TC_ATTACH_EGRESS, out);
		if (result == 0)
			result =
				tc_attach_attach(attach, TC_ATTACH_INGRESS, in);
		if (result != 0)
			return blame(result, "filter on uplink",
				     settings->uplinks[i], error, error_size);
	}
	return 0;
}

int
datapath_open(struct datapath **out, const struct datapath_settings *settings,
	      char *error, size_t error_size)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));
	int result = 0;

	*out = NULL;
	if (datapath == NULL) {
		snprintf(error, error_size, "no memory");
		return -ENOMEM;
	}
	datapath->uplink_count = settings->uplink_count;
	datapath->processor_count = libbpf_num_possible_cpus();
	if (datapath->processor_count > 0)
		datapath->per_processor =
			calloc((size_t)datapath->processor_count,
			       sizeof(*datapath->per_processor));
	if (datapath->per_processor == NULL) {
		result = -ENOMEM;
		snprintf(error, error_size, "no memory");
	} else if (settings->uplink_count < 1 ||
		   settings->uplink_count > DATAPATH_UPLINKS_MAX ||
		   settings->service_count > DATAPATH_SERVICES_MAX) {
		result = -EINVAL;
		snprintf(error, error_size,
			 "1 to %d uplinks and at most %d services",
			 DATAPATH_UPLINKS_MAX, DATAPATH_SERVICES_MAX);
	}
	if (result == 0)
		result =
			tun_open(&datapath->tun, settings->tun,
				 2 * settings->uplink_count, error, error_size);
	if (result == 0)
		result = programs_load(datapath, settings, error, error_size);
	if (result == 0)
		result = programs_attach(datapath, settings, error, error_size);
	if (result != 0) {
		datapath_close(datapath);
		return result;
	}
	*out = datapath;
	return 0;
}

void
datapath_close(struct datapath *datapath)
{
	if (datapath == NULL)
		return;
	libbpf_listen();
	for (uint32_t i = 0; i < DATAPATH_UPLINKS_MAX; i++)
		tc_attach_detach(&datapath->uplink_tcs[i]);
	tun_close(&datapath->tun);
	ring_buffer__free(datapath->ring);
	ring_buffer__free(datapath->openings);
	stray__destroy(datapath->skeleton);
	free(datapath->per_processor);
	free(datapath);
}

int
datapath_clean(const char *const *uplinks, uint32_t uplink_count, char *error,
	       size_t error_size)
{
	int removed = 0;

	libbpf_listen();
	for (uint32_t i = 0; i < uplink_count; i++) {
		struct contract_uplink uplink = { 0 };
		int result = interface_find(uplinks[i], &uplink);

		if (result == 0)
			result = tc_attach_clean(uplink.ifindex);
		if (result < 0)
			return blame(result, "cleaning", uplinks[i], error,
				     error_size);
		removed += result;
	}
	return removed;
}

/*
 * At work
 */

int
datapath_stray_fd(const struct datapath *datapath, uint32_t uplink)
{
	return uplink < datapath->uplink_count ? datapath->tun.queues[uplink]
					       : -1;
}

int
datapath_doubt_fd(const struct datapath *datapath, uint32_t uplink)
{
	uint32_t queue = datapath->uplink_count + uplink;

	return uplink < datapath->uplink_count ? datapath->tun.queues[queue]
					       : -1;
}

int
datapath_event_fd(const struct datapath *datapath)
{
	return bpf_map__fd(datapath->skeleton->maps.events);
}

int
datapath_opening_fd(const struct datapath *datapath)
{
	return bpf_map__fd(datapath->skeleton->maps.openings);
}

ssize_t
datapath_read(struct datapath *datapath, uint32_t uplink, uint8_t *bytes,
	      size_t capacity)
{
	return tun_read(&datapath->tun, uplink, bytes, capacity);
}

ssize_t
datapath_read_doubt(struct datapath *datapath, uint32_t uplink, uint8_t *bytes,
		    size_t capacity)
{
	return tun_read(&datapath->tun, datapath->uplink_count + uplink, bytes,
			capacity);
}

int
datapath_deliver(struct datapath *datapath, const uint8_t *bytes, size_t size)
{
	return tun_write(&datapath->tun, 0, bytes, size);
}

int
datapath_owns(struct datapath *datapath, const struct session_key *key,
	      const struct ownership_segment *segment, bool quoted)
{
	struct contract_question question = {
		.seq = segment->seq,
		.ack = segment->ack,
		.length = segment->length,
		.flags = segment->flags,
		.quoted = quoted,
		.key = *key,
	};
	struct bpf_test_run_opts options = {
		.sz = sizeof(options),
		.data_in = &question,
		.data_size_in = sizeof(question),
	};

	if (bpf_prog_test_run_opts(
		    bpf_program__fd(datapath->skeleton->progs.homeward_ask),
		    &options) != 0)
		return -errno;
	return (int)options.retval;
}

void
datapath_events(struct datapath *datapath, uint32_t most,
		void (*take)(void *, const struct socket_event *),
		void *context)
{
	if (most == 0)
		return;
	datapath->take = take;
	datapath->take_context = context;
	datapath->most = most;
	(void)ring_buffer__consume(datapath->openings);
	datapath->most = most;
	(void)ring_buffer__consume(datapath->ring);
}

void
datapath_counters(struct datapath *datapath, struct datapath_counters *counters)
{
	uint32_t zero = 0;

	*counters = (struct datapath_counters){
		.tun_dropped = tun_dropped(&datapath->tun),
	};
	if (bpf_map_lookup_elem(bpf_map__fd(datapath->skeleton->maps.counters),
				&zero, datapath->per_processor) != 0)
		return;
	for (int i = 0; i < datapath->processor_count; i++) {
#define DATAPATH_COUNTER(name)                                                 \
	counters->name += datapath->per_processor[i].name;
		DATAPATH_PROGRAM_COUNTER_LIST(DATAPATH_COUNTER)
#undef DATAPATH_COUNTER
	}
}
