/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fetch.h - client sessions by curl(1), a process each
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
#ifndef HARNESS_EMULATE_FETCH_H
#define HARNESS_EMULATE_FETCH_H

#include "harness/emulate/visit.h"

#define FETCH_MAX 16

struct fetch;

/* Is there a curl? NULL: yes; else what is missing. */
const char *fetch_missing(void);
/* The listener is copied. NULL: errno. */
struct fetch *fetch_create(const struct visit_listener *);
/* Kills what runs without telling. NULL: nothing. */
void fetch_destroy(struct fetch *);
/* 0; -EAGAIN: FETCH_MAX run; other -errno. */
int fetch_open(struct fetch *, struct instant now, const struct visit *);
int fetch_fd(const struct fetch *); /* poll for reading */
void fetch_ready(struct fetch *, struct instant now);
/* Once a millisecond or so: uploads. The caller ignores SIGPIPE. */
void fetch_tick(struct fetch *, struct instant now);

#endif
