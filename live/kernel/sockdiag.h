/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockdiag.h - which TCP sockets the kernel has (sock_diag(7))
 *
 * A dump of all that belong to a service, and the question for one exact
 * socket. Both are about this network namespace, and know three states:
 *
 *	HALF	SYN_RECV: a request, whose SYN was answered
 *	WAITS	TIME_WAIT; FIN_WAIT_2 of a socket that no program has open any
 *		more: the client may long have another session of that key
 *	OPEN	all the others, FIN_WAIT_2 that is still read among them
 *
 * Needs no privilege. About 2 us a question; a dump walks the kernel's whole
 * socket table twice but copies only what belongs to a service.
 */
#ifndef LIVE_KERNEL_SOCKDIAG_H
#define LIVE_KERNEL_SOCKDIAG_H

#include <stdint.h>

#include "core/session.h"
#include "core/steer/settings.h"

struct sockdiag;

enum sockdiag_state {
	SOCKDIAG_OPEN = 1, /* 0 is none */
	SOCKDIAG_WAITS,
	SOCKDIAG_HALF,
};

/* 0 or -errno. */
int sockdiag_open(struct sockdiag **);
void sockdiag_close(struct sockdiag *);
/* Every socket of these services, at most 256; IPv4 sessions of dual-stack
 * listeners as IPv4. One may be named twice. 0 or -errno; then the list is not
 * whole. */
int sockdiag_dump(struct sockdiag *, const struct steer_service *,
		  uint32_t service_count,
		  void (*each)(void *, const struct session_key *,
			       enum sockdiag_state),
		  void *);
/* Is the very socket there, in any state but LISTEN (enum sockdiag_state)? 0:
 * no; -errno. */
int sockdiag_has(struct sockdiag *, const struct session_key *);

#endif
