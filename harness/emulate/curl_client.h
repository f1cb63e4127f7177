/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curl_client.h - client sessions by curl(1), a process each
 *
 *	curl's standard output --pipe--> hash, compare, time of new bytes
 *	an upload's bytes, at its pace --pipe--> curl's standard input
 *	the kernel's count of acknowledged bytes (tcpinfo.h) --> progress
 *
 * What arrives goes through SHA-256 beside what should have; the sums must be
 * the same at the end. curl's exit and its words decide the outcome: a reset
 * is a reset, everything else that failed is a timeout with curl's sentence.
 * For a few sessions: each costs a process and a namespace's socket.
 */
#ifndef HARNESS_EMULATE_CURL_CLIENT_H
#define HARNESS_EMULATE_CURL_CLIENT_H

#include "harness/emulate/client_session.h"

#define CURL_CLIENT_MAX 16

struct curl_client;

/* Is there a curl? NULL: yes; else what is missing. */
const char *curl_client_missing(void);
/* The listener is copied. NULL: errno. */
struct curl_client *curl_client_create(const struct client_session_listener *);
/* Kills what runs without telling. NULL: nothing. */
void curl_client_destroy(struct curl_client *);
/* 0; -EAGAIN: CURL_CLIENT_MAX run; other -errno. */
int curl_client_open(struct curl_client *, struct instant now,
		     const struct client_session *);
int curl_client_fd(const struct curl_client *); /* poll for reading */
void curl_client_ready(struct curl_client *, struct instant now);
/* Once a millisecond or so: uploads. The caller ignores SIGPIPE. */
void curl_client_tick(struct curl_client *, struct instant now);

#endif
