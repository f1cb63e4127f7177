/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockdiag.h - which TCP sockets the kernel has (sock_diag(7))
 *
 * A dump of all that belong to a service, and the question for one exact
 * socket. Both are about this network namespace. Sockets in SYN_RECV do not
 * count in a dump (they are not published); TIME_WAIT and FIN_WAIT_2 are
 * reported as lingering.
 */
#ifndef LIVE_SOCKDIAG_H
#define LIVE_SOCKDIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "core/steer.h"

struct sockdiag;

/* 0 or -errno. */
int sockdiag_open(struct sockdiag **);
void sockdiag_close(struct sockdiag *);
/* Every socket of these services. 0 or -errno; then the list is not whole. */
int sockdiag_dump(struct sockdiag *, const struct steer_service *,
		  uint32_t service_count,
		  void (*each)(void *, const struct session_key *, bool lingers),
		  void *);
/* Is the very socket there, in any state but LISTEN? 1, 0, or -errno. */
int sockdiag_has(struct sockdiag *, const struct session_key *);

#endif
