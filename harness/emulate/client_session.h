/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client_session.h - one session of a live run, as both clients make it
 *
 *	curl_client.h	a process of curl(1) a session: what people use
 *	load_generator.h	thousands in this process
 *
 * Both make the same session and tell the same listener. A download is a GET,
 * an upload a PUT, by HTTP/1.1 from a given port, so that the session's key is
 * known before its first packet. Every byte that arrives is compared with
 * what it must be (pattern_fill(seed, i, ...), lab.h).
 *
 * progress counts bytes at the receiver, as far as the client can know: its
 * own for a download; those that the server's kernel has acknowledged for an
 * upload (tcpi_bytes_acked, a poll a millisecond).
 */
#ifndef HARNESS_EMULATE_CLIENT_SESSION_H
#define HARNESS_EMULATE_CLIENT_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/instant.h"
#include "core/session.h"
#include "sim/model/watch.h"

#define CLIENT_SESSION_URL 256

struct client_session {
	uint32_t flow; /* the caller's name for it */
	struct session_key key; /* from where to where */
	int namespace; /* of the client; borrowed for the call, -1: ours */
	bool upload;
	uint64_t bytes, seed;
	uint64_t pace_bps; /* of an upload; 0: as fast as TCP */
	char url[CLIENT_SESSION_URL]; /* http://ADDRESS[:PORT]/PATH */
};

struct client_session_listener {
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
socklen_t client_session_client(const struct session_key *,
				struct sockaddr_storage *);
socklen_t client_session_service(const struct session_key *,
				 struct sockaddr_storage *);
/* Bytes that a pace allows to have been written this long after its start. */
uint64_t client_session_allowed(const struct client_session *,
				int64_t elapsed_ns);
/* A socket of that family in a namespace (-1: ours); -1: errno. */
int client_session_socket(int namespace, int family, int type, int protocol);

#endif
