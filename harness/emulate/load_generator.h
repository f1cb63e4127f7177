/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load_generator.h - thousands of client sessions in one thread
 *
 *	CONNECT --> ASK (request; an upload's body at its pace)
 *		--> HEAD (the answer's) --> BODY --> the server's FIN
 *
 * Non-blocking sockets behind one epoll descriptor, each in its client's
 * network namespace. A download is complete when every byte came, in order
 * and right, and the server has closed; the simulator's client says the same.
 * An upload: when the server has answered 2xx and closed.
 *
 * Full: none; memory and descriptors end it (-errno of load_generator_open()).
 */
#ifndef HARNESS_EMULATE_LOAD_GENERATOR_H
#define HARNESS_EMULATE_LOAD_GENERATOR_H

#include "harness/emulate/client_session.h"

struct load_generator;

/* The listener is copied. NULL: errno. */
struct load_generator *
load_generator_create(const struct client_session_listener *);
/* Closes what is open without telling. NULL: nothing. */
void load_generator_destroy(struct load_generator *);
/* 0; -EADDRINUSE: choose another port; other -errno. The listener may hear
 * before this returns only of later calls. */
int load_generator_open(struct load_generator *, struct instant now,
			const struct client_session *);
uint32_t load_generator_count(const struct load_generator *); /* open now */
int load_generator_fd(const struct load_generator *); /* poll for reading */
void load_generator_ready(struct load_generator *, struct instant now);
/* Once a millisecond or so: paced uploads, and what was acknowledged. */
void load_generator_tick(struct load_generator *, struct instant now);

#endif
