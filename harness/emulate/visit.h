/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * visit.h - one client session of a live run, whoever makes it
 *
 *	fetch.h	a process of curl(1) a session: what people use
 *	crowd.h	thousands in this process
 *
 * Both do the same visit and tell the same listener. A download is a GET, an
 * upload a PUT, by HTTP/1.1 from a given port, so that the session's key is
 * known before its first packet. Every byte that arrives is compared with
 * what it must be (pattern_fill(seed, i, ...), lab.h).
 *
 * progress counts bytes at the receiver, as far as the client can know: its
 * own for a download; those that the server's kernel has acknowledged for an
 * upload (tcpi_bytes_acked, a poll a millisecond).
 */
#ifndef HARNESS_EMULATE_VISIT_H
#define HARNESS_EMULATE_VISIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/instant.h"
#include "core/session.h"
#include "sim/model/watch.h"

#define VISIT_URL 256

struct visit {
	uint32_t flow; /* the caller's name for it */
	struct session_key key; /* from where to where */
	int namespace; /* of the client; borrowed for the call, -1: ours */
	bool upload;
	uint64_t bytes, seed;
	uint64_t pace_bps; /* of an upload; 0: as fast as TCP */
	char url[VISIT_URL]; /* http://ADDRESS[:PORT]/PATH */
};

struct visit_listener {
	void *context;
	void (*progress)(void *, struct instant now, uint32_t flow,
			 uint64_t bytes);
	/* The last call about it. OUTCOME_CLOSED: all bytes were right, or the
	 * server has accepted the upload; what is stored there is not looked
	 * at here. why: a few words, or NULL. */
	void (*ended)(void *, struct instant now, uint32_t flow, enum outcome,
		      const char *why);
};

/* The key's two ends as the kernel wants them; the size. */
socklen_t visit_client(const struct session_key *, struct sockaddr_storage *);
socklen_t visit_service(const struct session_key *, struct sockaddr_storage *);
/* Bytes that a pace allows to have been written this long after its start. */
uint64_t visit_allowed(const struct visit *, int64_t elapsed_ns);
/* A socket of that family in a namespace (-1: ours); -1: errno. */
int visit_socket(int namespace, int family, int type, int protocol);

#endif
