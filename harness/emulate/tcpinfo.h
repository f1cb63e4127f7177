/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcpinfo.h - what a kernel knows of another process's TCP socket
 *
 * sock_diag(7) about one exact socket in any network namespace: how a runner
 * sees into curl, and into a server. The question is synchronous and takes
 * some microseconds.
 */
#ifndef HARNESS_EMULATE_TCPINFO_H
#define HARNESS_EMULATE_TCPINFO_H

#include <linux/tcp.h>
#include <stdbool.h>

#include "core/session.h"

struct tcpinfo {
	int fd;
};

/* In that namespace; -1: ours. 0 or -errno. */
int tcpinfo_open(struct tcpinfo *, int namespace);
void tcpinfo_close(struct tcpinfo *);
/* The session's socket at its client, or at its server. 0; -ENOENT: none;
 * other -errno. What the kernel did not tell is zero. */
int tcpinfo_ask(const struct tcpinfo *, const struct session_key *,
		bool at_server, struct tcp_info *);

#endif
