/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcpinfo.c - one SOCK_DIAG_BY_FAMILY request, one answer
 */
#include "harness/emulate/tcpinfo.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/emulate/client_session.h"

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

int
tcpinfo_open(struct tcpinfo *tcpinfo, int namespace)
{
	tcpinfo->fd = client_session_socket(namespace, AF_NETLINK, SOCK_RAW,
					    NETLINK_SOCK_DIAG);
	return tcpinfo->fd < 0 ? -errno : 0;
}

void
tcpinfo_close(struct tcpinfo *tcpinfo)
{
	if (tcpinfo->fd >= 0)
		close(tcpinfo->fd);
	tcpinfo->fd = -1;
}

static void
question_make(struct question *question, const struct session_key *key,
	      bool at_server)
{
	struct inet_diag_sockid *id = &question->body.id;
	size_t size = key->family == 4 ? 4 : 16;

	*question = (struct question){
		.head = {
			.nlmsg_len = sizeof(*question),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.body = {
			.sdiag_family = key->family == 4 ? AF_INET : AF_INET6,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_ext = 1 << (INET_DIAG_INFO - 1),
			.idiag_states = UINT32_MAX,
			.id.idiag_cookie = { INET_DIAG_NOCOOKIE,
					     INET_DIAG_NOCOOKIE },
		},
	};
	memcpy(id->idiag_src, at_server ? key->service : key->client, size);
	memcpy(id->idiag_dst, at_server ? key->client : key->service, size);
	memcpy(&id->idiag_sport,
	       at_server ? key->service_port : key->client_port, 2);
	memcpy(&id->idiag_dport,
	       at_server ? key->client_port : key->service_port, 2);
}

/* The attribute in an answer; -ENOENT. */
static int
answer_read(const struct nlmsghdr *head, struct tcp_info *info)
{
	const struct inet_diag_msg *message = NLMSG_DATA(head);
	const struct rtattr *attribute = (const void *)(message + 1);
	size_t left = NLMSG_PAYLOAD(head, sizeof(*message));

	while (RTA_OK(attribute, left)) {
		size_t size = RTA_PAYLOAD(attribute);

		if (attribute->rta_type == INET_DIAG_INFO) {
			memset(info, 0, sizeof(*info));
			memcpy(info, RTA_DATA(attribute),
			       size < sizeof(*info) ? size : sizeof(*info));
			return 0;
		}
		attribute = RTA_NEXT(attribute, left);
	}
	return -ENOENT;
}

int
tcpinfo_ask(const struct tcpinfo *tcpinfo, const struct session_key *key,
	    bool at_server, struct tcp_info *info)
{
	struct question question;
	union {
		struct nlmsghdr head;
		uint8_t bytes[4096];
	} answer;

	question_make(&question, key, at_server);
	if (send(tcpinfo->fd, &question, sizeof(question), 0) < 0)
		return -errno;
	ssize_t size = recv(tcpinfo->fd, &answer, sizeof(answer), 0);
	if (size < 0)
		return -errno;
	if (!NLMSG_OK(&answer.head, (size_t)size))
		return -EBADMSG;
	if (answer.head.nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = NLMSG_DATA(&answer.head);

		return error->error != 0 ? error->error : -ENOENT;
	}
	return answer_read(&answer.head, info);
}
