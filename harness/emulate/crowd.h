/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.h - thousands of client sessions in one thread
 *
 *	CONNECT --> ASK (request; an upload's body at its pace)
 *		--> HEAD (the answer's) --> BODY --> the server's FIN
 *
 * Non-blocking sockets behind one epoll descriptor, each in its client's
 * network namespace. A download is complete when every byte came, in order
 * and right, and the server has closed; the simulator's client says the same.
 * An upload: when the server has answered 2xx and closed.
 *
 * Full: none; memory and descriptors end it (-errno of crowd_open()).
 */
#ifndef HARNESS_EMULATE_CROWD_H
#define HARNESS_EMULATE_CROWD_H

#include "harness/emulate/visit.h"

struct crowd;

/* The listener is copied. NULL: errno. */
struct crowd *crowd_create(const struct visit_listener *);
/* Closes what is open without telling. NULL: nothing. */
void crowd_destroy(struct crowd *);
/* 0; -EADDRINUSE: choose another port; other -errno. The listener may hear
 * before this returns only of later calls. */
int crowd_open(struct crowd *, struct instant now, const struct visit *);
uint32_t crowd_count(const struct crowd *); /* open now */
int crowd_fd(const struct crowd *); /* poll for reading */
void crowd_ready(struct crowd *, struct instant now);
/* Once a millisecond or so: paced uploads, and what was acknowledged. */
void crowd_tick(struct crowd *, struct instant now);

#endif
