/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockdiag.c - NETLINK_SOCK_DIAG by libmnl
 *
 * A dump is two: of IPv4 sockets, and of IPv6 sockets, among which are those
 * of IPv4 sessions that came to a dual-stack listener (::ffff:192.0.2.1). The
 * kernel filters by a little program that we send along (sock_diag(7),
 * INET_DIAG_REQ_BYTECODE), so that a server with many other connections does
 * not copy them all to us:
 *
 *	S_COND service 0	yes: the next op; no: jump over it
 *	JMP			to the end: accepted
 *	S_COND service 1 ...
 *	JMP
 *	S_COND the last		yes: the end; no: behind the end, refused
 *
 * A kernel condition of IPv4 also matches addresses that are mapped. `yes` is
 * a byte and cannot jump far, hence the JMPs, whose `no` has 16 bits.
 *
 * A single question names the exact socket, and the kernel looks it up as for
 * a packet: so it may come back with a listener, which is not meant.
 *
 * FIN_WAIT_2 is two things to the kernel: a socket whose program still reads
 * (the client has not finished), and what remains of one that no program has
 * open any more. Only the second lingers: it has no inode.
 */
#include "live/kernel/sockdiag.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "core/endpoint.h"

#define SERVICES_MAX  256 /* more would not fit into 16-bit jumps */
#define REQUEST_BYTES (1 << 14)
#define ANSWER_BYTES  (1 << 15)
#define TIMEOUT_S     5 /* the kernel answers at once, or is in trouble */
#define DUMP_TRIES    3

struct sockdiag {
	struct mnl_socket *socket;
	uint32_t sequence;
	uint8_t request[REQUEST_BYTES];
	uint8_t answer[ANSWER_BYTES];
};

int
sockdiag_open(struct sockdiag **result)
{
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	struct sockdiag *diag = calloc(1, sizeof(*diag));
	int error;

	*result = NULL;
	if (diag == NULL)
		return -ENOMEM;
	diag->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (diag->socket == NULL ||
	    mnl_socket_bind(diag->socket, 0, MNL_SOCKET_AUTOPID) == -1 ||
	    setsockopt(mnl_socket_get_fd(diag->socket), SOL_SOCKET, SO_RCVTIMEO,
		       &timeout, sizeof(timeout)) == -1) {
		error = -errno;
		sockdiag_close(diag);
		return error;
	}
	*result = diag;
	return 0;
}

void
sockdiag_close(struct sockdiag *diag)
{
	if (diag == NULL)
		return;
	if (diag->socket != NULL)
		mnl_socket_close(diag->socket);
	free(diag);
}

/*
 * Requests and answers
 */

static struct inet_diag_req_v2 *
request_begin(struct sockdiag *diag, uint16_t flags, uint8_t family,
	      struct nlmsghdr **header)
{
	*header = mnl_nlmsg_put_header(diag->request);
	(*header)->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	(*header)->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	(*header)->nlmsg_seq = ++diag->sequence;

	struct inet_diag_req_v2 *request =
		mnl_nlmsg_put_extra_header(*header, sizeof(*request));
	request->sdiag_family = family;
	request->sdiag_protocol = IPPROTO_TCP;
	request->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return request;
}

/* Send it, and hand what comes back to take() until the end. */
static int
request_run(struct sockdiag *diag, const struct nlmsghdr *header, mnl_cb_t take,
	    void *context)
{
	if (mnl_socket_sendto(diag->socket, header, header->nlmsg_len) == -1)
		return -errno;
	for (;;) {
		ssize_t size = mnl_socket_recvfrom(diag->socket, diag->answer,
						   sizeof(diag->answer));
		if (size == -1 && errno == EINTR)
			continue;
		if (size == -1)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		/* What is left of a question that was given up. */
		const struct nlmsghdr *first = (const void *)diag->answer;
		if ((size_t)size >= sizeof(*first) &&
		    first->nlmsg_seq != diag->sequence)
			continue;
		int more = mnl_cb_run(diag->answer, (size_t)size,
				      diag->sequence, 0, take, context);
		if (more == MNL_CB_ERROR)
			return -errno;
		if (more == MNL_CB_STOP)
			return 0;
	}
}

static bool
is_mapped(const __be32 address[4])
{
	return address[0] == 0 && address[1] == 0 &&
	       address[2] == htonl(0xffff);
}

/* Seen from the client, as everywhere: our side is the service. */
static struct session_key
key_of(const struct inet_diag_msg *message)
{
	const struct inet_diag_sockid *id = &message->id;
	struct session_key key = { .family = 6, .protocol = IPPROTO_TCP };

	if (message->idiag_family == AF_INET) {
		key.family = 4;
		memcpy(key.client, id->idiag_dst, 4);
		memcpy(key.service, id->idiag_src, 4);
	} else if (is_mapped(id->idiag_src)) {
		key.family = 4;
		memcpy(key.client, &id->idiag_dst[3], 4);
		memcpy(key.service, &id->idiag_src[3], 4);
	} else {
		memcpy(key.client, id->idiag_dst, 16);
		memcpy(key.service, id->idiag_src, 16);
	}
	memcpy(key.client_port, &id->idiag_dport, 2);
	memcpy(key.service_port, &id->idiag_sport, 2);
	return key;
}

static const struct inet_diag_msg *
message_of(const struct nlmsghdr *header)
{
	if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(header) < sizeof(struct inet_diag_msg))
		return NULL;
	return mnl_nlmsg_get_payload(header);
}

/*
 * The dump
 */

/* An op and struct inet_diag_hostcond with its address, as much of it as the
 * family has. */
struct condition {
	struct inet_diag_bc_op op;
	uint8_t family, prefix_bits;
	uint8_t zero[2];
	int32_t port; /* -1: any */
	uint8_t address[16];
};
_Static_assert(offsetof(struct condition, address) ==
		       sizeof(struct inet_diag_bc_op) +
			       sizeof(struct inet_diag_hostcond),
	       "as the kernel has it");

static size_t
condition_bytes(const struct steer_service *service)
{
	return offsetof(struct condition, address) +
	       (service->address.family == 4 ? 4 : 16);
}

/* The filter's size; services of the other family than `family` cannot match,
 * but for IPv4 in IPv6. 0: none can. */
static size_t
filter_write(uint8_t *bytes, uint8_t family,
	     const struct steer_service *services, uint32_t service_count)
{
	const struct inet_diag_bc_op jump = { .code = INET_DIAG_BC_JMP,
					      .yes = sizeof(jump) };
	size_t size = 0, last = 0;

	for (uint32_t i = 0; i < service_count; i++) {
		const struct steer_service *service = &services[i];
		size_t bytes_here = condition_bytes(service);
		bool is4 = service->address.family == 4;
		struct condition condition = {
			.op = { .code = INET_DIAG_BC_S_COND,
				.yes = (uint8_t)bytes_here,
				.no = (uint16_t)(bytes_here + sizeof(jump)) },
			.family = is4 ? AF_INET : AF_INET6,
			.prefix_bits = is4 ? 32 : 128,
			.port = service->port != 0 ? service->port : -1,
		};

		memcpy(condition.address, service->address.bytes, 16);
		if (family == AF_INET && !is4)
			continue;
		if (size > 0) {
			memcpy(bytes + size, &jump, sizeof(jump));
			size += sizeof(jump);
		}
		last = size;
		memcpy(bytes + size, &condition, bytes_here);
		size += bytes_here;
	}
	/* The jumps, now that the end is known. */
	for (size_t at = 0; at < last;) {
		struct inet_diag_bc_op op;

		memcpy(&op, bytes + at, sizeof(op));
		if (op.code == INET_DIAG_BC_JMP) {
			op.no = (uint16_t)(size - at);
			memcpy(bytes + at, &op, sizeof(op));
		}
		at += op.yes;
	}
	return size;
}

struct dump {
	const struct steer_service *services;
	uint32_t service_count;
	void (*each)(void *, const struct session_key *, enum sockdiag_state);
	void *context;
};

static bool
is_service(const struct dump *dump, const struct session_key *key)
{
	uint16_t port =
		(uint16_t)(key->service_port[0] << 8 | key->service_port[1]);

	for (uint32_t i = 0; i < dump->service_count; i++) {
		const struct steer_service *service = &dump->services[i];

		if (service->address.family == key->family &&
		    (service->port == 0 || service->port == port) &&
		    memcmp(service->address.bytes, key->service,
			   key->family == 4 ? 4 : 16) == 0)
			return true;
	}
	return false;
}

static enum sockdiag_state
state_of(const struct inet_diag_msg *message)
{
	switch (message->idiag_state) {
	case TCP_SYN_RECV: /* requests, too: the kernel says so of them */
		return SOCKDIAG_HALF;
	case TCP_TIME_WAIT:
		return SOCKDIAG_WAITS;
	case TCP_FIN_WAIT2:
		return message->idiag_inode == 0 ? SOCKDIAG_WAITS
						 : SOCKDIAG_OPEN;
	default:
		return SOCKDIAG_OPEN;
	}
}

static int
dump_take(const struct nlmsghdr *header, void *context)
{
	const struct inet_diag_msg *message = message_of(header);
	const struct dump *dump = context;

	if (message == NULL)
		return MNL_CB_OK;
	/* The kernel's filter also passed mapped addresses: compare the
	 * services with the address itself. */
	struct session_key key = key_of(message);
	if (is_service(dump, &key))
		dump->each(dump->context, &key, state_of(message));
	return MNL_CB_OK;
}

static int
dump_family(struct sockdiag *diag, uint8_t family, struct dump *dump)
{
	static const uint32_t states =
		1 << TCP_SYN_RECV | 1 << TCP_ESTABLISHED | 1 << TCP_FIN_WAIT1 |
		1 << TCP_FIN_WAIT2 | 1 << TCP_TIME_WAIT | 1 << TCP_CLOSE_WAIT |
		1 << TCP_LAST_ACK | 1 << TCP_CLOSING;
	uint8_t filter[SERVICES_MAX * (sizeof(struct condition) +
				       sizeof(struct inet_diag_bc_op))];
	size_t filter_size = filter_write(filter, family, dump->services,
					  dump->service_count);
	int result = -EINTR;

	if (filter_size == 0)
		return 0;
	/* -EINTR: the kernel changed something under the dump. */
	for (int i = 0; result == -EINTR && i < DUMP_TRIES; i++) {
		struct nlmsghdr *header;

		request_begin(diag, NLM_F_DUMP, family, &header)->idiag_states =
			states;
		mnl_attr_put(header, INET_DIAG_REQ_BYTECODE, filter_size,
			     filter);
		result = request_run(diag, header, dump_take, dump);
	}
	return result;
}

int
sockdiag_dump(struct sockdiag *diag, const struct steer_service *services,
	      uint32_t service_count,
	      void (*each)(void *, const struct session_key *,
			   enum sockdiag_state),
	      void *context)
{
	struct dump dump = { services, service_count, each, context };

	if (service_count > SERVICES_MAX)
		return -E2BIG;
	int result = dump_family(diag, AF_INET, &dump);
	if (result == 0)
		result = dump_family(diag, AF_INET6, &dump);
	return result;
}

/*
 * One socket
 */

static int
has_take(const struct nlmsghdr *header, void *context)
{
	const struct inet_diag_msg *message = message_of(header);

	if (message != NULL && message->idiag_state != TCP_LISTEN)
		*(int *)context = (int)state_of(message);
	return MNL_CB_STOP;
}

int
sockdiag_has(struct sockdiag *diag, const struct session_key *key)
{
	struct nlmsghdr *header;
	struct inet_diag_req_v2 *request = request_begin(
		diag, 0, key->family == 4 ? AF_INET : AF_INET6, &header);
	size_t size = key->family == 4 ? 4 : 16;
	int found = 0;

	memcpy(request->id.idiag_src, key->service, size);
	memcpy(request->id.idiag_dst, key->client, size);
	memcpy(&request->id.idiag_sport, key->service_port, 2);
	memcpy(&request->id.idiag_dport, key->client_port, 2);
	request->idiag_states = UINT32_MAX;
	int result = request_run(diag, header, has_take, &found);
	if (result == -ENOENT)
		return 0;
	return result != 0 ? result : found;
}
